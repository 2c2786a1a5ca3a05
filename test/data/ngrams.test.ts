import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { LONGEST_CONTEXT, scoreNgrams } from "../../src/data/ngrams.js";
import { createTextData } from "../../src/data/text.js";
import { Random } from "../../src/math/random.js";
import { hasReference, reference, skipNote } from "../reference.js";

const symbols = (letters: string) => Uint16Array.from(letters, (letter) => letter.charCodeAt(0) - 97);
const nats = (...of: Parameters<typeof scoreNgrams>) => scoreNgrams(...of).map((one) => one.nats);

/** The definition, read out word by word: contexts are slices, and everything is counted anew for every prediction. */
function naive(train: readonly string[], heldOut: readonly string[], vocabulary: number): number[] {
  const after = (context: string) =>
    train.flatMap((text) =>
      [...text].filter((_, i) => i >= context.length && text.slice(i - context.length, i) === context),
    );
  const probability = (symbol: string, context: string): number => {
    const shorter = context === "" ? 1 / vocabulary : probability(symbol, context.slice(1));
    const seen = after(context);
    if (seen.length === 0) return shorter;
    const kinds = new Set(seen).size;
    return (seen.filter((one) => one === symbol).length + kinds * shorter) / (seen.length + kinds);
  };
  return Array.from({ length: LONGEST_CONTEXT + 1 }, (_, order) => {
    const logs = heldOut.flatMap((text) =>
      [...text]
        .slice(1)
        .map((symbol, i) => -Math.log(probability(symbol, text.slice(Math.max(0, i + 1 - order), i + 1)))),
    );
    return logs.reduce((sum, log) => sum + log, 0) / logs.length;
  });
}

describe("scoreNgrams", () => {
  it("counts as by hand", () => {
    // a twice, b once, two kinds: P(b) = (1 + 2/2) / (3 + 2); after a once a, once b: P(b|a) = (1 + 2 · .4) / (2 + 2).
    // The held-out text has no longer context to give.
    const [none, one, ...longer] = scoreNgrams([symbols("aab")], [symbols("ab")], 2);
    expect(none).toEqual({ context: 0, sequences: 2, nats: -Math.log(0.4) });
    expect(one).toEqual({ context: 1, sequences: 2, nats: -Math.log(0.45) });
    expect(longer.map((two) => [two.context, two.sequences, two.nats])).toEqual(
      [1, 0, 0, 0, 0].map((sequences, i) => [i + 2, sequences, one.nats]),
    );
  });

  it("falls to the shorter context where a context was never seen, or only at the end of a text", () => {
    // d was never learnt, c only at the end: what follows them is P(a) = (2 + 3/4) / (4 + 3).
    const expected = -Math.log((2 + 3 / 4) / 7);
    expect(nats([symbols("aabc")], [symbols("da")], 4)[6]).toBeCloseTo(expected, 14);
    expect(nats([symbols("aabc")], [symbols("ca")], 4)[6]).toBeCloseTo(expected, 14);
  });

  it("looks across no border between texts", () => {
    // Joined, b would have been seen after a.
    const apart = nats([symbols("ba"), symbols("bb")], [symbols("ab")], 2);
    expect(apart[1]).toBe(apart[0]);
    expect(nats([symbols("babb")], [symbols("ab")], 2)[1]).toBeLessThan(apart[1]);
  });

  it("agrees with the definition", () => {
    const random = new Random(7);
    for (let i = 0; i < 20; i++) {
      const kinds = 2 + random.below(4);
      const draw = (most: number) =>
        Array.from({ length: 1 + random.below(3) }, () =>
          Array.from({ length: 2 + random.below(most) }, () =>
            String.fromCharCode(97 + random.below(kinds)),
          ).join(""),
        );
      const [train, heldOut] = [draw(80), draw(30)];
      const found = nats(train.map(symbols), heldOut.map(symbols), 6);
      const expected = naive(train, heldOut, 6);
      for (const [context, value] of expected.entries()) expect(found[context]).toBeCloseTo(value, 11);
    }
  });

  it("agrees with it where there are many kinds, and the table grows", () => {
    const random = new Random(8);
    const draw = (length: number) =>
      Array.from({ length }, () => String.fromCharCode(97 + random.below(3000)));
    const [train, heldOut] = [draw(2500).join(""), draw(20).join("")];
    const found = scoreNgrams([symbols(train)], [symbols(heldOut)], 3000);
    expect(found[1].sequences).toBe(new Set([...train].slice(1).map((symbol, i) => train[i] + symbol)).size);
    const expected = naive([train], [heldOut], 3000);
    for (const [context, value] of expected.entries()) expect(found[context].nats).toBeCloseTo(value, 11);
  });

  it("gives probabilities: over all symbols they add up to one", () => {
    const [train, context] = [symbols("abcabdabcacbdd"), "cab"];
    const sum = ["a", "b", "c", "d", "e"]
      .map((next) => {
        // Of the context itself all but the first symbol are predicted too, and taken away again.
        const [whole, before] = [context + next, context].map((text) => nats([train], [symbols(text)], 5)[6]);
        return Math.exp(-(context.length * whole - (context.length - 1) * before));
      })
      .reduce((total, one) => total + one, 0);
    expect(sum).toBeCloseTo(1, 12);
  });

  it("says nothing where nothing is predicted", () => {
    expect(nats([symbols("ab")], [symbols("a"), symbols("")], 2)).toEqual(Array(7).fill(Number.NaN));
    expect(nats([symbols("")], [symbols("ab")], 4)).toEqual(Array(7).fill(Math.log(4)));
  });

  it.skipIf(!hasReference)(`finds the known numbers of tinyshakespeare's last tenth${skipNote}`, () => {
    const text = readFileSync(reference("text/tinyshakespeare.txt"));
    const { train, validation, vocabulary } = createTextData([{ name: "tinyshakespeare.txt", text }]);
    expect([vocabulary.length, train.texts[0].length, validation.texts[0].length]).toEqual([
      65, 1_003_854, 111_540,
    ]);
    const found = nats(train.texts, validation.texts, vocabulary.length).map((value) => value.toFixed(3));
    expect(found).toEqual(["3.347", "2.486", "2.049", "1.774", "1.669", "1.698", "1.779"]);
  });
});
