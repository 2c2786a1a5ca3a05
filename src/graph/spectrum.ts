// Spectral radii: how strongly a recurrent matrix stretches what it is applied to again and again. A small
// dense matrix of weights and the large sparse matrix of a graph each get the method that suits them.
import { InputError } from "../errors.js";
import type { Adjacency } from "./adjacency.js";

/**
 * The spectral radius (largest absolute eigenvalue) of a real square matrix, by Gelfand's formula ρ = lim
 * ‖Aᵏ‖^(1/k) with k doubled at each step; it needs no eigenvectors and is not troubled by complex pairs.
 * Correct to about 1e-10 relative; time grows with the cube of `size` (0.1 s for 128).
 * @param matrix size × size, row by row
 * @throws InputError when the matrix is not square or has an entry that is not finite.
 */
export function spectralRadius(matrix: ArrayLike<number>, size: number): number {
  if (matrix.length !== size * size)
    throw new InputError({
      what: `a spectral radius needs a square matrix, and ${matrix.length} numbers are not ${size} × ${size}`,
    });
  let power: Float64Array = Float64Array.from(matrix);
  if (!power.every(Number.isFinite))
    throw new InputError({ what: "the matrix has an entry that is not a finite number" });
  let logarithm = 0;
  let previous = Number.NaN;
  // 2⁵² is where the exponent of a further squaring no longer changes the result.
  for (let doublings = 0; doublings <= 52; doublings++) {
    const norm = normalise(power);
    if (norm === 0) return 0;
    const step = Math.log(norm) / 2 ** doublings;
    logarithm += step;
    // Once a squaring changes the norm by a constant factor, the steps left are step/2 + step/4 + … = step.
    if (Math.abs(Math.log(norm) - previous) < 1e-13) return Math.exp(logarithm + step);
    previous = Math.log(norm);
    power = square(power, size);
  }
  return Math.exp(logarithm);
}

/**
 * Divides by the Frobenius norm and returns it. The largest entry is taken out first, so that nothing
 * overflows.
 */
function normalise(matrix: Float64Array): number {
  let largest = 0;
  for (const value of matrix) largest = Math.max(largest, Math.abs(value));
  if (largest === 0) return 0;
  let squares = 0;
  for (let i = 0; i < matrix.length; i++) {
    matrix[i] /= largest;
    squares += matrix[i] ** 2;
  }
  const root = Math.sqrt(squares);
  for (let i = 0; i < matrix.length; i++) matrix[i] /= root;
  return largest * root;
}

function square(matrix: Float64Array, size: number): Float64Array {
  const product = new Float64Array(matrix.length);
  for (let row = 0; row < size; row++) {
    const into = product.subarray(row * size, (row + 1) * size);
    for (let k = 0; k < size; k++) {
      const factor = matrix[row * size + k];
      if (factor === 0) continue;
      const from = matrix.subarray(k * size, (k + 1) * size);
      for (let column = 0; column < size; column++) into[column] += factor * from[column];
    }
  }
  return product;
}

/**
 * The spectral radius of the adjacency matrix of an undirected graph with at least one edge, by Lanczos's
 * method. The matrix has no negative entry, so this is its largest eigenvalue (Perron and Frobenius), and a
 * start of ones cannot miss it. Correct to about 1e-10 relative; 1,000 products with the matrix at most.
 */
export function adjacencySpectralRadius({ nodes, starts, neighbours }: Adjacency): number {
  const diagonal: number[] = [];
  const offDiagonal: number[] = [];
  let before = new Float64Array(nodes);
  let current = new Float64Array(nodes).fill(1 / Math.sqrt(nodes));
  let beta = 0;
  let radius = 0;
  for (let step = 1; step <= 1000; step++) {
    const next = new Float64Array(nodes);
    let alpha = 0;
    for (let node = 0; node < nodes; node++) {
      let sum = -beta * before[node];
      for (let at = starts[node]; at < starts[node + 1]; at++) sum += current[neighbours[at]];
      next[node] = sum;
      alpha += sum * current[node];
    }
    let squares = 0;
    for (let node = 0; node < nodes; node++) {
      next[node] -= alpha * current[node];
      squares += next[node] ** 2;
    }
    diagonal.push(alpha);
    beta = Math.sqrt(squares);
    const exhausted = beta < 1e-12 * nodes;
    if (exhausted || step % 10 === 0) {
      const improved = largestEigenvalue(diagonal, offDiagonal);
      if (exhausted || improved - radius <= 1e-14 * improved) return improved;
      radius = improved;
    }
    offDiagonal.push(beta);
    before = current;
    current = next.map((value) => value / beta);
  }
  return radius;
}

/**
 * The largest eigenvalue of a symmetric tridiagonal matrix, by bisection with Sturm's count of the
 * eigenvalues above.
 */
function largestEigenvalue(diagonal: readonly number[], offDiagonal: readonly number[]): number {
  let low = Math.max(...diagonal);
  let high = 0;
  for (let i = 0; i < diagonal.length; i++) {
    const reach = Math.abs(offDiagonal[i - 1] ?? 0) + Math.abs(offDiagonal[i] ?? 0);
    high = Math.max(high, diagonal[i] + reach);
  }
  for (;;) {
    const middle = (low + high) / 2;
    if (middle <= low || middle >= high) return high;
    if (hasEigenvalueAbove(middle, diagonal, offDiagonal)) low = middle;
    else high = middle;
  }
}

function hasEigenvalueAbove(value: number, diagonal: readonly number[], offDiagonal: readonly number[]) {
  let pivot = 1;
  for (let i = 0; i < diagonal.length; i++) {
    pivot = diagonal[i] - value - (i > 0 ? offDiagonal[i - 1] ** 2 / pivot : 0);
    if (pivot >= 0) return true;
  }
  return false;
}
