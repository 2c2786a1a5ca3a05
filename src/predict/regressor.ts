// What every regressor is: something that learns a model from a table and predicts with it. A model is plain data, so
// that saving, comparing and checking it needs no code of the regressor's.
import type { Matrix } from "../math/matrix.js";
import type { AdaBoostModel } from "./adaboost.js";
import type { BayesianRidgeModel } from "./bayesian-ridge.js";
import type { GradientBoostingModel } from "./gradient-boosting.js";
import type { MeanModel } from "./mean.js";
import type { RandomForestModel } from "./random-forest.js";

/** What a regressor has learnt, as plain JSON-able data. */
export type Model =
  | MeanModel
  | BayesianRidgeModel
  | RandomForestModel
  | AdaBoostModel
  | GradientBoostingModel;

/** A regressor with scikit-learn 1.2's definition and defaults. */
export interface Regressor<M extends Model> {
  /** Whether fitting draws random numbers, so that one fit is not the whole story. */
  readonly seeded: boolean;

  /**
   * Learns `y` (one finite number per row) from `x`. `seed`, in [0, 2³²), plays the part of scikit-learn's
   * `random_state`; regressors without chance ignore it.
   */
  fit(x: Matrix, y: Float64Array, seed: number): M;

  /** One prediction per row of `x`, which has the columns that the model was fitted on. */
  predict(model: M, x: Matrix): Float64Array;
}
