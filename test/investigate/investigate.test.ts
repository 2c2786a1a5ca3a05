// All investigations from the first training to the page, at a scale of seconds.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { brotliCompressSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { kinds } from "../../src/experiments/kinds.js";
import { investigateLanguage, type LanguageOptions } from "../../src/investigate/language.js";
import { type Row, rowKey } from "../../src/investigate/row.js";
import {
  investigateSearch,
  type SearchInvestigationOptions,
  searchStudies,
} from "../../src/investigate/search.js";
import {
  investigateThresholds,
  type ThresholdOptions,
  type ThresholdResults,
} from "../../src/investigate/thresholds.js";
import { parseStudy } from "../../src/study/document.js";
import { defineStudy } from "../../src/study/expand.js";
import { filigree } from "../cli/command-line.js";
import { hasReference, reference, skipNote } from "../reference.js";
import { expectSound } from "../report/sound.js";
import { testFolder } from "../study/folder.js";

const path = testFolder();
type Results = ThresholdResults & { readonly investigation: string };

const common = { scale: "quick", jobs: 2, minutes: 10, command: "test" } as const;

describe("investigate thresholds", () => {
  const options: ThresholdOptions = {
    ...common,
    out: path("thresholds"),
    seeds: [1, 2, 3],
    size: {
      strings: { count: 80, epochs: 2, batch: 8 },
      cells: ["gru"],
      regimes: [["magnitude", "random", "small", "rigl"], ["iterative"]],
      sparsities: [50, 90],
      rounds: 2,
      around: { conditions: ["hard"], cells: ["rnn-tanh"], regimes: ["random"], seeds: 1 },
      dear: [],
    },
  };

  it("ends a sitting when the time is over, goes on in the next and writes rows and page", async () => {
    const first = await investigateThresholds({ ...options, minutes: 1e-9 });
    // Of GRU 3 dense and 30 sparse networks, of the other condition and the other cell 3 each.
    expect(first.facts).toMatchObject({ total: 39, failed: 0 });
    expect(first.facts.finished).toBeLessThan(39);
    expectSound(readFileSync(first.report, "utf8"), 1);
    const { facts, rows, courses, masks, report } = await investigateThresholds(options);
    expect(facts).toMatchObject({ total: 39, finished: 39, failed: 0 });
    expect(rows).toHaveLength(39);
    const one = (regime: string) => rows.find((row) => row.regime === regime && row.sparsity !== 50)!;
    expect(one("dense")).toMatchObject({ sparsity: 0, weights: 45_000, nonzeros: 45_000, epochs: 2 });
    expect(one("magnitude")).toMatchObject({ sparsity: 90, nonzeros: 4500, weights: 45_000 });
    expect(one("magnitude").parameters).toBe(one("dense").parameters - 40_500);
    expect(Object.keys(one("rigl").gates)).toHaveLength(18);
    expect(one("iterative").epochs).toBe(3);
    expect(Math.abs(one("small").parameters - one("random").parameters)).toBeLessThan(700);
    expect(courses.map(({ regime }) => regime).sort()).toEqual([
      "iterative",
      "magnitude",
      "random",
      "random",
      "rigl",
    ]);
    expect(masks).toHaveLength(5);
    const page = readFileSync(report, "utf8");
    expectSound(page, 1);
    expect(page).toContain("script-src &#x27;sha256-".replaceAll("&#x27;", "'"));
    const kept = JSON.parse(readFileSync(path("thresholds/results.json"), "utf8"));
    expect(kept).toMatchObject({ investigation: "thresholds", facts: { finished: 39 } });
  });

  it("takes over the rows of a run whose store is gone and trains the rest", async () => {
    const before = JSON.parse(readFileSync(path("thresholds/results.json"), "utf8"));
    // What is missing: all of a regime, and one seed of another.
    const isKept = (row: Row) => row.regime !== "rigl" && !(row.regime === "iterative" && row.seed === 2);
    const rows = path("before.json.br");
    const some = { ...before, rows: before.rows.filter(isKept) };
    writeFileSync(rows, brotliCompressSync(JSON.stringify(some)));
    const again = await investigateThresholds({ ...options, rows, out: path("elsewhere") });
    expect(again.facts).toMatchObject({ total: 39, finished: 39, failed: 0 });
    expect(again.earlier).toEqual([before.facts]);
    const valuesOf = (all: readonly Row[]) =>
      new Map(all.map((row) => [rowKey(row), { ...row, seconds: 0, run: 0 }]));
    expect(valuesOf(again.rows)).toEqual(valuesOf(before.rows));
    const regimesOf = (run: number) =>
      new Set(again.rows.filter((row) => row.run === run).map((row) => row.regime));
    expect(regimesOf(1)).toEqual(new Set(["iterative", "rigl"]));
    // Dense networks are not among what was trained: they are the earlier run's.
    expect(regimesOf(0)).toContain("dense");
    expectSound(readFileSync(again.report, "utf8"), 1);
    expect(readFileSync(again.report, "utf8")).toContain("Taken over");
  });

  it.each<[string, (results: Results) => unknown, RegExp]>([
    [
      "of another investigation",
      (results) => ({ ...results, investigation: "search" }),
      /investigate search/,
    ],
    ["without rows", ({ facts }) => facts, /holds no results: investigation .*; name the results\.json/],
    [
      "with a damaged row",
      (results) => ({ ...results, rows: [{ ...results.rows[0], metric: null }] }),
      /holds no results: rows 0 metric /,
    ],
    [
      "of a run that is not told of",
      (results) => ({ ...results, rows: [{ ...results.rows[0], run: 1 }] }),
      /a row is of run 1 of 1/,
    ],
    [
      "with another condition",
      (results) => ({ ...results, conditions: [{ ...results.conditions[0], hidden: 7 }] }),
      /was made with another condition base; give the same options/,
    ],
  ])("refuses rows %s", async (_, change, line) => {
    const results = JSON.parse(readFileSync(path("thresholds/results.json"), "utf8"));
    writeFileSync(path("wrong.json"), JSON.stringify(change(results)));
    const out = path("refused");
    await expect(investigateThresholds({ ...options, out, rows: path("wrong.json") })).rejects.toThrow(line);
    expect(existsSync(out)).toBe(false);
  });
});

