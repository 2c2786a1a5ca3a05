import { describe, expect, it } from "vitest";
import { summarise } from "../../src/math/intervals.js";

describe("summarise", () => {
  it("gives the mean and Student's 95 % interval of it", () => {
    const { mean, low, high } = summarise([1, 2, 3]);
    expect(mean).toBe(2);
    // t(0.975, 2) = 4.302653, standard error 1 / √3
    expect(high! - mean).toBeCloseTo(4.302653 / Math.sqrt(3), 5);
    expect(mean - low!).toBeCloseTo(high! - mean, 12);
  });

  it("gives no interval of one value and no mean of none", () => {
    expect(summarise([0.5])).toEqual({ mean: 0.5 });
    expect(summarise([0.5, Number.NaN])).toEqual({ mean: 0.5 });
    expect(summarise([]).mean).toBeNaN();
  });
});
