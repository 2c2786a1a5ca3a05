import { describe, expect, it } from "vitest";
import {
  type Batches,
  bucketedOrder,
  fileOrder,
  makeBatches,
  shuffledOrder,
  symbolsInUse,
} from "../../src/data/batches.js";
import { createDataset, type Dataset } from "../../src/data/dataset.js";
import { Random } from "../../src/math/random.js";

const small = createDataset(["ab", "c", "abcd", "b", "cc"], [1, 0, 1, 0, 1]);
const codes = (text: string) =>
  Uint16Array.from(text, (letter) => (letter === "." ? 0 : letter.charCodeAt(0)));

function randomDataset(examples: number, random: Random): Dataset {
  const strings = Array.from({ length: examples }, () => "x".repeat(1 + random.below(40)));
  return createDataset(
    strings,
    strings.map(() => random.below(2)),
  );
}

/** The strings of batches as an executor sees them: read down each column up to its length. */
function unpack({ count, sizes, steps, symbols, lengths }: Batches): string[] {
  const strings: string[] = [];
  let offset = 0;
  for (let batch = 0; batch < count; batch++) {
    for (let example = 0; example < sizes[batch]; example++) {
      let string = "";
      for (let step = 0; step < steps[batch]; step++) {
        const symbol = symbols[offset + step * sizes[batch] + example];
        if (step < lengths[strings.length]) string += String.fromCharCode(symbol);
        else expect(symbol).toBe(0);
      }
      strings.push(string);
    }
    offset += sizes[batch] * steps[batch];
  }
  expect(offset).toBe(symbols.length);
  return strings;
}

describe("makeBatches", () => {
  it("lays symbols out by step, then example, padded to the batch's longest", () => {
    expect(makeBatches(small, fileOrder(small), 2, "last-symbol")).toEqual({
      count: 3,
      sizes: Int32Array.of(2, 2, 1),
      steps: Int32Array.of(2, 4, 2),
      symbols: codes("acb.abb.c.d.cc"),
      lengths: Int32Array.of(2, 1, 4, 1, 2),
      targets: Int32Array.of(1, 0, 1, 0, 1),
    });
  });

  it("reads every example at the last step of its batch where that is asked for", () => {
    const { lengths } = makeBatches(small, fileOrder(small), 2, "last-step");
    expect(lengths).toEqual(Int32Array.of(2, 2, 4, 4, 2));
  });

  it("follows the order, which may be a subset", () => {
    const batches = makeBatches(small, [4, 2, 4], 8, "last-symbol");
    expect(unpack(batches)).toEqual(["cc", "abcd", "cc"]);
    expect(makeBatches(small, [], 8, "last-symbol").count).toBe(0);
  });

  it("gives back every example over many seeds", () => {
    for (let seed = 0; seed < 100; seed++) {
      const random = new Random(seed);
      const dataset = randomDataset(1 + random.below(60), random);
      const order = shuffledOrder(dataset, random);
      const batches = makeBatches(dataset, order, 1 + random.below(20), "last-symbol");
      expect(unpack(batches)).toEqual(Array.from(order, (row) => dataset.strings[row]));
      expect(batches.targets).toEqual(Int32Array.from(order, (row) => dataset.labels[row]));
    }
  });

  it.each([0, -1, 1.5, Number.NaN, Infinity])("refuses the batch size %d", (size) => {
    const message = `batch size: ${size} is not a positive whole number; use for example 32`;
    expect(() => makeBatches(small, [0], size, "last-symbol")).toThrow(message);
    expect(() => bucketedOrder(small, size, new Random(1))).toThrow(message);
  });

  it("refuses rows that are not there and strings that were never checked", () => {
    expect(() => makeBatches(small, [0, 5], 2, "last-symbol")).toThrow(
      new RangeError("order[1] = 5 is not a row of the dataset"),
    );
    expect(() => makeBatches(createDataset(["é"], [1]), [0], 2, "last-symbol")).toThrow(
      "dataset, row 1: character 1",
    );
  });
});

describe("orders", () => {
  const isPermutation = (order: Int32Array, size: number) =>
    expect(order.toSorted()).toEqual(Int32Array.from({ length: size }, (_, row) => row));

  it("shuffled: a permutation, by the seed", () => {
    isPermutation(shuffledOrder(small, new Random(1)), 5);
    const large = randomDataset(200, new Random(0));
    expect(shuffledOrder(large, new Random(1))).toEqual(shuffledOrder(large, new Random(1)));
    expect(shuffledOrder(large, new Random(1))).not.toEqual(shuffledOrder(large, new Random(2)));
  });

  it("bucketed: a permutation whose batches do not overlap in length, over many seeds", () => {
    for (let seed = 0; seed < 100; seed++) {
      const random = new Random(seed);
      const dataset = randomDataset(1 + random.below(100), random);
      const size = 1 + random.below(12);
      const order = bucketedOrder(dataset, size, random);
      isPermutation(order, dataset.strings.length);
      const { count, sizes, lengths } = makeBatches(dataset, order, size, "last-symbol");
      const ranges = Array.from({ length: count }, (_, batch) => {
        const own = lengths.subarray(batch * size, batch * size + sizes[batch]);
        return [Math.min(...own), Math.max(...own)];
      }).sort(([a, b], [c, d]) => a - c || b - d);
      for (let i = 1; i < count; i++) expect(ranges[i][0]).toBeGreaterThanOrEqual(ranges[i - 1][1]);
    }
  });

  it("bucketed: batches come in random order, the short one last and with strings of any length", () => {
    const dataset = randomDataset(95, new Random(0));
    const shortLengths = new Set<number>();
    const firstLengths = new Set<number>();
    for (let seed = 0; seed < 200; seed++) {
      const { steps, sizes } = makeBatches(
        dataset,
        bucketedOrder(dataset, 10, new Random(seed)),
        10,
        "last-symbol",
      );
      expect(sizes.at(-1)).toBe(5);
      shortLengths.add(steps.at(-1)!);
      firstLengths.add(steps[0]);
    }
    expect(shortLengths.size).toBeGreaterThanOrEqual(9);
    expect(firstLengths.size).toBeGreaterThanOrEqual(9);
  });
});

describe("symbolsInUse", () => {
  it("lists codes in ascending order", () => {
    expect(symbolsInUse(small)).toEqual([97, 98, 99, 100]);
    expect(symbolsInUse(createDataset(["z\x01", "A"], [0, 1]))).toEqual([1, 65, 122]);
  });
});
