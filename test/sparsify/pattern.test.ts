import { describe, expect, it } from "vitest";
import { cutOf, formatPattern, type Pattern, parsePattern } from "../../src/sparsify/pattern.js";

describe("a pattern", () => {
  it.each<[string, Pattern]>([
    ["weight", { kind: "weight" }],
    ["unit", { kind: "unit" }],
    ["16x1", { kind: "blocks", rows: 16, columns: 1 }],
    ["4x4", { kind: "blocks", rows: 4, columns: 4 }],
    ["1x256", { kind: "blocks", rows: 1, columns: 256 }],
    ["2:4", { kind: "n-of-m", n: 2, m: 4 }],
    ["1:256", { kind: "n-of-m", n: 1, m: 256 }],
  ])("is written as it is read: %s", (text, pattern) => {
    expect(parsePattern(text)).toEqual(pattern);
    expect(formatPattern(pattern)).toBe(text);
  });

  it("of one weight is that of single weights", () => {
    expect(parsePattern("1x1")).toEqual({ kind: "weight" });
  });

  it.each([
    "",
    "weights",
    "16",
    "x1",
    "0x4",
    "4x0",
    "257x1",
    "4x4x4",
    "-1x2",
    "1.5x2",
    "4:4",
    "5:4",
    "0:4",
    "1:257",
    "2:",
    " 2:4",
  ])("is none in %j", (text) => {
    expect(() => parsePattern(text)).toThrow(
      `pattern: ${JSON.stringify(text)} is no pattern; use weight, blocks`,
    );
  });

  it("cuts a part into groups, those at its edges smaller", () => {
    const blocks = (rows: number, columns: number): Pattern => ({ kind: "blocks", rows, columns });
    expect(cutOf(blocks(4, 2), 8, 6)).toEqual({ height: 4, width: 2, across: 3, count: 6 });
    expect(cutOf(blocks(4, 2), 9, 7)).toEqual({ height: 4, width: 2, across: 4, count: 12 });
    expect(cutOf(blocks(16, 16), 3, 5)).toEqual({ height: 16, width: 16, across: 1, count: 1 });
    expect(cutOf({ kind: "weight" }, 3, 5).count).toBe(15);
    expect(cutOf({ kind: "n-of-m", n: 2, m: 4 }, 3, 5).count).toBe(15);
  });
});
