// Choosing what is kept: of the groups of a pool, exactly so many of the highest scores, ties going to those that come
// first. Scores, masks and parameters are laid out alike.
import { type Grouped, groupsOf, type Scores } from "./groups.js";
import type { Part } from "./parts.js";
import type { Pattern } from "./pattern.js";
import { highest } from "./ranking.js";

/** Parts whose groups compete, and the share of them, from 0 to 1, that is kept. */
export interface Pool {
  readonly parts: readonly Part[];
  readonly density: number;
}

/** How many of `count` groups are kept at a density. */
export function keptOf(count: number, density: number): number {
  return count - Math.round(count * (1 - density));
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
 * @param network that the pools are of.
 */
export function selectHighest(
  network: Grouped,
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
    const groups = groupsOf(network, parts, pattern);
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
