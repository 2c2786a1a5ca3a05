// Eigenvalues and eigenvectors of a small symmetric matrix, which is all the linear algebra that Bayesian ridge
// regression needs: the squared singular values and right singular vectors of X are those of XᵀX.

/** `vectors[i * n + k]` is component i of the unit eigenvector of `values[k]`. Eigenvalues are in no order. */
export interface Eigen {
  values: Float64Array;
  vectors: Float64Array;
}

const sweeps = 60;

/**
 * Cyclic Jacobi rotations (Golub and Van Loan, Matrix Computations, 8.5) until nothing off the diagonal is above
 * rounding. `matrix` is n × n, symmetric, row by row, and is left alone.
 */
export function symmetricEigen(matrix: Float64Array, n: number): Eigen {
  const a = matrix.slice();
  const v = new Float64Array(n * n);
  for (let i = 0; i < n; i++) v[i * n + i] = 1;
  const negligible = Number.EPSILON * Math.hypot(...diagonal(a, n)) * 1e-3;
  for (let sweep = 0; sweep < sweeps; sweep++) {
    let rotated = false;
    for (let p = 0; p < n - 1; p++) {
      for (let q = p + 1; q < n; q++) {
        if (Math.abs(a[p * n + q]) <= negligible) continue;
        rotate(a, v, n, p, q);
        rotated = true;
      }
    }
    if (!rotated) break;
  }
  return { values: Float64Array.from(diagonal(a, n)), vectors: v };
}

function diagonal(a: Float64Array, n: number): number[] {
  return Array.from({ length: n }, (_, i) => a[i * n + i]);
}

// Turns the plane of axes p and q so that a[p, q] becomes zero.
function rotate(a: Float64Array, v: Float64Array, n: number, p: number, q: number): void {
  const tau = (a[q * n + q] - a[p * n + p]) / (2 * a[p * n + q]);
  const t = (tau >= 0 ? 1 : -1) / (Math.abs(tau) + Math.hypot(1, tau));
  const c = 1 / Math.hypot(1, t);
  const s = t * c;
  for (let k = 0; k < n; k++) {
    const left = a[k * n + p];
    const right = a[k * n + q];
    a[k * n + p] = c * left - s * right;
    a[k * n + q] = s * left + c * right;
  }
  for (let k = 0; k < n; k++) {
    const above = a[p * n + k];
    const below = a[q * n + k];
    a[p * n + k] = c * above - s * below;
    a[q * n + k] = s * above + c * below;
    const left = v[k * n + p];
    const right = v[k * n + q];
    v[k * n + p] = c * left - s * right;
    v[k * n + q] = s * left + c * right;
  }
  a[p * n + q] = 0;
  a[q * n + p] = 0;
}
