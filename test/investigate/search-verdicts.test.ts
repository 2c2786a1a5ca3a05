// What a run of `investigate search` says, on made-up rows of which the answer is known.
import { describe, expect, it } from "vitest";
import { searchReport } from "../../src/investigate/report/search.js";
import type { SearchResults } from "../../src/investigate/search.js";
import type { SearchRow } from "../../src/investigate/searches.js";
import {
  contrastsOf,
  difference,
  effectsOf,
  preferenceOf,
  searchFindings,
  transfersOf,
} from "../../src/investigate/verdicts/search.js";
import type { Way } from "../../src/search/ways.js";
import { expectSound } from "../report/sound.js";
import { facts } from "./sample.js";

const seeds = [1, 2, 3, 4, 5];

/** A training of each search, at a level for each way, with noise that is the same for all ways. */
function rowsOf(levels: Partial<Record<Way, number>>, more: Partial<SearchRow> = {}): SearchRow[] {
  return Object.entries(levels).flatMap(([way, level]) =>
    seeds.flatMap((searchSeed) =>
      [1, 2].map(
        (seed): SearchRow => ({
          task: "hard",
          cell: "gru",
          way: way as Way,
          searchSeed,
          seed,
          metric: level + 0.002 * searchSeed + 0.0003 * ((searchSeed * way.length) % 3),
          edges: 96,
          parameters: 4000,
          searchSeconds: way === "random" ? 0 : 10,
          seconds: 5,
          properties: {
            diameter: way === "top-k" ? 9 + searchSeed : 3 + ((searchSeed * way.length) % 4),
            nodes: 32,
          },
          ...more,
        }),
      ),
    ),
  );
}

const resultsOf = (rows: SearchRow[]): SearchResults => ({
  facts: { ...facts, seeds },
  tasks: [
    { name: "hard", label: "hard negatives", judge: "testAccuracy" },
    { name: "text", label: "text", judge: "validationLoss" },
  ],
  rows,
  shown: [],
  candidates: 4,
  budget: 96,
});

describe("a run in which a searcher is better", () => {
  const results = resultsOf(
    rowsOf({
      "top-k": 0.96,
      mixture: 0.95,
      random: 0.9,
      "best-of-random": 0.92,
      "watts-strogatz": 0.9,
      "erdos-renyi": 0.9,
    }),
  );

  it("has effects with intervals, corrected for all comparisons", () => {
    const effects = effectsOf(results);
    const of = (way: Way) => effects.find((own) => own.way === way);
    expect(of("random")?.apart).toBeUndefined();
    expect(of("top-k")?.apart?.value).toBeCloseTo(6, 0);
    expect(of("top-k")?.apart?.low).toBeGreaterThan(5);
    expect(of("top-k")?.p).toBeLessThan(0.001);
    expect(of("watts-strogatz")?.p).toBeGreaterThan(0.05);
  });

  it("says so, and that it is more than the same time buys", () => {
    const { key, verdicts } = searchFindings(results);
    expect(key[0]).toMatch(
      /^Searched wirings beat chance: .* gain 5\.\d points .* 2 of 2 intervals exclude 0, 2 of them above it/,
    );
    expect(key[1]).toMatch(
      /best of as many random graphs .* gain 3\.\d points of accuracy, 2 of 2 intervals exclude 0/,
    );
    expect(verdicts.map(({ number }) => number)).toEqual([1, 2, 4]);
  });

  it("tells what graphs look like, and what predictors make of them", () => {
    const [most] = contrastsOf(results, "top-k");
    expect(most.name).toBe("diameter");
    expect(most.deviations).toBeGreaterThan(2);
    const preference = preferenceOf(results, "top-k");
    expect(preference).toBeGreaterThanOrEqual(0);
    expect(preference).toBeLessThanOrEqual(1);
  });
});

describe("a run in which nothing is better", () => {
  it("does not claim that something is", () => {
    const even = resultsOf(rowsOf({ "top-k": 0.9, mixture: 0.9, random: 0.9, "best-of-random": 0.9 }));
    const noisy = even.rows.map((row, i) => ({ ...row, metric: 0.9 + 0.01 * Math.sin(7.3 * i) }));
    const { key } = searchFindings({ ...even, rows: noisy });
    expect(key[0]).toMatch(/^No search is told from chance/);
    expect(key[0]).toContain("none does after correction");
  });

  it("tells apart what is worse", () => {
    const { key } = searchFindings(resultsOf(rowsOf({ "top-k": 0.8, mixture: 0.82, random: 0.9 })));
    expect(key[0]).toMatch(/^Searched wirings are worse than those of chance/);
  });

  it("has no answers without rows, or with too few seeds no intervals", () => {
    expect(searchFindings(resultsOf([])).key).toEqual([]);
    const few = rowsOf({ "top-k": 0.95, random: 0.9 }).filter(({ searchSeed }) => searchSeed <= 2);
    expect(searchFindings(resultsOf(few)).key[0]).toContain("too few seeds");
  });
});

