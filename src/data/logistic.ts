// Logistic regression for the baselines without memory, of two classes or of many, on binary features of strings or on
// numbers of sequences. It has one minimum, so whoever fits it gets the same answer: the result equals scikit-learn's, and
// no seed or learning rate comes into it.
import type { Matrix } from "../math/matrix.js";

/** Which features each row has: row r has `columns[starts[r]]` to `columns[starts[r + 1] - 1]`, each at most once. */
export interface SparseRows {
  /** [rows + 1] */
  readonly starts: Int32Array;
  readonly columns: Int32Array;
}

/** The features of some rows, as far as a linear model must know them. */
export interface Design {
  readonly rows: number;
  readonly features: number;
  /** Adds the products of every row with `weights` [feature] to `sums` [row]. */
  multiply(weights: Float64Array, sums: Float64Array): void;
  /** The transpose: adds the features of every row, times its number in `perRow`, to `sums` [feature]. */
  gather(perRow: Float64Array, sums: Float64Array): void;
}

/** Binary features, most of which a row has not. */
export function sparseDesign({ starts, columns }: SparseRows, features: number): Design {
  const rows = starts.length - 1;
  return {
    rows,
    features,
    multiply(weights, sums) {
      for (let row = 0; row < rows; row++) {
        let sum = 0;
        for (let i = starts[row]; i < starts[row + 1]; i++) sum += weights[columns[i]];
        sums[row] += sum;
      }
    },
    gather(perRow, sums) {
      for (let row = 0; row < rows; row++)
        for (let i = starts[row]; i < starts[row + 1]; i++) sums[columns[i]] += perRow[row];
    },
  };
}

/** Features that are numbers. */
export function denseDesign({ rows, columns: features, data }: Matrix): Design {
  return {
    rows,
    features,
    multiply(weights, sums) {
      for (let row = 0, at = 0; row < rows; row++) {
        let sum = 0;
        for (let j = 0; j < features; j++) sum += weights[j] * data[at++];
        sums[row] += sum;
      }
    },
    gather(perRow, sums) {
      for (let row = 0, at = 0; row < rows; row++) {
        const factor = perRow[row];
        for (let j = 0; j < features; j++) sums[j] += factor * data[at++];
      }
    },
  };
}

/** The probabilities of a row's classes are the softmax of their intercepts plus the weights of its features. */
export interface LogisticModel {
  /** Of each class [features]; of two classes the first has none but zeros. */
  readonly weights: readonly Float64Array[];
  /** Of each class; -∞ where it was not among those that were learnt from. */
  readonly intercepts: Float64Array;
}

const LARGEST_GRADIENT = 1e-6;
const MOST_STEPS = 100;

/**
 * Minimises the summed log loss plus half the squared weights, the intercepts free (scikit-learn's `LogisticRegression`
 * with C = 1), by Newton steps solved with conjugate gradients (Nocedal and Wright 2006, algorithm 7.1) until no
 * component of the gradient is above `tolerance` or no step lowers the loss any more; at most 100 steps. Of two classes
 * the first has the score 0, of more each has its own.
 * @param labels [rows] 0 to `classes` - 1.
 */
export function fitLogistic(
  design: Design,
  labels: ArrayLike<number>,
  classes: number,
  tolerance = LARGEST_GRADIENT,
): LogisticModel {
  const { rows, features } = design;
  const occurring = [...new Set(Array.from(labels))].sort((a, b) => a - b);
  const placed = new Map(occurring.map((label, place) => [label, place]));
  const places = Int32Array.from(labels, (label) => placed.get(label)!);
  // Scores that are free: one of two classes, else one of each.
  const free = occurring.length <= 2 ? occurring.length - 1 : occurring.length;
  const problem = { design, places, free, fixed: occurring.length - free, width: features + 1 };
  const at = free > 0 ? minimise(problem, tolerance) : new Float64Array(0);
  const weights = Array.from({ length: classes }, () => new Float64Array(features));
  const intercepts = new Float64Array(classes).fill(rows > 0 ? Number.NEGATIVE_INFINITY : 0);
  for (const [place, label] of occurring.entries()) {
    const k = place - problem.fixed;
    if (k >= 0) weights[label].set(at.subarray(k * problem.width, k * problem.width + features));
    intercepts[label] = k >= 0 ? at[k * problem.width + features] : 0;
  }
  return { weights, intercepts };
}

/** The most likely class of each row; the first of several. */
export function classifyRows({ weights, intercepts }: LogisticModel, design: Design): Int32Array {
  const best = new Float64Array(design.rows).fill(Number.NEGATIVE_INFINITY);
  const found = new Int32Array(design.rows);
  for (const [label, own] of weights.entries()) {
    if (intercepts[label] === Number.NEGATIVE_INFINITY) continue;
    const scores = new Float64Array(design.rows).fill(intercepts[label]);
    design.multiply(own, scores);
    for (let row = 0; row < design.rows; row++) {
      if (!(scores[row] > best[row])) continue;
      best[row] = scores[row];
      found[row] = label;
    }
  }
  return found;
}

