// `filigree data stats` on sequences of numbers, from outside.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { formatNpz } from "../../src/data/numbers/npz.js";
import { Random } from "../../src/math/random.js";
import { filigree } from "./command-line.js";

const folder = mkdtempSync(join(tmpdir(), "filigree-stats-"));
const file = (name: string, content: string | Uint8Array) => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Rows of a wide table: five values around the number of the class. */
function wide(count: number, classes: readonly string[], random: Random): string {
  const rows = Array.from({ length: count }, (_, row) => {
    const place = row % classes.length;
    const values = Array.from({ length: 5 }, () => (place + 0.2 * random.normal()).toFixed(3));
    return `${classes[place]},${values.join()}`;
  });
  return `class,v1,v2,v3,v4,v5\n${rows.join("\n")}\n`;
}

describe("filigree data stats of numbers", () => {
  const random = new Random(1);
  const train = file("train.csv", wide(30, ["cat", "dog", "eel"], random));
  const test = file("test.csv", wide(12, ["cat", "dog", "eel"], random));

  it("prints one document", async () => {
    const { code, stdout, stderr } = await filigree("data", "stats", train, "--test", test, "--json");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const document = JSON.parse(stdout);
    expect(document).toMatchObject({
      file: train,
      kind: "numbers",
      task: "classify",
      sequences: 30,
      steps: 150,
      duplicates: 0,
      contradictions: 0,
      lengths: { least: 5, median: 5, most: 5 },
      classes: [
        { name: "cat", count: 10 },
        { name: "dog", count: 10 },
        { name: "eel", count: 10 },
      ],
      test: { sequences: 12 },
      overlap: 0,
      leftOut: [],
    });
    expect(document.channels).toHaveLength(1);
    const scores = document.baselines.map(({ name, accuracy }: { name: string; accuracy: number }) => [
      name,
      accuracy,
    ]);
    expect(scores[0]).toEqual(["majority", 4 / 12]);
    expect(scores.map(([name]: [string]) => name)).toEqual([
      "majority",
      "last values",
      "means",
      "means, deviations, length",
      "nearest neighbour",
      "nearest neighbour, warped",
    ]);
    expect(scores[2][1]).toBe(1);
    expect(scores[5][1]).toBe(1);
  });

  it("prints tables", async () => {
    const { code, stdout } = await filigree("data", "stats", train, "--test", test);
    expect(code).toBe(0);
    expect(stdout).toContain("30 sequences of 1 channel, 150 steps\nno sequence is there twice");
    expect(stdout).toContain("All have 5 steps.");
    expect(stdout).toMatch(/^cat +10 +4$/m);
    expect(stdout).toContain("12 test sequences, 0 of them in the training data too");
    expect(stdout).toMatch(/^nearest neighbour, warped +100\.00 %$/m);
    expect(stdout).not.toContain("NaN");
  });

  it("says what is odd", async () => {
    const rows = ["bird,1,1,-999", "bird,1,1,2", "cat,1,2,2"];
    const odd = file("odd.csv", `class,v1,v2,v3\n${rows.join("\n")}\n`);
    const { code, stdout, stderr } = await filigree("data", "stats", train, "--test", odd);
    expect(code).toBe(0);
    expect(stderr).toBe('2 of 3 test sequences have labels that training never shows: "bird"\n');
    expect(stdout).toMatch(/^bird +0 +2$/m);
    const many = Array.from({ length: 20 }, (_, i) => `cat,${i},${i},${2 * i}`);
    const gap = await filigree(
      "data",
      "stats",
      file("gap.csv", `class,v1,v2,v3\n${[...rows, ...many].join("\n")}\n`),
    );
    expect(gap.stderr).toContain("has the value -999: is it a gap?");
  });

  it("reads labels of a file of their own, of steps too, and of test data", async () => {
    const steps = (n: number) => ({
      shape: [n, 4],
      values: Float32Array.from({ length: 4 * n }, (_, i) => i % 4),
    });
    const labels = (n: number) => ({
      shape: [n, 4],
      values: Int32Array.from({ length: 4 * n }, (_, i) => Number(i % 4 > 1)),
    });
    const own = file("own.npz", formatNpz({ x: steps(6), y: labels(6) }));
    const other = file("other.npz", formatNpz({ x: steps(2), y: labels(2) }));
    const { code, stdout } = await filigree("data", "stats", own, "--test", other, "--json");
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      task: "label",
      unlabelled: 0,
      duplicates: 5,
      overlap: 2,
      baselines: [
        { name: "majority", correct: 4, total: 8 },
        { name: "values", correct: 8, total: 8 },
      ],
    });
    const bare = file("bare.npz", formatNpz({ x: steps(2) }));
    const refused = await filigree("data", "stats", own, "--test", bare);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(
      /bare\.npz: has no labels, the training data classes of steps; give labels/,
    );
  });

  it("describes a series and forecasts of its end", async () => {
    const values = Array.from(
      { length: 200 },
      (_, t) => 5 + Math.sin((2 * Math.PI * t) / 20) + 0.01 * random.normal(),
    );
    const series = file("series.csv", `load\n${values.join("\n")}\n`);
    const { code, stdout } = await filigree("data", "stats", series, "--task", "forecast", "--json");
    expect(code).toBe(0);
    const document = JSON.parse(stdout);
    expect(document).toMatchObject({ task: "forecast", horizon: 1, period: 20, sequences: 1, leftOut: [] });
    const [last, seasonal, mean] = document.baselines;
    expect([last.name, seasonal.name, mean.name]).toEqual(["last value", "seasonal", "mean"]);
    expect(last.predictions).toBe(20);
    expect(seasonal.meanSquaredError).toBeLessThan(last.meanSquaredError);
    expect(last.meanSquaredError).toBeLessThan(mean.meanSquaredError);
    const far = await filigree(
      "data",
      "stats",
      series,
      "--task",
      "forecast",
      "--horizon",
      "3",
      "--period",
      "7",
    );
    expect(far.stdout).toContain(
      "20 values foretold 3 steps ahead, after the first 90 % of each series; the period is 7 steps",
    );
    const pair = file("pair.csv", `load,cold\n${values.map((y) => `${y},${-y}`).join("\n")}\n`);
    const both = await filigree("data", "stats", pair, "--task", "forecast");
    expect(both.stdout).toMatch(/^mean squared error of +last value +seasonal +mean$/m);
    expect(both.stdout).toMatch(/^cold /m);
    const without = await filigree("data", "stats", series);
    expect(without).toMatchObject({ code: 2 });
    expect(without.stderr).toContain("say --task forecast");
  });

  it("refuses test data with other channels", async () => {
    const make = (name: string, channels: number) =>
      file(
        name,
        formatNpz({ x: { shape: [4, 3, channels], values: new Float32Array(12 * channels).fill(1) } }),
      );
    const { code, stderr } = await filigree(
      "data",
      "stats",
      make("one.npz", 1),
      "--test",
      make("two.npz", 2),
    );
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /two\.npz: has 2 channels, the training data 1; give test data with the same channels/,
    );
  });

  it("is told strings and numbers by their options and by --kind", async () => {
    const text = file("words.csv", "word,class,n\nab,1,2\nba,0,3\n");
    expect((await filigree("data", "stats", text)).stdout).toContain("mean length");
    const asNumbers = await filigree("data", "stats", text, "--kind", "numbers");
    expect(asNumbers.code).toBe(2);
    expect((await filigree("data", "stats", text, "--layout", "wide")).code).toBe(2);
    expect((await filigree("data", "stats", train, "--kind", "strings")).code).toBe(2);
  });
});
