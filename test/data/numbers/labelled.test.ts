import { describe, expect, it } from "vitest";
import type { NumberArray } from "../../../src/data/numbers/array.js";
import { sequencesOf, withLabels } from "../../../src/data/numbers/labelled.js";

const floats = (shape: number[], ...values: number[]): NumberArray => ({
  shape,
  kind: "float",
  values: Float32Array.from(values),
});
const whole = (shape: number[], ...values: number[]): NumberArray => ({
  shape,
  kind: "integer",
  values: Int32Array.from(values),
});
const texts = (shape: number[], ...values: string[]): NumberArray => ({ shape, kind: "text", values });
const none = Number.NaN;

describe("sequencesOf", () => {
  it("ends a sequence where only NaN follows", () => {
    const { channels, values } = sequencesOf(
      floats([2, 3, 2], 1, 2, 3, 4, none, none, 5, 6, 7, 8, 9, 10),
      "x.npy",
    );
    expect(channels).toEqual(["1", "2"]);
    expect(values).toEqual([Float32Array.of(1, 2, 3, 4), Float32Array.of(5, 6, 7, 8, 9, 10)]);
  });

  it("reads one channel, one sequence, integers and doubles", () => {
    expect(sequencesOf(floats([2, 2], 1, none, 3, 4), "x").values).toEqual([
      Float32Array.of(1),
      Float32Array.of(3, 4),
    ]);
    expect(sequencesOf(whole([3], 1, 2, 3), "x").values).toEqual([Float32Array.of(1, 2, 3)]);
    const doubles: NumberArray = { shape: [1, 1], kind: "float", values: Float64Array.of(0.1) };
    expect(sequencesOf(doubles, "x").values).toEqual([Float32Array.of(0.1)]);
  });

  it("takes lengths, and ignores what is beyond them", () => {
    const data = floats([2, 2, 1], 1, none, 3, 4);
    expect(sequencesOf(data, "x", whole([2], 1, 2)).values.map(({ length }) => length)).toEqual([1, 2]);
    expect(() => sequencesOf(data, "x", whole([2], 2, 2))).toThrow("x, sequence 1: step 2, channel 1: NaN");
    expect(() => sequencesOf(data, "x", whole([2], 0, 2))).toThrow(
      "x, lengths: sequence 1 has the length 0, which is not 1 to 2",
    );
    expect(() => sequencesOf(data, "x", whole([2], 1, 3))).toThrow("sequence 2 has the length 3");
    expect(() => sequencesOf(data, "x", whole([3], 1, 2, 2))).toThrow(
      "it has the shape (3,) for 2 sequences",
    );
  });

  it("names row and step of a gap", () => {
    expect(() => sequencesOf(floats([2, 3, 1], 1, 2, 3, 4, none, 6), "x.npy")).toThrow(
      "x.npy, sequence 2: step 2, channel 1: NaN is not a finite number; fill gaps or leave the sequence out",
    );
    // At the end too, where one channel has a value.
    expect(() => sequencesOf(floats([1, 2, 2], 1, 2, none, 4), "x.npy")).toThrow(
      "sequence 1: step 2, channel 1: NaN",
    );
    expect(() => sequencesOf(floats([1, 2, 1], 1, Number.POSITIVE_INFINITY), "x.npy")).toThrow(
      "channel 1: Infinity",
    );
    expect(() => sequencesOf(floats([2, 1, 1], 1, none), "x.npy")).toThrow("x.npy, sequence 2: is empty");
  });

  it("refuses other shapes", () => {
    expect(() => sequencesOf(floats([], 1), "x")).toThrow("it has the shape ()");
    expect(() => sequencesOf(floats([1, 1, 1, 1], 1), "x")).toThrow("it has the shape (1, 1, 1, 1)");
    expect(() => sequencesOf(floats([0, 4]), "x")).toThrow("has no sequences");
    expect(() => sequencesOf(floats([1, 4, 0]), "x")).toThrow("has no sequences");
    expect(() => sequencesOf(texts([1], "a"), "x")).toThrow("it holds texts, not numbers");
    const wide = { shape: [2 ** 20, 2 ** 20], kind: "float", values: new Float32Array() } as const;
    expect(() => sequencesOf(wide, "x")).toThrow("more than 1073741824 values");
  });
});

