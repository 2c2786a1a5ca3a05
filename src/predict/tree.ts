// A fitted regression tree: what every ensemble here is made of, and how one is asked.
import type { Matrix } from "../math/matrix.js";

/** A fitted tree, its nodes in depth-first order: the left child of node i is i + 1. */
export interface Tree {
  /** The feature that a node splits on, or -1 for a leaf. */
  feature: number[];
  /** The right child of a split; 0 for a leaf. */
  right: number[];
  /** The threshold of a split (rows at or below it go left), the prediction of a leaf. */
  value: number[];
}

/** The prediction of a tree for each row of `x`, added to `sums` times `factor`. */
export function addPredictions(tree: Tree, x: SinglePrecision, factor: number, sums: Float64Array): void {
  const { feature, right, value } = tree;
  for (let i = 0; i < x.rows; i++) {
    const from = i * x.columns;
    let node = 0;
    for (let j = feature[0]; j >= 0; j = feature[node]) {
      node = x.data[from + j] <= value[node] ? node + 1 : right[node];
    }
    sums[i] += factor * value[node];
  }
}

/** A matrix in the precision that trees compare in. */
export interface SinglePrecision {
  rows: number;
  columns: number;
  data: Float32Array;
}

export function singlePrecision(x: Matrix): SinglePrecision {
  return { rows: x.rows, columns: x.columns, data: Float32Array.from(x.data) };
}
