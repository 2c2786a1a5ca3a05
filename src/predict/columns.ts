// Features as trees want them: single precision, column by column, with the rows of each column sorted once. Every tree
// of an ensemble starts from this order, so that growing one never sorts.
import type { Matrix } from "../math/matrix.js";

/** Sorted columns. Element (i, j) is `values[j * rows + i]`. */
export interface SortedColumns {
  readonly rows: number;
  readonly columns: number;
  /** Single precision, as scikit-learn's trees see their features. */
  readonly values: Float32Array;
  /** `order[j * rows + k]` is the row with the k-th smallest value of column j; equal values are in row order. */
  readonly order: Int32Array;
}

/** Sorts each column of `x`. */
export function sortColumns(x: Matrix): SortedColumns {
  const { rows, columns } = x;
  const values = new Float32Array(rows * columns);
  const order = new Int32Array(rows * columns);
  for (let j = 0; j < columns; j++) {
    const column = values.subarray(j * rows, (j + 1) * rows);
    for (let i = 0; i < rows; i++) column[i] = x.data[i * columns + j];
    const sorted = order.subarray(j * rows, (j + 1) * rows);
    for (let i = 0; i < rows; i++) sorted[i] = i;
    sorted.sort((a, b) => column[a] - column[b] || a - b);
  }
  return { rows, columns, values, order };
}

/** The table with the given rows, which may repeat, in the given order. Linear in its size. */
export function takeSorted(source: SortedColumns, indices: Int32Array): SortedColumns {
  const { columns } = source;
  const rows = indices.length;
  // The copies of each source row, chained: `first` leads to one of them, `next` from one to another.
  const first = new Int32Array(source.rows).fill(-1);
  const next = new Int32Array(rows);
  for (let i = rows - 1; i >= 0; i--) {
    next[i] = first[indices[i]];
    first[indices[i]] = i;
  }
  const values = new Float32Array(rows * columns);
  const order = new Int32Array(rows * columns);
  for (let j = 0; j < columns; j++) {
    const from = j * source.rows;
    for (let i = 0; i < rows; i++) values[j * rows + i] = source.values[from + indices[i]];
    let at = j * rows;
    for (let k = 0; k < source.rows; k++) {
      for (let copy = first[source.order[from + k]]; copy >= 0; copy = next[copy]) order[at++] = copy;
    }
  }
  return { rows, columns, values, order };
}
