// What `filigree data stats` tells of sequences of numbers.
import {
  type ClassBaseline,
  type ClassBaselines,
  isClassified,
  isLabelled,
  type LeftOut,
  scoreClassBaselines,
  scoreStepBaselines,
} from "../data/numbers/class-baselines.js";
import {
  type ForecastBaselines,
  type Series,
  scoreForecastBaselines,
  seriesOf,
} from "../data/numbers/forecast-baselines.js";
import { remarksOnComparison, remarksOnGaps, remarksOnSequences } from "../data/numbers/remarks.js";
import {
  type ChannelStatistics,
  countSharedSequences,
  describeSequences,
  type LengthStatistics,
  type SequenceStatistics,
} from "../data/numbers/statistics.js";
import type { Sequences } from "../data/sequences.js";
import { InputError, remarking } from "../errors.js";
import { readSequences } from "../paths/sequences.js";
import {
  type ColumnOptions,
  type NumberFileOptions,
  type Output,
  ProgressBar,
  percent,
  table,
} from "./command.js";

export interface NumberStatsOptions extends NumberFileOptions, ColumnOptions {
  readonly test?: string;
  readonly labels?: string;
  readonly testLabels?: string;
  readonly horizon: number;
  readonly period?: number;
  readonly split: number;
  readonly all?: boolean;
}

/** Counts, lengths, channels and classes of a file of sequences and what is reached on its test data without a network. */
export function describeNumbers(file: string, options: NumberStatsOptions, output: Output): void {
  const train = read(file, options.labels, options, output);
  const test =
    options.test === undefined ? undefined : read(options.test, options.testLabels, options, output);
  if (test) checkAlike(options.test!, train, test);
  const statistics = describeSequences(train);
  const remarks = [
    ...remarksOnSequences(train),
    ...(test ? remarksOnSequences(test, "test") : []),
    ...remarksOnGaps(statistics.channels),
    ...(test ? remarksOnComparison(train, test) : []),
  ];
  for (const line of remarks) output.remark(line);
  const comparison = test && { test: describeSequences(test), overlap: countSharedSequences(train, test) };
  const task = taskOf(train, options);
  const scores = scoresOf(task, train, test, options);
  output.result(
    { file, kind: "numbers", task, ...statistics, ...comparison, ...scores?.document },
    [...describe(statistics, comparison), ...(scores ? [scores.text] : [])].join("\n\n"),
  );
}

type Task = "classify" | "label" | "forecast";

/** What the target says; numbers without one can be forecast. */
function taskOf({ target }: Sequences, { task }: NumberStatsOptions): Task | undefined {
  if (target?.kind === "class") return "classify";
  if (target?.kind === "step-classes") return "label";
  return target?.kind === "numbers" || task === "forecast" ? "forecast" : undefined;
}

function read(
  file: string,
  labels: string | undefined,
  options: NumberStatsOptions,
  output: Output,
): Sequences {
  const { task, layout, labelColumn, sequenceColumn, timeColumn, targetColumn, channels } = options;
  const table = { task, layout, labelColumn, sequenceColumn, timeColumn, targetColumn, channels };
  return remarking(
    (line) => output.remark(line),
    (remark) => readSequences(file, { labels, table: { ...table, remark } }),
  );
}

function checkAlike(path: string, train: Sequences, test: Sequences): void {
  const [own, other] = [train, test].map(({ channels }) => channels.length);
  if (own !== other) {
    throw new InputError({
      where: path,
      what: `has ${counted(other, "channel")}, the training data ${own}`,
      hint: "give test data with the same channels",
    });
  }
  const [kind, otherKind] = [train, test].map(({ target }) => target?.kind);
  if (kind === otherKind) return;
  throw new InputError({
    where: path,
    what: `has ${targetNames[otherKind ?? "none"]}, the training data ${targetNames[kind ?? "none"]}`,
    hint: "give labels of both with --labels and --test-labels, or say what is learnt with --task",
  });
}

