import { expect, it } from "vitest";
import { bootstrap, percentileInterval } from "../../src/math/bootstrap.js";
import { Random } from "../../src/math/random.js";

it("draws as many observations as there are, the same for the same seed", () => {
  const mean = (indices: readonly number[]) => {
    expect(indices).toHaveLength(2);
    return indices.reduce((sum, i) => sum + [0, 1][i], 0) / 2;
  };
  const draws = bootstrap(2, 400, new Random("b"), mean);
  expect(draws).toEqual(bootstrap(2, 400, new Random("b"), mean));
  const share = (value: number) => draws.filter((draw) => draw === value).length / 400;
  // Both equal by one in two, each alone by one in four.
  expect(share(0.5)).toBeCloseTo(0.5, 1);
  expect(share(0)).toBeCloseTo(0.25, 1);
  expect(share(0) + share(0.5) + share(1)).toBe(1);
});

it("takes the middle 95 % of the draws", () => {
  const [low, high] = percentileInterval(Array.from({ length: 201 }, (_, i) => 200 - i));
  expect([low, high]).toEqual([5, 195]);
});
