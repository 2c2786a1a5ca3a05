import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { classifyRows, denseDesign, fitLogistic, sparseDesign } from "../../src/data/logistic.js";
import { sequenceFixture } from "./numbers/fixture.js";

const fixture = JSON.parse(readFileSync(new URL("../fixtures/logistic.json", import.meta.url), "utf8")) as {
  features: number;
  rows: number[][];
  labels: number[];
  weights: number[];
  intercept: number;
};

function design(rows: readonly number[][], features: number) {
  const starts = [0];
  for (const row of rows) starts.push(starts.at(-1)! + row.length);
  return sparseDesign({ starts: Int32Array.from(starts), columns: Int32Array.from(rows.flat()) }, features);
}

describe("fitLogistic", () => {
  it("finds scikit-learn's weights of two classes", () => {
    const model = fitLogistic(design(fixture.rows, fixture.features), fixture.labels, 2);
    for (const [i, weight] of fixture.weights.entries()) expect(model.weights[1][i]).toBeCloseTo(weight, 6);
    expect(model.intercepts[1]).toBeCloseTo(fixture.intercept, 6);
    expect(model.weights[0].every((weight) => weight === 0)).toBe(true);
  });

  it("finds scikit-learn's weights of four classes, one that does not occur left out", () => {
    const { rows, labels, weights, intercepts } = sequenceFixture;
    const dense = denseDesign({ rows: rows.length, columns: 3, data: Float64Array.from(rows.flat()) });
    // The second of five classes does not occur.
    const placed = labels.map((label) => (label === 0 ? 0 : label + 1));
    const model = fitLogistic(dense, placed, 5);
    for (const [label, own] of weights.entries()) {
      const place = label === 0 ? 0 : label + 1;
      for (const [i, weight] of own.entries()) expect(model.weights[place][i]).toBeCloseTo(weight, 6);
      expect(model.intercepts[place]).toBeCloseTo(intercepts[label], 6);
    }
    expect(model.intercepts[1]).toBe(Number.NEGATIVE_INFINITY);
    const found = classifyRows(model, dense);
    expect(found.includes(1)).toBe(false);
    const correct = found.filter((label, row) => label === placed[row]).length;
    expect(correct).toBeGreaterThan(60);
  });

  it("without features gives the log odds of the labels", () => {
    const model = fitLogistic(design([[], [], [], [], []], 0), [1, 1, 1, 1, 0], 2);
    expect(model.intercepts[1]).toBeCloseTo(Math.log(4), 9);
  });

  it("of one class says so always", () => {
    const rows = design([[0], []], 1);
    expect([...classifyRows(fitLogistic(rows, [2, 2], 3), rows)]).toEqual([2, 2]);
  });
});