const targetNames = {
  class: "classes",
  "step-classes": "classes of steps",
  numbers: "numbers to be learnt",
  none: "no labels",
} as const;

interface Scores {
  readonly document: object;
  readonly text: string;
}

function scoresOf(
  task: Task | undefined,
  train: Sequences,
  test: Sequences | undefined,
  { horizon, period, split, all }: NumberStatsOptions,
): Scores | undefined {
  if (task === "forecast") {
    const series = seriesOf(train);
    const [known, ahead] = test
      ? [series, seriesOf(test).map((one) => ({ ...one, from: 0 }))]
      : splitSeries(series, split, horizon);
    if (ahead.length === 0) return undefined;
    const scores = scoreForecastBaselines(known, ahead, { horizon, period });
    return {
      document: { horizon, ...scores },
      text: describeForecasts(scores, horizon, test ? undefined : split),
    };
  }
  if (!test) return undefined;
  if (isClassified(train) && isClassified(test)) {
    const limit = all ? Number.POSITIVE_INFINITY : undefined;
    const scores = withProgress((progress) =>
      scoreClassBaselines(train, test, { neighbours: limit, progress }),
    );
    return { document: scores, text: describeClassBaselines(scores) };
  }
  if (!isLabelled(train) || !isLabelled(test)) return undefined;
  const scores = scoreStepBaselines(train, test);
  return { document: scores, text: describeClassBaselines(scores) };
}

/** The beginnings of series, to learn from, and the same series with what comes after; those too short for it are left out. */
function splitSeries(
  series: readonly Series[],
  share: number,
  horizon: number,
): [Series[], (Series & { from: number })[]] {
  const cuts = series
    .map((one) => ({ ...one, from: Math.floor((share * one.values.length) / one.names.length) }))
    .filter(
      ({ from, names, values }) => from >= 1 && (from + 1) * names.length <= values.length && from >= horizon,
    );
  return [
    cuts.map(({ names, values, from }) => ({ names, values: values.subarray(0, from * names.length) })),
    cuts,
  ];
}

/** Bars come late, as most data are done by then. */
const PATIENCE = 2000;

function withProgress<Result>(work: (progress: (share: number) => void) => Result): Result {
  const begin = performance.now();
  let bar: ProgressBar | undefined;
  try {
    return work((share) => {
      if (performance.now() - begin < PATIENCE) return;
      bar ??= new ProgressBar("nearest neighbours");
      bar.update(share);
    });
  } finally {
    bar?.stop();
  }
}

function describe(
  statistics: SequenceStatistics,
  comparison?: { test: SequenceStatistics; overlap: number },
): string[] {
  const { sequences, steps, lengths, channels, targets, duplicates, contradictions } = statistics;
  const test = comparison?.test;
  const overall = `${counted(sequences, "sequence")} of ${counted(channels.length, "channel")}, ${counted(steps, "step")}`;
  const classified = statistics.classes !== undefined && statistics.unlabelled === undefined;
  const repeated =
    duplicates === 0
      ? "no sequence is there twice"
      : `${counted(duplicates, "repeated sequence")}${classified ? `, ${contradictions} of them with another class` : ""}`;
  const parts = [`${overall}\n${repeated}`, describeLengths(lengths), describeChannels("channel", channels)];
  if (targets) parts.push(describeChannels("to be learnt", targets));
  if (statistics.classes) parts.push(describeClasses(statistics, test));
  if (comparison)
    parts.push(
      `${counted(test!.sequences, "test sequence")}, ${comparison.overlap} of them in the training data too`,
    );
  return parts;
}

const BAR = 50;

function describeLengths({ least, median, most, bins, binWidth }: LengthStatistics): string {
  if (least === most) return `All have ${counted(least, "step")}.`;
  const largest = Math.max(...bins.map(({ count }) => count));
  const names = bins.map(({ from }) => (binWidth === 1 ? String(from) : `${from}–${from + binWidth - 1}`));
  const width = Math.max(...names.map((name) => name.length));
  const rows = bins.map(
    ({ count }, i) =>
      `${names[i].padStart(width + 1)} ${"█".repeat(Math.round((BAR * count) / largest))} ${count}`,
  );
  return `Lengths: ${least} to ${most} steps, median ${median}\n${rows.join("\n")}`;
}

