// Impurity importances of tree ensembles, normalised as scikit-learn normalises them: shares that sum to 1, or zeros
// when no tree ever split.
import type { GrownTree } from "./grow-tree.js";

/** Values scaled to sum 1; zeros stay zeros. */
export function shares(values: ArrayLike<number>): number[] {
  const list = Array.from(values);
  const total = list.reduce((sum, value) => sum + value, 0);
  return total > 0 ? list.map((value) => value / total) : list;
}

/**
 * The mean importances over the trees that split at all. A forest makes `each` tree's shares first; gradient boosting
 * lets a tree count by how much it explained (`raw`).
 */
export function meanImportances(grown: readonly GrownTree[], normalised: "each" | "raw"): number[] {
  const sums = new Float64Array(grown[0].importances.length);
  for (const { tree, importances } of grown) {
    if (tree.feature.length === 1) continue;
    const parts = normalised === "each" ? shares(importances) : importances;
    for (let j = 0; j < sums.length; j++) sums[j] += parts[j];
  }
  return shares(sums);
}
