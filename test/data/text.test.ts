import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { decodeSymbols } from "../../src/data/symbols.js";
import { createTextData, encodeTexts, type TextOptions } from "../../src/data/text.js";
import { describeText } from "../../src/data/text-stats.js";
import { hasReference, reference, skipNote } from "../reference.js";

const make = (text: string | Uint8Array, options?: TextOptions) =>
  createTextData([{ name: "t.txt", text }], options);
const named = (...texts: string[]) => texts.map((text, i) => ({ name: `${i}.txt`, text }));
const read = ({ vocabulary, train, validation }: ReturnType<typeof make>) =>
  [train, validation].map(({ texts }) => texts.map((text) => decodeSymbols(vocabulary, text)));

describe("createTextData", () => {
  it("trains on the first floor(.9 n) symbols, and the rest validates", () => {
    expect(read(make("abcdefghijklmnopqrs"))).toEqual([["abcdefghijklmnopq"], ["rs"]]);
    expect(read(make("äöü😀", { split: 0.5 }))).toEqual([["äö"], ["ü😀"]]);
  });

  it("takes a share as it is written", () => {
    // In binary .29 · 100 is 28.999999999999996.
    const { train, validation } = make("ab".repeat(50), { split: 0.29 });
    expect([train.texts[0].length, validation.texts[0].length]).toEqual([29, 71]);
  });

  it("holds out the end of every text", () => {
    const data = createTextData(named("aaaabbcc", "cb", "cccaaab"), { split: 0.75 });
    expect(read(data)).toEqual([
      ["aaaabb", "c", "cccaa"],
      ["cc", "b", "ab"],
    ]);
  });

  it("takes characters that only the held-out part has into the vocabulary", () => {
    const data = make("ababababababababcé", { split: 0.8 });
    expect(data.vocabulary).toEqual(["a", "b", "c", "é"]);
    expect(data.validation.unknown).toEqual({ count: 0, kinds: [] });
  });

  it("takes only words to learn from into the vocabulary, and says how many are unknown", () => {
    const data = make("a b a b a b x a b a b a b new new y new", { cut: "words", split: 0.8 });
    expect(data.vocabulary).toEqual(["▁<unk>", "▁b", "▁a"]);
    expect(data.train.unknown).toEqual({ count: 2, kinds: ["a", "▁x"] });
    expect(data.validation.unknown).toEqual({ count: 4, kinds: ["▁new", "▁y"] });
  });

  it("takes bytes as they are", () => {
    const data = make(Uint8Array.of(0xff, 0xfe, 0, 0x61), { cut: "bytes", split: 0.5 });
    expect([data.train.texts, data.validation.texts]).toEqual([
      [Uint16Array.of(255, 254)],
      [Uint16Array.of(0, 97)],
    ]);
    expect(data.vocabulary).toHaveLength(256);
  });

  it("judges by other texts where they are given, over the vocabulary of the first", () => {
    const validation = named("cab", "bb");
    expect(read(createTextData(named("abc"), { validation }))).toEqual([["abc"], ["cab", "bb"]]);
    expect(() => createTextData(named("ab"), { validation })).toThrow(
      '0.txt: 1 of its 3 symbols are not among the 2 of the vocabulary: "c"; take them for one that is with --unknown',
    );
    const mapped = createTextData(named("ab"), { validation, unknown: "b" });
    expect(read(mapped)[1]).toEqual(["bab", "bb"]);
    expect(mapped.validation.unknown).toEqual({ count: 1, kinds: ["c"] });
  });

  it("goes on with the vocabulary of a network, and cuts as it says", () => {
    expect(make("abba", { vocabulary: ["b", "c", "a"], split: 0.5 }).train.texts).toEqual([
      Uint16Array.of(2, 0),
    ]);
    const words = ["▁<unk>", "▁to", "▁be"];
    expect(make(" to be or not to be", { vocabulary: words, split: 0.6 }).train.texts).toEqual([
      Uint16Array.of(1, 2, 0),
    ]);
  });

  it.each([
    ["", {}, "t.txt: the text is empty"],
    ["\ufeff", {}, undefined],
    ["a", {}, "t.txt: the text has only one symbol"],
    ["aaaaaaaaaaaaaaaaaaaaaaaaa", {}, "t.txt: it repeats a single symbol"],
    ["aaaaaaaaaaaaaaaaaaaaaaaaa", { cut: "bytes" }, "t.txt: it repeats a single symbol"],
    ["a b c d e f g h i j k l m n o p q r s t u", { cut: "words" }, "t.txt: no word of it occurs twice"],
    ["hello", {}, "t.txt: too short: the part that is held out has fewer than two symbols"],
    ["hello", { split: 1 }, "--split: 1 is no share of a text"],
    ["hello", { split: Number.NaN }, "--split: NaN is no share of a text"],
  ] as const)("refuses %j with %j", (text, options, message) => {
    expect(() => make(text, options)).toThrow(message);
  });

  it("refuses what is not UTF-8", () => {
    expect(() => make(Uint8Array.of(0x61, 0xe9))).toThrow(
      "t.txt: is not UTF-8: byte 0xe9 at offset 1, in line 1",
    );
    expect(() => make(Uint8Array.of(0xef, 0xbb, 0xbf))).toThrow("t.txt: the text is empty");
  });

  it("names the text that is at fault", () => {
    expect(() => createTextData(named("abcabcabcabcabcabcabc", ""))).toThrow("1.txt: the text is empty");
    expect(() => createTextData(named("ab"), { validation: named("ab", "", "a") })).toThrow(
      "1.txt: the text is empty",
    );
  });
});

