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
  private readonly cuts: readonly { part: Part; cut: Cut; first: number }[];

  constructor(parts: readonly Part[], pattern: Pattern) {
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
    this.each({
      singles: (first, begin, end) => {
        for (let at = begin; at < end; at++) norms[first + at - begin] = Math.abs(scores[at]);
      },
      weight: (group, at) => {
        norms[group] += scores[at] * scores[at];
      },
    });
    for (const { cut, first } of this.cuts) {
      if (isSingle(cut)) continue;
      for (let g = first; g < first + cut.count; g++) norms[g] = Math.sqrt(norms[g]);
    }
    return norms;
  }

  /** Whether each group has a weight under a mask. */
  present(mask: Uint8Array): Uint8Array {
    const present = new Uint8Array(this.count);
    this.each({
      singles: (first, begin, end) => present.set(mask.subarray(begin, end), first),
      weight: (group, at) => {
        present[group] |= mask[at];
      },
    });
    return present;
  }

  /** Writes to a mask which groups there are. */
  write(present: Uint8Array, mask: Uint8Array): void {
    this.each({
      singles: (first, begin, end) => mask.set(present.subarray(first, first + end - begin), begin),
      weight: (group, at) => {
        mask[at] = present[group];
      },
    });
  }

  /** Multiplies each value with the factor of its group. */
  scale(factors: Float64Array, values: Float32Array): void {
    this.each({
      singles: (first, begin, end) => {
        for (let at = begin; at < end; at++) values[at] *= factors[first + at - begin];
      },
      weight: (group, at) => {
        values[at] *= factors[group];
      },
    });
  }

  /** For each group the sum of the products of its values. */
  products(some: Float32Array, others: Float32Array): Float64Array {
    const sums = new Float64Array(this.count);
    this.each({
      singles: (first, begin, end) => {
        for (let at = begin; at < end; at++) sums[first + at - begin] = some[at] * others[at];
      },
      weight: (group, at) => {
        sums[group] += some[at] * others[at];
      },
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
   * Calls `weight` for every weight with its group and its place or, for a part whose groups are single weights, `singles`
   * once with its first group and the places of its weights, which then are in the same order.
   */
  private each(visit: {
    singles(first: number, begin: number, end: number): void;
    weight(group: number, at: number): void;
  }): void {
    for (const { part, cut, first } of this.cuts) {
      let at = part.begin;
      if (isSingle(cut)) {
        visit.singles(first, at, at + cut.count);
        continue;
      }
      for (let i = 0; i < part.rows; i++) {
        for (let j = 0; j < part.columns; j++, at++) visit.weight(first + groupAt(cut, i, j), at);
      }
    }
  }
}

function isSingle({ height, width }: Cut): boolean {
  return height * width === 1;
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
}

/** Writes to `mask` which weights of each pool are kept: those of the groups with the highest norms. */
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
    groups.write(highest(groups.norms(scores), keptOf(groups.count, density), { first }), mask);
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
      const some = Float64Array.from(scores.subarray(from, from + Math.min(m, columns - j)), Math.abs);
      mask.set(highest(some, n), from);
    }
  }
}
