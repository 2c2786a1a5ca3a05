// How much each varied value matters for the objective: a random forest is fitted on most of the finished trials, and a
// value's importance is how much worse the forest predicts the others when that value is shuffled among them (`filigree
// predict --importance` does the same). How well it predicts at all stands beside, as importances of a bad model mean little.
import type { Matrix } from "../../math/matrix.js";
import { NumpyRandom } from "../../math/numpy-random.js";
import { mean, r2 } from "../../math/statistics.js";
import { permutationImportance } from "../../predict/permutation.js";
import { randomForest } from "../../predict/random-forest.js";

/** Trials that a forest is fitted on and tried with, a random choice where there are more; fewer than the least say nothing. */
export const MOST_TRIALS = 1_500;
export const LEAST_TRIALS = 20;
const HELD_OUT = 0.3;
const REPEATS = 5;

/** Columns of equal length; texts are numbered in their order. */
export interface ImportanceInput {
  readonly names: readonly string[];
  readonly columns: readonly Float64Array<ArrayBuffer>[];
  readonly target: Float64Array<ArrayBuffer>;
}

export interface Importances {
  /** R² on the trials that were held out. */
  readonly r2: number;
  readonly trials: number;
  /** The decrease of R² by name, the largest first. */
  readonly values: readonly {
    readonly name: string;
    readonly mean: number;
    readonly low: number;
    readonly high: number;
  }[];
}

/** @returns undefined with too few trials. */
export function importancesOf({ names, columns, target }: ImportanceInput): Importances | undefined {
  if (target.length < LEAST_TRIALS || names.length === 0) return undefined;
  const random = new NumpyRandom(0);
  const rows = Int32Array.from(target, (_, i) => i);
  random.shuffle(rows);
  const chosen = rows.subarray(0, MOST_TRIALS);
  const held = Math.max(5, Math.round(HELD_OUT * chosen.length));
  const [test, train] = [chosen.subarray(0, held), chosen.subarray(held)];
  const matrix = (of: Int32Array): Matrix => {
    const data = new Float64Array(of.length * columns.length);
    of.forEach((row, i) => {
      for (let j = 0; j < columns.length; j++) data[i * columns.length + j] = columns[j][row];
    });
    return { rows: of.length, columns: columns.length, data };
  };
  const values = (of: Int32Array) => Float64Array.from(of, (row) => target[row]);
  const forest = randomForest.fit(matrix(train), values(train), 0);
  const [x, y] = [matrix(test), values(test)];
  const predict = (some: Matrix) => randomForest.predict(forest, some);
  const decreases = permutationImportance(predict, x, y, REPEATS, 0);
  return {
    r2: r2(y, predict(x)),
    trials: chosen.length,
    values: names
      .map((name, j) => ({
        name,
        mean: mean(decreases[j]),
        low: Math.min(...decreases[j]),
        high: Math.max(...decreases[j]),
      }))
      .sort((a, b) => b.mean - a.mean),
  };
}
