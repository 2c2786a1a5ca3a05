import { describe, expect, it } from "vitest";
import { accepts, countStrings, createGrammar } from "../../src/data/grammar.js";
import { grammarNames } from "../../src/data/grammars.js";
import { drawDistinct } from "../../src/data/sample.js";
import { Random } from "../../src/math/random.js";
import { findGrammar } from "../../src/paths/grammars.js";

function take(count: number, strings: Generator<string>): string[] {
  return Array.from({ length: count }, () => strings.next().value as string);
}

describe("drawDistinct", () => {
  it("gives every string within the bounds exactly once and then ends, for every grammar and many seeds", () => {
    for (const name of grammarNames) {
      const grammar = findGrammar(name);
      for (let seed = 0; seed < 20; seed++) {
        const [low, high] = [seed % 4, 10 + (seed % 3)];
        const strings = [...drawDistinct(grammar, low, high, new Random(seed), 10_000)];
        const wanted = countStrings(grammar, high).slice(low);
        expect(new Set(strings).size).toBe(strings.length);
        expect(strings.every((string) => accepts(grammar, string))).toBe(true);
        const counts = wanted.map((_, i) =>
          BigInt(strings.filter(({ length }) => length === low + i).length),
        );
        expect(counts).toEqual(wanted);
      }
    }
  });

  it("gives nothing where there is nothing", () => {
    expect([...drawDistinct(findGrammar("reber"), 1, 4, new Random(1), 10)]).toEqual([]);
    expect([...drawDistinct(findGrammar("tomita-2"), 3, 3, new Random(1), 10)]).toEqual([]);
  });

  it("depends on the seed alone", () => {
    const draw = (seed: number) => take(50, drawDistinct(findGrammar("reber"), 11, 64, new Random(seed), 50));
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
  });

  it("does not depend on the bound of its memory", () => {
    const draw = (most: number) =>
      take(3000, drawDistinct(findGrammar("reber"), 11, 64, new Random(3), most));
    expect(draw(3000)).toEqual(draw(1_000_000));
  });

  it("draws the first two strings with the probabilities of distinct walks", () => {
    // a: 1/2, ba: 1/4, bb and bbb...: the walk of b's; the first of two draws without replacement has these
    // probabilities and the second those of the rest, renormalised.
    const grammar = createGrammar({
      name: "small",
      start: 0,
      accepting: ["end"],
      arcs: [
        [0, "a", "end"],
        [0, "b", 1],
        [1, "a", "end"],
        [1, "b", "end"],
      ],
    });
    const probability: Record<string, number> = { a: 1 / 2, ba: 1 / 4, bb: 1 / 4 };
    const draws = 20_000;
    const seen: Record<string, number> = {};
    for (let seed = 0; seed < draws; seed++) {
      const pair = take(2, drawDistinct(grammar, 1, 5, new Random(seed), 2)).join(" ");
      seen[pair] = (seen[pair] ?? 0) + 1;
    }
    let chiSquared = 0;
    for (const first of Object.keys(probability)) {
      for (const second of Object.keys(probability)) {
        if (first === second) continue;
        const expected = (draws * probability[first] * probability[second]) / (1 - probability[first]);
        chiSquared += (seen[`${first} ${second}`] - expected) ** 2 / expected;
      }
    }
    // The 99.9th percentile of chi squared with 5 degrees of freedom.
    expect(chiSquared).toBeLessThan(20.5);
  });

  it("meets the same strings as plain walks that drop repeats", () => {
    const grammar = findGrammar("reber");
    const plainMean = (random: Random) => {
      const found = new Set<string>();
      while (found.size < 500) {
        let state = 0;
        let string = "";
        while (grammar.arcs[state].length > 0) {
          const arc = random.pick(grammar.arcs[state]);
          string += arc.symbol;
          state = arc.to;
        }
        if (string.length >= 11) found.add(string);
      }
      return [...found].join("").length / 500;
    };
    let plain = 0;
    let ours = 0;
    for (let seed = 0; seed < 20; seed++) {
      plain += plainMean(new Random(seed)) / 20;
      ours += take(500, drawDistinct(grammar, 11, 64, new Random(seed), 500)).join("").length / 500 / 20;
    }
    // The standard error of the difference is about 0.05.
    expect(Math.abs(ours - plain)).toBeLessThan(0.2);
  });

  it("copes with strings too rare for a double", () => {
    const strings = take(20, drawDistinct(findGrammar("tomita-4"), 5000, 5000, new Random(1), 20));
    expect(new Set(strings).size).toBe(20);
    expect(strings.every((string) => string.length === 5000)).toBe(true);
    // Long strings that share no long beginning: the draws are not neighbours in the tree.
    expect(new Set(strings.map((string) => string.slice(0, 40))).size).toBe(20);
  });

  it("refuses a table that would not fit", () => {
    const arcs = Array.from({ length: 190 }, (_, i) => [i, "a", (i + 1) % 190]);
    const ring = createGrammar({ name: "ring", start: 0, accepting: [0], arcs });
    expect(() => drawDistinct(ring, 1, 1_000_000, new Random(1), 1).next()).toThrow(
      "ring: strings of up to 1000000 letters are too long for its automaton (190 states); lower the maximum length",
    );
  });
});
