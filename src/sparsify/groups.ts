// What a pattern makes of the weights of a pool: groups, each with a number, that live or die together. Methods decide over
// groups and never look at single weights.
import type { Network } from "../network/network.js";
import type { Part } from "./parts.js";
import { type Cut, cutOf, type Pattern } from "./pattern.js";
import { growing, highest } from "./ranking.js";
import { UnitGroups } from "./units.js";

/** One score for each parameter; of what is not chosen it is not looked at. */
export type Scores = Float32Array | Float64Array;

/** What groups are made of. */
export type Grouped = Pick<Network, "architecture" | "tensors">;

/** Everything here is laid out as the parameters, or has a number for each group. */
export interface Groups {
  readonly count: number;
  /** The norm of each group's scores: Narang et al. 2017 for blocks. */
  norms(scores: Scores): Float64Array;
  /** Whether each group has a weight under a mask. */
  present(mask: Uint8Array): Uint8Array;
  /** Adds to a mask the weights of marked groups. */
  mark(marked: Uint8Array, mask: Uint8Array): void;
  /** Removes from a mask the weights of groups that are not present; of units, where one of the two is not. */
  clear(present: Uint8Array, mask: Uint8Array): void;
  /** Marks `count` absent groups of the highest worth beside those that are kept, as the pattern allows. */
  grow(kept: Uint8Array, worth: Float64Array, count: number): Uint8Array;
  /** Multiplies each value with the factor of its group, or of both of its groups. */
  scale(factors: Float64Array, values: Scores): void;
  /** For each group the sum of the products of its values. */
  products(some: Scores, others: Scores): Float64Array;
  /** Marks the groups that have a weight on the diagonal of a hidden matrix. */
  diagonal(): Uint8Array;
}

/** The groups of some parts; of units those of the parts' cells. @throws InputError where units cannot go one by one. */
export function groupsOf(network: Grouped, parts: readonly Part[], pattern: Pattern): Groups {
  if (pattern.kind !== "unit") return new PartGroups(parts, pattern);
  return new UnitGroups(network, new Set(parts.flatMap(({ cell }) => cell ?? [])));
}

/** Groups that are cut out of parts; those of the first part come first. */
class PartGroups implements Groups {
  readonly count: number;
  private readonly pattern: Pattern;
  /** Of an edge each gate's part has the groups of the first gate. */
  private readonly cuts: readonly { part: Part; cut: Cut; first: number }[];

  constructor(parts: readonly Part[], pattern: Pattern) {
    this.pattern = pattern;
    let count = 0;
    const firsts = new Map<string, number>();
    this.cuts = parts.map((part) => {
      const cut = cutOf(pattern, part.rows, part.columns);
      const known = pattern.kind === "edge" ? firsts.get(part.tensor) : undefined;
      const first = known ?? count;
      firsts.set(part.tensor, first);
      if (known === undefined) count += cut.count;
      return { part, cut, first };
    });
    this.count = count;
  }

  /** Whether the groups of a part are single weights. */
  private isSingle({ height, width }: Cut): boolean {
    return height * width === 1 && this.pattern.kind !== "edge";
  }

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
    const roots = new Map(
      this.cuts.filter(({ cut }) => !this.isSingle(cut)).map(({ first, cut }) => [first, cut]),
    );
    for (const [first, { count }] of roots)
      for (let g = first; g < first + count; g++) norms[g] = Math.sqrt(norms[g]);
    return norms;
  }

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

  mark(marked: Uint8Array, mask: Uint8Array): void {
    this.each({
      singles: (first, begin, end) => {
        for (let at = begin; at < end; at++) mask[at] |= marked[first + at - begin];
      },
      weight: (group, at) => {
        mask[at] |= marked[group];
      },
    });
  }

  clear(present: Uint8Array, mask: Uint8Array): void {
    this.each({
      singles: (first, begin, end) => {
        for (let at = begin; at < end; at++) mask[at] &= present[first + at - begin];
      },
      weight: (group, at) => {
        mask[at] &= present[group];
      },
    });
  }

  /** Of n of m, as many of every m as there are too few. */
  grow(kept: Uint8Array, worth: Float64Array, count: number): Uint8Array {
    if (this.pattern.kind !== "n-of-m") return growing(kept, worth, count);
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

  scale(factors: Float64Array, values: Scores): void {
    this.each({
      singles: (first, begin, end) => {
        for (let at = begin; at < end; at++) values[at] *= factors[first + at - begin];
      },
      weight: (group, at) => {
        values[at] *= factors[group];
      },
    });
  }

  products(some: Scores, others: Scores): Float64Array {
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
      if (this.isSingle(cut)) {
        visit.singles(first, at, at + cut.count);
        continue;
      }
      for (let i = 0; i < part.rows; i++) {
        for (let j = 0; j < part.columns; j++, at++) visit.weight(first + groupAt(cut, i, j), at);
      }
    }
  }
}

function groupAt({ height, width, across }: Cut, row: number, column: number): number {
  return Math.floor(row / height) * across + Math.floor(column / width);
}
