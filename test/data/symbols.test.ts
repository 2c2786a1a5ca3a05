import { describe, expect, it } from "vitest";
import {
  type Cut,
  cutOf,
  cuts,
  cutText,
  decodeSymbols,
  encodeText,
  Joiner,
  MOST_WORDS,
  showSymbol,
  unknownRow,
  vocabularyOf,
} from "../../src/data/symbols.js";

const words = (text: string) => {
  const pieces = cutText(text, "words", "text");
  return Array.from(pieces.text, (index) => pieces.pieces[index]);
};
const vocabulary = (cut: Cut, ...texts: string[]) =>
  vocabularyOf(
    texts.map((text) => cutText(text, cut, "text")),
    cut,
  );

describe("characters", () => {
  it("are the code points that occur, ascending, nothing trimmed", () => {
    expect(vocabulary("characters", " b\n", "a😀b\té")).toEqual(["\t", "\n", " ", "a", "b", "é", "😀"]);
  });

  it("become rows and text again", () => {
    const symbols = vocabulary("characters", " a😀\n");
    const encoded = encodeText(symbols, "😀a\n ", "text");
    expect(encoded).toEqual({ symbols: Uint16Array.of(3, 2, 0, 1), unknown: { count: 0, kinds: [] } });
    expect(decodeSymbols(symbols, encoded.symbols)).toBe("😀a\n ");
  });

  it("of a network of many are told by wider numbers", () => {
    const many = Array.from({ length: 70_000 }, (_, i) => String.fromCodePoint(0x10000 + i));
    const { symbols } = encodeText(many, many[69_999] + many[0], "text");
    expect(symbols).toEqual(Int32Array.of(69_999, 0));
  });
});

describe("bytes", () => {
  it("are 256 rows, whatever the text", () => {
    const symbols = vocabulary("bytes", "a");
    expect(symbols).toHaveLength(256);
    expect([symbols[0], symbols[10], symbols[255]]).toEqual(["<0x00>", "<0x0A>", "<0xFF>"]);
    expect(encodeText(symbols, "é", "text").symbols).toEqual(Uint16Array.of(0xc3, 0xa9));
    expect(encodeText(symbols, Uint8Array.of(0xff, 0), "text").symbols).toEqual(Uint16Array.of(255, 0));
  });

  it("join to characters as soon as one is whole", () => {
    const joiner = new Joiner(vocabulary("bytes", ""));
    const bytes = [...new TextEncoder().encode("\ufeffa€"), 0xf0, 0x9f];
    expect(bytes.map((byte) => joiner.push(byte))).toEqual(["", "", "\ufeff", "a", "", "", "€", "", ""]);
    expect(joiner.end()).toBe("\ufffd");
  });
});

describe("words", () => {
  it("have the blank before them, and punctuation is a word", () => {
    expect(words("We don't know, Sir--ask  O’Neill!\n\n\tIt's 3,5 %.")).toEqual(
      ["We", "▁don't", "▁know", ",", "▁Sir", "-", "-", "ask", " ", "▁O’Neill", "!", "\n", "\n", "\t"].concat([
        "It's",
        "▁3",
        ",",
        "5",
        "▁%",
        ".",
      ]),
    );
  });

  it("of other scripts and of the files of Penn Treebank and WikiText", () => {
    expect(words("我喜欢 RNN。")).toEqual(["我", "喜", "欢", "▁RNN", "。"]);
    expect(words("naïve Ёж, नमस्ते")).toEqual(["naïve", "▁Ёж", ",", "▁नमस्ते"]);
    expect(words(" the <unk> of N \n = x = \r\n")).toEqual([
      "▁the",
      "▁<unk>",
      "▁of",
      "▁N",
      " \n",
      "▁=",
      "▁x",
      "▁=",
      " \r\n",
    ]);
  });

  it("are the unknown one and those that occur twice, the most frequent first", () => {
    expect(vocabulary("words", "b a\nb a\n a", " a <unk> <unk> b")).toEqual(["▁<unk>", "▁a", "\n", "b"]);
  });

  it("are no more than a vocabulary may have", () => {
    const text = Array.from({ length: MOST_WORDS + 5 }, (_, i) => ` w${i} w${i}`).join("");
    const symbols = vocabulary("words", text, " w10004");
    expect(symbols).toHaveLength(MOST_WORDS);
    expect(symbols.slice(0, 4)).toEqual(["▁<unk>", "▁w10004", "▁w0", "▁w1"]);
  });

  it("have no blank in them, whatever the text, unless they are nothing else", () => {
    const text = " a\u00a0b\u2003c  d \u0301e \n \r\n\t f\ufeffg";
    for (const word of words(text)) if (/\s/u.test(word)) expect(word.trim()).toBe("");
  });

  it("that are rare read as unknown", () => {
    const symbols = vocabulary("words", "a b, a b, a b");
    expect(symbols).toEqual(["▁<unk>", "▁b", ",", "▁a"]);
    const { symbols: rows, unknown } = encodeText(symbols, "x a y,<unk> y", "text");
    expect(unknown).toEqual({ count: 4, kinds: ["x", "▁y", "<unk>"] });
    expect(decodeSymbols(symbols, rows)).toBe(" <unk> a <unk>, <unk> <unk>");
  });
});

