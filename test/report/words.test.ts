import { describe, expect, it } from "vitest";
import {
  capital,
  count,
  decimal,
  duration,
  level,
  list,
  percentage,
  points,
  score,
} from "../../src/report/words.js";

describe("numbers in words", () => {
  it("sets thousands apart and uses a minus sign, but none for zero", () => {
    expect(decimal(1234567)).toBe("1,234,567");
    expect(decimal(-1234.5, 1)).toBe("−1,234.5");
    expect(decimal(-0.04, 1)).toBe("0.0");
    expect(decimal(Number.NaN)).toBe("–");
  });

  it("never rounds what is less than all to all", () => {
    expect(percentage(0.9373)).toBe("93.7\u00a0%");
    expect(percentage(1)).toBe("100.0\u00a0%");
    expect(percentage(0.99968)).toBe("99.97\u00a0%");
    expect(percentage(0.999999)).toBe("100.000\u00a0%");
    expect(percentage(Number.NaN)).toBe("–");
  });

  it("signs differences, except zero", () => {
    expect(points(0.0123)).toBe("+1.2");
    expect(points(-0.0123)).toBe("−1.2");
    expect(points(0.0001)).toBe("0.0");
  });

  it("does not measure how far R² is below zero", () => {
    expect([score(0.504), score(-0.5), score(-173)]).toEqual(["0.50", "−0.50", "< −1"]);
  });

  it("counts, lists and measures time", () => {
    expect(count(1, "epoch")).toBe("1\u00a0epoch");
    expect(count(2, "differs", "differ")).toBe("2\u00a0differ");
    expect(level(80)).toBe("80\u00a0%");
    expect(list([])).toBe("");
    expect(list(["a", "b", "c"])).toBe("a, b and c");
    expect(capital("majority")).toBe("Majority");
    expect([duration(59.4), duration(125), duration(3 * 3600 + 61)]).toEqual([
      "59\u00a0s",
      "2\u00a0min 5\u00a0s",
      "3\u00a0h 1\u00a0min",
    ]);
  });
});
