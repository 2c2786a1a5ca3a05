// What lives or dies together: single weights, blocks of a matrix, n of every m weights of a row, edges or whole units. A matrix
// is cut gate by gate, so that no block belongs to two gates; an edge is the same place in all of them.
import { InputError } from "../errors.js";

/**
 * `weight`: every weight by itself. `blocks`: rows × columns of one gate; at its edges blocks are smaller, as if padded with
 * weights of 0. `n-of-m`: of every m adjacent weights of a row, n are kept. `edge`: from one unit or input to another unit, a
 * weight in every gate, which is what an edge of a graph becomes. `unit`: a hidden unit, with its rows in every gate
 * and its columns wherever its output is read.
 */
export type Pattern =
  | { readonly kind: "weight" }
  | { readonly kind: "blocks"; readonly rows: number; readonly columns: number }
  | { readonly kind: "n-of-m"; readonly n: number; readonly m: number }
  | { readonly kind: "edge" }
  | { readonly kind: "unit" };

/** Blocks are at most so many weights high or wide. */
const MOST = 256;

/** A pattern as it is written: `weight`, `16x1`, `2:4`, `edge` or `unit`. @throws InputError when it is none. */
export function parsePattern(text: string): Pattern {
  if (text === "weight" || text === "edge" || text === "unit") return { kind: text };
  const blocks = /^(\d+)x(\d+)$/.exec(text)?.slice(1).map(Number);
  const isSize = (n: number) => n >= 1 && n <= MOST;
  if (blocks?.every(isSize)) {
    const [rows, columns] = blocks;
    return rows * columns === 1 ? { kind: "weight" } : { kind: "blocks", rows, columns };
  }
  const [n, m] = /^(\d+):(\d+)$/.exec(text)?.slice(1).map(Number) ?? [];
  if (n >= 1 && n < m && m <= MOST) return { kind: "n-of-m", n, m };
  throw new InputError({
    where: "pattern",
    what: `${JSON.stringify(text)} is no pattern`,
    hint: `use weight, blocks such as 16x1 or 4x4 (up to ${MOST} rows and columns), n of m such as 2:4, edge, or unit`,
  });
}

/** The pattern as `parsePattern` reads it. */
export function formatPattern(pattern: Pattern): string {
  if (pattern.kind === "blocks") return `${pattern.rows}x${pattern.columns}`;
  return pattern.kind === "n-of-m" ? `${pattern.n}:${pattern.m}` : pattern.kind;
}

/** How a part of `rows` × `columns` weights is cut into groups: `across` of them lie side by side. */
export interface Cut {
  readonly height: number;
  readonly width: number;
  readonly across: number;
  readonly count: number;
}

/** The groups of a part of a matrix; of n of m there is no other choice than within a row, so there each weight is one. */
export function cutOf(pattern: Pattern, rows: number, columns: number): Cut {
  const [height, width] = pattern.kind === "blocks" ? [pattern.rows, pattern.columns] : [1, 1];
  const across = Math.ceil(columns / width);
  return { height, width, across, count: Math.ceil(rows / height) * across };
}
