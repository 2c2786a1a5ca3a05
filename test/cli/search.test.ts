// The verb `search` as a user meets it: from data to a graph that is trained, stopped and gone on with, and its bad inputs.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { waves } from "../sequences.js";
import { filigree } from "./command-line.js";

const folder = mkdtempSync(join(tmpdir(), "filigree-"));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string) => join(folder, name);

beforeAll(async () => {
  await filigree("data", "reber", "--count", "300", "--out", folder);
});

const files = () => ["--data", at("train.csv"), "--test", at("test.csv")];
const small = () => [
  ...files(),
  "--cell",
  "gru",
  "--units",
  "10",
  "--layers",
  "3",
  "--epochs",
  "3",
  "--batch",
  "16",
];

describe("a search", () => {
  it("writes a graph that structure train takes", async () => {
    const out = at("best.json");
    const { code, stdout, stderr } = await filigree("search", ...small(), "--budget", "18", "--out", out);
    expect([code, stdout]).toEqual([0, expect.stringContaining("18 edges between 10 units, by top-k")]);
    expect(stderr).toMatch(/epoch 3: loss [\d.]+, 18\.0 of 18 open, temperature 0\.000/);
    expect(existsSync(`${out}.checkpoint`)).toBe(false);
    const trained = await filigree(
      "structure",
      "train",
      out,
      "--cell",
      "gru",
      ...files(),
      "--epochs",
      "1",
      "--out",
      at("s.safetensors"),
    );
    expect(trained.code).toBe(0);
  });

  it("writes masks that train takes, and refuses other letters with them", async () => {
    const out = at("best.safetensors");
    const space = ["--space", "weights", "--searcher", "hard-concrete", "--budget", "120"];
    const { code, stdout } = await filigree("search", ...small(), ...space, "--out", out, "--json");
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ out, space: "weights", budget: 120, size: 120 });
    const trained = await filigree(
      "train",
      "--from",
      out,
      ...files(),
      "--epochs",
      "1",
      "--out",
      at("t.safetensors"),
    );
    expect([trained.code, trained.stdout]).toEqual([0, expect.stringContaining("t.safetensors")]);
    writeFileSync(at("other.csv"), `string,valid\n${"äöü,1\nüüö,0\n".repeat(20)}`);
    const other = await filigree("train", "--from", out, "--data", at("other.csv"), "--epochs", "1");
    expect([other.code, other.stderr]).toEqual([2, expect.stringMatching(/other\.csv.*ä.*vocabulary/)]);
  });

  it.each(["top-k", "evolution"])("by %s that is stopped goes on to the same graph", async (searcher) => {
    const ways = [...small(), "--budget", "18", "--searcher", searcher, "--candidates", "4"];
    const [whole, parts] = [at(`${searcher}.json`), at(`${searcher}-parts.json`)];
    expect((await filigree("search", ...ways, "--out", whole)).code).toBe(0);
    const running = filigree("search", ...ways, "--out", parts);
    while (!existsSync(`${parts}.checkpoint`)) await new Promise((resolve) => setTimeout(resolve, 1));
    process.emit("SIGINT");
    expect(await running).toMatchObject({
      code: 130,
      stderr: expect.stringContaining("goes on where it was"),
    });
    const other = await filigree("search", ...ways, "--seed", "2", "--out", parts);
    expect([other.code, other.stderr]).toEqual([
      2,
      expect.stringContaining("is the checkpoint of another search"),
    ]);
    const rest = await filigree("search", ...ways, "--out", parts);
    expect([rest.code, rest.stderr]).toEqual([0, expect.stringContaining("going on from")]);
    expect(readFileSync(parts)).toEqual(readFileSync(whole));
  });
});

