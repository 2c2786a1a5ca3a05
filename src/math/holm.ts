// Many comparisons at once: p-values that keep the chance of any false alarm among all of them.

/**
 * Holm's step-down correction (1979): what each p-value has to be compared with 0.05 as.
 * @returns in the order given, each at most 1.
 */
export function holm(values: readonly number[]): number[] {
  const order = values.map((_, i) => i).sort((a, b) => values[a] - values[b]);
  const adjusted = new Array<number>(values.length).fill(1);
  let most = 0;
  for (const [rank, i] of order.entries()) {
    most = Math.max(most, Math.min(1, (values.length - rank) * values[i]));
    adjusted[i] = most;
  }
  return adjusted;
}
