// The verb `search` as a user meets it: from data to a graph that is trained, stopped and gone on with, and its bad inputs.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
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

  it("forecasts are refused", async () => {
    writeFileSync(
      at("series.csv"),
      `x\n${Array.from({ length: 60 }, (_, i) => Math.sin(i).toFixed(3)).join("\n")}\n`,
    );
    const words = ["--data", at("series.csv"), "--task", "forecast", "--cell", "gru", "--budget", "60"];
    const { code, stderr } = await filigree("search", ...words);
    expect([code, stderr]).toEqual([2, expect.stringMatching(/forecasts are not searched on yet/)]);
  });
});