describe("what cannot be searched", () => {
  it.each<[what: string, words: string[], says: RegExp]>([
    [
      "more edges than there are",
      ["--budget", "40"],
      /budget: 40 edges are more than the 33 .* use at most 33/,
    ],
    ["too few edges", ["--budget", "8"], /budget: 8 edges do not connect 4, 3, 3 units .* use at least 9/],
    [
      "validation that is the test",
      ["--budget", "18", "--validation", "TEST"],
      /--validation: .* is the test data/,
    ],
    ["a graph as a network", ["--budget", "18", "--out", "x.safetensors"], /finds a graph; use \.json/],
    ["masks as a graph", ["--budget", "90", "--space", "weights", "--out", "x.json"], /use \.safetensors/],
    [
      "graphs among weights",
      ["--budget", "90", "--space", "weights", "--searcher", "evolution"],
      /chooses among graphs/,
    ],
    ["blocks of edges", ["--budget", "18", "--pattern", "2x2"], /edges are chosen one by one/],
    [
      "a wiring of weights",
      ["--budget", "90", "--space", "weights", "--embedding", "4"],
      /--embedding: it goes with --space edges/,
    ],
    ["no such searcher", ["--budget", "18", "--searcher", "darts"], /darts/],
    ["no budget", [], /--budget/],
  ])("%s is refused in one line", async (_, words, says) => {
    const given = words.map((word) =>
      word === "TEST" ? at("test.csv") : word.startsWith("x.") ? at(word) : word,
    );
    const { code, stderr } = await filigree("search", ...small(), ...given);
    expect([code, stderr]).toEqual([2, expect.stringMatching(says)]);
    expect(stderr.trim().split("\n").length).toBe(1);
  });
});

const graphs = () => ["--cell", "gru", "--units", "10", "--layers", "3", "--budget", "18"];
const verse = "the cat sat on the mat and the hat sat on the cat. ".repeat(40);

function file(name: string, content: string): string {
  writeFileSync(at(name), content);
  return at(name);
}

describe("a search on a text", () => {
  it("is stopped and goes on to the same graph, which structure train takes", async () => {
    const text = file("verse.txt", verse);
    const words = ["search", "--text", text, ...graphs(), "--searcher", "mixture", "--epochs", "12"];
    const [whole, parts] = [at("text.json"), at("text-parts.json")];
    const { code, stderr } = await filigree(...words, "--out", whole);
    expect([code, stderr]).toEqual([0, expect.stringMatching(/no --test: what --split leaves/)]);
    const running = filigree(...words, "--out", parts);
    while (!existsSync(`${parts}.checkpoint`)) await new Promise((resolve) => setTimeout(resolve, 1));
    process.emit("SIGINT");
    expect(await running).toMatchObject({ code: 130 });
    const other = await filigree(...words, "--window", "32", "--out", parts);
    expect([other.code, other.stderr]).toEqual([2, expect.stringContaining("checkpoint of another search")]);
    expect((await filigree(...words, "--out", parts)).code).toBe(0);
    expect(readFileSync(parts)).toEqual(readFileSync(whole));
    const out = at("text.safetensors");
    const common = ["--cell", "gru", "--text", text, "--epochs", "1", "--out", out];
    const trained = await filigree("structure", "train", whole, ...common);
    expect([trained.code, trained.stdout]).toEqual([0, expect.stringMatching(/held out [\d.]+/)]);
  });

  it("does not look at what is left for a test", async () => {
    // The last tenth is other words of the same letters.
    const other = `${verse.slice(0, -200)}${"that hand ".repeat(20)}`;
    const words = [...graphs(), "--searcher", "evolution", "--candidates", "3", "--epochs", "1", "--json"];
    const losses: number[][] = [];
    for (const [i, content] of [verse, other].entries()) {
      const text = file(`verse-${i}.txt`, content);
      const { stdout } = await filigree("search", "--text", text, ...words, "--out", at(`e${i}.json`));
      losses.push(JSON.parse(stdout).heldLosses);
    }
    expect(losses[0]).toHaveLength(3);
    expect(losses[1]).toEqual(losses[0]);
  });

  it("holds other texts out, whose unknown symbols are taken for known ones", async () => {
    const [text, other] = [file("verse.txt", verse), file("other.txt", "the X sat. ".repeat(40))];
    const words = ["--text", text, "--validation", other, "--unknown", ...graphs(), "--epochs", "1"];
    const { code, stderr } = await filigree("search", ...words, "--out", at("unknown.json"));
    expect([code, stderr]).toEqual([
      0,
      expect.stringMatching(/validation: 40 symbols .* are taken for the unknown one: "X"/),
    ]);
  });

  it("writes masks that train takes on texts", async () => {
    const text = file("verse.txt", verse);
    const space = ["--space", "weights", "--units", "6", "--layers", "1", "--budget", "90", "--epochs", "2"];
    const out = at("words.safetensors");
    const words = ["--text", text, "--symbols", "words", "--cell", "gru", ...space];
    const { code, stdout } = await filigree("search", ...words, "--out", out, "--json");
    expect([code, JSON.parse(stdout)]).toEqual([0, expect.objectContaining({ size: 90 })]);
    const further = ["--from", out, "--text", text, "--epochs", "1", "--out", at("t.safetensors")];
    expect((await filigree("train", ...further)).code).toBe(0);
  });
});

