// The playground's training is the command line's: the same options and seed make the same file, and what a reader does by
// hand can be repeated from a link.
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import {
  commandsOf,
  type Experiment,
  fromAddress,
  standard,
  toAddress,
} from "../../src/web/playground/experiment.js";
import type { Files } from "../../src/web/playground/subject.js";
import { SAMPLE_TEXT } from "../../src/web/playground/tasks.js";
import { filigree } from "../cli/command-line.js";
import { Playground } from "./desk.js";

const folder = mkdtempSync(join(tmpdir(), "filigree-playground-"));
afterAll(() => rmSync(folder, { recursive: true }));
const small = { ...standard, hidden: 6, layers: 1 };

/** Begins an experiment and makes so many updates, all where none are said. */
async function made(experiment: Experiment, updates?: number, files: Files = {}): Promise<Playground> {
  const playground = new Playground();
  await playground.order({ type: "begin", experiment, files });
  await playground.next("hash");
  if (updates === undefined) {
    await playground.order({ type: "play" });
    await playground.next("view", ({ view }) => view.mode !== "playing" && view.step > 0);
  } else {
    for (let i = 0; i < updates; i++) await playground.order({ type: "step" });
    await playground.next("view", ({ view }) => view.step === updates);
  }
  return playground;
}

/** Runs what the page names, in a folder. @returns the digest of the file. */
async function commanded(experiment: Experiment, updates?: number): Promise<string> {
  const at = (name: string) => join(folder, name);
  for (const line of commandsOf(experiment, { updates, baseline: false })!) {
    const words = line.split(" ").slice(2);
    const isFile = (word: string, i: number) =>
      i > 0 && /^data(\/.*)?$|\.(csv|txt|safetensors|npz)$/.test(word);
    const there = words.map((word, i) => (isFile(word, i) ? at(word) : word));
    const { code, stderr } = await filigree(...there);
    expect(code, stderr).toBe(0);
  }
  return createHash("sha256")
    .update(readFileSync(at("network.safetensors")))
    .digest("hex");
}

describe("the same experiment here and on the command line", () => {
  it.each<[string, Partial<Experiment>, number | undefined]>([
    ["dense", {}, 40],
    ["at random", { method: "random", density: 0.3, cell: "lstm", layers: 2 }, 25],
    ["by SNIP in blocks", { method: "snip", density: 0.5, pattern: "4x1", cell: "rnn-relu", hidden: 8 }, 10],
    ["by RigL", { method: "rigl", density: 0.3, task: "tomita-4", epochs: 1 }, undefined],
    [
      "gradually, along a cosine",
      { method: "gradual", schedule: "cosine", task: "tomita-5", epochs: 2 },
      undefined,
    ],
    ["of embedded strings, over the end of an epoch", { task: "embedded-reber", batch: 256 }, 15],
  ])("makes the same file %s", async (_, settings, updates) => {
    const experiment = { ...small, ...settings };
    const playground = await made(experiment, updates);
    const { hash } = await playground.next("hash", ({ step }) => updates === undefined || step === updates);
    expect(hash).toBe(await commanded(experiment, updates));
  });

  it("makes the same file of a text", async () => {
    writeFileSync(join(folder, "playground.txt"), SAMPLE_TEXT);
    const experiment = { ...small, task: "text", epochs: 2, batch: 4, hidden: 8 };
    const playground = await made(experiment);
    expect((await playground.next("hash")).hash).toBe(await commanded(experiment));
  });

  it("trains further a network that the command line wrote", async () => {
    await commanded({ ...small, task: "tomita-7" }, 5);
    const from = { name: "begun.safetensors", bytes: readFileSync(join(folder, "network.safetensors")) };
    writeFileSync(join(folder, from.name), from.bytes);
    const experiment = { ...small, task: "tomita-7", from: from.name };
    const playground = await made(experiment, 7, { from });
    const { hash } = await playground.next("hash", ({ step }) => step === 7);
    expect(hash).toBe(await commanded(experiment, 7));
  });
});

