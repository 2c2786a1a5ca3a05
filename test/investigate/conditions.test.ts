// What the full investigations consist of, without training any of it.
import { mkdirSync, writeFileSync } from "node:fs";
import { expect, it } from "vitest";
import { kinds } from "../../src/experiments/kinds.js";
import { languageParts } from "../../src/investigate/language.js";
import { entriesOf, studiesOf } from "../../src/investigate/plan.js";
import { thresholdParts } from "../../src/investigate/thresholds.js";
import { parseStudy } from "../../src/study/document.js";
import { defineStudy } from "../../src/study/expand.js";
import { testFolder } from "../study/folder.js";

const path = testFolder();
const options = { scale: "full", out: path("out"), minutes: 150, command: "test" } as const;
const sizeOf = (part: Parameters<typeof studiesOf>[0]) =>
  studiesOf(part).reduce((sum, study) => sum + defineStudy(parseStudy(study), kinds).members.length, 0);

/** Bytes as the files of MNIST have them. */
function idx(shape: readonly number[], value: (i: number) => number): Buffer {
  const head = Buffer.alloc(4 + 4 * shape.length);
  head.set([0, 0, 8, shape.length]);
  for (const [i, extent] of shape.entries()) head.writeUInt32BE(extent, 4 + 4 * i);
  const count = shape.reduce((product, extent) => product * extent, 1);
  return Buffer.concat([head, Uint8Array.from({ length: count }, (_, i) => value(i))]);
}

function mnist(): string {
  const folder = path("mnist");
  mkdirSync(folder);
  for (const [name, count] of [
    ["train", 40],
    ["t10k", 20],
  ] as const) {
    writeFileSync(
      `${folder}/${name}-images-idx3-ubyte`,
      idx([count, 28, 28], (i) => i % 251),
    );
    writeFileSync(
      `${folder}/${name}-labels-idx1-ubyte`,
      idx([count], (i) => i % 10),
    );
  }
  return folder;
}

it("thresholds: one condition in full, the others around it one at a time, and data that are named", () => {
  const text = path("text.txt");
  writeFileSync(text, "to be or not to be ".repeat(200));
  const parts = thresholdParts({ ...options, seeds: [1, 2, 3, 4, 5], mnist: mnist(), text });
  const studies = parts.map(({ study }) => study);
  expect(studies).toEqual([
    ...[
      "base",
      "base-2",
      "hard",
      "embedded",
      "longer",
      "shorter",
      "fast",
      "slow",
      "rmsprop",
      "narrow",
      "wide",
    ],
    ...["mnist", "text", "base-cells", "base-dear"],
  ]);
  const [base] = parts;
  // 2 cells × (1 + 5 × 6 sparsities) × 5 seeds, less where small networks come out equally wide: two of the six regimes are one
  // network before and after retraining.
  expect(sizeOf(base)).toBeLessThanOrEqual(310);
  expect(sizeOf(base)).toBeGreaterThan(280);
  const [pruned, trained] = studiesOf(base).map((study) => defineStudy(parseStudy(study), kinds));
  // What is pruned are the dense networks of the other study.
  const dense = [...pruned.trials.values()].filter(({ kind }) => kind === "train");
  expect(dense).toHaveLength(10);
  for (const { identity } of dense) expect(trained.trials.has(identity)).toBe(true);
  const of = (name: string) => parts.find(({ study }) => study === name)!;
  expect(sizeOf(of("mnist"))).toBe(2 * (1 + 3 * 6) * 3);
  expect(sizeOf(of("text"))).toBe(2 * (1 + 3 * 6) * 3);
  expect(of("wide").condition.hidden).toBe(100);
  const [entry] = entriesOf(of("rmsprop")).slice(-1);
  expect(entry).toMatchObject({
    regime: "random",
    sparsity: 99,
    configuration: { sparsify: { density: 0.01 } },
  });
});

it("language: both kinds of weights and each alone, methods, longer and wider networks", () => {
  const parts = languageParts({ ...options, seeds: [1, 2, 3] });
  expect(parts.map(({ study }) => study)).toEqual([
    ...["pruning", "methods", "longer", "wide-rnn-tanh", "wide-gru", "wide-lstm"],
  ]);
  const entries = entriesOf(parts[0]);
  const targets = entries.map(({ configuration: { sparsify } }) => sparsify);
  expect(targets).toContainEqual({ method: "random", target: "h2h", density: 0.05 });
  expect(entries.map(({ configuration }) => configuration)).toContainEqual({
    base: { cell: "lstm", hidden: 128 },
    target: "i2h",
    percent: 80,
    epochs: 8,
  });
  for (const part of parts) expect(sizeOf(part)).toBeGreaterThan(0);
});
