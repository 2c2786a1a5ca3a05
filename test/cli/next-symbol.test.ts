// What the verbs say of networks that predict the next symbol: of lines as they come, and of files from elsewhere.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type StoredTensor, serialise } from "../../src/network/safetensors.js";
import { readNetwork } from "../../src/paths/networks.js";
import { filigree } from "./command-line.js";

const folder = mkdtempSync(join(tmpdir(), "filigree-next-"));
const at = (name: string) => join(folder, name);
const file = (name: string, content: string) => {
  writeFileSync(at(name), content);
  return at(name);
};
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const model = at("poem.safetensors");
beforeAll(async () => {
  const poem = file("poem.txt", "rose is a rose is a rose is a rose\n".repeat(40));
  const small = ["--cell", "gru", "--hidden", "8", "--layers", "1", "--epochs", "1", "--window", "16"];
  const { code } = await filigree("train", "--text", poem, ...small, "--batch", "4", "--out", model);
  expect(code).toBe(0);
});

describe("filigree stream of a language model", () => {
  const lines = ["rose is", "a", "", "rose is"];

  it("tells all symbols after each line by their probabilities, as evaluate has them", async () => {
    const { code, stdout, stderr } = await filigree(
      "stream",
      model,
      file("l.txt", lines.join("\n")),
      "--json",
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const { strings } = JSON.parse(stdout);
    expect(strings.map(({ string }: { string: string }) => string)).toEqual(["rose is", "a", "rose is"]);
    expect(strings[2]).toEqual(strings[0]);
    const words = ["--text", file("longer.txt", "rose is a rose"), "--json"];
    const { logits } = JSON.parse((await filigree("evaluate", model, ...words)).stdout);
    const { symbols } = readNetwork(model).conventions.vocabulary;
    const total = logits[6].reduce((sum: number, logit: number) => sum + Math.exp(logit), 0);
    const found = new Map<string, number>();
    for (const { symbol, probability } of strings[0].next) found.set(symbol, probability);
    expect([...found.keys()].sort()).toEqual([...symbols].sort());
    for (const [i, symbol] of symbols.entries()) {
      expect(found.get(symbol)).toBeCloseTo(Math.exp(logits[6][i]) / total, 6);
    }
    const ranked = [...found.values()];
    expect(ranked).toEqual(ranked.toSorted((a, b) => b - a));
  });

  it("prints the five likeliest", async () => {
    const { stdout } = await filigree("stream", model, file("l.txt", lines.join("\n")));
    const printed = stdout.trimEnd().split("\n");
    expect(printed).toHaveLength(3);
    expect(printed[0]).toMatch(/^rose is(?: {2}"(?:\\n|[ a-z])" [01]\.\d{4}){5}$/);
  });

  it("names the line with a symbol that it does not know", async () => {
    const { code, stderr } = await filigree("stream", model, file("far.txt", "rose\nroß\n"));
    expect(code).toBe(2);
    expect(stderr).toMatch(/far\.txt:2: 1 of its 3 symbols are not among the 8 of the vocabulary: "ß"/);
  });

  it("reads words as words", async () => {
    const words = at("words.safetensors");
    const text = ["--text", at("poem.txt"), "--symbols", "words", "--window", "8", "--batch", "2"];
    const small = ["--cell", "lstm", "--hidden", "4", "--layers", "1", "--epochs", "1", "--out", words];
    expect((await filigree("train", ...text, ...small)).code).toBe(0);
    const { code, stdout } = await filigree("stream", words, file("w.txt", "a rose is a\n"));
    expect(code).toBe(0);
    expect(stdout).toMatch(/^a rose is a {2}"/);
  });
});

describe("a language model made elsewhere", () => {
  const elsewhere = at("elsewhere.safetensors");
  beforeAll(() => {
    const network = readNetwork(model);
    const { vocabulary } = network.conventions;
    const names = {
      "embedding.weight": "embedding.weight",
      "rnn.weight_ih_l0": "cells.0.weight_ih",
      "rnn.weight_hh_l0": "cells.0.weight_hh",
      "rnn.bias_ih_l0": "cells.0.bias_ih",
      "rnn.bias_hh_l0": "cells.0.bias_hh",
      "fc.weight": "readout.weight",
      "fc.bias": "readout.bias",
    };
    const tensors = Object.entries(names).map(([name, own]): [string, StoredTensor] => [
      name,
      { dtype: "F32", shape: network.tensor(own).shape, values: network.values(own) },
    ]);
    const metadata = new Map([["vocabulary", vocabulary.format()]]);
    writeFileSync(elsewhere, serialise({ tensors: new Map(tensors), metadata }));
  });

  it("says nothing of last steps where it reads texts", async () => {
    const text = ["--text", at("poem.txt")];
    for (const words of [
      ["evaluate", elsewhere, ...text],
      ["prune", elsewhere, "--percent", "50", ...text, "--batch", "2", "--window", "8"],
      ["sample", elsewhere, "--length", "5", "--prompt", "rose"],
      ["train", "--from", elsewhere, ...text, "--epochs", "1", "--out", at("further.safetensors")],
    ]) {
      const { code, stderr } = await filigree(...words);
      expect({ code, words: words[0] }).toEqual({ code: 0, words: words[0] });
      expect(stderr).not.toContain("last step");
    }
    const own = JSON.parse((await filigree("evaluate", model, ...text, "--json")).stdout);
    expect(JSON.parse((await filigree("evaluate", elsewhere, ...text, "--json")).stdout)).toEqual(own);
  });

  it("says where it reads strings", async () => {
    const labels = ["--data", file("labelled.csv", "string,valid\nrose,1\nis,0\n")];
    expect((await filigree("evaluate", elsewhere, ...labels)).stderr).toContain(
      `${elsewhere}: read at its own last step, because the file does not say where; --protocol chooses\n`,
    );
  });

  it("tells the next symbol in a stream, and says why", async () => {
    const lines = file("one.txt", "rose is\n");
    const { code, stdout, stderr } = await filigree("stream", elsewhere, lines);
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: `${elsewhere}: it has an output for every symbol, and is taken to tell the next one\n`,
    });
    expect(stdout).toBe((await filigree("stream", model, lines)).stdout);
  });
});