describe("encodeTexts", () => {
  it("encodes whole texts over a given vocabulary", () => {
    expect(encodeTexts(["a", "b"], named("ab", "bb"))).toEqual({
      texts: [Uint16Array.of(0, 1), Uint16Array.of(1, 1)],
      unknown: { count: 0, kinds: [] },
    });
    expect(encodeTexts(["a", "b"], named("axy", "xb"), "a").unknown).toEqual({ count: 3, kinds: ["x", "y"] });
    expect(() => encodeTexts(["a", "b"], named("ab", "b"))).toThrow("1.txt: the text has only one symbol");
  });
});

describe("describeText", () => {
  it("counts", () => {
    const texts = named("aab\nä", "ab\n");
    const statistics = describeText(texts, createTextData(texts, { split: 0.6 }));
    expect(statistics).toMatchObject({
      bytes: 9,
      lines: 3,
      length: 8,
      vocabulary: 4,
      frequencies: [
        { symbol: "a", count: 3 },
        { symbol: "\n", count: 2 },
        { symbol: "b", count: 2 },
        { symbol: "ä", count: 1 },
      ],
      train: 4,
      validation: 4,
      predictions: 2,
      unknown: { train: 0, validation: 0 },
    });
    const shares = [3 / 8, 1 / 4, 1 / 4, 1 / 8];
    expect(statistics.entropy).toBeCloseTo(-shares.reduce((sum, p) => sum + p * Math.log(p), 0), 14);
    const { best, baselines } = statistics;
    expect(baselines).toHaveLength(7);
    expect(best.nats).toBe(Math.min(...baselines.map(({ nats }) => nats)));
  });

  it.skipIf(!hasReference)(`knows tinyshakespeare${skipNote}`, () => {
    const text = readFileSync(reference("text/tinyshakespeare.txt"));
    const texts = [{ name: "tinyshakespeare.txt", text }];
    const statistics = describeText(texts, createTextData(texts));
    expect(statistics).toMatchObject({
      bytes: 1_115_394,
      lines: 40_000,
      vocabulary: 65,
      predictions: 111_539,
    });
    expect(statistics.frequencies[0]).toEqual({ symbol: " ", count: 169_892 });
    expect(statistics.best.context).toBe(4);
  });
});
