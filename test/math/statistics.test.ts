import { describe, expect, it } from "vitest";
import { NumpyRandom } from "../../src/math/numpy-random.js";
import {
  mean,
  meanAbsoluteError,
  quantile,
  r2,
  studentQuantile,
  studentTwoSided,
  sum,
  variance,
} from "../../src/math/statistics.js";
import { fixture } from "../predict/fixture.js";

describe("sum", () => {
  it.each(fixture.sums)("of $n numbers is NumPy's to the last bit", ({ n, sum: want }) => {
    const random = new NumpyRandom(9);
    expect(sum(Float64Array.from({ length: n }, () => random.uniform()))).toBe(want);
  });
});

describe("moments and quantiles", () => {
  it("are those of the definition", () => {
    expect(mean([1, 2, 6])).toBe(3);
    expect(variance([1, 2, 6])).toBeCloseTo(14 / 3, 15);
    expect(variance([1, 2, 6], 1)).toBe(7);
    expect(quantile([10, 20, 40], 0.75)).toBe(30);
    expect(quantile([10, 20, 40], 1)).toBe(40);
  });
});

describe("scores", () => {
  it("measure residuals against the mean", () => {
    expect(r2([1, 2, 3], [1, 2, 3])).toBe(1);
    expect(r2([1, 2, 3], [2, 2, 2])).toBe(0);
    expect(r2([1, 2, 3], [3, 2, 1])).toBe(-3);
    expect(meanAbsoluteError([1, 2, 3], [3, 2, 1])).toBeCloseTo(4 / 3, 15);
  });

  it("are scikit-learn's where there is nothing to explain", () => {
    expect(r2([2, 2], [2, 2])).toBe(1);
    expect(r2([2, 2], [2, 3])).toBe(0);
  });
});

describe("Student's distribution", () => {
  it.each(fixture.student)("at t = $t with $freedom degrees of freedom is SciPy's", (want) => {
    const got = studentTwoSided(want.t, want.freedom);
    expect(Math.abs(got / want.twoSided - 1)).toBeLessThan(1e-11);
    expect(Math.abs(studentQuantile(0.05, want.freedom) / want.quantile95 - 1)).toBeLessThan(1e-10);
  });

  it("leaves nothing beyond infinity", () => {
    expect(studentTwoSided(Number.POSITIVE_INFINITY, 5)).toBe(0);
  });
});
