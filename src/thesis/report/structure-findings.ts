// Research questions 4 and 5, and what the corrected protocol changes, in sentences computed from the results. A
// correlation counts when Holm's correction over all properties leaves p below 0.05; a difference of means, or an R²,
// when its 95 % interval leaves out zero.
import { type Difference, differenceOfMeans } from "../../math/intervals.js";
import { mean } from "../../math/statistics.js";
import type { Correlation } from "../../predict/correlation.js";
import type { RegressorReport } from "../../predict/predict-table.js";
import type { RegressorName } from "../../predict/regressors.js";
import type { Answer } from "../../report/page.js";
import { cellNames } from "../../report/theme.js";
import { count, decimal, list, percentage, points, score } from "../../report/words.js";
import type { Protocol } from "../../train/protocol.js";
import { type PublishedStructures, publishedStructures, type ThesisCell } from "../published.js";
import { LEARNT } from "./pruning-evidence.js";
import type { PredictionResult, StructureRow } from "./results.js";
import { accuraciesOf, propertyLabel, structureCells, structuresOf } from "./structure-outcomes.js";

export interface StructureEvidence {
  rows: readonly StructureRow[];
  /** Empty where there were too few structures. */
  prediction: readonly PredictionResult[];
  /** The one that the report is about. */
  protocol: Protocol;
}

/** The questions as the thesis puts them (section 1.2). */
export const structureQuestions = [
  "How does a randomly structured recurrent network’s performance correlate with the graph properties of its internal structure?",
  "Is it possible to predict a randomly structured recurrent network’s performance using the graph properties of its base random graph?",
] as const;

export const regressorLabels: Record<RegressorName, string> = {
  mean: "predicting the mean",
  "bayesian-ridge": "Bayesian ridge",
  "random-forest": "random forest",
  adaboost: "AdaBoost.R2",
  "gradient-boosting": "gradient boosting",
};

/** The prediction of one cell under one protocol. */
export function predictionOf(
  prediction: readonly PredictionResult[],
  cell: ThesisCell,
  protocol: Protocol,
): PredictionResult["report"] | undefined {
  return prediction.find((result) => result.cell === cell && result.protocol === protocol)?.report;
}

/** Correlations that count, the strongest first. */
export function telling(correlations: readonly Correlation[]): Correlation[] {
  return byStrength(correlations).filter(({ pearson }) => pearson !== null && pearson.pHolm < 0.05);
}

function byStrength(correlations: readonly Correlation[]): Correlation[] {
  const strength = ({ pearson }: Correlation) => Math.abs(pearson?.value ?? 0);
  return [...correlations].sort((a, b) => strength(b) - strength(a));
}

/** The regressor that predicts best under cross-validation from all properties, with its report. */
export function bestRegressor(
  report: PredictionResult["report"],
): { name: RegressorName; report: RegressorReport } | undefined {
  const all = report.featureSets.find(({ name }) => name === "all");
  if (!all) return undefined;
  return (Object.keys(all.regressors) as RegressorName[])
    .filter((name) => name !== "mean")
    .map((name) => ({ name, report: all.regressors[name] }))
    .reduce((best, next) =>
      next.report.crossValidation.r2.mean > best.report.crossValidation.r2.mean ? next : best,
    );
}

/** Question 4, one string per paragraph. */
export function correlationAnswer({ rows, prediction, protocol }: StructureEvidence): Answer {
  const cells = structureCells(rows, protocol);
  const strongest: string[] = [];
  const agreement: string[] = [];
  for (const cell of cells) {
    const report = predictionOf(prediction, cell, protocol);
    if (!report) continue;
    strongest.push(strongestSentence(cell, report));
    agreement.push(agreementClause(cell, report.correlations, publishedStructures(cell)));
  }
  return [
    ...familySentences(rows, cells, protocol),
    ...(strongest.length > 0
      ? [strongest, `Of the published coefficients these lie within our 95 % intervals: ${list(agreement)}.`]
      : []),
  ];
}

