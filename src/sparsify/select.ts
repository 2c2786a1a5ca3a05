// Choosing what is kept: of the groups of a pool, exactly so many of the highest scores, ties going to those that come
// first. Scores, masks and parameters are laid out alike.
import { type Grouped, groupsOf, type Scores } from "./groups.js";
import type { Part } from "./parts.js";
import type { Pattern } from "./pattern.js";

/** Parts whose groups compete, and the share of them, from 0 to 1, that is kept. */
export interface Pool {
  readonly parts: readonly Part[];
  readonly density: number;
}

/** How many of `count` groups are kept at a density. */
export function keptOf(count: number, density: number): number {
  return count - Math.round(count * (1 - density));
}

/**
 * Marks the `kept` highest of some scores, of equal ones the first.
 * @param eligible only these, where given; of those in `first`, all are taken before others.
 */
export function highest(
  scores: Float64Array,
  kept: number,
  { eligible, first }: { readonly eligible?: Uint8Array; readonly first?: Uint8Array } = {},
): Uint8Array {
  const marked = new Uint8Array(scores.length);
  if (kept <= 0) return marked;
  // Scores are at least 0, so that what is not eligible is below all others and what comes first above them.
  const own = scores.slice();
  for (let i = 0; i < own.length; i++) {
    if (first?.[i] === 1) own[i] = Number.POSITIVE_INFINITY;
    if (eligible?.[i] === 0) own[i] = Number.NEGATIVE_INFINITY;
  }
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

/** What a selection is made with besides its pools. */
export interface SelectOptions {
  readonly pattern: Pattern;
  /** Whether weights on the diagonals of hidden matrices go last. */
  readonly keepDiagonal?: boolean;
  /** Which weights there are: no others are kept. */
  readonly among?: Uint8Array;
}

/**
 * Writes to `mask` which weights of each pool are kept: those of the groups with the highest norms.
 * @param network that the pools are of.
 */
export function selectHighest(
  network: Grouped,
  pools: readonly Pool[],
  scores: Scores,
  mask: Uint8Array,
  { pattern, keepDiagonal, among }: SelectOptions,
): void {
  for (const { parts, density } of pools) {
    if (pattern.kind === "n-of-m") {
      for (const part of parts) selectOfRow(part, scores, mask, pattern);
      continue;
    }
    const groups = groupsOf(network, parts, pattern);
    const first = keepDiagonal ? groups.diagonal() : undefined;
    const eligible = among && groups.present(among);
    groups.write(highest(groups.norms(scores), keptOf(groups.count, density), { first, eligible }), mask);
  }
  if (among) for (const [i, bit] of among.entries()) if (bit === 0) mask[i] = 0;
}

/** Of every m weights of a row the n of highest score; of fewer at its end as many. */
function selectOfRow(
  { begin, rows, columns }: Part,
  scores: Scores,
  mask: Uint8Array,
  { n, m }: Extract<Pattern, { kind: "n-of-m" }>,
): void {
  for (let row = 0; row < rows; row++) {
    for (let j = 0; j < columns; j += m) {
      const from = begin + row * columns + j;
      const some = Float64Array.from(scores.subarray(from, from + Math.min(m, columns - j)), Math.abs);
      mask.set(highest(some, n), from);
    }
  }
}