describe("what a reader does by hand", () => {
  const experiment: Experiment = { ...small, hidden: 10 };

  /** Cuts, prunes and regrows in a training, and says what its link and its network are then. */
  async function changedByHand(): Promise<{ address: string; hash: string }> {
    const playground = await made(experiment, 3);
    await playground.order({ type: "change", change: { kind: "prune", percent: 60 } });
    await playground.next("measured", ({ measurement }) => measurement.step === 3);
    for (let i = 0; i < 4; i++) await playground.order({ type: "step" });
    await playground.next("view", ({ view }) => view.step === 7);
    await playground.order({ type: "change", change: { kind: "below", threshold: 0.05 } });
    await playground.order({ type: "change", change: { kind: "regrow", weights: [200, 201] } });
    await playground.order({ type: "change", change: { kind: "cut", weights: [150] } });
    for (let i = 0; i < 3; i++) await playground.order({ type: "step" });
    const { hash } = await playground.next("hash", ({ step }) => step === 10);
    const { edits } = playground.reports.filter((report) => report.type === "edits").at(-1)!;
    return { address: toAddress({ ...experiment, edits }), hash };
  }

  it("is in the link, which makes the same network again", async () => {
    const { address, hash } = await changedByHand();
    const linked = fromAddress(address);
    expect(linked.edits.map(({ kind }) => kind)).toEqual(["prune", "below", "regrow", "cut"]);
    expect(commandsOf(linked, { baseline: false })).toBeUndefined();
    const playground = await made(linked, 10);
    expect((await playground.next("hash", ({ step }) => step === 10)).hash).toBe(hash);
  });

  it("makes weights absent and brings them back", async () => {
    const playground = await made(experiment, 2);
    await playground.order({ type: "change", change: { kind: "prune", percent: 100 } });
    const pruned = await playground.next("view", ({ view }) => view.step === 2 && view.mask.includes(0));
    const { parameters, mask } = pruned.view;
    expect([...parameters].filter((value, i) => mask[i] === 0 && value !== 0)).toEqual([]);
    await playground.order({ type: "change", change: { kind: "regrow-all" } });
    const { view } = await playground.next("view", ({ view }) => !view.mask.includes(0));
    expect([...view.parameters].filter((value, i) => mask[i] === 0 && value !== 0)).toEqual([]);
    await playground.order({ type: "step" });
    const trained = await playground.next("view", ({ view }) => view.step === 3);
    expect(trained.view.parameters.filter((_, i) => mask[i] === 0).some((value) => value !== 0)).toBe(true);
  });

  it("is forgotten by going back, after which the training is what it would have been", async () => {
    const playground = await made(experiment, 12);
    await playground.order({ type: "change", change: { kind: "prune", percent: 90 } });
    await playground.order({ type: "step" });
    await playground.next("view", ({ view }) => view.step === 13);
    await playground.order({ type: "rewind", step: 10 });
    await playground.next("rewound");
    for (let i = 0; i < 5; i++) await playground.order({ type: "step" });
    const { hash } = await playground.next("hash", ({ step }) => step === 15);
    const plain = await made(experiment, 15);
    expect((await plain.next("hash", ({ step }) => step === 15)).hash).toBe(hash);
  });

  it("is refused by methods that decide anew at every update", async () => {
    const playground = await made({ ...experiment, method: "top-k" }, 1);
    await playground.order({ type: "change", change: { kind: "prune", percent: 50 } });
    const { message } = await playground.next("refused");
    expect(message).toMatch("the method decides anew at every update");
  });
});

it("a training that is played stops at its end and goes on from there", async () => {
  const playground = await made({ ...small, task: "tomita-1", epochs: 2 });
  const { view } = playground.reports.filter((report) => report.type === "view").at(-1)!;
  expect(view.step).toBe(6);
  await playground.order({ type: "step" });
  await playground.next("view", ({ view }) => view.step === 7);
});

it.each<[string, Partial<Experiment>]>([
  ["mine.csv", { task: "file", file: "mine.csv" }],
  ["playground.txt", { task: "text", file: "playground.txt" }],
  ["begun.safetensors", { from: "begun.safetensors" }],
])("a file that an experiment needs is asked for: %s", async (name, settings) => {
  const playground = new Playground();
  await playground.order({ type: "begin", experiment: { ...small, ...settings }, files: {} });
  const { message } = await playground.next("refused");
  expect(message).toBe(`${name}: the file of this experiment is not here; open it, or drop it on the page`);
});

it.each<[string, string, number]>([
  [
    "strings",
    "string,label\n" +
      Array.from(
        { length: 40 },
        (_, i) => `${"ab".repeat(1 + (i % 5))}${i % 2 ? "c" : "d"},${i % 2 ? "yes" : "no"}`,
      ).join("\n"),
    0,
  ],
  [
    "numbers",
    "a,b,label\n" +
      Array.from(
        { length: 60 },
        (_, i) => `${Math.sin(i)},${Math.cos(i)},${Math.sin(i) > 0 ? "up" : "down"}`,
      ).join("\n"),
    1,
  ],
])("a file of %s makes what the command line makes of it", async (_, text, channels) => {
  writeFileSync(join(folder, "mine.csv"), text);
  const experiment = { ...small, task: "file", file: "mine.csv", batch: 8 };
  const data = { name: "mine.csv", bytes: readFileSync(join(folder, "mine.csv")) };
  const playground = await made(experiment, 4, { data });
  const { description } = playground.reports.find((report) => report.type === "begun")!;
  expect(description.classes).toHaveLength(2);
  expect(description.channels).toBe(channels);
  const { hash } = await playground.next("hash", ({ step }) => step === 4);
  expect(hash).toBe(await commanded(experiment, 4));
});
