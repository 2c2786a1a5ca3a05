// A random forest (Breiman, 2001) as scikit-learn's `RandomForestRegressor`: a hundred full trees, each on its own
// bootstrap of the rows, every feature considered at every split.
import { NumpyRandom } from "../math/numpy-random.js";
import { sortColumns } from "./columns.js";
import { growTree } from "./grow-tree.js";
import { meanImportances } from "./importances.js";
import type { Regressor } from "./regressor.js";
import { addPredictions, singlePrecision, type Tree } from "./tree.js";

export interface RandomForestModel {
  kind: "random-forest";
  trees: Tree[];
  /** Impurity importances: one share per feature, 1 in sum. */
  importances: number[];
}

const treeCount = 100;

export const randomForest: Regressor<RandomForestModel> = {
  seeded: true,

  fit(x, y, seed) {
    const table = sortColumns(x);
    const random = new NumpyRandom(seed);
    const seeds = Array.from({ length: treeCount }, () => random.seed());
    const grown = seeds.map((treeSeed) => {
      const bootstrap = new NumpyRandom(treeSeed);
      const weight = new Float64Array(x.rows);
      for (let i = 0; i < x.rows; i++) weight[bootstrap.below(x.rows)]++;
      return growTree(table, y, weight, {
        maximumDepth: Number.POSITIVE_INFINITY,
        criterion: "squared-error",
        seed: new NumpyRandom(treeSeed).seed(),
      });
    });
    return {
      kind: "random-forest",
      trees: grown.map(({ tree }) => tree),
      importances: meanImportances(grown, "each"),
    };
  },

  predict({ trees }, x) {
    const rows = singlePrecision(x);
    const sums = new Float64Array(x.rows);
    for (const tree of trees) addPredictions(tree, rows, 1, sums);
    return sums.map((sum) => sum / trees.length);
  },
};
