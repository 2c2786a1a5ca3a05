import { describe, expect, it } from "vitest";
import { symmetricEigen } from "../../src/math/eigen.js";
import { NumpyRandom } from "../../src/math/numpy-random.js";
import { expectClose } from "../predict/fixture.js";

describe("symmetricEigen", () => {
  it("solves a matrix known by heart", () => {
    const { values } = symmetricEigen(Float64Array.of(2, 1, 1, 2), 2);
    expectClose(values.sort(), [1, 3], 1e-15);
  });

  it("takes a matrix apart into orthonormal vectors, twins and zeros among the values", () => {
    // A = B Bᵀ of rank 3 in 8 dimensions.
    const n = 8;
    const random = new NumpyRandom(1);
    const b = Float64Array.from({ length: n * 3 }, () => random.uniform() - 0.5);
    const a = new Float64Array(n * n);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) for (let k = 0; k < 3; k++) a[i * n + j] += b[i * 3 + k] * b[j * 3 + k];
    }
    const { values, vectors } = symmetricEigen(a, n);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        let whole = 0;
        let product = 0;
        for (let k = 0; k < n; k++) {
          whole += vectors[i * n + k] * values[k] * vectors[j * n + k];
          product += vectors[k * n + i] * vectors[k * n + j];
        }
        expect(whole).toBeCloseTo(a[i * n + j], 14);
        expect(product).toBeCloseTo(i === j ? 1 : 0, 14);
      }
    }
    expect(values.filter((value) => Math.abs(value) > 1e-14)).toHaveLength(3);
  });

  it("leaves a zero matrix as it is", () => {
    expect(symmetricEigen(new Float64Array(4), 2).values).toEqual(new Float64Array(2));
  });
});
