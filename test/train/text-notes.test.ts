import { describe, expect, it } from "vitest";
import { createTextData } from "../../src/data/text.js";
import { Random } from "../../src/math/random.js";
import { Network } from "../../src/network/network.js";
import { newLanguageModel } from "../../src/train/language.js";
import { decodeNotes, encodeNotes, noteText } from "../../src/train/text-notes.js";

const text = "one two one two, three one two. ".repeat(8);

describe("the notes of a training on texts", () => {
  it.each([
    ["characters", 400],
    ["bytes", 400],
    ["words", 100],
  ] as const)("hold samples of %s, also where the vocabulary has no line feed", (cut, length) => {
    const data = createTextData([{ name: "t", text }], { cut });
    const { architecture, parameters, masks } = newLanguageModel(
      data.vocabulary.length,
      { cell: "gru", hidden: 4 },
      new Random(1),
    );
    const network = new Network(architecture, parameters, masks);
    const write = () => noteText(network, data, [{ context: 0, sequences: 9, nats: 1.5 }], new Random(2));
    const notes = write();
    expect(write()).toEqual(notes);
    expect(notes.baselines).toEqual([{ context: 0, nats: 1.5 }]);
    expect(notes.samples.map(({ temperature }) => temperature)).toEqual([0.5, 0.8, 1]);
    if (cut === "characters") for (const sample of notes.samples) expect(sample.text).toHaveLength(length);
    expect(decodeNotes(encodeNotes(notes))).toEqual(notes);
  });

  it("are not taken from bytes that hold none", () => {
    for (const other of ["", "{}", "[]", '{"baselines":[{"context":-1,"nats":1}],"samples":[]}', "\xff"])
      expect(decodeNotes(new TextEncoder().encode(other))).toBeUndefined();
  });
});
