// The two shapes that regressors compute with: a dense matrix of features, one row per observation, and the MinMax
// scaling that brings every feature to [0, 1]. Scaling is data, not a class, so that it is saved with a predictor.

/** A dense matrix, row by row: element (i, j) is `data[i * columns + j]`. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly data: Float64Array;
}

/** A matrix from its columns, all of one length. */
export function fromColumns(columns: readonly Float64Array[], rows: number): Matrix {
  const data = new Float64Array(rows * columns.length);
  columns.forEach((column, j) => {
    for (let i = 0; i < rows; i++) data[i * columns.length + j] = column[i];
  });
  return { rows, columns: columns.length, data };
}

/** The given rows of a matrix, in the given order. */
export function takeRows(x: Matrix, indices: ArrayLike<number>): Matrix {
  const data = new Float64Array(indices.length * x.columns);
  for (let i = 0; i < indices.length; i++) {
    const from = indices[i] * x.columns;
    data.set(x.data.subarray(from, from + x.columns), i * x.columns);
  }
  return { rows: indices.length, columns: x.columns, data };
}

/** The given elements of a vector, in the given order. */
export function take(y: ArrayLike<number>, indices: ArrayLike<number>): Float64Array {
  const taken = new Float64Array(indices.length);
  for (let i = 0; i < indices.length; i++) taken[i] = y[indices[i]];
  return taken;
}

/** MinMax scaling of each feature: `x * scale + offset`. */
export interface Scaling {
  readonly scale: number[];
  readonly offset: number[];
}

// scikit-learn treats a range below ten units of rounding as constant and does not stretch it.
const constantRange = 10 * Number.EPSILON;

/**
 * The scaling that maps each feature's range over `x` to [0, 1], and a constant feature to 0, as scikit-learn's
 * `MinMaxScaler`.
 */
export function fitScaling(x: Matrix): Scaling {
  const scale: number[] = [];
  const offset: number[] = [];
  for (let j = 0; j < x.columns; j++) {
    let minimum = Number.POSITIVE_INFINITY;
    let maximum = Number.NEGATIVE_INFINITY;
    for (let i = j; i < x.data.length; i += x.columns) {
      minimum = Math.min(minimum, x.data[i]);
      maximum = Math.max(maximum, x.data[i]);
    }
    const range = maximum - minimum;
    const factor = 1 / (range < constantRange ? 1 : range);
    scale.push(factor);
    offset.push(0 - minimum * factor);
  }
  return { scale, offset };
}

/** `x` scaled; values outside the fitted range leave [0, 1] and are not clipped. */
export function applyScaling(x: Matrix, { scale, offset }: Scaling): Matrix {
  const data = x.data.map((value, i) => value * scale[i % x.columns] + offset[i % x.columns]);
  return { ...x, data };
}
