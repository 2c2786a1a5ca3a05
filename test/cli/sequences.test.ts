// Everything that Filigree does, done to every kind of sequences: strings of any classes, numbers with a class each, numbers
// with a label at every step, and numbers that are forecast.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import { afterAll, describe, expect, it } from "vitest";
import { leads, slopes, waves, wordStrings } from "../sequences.js";
import { filigree } from "./command-line.js";

const folder = mkdtempSync(join(tmpdir(), "filigree-sequences-"));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string) => join(folder, name);
function file(name: string, text: string): string {
  writeFileSync(at(name), text);
  return at(name);
}

async function json(...words: string[]) {
  const { code, stdout, stderr } = await filigree(...words, "--json");
  expect({ code, stderr: code === 0 ? "" : stderr }).toEqual({ code: 0, stderr: "" });
  return JSON.parse(stdout);
}

const table = (path: string): string[][] => parse(readFileSync(path, "utf8"));

interface Kind {
  readonly data: string;
  readonly task: "classify" | "label" | "forecast";
  /** What of the command line says what is learnt. */
  readonly how: readonly string[];
  readonly training: readonly string[];
  /** The same in a study. */
  readonly described: object;
  readonly settings: object;
  readonly classes?: readonly string[];
  /** Sequences, or steps where each is judged. */
  readonly judged: number;
  /** What a stream reads of the first sequence. */
  readonly lines: (rows: string[][]) => string[];
  readonly reads: number;
}

const strings = file("strings.csv", wordStrings(90));
const classes = file("classes.csv", slopes(60));
const steps = file("steps.csv", leads(60));
const series = file("series.csv", waves(360));

const kinds: Readonly<Record<string, Kind>> = {
  strings: {
    data: strings,
    task: "classify",
    how: [],
    training: [
      "--cell",
      "gru",
      "--hidden",
      "12",
      "--layers",
      "1",
      "--epochs",
      "12",
      "--learning-rate",
      "0.01",
    ],
    described: { train: strings, test: strings },
    settings: { cell: "gru", hidden: 8, layers: 1, epochs: 4, batch: 8, learningRate: 0.02 },
    classes: ["apple", "berry", "cherry"],
    judged: 90,
    lines: ([, [string]]) => [string],
    reads: 128,
  },
  "numbers with a class": {
    data: classes,
    task: "classify",
    how: [],
    training: ["--hidden", "8", "--epochs", "15", "--learning-rate", "0.02", "--batch", "8"],
    described: { numbers: classes },
    settings: { hidden: 6, epochs: 12, batch: 8, learningRate: 0.02 },
    classes: ["fall", "rise", "stay"],
    judged: 60,
    lines: ([, [, ...values]]) => values,
    reads: 1,
  },
  "numbers with a label at every step": {
    data: steps,
    task: "label",
    how: ["--task", "label"],
    training: ["--hidden", "8", "--epochs", "15", "--learning-rate", "0.02", "--batch", "8"],
    described: { numbers: steps, task: "label" },
    settings: { hidden: 6, epochs: 6, batch: 8, learningRate: 0.02 },
    classes: ["left", "right"],
    judged: 720,
    lines: ([, ...rows]) => rows.slice(0, 12).map(([, , left, right]) => `${left}; ${right}`),
    reads: 2,
  },
  "numbers that are forecast": {
    data: series,
    task: "forecast",
    how: ["--task", "forecast"],
    training: [
      ...["--hidden", "12", "--epochs", "60", "--learning-rate", "0.02"],
      ...["--batch", "4", "--window", "16"],
    ],
    described: { numbers: series, task: "forecast" },
    settings: { hidden: 6, epochs: 30, batch: 4, window: 16, learningRate: 0.02 },
    judged: 2 * 359,
    lines: ([, ...rows]) => rows.map(([, ...values]) => values.join(" ")),
    reads: 2,
  },
};

const graph = file("graph.edges", "0 1\n0 2\n1 3\n2 3\n3 4\n");

