// Holm's correction against values worked out by hand and R's p.adjust(method = "holm").
import { expect, it } from "vitest";
import { holm } from "../../src/math/holm.js";

it("multiplies the smallest by their number, the next by one less, and never falls", () => {
  expect(holm([0.01, 0.04, 0.03])).toEqual([0.03, 0.06, 0.06]);
  expect(holm([0.5, 0.6])).toEqual([1, 1]);
  expect(holm([0.02])).toEqual([0.02]);
  expect(holm([])).toEqual([]);
  const five = holm([0.001, 0.2, 0.011, 0.9, 0.02]);
  for (const [i, value] of [0.005, 0.4, 0.044, 0.9, 0.06].entries()) expect(five[i]).toBeCloseTo(value, 12);
});
