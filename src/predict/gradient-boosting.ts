// Gradient boosting for squared error (Friedman, 2001) as scikit-learn's `GradientBoostingRegressor`: a hundred trees
// of depth 3, each fitted to what is left of the target and added at a tenth of its size. Splits are judged by
// Friedman's improvement score, scikit-learn's default here.
import { NumpyRandom } from "../math/numpy-random.js";
import { mean } from "../math/statistics.js";
import { sortColumns } from "./columns.js";
import { type GrownTree, growTree } from "./grow-tree.js";
import { meanImportances } from "./importances.js";
import type { Regressor } from "./regressor.js";
import { addPredictions, singlePrecision, type Tree } from "./tree.js";

export interface GradientBoostingModel {
  kind: "gradient-boosting";
  /** The mean of the training target, where the boosting starts. */
  start: number;
  trees: Tree[];
  /** Impurity importances: one share per feature, 1 in sum. */
  importances: number[];
}

const treeCount = 100;
const maximumDepth = 3;
const learningRate = 0.1;

export const gradientBoosting: Regressor<GradientBoostingModel> = {
  seeded: true,

  fit(x, y, seed) {
    const table = sortColumns(x);
    const rows = singlePrecision(x);
    const random = new NumpyRandom(seed);
    const even = new Float64Array(x.rows).fill(1);
    const start = mean(y);
    const predicted = new Float64Array(x.rows).fill(start);
    const grown: GrownTree[] = [];
    for (let round = 0; round < treeCount; round++) {
      const residual = y.map((value, i) => value - predicted[i]);
      const next = growTree(table, residual, even, {
        maximumDepth,
        criterion: "friedman",
        seed: random.seed(),
      });
      addPredictions(next.tree, rows, learningRate, predicted);
      grown.push(next);
    }
    return {
      kind: "gradient-boosting",
      start,
      trees: grown.map(({ tree }) => tree),
      importances: meanImportances(grown, "raw"),
    };
  },

  predict({ start, trees }, x) {
    const rows = singlePrecision(x);
    const sums = new Float64Array(x.rows).fill(start);
    for (const tree of trees) addPredictions(tree, rows, learningRate, sums);
    return sums;
  },
};
