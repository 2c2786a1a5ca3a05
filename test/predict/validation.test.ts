import { describe, expect, it } from "vitest";
import { r2 } from "../../src/math/statistics.js";
import { bayesianRidge } from "../../src/predict/bayesian-ridge.js";
import { mean } from "../../src/predict/mean.js";
import { permutationImportance } from "../../src/predict/permutation.js";
import { foldSpread, holdOut, repeatedFolds, seedSpread, singleSplit } from "../../src/predict/validation.js";
import { expectClose, fixture, matrix } from "./fixture.js";

const { x, y, split, folds, foldScores, permutation } = fixture.continuous;
const target = Float64Array.from(y);

describe("singleSplit", () => {
  it("is scikit-learn's train_test_split(test_size=0.1, random_state=7)", () => {
    const { train, test } = singleSplit(y.length);
    expect({ train: Array.from(train), test: Array.from(test) }).toEqual(split);
  });

  it("rounds the test rows up", () => {
    expect(singleSplit(21).test).toHaveLength(3);
  });
});

describe("repeatedFolds", () => {
  const made = repeatedFolds(y.length, 10, 2, 3);

  it("is scikit-learn's RepeatedKFold", () => {
    expect(made.map(({ test }) => Array.from(test))).toEqual(folds);
  });

  it("predicts every row once per repeat, from all the others", () => {
    for (const { train, test } of repeatedFolds(23, 10, 1, 0)) {
      expect([...train, ...test].sort((a, b) => a - b)).toEqual(Array.from({ length: 23 }, (_, i) => i));
    }
  });

  it("leads to scikit-learn's cross-validated scores", () => {
    const scores = made.map((fold) => {
      const held = holdOut(bayesianRidge, matrix(x), target, fold, 0);
      return r2(held.y, held.predicted);
    });
    expectClose(scores, foldScores, 1e-11);
  });
});

describe("holdOut", () => {
  it("scales on the training rows unless told to let the test rows in", () => {
    const table = matrix([[0], [10], [20]]);
    const last = { train: Int32Array.of(0, 1), test: Int32Array.of(2) };
    const values = Float64Array.of(1, 3, 5);
    expect(holdOut(mean, table, values, last, 0).x.data).toEqual(Float64Array.of(2));
    expect(holdOut(mean, table, values, last, 0, "all").x.data).toEqual(Float64Array.of(1));
    expect(holdOut(mean, table, values, last, 0).predicted).toEqual(Float64Array.of(2));
  });
});

describe("permutationImportance", () => {
  it("is scikit-learn's", () => {
    const learn = matrix(x.slice(20));
    const model = bayesianRidge.fit(learn, target.slice(20), 0);
    const predict = (rows: typeof learn) => bayesianRidge.predict(model, rows);
    const got = permutationImportance(predict, matrix(x.slice(0, 20)), target.slice(0, 20), 3, 5);
    got.forEach((drops, j) => {
      expectClose(drops, permutation[j], 1e-11);
    });
  });
});

describe("spreads", () => {
  it("of seeds are plain", () => {
    expect(seedSpread([1, 3])).toEqual({ mean: 2, sd: 1, minimum: 1, maximum: 3, values: [1, 3] });
  });

  it("of folds are corrected for the rows that folds share", () => {
    // Variance 2/3 over 4 values; t(0.975, 3) = 3.18245.
    const { mean: centre, interval } = foldSpread([1, 2, 2, 3], 1 / 9);
    expect(centre).toBe(2);
    expect(interval[1] - 2).toBeCloseTo(3.182446305284263 * Math.sqrt((2 / 3) * (1 / 4 + 1 / 9)), 10);
    expect(2 - interval[0]).toBeCloseTo(interval[1] - 2, 12);
  });
});
