import { describe, expect, it } from "vitest";
import { createDataset } from "../../src/data/dataset.js";
import { Vocabulary } from "../../src/data/vocabulary.js";

describe("createDataset", () => {
  it("keeps strings and labels in order", () => {
    const dataset = createDataset(["BTE", "\x01\x7f"], [1, 0]);
    expect(dataset.strings).toEqual(["BTE", "\x01\x7f"]);
    expect(dataset.labels).toEqual(Int32Array.of(1, 0));
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

describe("a dataset of a network's own symbols and classes", () => {
  const form = { vocabulary: new Vocabulary(["é", "ß"]), classes: ["no", "maybe", "yes"] };

  it("has their strings and labels", () => {
    const dataset = createDataset(["éß", "ß"], [2, 0], "here", undefined, form);
    expect(dataset).toEqual({
      strings: ["éß", "ß"],
      labels: Int32Array.of(2, 0),
      classes: ["no", "maybe", "yes"],
    });
  });

  it.each([
    [
      ["éa"],
      [0],
      'here, row 1: character 2 ("a", U+0061) is beyond the vocabulary; the network knows 2 characters: "é" "ß"',
    ],
    [["é"], [3], "here, row 1: label 3 is not 0 to 2"],
    [["é"], [0.5], "here, row 1: label 0.5 is not 0 to 2"],
  ])("refuses %j labelled %j", (strings, labels, message) => {
    expect(() => createDataset(strings, labels, "here", undefined, form)).toThrow(message);
  });
});
