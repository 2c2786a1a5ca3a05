import { describe, expect, it } from "vitest";
import { scoreBaselines } from "../../src/data/baselines.js";
import { createDataset } from "../../src/data/dataset.js";
import { generateDataset, MIXES } from "../../src/data/generate.js";
import { Random } from "../../src/math/random.js";
import { readDataset } from "../../src/paths/datasets.js";
import { findGrammar } from "../../src/paths/grammars.js";
import { absent, suffix, testFile, trainingFile } from "./reference.js";

describe("scoreBaselines", () => {
  it("scores the three rules", () => {
    // Majority: false. Foreign letters: x, and y which training never shows. Letter pairs: ab is true, ba is false.
    const train = createDataset(["ab", "aab", "abb", "ba", "bba", "baa", "x"], [1, 1, 1, 0, 0, 0, 0]);
    const test = createDataset(["aaabbb", "bbba", "xab", "ya", "abbbb"], [1, 0, 0, 1, 1]);
    const [majority, foreign, pairs] = scoreBaselines(train, test);
    expect(majority).toMatchObject({ name: "majority", correct: 2, accuracy: 0.4 });
    // Of the rows without a foreign letter half are true, which counts as a majority of true.
    expect(foreign).toMatchObject({ name: "foreign letter", correct: 3, accuracy: 0.6 });
    expect(pairs).toMatchObject({ name: "letter pairs" });
    expect(pairs.correct).toBeGreaterThanOrEqual(3);
  });

  it("copes with one label only", () => {
    const scores = scoreBaselines(
      createDataset(["a", "b"], [0, 0]),
      createDataset(["a", "c", "d"], [1, 0, 0]),
    );
    expect(scores.map(({ correct }) => correct)).toEqual([2, 2, 2]);
  });

  it("finds the thesis's mix easy and the hard one less so", () => {
    const accuracies = (mix: keyof typeof MIXES, grammar: string) => {
      const options = { grammar: findGrammar(grammar), mix: MIXES[mix], count: 4000 };
      const { train, test } = generateDataset(options, new Random(1));
      return scoreBaselines(train, test).map(({ accuracy }) => accuracy);
    };
    const thesis = accuracies("thesis", "reber");
    expect(thesis[0]).toBe(0.5);
    expect(Math.abs(thesis[1] - 0.78)).toBeLessThan(0.04);
    expect(thesis[2]).toBeGreaterThan(0.97);
    const hard = accuracies("hard", "reber");
    expect(hard.slice(0, 2)).toEqual([0.5, 0.5]);
    expect(hard[2]).toBeLessThan(0.98);
    // Parity cannot be seen in pairs of letters.
    expect(Math.abs(accuracies("hard", "tomita-5")[2] - 0.5)).toBeLessThan(0.06);
  });

  it.skipIf(absent)(`scores the thesis's data${suffix}`, () => {
    const scores = scoreBaselines(readDataset(trainingFile), readDataset(testFile));
    expect(scores.map(({ correct }) => correct)).toEqual([3089, 4868, 6248]);
    expect(scores[1].accuracy).toBeCloseTo(0.78, 2);
  });
});
