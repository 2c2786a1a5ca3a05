// Bayesian ridge regression: a linear model whose noise and weight precisions are found by maximising the evidence
// (MacKay, 1992; Tipping, 2001), with the priors, the start and the stopping rule of scikit-learn's `BayesianRidge`.
import { symmetricEigen } from "../math/eigen.js";
import type { Matrix } from "../math/matrix.js";
import { mean, variance } from "../math/statistics.js";
import type { Regressor } from "./regressor.js";

export interface BayesianRidgeModel {
  kind: "bayesian-ridge";
  /** One weight per feature. */
  coefficients: number[];
  intercept: number;
  /** Estimated precision of the noise. */
  alpha: number;
  /** Estimated precision of the weights. */
  lambda: number;
  iterations: number;
}

// Shape and rate of both Gamma priors, the change of the weights that ends the iteration, and its bound.
const prior = 1e-6;
const tolerance = 1e-3;
const maximumIterations = 300;

export const bayesianRidge: Regressor<BayesianRidgeModel> = {
  seeded: false,

  fit(x, y) {
    const problem = centre(x, y);
    let alpha = 1 / (variance(y) + Number.EPSILON);
    let lambda = 1;
    let previous: Float64Array | undefined;
    let iterations = 0;
    while (iterations < maximumIterations) {
      iterations++;
      const weights = posteriorMean(problem, lambda / alpha);
      const error = squaredError(problem, weights);
      let effective = 0;
      for (const s of problem.eigenvalues) effective += (alpha * s) / (lambda + alpha * s);
      const squares = weights.reduce((sum, w) => sum + w * w, 0);
      lambda = (effective + 2 * prior) / (squares + 2 * prior);
      alpha = (x.rows - effective + 2 * prior) / (error + 2 * prior);
      const before = previous;
      if (before && weights.reduce((sum, w, j) => sum + Math.abs(before[j] - w), 0) < tolerance) break;
      previous = weights;
    }
    const coefficients = Array.from(posteriorMean(problem, lambda / alpha));
    const intercept = problem.yMean - coefficients.reduce((sum, w, j) => sum + w * problem.xMean[j], 0);
    return { kind: "bayesian-ridge", coefficients, intercept, alpha, lambda, iterations };
  },

  predict({ coefficients, intercept }, x) {
    const predicted = new Float64Array(x.rows);
    for (let i = 0; i < x.rows; i++) {
      let sum = 0;
      for (let j = 0; j < x.columns; j++) sum += x.data[i * x.columns + j] * coefficients[j];
      predicted[i] = sum + intercept;
    }
    return predicted;
  },
};

interface Centred {
  x: Matrix;
  y: Float64Array;
  xMean: Float64Array;
  yMean: number;
  /** Of XᵀX: the squared singular values of X; rounding below zero is cut off. */
  eigenvalues: Float64Array;
  eigenvectors: Float64Array;
  /** Xᵀy in the basis of the eigenvectors. */
  projection: Float64Array;
}

function centre(x: Matrix, y: Float64Array): Centred {
  const { rows, columns: n } = x;
  const xMean = new Float64Array(n);
  for (let i = 0; i < x.data.length; i++) xMean[i % n] += x.data[i];
  for (let j = 0; j < n; j++) xMean[j] /= rows;
  const data = x.data.map((value, i) => value - xMean[i % n]);
  const yMean = mean(y);
  const yCentred = y.map((value) => value - yMean);

  const gram = new Float64Array(n * n);
  const product = new Float64Array(n);
  for (let i = 0; i < rows; i++) {
    const row = data.subarray(i * n, (i + 1) * n);
    for (let j = 0; j < n; j++) {
      product[j] += row[j] * yCentred[i];
      for (let k = j; k < n; k++) gram[j * n + k] += row[j] * row[k];
    }
  }
  for (let j = 0; j < n; j++) for (let k = 0; k < j; k++) gram[j * n + k] = gram[k * n + j];

  const { values, vectors } = symmetricEigen(gram, n);
  const projection = new Float64Array(n);
  for (let j = 0; j < n; j++) for (let k = 0; k < n; k++) projection[k] += vectors[j * n + k] * product[j];
  return {
    x: { ...x, data },
    y: yCentred,
    xMean,
    yMean,
    eigenvalues: values.map((value) => Math.max(0, value)),
    eigenvectors: vectors,
    projection,
  };
}

// (XᵀX + ratio I)⁻¹ Xᵀy
function posteriorMean({ eigenvalues, eigenvectors, projection }: Centred, ratio: number): Float64Array {
  const n = eigenvalues.length;
  const weights = new Float64Array(n);
  for (let k = 0; k < n; k++) {
    const along = projection[k] / (eigenvalues[k] + ratio);
    for (let j = 0; j < n; j++) weights[j] += eigenvectors[j * n + k] * along;
  }
  return weights;
}

function squaredError({ x, y }: Centred, weights: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < x.rows; i++) {
    let residual = y[i];
    for (let j = 0; j < x.columns; j++) residual -= x.data[i * x.columns + j] * weights[j];
    sum += residual * residual;
  }
  return sum;
}
