import { describe, expect, it } from "vitest";
import { Random } from "../../src/math/random.js";
import { correlations, holm } from "../../src/predict/correlation.js";
import { column, expectClose, fixture } from "./fixture.js";

function of(table: { x: number[][]; y: number[] }, features: number[], seed = 1) {
  const columns = features.map((j) => column(table.x, j));
  return correlations(features.map(String), columns, Float64Array.from(table.y), new Random(seed));
}

describe("correlations", () => {
  const features = [0, 1, 2, 3, 4];

  it("have SciPy's Pearson coefficients and p-values", () => {
    of(fixture.continuous, features).forEach(({ pearson }, j) => {
      expectClose([pearson!.value, pearson!.p], fixture.continuous.pearson[j], 1e-13);
    });
  });

  it("have SciPy's Spearman coefficients and p-values, ties included", () => {
    of(fixture.discrete, features).forEach(({ spearman }, j) => {
      expectClose([spearman!.value, spearman!.p], fixture.discrete.spearman[j], 1e-13);
    });
  });

  it("are null for a constant feature, which also is no test to correct for", () => {
    const [first, constant] = of(fixture.continuous, [0, 5]);
    expect(constant).toEqual({ feature: "5", pearson: null, spearman: null });
    expect(first.pearson!.pHolm).toBe(first.pearson!.p);
  });

  it("have intervals that hold the coefficient, come again with the seed and shrink with more rows", () => {
    const [small] = of(fixture.continuous, [1], 5);
    const [low, high] = small.pearson!.interval;
    expect(low).toBeLessThan(small.pearson!.value);
    expect(high).toBeGreaterThan(small.pearson!.value);
    expect(of(fixture.continuous, [1], 5)).toEqual([small]);
    const { x, y } = fixture.continuous;
    const [large] = of({ x: [...x, ...x, ...x, ...x], y: [...y, ...y, ...y, ...y] }, [1], 5);
    const width = large.pearson!.interval[1] - large.pearson!.interval[0];
    expect(width / (high - low)).toBeGreaterThan(0.4);
    expect(width / (high - low)).toBeLessThan(0.6);
  });

  it("have intervals over the samples in which the target is not constant", () => {
    // The one row with another target has the highest value too, so every sample with it goes up.
    const feature = Float64Array.from({ length: 20 }, (_, i) => i);
    const target = Float64Array.from(feature, (value) => (value === 19 ? 0.9 : 0.1));
    const [{ pearson, spearman }] = correlations(["feature"], [feature], target, new Random(1));
    for (const [low, high] of [pearson!.interval, spearman!.interval]) {
      expect(low).toBeGreaterThan(0.1);
      expect(high).toBeGreaterThan(low);
    }
  });

  it("are 1 and -1 without doubt on a line", () => {
    const line = Float64Array.from({ length: 30 }, (_, i) => i / 7);
    const [up, down] = correlations(["up", "down"], [line, line.map((v) => -v)], line, new Random(1));
    expectClose([up.pearson!.value, ...up.pearson!.interval, up.pearson!.pHolm], [1, 1, 1, 0], 1e-15);
    expectClose([down.spearman!.value, ...down.spearman!.interval, down.spearman!.p], [-1, -1, -1, 0], 1e-15);
  });
});

describe("holm", () => {
  it("steps down", () => {
    expectClose(holm([0.01, 0.04, 0.03, 0.005]), [0.03, 0.06, 0.06, 0.02]);
    expectClose(holm([0.5, 0.9]), [1, 1]);
    expect(holm([])).toEqual([]);
  });
});
