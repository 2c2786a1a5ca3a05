// What a training finds when it is started again beside a checkpoint that is not what it wrote.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { resumption } from "../../src/cli/training.js";
import { InputError } from "../../src/errors.js";
import { encodeCheckpoint } from "../../src/train/checkpoint.js";
import type { Run } from "../../src/train/train.js";

const folder = mkdtempSync(join(tmpdir(), "filigree-"));
afterAll(() => rmSync(folder, { recursive: true }));

const vector = new Float32Array(2);
const state = {
  parameters: vector,
  firstMoment: vector,
  secondMoment: vector,
  step: 3,
  wiring: { mask: Uint8Array.of(1, 0), born: Int32Array.of(2, 0) },
};

const run: Run = {
  epoch: 1,
  step: 4,
  updates: 2,
  state,
  carry: vector,
  sums: { loss: Number.NaN, count: 2, correct: 1, born: 3, dropped: 4 },
  history: [{ trainLoss: 1, trainAccuracy: 0.5, testLoss: Number.POSITIVE_INFINITY, testAccuracy: 0 }],
  best: { epoch: 1, loss: 0.3, parameters: vector, mask: Uint8Array.of(0, 1) },
  sparsity: new Map([["values", Float32Array.of(1, 2)]]),
};

function checkpoint(notes: [string, string][] = []): string {
  const file = join(folder, "checkpoint");
  writeFileSync(file, encodeCheckpoint({ run, notes: new Map([["identity", "this"], ...notes]) }));
  return file;
}

describe("a checkpoint beside the output", () => {
  it("is taken up with all that it holds, of which a loss may not be finite", () => {
    expect(resumption(checkpoint(), "this")).toEqual(run);
  });

  it("is not given up for another run", () => {
    expect(() => resumption(checkpoint(), "other")).toThrow(
      "is the checkpoint of another run; repeat that run's options and data, name another --out, or delete it",
    );
  });

  it.each<[string, (bytes: Uint8Array) => Uint8Array]>([
    ["cut off", (bytes) => bytes.subarray(0, -1)],
    ["empty", () => new Uint8Array(0)],
    ["no checkpoint", () => Buffer.from("string,valid")],
  ])("is refused with advice that helps when it is %s", (_, damage) => {
    const file = checkpoint();
    writeFileSync(file, damage(readFileSync(file)));
    expect(() => resumption(file, "this")).toThrow(
      `${file}: the checkpoint is damaged; delete it and start again`,
    );
  });

  it.each(["", "{}", "[1]", '{"epoch": "1"}', "[".repeat(1e5)])(
    "is refused when damaged: %.20s",
    (described) => {
      const file = checkpoint([["run", described]]);
      expect(() => resumption(file, "this")).toThrow(InputError);
      expect(() => resumption(file, "this")).toThrow("description of its run is damaged; delete it");
    },
  );
});
