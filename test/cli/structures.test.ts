import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { generateDataset } from "../../src/data/generate.js";
import { readGraph } from "../../src/graph/files.js";
import { graphProperties, PROPERTY_NAMES } from "../../src/graph/properties.js";
import { Random } from "../../src/math/random.js";
import { writeDataset } from "../../src/paths/datasets.js";
import { findGrammar } from "../../src/paths/grammars.js";
import type { EpochMetrics } from "../../src/train/task.js";
import { hasReference, reference, skipNote } from "../reference.js";
import { waves } from "../sequences.js";
import { filigree } from "./command-line.js";

const folder = mkdtempSync(join(tmpdir(), "filigree-"));
const at = (name: string) => join(folder, name);

afterAll(() => rmSync(folder, { recursive: true }));

/** Runs a command that must succeed and gives its JSON. */
async function json(...words: string[]) {
  const { code, stdout, stderr } = await filigree(...words, "--json");
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout);
}

/** Runs a command that must fail with code 2, one line and nothing on stdout, and gives the line. */
async function refused(...words: string[]): Promise<string> {
  const { code, stdout, stderr } = await filigree(...words);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toMatch(/^filigree: [^\n]+\n$/);
  return stderr.slice("filigree: ".length).trimEnd();
}

function file(name: string, content: string): string {
  writeFileSync(at(name), content);
  return at(name);
}

const { train, test } = generateDataset(
  { grammar: findGrammar("reber"), count: 200, minLength: 5, maxLength: 12 },
  new Random(1),
);
writeDataset(at("train.csv"), train);
writeDataset(at("test.csv"), test);
const strings = ["--data", at("train.csv"), "--test", at("test.csv")];
const diamond = file("diamond.edges", "0 1\n0 2\n1 3\n2 3\n0 3\n");

describe("graph generate", () => {
  it.each<[string, string, object]>([
    ["barabasi_albert --n 20 --m 2", "ba.json", { nodes: 20, edges: 36, n: 20, m: 2 }],
    ["watts_strogatz --n 12 --k 4 --p 0.5", "ws.graphml", { nodes: 12, edges: 24 }],
    ["erdos_renyi --n 6 --p 1", "er.edges", { nodes: 6, edges: 15 }],
    ["random_regular --n 10 --d 3", "rr.json", { nodes: 10, edges: 15 }],
    ["kleinberg --n 3 --q 0", "k.json", { nodes: 9, edges: 12 }],
    ["random_dag --n 5 --p 1", "dag.json", { nodes: 5, edges: 10 }],
    ["layered_complete --sizes 2,3,1", "lc.json", { nodes: 6, edges: 9 }],
  ])("%s", async (words, name, wanted) => {
    const out = at(name);
    expect(await json("graph", "generate", ...words.split(" "), "--out", out)).toMatchObject({
      ...wanted,
      seed: 1,
      file: out,
    });
    const { order, size } = readGraph(out);
    expect({ nodes: order, edges: size }).toMatchObject({ nodes: (wanted as { nodes: number }).nodes });
  });

  it("draws as the thesis when nothing is said, by the seed", async () => {
    for (const family of ["barabasi_albert", "watts_strogatz"]) {
      const { nodes } = await json("graph", "generate", family, "--out", at("a.json"), "--seed", "7");
      expect(nodes).toBeGreaterThanOrEqual(10);
      expect(nodes).toBeLessThanOrEqual(50);
      await json("graph", "generate", family, "--out", at("b.json"), "--seed", "7");
      expect(readFileSync(at("a.json"))).toEqual(readFileSync(at("b.json")));
    }
  });

  it.each([
    ["barabasi_albert --n 5 --m 5", "barabasi_albert(n=5, m=5): m must be a whole number from 1 to 4, not 5"],
    [
      "watts_strogatz --n 6 --k 6",
      "watts_strogatz(n=6, k=6, p=1): k must be a whole number from 2 to 5, not 6",
    ],
    ["watts_strogatz --k 6", "--n: it is missing"],
    ["random_regular --n 5 --d 3", "random_regular(n=5, d=3): n d is odd"],
    ["random_regular --n 5", "--d: it is missing"],
    ["erdos_renyi --n 5 --p 2", "option '--p <p>' argument '2' is invalid"],
    ["layered_complete --sizes 3,x", "option '--sizes <list>' argument '3,x' is invalid"],
    ["barabasi", "unknown command 'barabasi'"],
    ["kleinberg --n 3 --out nowhere.png", "nowhere.png: the extension names no graph format"],
  ])("refuses %s", async (words, message) => {
    expect(await refused("graph", "generate", ...words.split(" "))).toContain(message);
    expect(existsSync("nowhere.png")).toBe(false);
  });
});

