// A language model's way through the verbs: train, evaluate, prune, sample and size, and what they refuse.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readNetwork } from "../../src/paths/networks.js";
import { filigree } from "./command-line.js";

const folder = mkdtempSync(join(tmpdir(), "filigree-"));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string) => join(folder, name);

const verse = "über den Wolken, under the clouds\nand over the hills; ".repeat(50);
const text = at("verse.txt");
const model = at("model.safetensors");
const small = ["--hidden", "8", "--epochs", "2", "--batch", "4", "--window", "16", "--cell", "gru"];

beforeAll(async () => {
  writeFileSync(text, verse);
  const { code, stdout } = await filigree("train", "--text", text, ...small, "--out", model, "--json");
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    network: model,
    task: "next",
    cell: "gru",
    epochs: [{ validationLoss: expect.any(Number) }, { validationLoss: expect.any(Number) }],
    baseline: { nats: expect.any(Number) },
  });
});

describe("a language model", () => {
  it("carries its vocabulary, in any script", () => {
    const { conventions, architecture } = readNetwork(model);
    expect(conventions.vocabulary.symbols).toEqual([...new Set(verse)].sort());
    expect(architecture.readout.at).toBe("every-step");
  });

  it("is evaluated on texts, as its training judged it", async () => {
    const tail = at("tail.txt");
    const symbols = [...verse];
    writeFileSync(tail, symbols.slice(Math.floor(0.9 * symbols.length)).join(""));
    const result = JSON.parse((await filigree("evaluate", model, "--text", tail, "--json")).stdout);
    expect(result).toMatchObject({
      task: "next",
      symbols: symbols.length - Math.floor(0.9 * symbols.length) - 1,
    });
    expect(result.bits).toBeCloseTo(result.nats / Math.LN2, 12);
    expect(result.perplexity).toBeCloseTo(Math.exp(result.nats), 12);
    expect(result.logits).toHaveLength(8);
    const further = await filigree(
      "train",
      "--from",
      model,
      "--text",
      text,
      "--updates",
      "3",
      "--json",
      "--out",
      at("f"),
    );
    const updates = JSON.parse(further.stdout).updates;
    expect(updates).toHaveLength(3);
    expect(updates[0]).toEqual({ loss: expect.any(Number), gradientNorm: expect.any(Number) });
    expect(readNetwork(at("f")).parameters).not.toEqual(readNetwork(model).parameters);
  });

  it("is pruned and retrained on a text", async () => {
    const out = at("pruned.safetensors");
    const words = ["--percent", "60", "--text", text, "--batch", "4", "--window", "16", "--retrain", "1"];
    const { code, stdout } = await filigree("prune", model, ...words, "--out", out, "--json");
    expect(code).toBe(0);
    const { stages, nonzeros } = JSON.parse(stdout);
    expect(stages.map(({ stage }: { stage: string }) => stage)).toEqual([
      "as it was",
      "pruned",
      "retrained 1",
    ]);
    const size = JSON.parse((await filigree("size", out, "--json")).stdout);
    expect(size).toMatchObject({ task: "next", vocabulary: [...new Set(verse)].length });
    const hidden = size.cells[0].gates.reduce(
      (sum: number, gate: { hidden: { nonzeros: number } }) => sum + gate.hidden.nonzeros,
      0,
    );
    expect(hidden).toBe(nonzeros["cells.0.weight_hh"]);
    expect((await filigree("size", out)).stdout).toContain("predicts the next symbol, at every step");
  });

  it("writes text by a seed", async () => {
    const write = async (...words: string[]) =>
      (await filigree("sample", model, "--length", "30", "--prompt", "über", ...words)).stdout;
    const written = await write();
    expect(written).toMatch(/^über/);
    expect([...written.trimEnd()].length).toBeGreaterThan(25);
    expect(await write()).toBe(written);
    expect(await write("--seed", "2")).not.toBe(written);
  });

  it("goes on after an interruption with the same bits, and not on another text", async () => {
    const train = (out: string, ...more: string[]) =>
      filigree(
        "train",
        "--text",
        text,
        ...small,
        "--epochs",
        "40",
        "--dropout",
        "0.1",
        "--out",
        out,
        ...more,
      );
    await train(at("whole"));
    const interrupted = train(at("parts"));
    while (!existsSync(at("parts.checkpoint"))) await setTimeout(1);
    process.emit("SIGINT");
    expect(await interrupted).toMatchObject({ code: 130 });
    const before = readFileSync(text);
    writeFileSync(text, `${verse}!`);
    const other = await train(at("parts"));
    writeFileSync(text, before);
    expect(other).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("of another run; repeat that run's"),
    });
    expect((await train(at("parts"))).stderr).toContain("going on after epoch");
    expect(readFileSync(at("parts"))).toEqual(readFileSync(at("whole")));
  });

  it("takes words, and several texts", async () => {
    const out = at("words.safetensors");
    const words = ["--text", text, text, "--symbols", "words", "--unknown", ...small];
    expect(await filigree("train", ...words, "--out", out)).toMatchObject({ code: 0 });
    const { stdout } = await filigree("sample", out, "--length", "12", "--prompt", "the hills");
    expect(stdout).toMatch(/^the hills[ ,;\n]/);
  });
});