describe("a search on a forecast", () => {
  it("writes graphs and masks that are trained to forecast", async () => {
    const series = ["--data", file("waves.csv", waves(200)), "--task", "forecast", "--horizon", "2"];
    const [graph, masks] = [at("waves.json"), at("waves.safetensors")];
    const ways = ["--searcher", "evolution", "--candidates", "3", "--epochs", "2"];
    const found = await filigree("search", ...series, ...graphs(), ...ways, "--out", graph, "--json");
    expect(found.code).toBe(0);
    expect(JSON.parse(found.stdout).heldLosses).toHaveLength(3);
    expect(found.stderr).toMatch(/candidate 3: held-out loss [\d.e+]+, best [\d.e+]+/);
    const once = ["--epochs", "1", "--out", at("t.safetensors")];
    expect((await filigree("structure", "train", graph, "--cell", "gru", ...series, ...once)).code).toBe(0);
    const space = [
      "--space",
      "densities",
      "--units",
      "6",
      "--layers",
      "1",
      "--budget",
      "60",
      "--epochs",
      "2",
    ];
    const chosen = await filigree("search", ...series, "--cell", "gru", ...space, "--out", masks);
    expect([chosen.code, chosen.stdout]).toEqual([0, expect.stringContaining("60 weights")]);
    const [, data, ...rest] = series.slice(0, 4);
    expect((await filigree("train", "--from", masks, "--data", data, ...rest, ...once)).code).toBe(0);
  });
});

describe("what cannot be searched of texts and forecasts", () => {
  it.each<[what: string, words: string[], says: RegExp]>([
    [
      "a text that is too short to hold some out",
      ["--text", "SHORT"],
      /short\.txt: its 90 symbols are too few to hold some out for a search/,
    ],
    ["a text beside data", ["--text", "VERSE", "--data", "WAVES"], /--data: it goes with no --text/],
    ["a text that is forecast", ["--text", "VERSE", "--task", "forecast"], /--task: it goes with no --text/],
    [
      "a validation text that is the test",
      ["--text", "VERSE", "--test", "SHORT", "--validation", "SHORT"],
      /--validation: .*short\.txt is the test data/,
    ],
    [
      "two ways to hold out a test",
      ["--text", "VERSE", "--test", "SHORT", "--split", "0.5"],
      /--split: it goes with no --test/,
    ],
    ["letters that the text lacks", ["--text", "VERSE", "--validation", "OTHER"], /other\.txt.*"X"/],
    ["a protocol of texts", ["--text", "VERSE", "--protocol", "thesis"], /--protocol: it goes with strings/],
    ["more streams than there are windows", ["--text", "VERSE", "--batch", "500"], /too few for 500 streams/],
    ["a share of strings", ["--split", "0.5"], /--split: it goes with --text/],
    ["a horizon of strings", ["--horizon", "2"], /--horizon: it goes with sequences of numbers/],
    [
      "series that are too short",
      ["--data", "TWO", "--task", "forecast"],
      /two\.csv, series 1: its 2 steps are too few/,
    ],
    [
      "series without the target",
      ["--data", "WAVES", "--task", "forecast", "--target-column", "wind"],
      /waves\.csv:1: --target-column: there is no column "wind"/,
    ],
    [
      "a forecast beyond the series",
      ["--data", "WAVES", "--task", "forecast", "--horizon", "500"],
      /forecasts look 500 ahead/,
    ],
    [
      "a validation series that is the test",
      ["--data", "WAVES", "--task", "forecast", "--test", "TWO", "--validation", "TWO"],
      /is the test data/,
    ],
  ])("%s is refused in one line", async (_, words, says) => {
    const places: Record<string, string> = {
      VERSE: file("verse.txt", verse),
      SHORT: file("short.txt", verse.slice(0, 100)),
      OTHER: file("other.txt", "the X sat. ".repeat(40)),
      WAVES: file("waves.csv", waves(200)),
      TWO: file("two.csv", "a,b\n1,2\n2,3\n"),
    };
    const given = words.map((word) => places[word] ?? word);
    const { code, stderr } = await filigree(
      "search",
      ...graphs(),
      "--epochs",
      "1",
      "--out",
      at("no.json"),
      ...given,
    );
    const lines = stderr
      .trim()
      .split("\n")
      .filter((line) => line.startsWith("filigree: "));
    expect([code, lines]).toEqual([2, [expect.stringMatching(says)]]);
    expect(existsSync(at("no.json"))).toBe(false);
  });
});