describe("investigate language", () => {
  it("trains, judges and draws", async () => {
    const text = path("text.txt");
    writeFileSync(text, "the cat sat on the mat, and the dog lay by the door. ".repeat(60));
    const options: LanguageOptions = {
      ...common,
      out: path("language"),
      seeds: [1],
      text,
      size: {
        text: { hidden: 8, epochs: 2 },
        cells: ["gru"],
        sparsities: [50, 90],
        methods: ["gradual"],
        rounds: 2,
        longer: ["gradual"],
        wide: ["random"],
      },
    };
    const { facts, rows, report } = await investigateLanguage(options);
    expect(facts).toMatchObject({ failed: 0 });
    expect(facts.finished).toBe(facts.total);
    const retrained = rows.filter(({ regime }) => regime === "one-shot");
    expect(retrained).toHaveLength(6);
    const least = ({ retraining = [] }: (typeof rows)[number]) => Math.min(...retraining);
    for (const row of retrained) {
      expect(row).toMatchObject({ epochs: 4, metric: least(row) });
      expect(row.retraining).toHaveLength(2);
    }
    const atOnce = rows.find(({ regime, sparsity }) => regime === "magnitude" && sparsity === 90)!;
    expect(atOnce).toMatchObject({ epochs: 2, nonzeros: 39 });
    expect(atOnce.metric).toBeGreaterThan(1);
    expect(rows.filter(({ condition }) => condition === "wide")).toMatchObject([
      { regime: "random", hidden: 16 },
    ]);
    expectSound(readFileSync(report, "utf8"), 1);
  });
});

describe("the command line", () => {
  const mistakes: [words: string[], line: RegExp][] = [
    [
      ["thresholds", "--quick", "--text", "x"],
      /--text: it takes longer than --quick may; leave one of the two out$/,
    ],
    [["thresholds", "--quick", "--mnist", "x"], /--mnist: it takes longer than --quick may/],
    [
      ["thresholds", "--mnist", path("none")],
      /there is no train-images-idx3-ubyte in it, nor .*; name the folder/,
    ],
    [["thresholds", "--text", path("none.txt")], /none\.txt: no such file/],
    [["thresholds", "--rows", path("none.json")], /none\.json: no such file/],
    [["language", "--rows", "package.json"], /package\.json: holds no results: investigation /],
    [["language", "--text", path("none.txt")], /none\.txt: no such file/],
    [["search", "--quick", "--vowels", "x"], /--vowels: it takes longer than --quick may/],
    [["search", "--vowels", path("none")], /there is no JapaneseVowels_TRAIN\.ts in it; name the folder/],
    [["search", "--text", path("none.txt")], /none\.txt: no such file/],
    [["language", "--minutes", "0"], /'0' is invalid\. Use a whole number from 1 to 30000\.$/],
    [["language", "--seeds", "none"], /'none' is invalid/],
    [["language", "--quick", "--out", "/proc/none"], /\/proc\/none/],
    [["thresholdss"], /unknown command 'thresholdss' \(Did you mean thresholds\?\)$/],
  ];
  it.each(mistakes)("investigate %j", async (words, line) => {
    const { code, stdout, stderr } = await filigree("investigate", ...words);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr.trimEnd()).toMatch(line);
    expect(stderr.trimEnd().split("\n")).toHaveLength(1);
  });
});