describe.each(Object.entries(kinds))("%s", (name, kind) => {
  const { data, task, how, training, classes: labels } = kind;
  const files = ["--data", data, ...how];
  const id = name.replaceAll(" ", "-");
  const model = at(`${id}.safetensors`);
  const chance = labels ? 1 / labels.length : Number.NaN;

  it("are trained on", async () => {
    const { code, stdout, stderr } = await filigree("train", ...files, ...training, "--out", model, "--json");
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(stderr).toMatch(
      task === "forecast" ? /last 25 % of each series are kept to judge by/ : /for testing/,
    );
    const trained = JSON.parse(stdout);
    expect(trained).toMatchObject({ task, network: model });
    if (task !== "forecast") {
      expect(trained.classes).toEqual(labels);
      expect(trained.epochs.at(-1).testAccuracy).toBeGreaterThan(chance + 0.2);
      return;
    }
    const mean = trained.baselines.find((rule: { name: string }) => rule.name === "mean");
    expect(trained.best.loss).toBeLessThan(mean.meanSquaredError / 2);
    expect(trained.targets).toEqual(["temperature", "pressure"]);
  });

  it("are evaluated", async () => {
    const result = await json("evaluate", model, ...files);
    expect(result.task).toBe(task);
    if (task !== "forecast") {
      expect(result).toMatchObject({ total: kind.judged, classes: labels });
      expect(result.correct / result.total).toBeGreaterThan(chance + 0.2);
      expect(result.confusion.flat().reduce((sum: number, count: number) => sum + count)).toBe(kind.judged);
      return;
    }
    expect(result.predictions).toBe(kind.judged);
    expect(result.outputs).toHaveLength(8);
    const [last] = result.baselines;
    expect(last.name).toBe("last value");
  });

  it("are told of without labels", async () => {
    const out = at(`${id}-said.csv`);
    await json("apply", model, ...files, "--out", out);
    const [header, ...rows] = table(out);
    if (task === "forecast") {
      expect(header).toEqual(["sequence", "step", "temperature", "pressure"]);
      expect(rows).toHaveLength(360);
      expect(rows[0].slice(0, 2)).toEqual(["1", "2"]);
      // In the units of the data.
      expect(Math.abs(Number(rows[300][2]) - 20)).toBeLessThan(8);
      return;
    }
    expect(header.slice(-labels!.length)).toEqual(labels!.map((label) => `p(${label})`));
    expect(rows).toHaveLength(kind.judged);
    const said = rows.map((row) => row[header.indexOf("class")]);
    const own = table(data)
      .slice(1)
      .map((row) => row.find((cell) => labels!.includes(cell)));
    const right = said.filter((label, row) => label === own[row]).length;
    expect(right / rows.length).toBeGreaterThan(chance + 0.2);
  });

  it("are pruned for, and retrained on", async () => {
    const out = at(`${id}-pruned.safetensors`);
    const words = ["prune", model, "--percent", "60", "--retrain", "2", "--batch", "8", ...files];
    const { code, stdout } = await filigree(...words, "--out", out, "--json");
    expect(code).toBe(0);
    const { stages, nonzeros, weights } = JSON.parse(stdout);
    const sum = (counts: Record<string, number>) => Object.values(counts).reduce((all, count) => all + count);
    expect(sum(nonzeros) / sum(weights)).toBeCloseTo(0.4, 1);
    expect(stages.map(({ stage }: { stage: string }) => stage)).toEqual([
      ...["as it was", "pruned", "retrained 1", "retrained 2"],
    ]);
    const [was, pruned, , retrained] = stages.map(({ loss }: { loss: number }) => loss);
    expect(pruned).toBeGreaterThan(was);
    expect(retrained).toBeLessThan(pruned);
    expect((await json("evaluate", out, ...files)).nonzeros).toMatchObject(nonzeros);
  });

  it("are what a structure is trained on", async () => {
    const out = at(`${id}-structure.safetensors`);
    const words = ["structure", "train", graph, "--cell", "gru", ...files, "--epochs", "2", "--batch", "8"];
    const { code, stdout } = await filigree(...words, "--out", out, "--json");
    expect(code).toBe(0);
    expect(JSON.parse(stdout).epochs).toHaveLength(2);
    expect((await json("size", out)).cells.length).toBeGreaterThan(2);
    expect((await json("evaluate", out, ...files)).task).toBe(task);
  });

  it("are told of as they come, as when they are there as a whole", async () => {
    const lines = kind.lines(table(data));
    const path = file(`${id}.txt`, `${lines.join("\n")}\n\n${lines.join("\n")}\n`);
    const { stdout } = await filigree("stream", model, path);
    const [header, ...rows] = table(at(`${id}-said.csv`));
    const streamed = await json("stream", model, path);
    if (task === "forecast") {
      expect(streamed).toMatchObject({ task, targets: ["temperature", "pressure"], horizon: 1 });
      expect(streamed.steps).toHaveLength(720);
      for (const row of [0, 100, 359]) {
        const { sequence, step, of, forecast } = streamed.steps[row];
        expect([sequence, step, of]).toEqual([1, row + 1, Number(rows[row][1])]);
        forecast.forEach((value: number, c: number) => {
          expect(value / Number(rows[row][c + 2])).toBeCloseTo(1, 4);
        });
        expect(streamed.steps[360 + row]).toEqual({ ...streamed.steps[row], sequence: 2 });
      }
      expect(stdout.split("\n")[0]).toMatch(/^2 {2}temperature [\d.]+ {2}pressure [\d.]+$/);
      return;
    }
    const list = streamed.strings ?? streamed.sequences ?? streamed.steps;
    expect(list).toHaveLength(task === "label" ? 24 : 2);
    for (const [i, { label, probabilities }] of list.slice(0, list.length / 2).entries()) {
      expect(label).toBe(rows[i][header.indexOf("class")]);
      probabilities.forEach((probability: number, c: number) => {
        expect(probability).toBeCloseTo(Number(rows[i][header.length - labels!.length + c]), 4);
      });
    }
    expect(stdout.trimEnd().split("\n")).toHaveLength(list.length);
    expect(stdout.split("\n")[0]).toContain(list[0].label);
  });

  it("are what a file of a network names", async () => {
    const size = await json("size", model);
    expect(size).toMatchObject({ task, ...(labels && { labels }) });
    expect(size.input.kind).toBe(name === "strings" ? "symbols" : "values");
    expect(size.input.width ?? size.input.vocabulary).toBe(name === "strings" ? 12 : kind.reads);
  });
});

