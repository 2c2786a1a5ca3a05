import { describe, expect, it } from "vitest";
import { createDataset } from "../../src/data/dataset.js";
import { countOverlap, describeDataset } from "../../src/data/stats.js";
import { readDataset } from "../../src/paths/datasets.js";
import { absent, suffix, testFile, trainingFile } from "./reference.js";

describe("describeDataset", () => {
  it("counts strings, lengths, letters and repetitions", () => {
    const dataset = createDataset(["ab", "b", "ab", "ab", "aaa", "b"], [1, 0, 1, 0, 1, 0]);
    expect(describeDataset(dataset)).toEqual({
      strings: 6,
      labels: [
        { strings: 3, meanLength: 4 / 3 },
        { strings: 3, meanLength: 7 / 3 },
      ],
      lengths: [
        { value: 1, counts: [2, 0] },
        { value: 2, counts: [1, 2] },
        { value: 3, counts: [0, 1] },
      ],
      letters: [
        { value: "a", counts: [1, 5] },
        { value: "b", counts: [3, 2] },
      ],
      duplicates: 3,
      contradictions: 1,
    });
  });

  it("has no mean length where there are no strings", () => {
    expect(describeDataset(createDataset(["ab"], [1])).labels[0]).toEqual({
      strings: 0,
      meanLength: Number.NaN,
    });
  });

  it.skipIf(absent)(`knows the thesis's data${suffix}`, () => {
    const [train, test] = [readDataset(trainingFile), readDataset(testFile)];
    const both = createDataset([...train.strings, ...test.strings], [...train.labels, ...test.labels]);
    const { labels, lengths, letters, duplicates, contradictions } = describeDataset(both);
    expect(labels.map(({ strings }) => strings)).toEqual([12_500, 12_500]);
    expect(labels[0].meanLength).toBeCloseTo(18.73792, 10);
    expect(labels[1].meanLength).toBeCloseTo(23.64056, 10);
    expect(lengths[0]).toEqual({ value: 11, counts: [192, 24] });
    expect(lengths.at(-1)).toEqual({ value: 53, counts: [0, 1] });
    expect(letters.find(({ value }) => value === "T")).toEqual({ value: "T", counts: [21_445, 95_613] });
    expect([duplicates, contradictions]).toEqual([8, 0]);
    expect(countOverlap(train, test)).toBe(1);
  });
});

describe("countOverlap", () => {
  it("counts test rows that training data has too", () => {
    expect(countOverlap(createDataset(["a", "b"], [1, 0]), createDataset(["b", "c", "b"], [0, 0, 1]))).toBe(
      2,
    );
  });
});
