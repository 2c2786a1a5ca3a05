import { expect, it } from "vitest";
import { cosine } from "../../src/math/cosine.js";

it("the cosine of schedules is that of a share of π", () => {
  for (let i = 0; i <= 1000; i++)
    expect(Math.abs(cosine(i / 1000) - Math.cos((Math.PI * i) / 1000))).toBeLessThan(1e-15);
  expect(cosine(0.5)).toBe(0);
  expect(cosine(1 / 3)).toBeCloseTo(0.5, 15);
});