/** Rows of a table that are printed. */
const MOST_ROWS = 24;

function describeChannels(what: string, channels: readonly ChannelStatistics[]): string {
  const gaps = channels.some((channel) => channel.gaps > 0);
  const rows = channels
    .slice(0, MOST_ROWS)
    .map(({ name, least, most, mean, deviation, longestStill, gaps: missing }) => [
      name,
      ...[least, most, mean, deviation].map(digits),
      longestStill,
      ...(gaps ? [missing] : []),
    ]);
  const header = [
    what,
    "least",
    "largest",
    "mean",
    "deviation",
    "longest still",
    ...(gaps ? ["without"] : []),
  ];
  return table(header, rows) + more(channels.length);
}

function describeClasses({ classes, unlabelled }: SequenceStatistics, test?: SequenceStatistics): string {
  const own = classes!;
  const others = new Map(test?.classes?.map(({ name, count }) => [name, count]));
  const names = [...new Set([...own.map(({ name }) => name), ...others.keys()])];
  const counts = new Map(own.map(({ name, count }) => [name, count]));
  const rows = names
    .map((name) => [name, counts.get(name) ?? 0, ...(test ? [others.get(name) ?? 0] : [])])
    // Places among numbered classes that do not occur are none.
    .filter(([, ...each]) => each.some((count) => Number(count) > 0));
  const unit = unlabelled === undefined ? "sequences" : "steps";
  const without = unlabelled ? `\n${counted(unlabelled, "step")} without a class` : "";
  return (
    table(["class", unit, ...(test ? ["test"] : [])], rows.slice(0, MOST_ROWS)) + more(rows.length) + without
  );
}

function more(count: number): string {
  return count > MOST_ROWS ? `\n… and ${count - MOST_ROWS} more, which --json has` : "";
}

function describeClassBaselines({ baselines, leftOut }: ClassBaselines): string {
  const rows = baselines.map(({ name, accuracy }: ClassBaseline) => [name, percent(accuracy)]);
  return table(["rule without a network", "test accuracy"], rows) + describeLeftOut(leftOut);
}

function describeForecasts(
  { baselines, leftOut, period }: ForecastBaselines,
  horizon: number,
  split?: number,
): string {
  const ahead = `${counted(horizon, "step")} ahead`;
  const where =
    split === undefined ? "in the test data" : `after the first ${percent(split, 0)} of each series`;
  const first = `${counted(baselines[0].predictions, "value")} foretold ${ahead}, ${where}${period === undefined ? "" : `; the period is ${counted(period, "step")}`}`;
  const rows = baselines.map(({ name, meanSquaredError, meanAbsoluteError }) => [
    name,
    digits(meanSquaredError),
    digits(meanAbsoluteError),
  ]);
  const header = ["rule without a network", "mean squared error", "mean absolute error"];
  const all = `${first}\n\n${table(header, rows)}${describeLeftOut(leftOut)}`;
  const names = baselines[0].channels.map(({ name }) => name);
  if (names.length === 1) return all;
  // Units differ, so that a mean over channels says little of each.
  const byChannel = names.map((name, c) => [
    name,
    ...baselines.map(({ channels }) => digits(channels[c].meanSquaredError)),
  ]);
  const columns = ["mean squared error of", ...baselines.map(({ name }) => name)];
  return `${all}\n\n${table(columns, byChannel.slice(0, MOST_ROWS))}${more(byChannel.length)}`;
}

function describeLeftOut(leftOut: readonly LeftOut[]): string {
  return leftOut.map(({ name, why }) => `\n${name}: left out, as ${why}`).join("");
}

/** Four digits that count. */
function digits(value: number): string {
  return Number.isFinite(value) ? String(Number(value.toPrecision(4))) : "–";
}

function counted(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? "" : "s"}`;
}