describe("graph properties", () => {
  it("prints those of one graph flat, those of several in a list", async () => {
    const one = await json("graph", "properties", diamond);
    expect(one).toMatchObject({
      file: diamond,
      ...graphProperties(readGraph(diamond)),
      source_sink_paths: 3,
    });
    expect(await json("graph", "properties", diamond, diamond)).toEqual([one, one]);
  });

  it.each<[string, string, string]>([
    ["a cycle", "# directed\n0 1\n1 2\n2 0\n", "the directed graph has a cycle: 1 → 2 → 0 → 1"],
    ["a self-loop", "0 1\n1 1\n", "g.edges:2: node 1 has an edge to itself"],
    ["an unknown node", '{"nodes":[{"id":0}],"links":[{"source":0,"target":7}]}', "the edge ends at node 7"],
    ["no edges", '{"nodes":[{"id":0},{"id":1}],"links":[]}', "the graph has no edges"],
    ["several components", "0 1\n2 3\n", "the graph falls into 2 components"],
    [
      "too many nodes",
      `{"nodes":[${"{},".repeat(100_000)}{}],"links":[{"source":0,"target":1}]}`,
      "the graph has more than 100,000 nodes",
    ],
  ])("and structure train refuse %s", async (_, content, message) => {
    const path = file("g.edges", content);
    expect(await refused("graph", "properties", path)).toContain(message);
    expect(await refused("structure", "train", path, "--cell", "gru", "--out", at("no"))).toContain(message);
    expect(existsSync(at("no"))).toBe(false);
  });

  it.skipIf(!hasReference)(`are the published ones${skipNote}`, async () => {
    const [{ name, features }] = JSON.parse(readFileSync(reference("structures/oracle.json"), "utf8"));
    const printed = await json("graph", "properties", reference(`structures/${name}.graph.json`));
    for (const key of PROPERTY_NAMES)
      expect(Math.abs(printed[key] - features[key])).toBeLessThanOrEqual(1e-9 * Math.abs(features[key]));
  });
});

