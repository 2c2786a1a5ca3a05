import { describe, expect, it } from "vitest";
import { type PredictionOptions, predictTable } from "../../src/predict/predict-table.js";
import { parseTable, tableOf } from "../../src/predict/table.js";

// The target follows `signal`, whose smallest value is among the split's test rows; `noise` and `same` carry nothing.
const rows = Array.from({ length: 40 }, (_, i) => ({
  label: `row ${i}`,
  signal: ((i + 23) * 17) % 40,
  noise: (i * 23) % 37,
  same: 4,
  score: (((i + 23) * 17) % 40) / 40 + ((i * 29) % 7) / 100,
}));
const options: PredictionOptions = { protocol: "corrected", seeds: 2, repeats: 1 };

describe("predictTable", async () => {
  const report = await predictTable(tableOf("made", rows), "score", options);
  const { regressors } = report.featureSets[0];

  it("says what it looked at", () => {
    expect(report).toMatchObject({
      source: "made",
      target: "score",
      rows: 40,
      features: ["signal", "noise", "same"],
      constant: ["same"],
      split: { train: 36 },
      crossValidation: { folds: 10, repeats: 1 },
    });
    expect(report.split.test).toHaveLength(4);
  });

  it("finds the feature that matters, by correlation and by importance", () => {
    const [signal, noise, same] = report.correlations;
    expect(signal.pearson!.value).toBeGreaterThan(0.99);
    expect(signal.pearson!.pHolm).toBeLessThan(1e-20);
    expect(noise.spearman!.pHolm).toBeGreaterThan(0.05);
    expect(same.pearson).toBeNull();
    for (const name of ["bayesian-ridge", "random-forest", "adaboost", "gradient-boosting"] as const) {
      const [first, second, third] = regressors[name].importances;
      expect(first.fitted).toBeGreaterThan(0.5);
      expect(first.permuted.mean).toBeGreaterThan(0.5);
      expect(Math.abs(second.permuted.mean)).toBeLessThan(0.2);
      expect(third).toEqual({ feature: "same", fitted: 0, permuted: { mean: 0, interval: [0, 0] } });
    }
  });

  it("scores every regressor on the one split and on every fold", () => {
    expect(Object.keys(regressors)).toEqual([
      "mean",
      "bayesian-ridge",
      "random-forest",
      "adaboost",
      "gradient-boosting",
    ]);
    expect(regressors["random-forest"].split.r2.values).toHaveLength(2);
    expect(regressors["bayesian-ridge"].split.r2.values).toHaveLength(1);
    expect(regressors["bayesian-ridge"].crossValidation.r2.values).toHaveLength(10);
    expect(regressors["bayesian-ridge"].split.r2.mean).toBeGreaterThan(0.98);
    expect(regressors.mean.crossValidation.r2.mean).toBeLessThan(0.01);
    expect(regressors.mean.importances[0].fitted).toBeNull();
  });

  it("is plain JSON and comes again to the last bit, with progress to the end", async () => {
    const ticks: number[] = [];
    const progress = (done: number, total: number) => ticks.push(done / total);
    const again = await predictTable(tableOf("made", rows), "score", { ...options, progress });
    expect(JSON.parse(JSON.stringify(again))).toEqual(report);
    expect(ticks.at(-1)).toBe(1);
  });

  it("stops when the progress callback throws", async () => {
    const progress = () => {
      throw new Error("enough");
    };
    const stopped = predictTable(tableOf("made", rows), "score", { ...options, progress });
    await expect(stopped).rejects.toThrow("enough");
  });

  it("lets the scaling see the test rows under the thesis's protocol only", async () => {
    const thesis = await predictTable(tableOf("made", rows), "score", { ...options, protocol: "thesis" });
    const [before, after] = [report, thesis].map((r) => r.featureSets[0].regressors["bayesian-ridge"]);
    expect(after.split.r2.mean).not.toBe(before.split.r2.mean);
    expect(after.crossValidation).toEqual(before.crossValidation);
  });
});

describe("predictTable refuses", () => {
  const csv = (count: number, y: (i: number) => unknown) =>
    parseTable(`a,y\n${Array.from({ length: count }, (_, i) => `${i},${y(i)}\n`).join("")}`, "t.csv");

  it.each([
    [
      "three rows",
      csv(3, (i) => i),
      "y",
      "t.csv: has 3 rows, and 10-fold cross-validation needs at least 20; add rows",
    ],
    ["a header alone", parseTable("a,y\n", "t.csv"), "y", "t.csv: has 0 rows"],
    [
      "a constant target",
      csv(30, () => 0.5),
      "y",
      't.csv: column "y" is 0.5 in every row, so there is nothing to predict',
    ],
    ["a target that is not there", csv(30, (i) => i), "yy", "did you mean y?"],
    ["NaN", csv(30, (i) => (i === 4 ? "nan" : i)), "y", 't.csv:6: column "y" is not a number: "nan"'],
  ])("%s", async (_, table, target, message) => {
    await expect(predictTable(table, target, options)).rejects.toThrow(message);
  });

  it("a missing feature and no seeds", async () => {
    const table = csv(30, (i) => i);
    await expect(predictTable(table, "y", { ...options, features: ["b"] })).rejects.toThrow(
      'has no column "b"',
    );
    await expect(predictTable(table, "y", { ...options, seeds: 0 })).rejects.toThrow("seeds: is 0");
  });
});
