// The highest of many numbers, without sorting them.

/**
 * Marks the `kept` highest of some scores, of equal ones the first.
 * @param eligible only these, where given; of those in `first`, all are taken before others.
 */
export function highest(
  scores: Float64Array,
  kept: number,
  { eligible, first }: { readonly eligible?: Uint8Array; readonly first?: Uint8Array } = {},
): Uint8Array {
  if (first) {
    const preferred = first.map((bit, i) => bit & (eligible?.[i] ?? 1));
    const others = first.map((bit, i) => (1 - bit) & (eligible?.[i] ?? 1));
    const marked = highest(scores, kept, { eligible: preferred });
    const left = kept - marked.reduce((sum, bit) => sum + bit, 0);
    const rest = highest(scores, left, { eligible: others });
    return marked.map((bit, i) => bit | rest[i]);
  }
  const marked = new Uint8Array(scores.length);
  if (kept <= 0) return marked;
  // Scores are at least 0, so that what is not eligible is below all others.
  const own = scores.slice();
  for (let i = 0; eligible && i < own.length; i++) if (eligible[i] === 0) own[i] = Number.NEGATIVE_INFINITY;
  const threshold = kept >= own.length ? Number.NEGATIVE_INFINITY : ranked(own.slice(), own.length - kept);
  let left = kept;
  for (let i = 0; i < own.length; i++) {
    if (own[i] > threshold) {
      marked[i] = 1;
      left--;
    }
  }
  for (let i = 0; i < own.length && left > 0; i++) {
    if (own[i] !== threshold || threshold === Number.NEGATIVE_INFINITY) continue;
    marked[i] = 1;
    left--;
  }
  return marked;
}

/** Marks the `count` highest of what is not kept. */
export function growing(kept: Uint8Array, worth: Float64Array, count: number): Uint8Array {
  return highest(worth, count, { eligible: kept.map((bit) => 1 - bit) });
}

/** What would be at `rank`, counted from 0, if the values were in order. They are moved about: none after it is less (Hoare's find). */
export function ranked(values: Float64Array, rank: number): number {
  let low = 0;
  let high = values.length - 1;
  while (low < high) {
    const pivot = values[(low + high) >>> 1];
    let i = low;
    let j = high;
    while (i <= j) {
      while (values[i] < pivot) i++;
      while (values[j] > pivot) j--;
      if (i > j) break;
      const kept = values[i];
      values[i++] = values[j];
      values[j--] = kept;
    }
    if (rank <= j) high = j;
    else if (rank >= i) low = i;
    else break;
  }
  return values[rank];
}
