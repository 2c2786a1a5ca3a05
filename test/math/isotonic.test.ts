import { describe, expect, it } from "vitest";
import { crossing, isotonic } from "../../src/math/isotonic.js";

describe("isotonic", () => {
  it("leaves rising values alone and pools those that fall", () => {
    expect(isotonic([])).toEqual([]);
    expect(isotonic([1, 2, 2, 5])).toEqual([1, 2, 2, 5]);
    expect(isotonic([1, 3, 2, 4])).toEqual([1, 2.5, 2.5, 4]);
    expect(isotonic([4, 3, 2, 1])).toEqual([2.5, 2.5, 2.5, 2.5]);
    // 6 and 3 become 4.5, which is below the 5 before, so that all three are 14/3.
    expect(isotonic([0, 5, 6, 3, 7])).toEqual([0, 14 / 3, 14 / 3, 14 / 3, 7]);
  });

  it("weighs what it pools", () => {
    expect(isotonic([1, 4, 1], [1, 1, 2])).toEqual([1, 2, 2]);
  });
});

describe("crossing", () => {
  it("lies on the line between the two points around the limit", () => {
    expect(crossing([50, 80, 90], [0, 0.01, 0.03], 0.02)).toEqual({ at: 85 });
    expect(crossing([50, 80, 90], [0, 0.02, 0.04], 0.02)).toEqual({ at: 80 });
    expect(crossing([50, 80, 90], [-1, -1, 1], 0)).toEqual({ at: 85 });
  });

  it("says when a curve is never or always over the limit", () => {
    expect(crossing([50, 80], [0.1, 0.2], 0.02)).toEqual({ at: 50, beyond: "below" });
    expect(crossing([50, 80], [0, 0.02], 0.02)).toEqual({ at: 80, beyond: "above" });
    // 1 - 0.99 is more than 0.01 by rounding alone.
    expect(crossing([50, 80], [0, 1 - 0.99], 0.01)).toEqual({ at: 80, beyond: "above" });
  });
});
