// The cosine of schedules, because the last bit of Math.cos is not the same everywhere and what depends on a schedule must be.

/** cos(π·share) for a share from 0 to 1, by the series of the sine about the middle, where it is shortest. */
export function cosine(share: number): number {
  const x = Math.PI * (0.5 - share);
  let term = x;
  let sum = x;
  for (let n = 1; n < 12; n++) {
    term *= (-x * x) / ((2 * n + 1) * (2 * n));
    sum += term;
  }
  return sum;
}
