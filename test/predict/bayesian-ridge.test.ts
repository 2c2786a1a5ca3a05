import { describe, expect, it } from "vitest";
import { applyScaling, fitScaling } from "../../src/math/matrix.js";
import { bayesianRidge } from "../../src/predict/bayesian-ridge.js";
import { expectClose, fixture, matrix } from "./fixture.js";

function expectRidge(got: ReturnType<typeof bayesianRidge.fit>, want: typeof fixture.wide.ridge): void {
  expectClose(got.coefficients, want.coefficients, 1e-10);
  expectClose([got.intercept, got.alpha, got.lambda], [want.intercept, want.alpha, want.lambda], 1e-9);
  expect(got.iterations).toBe(want.iterations);
}

describe("Bayesian ridge", () => {
  it("is scikit-learn's on scaled features, one of them constant", () => {
    const { x, y, unseen, ridge } = fixture.continuous;
    const scaling = fitScaling(matrix(x));
    const model = bayesianRidge.fit(applyScaling(matrix(x), scaling), Float64Array.from(y), 0);
    expectRidge(model, ridge);
    expectClose(bayesianRidge.predict(model, applyScaling(matrix(unseen), scaling)), ridge.predictions);
  });

  it("is scikit-learn's with more features than rows", () => {
    const { x, y, ridge } = fixture.wide;
    expectRidge(bayesianRidge.fit(matrix(x), Float64Array.from(y), 0), ridge);
  });

  it("predicts the mean from constant features", () => {
    const model = bayesianRidge.fit(matrix([[1], [1], [1]]), Float64Array.of(1, 2, 6), 0);
    expect(model.coefficients).toEqual([0]);
    expect(model.intercept).toBe(3);
  });
});
