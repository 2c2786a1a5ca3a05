import { describe, expect, it } from "vitest";
import {
  errorsOf,
  type Series,
  scoreForecastBaselines,
  seriesOf,
} from "../../../src/data/numbers/forecast-baselines.js";
import { findPeriod } from "../../../src/data/numbers/period.js";
import { Random } from "../../../src/math/random.js";

const one = (values: readonly number[]): Series => ({ names: ["y"], values: Float32Array.from(values) });

describe("findPeriod", () => {
  const noisy = (period: number, noise: number, random: Random) =>
    Float32Array.from(
      { length: 400 },
      (_, t) => 3 * Math.sin((2 * Math.PI * t) / period) + 0.05 * t + noise * random.normal(),
    );

  it("finds what repeats, whatever the trend and some noise", () => {
    const random = new Random(1);
    for (const period of [7, 12, 24, 60]) expect(findPeriod([noisy(period, 0.5, random)], 1)).toBe(period);
  });

  it("finds none in noise, in a line and in what is constant", () => {
    const random = new Random(2);
    expect(findPeriod([Float32Array.from({ length: 500 }, () => random.normal())], 1)).toBeUndefined();
    expect(findPeriod([Float32Array.from({ length: 90 }, (_, t) => 0.1 * t + 7)], 1)).toBeUndefined();
    expect(findPeriod([new Float32Array(90).fill(0.1)], 1)).toBeUndefined();
    expect(findPeriod([Float32Array.of(1)], 1)).toBeUndefined();
  });
});

describe("scoreForecastBaselines", () => {
  const train = one([0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3]);
  const byName = (found: ReturnType<typeof scoreForecastBaselines>) =>
    Object.fromEntries(found.baselines.map((rule) => [rule.name, rule]));

  it("has errors of the last value, the season and the mean", () => {
    const found = scoreForecastBaselines([train], [{ ...one([0, 1, 2, 3, 0, 1, 2, 4]), from: 4 }]);
    expect(found.period).toBe(4);
    const { "last value": last, seasonal, mean } = byName(found);
    expect(last).toMatchObject({
      predictions: 4,
      meanSquaredError: (9 + 1 + 1 + 4) / 4,
      meanAbsoluteError: (3 + 1 + 1 + 2) / 4,
    });
    expect(seasonal).toMatchObject({ meanSquaredError: 1 / 4, meanAbsoluteError: 1 / 4 });
    expect(mean.meanSquaredError).toBeCloseTo((1.5 ** 2 + 0.25 + 0.25 + 2.5 ** 2) / 4, 6);
    expect(mean.channels).toEqual([
      {
        name: "y",
        predictions: 4,
        meanSquaredError: mean.meanSquaredError,
        meanAbsoluteError: mean.meanAbsoluteError,
      },
    ]);
  });

  it("looks back a whole number of periods beyond the horizon, and to the last value where it cannot", () => {
    const found = scoreForecastBaselines([train], [{ ...one([0, 1, 2, 3, 0, 1, 2, 3, 0, 1]), from: 0 }], {
      horizon: 3,
    });
    const { "last value": last, seasonal } = byName(found);
    // Times 3 to 9; time 3 has no value a period before.
    expect([last.predictions, seasonal.predictions]).toEqual([7, 7]);
    expect(seasonal.meanSquaredError).toBeCloseTo(9 / 7, 6);
    expect(
      byName(scoreForecastBaselines([train], [{ ...train, from: 0 }], { horizon: 5, period: 4 })).seasonal
        .rule,
    ).toContain("the value 8 steps before");
  });

  it("says that nothing repeats", () => {
    const line = one(Array.from({ length: 50 }, (_, t) => t));
    const found = scoreForecastBaselines([line], [{ ...line, from: 1 }]);
    expect(found.baselines.map(({ name }) => name)).toEqual(["last value", "mean"]);
    expect(found.leftOut).toEqual([
      { name: "seasonal", why: "the training series do not repeat themselves" },
    ]);
    expect(byName(found)["last value"].meanSquaredError).toBe(1);
  });
});

it("what is to be forecast are the values, or the numbers that are the target", () => {
  const values = [Float32Array.of(1, 2, 3)];
  expect(seriesOf({ channels: ["x"], values })).toEqual([{ names: ["x"], values: values[0] }]);
  const of = [Float32Array.of(20, 30, Number.NaN)];
  expect(seriesOf({ channels: ["x"], values, target: { kind: "numbers", names: ["y"], of } })).toEqual([
    { names: ["y"], values: of[0] },
  ]);
});

it("errors are by name and over all, without what is not known", () => {
  const found = errorsOf(["a", "b"], [[1, 2, Number.NaN, 4]], [[2, 2, 5, 1]]);
  expect(found).toMatchObject({ predictions: 3, meanSquaredError: 10 / 3, meanAbsoluteError: 4 / 3 });
  expect(found.channels).toEqual([
    { name: "a", predictions: 1, meanSquaredError: 1, meanAbsoluteError: 1 },
    { name: "b", predictions: 2, meanSquaredError: 4.5, meanAbsoluteError: 1.5 },
  ]);
});
