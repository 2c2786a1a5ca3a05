import { parseHTML } from "linkedom";
import { describe, expect, it } from "vitest";
import { studyReport } from "../../src/report/report.js";
import {
  combinationsOf,
  readNotes,
  readStudyResults,
  type StudyResults,
  spell,
} from "../../src/report/study-summary.js";
import { compareStudies } from "../../src/study/compare.js";
import { parseStudy, type StudyInput } from "../../src/study/document.js";
import { defineStudy } from "../../src/study/expand.js";
import type { JsonObject } from "../../src/study/json.js";
import { kindsOf } from "../../src/study/kind.js";
import { type SeriesRow, StoreReader, type TrialRow } from "../../src/study/reading.js";
import { type Claim, Store } from "../../src/study/store.js";
import { encodeNotes, TEXT_NOTES } from "../../src/train/text-notes.js";
import { testFolder } from "../study/folder.js";
import { testKinds } from "../study/kinds.js";
import { textTraining } from "../thesis/report/sample.js";
import { expectSound } from "./sound.js";

const path = testFolder();

function trial(
  number: number,
  parameters: JsonObject,
  accuracy: number,
  more: Partial<TrialRow> = {},
): TrialRow {
  const identity = String(number).padStart(64, "0");
  return {
    number,
    identity,
    kind: "train",
    seed: number,
    replicate: 0,
    state: "finished",
    error: null,
    parameters,
    summary: { accuracy },
    ...more,
  };
}

function epochs(...accuracy: number[]): SeriesRow[] {
  return accuracy.map((value, i) => ({ epoch: i + 1, metrics: { accuracy: value } }));
}

const study: StudyResults = {
  name: "a study",
  kind: "train",
  objective: { metric: "accuracy", direction: "maximize" },
  trials: [
    trial(0, { rate: 0.001, cell: "gru" }, 0.8),
    trial(1, { rate: 0.001, cell: "gru" }, 0.9),
    trial(2, { rate: 1, cell: "gru" }, 0.5),
    trial(3, { rate: 1, cell: "lstm" }, 0.7),
    trial(4, { rate: 0.03, cell: "lstm" }, Number.NaN, {
      state: "failed",
      error: "epoch 2, step 7: the loss is <not> finite",
      summary: {},
    }),
    trial(5, { rate: 0.03, cell: "lstm" }, Number.NaN, { state: "waiting", summary: {} }),
  ],
  series: new Map([
    ["0".repeat(64), epochs(0.5, 0.8)],
    [`${"0".repeat(63)}1`, epochs(0.7, 0.9)],
  ]),
};

describe("summary of a study", () => {
  it("ranks combinations by the mean of their finished replicates, those without a value last", () => {
    const ranked = combinationsOf(study).map(({ parameters, value }) => [
      parameters.rate,
      parameters.cell,
      value,
    ]);
    expect(ranked.slice(0, 3)).toEqual([
      [0.001, "gru", (0.8 + 0.9) / 2],
      [1, "lstm", 0.7],
      [1, "gru", 0.5],
    ]);
    expect(ranked[3].slice(0, 2)).toEqual([0.03, "lstm"]);
    const minimised = combinationsOf({ ...study, objective: { metric: "accuracy", direction: "minimize" } });
    expect(minimised.map(({ trials }) => trials[0].number)).toEqual([2, 3, 0, 4]);
  });

  it("means by one rule what best, compare and the report mean: finished and finite replicates", () => {
    const store = Store.open(path());
    const input: StudyInput = {
      name: "s",
      kind: "noop",
      grid: { value: [1, 2] },
      replicates: 4,
      objective: { metric: "x" },
    };
    const anything = kindsOf({ ...testKinds.noop, metrics: undefined });
    const trials = [...store.enter(defineStudy(parseStudy(input), anything)).values()];
    const claims = store.claim(
      trials.map(({ id }) => id),
      store.addRunner(),
    ) as Claim[];
    const values = [1, Number.NaN, 3, Number.POSITIVE_INFINITY, Number.NaN, Number.NEGATIVE_INFINITY];
    for (const [index, x] of values.entries())
      store.finish(claims[index], { summary: { x }, artifacts: {} }, 1);
    store.fail(claims[6], "fell", "fell", 1);
    const reader = new StoreReader(store.database);
    expect(reader.best("s", 10)).toMatchObject([{ parameters: { value: 1 }, value: 2, replicates: 2 }]);
    expect(compareStudies(reader, "s", "s").rows).toEqual([{ parameters: { value: 1 }, a: 2, b: 2 }]);
    expect(combinationsOf(readStudyResults(reader, "s"))).toMatchObject([
      { parameters: { value: 1 }, value: 2, replicates: 2 },
      { parameters: { value: 2 }, value: Number.NaN, replicates: 0 },
    ]);
    const html = studyReport({ store: "s.db", studies: [readStudyResults(reader, "s")] });
    expect(html.replaceAll("\u00a0", " ")).toContain("The best x is 2, the mean of 2 replicates");
    store.close();
  });

  it("spells values briefly", () => {
    expect([spell(0.123456), spell(null), spell([1, 2]), spell("x".repeat(99)).length]).toEqual([
      "0.1235",
      "–",
      "[1,2]",
      60,
    ]);
  });
});

