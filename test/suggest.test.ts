import { describe, expect, it } from "vitest";
import { suggest } from "../src/suggest.js";

describe("suggest", () => {
  it.each([
    ["bta", "beta"],
    ["lapha", "alpha"],
    ["BETA", "beta"],
    ["rate", "learningRate"],
    ["learningRates", "learningRate"],
  ])("takes %s for %s", (word, meant) => {
    expect(suggest(word, ["alpha", "beta", "learningRate"])).toBe(`did you mean ${meant}?`);
  });

  it.each([
    ["lr", "learningRate"],
    ["hidden_size", "hidden"],
    ["numLayers", "layers"],
    ["sparsity", "percent"],
    ["batchSize", "batch"],
  ])("takes %s, another tool's word, for %s", (word, meant) => {
    expect(suggest(word, ["hidden", "layers", "learningRate", "percent", "batch"])).toBe(
      `did you mean ${meant}?`,
    );
  });

  it("lists the names when none is near, the first dozen of many", () => {
    expect(suggest("x", ["alpha", "beta"])).toBe("use alpha or beta");
    expect(suggest("x", ["alpha"])).toBe("use alpha");
    expect(suggest("x", "abcdefghijkl".split(""))).toBe("use a, b, c, d, e, f, g, h, i, j, k or l");
    expect(suggest("x", "abcdefghijklm".split(""))).toBe("use a, b, c, d, e, f, g, h, i, j, k, l, …");
    expect(suggest("maximum", ["x", "m"])).toBe("use x or m");
    expect(suggest("x", [])).toBeUndefined();
  });

  it("says something else when none is near, if told so", () => {
    expect(suggest("x", ["alpha"], "name a file")).toBe("name a file");
    expect(suggest("alpa", ["alpha"], "name a file")).toBe("did you mean alpha?");
  });
});
