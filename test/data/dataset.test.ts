import { describe, expect, it } from "vitest";
import { checkString, createDataset, LONGEST_STRING } from "../../src/data/dataset.js";

describe("createDataset", () => {
  it("keeps strings and labels in order", () => {
    const dataset = createDataset(["BTE", "\x01\x7f"], [1, 0]);
    expect(dataset.strings).toEqual(["BTE", "\x01\x7f"]);
    expect(dataset.labels).toEqual(Uint8Array.of(1, 0));
  });

  it.each([
    [[], [], "dataset: has no rows; give labelled strings"],
    [["a", "b"], [1], "dataset: has 2 strings but 1 labels; give one label per string"],
    [["a", "b"], [1, 2], "dataset, row 2: label 2 is not 0 or 1"],
    [["a", "b"], [1, Number.NaN], "dataset, row 2: label NaN is not 0 or 1"],
    [["a", ""], [1, 0], "dataset, row 2: the string is empty; give at least one character"],
  ])("refuses %j labelled %j", (strings, labels, message) => {
    expect(() => createDataset(strings, labels)).toThrow(message);
  });
});

describe("checkString", () => {
  const complaint = (string: string) => {
    try {
      checkString(string, () => "here");
      return undefined;
    } catch (error) {
      return (error as Error).message;
    }
  };

  it("accepts exactly the ASCII codes 1 to 127", () => {
    for (let code = 0; code < 300; code++) {
      expect(complaint(String.fromCharCode(code)) === undefined).toBe(code >= 1 && code <= 127);
    }
  });

  it("shows the offending character", () => {
    const end = "is beyond the vocabulary; use the ASCII characters 1 to 127";
    expect(complaint("BTé")).toBe(`here: character 3 ("é", U+00E9) ${end}`);
    expect(complaint("😀")).toBe(`here: character 1 ("😀", U+1F600) ${end}`);
    expect(complaint("\0")).toBe(`here: character 1 (U+0000) ${end}`);
    expect(complaint("a\ud800")).toBe(`here: character 2 (U+D800) ${end}`);
  });

  it("limits the length", () => {
    expect(complaint("a".repeat(LONGEST_STRING))).toBeUndefined();
    expect(complaint("a".repeat(LONGEST_STRING + 1))).toBe(
      "here: the string has 10001 characters, more than 10000; cut it into shorter ones",
    );
  });
});
