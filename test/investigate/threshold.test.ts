import { describe, expect, it } from "vitest";
import type { Judge } from "../../src/investigate/row.js";
import {
  type Curve,
  curveOf,
  excessDifference,
  fittedExcesses,
  thresholdDifference,
  thresholdOf,
} from "../../src/investigate/threshold.js";
import { row } from "./sample.js";

const accuracy: Judge = { metric: "testAccuracy", epsilon: 0.01, guess: 0.5 };

/** Three quarters, seven eighths and fifteen sixteenths removed: equal steps in the logarithm of what is left. */
const SPARSITIES = [75, 87.5, 93.75];

function curve(
  values: readonly (readonly number[])[],
  dense: readonly number[],
  more: Partial<Curve> = {},
): Curve {
  return {
    condition: "base",
    cell: "gru",
    regime: "gradual",
    target: "both",
    judge: accuracy,
    seeds: dense.map((_, i) => i + 1),
    sparsities: SPARSITIES,
    values,
    dense,
    ...more,
  };
}

const equal = (...accuracies: number[]) =>
  curve(
    accuracies.map((value) => [value, value, value]),
    [0.9, 0.9, 0.9],
  );

describe("a threshold", () => {
  it("lies where the fit crosses ε, by the logarithm of what is left", () => {
    const { value, low, high, beyond } = thresholdOf(equal(0.9, 0.9, 0.88));
    // Half way from an eighth to a sixteenth.
    const wanted = 100 * (1 - Math.sqrt(1 / 8 / 16));
    expect(value).toBeCloseTo(wanted, 10);
    expect([low, high]).toEqual([value, value]);
    expect(beyond).toBeUndefined();
  });

  it("is a place of the grid where ε is met there, rounding aside", () => {
    expect(thresholdOf(equal(0.9, 0.89, 0.8)).value).toBeCloseTo(87.5, 6);
  });

  it("says when the grid ends before", () => {
    expect(thresholdOf(equal(0.8, 0.7, 0.6))).toMatchObject({ beyond: "below" });
    expect(thresholdOf(equal(0.8, 0.7, 0.6)).value).toBeCloseTo(75, 10);
    expect(thresholdOf(equal(0.92, 0.91, 0.9))).toMatchObject({ beyond: "above" });
    expect(thresholdOf(equal(0.92, 0.91, 0.9)).value).toBeCloseTo(93.75, 10);
  });

  it("is read off a fit that only rises", () => {
    // The second setting is unlucky: its 0.03 and the 0 after it become 0.015 each.
    const unlucky = equal(0.9, 0.87, 0.9);
    expect(fittedExcesses(unlucky)).toEqual([0, expect.closeTo(0.015), expect.closeTo(0.015)]);
    const { value } = thresholdOf(unlucky);
    expect(value).toBeCloseTo(100 * (1 - 0.25 * 0.5 ** (2 / 3)), 6);
  });

  it("has the range of three seeds as its interval, and none of two", () => {
    const spread = curve(
      [
        [0.9, 0.9, 0.9],
        [0.9, 0.9, 0.9],
        [0.9, 0.88, 0.8],
      ],
      [0.9, 0.9, 0.9],
    );
    const { low, high } = thresholdOf(spread);
    expect(low).toBeCloseTo(100 * (1 - (1 / 8) * 0.5 ** 0.1), 6);
    expect(high).toBeCloseTo(93.75, 6);
    const two = {
      ...spread,
      seeds: [1, 2],
      dense: [0.9, 0.9],
      values: spread.values.map((v) => v.slice(0, 2)),
    };
    expect(thresholdOf(two)).not.toHaveProperty("low");
  });

  it("takes a loss for worse the higher it is", () => {
    const judge: Judge = { metric: "validationLoss", epsilon: 0.02 };
    const nats = curve([[1.5], [1.52], [1.6]], [1.5], { judge });
    expect(thresholdOf(nats).value).toBeCloseTo(87.5, 6);
  });
});

describe("a difference", () => {
  it("of thresholds is in points, with an interval, and unknown beyond the same end", () => {
    const [less, more] = [equal(0.9, 0.8, 0.7), equal(0.9, 0.9, 0.8)];
    const apart = thresholdDifference(less, more)!;
    expect(apart.value).toBeCloseTo(thresholdOf(more).value - thresholdOf(less).value, 10);
    expect(apart.low).toBeCloseTo(apart.value, 10);
    expect(apart).not.toHaveProperty("unknown");
    expect(thresholdDifference(equal(0.9, 0.9, 0.9), equal(0.9, 0.9, 0.9))).toMatchObject({ unknown: true });
    expect(thresholdDifference(less, equal(0.9, 0.9, 0.9))).toMatchObject({ bound: true });
  });

  it("of costs is in the metric's unit, on the seeds that both have", () => {
    const [a, b] = [equal(0.9, 0.9, 0.9), equal(0.9, 0.85, 0.8)];
    expect(excessDifference(a, b, 87.5)?.value).toBeCloseTo(0.05, 10);
    expect(excessDifference(a, b, 50)).toBeUndefined();
    expect(excessDifference(a, { ...b, seeds: [7, 8, 9] }, 75)).toBeUndefined();
  });
});

it("a curve takes the seeds that all its sparsities and the dense network have", () => {
  const rows = [
    row("gru", "dense", 0, 1, 0.9),
    row("gru", "dense", 0, 2, 0.91),
    row("gru", "rigl", 90, 1, 0.8),
    row("gru", "rigl", 50, 1, 0.85),
    row("gru", "rigl", 50, 2, 0.86),
    row("lstm", "rigl", 50, 2, 0.1),
  ];
  const key = { condition: "base", cell: "gru", regime: "rigl", target: "both" } as const;
  expect(curveOf(rows, key, accuracy)).toMatchObject({
    seeds: [1],
    sparsities: [50, 90],
    values: [[0.85], [0.8]],
    dense: [0.9],
  });
  expect(curveOf(rows, { ...key, regime: "set" }, accuracy)).toBeUndefined();
});
