// The numbers of NumPy, SciPy and scikit-learn (test/fixtures/make/predict.py), typed for the tests of this folder.
import { expect } from "vitest";
import type { Matrix, Scaling } from "../../src/math/matrix.js";
import type { BayesianRidgeModel } from "../../src/predict/bayesian-ridge.js";
import type { Tree } from "../../src/predict/tree.js";
import json from "../fixtures/predict.json" with { type: "json" };

interface Entry {
  x: number[][];
  y: number[];
  unseen: number[][];
  scaling: Scaling;
  ridge: Omit<BayesianRidgeModel, "kind"> & { predictions: number[] };
  split: { train: number[]; test: number[] };
  tree: Tree & { importances: number[] };
  friedman: Tree & { importances: number[] };
}

interface EnsembleRun {
  seed: number;
  predictions: number[];
  importances: number[];
}

export const fixture = json as unknown as {
  numpy: { seed: number; permutation: number[]; below1000: number[]; uniform: number[]; after700: number }[];
  continuous: Entry & {
    ensembles: Record<"random-forest" | "adaboost" | "gradient-boosting", EnsembleRun[]>;
    folds: number[][];
    foldScores: number[];
    permutation: number[][];
    pearson: [number, number][];
  };
  discrete: Entry & { forest: EnsembleRun[]; spearman: [number, number][] };
  wide: Pick<Entry, "x" | "y" | "ridge">;
  student: { t: number; freedom: number; twoSided: number; quantile95: number }[];
  sums: { n: number; sum: number }[];
};

export function matrix(rows: readonly (readonly number[])[]): Matrix {
  return { rows: rows.length, columns: rows[0].length, data: Float64Array.from(rows.flat()) };
}

/** Column j of a list of rows. */
export function column(rows: readonly (readonly number[])[], j: number): Float64Array {
  return Float64Array.from(rows, (row) => row[j]);
}

/** Every element within `tolerance` of what is wanted, relative to 1 or to its own size if larger. */
export function expectClose(got: ArrayLike<number>, want: readonly number[], tolerance = 1e-12): void {
  expect(got.length).toBe(want.length);
  want.forEach((value, i) => {
    const error = Math.abs(got[i] - value) / Math.max(1, Math.abs(value));
    expect(error, `element ${i}: ${got[i]} for ${value}`).toBeLessThanOrEqual(tolerance);
  });
}
