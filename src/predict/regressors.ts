// The regressors by name.
import type { Matrix } from "../math/matrix.js";
import { adaBoost } from "./adaboost.js";
import { bayesianRidge } from "./bayesian-ridge.js";
import { gradientBoosting } from "./gradient-boosting.js";
import { mean } from "./mean.js";
import { randomForest } from "./random-forest.js";
import type { Model, Regressor } from "./regressor.js";

export type RegressorName = Model["kind"];

/** Every regressor, in the order in which reports list them. */
export const regressors: { readonly [K in RegressorName]: Regressor<Extract<Model, { kind: K }>> } = {
  mean,
  "bayesian-ridge": bayesianRidge,
  "random-forest": randomForest,
  adaboost: adaBoost,
  "gradient-boosting": gradientBoosting,
};

export const regressorNames = Object.keys(regressors) as RegressorName[];

/** One prediction per row of `x`, by whichever regressor made the model. */
export function predictWith(model: Model, x: Matrix): Float64Array {
  return (regressors[model.kind] as Regressor<Model>).predict(model, x);
}
