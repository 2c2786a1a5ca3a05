import { describe, expect, it } from "vitest";
import { r2 } from "../../src/math/statistics.js";
import type { Model, Regressor } from "../../src/predict/regressor.js";
import { predictWith, regressorNames, regressors } from "../../src/predict/regressors.js";
import { expectClose, fixture, matrix } from "./fixture.js";

const { x, y, unseen, ensembles } = fixture.continuous;
const target = Float64Array.from(y);

describe.each(regressorNames)("regressor %s", (name) => {
  const regressor = regressors[name] as Regressor<Model>;

  it("gives the same model for the same seed, and another for another only if it says so", () => {
    const model = regressor.fit(matrix(x), target, 3);
    expect(regressor.fit(matrix(x), target, 3)).toEqual(model);
    const other = JSON.stringify(regressor.fit(matrix(x), target, 4));
    if (!regressor.seeded) expect(other).toBe(JSON.stringify(model));
    else if (name !== "gradient-boosting") expect(other).not.toBe(JSON.stringify(model));
  });

  it("keeps its model through JSON to the last bit", () => {
    const model = regressor.fit(matrix(x), target, 0);
    const read = JSON.parse(JSON.stringify(model)) as Model;
    expect(predictWith(read, matrix(unseen))).toEqual(regressor.predict(model, matrix(unseen)));
  });

  it("explains the rows it was fitted on no worse than their mean", () => {
    const model = regressor.fit(matrix(x), target, 0);
    expect(r2(y, regressor.predict(model, matrix(x)))).toBeGreaterThanOrEqual(0);
  });

  it("predicts a constant target and learns from constant features without harm", () => {
    const constant = regressor.fit(matrix([[1], [2], [3]]), Float64Array.of(2, 2, 2), 0);
    expectClose(regressor.predict(constant, matrix([[5]])), [2]);
    const blind = regressor.predict(
      regressor.fit(matrix([[1], [1]]), Float64Array.of(1, 3), 0),
      matrix([[1]]),
    );
    expect(blind[0]).toBeGreaterThanOrEqual(1);
    expect(blind[0]).toBeLessThanOrEqual(3);
  });
});

describe.each(["random-forest", "adaboost", "gradient-boosting"] as const)("%s", (name) => {
  it.each(ensembles[name])(
    "is scikit-learn's at random_state $seed",
    ({ seed, predictions, importances }) => {
      const model = regressors[name].fit(matrix(x), target, seed);
      expectClose(predictWith(model, matrix(unseen)), predictions);
      expectClose(model.importances, importances);
    },
  );
});

describe("random-forest", () => {
  it.each(fixture.discrete.forest)(
    "is scikit-learn's where everything ties, at random_state $seed",
    (want) => {
      const { discrete } = fixture;
      const model = regressors["random-forest"].fit(
        matrix(discrete.x),
        Float64Array.from(discrete.y),
        want.seed,
      );
      expectClose(predictWith(model, matrix(discrete.unseen)), want.predictions);
      expectClose(model.importances, want.importances);
    },
  );
});
