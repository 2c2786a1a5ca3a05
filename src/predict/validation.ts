// How well a regressor predicts rows that it has not seen: the one split of Darji (2021), of 180 and 20 rows, and repeated
// cross-validation, whose many splits show how little one of them says.
import { applyScaling, fitScaling, type Matrix, take, takeRows } from "../math/matrix.js";
import { NumpyRandom } from "../math/numpy-random.js";
import { mean, quantile, studentQuantile, variance } from "../math/statistics.js";
import type { Model, Regressor } from "./regressor.js";

/** Which rows to learn from and which to predict. */
export interface Split {
  train: Int32Array;
  test: Int32Array;
}

const singleSeed = 7;
const singleTestShare = 0.1;

/** The one split of `rows` rows that Darji (2021) tests on: scikit-learn's `train_test_split(test_size=0.1, random_state=7)`. */
export function singleSplit(rows: number): Split {
  const shuffled = new NumpyRandom(singleSeed).permutation(rows);
  const tests = Math.ceil(rows * singleTestShare);
  return { train: shuffled.slice(tests), test: shuffled.slice(0, tests) };
}

/** scikit-learn's `RepeatedKFold(folds, repeats, seed)`: `repeats` times, every row is predicted once. */
export function repeatedFolds(rows: number, folds: number, repeats: number, seed: number): Split[] {
  const random = new NumpyRandom(seed);
  return Array.from({ length: repeats }, () => {
    const shuffled = random.permutation(rows);
    return Array.from({ length: folds }, (_, fold) => {
      const start = fold * Math.floor(rows / folds) + Math.min(fold, rows % folds);
      const end = (fold + 1) * Math.floor(rows / folds) + Math.min(fold + 1, rows % folds);
      const test = shuffled.slice(start, end).sort();
      const train = new Int32Array(rows - test.length);
      train.set(shuffled.subarray(0, start));
      train.set(shuffled.subarray(end), start);
      train.sort();
      return { train, test };
    });
  }).flat();
}

/** A model that was fitted on a split's training rows, and the rows held out, scaled as the model wants them. */
export interface HeldOut<M extends Model> {
  model: M;
  x: Matrix;
  y: Float64Array;
  predicted: Float64Array;
}

/**
 * Fits on a split's training rows and predicts its test rows. `scaleOn` says which rows the MinMax scaling may see:
 * the training rows, or `all`, as in Darji (2021), where the test rows' extremes reach the training.
 */
export function holdOut<M extends Model>(
  regressor: Regressor<M>,
  x: Matrix,
  y: Float64Array,
  split: Split,
  seed: number,
  scaleOn: "all" | "train" = "train",
): HeldOut<M> {
  const train = takeRows(x, split.train);
  const scaling = fitScaling(scaleOn === "all" ? x : train);
  const model = regressor.fit(applyScaling(train, scaling), take(y, split.train), seed);
  const test = applyScaling(takeRows(x, split.test), scaling);
  return { model, x: test, y: take(y, split.test), predicted: regressor.predict(model, test) };
}

/** Scores over repeated runs of one split: what the regressor's own chance does. */
export interface SeedSpread {
  mean: number;
  /** Population standard deviation. */
  sd: number;
  minimum: number;
  maximum: number;
  /** The score at each seed. */
  values: number[];
}

export function seedSpread(values: number[]): SeedSpread {
  return {
    mean: mean(values),
    sd: Math.sqrt(variance(values)),
    minimum: Math.min(...values),
    maximum: Math.max(...values),
    values,
  };
}

/** Scores over the folds of repeated cross-validation. */
export interface FoldSpread {
  mean: number;
  /**
   * The 95 % interval of the mean. Folds share training rows, so their plain variance would promise too much; this is
   * the corrected one of Nadeau and Bengio (2003) as Bouckaert and Frank (2004) use it for repeated cross-validation.
   */
  interval: [number, number];
  /** Where 95 % of the single folds' scores lie: what one split may show. */
  folds: [number, number];
  values: number[];
}

/** Summarises one score per fold; `testShare` is test rows per training row. */
export function foldSpread(values: number[], testShare: number): FoldSpread {
  const centre = mean(values);
  const deviation = Math.sqrt(variance(values, 1) * (1 / values.length + testShare));
  const half = studentQuantile(0.05, values.length - 1) * deviation;
  const ascending = Float64Array.from(values).sort();
  return {
    mean: centre,
    interval: [centre - half, centre + half],
    folds: [quantile(ascending, 0.025), quantile(ascending, 0.975)],
    values,
  };
}