describe("studies and their report", () => {
  const store = at("studies.db");
  const trials: Readonly<Record<string, (own: object, more: object) => object>> = {
    train: (data, settings) => ({ ...settings, data }),
    prune: (data, settings) => ({ base: { ...settings, data }, percent: 50, epochs: 1 }),
    structure: (data, { learningRate }: { learningRate?: number }) => ({
      ...{ data, learningRate, cell: "gru", epochs: 2, batch: 8 },
      graph: { family: "watts_strogatz", number: 0 },
    }),
  };
  const every = Object.entries(kinds).flatMap(([name, kind]) =>
    Object.keys(trials).map((trial) => [trial, name, kind] as const),
  );

  it.each(every)("have trials of kind %s on %s", async (trial, name, { described, settings, task }) => {
    const metric = task === "forecast" ? "validationLoss" : "testAccuracy";
    const study = {
      name: `${trial} ${name}`,
      kind: trial,
      fixed: trials[trial](described, settings),
      objective: { metric, direction: task === "forecast" ? "minimize" : "maximize" },
    };
    const path = file(`${study.name}.json`, JSON.stringify(study));
    const { code, stdout, stderr } = await filigree("study", "run", path, "--store", store, "--json");
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(JSON.parse(stdout)).toMatchObject({
      finished: trial === "prune" ? expect.any(Number) : 1,
      failed: 0,
    });
    const [best] = await json("study", "best", study.name, "--store", store);
    const shown = await json("study", "show", best.identity, "--store", store);
    expect(Number.isFinite(shown.summary[metric])).toBe(true);
    if (trial !== "train" || name === "strings") return;
    expect(shown.summary[task === "forecast" ? "naive" : "baseline"]).toBeGreaterThan(0);
    if (task !== "forecast") expect(shown.summary.testAccuracy).toBeGreaterThan(0.45);
    expect(JSON.stringify(shown.artifacts)).toContain("sequences.json");
  });

  it("are drawn in a page", async () => {
    const out = at("report.html");
    expect((await filigree("report", store, "--out", out)).code).toBe(0);
    const html = readFileSync(out, "utf8");
    for (const title of [
      "train numbers with a class: which classes are taken for which",
      "train numbers with a label at every step: accuracy of each class",
      "train numbers that are forecast: forecasts of pressure",
    ])
      expect(html).toContain(`<title>${title}</title>`);
    expect(existsSync(out)).toBe(true);
  });
});
