import { describe, expect, it } from "vitest";
import { z } from "zod";
import { check } from "../../src/study/check.js";

const schema = z.strictObject({
  cell: z.enum(["lstm", "gru"]).default("lstm"),
  train: z.strictObject({ learningRate: z.number().positive().default(0.001) }).prefault({}),
  scope: z.union([z.strictObject({ layer: z.int() }), z.strictObject({ matrix: z.string() })]).optional(),
});

describe("check", () => {
  it("fills in defaults", () => {
    expect(check(schema, {}, "x")).toEqual({ cell: "lstm", train: { learningRate: 0.001 } });
  });

  it.each([
    [{ cel: "gru" }, "f.yaml: unknown key cel; did you mean cell"],
    [{ train: { learningrate: 1 } }, "f.yaml: unknown key train.learningrate; did you mean learningRate"],
    [{ train: { rate: 1 } }, "f.yaml: unknown key train.rate; did you mean learningRate"],
    [{ scope: { layr: 1 } }, "f.yaml: unknown key scope.layr; did you mean layer"],
    [{ zzzzzz: 1 }, "f.yaml: unknown key zzzzzz; use cell, train or scope"],
    [{ cell: "rnn" }, 'f.yaml: cell: invalid option: expected one of "lstm"|"gru"'],
    [
      { train: { learningRate: Number.NaN } },
      "f.yaml: train.learningRate: invalid input: expected number, received NaN",
    ],
    [[], "f.yaml: invalid input: expected object, received array"],
  ])("%j is answered with one line", (value, line) => {
    expect(() => check(schema, value, "f.yaml")).toThrow(line);
  });
});
