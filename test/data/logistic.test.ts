import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { fitLogistic } from "../../src/data/logistic.js";

const fixture = JSON.parse(readFileSync(new URL("../fixtures/logistic.json", import.meta.url), "utf8")) as {
  features: number;
  rows: number[][];
  labels: number[];
  weights: number[];
  intercept: number;
};

describe("fitLogistic", () => {
  it("finds scikit-learn's weights", () => {
    const starts = [0];
    for (const row of fixture.rows) starts.push(starts.at(-1)! + row.length);
    const rows = { starts: Int32Array.from(starts), columns: Int32Array.from(fixture.rows.flat()) };
    const model = fitLogistic(rows, fixture.features, Uint8Array.from(fixture.labels));
    for (const [i, weight] of fixture.weights.entries()) expect(model.weights[i]).toBeCloseTo(weight, 6);
    expect(model.intercept).toBeCloseTo(fixture.intercept, 6);
  });

  it("without features gives the log odds of the labels", () => {
    const rows = { starts: new Int32Array(6), columns: new Int32Array(0) };
    expect(fitLogistic(rows, 0, Uint8Array.of(1, 1, 1, 1, 0)).intercept).toBeCloseTo(Math.log(4), 9);
  });
});