describe("withLabels", () => {
  const two = sequencesOf(floats([2, 3, 1], 1, 2, 3, 4, 5, none), "x");

  it("takes a label of each sequence for its class", () => {
    const classes = { kind: "class", labels: { classes: ["0", "1", "2"], of: Int32Array.of(2, 0) } };
    expect(withLabels(two, whole([2], 2, 0), "y").target).toEqual(classes);
    expect(withLabels(two, whole([2, 1], 2, 0), "y").target).toEqual(classes);
    expect(withLabels(two, floats([2], 2, 0), "y").target).toEqual(classes);
    expect(withLabels(two, texts([2], "up", "down"), "y").target).toEqual({
      kind: "class",
      labels: { classes: ["down", "up"], of: Int32Array.of(1, 0) },
    });
    expect(withLabels(two, whole([2], -1, 1), "y").target).toMatchObject({
      labels: { classes: ["-1", "1"] },
    });
    expect(withLabels(two, whole([2], 1, 1), "y", ["0", "1", "9"]).target).toMatchObject({
      labels: { of: Int32Array.of(1, 1) },
    });
    expect(() => withLabels(two, floats([2], 0.5, 1), "y.npy")).toThrow(
      "y.npy, sequence 1: the label 0.5 is not a whole",
    );
    expect(() => withLabels(two, whole([2], 0, 3), "y.npy", ["0", "1"])).toThrow(
      'y.npy, sequence 2: the label "3" is none of the 2 classes of the training data',
    );
  });

  it("takes whole numbers at every step for classes of steps", () => {
    expect(withLabels(two, whole([2, 3], 0, -1, 2, 1, 0, -1), "y").target).toEqual({
      kind: "step-classes",
      classes: ["0", "1", "2"],
      of: [Int32Array.of(0, -1, 2), Int32Array.of(1, 0)],
    });
    expect(withLabels(two, texts([2, 3], "a", "", "b", "a", "a", "?"), "y").target).toEqual({
      kind: "step-classes",
      classes: ["a", "b"],
      of: [Int32Array.of(0, -1, 1), Int32Array.of(0, 0)],
    });
    // Wider than the longest: the data may have been cut.
    expect(withLabels(two, whole([2, 4], 0, 1, 0, -1, 1, 0, -1, -1), "y").target).toMatchObject({
      of: [Int32Array.of(0, 1, 0), Int32Array.of(1, 0)],
    });
    expect(() => withLabels(two, whole([2, 3], 0, 0, 0, -2, 0, 0), "y")).toThrow(
      "y, sequence 2: has the label -2",
    );
    expect(() => withLabels(two, whole([2, 3], 0, 0, 5, 0, 0, 0), "y", ["0"])).toThrow(
      'y, sequence 1: the label "5"',
    );
    expect(() => withLabels(two, whole([2, 2], 0, 0, 0, 0), "y")).toThrow(
      "integer labels of the shape (2, 2) for sequences of up to 3 steps",
    );
    expect(() => withLabels(two, whole([2, 3, 2], ...new Array(12).fill(0)), "y")).toThrow(
      "numbers to be predicted as float32",
    );
  });

  it("takes floating-point numbers at every step for numbers to be predicted", () => {
    expect(withLabels(two, floats([2, 3], 1, none, 3, 4, 5, none), "y").target).toEqual({
      kind: "numbers",
      names: ["target"],
      of: [Float32Array.of(1, none, 3), Float32Array.of(4, 5)],
    });
    const pairs = withLabels(two, floats([2, 3, 2], ...Array.from({ length: 12 }, (_, i) => i)), "y").target;
    expect(pairs).toMatchObject({
      names: ["target 1", "target 2"],
      of: [{ length: 6 }, Float32Array.of(6, 7, 8, 9)],
    });
    expect(() => withLabels(two, floats([2, 3], 1, 2, Number.NEGATIVE_INFINITY, 4, 5, 6), "y")).toThrow(
      "y, sequence 1: step 3 has the target -Infinity",
    );
  });

  it("refuses labels of other sequences", () => {
    expect(() => withLabels(two, whole([3], 0, 1, 2), "y")).toThrow(
      "y: labels of the shape (3,) for 2 sequences",
    );
    expect(() => withLabels(two, whole([], 0), "y")).toThrow("labels of the shape () for 2 sequences");
  });
});