function familySentences(
  rows: readonly StructureRow[],
  cells: readonly ThesisCell[],
  protocol: Protocol,
): string[] {
  const compared = cells.flatMap((cell) => {
    const of = (family: StructureRow["family"]) => accuraciesOf(structuresOf(rows, cell, protocol, family));
    const [barabasi, watts] = [of("barabasi_albert"), of("watts_strogatz")];
    return barabasi.length > 1 && watts.length > 1
      ? [{ cell, difference: differenceOfMeans(barabasi, watts) }]
      : [];
  });
  if (compared.length === 0) return [];
  const clauses = compared.map(({ cell, difference }) => `${signedPoints(difference)} in ${cellNames[cell]}`);
  const sure = compared.filter(({ difference }) => difference.low > 0 || difference.high < 0).length;
  return [
    `The mean accuracy of Watts–Strogatz structures differs from that of Barabási–Albert ones by ${list(clauses)} (points, 95 % intervals in brackets); the interval leaves out zero in ${sure} of ${count(compared.length, "cell")}.`,
  ];
}

function signedPoints({ value, low, high }: Difference): string {
  return `${points(value)} [${points(low)}, ${points(high)}]`;
}

function strongestSentence(cell: ThesisCell, { correlations, rows }: PredictionResult["report"]): string {
  const found = telling(correlations);
  const name = `In ${cellNames[cell]} (${count(rows, "structure")})`;
  if (found.length === 0) {
    const [first] = byStrength(correlations);
    return `${name} no property goes with accuracy beyond chance; the strongest is ${coefficient(first)}.`;
  }
  return `${name} ${found.length} of ${correlations.length} properties go with accuracy beyond chance, most of all ${list(found.slice(0, 3).map(coefficient))}.`;
}

function coefficient({ feature, pearson }: Correlation): string {
  if (pearson === null) return propertyLabel(feature);
  const [low, high] = pearson.interval;
  return `${propertyLabel(feature)} (r = ${decimal(pearson.value, 2)} [${decimal(low, 2)}, ${decimal(high, 2)}])`;
}

function agreementClause(
  cell: ThesisCell,
  correlations: readonly Correlation[],
  published: PublishedStructures,
): string {
  const compared = correlations.flatMap(({ feature, pearson }) => {
    const theirs = published.pearson[feature];
    return pearson !== null && theirs !== undefined ? [{ pearson, theirs }] : [];
  });
  const inside = compared.filter(
    ({ pearson, theirs }) => pearson.interval[0] <= theirs && theirs <= pearson.interval[1],
  ).length;
  return `${inside} of ${compared.length} for ${cellNames[cell]}`;
}

/** Question 5. */
export function predictionAnswer({ rows, prediction, protocol }: StructureEvidence): Answer {
  const sentences: string[] = [];
  for (const cell of structureCells(rows, protocol)) {
    const report = predictionOf(prediction, cell, protocol);
    const best = report && bestRegressor(report);
    if (!best) continue;
    const { mean: r2, interval, folds } = best.report.crossValidation.r2;
    const verdict = interval[0] > 0 ? "yes, in part" : "not reliably";
    const published = publishedStructures(cell).rSquared[best.name];
    const theirs = published === undefined ? "" : ` (published ${decimal(published, 2)})`;
    sentences.push(
      `${cellNames[cell]}: ${verdict}. The best, ${regressorLabels[best.name]}, has R² = ${score(r2)} [${score(interval[0])}, ${score(interval[1])}]. On the thesis’s one split it scores ${score(best.report.split.r2.mean)}${theirs}, but single folds score anything from ${score(folds[0])} to ${score(folds[1])}.`,
    );
  }
  if (sentences.length === 0) return [];
  const { folds, repeats } = prediction[0].report.crossValidation;
  return [
    `From all properties, on structures that were not learnt from, by ${folds}-fold cross-validation${repeats > 1 ? ` repeated ${repeats} times` : ""}; brackets hold 95 % intervals. R² is the share of the variance that is explained.`,
    sentences,
  ];
}

