// Every verb that runs batches of strings can hold the activations of some steps only.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { filigree } from "./command-line.js";

const folder = mkdtempSync(join(tmpdir(), "filigree-recompute-"));
const at = (name: string) => join(folder, name);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const data = ["--data", at("train.csv"), "--test", at("test.csv")];
const small = ["--epochs", "1", "--batch", "16"];
const model = at("gru.safetensors");

beforeAll(async () => {
  await filigree("data", "reber", "--count", "80", "--max-length", "15", "--out", folder);
  const words = ["--cell", "gru", "--hidden", "6", "--layers", "2", ...data, ...small, "--out", model];
  expect((await filigree("train", ...words)).code).toBe(0);
});

const run = async (...words: string[]) => {
  const { code, stdout, stderr } = await filigree(...words, "--json");
  expect({ code, stderr: code === 0 ? "" : stderr }).toEqual({ code: 0, stderr: "" });
  return JSON.parse(stdout);
};

it("evaluate says the same, at any reading", async () => {
  for (const protocol of ["thesis", "corrected"]) {
    const words = ["evaluate", model, "--data", at("test.csv"), "--protocol", protocol];
    const held = await run(...words);
    for (const steps of ["1", "4", "100"]) expect(await run(...words, "--recompute", steps)).toEqual(held);
  }
});

it("prune evaluates to the same and retrains", async () => {
  const words = ["prune", model, "--percent", "50", ...data];
  const { stages } = await run(...words);
  const retrained = await run(...words, "--recompute", "3", "--retrain", "1");
  expect(retrained.stages.slice(0, 2)).toEqual(stages);
  expect(retrained.stages).toHaveLength(3);
});

it("structure train comes to the same loss but for rounding", async () => {
  writeFileSync(at("graph.txt"), "0 2\n1 2\n0 3\n2 4\n3 4\n1 4\n");
  const train = (...more: string[]) =>
    run("structure", "train", at("graph.txt"), "--cell", "lstm", ...data, ...small, ...more);
  const held = await train("--out", at("held.safetensors"));
  const recomputed = await train("--out", at("anew.safetensors"), "--recompute", "2");
  expect(recomputed.epochs[0].trainLoss).toBeCloseTo(held.epochs[0].trainLoss, 5);
});

it("refuses what is no number of steps", async () => {
  const { code, stderr } = await filigree("evaluate", model, "--data", at("test.csv"), "--recompute", "0");
  expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringMatching(/--recompute.*\n$/) });
});