describe("investigate search", () => {
  it("searches, trains what was found, also elsewhere, judges and draws", async () => {
    const options: SearchInvestigationOptions = {
      ...common,
      out: path("search"),
      seeds: [1, 2, 3],
      size: {
        strings: { count: 80, epochs: 1, batch: 16 },
        text: { epochs: 1 },
        cells: ["rnn-tanh", "gru"],
        tasks: ["hard"],
        ways: ["top-k", "random", "best-of-random", "rigl"],
        units: 9,
        layers: 3,
        budget: 14,
        learningRate: 0.01,
        candidates: 2,
        trainings: 1,
      },
    };
    const first = await investigateSearch({ ...options, minutes: 1e-9 });
    expect(first.facts.finished).toBeLessThan(first.facts.total);
    expectSound(readFileSync(first.report, "utf8"), 1);
    const { facts, rows, shown, report } = await investigateSearch(options);
    // Of two cells four ways and three seeds, and the graphs of one way with the other cell.
    expect(facts).toMatchObject({ total: 30, finished: 30, failed: 0 });
    expect(rows).toHaveLength(30);
    expect(rows.filter(({ foundWith }) => foundWith !== undefined)).toHaveLength(6);
    expect(rows.every(({ edges, foundOn }) => edges === 14 && foundOn === undefined)).toBe(true);
    expect(rows.find(({ way }) => way === "best-of-random")?.best).toHaveLength(2);
    expect(shown.map(({ way }) => way).sort()).toEqual(
      ["best-of-random", "random", "rigl", "top-k"].flatMap((way) => [way, way]),
    );
    const course = shown.find(({ way }) => way === "top-k")?.course;
    expect(course?.map(({ label }) => label)).toEqual(["1 to 2", "1 to 3", "2 to 3"]);
    const page = readFileSync(report, "utf8");
    expectSound(page, 1);
    expect(page).toContain("Graphs that are trained elsewhere");
    const kept = JSON.parse(readFileSync(path("search/results.json"), "utf8"));
    expect(kept).toMatchObject({ investigation: "search", facts: { finished: 30 } });
  });

  it("searches on a text as well, to and from which graphs are moved", async () => {
    const text = path("rhyme.txt");
    writeFileSync(text, "the cat sat on the mat, and the hat sat on the cat. ".repeat(60));
    const options: SearchInvestigationOptions = {
      ...common,
      out: path("search-text"),
      seeds: [1, 2, 3],
      size: {
        strings: { count: 80, epochs: 1, batch: 16 },
        text: { epochs: 1 },
        cells: ["gru"],
        tasks: ["hard"],
        ways: ["top-k", "random", "evolution"],
        units: 9,
        layers: 3,
        budget: 14,
        learningRate: 0.01,
        candidates: 2,
        trainings: 1,
      },
    };
    // A sitting without the text first: what it trained is not trained again.
    const first = await investigateSearch(options);
    expect(first.facts).toMatchObject({ total: 9, finished: 9 });
    const { facts, tasks, rows, report } = await investigateSearch({ ...options, text });
    // Three ways and three seeds on each task, and the graphs of one way on the other.
    expect(facts).toMatchObject({ total: 24, finished: 24, failed: 0 });
    expect(tasks.map(({ judge }) => judge)).toEqual(["testAccuracy", "validationLoss"]);
    const of = (task: string, foundOn?: string) =>
      rows.filter((row) => row.task === task && row.foundOn === foundOn);
    expect([of("hard"), of("text")].map(({ length }) => length)).toEqual([9, 9]);
    expect([of("hard", "text"), of("text", "hard")].map(({ length }) => length)).toEqual([3, 3]);
    for (const { metric } of of("hard")) expect(metric).toBeLessThanOrEqual(1);
    // Of some twenty letters: better than all alike, and far from none.
    for (const { metric, best } of [...of("text"), ...of("text", "hard")]) {
      expect(metric).toBeGreaterThan(1);
      expect(metric).toBeLessThan(Math.log(20));
      if (best) expect(best[1]).toBeLessThanOrEqual(best[0]);
    }
    const page = readFileSync(report, "utf8");
    expectSound(page, 1);
    expect(page).toContain("nats less");
  });

  it.skipIf(!hasReference)(`takes JapaneseVowels as another task${skipNote}`, () => {
    const options = { ...common, out: path("vowels"), seeds: [1], vowels: reference("series") };
    const studies = searchStudies(options).map((study) => defineStudy(parseStudy(study), kinds));
    const { hard: _, ...byName } = Object.fromEntries(studies.map((study) => [study.document.name, study]));
    expect(Object.keys(byName)).toEqual(["vowels", "transfer"]);
    const searched = [...byName.vowels.trials.values()].filter(({ kind }) => kind === "search");
    expect(searched[0].configuration).toMatchObject({ data: { task: "classify" }, batch: 32 });
    // Of two cells on two tasks each on each other, twice.
    expect(byName.transfer.members).toHaveLength(12 * 2);
  });

  it("refuses a text that is too short to hold some out, in one line", async () => {
    const text = path("short.txt");
    writeFileSync(text, "the cat sat. ".repeat(8));
    const words = ["--quick", "--text", text, "--out", path("short")];
    const { code, stderr } = await filigree("investigate", "search", ...words);
    const lines = stderr
      .trim()
      .split("\n")
      .filter((line) => line.startsWith("filigree: "));
    expect([code, lines]).toEqual([2, [expect.stringMatching(/too few to hold some out for a search/)]]);
  });
});