describe("structure train", () => {
  it("trains a graph's network, which evaluate reads with and without the graph", async () => {
    const out = at("gru.safetensors");
    const options = ["--cell", "gru", "--epochs", "2", "--batch", "16", "--out", out];
    const trained = await json("structure", "train", diamond, ...options, ...strings);
    expect(trained).toMatchObject({
      network: out,
      graph: diamond,
      cell: "gru",
      wiring: { kind: "corrected" },
    });
    expect(trained.epochs).toHaveLength(2);
    expect(existsSync(`${out}.checkpoint`)).toBe(false);
    const evaluation = ["evaluate", out, "--data", at("test.csv"), "--batch", "16"];
    const evaluated = await json(...evaluation, "--graph", diamond);
    expect(evaluated.accuracy).toBe(trained.epochs[1].testAccuracy);
    expect(await json(...evaluation)).toEqual(evaluated);
    const other = file("other.edges", "0 1\n0 2\n1 3\n2 3\n");
    expect(await refused(...evaluation, "--graph", other)).toBe(
      `${out}: the network is not wired as the graph ${other}; give the graph that it was built from`,
    );
  });

  it("trains on a text, judged by its last tenth, and evaluate reads what it wrote", async () => {
    const verse = "the cat sat on the mat and the hat sat on the cat. ".repeat(40);
    const text = file("verse.txt", verse);
    const out = at("verse.safetensors");
    const common = ["--cell", "gru", "--epochs", "2", "--window", "16", "--out", out];
    const trained = await json("structure", "train", diamond, "--text", text, ...common);
    expect(trained).toMatchObject({ task: "next", graph: diamond, parameters: expect.any(Number) });
    const tail = file("tail.txt", verse.slice(Math.floor(0.9 * verse.length)));
    const { nats } = await json("evaluate", out, "--text", tail);
    expect(nats).toBe(Math.min(...trained.epochs.map((epoch: EpochMetrics) => epoch.validationLoss)));
    const half = ["--text", text, "--split", "0.5", "--symbols", "words", ...common];
    expect((await json("structure", "train", diamond, ...half)).epochs[1].validationLoss).toBeGreaterThan(0);
    const own = [
      ["--text", at("nowhere.txt")],
      ["--text", text, "--data", text],
      ["--text", text, "--test", text],
      ["--text", text, "--protocol", "thesis"],
      ["--split", "0.5"],
      ["--window", "8"],
      ["--text", file("one.txt", "a")],
    ];
    const lines: string[] = [];
    for (const words of own)
      lines.push(await refused("structure", "train", diamond, "--cell", "gru", ...words));
    expect(lines).toEqual([
      expect.stringMatching(/nowhere\.txt/),
      "--data: it goes with no --text; leave it out",
      "--test: it goes with no --text; leave it out",
      "--protocol: it goes with strings; leave it out",
      "--split: it goes with --text; leave it out",
      "--window: it goes with texts and forecasts; leave it out",
      expect.stringMatching(/one\.txt: the text has only one symbol/),
    ]);
  });

  it("trains on a forecast, and judges epochs by other data where they are named", async () => {
    const [series, others] = [file("waves.csv", waves(120)), file("others.csv", waves(60, 2))];
    const common = ["--cell", "gru", "--epochs", "2", "--task", "forecast", "--out", at("f.safetensors")];
    const options = ["--data", series, "--validation", others, "--horizon", "2", "--window", "8", ...common];
    const trained = await json("structure", "train", diamond, ...options);
    expect(trained).toMatchObject({ task: "forecast" });
    const { meanSquaredError } = await json("evaluate", at("f.safetensors"), "--data", others);
    expect(meanSquaredError).toBe(
      Math.min(...trained.epochs.map((epoch: EpochMetrics) => epoch.validationLoss)),
    );
  });

  it("wires by the protocol, or as it is told", async () => {
    const common = ["--cell", "lstm", "--epochs", "1", "--out", at("l.safetensors"), ...strings];
    const { wiring } = await json("structure", "train", diamond, ...common);
    expect(wiring).toEqual({ kind: "corrected", recurrence: "layer", readout: "last-layer", embedding: 16 });
    const chosen = [
      "--wiring",
      "corrected",
      "--recurrence",
      "unit",
      "--readout",
      "sinks",
      "--embedding",
      "3",
    ];
    expect((await json("structure", "train", diamond, ...common, ...chosen)).wiring).toEqual({
      kind: "corrected",
      recurrence: "unit",
      readout: "sinks",
      embedding: 3,
    });
    const thesis = [...common, "--protocol", "thesis", "--readout", "sinks"];
    expect(await refused("structure", "train", diamond, ...thesis)).toBe(
      "--readout: the thesis's wiring leaves no choice; use --wiring corrected",
    );
  });
});

/** Rows with a target that two of four columns make. */
const table = (rows: number): string => {
  const random = new Random("table");
  const lines = Array.from({ length: rows }, (_, i) => {
    const [nodes, edges] = [10 + random.below(40), 20 + random.below(100)];
    return [nodes, edges, 3, `name ${i}`, nodes / 100 + random.uniform() / 50].join();
  });
  return `nodes,edges,constant,name,score\n${lines.join("\n")}\n`;
};