/** What changes between the protocols, in sentences; nothing unless both were run. */
export function protocolSentences({ rows, prediction }: StructureEvidence): string[] {
  const cells = structureCells(rows, "thesis").filter((cell) =>
    structureCells(rows, "corrected").includes(cell),
  );
  if (cells.length === 0) return [];
  const changes = cells.map((cell) => ({
    cell,
    difference: differenceOfMeans(
      accuraciesOf(structuresOf(rows, cell, "thesis")),
      accuraciesOf(structuresOf(rows, cell, "corrected")),
    ),
  }));
  const sentences = [
    `Correcting the protocol changes mean accuracy by ${list(changes.map(({ cell, difference }) => `${signedPoints(difference)} in ${cellNames[cell]}`))} (points, 95 % intervals in brackets).`,
  ];
  const sources = cells.flatMap((cell) => {
    const of = (protocol: Protocol) =>
      predictionOf(prediction, cell, protocol)?.correlations.find(({ feature }) => feature === "source_nodes")
        ?.pearson;
    const [before, after] = [of("thesis"), of("corrected")];
    return before && after ? [{ cell, before, after }] : [];
  });
  if (sources.length > 0) {
    const weaker = sources.filter(
      ({ before, after }) => Math.abs(after.value) < Math.abs(before.value),
    ).length;
    sentences.push(
      `The correlation of the number of source nodes with accuracy, which in the thesis is also that of the embedding’s width, goes from ${list(sources.map(({ cell, before, after }) => `${decimal(before.value, 2)} to ${decimal(after.value, 2)} in ${cellNames[cell]}`))}; it is weaker in ${weaker} of ${sources.length}.`,
    );
  }
  const scores = cells.flatMap((cell) => {
    const of = (protocol: Protocol) => {
      const report = predictionOf(prediction, cell, protocol);
      return report && bestRegressor(report)?.report.crossValidation.r2.mean;
    };
    const [before, after] = [of("thesis"), of("corrected")];
    return before === undefined || after === undefined ? [] : [{ cell, before, after }];
  });
  if (scores.length > 0) {
    sentences.push(
      `The best cross-validated R² goes from ${list(scores.map(({ cell, before, after }) => `${score(before)} to ${score(after)} in ${cellNames[cell]}`))}.`,
    );
  }
  return sentences;
}

/** The sentences that open a report. */
export function structureKeyFindings(evidence: StructureEvidence): string[] {
  const { rows, prediction, protocol } = evidence;
  const cells = structureCells(rows, protocol);
  if (cells.length === 0) return [];
  const means = cells.map(
    (cell) =>
      `${cellNames[cell]} ${decimal(100 * mean(accuraciesOf(structuresOf(rows, cell, protocol))), 1)}\u00a0%`,
  );
  const strongest = cells.flatMap((cell) => {
    const report = predictionOf(prediction, cell, protocol);
    const first = report && telling(report.correlations)[0];
    return first
      ? [`${propertyLabel(first.feature)} in ${cellNames[cell]} (r = ${decimal(first.pearson!.value, 2)})`]
      : [];
  });
  return [
    `Mean test accuracy of randomly structured networks is ${list(means)}.`,
    ...(strongest.length > 0 ? [`What goes most with their accuracy is ${list(strongest)}.`] : []),
    ...predictable(evidence, cells),
  ];
}

function predictable({ prediction, protocol }: StructureEvidence, cells: readonly ThesisCell[]): string[] {
  const scores = cells.flatMap((cell) => {
    const report = predictionOf(prediction, cell, protocol);
    const r2 = report && bestRegressor(report)?.report.crossValidation.r2;
    return r2 ? [{ cell, r2 }] : [];
  });
  if (scores.length === 0) return [];
  const sure = scores.filter(({ r2 }) => r2.interval[0] > 0);
  if (sure.length === 0) {
    return [
      "In no cell is the accuracy of unseen structures predicted from their graph surely better than by its mean.",
    ];
  }
  const named = sure.map(({ cell, r2 }) => `${score(r2.mean)} in ${cellNames[cell]}`);
  return [
    `Predicting the accuracy of unseen structures from their graph is surely better than taking its mean in ${sure.length} of ${count(scores.length, "cell")}: R² is ${list(named)}.`,
  ];
}

/** What limits the answers: structures that have not learnt, and how many of them. */
export function structureLimits({
  rows,
  majority,
}: {
  rows: readonly StructureRow[];
  majority: number;
}): string[] {
  const idle = rows.filter(({ testAccuracy }) => testAccuracy < majority + LEARNT).length;
  return idle > rows.length / 4
    ? [
        `${decimal(idle)} of ${count(rows.length, "random structure")} end less than 10 points above always giving the same answer (${percentage(majority)}): so little was learnt that their differences say little about structure.`,
      ]
    : [];
}
