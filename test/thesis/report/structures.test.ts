import { parseHTML } from "linkedom";
import { describe, expect, it } from "vitest";
import { differenceOfMeans } from "../../../src/math/intervals.js";
import { reproductionReport } from "../../../src/thesis/report/report.js";
import {
  correlationAnswer,
  predictionAnswer,
  protocolSentences,
  structureKeyFindings,
  structureLimits,
} from "../../../src/thesis/report/structure-findings.js";
import { binned } from "../../../src/thesis/report/structure-outcomes.js";
import { expectSound } from "../../report/sound.js";
import { data, facts, masks, plan, prediction, rows, structures } from "./sample.js";

const both = [prediction("gru", "thesis", 0.7, 0.5), prediction("gru", "corrected", 0.2, 0.1)];
const evidence = { rows: structures.rows, prediction: both, protocol: "thesis" } as const;

describe("differences of means", () => {
  it("have Welch's interval", () => {
    const { value, low, high } = differenceOfMeans([1, 2, 3], [2, 4, 6, 8]);
    // scipy 1.10: t.ppf(0.975, 4.0755) * sqrt(2)
    expect(value).toBe(3);
    expect(low).toBeCloseTo(3 - 3.897975451, 6);
    expect(high).toBeCloseTo(3 + 3.897975451, 6);
  });

  it("have none of one value, and an exact one without variance", () => {
    expect(differenceOfMeans([1], [2, 3]).low).toBeNaN();
    expect(differenceOfMeans([1, 1], [2, 2])).toEqual({ value: 1, low: 1, high: 1 });
  });
});

describe("bins", () => {
  it("stand on whole numbers and hold shares", () => {
    const { bins, step } = binned([[1, 2, 2, 3], [3]], true);
    expect(step).toBe(1);
    expect(bins).toEqual([
      { from: 0.5, counts: [0.25, 0] },
      { from: 1.5, counts: [0.5, 0] },
      { from: 2.5, counts: [0.25, 1] },
    ]);
  });

  it("hold every value, the highest too, and equal or no values", () => {
    const { bins, step } = binned([[0.1, 0.15, 0.7]], false);
    expect(bins.reduce((sum, { counts }) => sum + counts[0], 0)).toBeCloseTo(1, 12);
    expect(bins).toHaveLength(18);
    expect(bins[17].counts).toEqual([1 / 3]);
    expect(bins[17].from + step).toBeCloseTo(0.7, 12);
    expect(binned([[5, 5]], false).bins.flatMap(({ counts }) => counts)).toContain(1);
    expect(binned([[100, 100]], true)).toEqual({ bins: [{ from: 99.5, counts: [1] }], step: 1 });
    expect(binned([[], []], false).bins).toEqual([]);
  });
});