/** What is minimised: over [free][features and, last, the intercept]. */
interface Problem {
  readonly design: Design;
  readonly places: Int32Array;
  readonly free: number;
  /** The place of the first free class. */
  readonly fixed: number;
  readonly width: number;
}

interface Point {
  readonly loss: number;
  readonly gradient: Float64Array;
  /** Of each free class [rows] its probability. */
  readonly probabilities: readonly Float64Array[];
}

function minimise(problem: Problem, tolerance: number): Float64Array {
  const at = new Float64Array(problem.free * problem.width);
  let current = evaluate(problem, at);
  const first = norm(current.gradient);
  for (let step = 0; step < MOST_STEPS; step++) {
    const size = norm(current.gradient);
    if (current.gradient.every((each) => Math.abs(each) <= tolerance)) break;
    const direction = solve(problem, current, size * Math.min(0.5, Math.sqrt(size / first)));
    const slope = dot(current.gradient, direction);
    let next = current;
    const trial = new Float64Array(at.length);
    for (let length = 1; length > 1e-10; length /= 2) {
      for (let i = 0; i < at.length; i++) trial[i] = at[i] + length * direction[i];
      next = evaluate(problem, trial);
      if (next.loss <= current.loss + 1e-4 * length * slope) break;
    }
    if (!(next.loss < current.loss)) break;
    at.set(trial);
    current = next;
  }
  return at;
}

function evaluate(problem: Problem, at: Float64Array): Point {
  const { design, places, free, fixed, width } = problem;
  const probabilities = scores(problem, at);
  let loss = 0;
  for (let row = 0; row < design.rows; row++) {
    let most = fixed > 0 ? 0 : Number.NEGATIVE_INFINITY;
    for (let k = 0; k < free; k++) most = Math.max(most, probabilities[k][row]);
    const own = places[row] - fixed;
    loss += most - (own >= 0 ? probabilities[own][row] : 0);
    let sum = fixed > 0 ? Math.exp(-most) : 0;
    for (let k = 0; k < free; k++) {
      probabilities[k][row] = Math.exp(probabilities[k][row] - most);
      sum += probabilities[k][row];
    }
    loss += Math.log(sum);
    for (let k = 0; k < free; k++) probabilities[k][row] /= sum;
  }
  for (let i = 0; i < at.length; i++) if (i % width !== width - 1) loss += (at[i] * at[i]) / 2;
  const residuals = probabilities.map((own, k) =>
    own.map((p, row) => p - (places[row] === k + fixed ? 1 : 0)),
  );
  return { loss, gradient: gather(problem, residuals, at), probabilities };
}

/** The Newton direction: conjugate gradients on H d = -g until the residual is below `tolerance`. */
function solve(problem: Problem, { gradient, probabilities }: Point, tolerance: number): Float64Array {
  const solution = new Float64Array(gradient.length);
  const residual = gradient.map((each) => -each);
  const direction = residual.slice();
  let squared = dot(residual, residual);
  for (let step = 0; step < 10 * gradient.length && Math.sqrt(squared) > tolerance; step++) {
    const product = scores(problem, direction);
    curve(probabilities, product);
    const image = gather(problem, product, direction);
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

/** In place: the second derivative of each row's loss, diag(p) - p pᵀ, times the row's scores. */
function curve(probabilities: readonly Float64Array[], product: readonly Float64Array[]): void {
  const rows = product[0].length;
  for (let row = 0; row < rows; row++) {
    let mean = 0;
    for (let k = 0; k < product.length; k++) mean += probabilities[k][row] * product[k][row];
    for (let k = 0; k < product.length; k++)
      product[k][row] = probabilities[k][row] * (product[k][row] - mean);
  }
}

/** Of each free class [rows]: its intercept plus the products of the rows with its weights. */
function scores({ design, free, width }: Problem, vector: Float64Array): Float64Array[] {
  return Array.from({ length: free }, (_, k) => {
    const own = vector.subarray(k * width, (k + 1) * width);
    const sums = new Float64Array(design.rows).fill(own[width - 1]);
    design.multiply(own.subarray(0, width - 1), sums);
    return sums;
  });
}

/** The transpose of `scores` applied to one number per row and class, plus the penalty's share: the weights of `penalised`. */
function gather(
  { design, width }: Problem,
  perRow: readonly Float64Array[],
  penalised: Float64Array,
): Float64Array {
  const result = penalised.slice();
  for (const [k, own] of perRow.entries()) {
    const part = result.subarray(k * width, (k + 1) * width);
    part[width - 1] = 0;
    for (let row = 0; row < own.length; row++) part[width - 1] += own[row];
    design.gather(own, part.subarray(0, width - 1));
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
