import { describe, expect, it } from "vitest";
import { countSharedSequences, describeSequences } from "../../../src/data/numbers/statistics.js";
import type { Sequences, SequenceTarget } from "../../../src/data/sequences.js";

const values = [
  [1, 5, 2, 5, 2, 5],
  [0, 5],
  [-0, 5],
  [3, 5, 3, 5, 3, 5, 1, 5],
].map((own) => Float32Array.from(own));

function sequences(target?: SequenceTarget): Sequences {
  return { channels: ["x", "flat"], values, ...(target && { target }) };
}

describe("describeSequences", () => {
  it("counts sequences, lengths, ranges and repetitions", () => {
    const found = describeSequences(
      sequences({ kind: "class", labels: { classes: ["a", "b", "c"], of: Int32Array.of(0, 1, 0, 0) } }),
    );
    expect(found).toMatchObject({
      sequences: 4,
      steps: 9,
      lengths: {
        least: 1,
        median: 2,
        most: 4,
        mean: 2.25,
        binWidth: 1,
        bins: [
          { from: 1, count: 2 },
          { from: 2, count: 0 },
          { from: 3, count: 1 },
          { from: 4, count: 1 },
        ],
      },
      classes: [
        { name: "a", count: 3 },
        { name: "b", count: 1 },
        { name: "c", count: 0 },
      ],
      // 0 and -0 are one value.
      duplicates: 1,
      contradictions: 1,
    });
    const [x, flat] = found.channels;
    expect(x).toMatchObject({ name: "x", least: 0, most: 3, constant: false, gaps: 0, longestStill: 3 });
    expect(x.mean).toBeCloseTo(15 / 9, 10);
    expect(x.deviation).toBeCloseTo(Math.sqrt(37 / 9 - (15 / 9) ** 2), 10);
    expect(flat).toMatchObject({ least: 5, most: 5, deviation: 0, constant: true });
    expect(found).not.toHaveProperty("targets");
  });

  it("counts the classes of steps and the gaps of targets", () => {
    const of = values.map((own) => new Int32Array(own.length / 2).fill(-1));
    of[0].set([1, 0, 1]);
    const found = describeSequences(sequences({ kind: "step-classes", classes: ["a", "b"], of }));
    expect(found).toMatchObject({
      classes: [
        { name: "a", count: 1 },
        { name: "b", count: 2 },
      ],
      unlabelled: 6,
      contradictions: 0,
    });
    const numbers = values.map((own) => new Float32Array(own.length / 2).fill(Number.NaN));
    numbers[0].set([1, Number.NaN, 3]);
    const { targets } = describeSequences(sequences({ kind: "numbers", names: ["y"], of: numbers }));
    expect(targets).toEqual([
      { name: "y", least: 1, most: 3, mean: 2, deviation: 1, constant: false, gaps: 7, longestStill: 1 },
    ]);
  });

  it("puts many lengths into few bins", () => {
    const long = Array.from({ length: 300 }, (_, i) => new Float32Array(17 + i).fill(i));
    const { lengths } = describeSequences({ channels: ["x"], values: long });
    expect(lengths.binWidth).toBe(20);
    expect(lengths.bins[0]).toEqual({ from: 0, count: 3 });
    expect(lengths.bins.reduce((sum, { count }) => sum + count, 0)).toBe(300);
    expect(lengths.bins.length).toBeLessThanOrEqual(21);
  });
});

it("countSharedSequences counts test sequences that training data have", () => {
  const test = { channels: ["x", "flat"], values: [values[3], values[3], Float32Array.of(3, 5), values[2]] };
  expect(countSharedSequences(sequences(), test)).toBe(3);
});