describe("refuses in one line", () => {
  it.each<[string, string[], RegExp]>([
    ["an empty text", ["train", "--text", "EMPTY"], /the text is empty; give at least two/],
    ["a text of one symbol", ["train", "--text", "ONE"], /repeats a single symbol/],
    [
      "a text shorter than a batch",
      ["train", "--text", "TEXT", "--batch", "500"],
      /too few for 500 streams.*; use --/,
    ],
    ["a text that is no UTF-8", ["train", "--text", "BYTES"], /not UTF-8/],
    [
      "a validation with other symbols",
      ["train", "--text", "TEXT", "--validation", "OTHER"],
      /OTHER.*vocabulary/,
    ],
    [
      "a rate that diverges",
      [
        "train",
        "--text",
        "TEXT",
        "--learning-rate",
        "10",
        "--clip",
        "1e9",
        "--optimiser",
        "sgd",
        "--cell",
        "rnn-relu",
        "--batch",
        "1",
        "--window",
        "8",
      ],
      /smaller learning rate/,
    ],
    ["a network for strings", ["evaluate", "STRINGS", "--text", "TEXT"], /tells 2 classes apart/],
    [
      "strings' options beside a text",
      ["train", "--text", "TEXT", "--data", "x.csv"],
      /--data: it goes with no --text/,
    ],
    [
      "texts' options beside strings",
      ["train", "--data", "TEXT", "--string-column", "a", "--window", "3"],
      /--window: it goes with --text/,
    ],
    [
      "a shape beside a network",
      ["train", "--from", "MODEL", "--text", "TEXT", "--hidden", "3"],
      /--hidden: it goes with no --from/,
    ],
    [
      "patience where nothing judges",
      ["train", "--cell", "gru", "--patience", "3"],
      /^.*patience: there is nothing to judge epochs by/m,
    ],
    ["a text beyond the vocabulary", ["evaluate", "MODEL", "--text", "OTHER"], /vocabulary/],
    ["a prompt beyond the vocabulary", ["sample", "MODEL", "--prompt", "☃"], /--prompt.*vocabulary/],
  ])("%s", async (_, words, message) => {
    writeFileSync(at("EMPTY"), "");
    writeFileSync(at("ONE"), "aaaaaaaaaaaaaaaaaaaaaaaaa");
    writeFileSync(at("BYTES"), Uint8Array.of(0x61, 0xff, 0x62));
    writeFileSync(at("OTHER"), "Привет, снежинка!".repeat(20));
    writeFileSync(at("TEXT"), verse);
    if (!existsSync(at("STRINGS"))) {
      const strings = ["--cell", "gru", "--hidden", "3", "--epochs", "1", "--layers", "1"];
      writeFileSync(at("s.csv"), "string,valid\nab,1\nba,0\nabb,1\nbaa,0\nab,1\nba,0\nabb,1\nbaa,0\n");
      await filigree("train", "--data", at("s.csv"), ...strings, "--out", at("STRINGS"));
    }
    const named = words.map((word) => (word === "MODEL" ? model : /^[A-Z]+$/.test(word) ? at(word) : word));
    const out = ["train"].includes(words[0]) ? ["--epochs", "1", "--out", at("never")] : [];
    const { code, stderr } = await filigree(...named, ...out);
    expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringMatching(message) });
    expect(
      stderr
        .trim()
        .split("\n")
        .filter((line) => line.startsWith("filigree:")),
    ).toHaveLength(1);
    expect(existsSync(at("never"))).toBe(false);
  });
});
