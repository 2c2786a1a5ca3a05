import { describe, expect, it } from "vitest";
import { shareRemark } from "../../src/sparsify/percent.js";

describe("a percentage", () => {
  it.each([0, 1, 12.5, 100])("%d is taken as it is", (percent) => {
    expect(shareRemark(percent)).toBeUndefined();
  });

  it.each([0.5, 0.9, 1e-3])("%d may have been meant as a share", (percent) => {
    expect(shareRemark(percent)).toContain("a percent below 1 removes less than one weight in a hundred");
  });
});
