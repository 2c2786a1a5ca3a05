import { describe, expect, it } from "vitest";
import type { Dataset } from "../../src/data/dataset.js";
import { type GenerateOptions, generateDataset, MIXES } from "../../src/data/generate.js";
import { accepts, alphabetOf, createGrammar, type Grammar } from "../../src/data/grammar.js";
import { grammarNames } from "../../src/data/grammars.js";
import { countOverlap, describeDataset } from "../../src/data/stats.js";
import { Random } from "../../src/math/random.js";
import { readDataset } from "../../src/paths/datasets.js";
import { findGrammar } from "../../src/paths/grammars.js";
import { absent, suffix, testFile, trainingFile } from "./reference.js";

const reber = findGrammar("reber");

function generate(options: Partial<GenerateOptions>, seed = 1) {
  return generateDataset({ grammar: reber, ...options }, new Random(seed));
}

function join(train: Dataset, test: Dataset): Dataset {
  return {
    strings: [...train.strings, ...test.strings],
    labels: Int32Array.of(...train.labels, ...test.labels),
    classes: train.classes,
  };
}

const labelled = ({ strings, labels }: Dataset, label: number) =>
  strings.filter((_, row) => labels[row] === label);

const isForeign = (string: string, grammar: Grammar) =>
  [...string].some((letter) => !alphabetOf(grammar).includes(letter));

/** Whether one substitution, insertion, deletion or swap of neighbours makes a true string of it. */
function oneEditAway(string: string, grammar: Grammar): boolean {
  for (let at = 0; at <= string.length; at++) {
    const [before, here, after] = [string.slice(0, at), string.slice(at, at + 1), string.slice(at + 1)];
    const next = after.slice(0, 1);
    if (accepts(grammar, before + after) || accepts(grammar, before + next + here + after.slice(1)))
      return true;
    for (const letter of alphabetOf(grammar)) {
      if (accepts(grammar, before + letter + after) || accepts(grammar, before + letter + here + after))
        return true;
    }
  }
  return false;
}

