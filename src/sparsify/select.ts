// Choosing what is kept: of the groups of a pool, exactly so many of the highest scores, ties going to those that come
// first. Scores, masks and parameters are laid out alike.
import type { Part } from "./parts.js";
import { type Cut, cutOf, type Pattern } from "./pattern.js";

/** Parts whose groups compete, and the share of them, from 0 to 1, that is kept. */
export interface Pool {
  readonly parts: readonly Part[];
  readonly density: number;
}

/** One score for each weight, at least 0. */
export type Scores = Float32Array | Float64Array;

/** The groups of a pool, each with a number; those of its first part come first. */
export class Groups {
  readonly count: number;
  private readonly pattern: Pattern;
  private readonly cuts: readonly { part: Part; cut: Cut; first: number }[];

  constructor(parts: readonly Part[], pattern: Pattern) {
    this.pattern = pattern;
    let first = 0;
    this.cuts = parts.map((part) => {
      const cut = cutOf(pattern, part.rows, part.columns);
      const own = { part, cut, first };
      first += cut.count;
      return own;
    });
    this.count = first;
  }

  /** The norm of each group's scores: Narang et al. 2017 for blocks. */
  norms(scores: Scores): Float64Array {
    const norms = new Float64Array(this.count);
    this.each((group, at, single) => {
      if (single) norms[group] = Math.abs(scores[at]);
      else norms[group] += scores[at] * scores[at];
    });
    for (const { cut, first } of this.cuts) {
      if (cut.height * cut.width === 1) continue;
      for (let g = first; g < first + cut.count; g++) norms[g] = Math.sqrt(norms[g]);
    }
    return norms;
  }

  /** Whether each group has a weight under a mask. */
  present(mask: Uint8Array): Uint8Array {
    const present = new Uint8Array(this.count);
    this.each((group, at) => {
      present[group] |= mask[at];
    });
    return present;
  }

  /** Writes to a mask which groups there are. */
  write(present: Uint8Array, mask: Uint8Array): void {
    this.each((group, at) => {
      mask[at] = present[group];
    });
  }

  /** Takes from a mask what is of other groups than these. */
  clear(present: Uint8Array, mask: Uint8Array): void {
    this.each((group, at) => {
      mask[at] &= present[group];
    });
  }

  /** Multiplies each value with the factor of its group. */
  scale(factors: Float64Array, values: Float32Array): void {
    this.each((group, at) => {
      values[at] *= factors[group];
    });
  }

  /** For each group the sum of the products of its values. */
  products(some: Float32Array, others: Float32Array): Float64Array {
    const sums = new Float64Array(this.count);
    this.each((group, at) => {
      sums[group] += some[at] * others[at];
    });
    return sums;
  }

  /** Marks the groups that have a weight on the diagonal of a hidden matrix. */
  diagonal(): Uint8Array {
    const marked = new Uint8Array(this.count);
    for (const { part, cut, first } of this.cuts) {
      if (!part.hidden) continue;
      for (let i = 0; i < Math.min(part.rows, part.columns); i++) marked[first + groupAt(cut, i, i)] = 1;
    }
    return marked;
  }

  /**
   * Marks `count` more groups, those of the highest worth that are not `kept`. Of n of m every m weights get back as many as
   * they lack.
   */
  grow(kept: Uint8Array, worth: Float64Array, count: number): Uint8Array {
    if (this.pattern.kind !== "n-of-m")
      return highest(worth, count, { eligible: kept.map((bit) => 1 - bit) });
    const { n, m } = this.pattern;
    const born = new Uint8Array(this.count);
    for (const { part, first } of this.cuts) {
      for (let row = first; row < first + part.rows * part.columns; row += part.columns) {
        for (let from = row; from < row + part.columns; from += m) {
          const end = Math.min(from + m, row + part.columns);
          const free = kept.slice(from, end).map((bit) => 1 - bit);
          const there = free.reduce((sum, bit) => sum + 1 - bit, 0);
          born.set(highest(worth.slice(from, end), n - there, { eligible: free }), from);
        }
      }
    }
    return born;
  }

  /** Calls `f` for every weight with its group, its place and whether it is its group's only one. */
  private each(f: (group: number, at: number, single: boolean) => void): void {
    for (const { part, cut, first } of this.cuts) {
      const single = cut.height * cut.width === 1;
      let at = part.begin;
      for (let i = 0; i < part.rows; i++) {
        for (let j = 0; j < part.columns; j++, at++) f(first + groupAt(cut, i, j), at, single);
      }
    }
  }
}

function groupAt({ height, width, across }: Cut, row: number, column: number): number {
  return Math.floor(row / height) * across + Math.floor(column / width);
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
  const own = scores.map((score, i) => (eligible?.[i] === 0 ? Number.NEGATIVE_INFINITY : score));
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
}

/**
 * Writes to `mask` which weights of each pool are kept: those of the groups with the highest norms. What is absent from it
 * already stays absent, also where that leaves fewer than the density says.
 */
export function selectHighest(
  pools: readonly Pool[],
  scores: Scores,
  mask: Uint8Array,
  { pattern, keepDiagonal }: SelectOptions,
): void {
  for (const { parts, density } of pools) {
    if (pattern.kind === "n-of-m") {
      for (const part of parts) selectOfRow(part, scores, mask, pattern);
      continue;
    }
    const groups = new Groups(parts, pattern);
    const first = keepDiagonal ? groups.diagonal() : undefined;
    const eligible = groups.present(mask);
    groups.clear(highest(groups.norms(scores), keptOf(groups.count, density), { eligible, first }), mask);
  }
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
      const end = from + Math.min(m, columns - j);
      const some = Float64Array.from(scores.subarray(from, end), Math.abs);
      mask.set(highest(some, n, { eligible: mask.slice(from, end) }), from);
    }
  }
}
