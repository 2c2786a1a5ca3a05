// Which matrices of the cells are chosen: sparsity is studied in the recurrent part. The embedding and the read-out come
// beside them where they are asked for (parts.ts).
import { type Architecture, type Cell, cellsOf } from "../network/architecture.js";
import { tensorNames } from "../network/network.js";

/** All matrices of the cells, those from their inputs only, or those from their own last output only. */
export const targets = ["both", "i2h", "h2h"] as const;
export type Target = (typeof targets)[number];

/** A matrix of a cell, by the name of its tensor. */
export interface Matrix {
  readonly cell: Cell;
  readonly name: string;
}

/** The chosen matrices, cell by cell, `weight_ih` before `weight_hh`. */
export function matricesOf(architecture: Architecture, target: Target): Matrix[] {
  return cellsOf(architecture).flatMap((cell) => {
    const { weightIh, weightHh } = tensorNames(cell.name);
    const names = target === "i2h" ? [weightIh] : target === "h2h" ? [weightHh] : [weightIh, weightHh];
    return names.map((name) => ({ cell, name }));
  });
}