describe("generateDataset", () => {
  const full = generate({});
  const all = describeDataset(join(full.train, full.test));

  it("makes the thesis's counts by default", () => {
    expect(all.labels.map(({ strings }) => strings)).toEqual([12_500, 12_500]);
    expect(describeDataset(full.train).labels.map(({ strings }) => strings)).toEqual([9375, 9375]);
    expect(describeDataset(full.test).labels.map(({ strings }) => strings)).toEqual([3125, 3125]);
    expect(all.duplicates).toBe(0);
    expect(countOverlap(full.train, full.test)).toBe(0);
    const falseStrings = labelled(join(full.train, full.test), 0);
    expect(falseStrings.filter((string) => isForeign(string, reber)).length).toBe(7000);
  });

  it("has every true string of 11 to 19 letters, and the thesis's lengths", () => {
    const trueCounts = all.lengths.filter(({ value }) => value <= 19).map(({ counts }) => counts[1]);
    expect(trueCounts).toEqual([24, 36, 53, 78, 115, 169, 248, 364, 534]);
    expect(all.labels[1].meanLength).toBeCloseTo(23.64, 0);
    expect(Math.abs(all.labels[1].meanLength - 23.64)).toBeLessThan(0.1);
    expect(Math.abs(all.labels[0].meanLength - 18.74)).toBeLessThan(0.2);
    expect(all.lengths[0].value).toBe(11);
    expect(all.lengths.at(-1)!.value).toBeLessThanOrEqual(64);
  });

  it.skipIf(absent)(`is like the thesis's data in lengths and letters${suffix}`, () => {
    const thesis = describeDataset(join(readDataset(trainingFile), readDataset(testFile)));
    for (const label of [0, 1] as const) {
      let apart = 0;
      for (let length = 11; length <= 64; length++) {
        const share = (statistics: typeof all) =>
          (statistics.lengths.find(({ value }) => value === length)?.counts[label] ?? 0) / 12_500;
        apart += Math.abs(share(all) - share(thesis)) / 2;
      }
      // Total variation distance between the two length distributions.
      expect(apart).toBeLessThan(0.03);
    }
    for (const { value, counts } of thesis.letters) {
      if (counts[1] === 0) continue;
      const ours = all.letters.find((letter) => letter.value === value)!.counts[1];
      expect(Math.abs(ours / counts[1] - 1), value).toBeLessThan(0.02);
    }
  });

  const exchanged = (strings: readonly string[]) =>
    strings.filter((string) => {
      const other = { T: "P", P: "T" }[string[1]];
      return other && accepts(reber, string[0] + other + string.slice(2));
    }).length;

  it("has false strings that differ from true ones in their first choice alone", () => {
    expect(exchanged(labelled(join(full.train, full.test), 0))).toBe(5500 / 4);
  });

  it.skipIf(absent)(`as the thesis's data has${suffix}`, () => {
    const thesis = join(readDataset(trainingFile), readDataset(testFile));
    expect(exchanged(labelled(thesis, 0))).toBe(1500);
  });

  it("depends on the seed alone", () => {
    const options = { count: 400, mix: { foreign: 1, relabelled: 1, edited: 1 } };
    expect(generate(options, 5)).toEqual(generate(options, 5));
    expect(generate(options, 5)).not.toEqual(generate(options, 6));
  });

  it("keeps its promises over grammars, mixes and many seeds", () => {
    const mixes = [MIXES.thesis, MIXES.hard, { foreign: 1, relabelled: 2, edited: 3 }];
    for (const name of grammarNames) {
      const grammar = findGrammar(name);
      for (let seed = 0; seed < 30; seed++) {
        const options = {
          grammar,
          mix: mixes[seed % 3],
          count: 41 + seed,
          minLength: 1 + (seed % 5),
          maxLength: 120,
        };
        const { train, test } = generate(options, seed);
        const both = join(train, test);
        expect(both.strings.length).toBe(options.count);
        expect(new Set(both.strings).size).toBe(options.count);
        expect(both.labels.reduce((sum, label) => sum + label, 0)).toBe(Math.ceil(options.count / 2));
        both.strings.forEach((string, row) => {
          expect(string.length).toBeGreaterThanOrEqual(options.minLength);
          expect(string.length).toBeLessThanOrEqual(options.maxLength);
          expect(accepts(grammar, string)).toBe(both.labels[row] === 1);
        });
        if (options.mix === MIXES.thesis) {
          const foreign = labelled(both, 0).filter((string) => isForeign(string, grammar)).length;
          expect(foreign).toBe(Math.round(Math.floor(options.count / 2) * 0.56));
        }
      }
    }
  });

  it("hard: every false string is one edit away, and the lengths are those of the true strings", () => {
    const { train, test } = generate({ mix: MIXES.hard, count: 3000 });
    const both = join(train, test);
    for (const string of labelled(both, 0)) expect(oneEditAway(string, reber), string).toBe(true);
    for (const { counts } of describeDataset(both).lengths) expect(counts[0]).toBe(counts[1]);
  });

  it("hard: other lengths make up for those that have no false strings", () => {
    // Every string of one or two letters is in Tomita 4.
    const { train, test } = generate({
      grammar: findGrammar("tomita-4"),
      mix: MIXES.hard,
      count: 60,
      minLength: 1,
      maxLength: 8,
    });
    const { lengths, labels } = describeDataset(join(train, test));
    expect(lengths.slice(0, 2).map(({ counts }) => counts[0])).toEqual([0, 0]);
    expect(labels[0].strings).toBe(30);
  });

  it("finds foreign letters for any alphabet, if there are any", () => {
    const letters = Array.from({ length: 26 }, (_, i) => String.fromCharCode(65 + i));
    const capitals = createGrammar({
      name: "capitals",
      start: 0,
      accepting: [1],
      arcs: letters.flatMap((letter) => [
        [0, letter, 1],
        [1, letter, 1],
      ]),
    });
    const { train } = generate({
      grammar: capitals,
      count: 40,
      minLength: 2,
      mix: { foreign: 1, relabelled: 0, edited: 0 },
    });
    expect(labelled(train, 0).every((string) => isForeign(string, capitals))).toBe(true);

    const visible = Array.from({ length: 94 }, (_, i) => String.fromCharCode(33 + i));
    const everything = createGrammar({
      name: "everything",
      start: 0,
      accepting: [0],
      arcs: visible.map((letter) => [0, letter, 0]),
    });
    expect(() => generate({ grammar: everything, count: 40 })).toThrow(
      "everything: its alphabet leaves 0 visible characters for foreign strings, 94 are needed; use a mix without",
    );
  });

  it.each<[Partial<GenerateOptions>, string]>([
    [
      { grammar: findGrammar("tomita-1") },
      "tomita-1: has 54 strings of 11 to 64 letters, 12500 are wanted; ask for fewer strings or allow other lengths",
    ],
    [{ count: 100, minLength: 1, maxLength: 4 }, "reber: has 0 strings of 1 to 4 letters, 50 are wanted"],
    [
      { count: 40, minLength: 1, maxLength: 8, mix: { foreign: 0, relabelled: 0, edited: 1 } },
      "reber: has 16 strings of 1 to 8 letters, 20 are wanted",
    ],
    [
      { grammar: findGrammar("tomita-6"), count: 14, minLength: 1, maxLength: 3, mix: MIXES.hard },
      "tomita-6: has 4 strings of 1 to 3 letters, 7 are wanted",
    ],
    [
      { grammar: findGrammar("tomita-7"), count: 58, minLength: 1, maxLength: 4, mix: MIXES.hard },
      "tomita-7: gives only 1 edited strings of 1 to 4 letters, 29 are wanted",
    ],
    [
      {
        grammar: findGrammar("tomita-7"),
        count: 58,
        minLength: 1,
        maxLength: 4,
        mix: { foreign: 0, relabelled: 1, edited: 0 },
      },
      "tomita-7: gives only 1 relabelled strings of 1 to 4 letters, 29 are wanted",
    ],
    [{ count: 3 }, "number of strings: 3 is not a whole number from 4 to 10000000"],
    [{ count: 1e300 }, "number of strings: 1e+300 is not a whole number"],
    [{ count: Number.NaN }, "number of strings: NaN is not a whole number"],
    [{ minLength: 0 }, "minimum length: 0 is not a whole number from 1 to 10000"],
    [{ minLength: 20, maxLength: 19 }, "maximum length: 19 is not a whole number from 20 to 10000"],
    [
      { mix: { foreign: 0, relabelled: 0, edited: 0 } },
      "mix of false strings: the shares must be numbers from 0 up",
    ],
    [
      { mix: { foreign: -1, relabelled: 2, edited: 0 } },
      "mix of false strings: the shares must be numbers from 0 up",
    ],
    [{ mix: { foreign: Number.NaN, relabelled: 2, edited: 0 } }, "mix of false strings: the shares must be"],
    [{ testShare: 0 }, "test share: 0 of 25000 strings leaves nothing to train on or to test on"],
    [{ testShare: 1 }, "test share: 1 of 25000 strings leaves nothing"],
    [{ testShare: Number.NaN }, "test share: NaN of 25000 strings leaves nothing"],
  ])("refuses %#", (options, message) => {
    expect(() => generate(options)).toThrow(message);
  });
});
