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
  const values = eligible ? among(scores, eligible) : scores.slice();
  if (kept >= values.length) return eligible?.slice() ?? marked.fill(1);
  const threshold = ranked(values, values.length - kept);
  let left = kept;
  for (let i = 0; i < scores.length; i++) {
    if (!(scores[i] > threshold) || eligible?.[i] === 0) continue;
    marked[i] = 1;
    left--;
  }
  for (let i = 0; i < scores.length && left > 0; i++) {
    if (scores[i] !== threshold || eligible?.[i] === 0) continue;
    marked[i] = 1;
    left--;
  }
  return marked;
}

/** The scores of what is eligible. */
function among(scores: Float64Array, eligible: Uint8Array): Float64Array {
  const values = new Float64Array(scores.length);
  let count = 0;
  for (let i = 0; i < scores.length; i++) if (eligible[i] === 1) values[count++] = scores[i];
  return values.subarray(0, count);
}

/** Marks the `count` highest of what is not kept. */
export function growing(kept: Uint8Array, worth: Float64Array, count: number): Uint8Array {
  const free = new Uint8Array(kept.length);
  for (let i = 0; i < kept.length; i++) free[i] = 1 - kept[i];
  return highest(worth, count, { eligible: free });
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
