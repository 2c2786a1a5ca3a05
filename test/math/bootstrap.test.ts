import { describe, expect, it } from "vitest";
import { bootstrapInterval, falseAlarm, resamples } from "../../src/math/bootstrap.js";
import { mean } from "../../src/math/statistics.js";

describe("resamples", () => {
  it("of a few observations are all that can be drawn, with their probabilities", () => {
    expect(resamples(2)).toEqual([
      { indices: [0, 0], probability: 1 / 4 },
      { indices: [0, 1], probability: 1 / 2 },
      { indices: [1, 1], probability: 1 / 4 },
    ]);
    const five = resamples(5);
    expect(five).toHaveLength(126);
    expect(five.reduce((sum, { probability }) => sum + probability, 0)).toBeCloseTo(1, 12);
    // 5! orders of 5⁵.
    expect(five.find(({ indices }) => indices.join() === "0,1,2,3,4")?.probability).toBeCloseTo(
      120 / 3125,
      12,
    );
  });

  it("of many are some, the same every time", () => {
    expect(resamples(9)).toHaveLength(2000);
    expect(resamples(9)).toEqual(resamples(9));
  });
});

describe("an interval", () => {
  const intervalOf = (values: readonly number[]) =>
    bootstrapInterval(values.length, (indices) => mean(indices.map((i) => values[i])));

  it("of three observations is their range", () => {
    expect(intervalOf([3, 1, 2])).toEqual([1, 3]);
  });

  it("of five leaves out what is drawn once in a thousand times", () => {
    // 1 five times has the probability 1/3125; with 1 four times and 2 it is 6/3125, beyond the tail of 0.00097.
    const [low, high] = intervalOf([1, 2, 3, 4, 5]);
    expect(low).toBeCloseTo(1.2, 12);
    expect(high).toBeCloseTo(4.8, 12);
  });

  it("excludes 0 by chance as often as few observations have one sign", () => {
    expect([3, 4, 5, 6, 20].map(falseAlarm)).toEqual([0.25, 0.125, 0.0625, 0.05, 0.05]);
  });
});