describe("a run on a text", () => {
  const text = { task: "text" } as const;
  /** Losses: the lower, the better. */
  const better = { "top-k": 2.3, mixture: 2.32, random: 2.4, "best-of-random": 2.35, "erdos-renyi": 2.45 };

  it("counts fewer nats as better", () => {
    const effects = effectsOf(resultsOf(rowsOf(better, text)));
    const of = (way: Way) => effects.find((own) => own.way === way);
    expect(of("top-k")).toMatchObject({ unit: "nats", apart: { value: expect.closeTo(0.1, 2) } });
    expect(of("top-k")?.apart?.low).toBeGreaterThan(0.09);
    expect(of("top-k")?.p).toBeLessThan(0.001);
    expect(of("erdos-renyi")?.apart?.high).toBeLessThan(0);
  });

  it("is told in nats, with what is better as better", () => {
    const { verdicts } = searchFindings(resultsOf(rowsOf(better, text)));
    const [searching, rivals] = verdicts.map(({ answer }) => answer);
    expect(searching[0]).toMatch(
      /^Searched wirings beat chance: .* they need 0\.0[89]\d? nats less on text beside .* 2 of 2 intervals exclude 0, 2 of them above/,
    );
    expect(searching[1]).toMatch(
      /^The largest saving is top-k’s with GRU on text: 0\.1 nats.*, down to 2\.306 nats/,
    );
    expect(searching[2]).toContain("need 0.05 nats more on text");
    expect(rivals[0]).toMatch(/searchers need 0\.04 nats less on text, 2 of 2 intervals exclude 0/);
    expect(rivals[1]).toMatch(
      /^On text, in the mean over cells, top-k \(2\.306 nats\), mixture .* come first of 5/,
    );
  });

  it("is told apart from what is worse", () => {
    const worse = resultsOf(rowsOf({ "top-k": 2.5, mixture: 2.45, random: 2.4 }, text));
    const { key, verdicts } = searchFindings(worse);
    expect(key[0]).toMatch(/^Searched wirings are worse than those of chance: .* nats more on text/);
    expect(verdicts[0].answer[1]).toMatch(/^There is no saving; the least excess is mixture’s/);
  });

  it("stands beside strings without their units being mixed", () => {
    const rows = [...rowsOf({ "top-k": 0.96, random: 0.9 }), ...rowsOf(better, text)];
    const { key, verdicts } = searchFindings(resultsOf(rows));
    expect(key[0]).toMatch(/they gain 6 points of accuracy and need 0\.0[89]\d? nats less on text beside/);
    expect(verdicts[1].answer.slice(1)).toEqual([
      expect.stringMatching(
        /^By accuracy, in the mean over tasks and cells, top-k \(96\.6.%\) and random .* of 2.ways/,
      ),
      expect.stringMatching(/^On text, /),
    ]);
    const page = searchReport(resultsOf(rows));
    expectSound(page, 1);
    expect(page).toContain("in points of test accuracy, of text in nats less");
  });

  it("has predictors prefer what has fewer nats", () => {
    // Loss rises with the diameter of random graphs, and found graphs have the smallest.
    const rows = rowsOf({ random: 2.4, "watts-strogatz": 2.4, "top-k": 2.3 }, text).map((row) => {
      const diameter = row.way === "top-k" ? 1 : 2 + row.searchSeed;
      return { ...row, metric: 2 + diameter / 10, properties: { diameter, nodes: 32 } };
    });
    expect(preferenceOf(resultsOf(rows), "top-k")).toBeGreaterThan(0.7);
    const strings = resultsOf(rows.map((row) => ({ ...row, task: "hard" })));
    expect(preferenceOf(strings, "top-k")).toBeLessThan(0.3);
  });

  it("moves graphs to and from strings, each counted where it is trained", () => {
    const rows = [
      ...rowsOf({ "top-k": 0.96, random: 0.9 }),
      ...rowsOf(better, text),
      ...rowsOf({ "top-k": 2.36 }, { ...text, foundOn: "hard" }),
      ...rowsOf({ "top-k": 0.93 }, { foundOn: "text" }),
    ];
    const transfers = transfersOf(resultsOf(rows));
    const to = (task: string) => transfers.find((own) => own.task === task && own.foundOn !== task);
    expect(to("text")).toMatchObject({ unit: "nats", apart: { value: expect.closeTo(0.04, 2) } });
    expect(to("hard")).toMatchObject({ unit: "points", apart: { value: expect.closeTo(3, 0) } });
    const { verdicts } = searchFindings(resultsOf(rows));
    expect(verdicts.find(({ number }) => number === 3)?.answer[0]).toMatch(
      /gain 6 points of accuracy and need 0\.1 nats less on text where they were found, and gain 3 points of accuracy and need 0\.04 nats less on text with another/,
    );
  });
});

it("graphs that are trained elsewhere are compared with chance there", () => {
  const rows = [
    ...rowsOf({ "top-k": 0.96, random: 0.9 }),
    ...rowsOf({ "top-k": 0.8, random: 0.79 }, { cell: "rnn-tanh" }),
    ...rowsOf({ "top-k": 0.83 }, { cell: "rnn-tanh", foundWith: "gru" }),
  ];
  const transfers = transfersOf(resultsOf(rows));
  const away = transfers.find(({ cell, foundWith }) => cell !== foundWith);
  expect(away).toMatchObject({ cell: "rnn-tanh", foundWith: "gru", foundOn: "hard" });
  expect(away?.apart?.value).toBeCloseTo(4, 0);
  expect(transfers).toHaveLength(3);
  const { verdicts } = searchFindings(resultsOf(rows));
  expect(verdicts.find(({ number }) => number === 3)?.answer[0]).toContain("1 of 1 intervals");
});

it("a difference is over the seeds that both have", () => {
  const of = (entries: [number, number][]) => new Map(entries);
  expect(difference(of([[1, 0.5]]), of([[2, 0.6]]), "points")).toBeUndefined();
  expect(
    difference(
      of([
        [1, 0.5],
        [2, 0.5],
      ]),
      of([
        [1, 0.6],
        [3, 0.9],
      ]),
      "points",
    ),
  ).toEqual({
    value: expect.closeTo(10, 10),
    seeds: 1,
  });
});
