// A linear model of numbers that were measured: logistic regression after standardisation, so that no unit counts for
// more than another.
import type { Matrix } from "../../math/matrix.js";
import { classifyRows, denseDesign, fitLogistic } from "../logistic.js";

/** How large the gradient may be left, for each row, as scikit-learn has it. */
const GRADIENT = 1e-4;

/**
 * The most likely class of each row of `test` by logistic regression (`fitLogistic`) on `train`, both standardised by the
 * means and deviations of `train`; a column that is constant there counts for nothing.
 * @param labels of the rows of `train`, below `classes`.
 */
export function classifyLinearly(
  train: Matrix,
  labels: ArrayLike<number>,
  test: Matrix,
  classes: number,
): Int32Array {
  const { columns, rows } = train;
  const centre = new Float64Array(columns);
  for (let i = 0; i < train.data.length; i++) centre[i % columns] += train.data[i] / rows;
  const squares = new Float64Array(columns);
  for (let i = 0; i < train.data.length; i++)
    squares[i % columns] += (train.data[i] - centre[i % columns]) ** 2 / rows;
  const standardised = (matrix: Matrix): Matrix => ({
    ...matrix,
    data: matrix.data.map((value, i) => {
      const c = i % columns;
      const deviation = Math.sqrt(squares[c]);
      // Rounding of the mean leaves a little of what is constant.
      return deviation > 1e-9 * Math.abs(centre[c]) ? (value - centre[c]) / deviation : 0;
    }),
  });
  const model = fitLogistic(denseDesign(standardised(train)), labels, classes, GRADIENT * rows);
  return classifyRows(model, denseDesign(standardised(test)));
}
