// Strings as people bring them, from their file to a network that is used: any columns, any letters, classes with names.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { Random } from "../../src/math/random.js";
import { readNetwork } from "../../src/paths/networks.js";
import { filigree } from "./command-line.js";

const folder = mkdtempSync(join(tmpdir(), "filigree-"));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string) => join(folder, name);

const random = new Random(1);
const letters = (alphabet: string, length: number) =>
  Array.from({ length }, () => random.pick([...alphabet])).join("");
const rows = (count: number, row: (i: number) => string) =>
  Array.from({ length: count }, (_, i) => row(i)).join("");

const files: Readonly<Record<string, { text: string; classes: string[]; known: string; symbols: number }>> = {
  "dna.csv": {
    text: `id,name,sequence,promoter\n${rows(80, (i) => `${i},S${i},${letters("ACGT", 12)},${i % 2 ? "promoter" : "other"}\n`)}`,
    classes: ["other", "promoter"],
    known: "ACGT",
    symbols: 128,
  },
  "sentiment.csv": {
    text: `Review,Sentiment\n${rows(60, (i) => `"Well, it was ${["fine", "bad", "so so"][i % 3]} (${i})!",${["positive", "negative", "neutral"][i % 3]}\n`)}`,
    classes: ["negative", "neutral", "positive"],
    known: "It was fine!",
    symbols: 128,
  },
  "names.csv": {
    text: `name,language\n${rows(80, (i) => `${["Łucja", "Élodie", "Jürgen", "Iñigo"][i % 4]}${letters("abc", 6)},${["Polish", "French", "German", "Spanish"][i % 4]}\n`)}`,
    classes: ["French", "German", "Polish", "Spanish"],
    known: "Éloi",
    symbols: 20,
  },
  "semicolons.csv": {
    text: `\ufeffWort;Klasse\r\n${rows(60, (i) => `${i % 2 ? "Äpfel" : "Birne"}${letters("abc", 4)};${1 + (i % 2)}\r\n`)}`,
    classes: ["0", "1", "2"],
    known: "Äpfel",
    symbols: 13,
  },
  "answers.tsv": {
    text: `${rows(60, (i) => `${letters(i % 2 ? "ab" : "cd", 6)}\t${i % 2 ? "yes" : "no"}\n`)}`,
    classes: ["no", "yes"],
    known: "abab",
    symbols: 128,
  },
};

async function json(...words: string[]) {
  const { code, stdout, stderr } = await filigree(...words, "--json");
  expect({ code, stderr: code === 0 ? "" : stderr }).toEqual({ code: 0, stderr: "" });
  return JSON.parse(stdout);
}

describe.each(Object.entries(files))("%s", (name, { text, classes, known, symbols }) => {
  const model = at(`${name}.safetensors`);
  const data = ["--data", at(name)];
  const small = ["--executor", "reference"];

  it("is trained on, evaluated, streamed, pruned and measured", async () => {
    writeFileSync(at(name), text);
    const size = ["--cell", "gru", "--hidden", "4", "--epochs", "1", ...small];
    expect(await json("train", ...data, ...size, "--out", model)).toMatchObject({ classes });
    const { conventions, architecture } = readNetwork(model);
    expect(conventions.labels).toEqual(classes);
    expect(conventions.vocabulary.symbols).toHaveLength(symbols);
    expect(architecture.readout.outputs).toBe(classes.length);

    const { total, logits, ...evaluation } = await json("evaluate", model, ...data, ...small);
    expect(evaluation.classes).toEqual(classes);
    expect(logits[0]).toHaveLength(classes.length);
    expect(total).toBeGreaterThanOrEqual(60);

    writeFileSync(at("lines"), `${known}\n`);
    const { labels, strings } = await json("stream", model, at("lines"), ...small);
    expect(labels).toEqual(classes);
    expect(strings[0].label).toBe(classes[strings[0].class]);
    const said = await filigree("stream", model, at("lines"), ...small);
    expect(said.stdout).toMatch(`${known}  ${strings[0].label} `);

    const half = ["--percent", "50", "--retrain", "1", "--out", at("half.safetensors"), ...small];
    const pruned = await json("prune", model, ...data, ...half);
    expect(pruned.classes).toEqual(classes);
    expect(pruned.stages).toHaveLength(3);
    expect(await json("size", at("half.safetensors"))).toMatchObject({ labels: classes });
    expect(await json("data", "stats", at(name))).toMatchObject({ classes, strings: total });
  });
});

