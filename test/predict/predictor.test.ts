import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import {
  fitPredictor,
  loadPredictor,
  type Predictor,
  predictCandidates,
  rank,
  savePredictor,
} from "../../src/predict/predictor.js";
import { regressorNames } from "../../src/predict/regressors.js";
import { parseTable, tableOf } from "../../src/predict/table.js";

const folder = mkdtempSync(join(tmpdir(), "filigree-predictor-"));
afterAll(() => rmSync(folder, { recursive: true }));

// accuracy rises with width, falls with depth; noise carries nothing.
const rows = Array.from({ length: 40 }, (_, i) => ({
  name: `s${i}`,
  width: i % 8,
  depth: (i * 3) % 5,
  noise: (i * 7) % 11,
  accuracy: 0.5 + 0.05 * (i % 8) - 0.02 * ((i * 3) % 5),
}));
const table = tableOf("made", rows);

describe("a predictor", () => {
  it.each(regressorNames)("by %s comes back from its file as it was", (regressor) => {
    const path = join(folder, `${regressor}.json`);
    const predictor = fitPredictor(table, "accuracy", { regressor });
    savePredictor(path, predictor);
    expect(loadPredictor(path)).toEqual(predictor);
    expect(readdirSync(folder).filter((name) => name.includes(".part"))).toEqual([]);
  });

  it("ranks candidates from the best to the worst", () => {
    const predictor = fitPredictor(table, "accuracy", { regressor: "bayesian-ridge" });
    const candidates = [
      { width: 0, depth: 4, noise: 1 },
      { width: 20, depth: 0, noise: 1 },
      { width: 7, depth: 0, noise: 1 },
      { width: 7, depth: 0, noise: 1 },
    ];
    expect(rank(predictor, candidates).map(({ index }) => index)).toEqual([1, 2, 3, 0]);
    expect(predictCandidates(predictor, candidates)[2]).toBeCloseTo(0.85, 3);
    expect(rank(predictor, [])).toEqual([]);
  });

  it("names the candidate and the feature that are unusable", () => {
    const predictor = fitPredictor(table, "accuracy", { features: ["width", "depth"], regressor: "mean" });
    const good = { width: 1, depth: 1 };
    expect(() => rank(predictor, [good, { width: 1, dept: 1 }])).toThrow(
      "candidate 2: has no depth, which the predictor uses; did you mean dept?",
    );
    expect(() => rank(predictor, [{ ...good, width: Number.NaN }])).toThrow(
      "candidate 1: has no finite width",
    );
  });

  it("refuses a table of two rows, an unknown target and a broken cell", () => {
    expect(() => fitPredictor(tableOf("made", rows.slice(0, 2)), "accuracy")).toThrow(
      "made: has 2 rows, and fitting needs at least 3; add rows",
    );
    expect(() => fitPredictor(table, "acuracy")).toThrow("did you mean accuracy?");
    expect(() => fitPredictor(parseTable("a,y\n1,2\n-,3\n4,5\n", "t.csv"), "y")).toThrow(
      't.csv:3: column "a" is not a number: "-"',
    );
  });
});

describe("loadPredictor refuses in one line", () => {
  const sound = fitPredictor(table, "accuracy", { regressor: "adaboost" });
  type Broken = Record<string, unknown> & {
    model: Record<string, unknown> & { trees: Record<string, unknown[]>[] };
  };
  const cases: [string, (file: Broken) => unknown][] = [
    ["another format", (file) => ({ ...file, format: "pickle" })],
    ["a later version", (file) => ({ ...file, version: 2 })],
    ["a list", () => []],
    ["nothing", () => null],
    ["an unknown key", (file) => ({ ...file, extra: 1 })],
    ["a regressor that is not one", (file) => ({ ...file, model: { kind: "oracle" } })],
    ["fewer scales than features", (file) => ({ ...file, scaling: { scale: [1], offset: [0] } })],
    ["no features", (file) => ({ ...file, features: [] })],
    ["no trees", (file) => ({ ...file, model: { ...file.model, trees: [], weights: [] } })],
    ["a tree that walks in a circle", (file) => breakTree(file, "right", 0)],
    ["a tree that leaves its nodes", (file) => breakTree(file, "right", 1_000_000)],
    ["a tree that reads no feature", (file) => breakTree(file, "feature", 99)],
    ["a threshold that is text", (file) => breakTree(file, "value", "1")],
    ["fewer weights than trees", (file) => ({ ...file, model: { ...file.model, weights: [1] } })],
  ];

  function breakTree(file: Broken, part: string, value: unknown): Broken {
    file.model.trees[0][part][0] = value;
    return file;
  }

  it.each(cases)("%s", (_, change) => {
    const path = join(folder, "hostile.json");
    writeFileSync(path, JSON.stringify(change(JSON.parse(JSON.stringify(sound)) as Broken)));
    expect(() => loadPredictor(path)).toThrow(
      /^[^\n]*hostile\.json: is not a Filigree predictor of version 1: [^\n]+; save it again/,
    );
  });

  it("a cut-off file and a missing one", () => {
    const path = join(folder, "cut.json");
    writeFileSync(path, JSON.stringify(sound).slice(0, 1000));
    expect(() => loadPredictor(path)).toThrow(/^[^\n]*cut\.json: is not JSON; /);
    expect(() => loadPredictor(join(folder, "none.json"))).toThrow("no such file");
  });

  it("and keeps the type of a sound one", () => {
    const predictor: Predictor = sound;
    expect(predictor.target).toBe("accuracy");
  });
});
