// The regressor to beat: it looks at no feature and always predicts the mean of the target.
import { mean as average } from "../math/statistics.js";
import type { Regressor } from "./regressor.js";

export interface MeanModel {
  kind: "mean";
  value: number;
}

/** Predicts the mean of the training rows, as scikit-learn's `DummyRegressor`. */
export const mean: Regressor<MeanModel> = {
  seeded: false,

  fit: (_x, y) => ({ kind: "mean", value: average(y) }),
  predict: ({ value }, x) => new Float64Array(x.rows).fill(value),
};