describe("every cut", () => {
  const texts = [
    "First Citizen:\nBefore we proceed any further, hear me speak.\n\n",
    "  two  blanks \t tab\r\nCRLF \r lone\n \n",
    '"Quotes," she said -- \'tis (so) [it] {is}; a_b = c/d * 1.5e-3',
    "▁▁ ▁x▁ <0x41><unk >",
    "日本語のテキスト、ไทย និង Ελλά́δα 😀👩‍👩‍👧 e\u0301",
    "\ufeff\0\u2028\u00a0\u200b",
  ];
  it.each(cuts)("%s: joining gives back the text", (cut) => {
    for (const text of texts) {
      const { pieces } = cutText(text, cut, "text");
      const symbols = cut === "words" ? ["▁<unk>", ...pieces] : vocabulary(cut, text);
      expect(cutOf(symbols)).toBe(cut);
      expect(decodeSymbols(symbols, encodeText(symbols, text, "text").symbols)).toBe(text);
    }
  });

  it("is known from the vocabulary", () => {
    expect(cutOf(["<pad>", "[UNK]", "a", "\n"])).toBe("characters");
    expect(cutOf(["", "a", "😀"])).toBe("characters");
    expect(cutOf(["the", "a"])).toBe("words");
    expect(cutOf(vocabulary("words", "我我我"))).toBe("words");
    expect(cutOf(vocabulary("bytes", "a").slice(1))).toBe("characters");
  });
});

describe("unknown symbols", () => {
  const abc = ["a", "b", "c", "?", " "];

  it("are counted and named", () => {
    expect(() => encodeText(abc, "aé\u00a0éb", "t.txt")).toThrow(
      't.txt: 3 of its 5 symbols are not among the 5 of the vocabulary: "é", "\\u{a0}"; take them for one that is with --unknown',
    );
    expect(() => encodeText(abc, "tuvwxyz", "t.txt")).toThrow('"t", "u", "v", "w", "x" and 2 others;');
  });

  it("are taken for another one when that is wanted", () => {
    expect(encodeText(abc, "aéb", "t.txt", "c")).toEqual({
      symbols: Uint16Array.of(0, 2, 1),
      unknown: { count: 1, kinds: ["é"] },
    });
    expect(encodeText(abc, "é", "t.txt", true).symbols).toEqual(Uint16Array.of(3));
  });

  it("have a row where the vocabulary has one for them or one is named", () => {
    expect(unknownRow(abc)).toBeUndefined();
    expect(unknownRow(abc, true)).toBe(3);
    expect(unknownRow(["a", " "], true)).toBe(1);
    expect(unknownRow(["a", "?", "\ufffd"], true)).toBe(2);
    expect(unknownRow(["a", "?", "[UNK]"])).toBe(2);
    expect(unknownRow(["▁<unk>", "▁the"], "the")).toBe(1);
    expect(() => unknownRow(abc, "d")).toThrow(
      '--unknown: "d" is not in the vocabulary; name one of its symbols, for example "a", "b", "c"',
    );
    expect(() => unknownRow(["a", "b"], true)).toThrow(
      "--unknown: the vocabulary has no symbol for unknown ones",
    );
  });
});

describe("showSymbol", () => {
  it("shows what cannot be seen", () => {
    const shown = ["\n", " ", '"', "\u2028", "\u007f", "é", "▁the", "▁", "<0x41>", "<0x0A>", "\u0000"].map(
      showSymbol,
    );
    expect(shown).toEqual([
      '"\\n"',
      '" "',
      '"\\""',
      '"\\u{2028}"',
      '"\\u{7f}"',
      '"é"',
      '" the"',
      '"▁"',
      '"A"',
      "0x0A",
      '"\\u0000"',
    ]);
    expect(showSymbol("x".repeat(100))).toBe(`"${"x".repeat(40)}…"`);
  });
});
