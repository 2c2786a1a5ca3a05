// AdaBoost.R2 (Drucker, 1997) as scikit-learn's `AdaBoostRegressor`: shallow trees, each on rows drawn by the weights
// that its predecessors' errors left, combined by the weighted median.
import { take } from "../math/matrix.js";
import { NumpyRandom } from "../math/numpy-random.js";
import { sum } from "../math/statistics.js";
import { sortColumns, takeSorted } from "./columns.js";
import { growTree } from "./grow-tree.js";
import { shares } from "./importances.js";
import type { Regressor } from "./regressor.js";
import { addPredictions, type SinglePrecision, singlePrecision, type Tree } from "./tree.js";

export interface AdaBoostModel {
  kind: "adaboost";
  trees: Tree[];
  /** How much each tree counts in the median. */
  weights: number[];
  /** Impurity importances: one share per feature, 1 in sum. */
  importances: number[];
}

const treeCount = 50;
const maximumDepth = 3;

export const adaBoost: Regressor<AdaBoostModel> = {
  seeded: true,

  fit(x, y, seed) {
    const table = sortColumns(x);
    const rows = singlePrecision(x);
    const random = new NumpyRandom(seed);
    const even = new Float64Array(x.rows).fill(1);
    const model: AdaBoostModel = { kind: "adaboost", trees: [], weights: [], importances: [] };
    const importances = new Float64Array(x.columns);
    let weight: Float64Array = even.map(() => 1 / x.rows);
    for (let round = 0; round < treeCount; round++) {
      weight = weight.map((w) => Math.max(w, Number.EPSILON));
      const treeSeed = random.seed();
      const drawn = drawRows(weight, random);
      const { tree, importances: gains } = growTree(takeSorted(table, drawn), take(y, drawn), even, {
        maximumDepth,
        criterion: "squared-error",
        seed: new NumpyRandom(treeSeed).seed(),
      });
      const loss = relativeErrors(tree, rows, y);
      const error = sum(loss.map((value, i) => value * weight[i]));
      // A tree no better than chance ends the boosting; it is kept only where scikit-learn keeps it.
      if (error >= 0.5 && model.trees.length > 0) break;
      const beta = error / (1 - error);
      const treeWeight = error >= 0.5 ? 0 : error <= 0 ? 1 : Math.log(1 / beta);
      model.trees.push(tree);
      model.weights.push(treeWeight);
      shares(gains).forEach((share, j) => {
        importances[j] += treeWeight * share;
      });
      if (error <= 0 || error >= 0.5) break;
      weight = normalised(weight.map((w, i) => w * beta ** (1 - loss[i])));
    }
    const total = sum(model.weights);
    model.importances = Array.from(importances, (weighted) => (total > 0 ? weighted / total : 0));
    return model;
  },

  predict({ trees, weights }, x) {
    const rows = singlePrecision(x);
    const predictions = trees.map((tree) => {
      const predicted = new Float64Array(x.rows);
      addPredictions(tree, rows, 1, predicted);
      return predicted;
    });
    return Float64Array.from({ length: x.rows }, (_, i) =>
      weightedMedian(
        predictions.map((predicted) => predicted[i]),
        weights,
      ),
    );
  },
};

/** As many rows as there are, with replacement, each with the probability of its weight. */
function drawRows(weight: Float64Array, random: NumpyRandom): Int32Array {
  const cumulative = new Float64Array(weight.length);
  let reached = 0;
  for (let i = 0; i < weight.length; i++) {
    reached += weight[i];
    cumulative[i] = reached;
  }
  for (let i = 0; i < weight.length; i++) cumulative[i] /= reached;
  return Int32Array.from({ length: weight.length }, () => {
    const draw = random.uniform();
    let low = 0;
    let high = weight.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (cumulative[middle] > draw) high = middle;
      else low = middle + 1;
    }
    return low;
  });
}

/** The linear loss: each row's absolute error as a share of the largest. */
function relativeErrors(tree: Tree, rows: SinglePrecision, y: Float64Array): Float64Array {
  const errors = new Float64Array(rows.rows);
  addPredictions(tree, rows, 1, errors);
  for (let i = 0; i < errors.length; i++) errors[i] = Math.abs(errors[i] - y[i]);
  const largest = errors.reduce((a, b) => Math.max(a, b), 0);
  return largest === 0 ? errors : errors.map((error) => error / largest);
}

function normalised(weight: Float64Array): Float64Array {
  const total = sum(weight);
  return weight.map((w) => w / total);
}

/** The smallest value at which half of the weight is reached. */
function weightedMedian(values: number[], weights: readonly number[]): number {
  const order = values.map((_, k) => k).sort((a, b) => values[a] - values[b] || a - b);
  const cumulative: number[] = [];
  let total = 0;
  for (const k of order) {
    total += weights[k];
    cumulative.push(total);
  }
  return values[order[cumulative.findIndex((reached) => reached >= 0.5 * total)]];
}
