// What does not fit a network or is no data for it: one clear line each, exit code 2, and no file that was not there before.
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { leads, slopes, waves, wordStrings } from "../sequences.js";
import { filigree } from "./command-line.js";

const folder = mkdtempSync(join(tmpdir(), "filigree-bad-"));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string) => join(folder, name);

const files: Readonly<Record<string, string>> = {
  "strings.csv": wordStrings(30),
  "classes.csv": slopes(30),
  "steps.csv": leads(12),
  "series.csv": waves(60),
  "others.csv": slopes(12).replaceAll("stay", "jump"),
  "gap.csv": slopes(12).replace(/(\nfall,[^,]*),[^,]*/, "$1,NaN"),
  "level.csv": leads(12).replaceAll(/^(\d+,\d+,)[^,]*/gm, "$15"),
  "wide.csv": leads(12).replaceAll("left,right", "left,middle"),
  "short.csv": "time,temperature,pressure\n0,20,1000\n",
  "labels.csv": "label\nrise\nfall\nrise\n",
};
const networks: Readonly<Record<string, readonly string[]>> = {
  "strings.net": ["--cell", "gru", "--layers", "1", "--data", "strings.csv"],
  "classes.net": ["--data", "classes.csv"],
  "both-ways.net": ["--data", "classes.csv", "--bidirectional"],
  "steps.net": ["--data", "steps.csv", "--task", "label"],
  "forecast.net": ["--data", "series.csv", "--task", "forecast"],
};

/** Words in which names of files are paths in the folder. */
const placed = (words: readonly string[]) =>
  words.map((word) => (word in files || word in networks || /\.(lines|out)$/.test(word) ? at(word) : word));

beforeAll(async () => {
  for (const [name, text] of Object.entries(files)) writeFileSync(at(name), text);
  for (const [name, words] of Object.entries(networks)) {
    const training = [...placed(words), "--hidden", "2", "--epochs", "1", "--out", at(name)];
    expect(await filigree("train", ...training)).toMatchObject({ code: 0 });
  }
});

const train = (words: string) => `train --hidden 2 --epochs 1 --out x.out ${words}`;

