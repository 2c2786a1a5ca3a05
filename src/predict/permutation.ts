// Permutation importance: how much worse a model predicts when one feature's values are shuffled among the rows. Unlike
// impurity importance it is measured on rows the model has not seen and means the same for every regressor.
import type { Matrix } from "../math/matrix.js";
import { NumpyRandom } from "../math/numpy-random.js";
import { r2 } from "../math/statistics.js";

/**
 * The decrease of R² on (`x`, `y`) when a feature is shuffled: `repeats` values for each feature, as scikit-learn's
 * `permutation_importance(n_repeats=repeats, random_state=seed)`, which shuffles all features alike.
 */
export function permutationImportance(
  predict: (x: Matrix) => Float64Array,
  x: Matrix,
  y: Float64Array,
  repeats: number,
  seed: number,
): number[][] {
  const baseline = r2(y, predict(x));
  const shuffleSeed = new NumpyRandom(seed).below(2 ** 31);
  return Array.from({ length: x.columns }, (_, j) => {
    const random = new NumpyRandom(shuffleSeed);
    const shuffled = x.data.slice();
    const rows = Int32Array.from({ length: x.rows }, (_, i) => i);
    return Array.from({ length: repeats }, () => {
      random.shuffle(rows);
      const column = Float64Array.from(rows, (i) => shuffled[i * x.columns + j]);
      for (let i = 0; i < x.rows; i++) shuffled[i * x.columns + j] = column[i];
      return baseline - r2(y, predict({ ...x, data: shuffled }));
    });
  });
}
