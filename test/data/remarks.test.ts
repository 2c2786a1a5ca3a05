import { describe, expect, it } from "vitest";
import { createDataset } from "../../src/data/dataset.js";
import { remarksOn } from "../../src/data/remarks.js";

const sound = createDataset(["BTE", "XX"], [1, 0]);

describe("remarksOn", () => {
  it("has nothing to say of sound data", () => {
    expect(remarksOn(sound, createDataset(["EBT", "X"], [1, 0]))).toEqual([]);
  });

  it("names a set with one label", () => {
    expect(remarksOn(createDataset(["A", "B"], [1, 1]), sound)[0]).toBe(
      "all 2 training strings have the label 1: there is nothing to tell apart, and any accuracy means little",
    );
    expect(remarksOn(sound, createDataset(["X", "B", "T"], [0, 0, 0]))).toEqual([
      "all 3 test strings have the label 0: a network that always says so is right every time",
    ]);
    expect(remarksOn(sound, createDataset(["X"], [0]))).toEqual([
      "there is one test string, with the label 0: a network that always says so is right every time",
    ]);
  });

  it("names letters that only test strings have", () => {
    expect(remarksOn(sound, createDataset(["BQTE", "QZ", "X"], [1, 0, 1]))).toEqual([
      '2 of 3 test strings have letters that no training string has: "Q", "Z"',
    ]);
    // Letters of training that testing lacks are no fault.
    expect(remarksOn(createDataset(["BTEQ", "XX"], [1, 0]), sound)).toEqual([]);
    const many = String.fromCharCode(...Array.from({ length: 26 }, (_, i) => 97 + i));
    expect(remarksOn(sound, createDataset([many, "X"], [1, 0]))[0]).toMatch(/"t", …$/);
  });

  it("says that blanks at the ends are letters", () => {
    expect(remarksOn(createDataset([" A", "B\t", "C C"], [1, 0, 1]))).toEqual([
      "2 of 3 training strings begin or end with a blank, which is a letter like others",
    ]);
  });
});