describe("study report", () => {
  it("draws objective, effects, curves and tables", () => {
    const html = studyReport({ store: "runs/store.db", studies: [study] });
    expectSound(html);
    const text = html.replaceAll("\u00a0", " ");
    expect(text).toContain("4 finished, 1 waiting and 1 failed");
    expect(text).toContain(
      "The best accuracy is 0.85, the mean of 2 replicates, with rate = 0.001 and cell = gru.",
    );
    for (const title of [
      "accuracy over trials",
      "accuracy by rate",
      "accuracy by cell",
      "accuracy over epochs",
    ]) {
      expect(html).toContain(`<title>a study: ${title}</title>`);
    }
    expect(html).toContain("epoch 2, step 7: the loss is &lt;not> finite");
  });

  it("draws a training on a text, and of other trials nothing of the kind", () => {
    const html = studyReport({ store: "store.db", studies: [{ ...study, text: textTraining }] });
    expectSound(html);
    expect(html).toContain("<title>a study: loss over epochs</title>");
    expect(html).toContain("LIBERTY, n.");
    expect(studyReport({ store: "store.db", studies: [study] })).not.toContain("loss over epochs");
    const bare = { series: [], notes: { baselines: [], samples: [] } };
    expectSound(studyReport({ store: "store.db", studies: [{ ...study, text: bare }] }));
  });

  it("reads what a training on a text left from the best trial's artifacts", () => {
    const store = Store.open(path());
    const input: StudyInput = {
      name: "t",
      kind: "noop",
      grid: { value: [1, 2] },
      objective: { metric: "value", direction: "minimize" },
    };
    const ids = [...store.enter(defineStudy(parseStudy(input), testKinds)).values()].map(({ id }) => id);
    const claims = store.claim(ids, store.addRunner()) as Claim[];
    const artifacts = [encodeNotes(textTraining.notes), new TextEncoder().encode("{}")];
    for (const [i, claim] of claims.entries()) {
      store.saveEpoch(claim, 1, { validationLoss: 1 });
      store.finish(claim, { summary: { value: i }, artifacts: { [TEXT_NOTES]: artifacts[i] } }, 1);
    }
    const reader = new StoreReader(store.database);
    const { text } = readStudyResults(reader, "t");
    expect(text?.notes).toEqual(textTraining.notes);
    expect(text?.series).toEqual([{ epoch: 1, metrics: { validationLoss: 1 } }]);
    const [, second] = [...reader.rows("t")];
    expect(readNotes(reader, second.identity)).toBeUndefined();
    store.close();
  });

  it("reports a store without studies, a study without results and one without objective", () => {
    const empty = studyReport({ store: "store.db", studies: [] });
    expectSound(empty);
    expect(empty).toContain("The store holds no study yet.");
    const waiting = studyReport({
      store: "store.db",
      studies: [
        { ...study, trials: study.trials.slice(5), series: new Map() },
        { ...study, name: "two", objective: undefined, series: new Map() },
      ],
    });
    expectSound(waiting);
    expect(waiting).toContain("No finished trial has a finite accuracy yet.");
    expect(waiting).toContain("The study has no objective");
  });

  it("keeps studies of similar names apart", () => {
    const names = ["a study", "a-study", "A study", "исследование", "étude", "研究"];
    const html = studyReport({ store: "store.db", studies: names.map((name) => ({ ...study, name })) });
    expectSound(html);
    const { document } = parseHTML(html);
    const parts = [...document.querySelectorAll("nav a")].map((link) => {
      const section = document.getElementById(link.getAttribute("href")!.slice(1));
      return section?.querySelector(".part")?.textContent;
    });
    expect([...new Set(parts)]).toEqual(names);
  });

  it("stays small with very many trials", () => {
    const trials = Array.from({ length: 20_000 }, (_, i) => trial(i, { rate: i / 20_000 }, Math.sin(i)));
    const html = studyReport({ store: "store.db", studies: [{ ...study, trials, series: new Map() }] });
    expectSound(html);
    expect(html.length).toBeLessThan(600_000);
    expect(html).toContain("1,500 of 20,000 are drawn.");
  });
});
