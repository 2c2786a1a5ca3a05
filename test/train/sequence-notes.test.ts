import { describe, expect, it } from "vitest";
import type { Sequences } from "../../src/data/sequences.js";
import {
  decodeSequenceNotes,
  encodeSequenceNotes,
  noteClasses,
  noteForecast,
  noteStepClasses,
} from "../../src/train/sequence-notes.js";

function sequences(count: number, steps: number, channels: number): Sequences {
  return {
    channels: Array.from({ length: channels }, (_, c) => `channel ${c}`),
    values: Array.from({ length: count }, (_, row) =>
      new Float32Array(steps * channels).map((_, i) => row + i / 3),
    ),
  };
}

const baselines = [{ name: "majority", rule: "always", correct: 2, total: 4, accuracy: 0.5 }];

describe("the notes of a training on sequences", () => {
  it("hold which classes are taken for which and a few sequences of each", () => {
    const labels = [0, 0, 1, 0, 1, 0, -1, 0];
    const predicted = [0, 1, 1, 0, 1, 0, 0, 0];
    const outcome = { sequences: sequences(8, 5, 2), classes: ["a", "b", "c"], baselines, labels, predicted };
    const notes = noteClasses(outcome);
    expect(notes).toMatchObject({
      task: "classify",
      channels: ["channel 0", "channel 1"],
      total: 7,
      correct: 6,
      confusion: [
        [4, 1, 0],
        [0, 2, 0],
        [0, 0, 0],
      ],
      perClass: [
        { name: "a", total: 5, correct: 4, mistakenFor: { name: "b", count: 1 } },
        { name: "b", total: 2, correct: 2 },
        { name: "c", total: 0, correct: 0 },
      ],
      baselines: [{ name: "majority", accuracy: 0.5 }],
    });
    // Two that are right and the mistaken one, then all of the second class.
    expect(notes.examples.map(({ row }) => row)).toEqual([0, 3, 1, 2, 4]);
    expect(notes.examples[1]).toMatchObject({ steps: 5, actual: [0], predicted: [0] });
    expect(notes.examples[1].values[1]).toEqual([3.333, 4, 4.667, 5.333, 6]);
    expect(decodeSequenceNotes(encodeSequenceNotes(notes))).toEqual(notes);
  });

  it("stay small whatever the data", () => {
    const classes = Array.from({ length: 500 }, (_, i) => `class ${i}`);
    const labels = Array.from({ length: 600 }, (_, i) => i % 500);
    const notes = noteClasses({
      sequences: sequences(600, 700, 40),
      classes,
      baselines,
      labels,
      predicted: labels.map((label) => (label === 3 ? 4 : label)),
    });
    expect(notes.confusion).toBeUndefined();
    expect(notes.perClass).toEqual([
      { name: "class 3", total: 2, correct: 0, mistakenFor: { name: "class 4", count: 2 } },
    ]);
    expect(notes.examples).toHaveLength(12);
    const [{ values, steps }] = notes.examples;
    expect([values.length, values[0].length, steps]).toEqual([40, 200, 700]);
    expect([values[0][0], values[0][199]]).toEqual([0, Number(((699 * 40) / 3).toPrecision(4))]);
    expect(encodeSequenceNotes(notes).length).toBeLessThan(1_000_000);
  });

  it("hold classes of steps", () => {
    const labels = [[0, 1, -1], [1], [0, 0]];
    const own: Sequences = {
      channels: ["x"],
      values: labels.map(({ length }) => new Float32Array(length).fill(1)),
    };
    const predicted = [[0, 0, 0], [1], [0, 1]];
    const notes = noteStepClasses({ sequences: own, classes: ["a", "b"], baselines, labels, predicted });
    expect(notes).toMatchObject({
      task: "label",
      total: 5,
      correct: 3,
      confusion: [
        [2, 1],
        [1, 1],
      ],
    });
    expect(notes.examples.map(({ actual }) => actual)).toEqual(labels);
    expect(notes.examples[2].predicted).toEqual([0, 1]);
    expect(decodeSequenceNotes(encodeSequenceNotes(notes))).toEqual(notes);
  });

  it("hold the end of a forecast series", () => {
    const actual = Float32Array.from({ length: 2 * 400 }, (_, i) => i);
    const last = actual.map((_, i) => (i < 2 * 101 ? Number.NaN : i - 2));
    const notes = noteForecast({
      horizon: 1,
      names: ["x", "y"],
      actual: [actual],
      predicted: [actual],
      naive: [{ name: "last value", values: [last] }],
      network: { meanSquaredError: 0.5, meanAbsoluteError: 0.25 },
      baselines: [
        { name: "last value", rule: "the step before", meanSquaredError: 4, meanAbsoluteError: Number.NaN },
      ],
    });
    expect(notes.stretches).toHaveLength(2);
    const [, y] = notes.stretches;
    expect([y.name, y.first, y.actual.length, y.actual[0], y.actual[299]]).toEqual(["y", 101, 300, 201, 799]);
    expect(y.naive[0].values.slice(0, 3)).toEqual([null, 201, 203]);
    expect(notes.baselines[0].meanAbsoluteError).toBeNull();
    expect(decodeSequenceNotes(encodeSequenceNotes(notes))).toEqual(notes);
  });

  it("are not taken from bytes that hold none", () => {
    for (const other of ["", "{}", "[]", '{"task":"classify"}', '{"task":"next"}', "\xff"])
      expect(decodeSequenceNotes(new TextEncoder().encode(other))).toBeUndefined();
  });
});
