// Logistic regression on binary features, for the baseline without memory. It has one minimum, so whoever fits it gets
// the same answer: the result equals scikit-learn's, and no seed or learning rate comes into it.

/** Which features each row has: row r has `columns[starts[r]]` to `columns[starts[r + 1] - 1]`, each at most once. */
export interface SparseRows {
  /** [rows + 1] */
  readonly starts: Int32Array;
  readonly columns: Int32Array;
}

/** P(label 1) of a row is the logistic function of the intercept plus the weights of its features. */
export interface LogisticModel {
  /** [features] */
  readonly weights: Float64Array;
  readonly intercept: number;
}

const LARGEST_GRADIENT = 1e-6;

/**
 * Minimises the summed log loss plus half the squared weights, the intercept free (scikit-learn's `LogisticRegression`
 * with C = 1), by Newton steps solved with conjugate gradients (Nocedal and Wright 2006, algorithm 7.1) until no
 * component of the gradient is above 1e-6 or no step lowers the loss any more; at most 100 steps.
 * @param labels [rows] 0 or 1, both of which occur.
 */
export function fitLogistic(rows: SparseRows, features: number, labels: Uint8Array): LogisticModel {
  // One vector for the weights and, last, the intercept.
  const at = new Float64Array(features + 1);
  let current = evaluate(rows, at, labels);
  const first = norm(current.gradient);
  for (let step = 0; step < 100; step++) {
    const size = norm(current.gradient);
    if (current.gradient.every((each) => Math.abs(each) <= LARGEST_GRADIENT)) break;
    const direction = solve(rows, current, size * Math.min(0.5, Math.sqrt(size / first)));
    const slope = dot(current.gradient, direction);
    let next = current;
    const trial = new Float64Array(at.length);
    for (let length = 1; length > 1e-10; length /= 2) {
      for (let i = 0; i < at.length; i++) trial[i] = at[i] + length * direction[i];
      next = evaluate(rows, trial, labels);
      if (next.loss <= current.loss + 1e-4 * length * slope) break;
    }
    if (!(next.loss < current.loss)) break;
    at.set(trial);
    current = next;
  }
  return { weights: at.slice(0, features), intercept: at[features] };
}

interface Point {
  readonly loss: number;
  readonly gradient: Float64Array;
  /** [rows] p(1 - p), the second derivative of each row's loss. */
  readonly curvature: Float64Array;
}

function evaluate(rows: SparseRows, at: Float64Array, labels: Uint8Array): Point {
  const curvature = scores(rows, at);
  const residual = new Float64Array(labels.length);
  let loss = 0;
  for (let row = 0; row < labels.length; row++) {
    const score = curvature[row];
    const p = 1 / (1 + Math.exp(-score));
    loss += Math.max(score, 0) + Math.log1p(Math.exp(-Math.abs(score))) - labels[row] * score;
    residual[row] = p - labels[row];
    curvature[row] = p * (1 - p);
  }
  for (let i = 0; i < at.length - 1; i++) loss += (at[i] * at[i]) / 2;
  return { loss, gradient: gather(rows, residual, at), curvature };
}

/** The Newton direction: conjugate gradients on H d = -g until the residual is below `tolerance`. */
function solve(rows: SparseRows, { gradient, curvature }: Point, tolerance: number): Float64Array {
  const solution = new Float64Array(gradient.length);
  const residual = gradient.map((each) => -each);
  const direction = residual.slice();
  let squared = dot(residual, residual);
  for (let step = 0; step < 10 * gradient.length && Math.sqrt(squared) > tolerance; step++) {
    const product = scores(rows, direction);
    for (let row = 0; row < product.length; row++) product[row] *= curvature[row];
    const image = gather(rows, product, direction);
    const length = squared / dot(direction, image);
    for (let i = 0; i < solution.length; i++) {
      solution[i] += length * direction[i];
      residual[i] -= length * image[i];
    }
    const before = squared;
    squared = dot(residual, residual);
    for (let i = 0; i < direction.length; i++) direction[i] = residual[i] + (squared / before) * direction[i];
  }
  return solution;
}

/** [rows] the intercept, which is the last of `vector`, plus the weights of each row's features. */
function scores({ starts, columns }: SparseRows, vector: Float64Array): Float64Array {
  const result = new Float64Array(starts.length - 1);
  for (let row = 0; row < result.length; row++) {
    let sum = vector[vector.length - 1];
    for (let i = starts[row]; i < starts[row + 1]; i++) sum += vector[columns[i]];
    result[row] = sum;
  }
  return result;
}

/** The transpose of `scores` applied to one number per row, plus the penalty's share: the weights of `penalised`. */
function gather(
  { starts, columns }: SparseRows,
  perRow: Float64Array,
  penalised: Float64Array,
): Float64Array {
  const result = penalised.slice();
  const last = result.length - 1;
  result[last] = 0;
  for (let row = 0; row < perRow.length; row++) {
    result[last] += perRow[row];
    for (let i = starts[row]; i < starts[row + 1]; i++) result[columns[i]] += perRow[row];
  }
  return result;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

function norm(a: Float64Array): number {
  return Math.sqrt(dot(a, a));
}
