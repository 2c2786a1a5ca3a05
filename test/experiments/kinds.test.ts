// What the kinds promise of their trials.
import { writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { kinds } from "../../src/experiments/kinds.js";
import { check } from "../../src/study/check.js";
import type { StudyInput } from "../../src/study/document.js";
import { StoreReader } from "../../src/study/reading.js";
import { runStudy } from "../../src/study/runner.js";
import { slopes, waves } from "../sequences.js";
import { testFolder } from "../study/folder.js";

const path = testFolder();
const data = { count: 40, maxLength: 15 };
const cell = { cell: "gru", hidden: 2, layers: 1 };

function text(): string {
  const file = path();
  writeFileSync(file, "the cat sat on the mat. ".repeat(40));
  return file;
}

function file(content: string): string {
  const place = path();
  writeFileSync(place, content);
  return place;
}

const structure = { cell: "gru", graph: { family: "watts_strogatz", number: 0 }, epochs: 1 };
const searched = {
  cell: "gru",
  data,
  searcher: "top-k",
  units: 9,
  layers: 3,
  budget: 14,
  epochs: 1,
  batch: 16,
};
const masks = { ...searched, space: "weights", units: 3, layers: 1, budget: 20 };
const classes = { numbers: file(slopes(24)), validation: file(slopes(9, 2)) };
const series = { numbers: file(waves(80)), task: "forecast" };
const tested = { ...series, test: file(waves(40, 2)) };
const both = { ...tested, validation: tested.test };

describe("a kind", () => {
  it.each<[kind: string, ...configurations: NonNullable<StudyInput["fixed"]>[]]>([
    ["noop", {}],
    [
      "train",
      { ...cell, data, epochs: 1 },
      { ...cell, data: { text: text() }, epochs: 1 },
      { ...cell, data: classes, epochs: 1 },
      { ...cell, data: both, epochs: 1 },
    ],
    [
      "prune",
      { base: { ...cell, data, epochs: 1 }, percent: 50, epochs: 0 },
      { base: { ...cell, data: series, epochs: 1 }, percent: 50, epochs: 1 },
      { base: { ...cell, data: tested, epochs: 1 }, percent: 50, epochs: 1 },
    ],
    [
      "search",
      searched,
      { ...searched, searcher: "evolution", candidates: 2 },
      { ...searched, searcher: "evolution", candidates: 2, batch: 4, data: { text: text() } },
      { ...searched, searcher: "mixture", data: series, horizon: 2, window: 16 },
    ],
    [
      "found",
      { search: searched },
      { search: { ...searched, data: { numbers: classes.numbers } } },
      { search: masks },
      { search: { ...searched, batch: 4, data: { text: text() } } },
      { search: { ...masks, batch: 4, data: { text: text() } } },
      { search: { ...searched, data: both } },
      { search: { ...masks, data: tested }, epochs: 2 },
      // A graph that was found on strings and is trained on a text.
      { search: searched, data: { text: text() } },
    ],
    ["structure", ...[data, classes, both, { text: text() }].map((own) => ({ ...structure, data: own }))],
  ])("%s has the metrics that it says it has", async (kind, ...configurations) => {
    const found = new Set<string>();
    for (const fixed of configurations) {
      const store = path();
      expect(await runStudy({ name: "s", kind, fixed }, { store, kinds })).toMatchObject({
        finished: 1 + (["prune", "found"].includes(kind) ? 1 : 0),
      });
      const reader = StoreReader.open(store);
      for (const metric of reader.columns("s").metrics) found.add(metric);
      reader.close();
    }
    expect([...found].sort()).toEqual([...(kinds[kind].metrics ?? [])].sort());
  });
});

describe("a search", () => {
  const parse = (configuration: object) => check(kinds.found.schema, configuration, "configuration");
  const words = { text: text() };

  it("is completed as its data have it, once", () => {
    const { batch: _, ...rest } = searched;
    const of = (search: object) => parse({ search: { ...rest, ...search } });
    expect(of({})).toMatchObject({ search: { batch: 128, held: 0.25 } });
    expect(of({})).not.toHaveProperty("search.window");
    expect(of({ data: words })).toMatchObject({ search: { window: 64 } });
    expect(of({ data: words })).not.toHaveProperty("search.batch");
    expect(of({ data: series })).toMatchObject({ search: { batch: 128, window: 64, horizon: 1 } });
    for (const search of [{}, { data: words }, { data: series }])
      expect(parse(of(search) as object)).toEqual(of(search));
  });

  it.each<[what: string, configuration: object, message: RegExp]>([
    [
      "validation series that would judge what they have chosen",
      { search: { ...searched, data: { ...series, validation: both.test } } },
      /search\.data: the validation series would judge .* name test series too/,
    ],
    ["a protocol of texts", { search: { ...searched, data: words, protocol: "thesis" } }, /strings alone/],
    ["a horizon of strings", { search: { ...searched, horizon: 2 } }, /horizon: goes with forecasts alone/],
    [
      "a window of classes",
      { search: { ...searched, data: classes, window: 8 } },
      /texts and forecasts alone/,
    ],
    [
      "masks on other data",
      { search: masks, data: words },
      /masks are of a network for strings; only graphs/,
    ],
  ])("refuses %s", (_, configuration, message) => {
    expect(() => parse(configuration)).toThrow(message);
  });
});