describe("the command line refuses", () => {
  it.each([
    // Data that are not what a network reads.
    [
      "evaluate strings.net --data classes.csv",
      "classes.csv: it has no column of strings, which the network reads",
    ],
    [
      "apply strings.net --data series.csv",
      "series.csv: it has no column of strings, which the network reads",
    ],
    ["prune strings.net --percent 9 --data steps.csv", "steps.csv: it has no column of strings"],
    ["evaluate classes.net --data strings.csv", "strings.csv: it has strings, and the network reads numbers"],
    ["apply classes.net --data strings.csv", "strings.csv: it has strings, and the network reads numbers"],
    [
      "prune classes.net --percent 9 --data strings.csv",
      "strings.csv: it has strings, and the network reads numbers",
    ],
    [
      "evaluate forecast.net --data strings.csv",
      "strings.csv: it has strings, and the network reads numbers",
    ],
    ["evaluate steps.net --data wide.csv", '--channels: there is no column "right"'],
    ["evaluate forecast.net --data steps.csv", '--channels: there is no column "temperature"'],
    [
      "evaluate classes.net --data steps.csv --layout long",
      'the label "left" is not that of the sequence\'s first row, "right"; use --task label',
    ],
    [
      "apply classes.net --data steps.csv --layout long",
      "the network reads 1 number at each step, and the data have 2: left, right",
    ],
    // Tasks.
    [
      "evaluate classes.net --data classes.csv --task label",
      "the network is for the task classify, not label",
    ],
    [
      "evaluate forecast.net --data series.csv --task classify",
      "the network is for the task forecast, not classify",
    ],
    ["apply steps.net --data steps.csv --task forecast", "the network is for the task label, not forecast"],
    ["prune classes.net --percent 9 --data classes.csv --task label", "for the task classify, not label"],
    [
      train("--from classes.net --data series.csv --task forecast").replace("--hidden 2 ", ""),
      "for the task classify, not forecast",
    ],
    // Labels.
    [
      train("--data classes.csv --test others.csv"),
      'others.csv:4: the label "jump" is none of the 3 classes of the training data',
    ],
    [
      train("--data classes.csv --validation others.csv"),
      'others.csv:4: the label "jump" is none of the 3 classes',
    ],
    ["evaluate classes.net --data others.csv", 'others.csv:4: the label "jump" is none of the 3 classes'],
    [
      train("--data classes.csv --labels labels.csv"),
      "labels.csv: labels of the shape (3,) for 30 sequences",
    ],
    [
      "evaluate classes.net --data classes.csv --labels labels.csv",
      "labels.csv: labels of the shape (3,) for 30 sequences",
    ],
    [train("--data series.csv"), "to tell sequences of steps apart there must be a column"],
    // Values.
    [train("--data gap.csv"), 'gap.csv:3: column "t2" is missing: "NaN"'],
    ["evaluate classes.net --data gap.csv", 'gap.csv:3: column "t2" is missing: "NaN"'],
    // Series that are too short.
    [train("--data short.csv --task forecast"), "its 1 steps are too few to keep some for testing"],
    [
      train("--data series.csv --task forecast --horizon 50"),
      "the training series have at most 45 steps, and forecasts look 50 ahead",
    ],
    [
      train("--data series.csv --task forecast --test short.csv"),
      "the test series have at most 1 step, and forecasts look 1 ahead",
    ],
    [
      train("--data series.csv --task forecast --validation short.csv"),
      "the validation series have at most 1 step",
    ],
    ["evaluate forecast.net --data short.csv", "the series have at most 1 step, and forecasts look 1 ahead"],
    // Options that do not go with the task.
    [train("--data classes.csv --horizon 2"), "--horizon: it goes with --task forecast"],
    [train("--data classes.csv --window 2"), "--window: it goes with --task forecast"],
    [train("--data classes.csv --patience 2"), "patience: there is nothing to judge epochs by"],
    [train("--data classes.csv --class-weights 1,2"), "class weights: 2 of them do not fit 3 classes"],
    [
      train("--data series.csv --task forecast --class-weights balanced"),
      "--class-weights: it goes with classes",
    ],
    [
      train("--data series.csv --task forecast --bidirectional"),
      "a network that has read what follows need not forecast it",
    ],
    [
      "prune forecast.net --percent 9 --data series.csv --horizon 3",
      "--horizon: it goes with training a new network",
    ],
  ])("%s", async (words, line) => {
    const { code, stdout, stderr } = await filigree(...placed(words.split(" ")));
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    const [last] = stderr.trimEnd().split("\n").slice(-1);
    expect(last.replaceAll(`${folder}/`, "")).toContain(line);
    expect(last).toMatch(/^filigree: /);
    expect(existsSync(at("x.out"))).toBe(false);
  });

  it.each<[network: string, lines: string, line: string]>([
    [
      "classes.net",
      "1\n2 3\n",
      "bad.lines:2: the line has 2 numbers, and the network reads 1; give one line",
    ],
    [
      "forecast.net",
      "20\n",
      "bad.lines:1: the line has 1 number, and the network reads 2: temperature, pressure; give",
    ],
    ["forecast.net", "20;1000;\n", "bad.lines:1: the line has 3 numbers, and the network reads 2"],
    ["classes.net", "t1\n", 'bad.lines:1: "t1" is not a finite number; give numbers alone'],
    ["steps.net", "1,2\n\n1,nan\n", 'bad.lines:3: "nan" is not a finite number'],
    ["steps.net", "1,1e99\n", 'bad.lines:1: "1e99" is not a finite number'],
    [
      "both-ways.net",
      "1\n",
      "the network is bidirectional: what it says of a step depends on those after it",
    ],
  ])("a stream of %s: %j", async (network, lines, line) => {
    writeFileSync(at("bad.lines"), lines);
    const { code, stderr } = await filigree("stream", at(network), at("bad.lines"));
    expect({ code, lines: stderr.trimEnd().split("\n").length }).toEqual({ code: 2, lines: 1 });
    expect(stderr.replaceAll(`${folder}/`, "")).toContain(line);
  });

  it.each<[data: object, line: string]>([
    [{ numbers: "gap.csv" }, 'gap.csv:3: column "t2" is missing'],
    [{ numbers: "classes.csv", test: "others.csv" }, 'others.csv:4: the label "jump" is none of'],
    [{ numbers: "series.csv" }, "to tell sequences of steps apart"],
    [{ numbers: "classes.csv", lables: "labels.csv" }, "unknown key data.lables; did you mean labels"],
    [{ numbers: "none.csv" }, "none.csv: no such file"],
    [{ numbers: "classes.csv", task: "forecasts" }, "data.task: "],
    [{ numbers: "classes.csv", sha256: "0" }, "is not the one that the trial was described with"],
  ])("a study of %j, before any trial is run", async (data, line) => {
    const own = Object.fromEntries(
      Object.entries(data).map(([key, value]) => [key, /csv$/.test(value) ? at(value) : value]),
    );
    writeFileSync(at("study.json"), JSON.stringify({ kind: "train", fixed: { data: own } }));
    const { code, stderr } = await filigree("study", "run", at("study.json"), "--store", at("s.db"));
    expect(code).toBe(2);
    expect(stderr).toContain(line);
    expect(existsSync(at("s.db"))).toBe(false);
  });

  it.each([
    [{ data: { numbers: "classes.csv" }, horizon: 2 }, "horizon: goes with forecasts alone"],
    [{ data: { numbers: "classes.csv" }, patience: 2 }, "patience: needs validation data"],
    [{ data: { numbers: "classes.csv" }, embedding: 4 }, "embedding: goes with strings and texts alone"],
    [
      { data: { numbers: "series.csv", task: "forecast" }, classWeights: "balanced" },
      "classWeights: goes with",
    ],
    [
      { data: { numbers: "series.csv", task: "forecast" }, bidirectional: true },
      "bidirectional: goes with no",
    ],
    [
      { data: { numbers: "series.csv", task: "forecast" }, protocol: "thesis" },
      "protocol: goes with strings",
    ],
  ])("a study with %j", async ({ data, ...settings }, line) => {
    const fixed = { ...settings, data: { ...data, numbers: at(data.numbers) } };
    writeFileSync(at("study.json"), JSON.stringify({ kind: "train", fixed }));
    const { code, stderr } = await filigree("study", "plan", at("study.json"), "--store", at("s.db"));
    expect(code).toBe(2);
    expect(stderr).toContain(line);
  });
});

it("a channel that is constant is remarked on, and trained on", async () => {
  const words = placed(train("--data level.csv --task label").split(" "));
  const { code, stderr } = await filigree(...words);
  expect(code).toBe(0);
  expect(stderr).toContain('1 of 2 channels of the training sequences is constant and says nothing: "left"');
});