describe("predict", () => {
  const path = file("table.csv", table(40));
  const options = ["--target", "score", "--repeats", "1"];
  const predictor = at("predictor.json");

  it("reports on a table and saves a predictor, which ranks graphs", async () => {
    const report = await json(
      ...["predict", path, ...options, "--features", "nodes,edges"],
      ...["--save", predictor, "--regressor", "bayesian-ridge"],
    );
    expect(report).toMatchObject({
      target: "score",
      rows: 40,
      features: ["nodes", "edges"],
      saved: predictor,
    });
    expect(report.correlations[0].pearson.value).toBeGreaterThan(0.9);
    const large = at("large.json");
    await json("graph", "generate", "barabasi_albert", "--n", "40", "--out", large);
    const { target, ranking } = await json("predict", "rank", predictor, diamond, large);
    expect(target).toBe("score");
    expect(ranking.map((row: { file: string }) => row.file)).toEqual([large, diamond]);
    expect(ranking[0].predicted).toBeCloseTo(0.41, 1);
  });

  it("says which columns are constant", async () => {
    const { stdout, stderr } = await filigree("predict", path, ...options);
    expect(stderr).toBe("constant, so of no use to a prediction: constant\n");
    expect(stdout).toMatch(/^constant +– {2,}–/m);
    expect(stdout).toMatch(/^all +bayesian-ridge +0\.9\d\d +0\.9\d\d/m);
  });

  it("leaves out an index and other results, and says so", async () => {
    const [header, ...lines] = table(40).trim().split("\n");
    const rows = lines.map((line, i) => `${i},${line},${1 - i / 40}`);
    const path = file("index.csv", `,${header},test_loss\n${rows.join("\n")}\n`);
    const { stderr } = await filigree("predict", path, ...options);
    expect(stderr).toContain(
      "columns left out, as they number the rows or are results: the one without a name, test_loss\n",
    );
    const { features, leftOut } = await json("predict", path, ...options);
    expect({ features, leftOut }).toEqual({
      features: ["nodes", "edges", "constant"],
      leftOut: ["", "test_loss"],
    });
    const named = await filigree("predict", path, ...options, "--features", "nodes,test_loss");
    expect(named.stderr).toBe("");
  });

  it.each<[string, string, string[], string]>([
    ["a missing column", table(40), ["--target", "scores"], 'has no column "scores"; did you mean score?'],
    ["a constant target", table(40), ["--target", "constant"], 'column "constant" is 3 in every row'],
    [
      "NaN",
      table(40).replace(",3,name 7", ",NaN,name 7"),
      options,
      'bad.csv:9: column "constant" is not a number',
    ],
    ["3 rows", table(3), options, "has 3 rows, and 10-fold cross-validation needs at least 20"],
    ["no target", table(40), [], "--target: it is missing"],
  ])("refuses a table with %s", async (_, content, words, message) => {
    const saved = at("no.json");
    expect(await refused("predict", file("bad.csv", content), ...words, "--save", saved)).toContain(message);
    expect(existsSync(saved)).toBe(false);
  });

  it("refuses what is no predictor, and one that needs more than a graph's properties", async () => {
    expect(await refused("predict", "rank", path, diamond)).toContain("table.csv: is not JSON");
    const other = at("other.json");
    await json("predict", path, ...options, "--save", other);
    expect(await refused("predict", "rank", other, diamond)).toContain(
      `${diamond}: has no constant, which the predictor uses`,
    );
  });

  it("chooses graphs to train in structure search, beside as many at random", async () => {
    const words = [
      "--draws",
      "40",
      "--best",
      "2",
      "--epochs",
      "1",
      "--jobs",
      "2",
      "--store",
      at("search.db"),
    ];
    const search = ["structure", "search", predictor, "--cell", "gru", ...words, ...strings];
    const result = await json(...search);
    expect(result).toMatchObject({ study: "search-gru-corrected-1", draws: 40 });
    const [first, second] = result.best;
    expect(first.predicted).toBeGreaterThanOrEqual(second.predicted);
    const [a, b] = result.random.map((graph: { testAccuracy: number }) => graph.testAccuracy);
    const gain = (first.testAccuracy + second.testAccuracy - a - b) / 2;
    expect(result.gain.value).toBeCloseTo(gain, 12);
    expect(result.gain.low).toBeLessThanOrEqual(gain);
    // Nothing is trained again.
    expect(await json(...search)).toEqual(result);
    expect(await refused(...search, "--best", "30")).toContain(
      "--best: 30 is more than half of the 40 graphs",
    );
    expect(await refused(...search.slice(0, -2))).toContain("--test: it is missing");
  });
});
