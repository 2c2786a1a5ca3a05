import { describe, expect, it } from "vitest";
import { ascii, LONGEST_STRING, parseVocabulary, type Vocabulary } from "../../src/data/vocabulary.js";

describe("ASCII strings", () => {
  const complaint = (string: string) => {
    try {
      ascii.encode(string, () => "here");
      return undefined;
    } catch (error) {
      return (error as Error).message;
    }
  };

  it("are of exactly the codes 1 to 127", () => {
    for (let code = 0; code < 300; code++) {
      expect(complaint(String.fromCharCode(code)) === undefined).toBe(code >= 1 && code <= 127);
    }
  });

  it("show the offending character", () => {
    const end = "is beyond the vocabulary; use the ASCII characters 1 to 127";
    expect(complaint("BTé")).toBe(`here: character 3 ("é", U+00E9) ${end}`);
    expect(complaint("😀")).toBe(`here: character 1 ("😀", U+1F600) ${end}`);
    expect(complaint("\0")).toBe(`here: character 1 (U+0000) ${end}`);
    expect(complaint("a\ud800")).toBe(`here: character 2 (U+D800) ${end}`);
  });

  it("are not endless", () => {
    expect(complaint("a".repeat(LONGEST_STRING))).toBeUndefined();
    expect(complaint("a".repeat(LONGEST_STRING + 1))).toBe(
      "here: the string has 10001 characters, more than 10000; cut it into shorter ones",
    );
  });
});

describe("a vocabulary", () => {
  const encode = (vocabulary: Vocabulary, string: string) => vocabulary.encode(string, () => "here");

  it("has a row for each code point of a text, nothing trimmed", () => {
    const vocabulary = parseVocabulary(" 😀é\n\t", "v");
    expect(vocabulary.kind).toBe("letters");
    expect(vocabulary.symbols).toEqual([" ", "😀", "é", "\n", "\t"]);
    expect(encode(vocabulary, "é😀 \t")).toEqual([2, 1, 0, 4]);
  });

  it("keeps a byte order mark and composed letters apart", () => {
    expect(parseVocabulary("\ufeffe\u0301é", "v").symbols).toEqual(["\ufeff", "e", "\u0301", "é"]);
  });

  it("has words from a JSON array, told apart by blanks", () => {
    const words = parseVocabulary('["<pad>", "the", "cat", "café"]', "v");
    expect(words.kind).toBe("words");
    expect(encode(words, " the  café\tcat ")).toEqual([1, 3, 2]);
    expect(() => encode(words, "the dog")).toThrow(
      'here: word 2 ("dog") is beyond the vocabulary; the network knows 4 words: "<pad>" "the" "cat" "café"',
    );
    expect(() => encode(words, "  ")).toThrow("here: the string is empty; give at least one word");
  });

  it("has words from a JSON array behind a byte order mark", () => {
    expect(parseVocabulary('\ufeff ["the", "cat"]\n', "v").symbols).toEqual(["the", "cat"]);
  });

  it("has letters from a JSON array of single ones and others in brackets", () => {
    const letters = parseVocabulary('["<pad>", "[UNK]", "a", "ß", ""]', "v");
    expect(letters.kind).toBe("letters");
    expect(encode(letters, "ßa")).toEqual([3, 2]);
    expect(() => encode(letters, "<")).toThrow('character 1 ("<", U+003C) is beyond the vocabulary');
  });

  it.each(["[]", "[a]", "[1]", "[", '{"a":1}'.replaceAll('"', "")])("takes %s for letters", (text) => {
    expect(parseVocabulary(text, "v").symbols).toEqual([...text]);
  });

  it.each([" 😀é\n", '["<pad>","a"]', '["the","cat"]', "[]", "\0ab"])(
    "comes back from its text %j",
    (text) => {
      const vocabulary = parseVocabulary(text, "v");
      const back = parseVocabulary(vocabulary.format(), "v");
      expect(back.symbols).toEqual(vocabulary.symbols);
      expect(back.kind).toBe(vocabulary.kind);
      expect(vocabulary.format()).toBe(text);
    },
  );

  it.each([
    ["", "v: the vocabulary is empty"],
    ['["the", "cat",]', "v: the vocabulary looks like JSON, but is no array of strings"],
    ["['the', 'cat']", "looks like JSON"],
    ['{"the": 0, "cat": 1}\n', "write an array of all symbols in the order of the embedding's rows"],
    ['["a", 1]', "looks like JSON"],
    ["abca", 'v: row 3 ("a", U+0061) is the same as row 0; give every symbol one row'],
    ['["the","cat","the"]', 'v: row 2 ("the") is the same as row 0'],
    ['["the cat","dog"]', 'v: row 0 ("the cat") has a blank in it'],
    ["a\ud800", "v: row 1 (U+D800) is half a character"],
  ])("is refused, %j", (text, message) => {
    expect(() => parseVocabulary(text, "v")).toThrow(message);
  });
});