describe("findings on structures", () => {
  const plain = (sentences: readonly string[]) =>
    sentences.map((sentence) => sentence.replaceAll("\u00a0", " "));

  it("answers what goes with accuracy", () => {
    expect(plain(correlationAnswer(evidence).flat())).toEqual([
      "The mean accuracy of Watts–Strogatz structures differs from that of Barabási–Albert ones by +20.0 [+15.5, +24.5] in GRU (points, 95 % intervals in brackets); the interval leaves out zero in 1 of 1 cell.",
      "In GRU (20 structures) 1 of 23 properties go with accuracy beyond chance, most of all source nodes (r = 0.70 [0.60, 0.80]).",
      "Of the published coefficients these lie within our 95 % intervals: 1 of 22 for GRU.",
    ]);
    const chance = prediction("gru", "thesis", 0.3, 0.5);
    for (const { pearson } of chance.report.correlations) if (pearson) pearson.pHolm = 0.06;
    expect(correlationAnswer({ ...evidence, prediction: [chance] }).flat()[1]).toMatch(
      /no property goes with accuracy beyond chance; the strongest is source nodes \(r = 0\.30 \[0\.20, 0\.40\]\)\.$/,
    );
  });

  it("answers whether accuracy can be predicted", () => {
    expect(plain(predictionAnswer(evidence).flat())[1]).toBe(
      "GRU: yes, in part. The best, random forest, has R² = 0.50 [0.35, 0.65]. On the thesis’s one split it scores 0.70 (published 0.88), but single folds score anything from 0.00 to 0.80.",
    );
    const doubtful = predictionAnswer({ ...evidence, protocol: "corrected" }).flat();
    expect(doubtful[1]).toMatch(/^GRU: not reliably\. .* R² = 0\.10 \[−0\.05, 0\.25\]/);
  });

  it("says what the corrected protocol changes", () => {
    expect(plain(protocolSentences(evidence))).toEqual([
      "Correcting the protocol changes mean accuracy by +2.5 [−13.7, +18.7] in GRU (points, 95 % intervals in brackets).",
      "The correlation of the number of source nodes with accuracy, which in the thesis is also that of the embedding’s width, goes from 0.70 to 0.20 in GRU; it is weaker in 1 of 1.",
      "The best cross-validated R² goes from 0.50 to 0.10 in GRU.",
    ]);
    expect(protocolSentences({ ...evidence, rows: structures.rows.slice(0, 6) })).toEqual([]);
  });

  it("opens with how far the graph foretells accuracy", () => {
    expect(plain(structureKeyFindings(evidence))).toEqual([
      "Mean test accuracy of randomly structured networks is GRU 82.0 %.",
      "What goes most with their accuracy is source nodes in GRU (r = 0.70).",
      "Predicting the accuracy of unseen structures from their graph is surely better than taking its mean in 1 of 1 cell: R² is 0.50 in GRU.",
    ]);
    expect(structureKeyFindings({ ...evidence, protocol: "corrected" }).at(-1)).toMatch(/^In no cell /);
  });

  it("says when structures have learnt too little", () => {
    expect(structureLimits({ rows: structures.rows, majority: 0.5 })).toEqual([]);
    expect(plain(structureLimits({ rows: structures.rows, majority: 0.65 }))).toEqual([
      "6 of 12 random structures end less than 10 points above always giving the same answer (65.0 %): so little was learnt that their differences say little about structure.",
    ]);
    expect(structureLimits({ rows: [], majority: 0.5 })).toEqual([]);
  });

  it("claims nothing without results", () => {
    const nothing = { rows: [], prediction: [], protocol: "thesis" } as const;
    expect(structureKeyFindings(nothing)).toEqual([]);
    expect(correlationAnswer(nothing)).toEqual([]);
    expect(predictionAnswer(nothing)).toEqual([]);
  });
});

describe("chapters on structures", () => {
  it("report everything that there is, in one report with pruning", () => {
    const html = reproductionReport({
      facts,
      data,
      pruning: { rows, masks, plan },
      structures,
      prediction: both,
    });
    expectSound(html);
    const { document } = parseHTML(html);
    const titles = [...document.querySelectorAll("h2")].map((heading) => heading.lastChild?.textContent);
    expect(titles.slice(-9)).toEqual([
      "Accuracy by family of graphs",
      "What the graphs are like",
      "Accuracy against properties",
      "The best and the worst",
      "Which properties go with accuracy",
      "How well accuracy can be predicted",
      "What predictions rest on",
      "Research questions 4 and 5",
      "What changes when the protocol is corrected",
    ]);
    expect(html).toContain("12 of 24 random structures are trained");
    expect(html).toContain("GRU: the best structure");
  });

  it("report a run that has hardly begun", () => {
    expectSound(reproductionReport({ facts, structures: { ...structures, rows: [] } }));
    const one = reproductionReport({
      facts,
      structures: { ...structures, rows: structures.rows.slice(0, 1) },
    });
    expectSound(one);
    expect(one).toContain("There are too few structures yet");
    expect(one).not.toContain("What changes when the protocol is corrected");
  });
});