describe("strings of one's own", () => {
  it("are listed class by class where classes have names", async () => {
    const { stdout } = await filigree("evaluate", at("names.csv.safetensors"), "--data", at("names.csv"));
    expect(stdout).toMatch(/class +labels +right +share +most often taken for/);
    expect(stdout).toMatch(/\nPolish +20 /);
  });

  it.each<[string, string, string[], RegExp]>([
    [
      "a class that only the test data have",
      "name,language\nÉlo,Welsh\n",
      [],
      /test\.csv:2: the label "Welsh" is no class of the training data/,
    ],
    [
      "a column that is not there",
      "name,language\nÉlo,French\n",
      ["--label-column", "tongue"],
      /names\.csv:1: --label-column: there is no column "tongue"/,
    ],
    [
      "letters beyond a vocabulary",
      "name,language\nÉlo,French\n",
      ["--vocabulary", "abc"],
      /names\.csv:2: character 1 .* is beyond the vocabulary; the network knows 3 characters/,
    ],
  ])("are refused with %s", async (_, test, options, message) => {
    writeFileSync(at("test.csv"), test);
    const words = ["train", "--data", at("names.csv"), "--test", at("test.csv"), "--cell", "gru", ...options];
    const { code, stderr } = await filigree(...words, "--out", at("refused.safetensors"));
    expect(code).toBe(2);
    expect(stderr.trimEnd().split("\n")).toHaveLength(1);
    expect(stderr).toMatch(message);
  });

  it("of a single class are refused, and of few columns asked for", async () => {
    writeFileSync(at("one.csv"), "text,label\na,b\nc,b\ne,b\nf,b\n");
    const one = await filigree(
      "train",
      "--data",
      at("one.csv"),
      "--cell",
      "gru",
      "--out",
      at("x.safetensors"),
    );
    expect(one.code).toBe(2);
    expect(one.stderr).toMatch(/training strings have the label "b"; give strings of at least two classes/);
    const nothing = await filigree("train", "--string-column", "a", "--cell", "gru");
    expect(nothing.stderr).toMatch(/--string-column: there is no training data/);
  });

  it("may be words of a vocabulary", async () => {
    writeFileSync(
      at("words.csv"),
      `text,label\n${rows(20, (i) => `film was ${i % 2 ? "good" : "bad"},${i % 2}\n`)}`,
    );
    const words = [
      "--vocabulary",
      '["film","was","good","bad"]',
      "--cell",
      "gru",
      "--hidden",
      "4",
      "--epochs",
      "1",
    ];
    await json("train", "--data", at("words.csv"), ...words, "--out", at("words.safetensors"));
    const { vocabulary } = readNetwork(at("words.safetensors")).conventions;
    expect([vocabulary.kind, vocabulary.symbols.length]).toEqual(["words", 4]);
  });

  it("fit structures, of any wiring and read-out, whose graph is recognised", async () => {
    writeFileSync(at("graph.edges"), "a b\na c\nb d\nc d\nb e\n");
    for (const how of [
      ["--protocol", "thesis"],
      ["--readout", "sinks"],
    ]) {
      const out = ["--epochs", "1", "--out", at("structure.safetensors")];
      const made = await json(
        "structure",
        "train",
        at("graph.edges"),
        "--cell",
        "gru",
        "--data",
        at("names.csv"),
        ...how,
        ...out,
      );
      expect(made.classes).toHaveLength(4);
      const { labels } = await json("size", at("structure.safetensors"), "--graph", at("graph.edges"));
      expect(labels).toEqual(made.classes);
    }
  });
});
