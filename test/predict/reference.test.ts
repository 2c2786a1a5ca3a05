// The thesis's own tables: the regressors against scikit-learn's published and computed scores on them. Skipped where
// the reference folder is not beside the repository.
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { PROPERTY_NAMES } from "../../src/graph/properties.js";
import { fromColumns } from "../../src/math/matrix.js";
import { Random } from "../../src/math/random.js";
import { r2 } from "../../src/math/statistics.js";
import { correlations } from "../../src/predict/correlation.js";
import { featureSets } from "../../src/predict/features.js";
import type { Model, Regressor } from "../../src/predict/regressor.js";
import { regressors } from "../../src/predict/regressors.js";
import { numbers, readTable } from "../../src/predict/table.js";
import { holdOut, seedSpread, singleSplit } from "../../src/predict/validation.js";

const published = fileURLToPath(new URL("../../../shared/reference/published/", import.meta.url));
const absent = !existsSync(published);
if (absent) console.warn("skipped: the thesis's tables are not at ../shared/reference/published");

interface Oracle {
  test_index: number[];
  train_index: number[];
  r2: Record<string, { RandomForest: Spread; AdaBoost: Spread; pearson: Record<string, number> }>;
}
interface Spread {
  mean: number;
  sd: number;
}

const oracle = () => JSON.parse(readFileSync(`${published}prediction_oracle.json`, "utf8")) as Oracle;

function structures(cell: string, features: readonly string[] = PROPERTY_NAMES) {
  const table = readTable(`${published}structure_${cell}.csv`);
  const columns = features.map((name) => numbers(table, name));
  return { columns, x: fromColumns(columns, table.rows.length), y: numbers(table, "test_acc") };
}

/** R² on the thesis's split, by seed. */
function scores(
  name: keyof typeof regressors,
  cell: string,
  seeds: number,
  features?: readonly string[],
): number[] {
  const { x, y } = structures(cell, features);
  return Array.from({ length: seeds }, (_, seed) => {
    const held = holdOut(regressors[name] as Regressor<Model>, x, y, singleSplit(y.length), seed, "all");
    return r2(held.y, held.predicted);
  });
}

describe.skipIf(absent)("on the thesis's tables", () => {
  it("the split is the thesis's", () => {
    const { train, test } = singleSplit(200);
    expect(Array.from(test)).toEqual(oracle().test_index);
    expect(Array.from(train)).toEqual(oracle().train_index);
  });

  it.each(["rnn_tanh", "rnn_relu", "gru", "lstm"])(
    "Bayesian ridge scores what was published for %s",
    (cell) => {
      const lines = readFileSync(`${published}r_squared.csv`, "utf8").split("\n");
      const want = Number(lines.find((line) => line.startsWith(cell.toUpperCase()))?.split(",")[1]);
      expect(scores("bayesian-ridge", cell, 1)[0]).toBeCloseTo(want, 12);
      const importances = readTable(`${published}importance_${cell}.csv`);
      const { x, y } = structures(cell);
      const { coefficients } = holdOut(regressors["bayesian-ridge"], x, y, singleSplit(200), 0, "all").model;
      numbers(importances, "BayesianRidge").forEach((value, j) => {
        expect(coefficients[j]).toBeCloseTo(value, 10);
      });
    },
  );

  it.each(["rnn_tanh", "gru"])(
    "random forest and AdaBoost score as scikit-learn over 20 seeds for %s",
    (cell) => {
      const { RandomForest, AdaBoost } = oracle().r2[cell];
      for (const [name, want] of [
        ["random-forest", RandomForest],
        ["adaboost", AdaBoost],
      ] as const) {
        const got = seedSpread(scores(name, cell, 20));
        // Two standard deviations of the mean of 20, where two of a single one are asked for.
        expect(Math.abs(got.mean - want.mean)).toBeLessThan((2 * want.sd) / Math.sqrt(20));
      }
    },
  );

  it.each(["rnn_tanh", "gru"])("Pearson's correlations are SciPy's for %s", (cell) => {
    const { columns, y } = structures(cell);
    const want = oracle().r2[cell].pearson;
    for (const { feature, pearson } of correlations(PROPERTY_NAMES, columns, y, new Random(0))) {
      expect(Math.abs(pearson!.value - want[feature])).toBeLessThan(1e-13);
    }
  });

  // The appendix's tables of the thesis: random forest on its subsets, one unseeded fit each.
  it.each([
    ["rnn_relu", "only_node_edge", 0.71],
    ["rnn_relu", "without_node_edge", -0.05],
    ["rnn_relu", "only_var", 0.06],
    ["gru", "only_node_edge", 0.75],
    ["gru", "without_node_edge", 0.78],
    ["gru", "only_var", 0.76],
  ])("the forest for %s from %s scores about the %f of the appendix", (cell, set, want) => {
    const { features } = featureSets(PROPERTY_NAMES).find(({ name }) => name === set)!;
    expect(Math.abs(seedSpread(scores("random-forest", cell, 3, features)).mean - want)).toBeLessThan(0.15);
  });
});
