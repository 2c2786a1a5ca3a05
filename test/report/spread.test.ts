import { describe, expect, it } from "vitest";
import { spread } from "../../src/report/charts/spread.js";

describe("spread", () => {
  it("leaves alone what is far enough apart", () => {
    expect(spread([10, 40, 25], 10, 0, 100)).toEqual([10, 40, 25]);
  });

  it("moves neighbours apart evenly", () => {
    expect(spread([50, 50], 10, 0, 100)).toEqual([45, 55]);
    expect(spread([50, 52, 100], 10, 0, 200)).toEqual([46, 56, 100]);
  });

  it("merges groups that come to touch, and keeps their order", () => {
    expect(spread([58, 50, 50], 10, 0, 100)).toEqual([
      52.666666666666664 + 10,
      52.666666666666664 - 10,
      52.666666666666664,
    ]);
  });

  it("stays inside", () => {
    expect(spread([0, 1], 10, 0, 100)).toEqual([0, 10]);
    expect(spread([100, 100], 10, 0, 100)).toEqual([90, 100]);
    expect(spread([], 10, 0, 100)).toEqual([]);
  });
});
