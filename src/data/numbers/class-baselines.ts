// Rules without a network for classes of sequences, or of their steps. What they score is what a data set gives away to a
// glance at the end, to a linear model of means, or to a comparison with every sequence that is known: what a recurrent
// network has to add is above that.
import type { Matrix } from "../../math/matrix.js";
import { Random } from "../../math/random.js";
import type { Labels } from "../classes.js";
import type { Sequences } from "../sequences.js";
import { classifyLinearly } from "./linear.js";
import { costOfNeighbours, type Distance, nearestNeighbours } from "./nearest.js";
import { lastValues, lengths, means, moments, type Summary } from "./summaries.js";

/** A rule's name, what it does, and how many of the test sequences, or steps, it gets right. */
export interface ClassBaseline {
  readonly name: string;
  readonly rule: string;
  readonly correct: number;
  /** Of so many. */
  readonly total: number;
  /** `correct` as a share of them, 0 to 1. */
  readonly accuracy: number;
}

/** A rule that was not tried, and why. */
export interface LeftOut {
  readonly name: string;
  readonly why: string;
}

export interface ClassBaselines {
  readonly baselines: readonly ClassBaseline[];
  readonly leftOut: readonly LeftOut[];
}

export interface BaselineLimits {
  /** Multiplications that finding nearest neighbours may take; a second does one or two hundred millions. 5e9 when left out. */
  readonly neighbours?: number;
  /** Sequences or steps that a linear model learns from, drawn at random, the same each time, where there are more; 10,000 when left out. */
  readonly rows?: number;
  /** Told the share of the neighbours that is found, once for each rule. */
  readonly progress?: (share: number) => void;
}

const NEIGHBOURS = 5e9;
const ROWS = 10_000;

/** Sequences with a class each. */
export interface Classified extends Sequences {
  readonly target: { readonly kind: "class"; readonly labels: Labels };
}

/** Sequences with a class at each step, -1 where there is none. */
export interface Labelled extends Sequences {
  readonly target: {
    readonly kind: "step-classes";
    readonly classes: readonly string[];
    readonly of: readonly Int32Array[];
  };
}

export function isClassified(sequences: Sequences): sequences is Classified {
  return sequences.target?.kind === "class";
}

export function isLabelled(sequences: Sequences): sequences is Labelled {
  return sequences.target?.kind === "step-classes";
}

/** Scores rules for classes of sequences: what is learnt on `train` is said of `test`, whose classes are found by their names. */
export function scoreClassBaselines(
  train: Classified,
  test: Classified,
  limits: BaselineLimits = {},
): ClassBaselines {
  const { classes, of: labels } = train.target.labels;
  const wanted = translated(test.target.labels.of, test.target.labels.classes, classes);
  const score = (name: string, rule: string, predicted: ArrayLike<number>) =>
    scored(name, rule, predicted, wanted);
  const most = limits.rows ?? ROWS;
  const some = sample(labels.length, most);
  const thinned = some.length < labels.length ? `, learnt from ${some.length} of them` : "";
  const learnt: Sequences = {
    channels: train.channels,
    values: Array.from(some, (row) => train.values[row]),
  };
  const known = some.map((row) => labels[row]);
  const linear = (name: string, rule: string, summary: Summary) =>
    score(name, rule + thinned, classifyLinearly(summary(learnt), known, summary(test), classes.length));

  const baselines = [
    score("majority", "always the most frequent class", majority(labels, classes.length, wanted.length)),
  ];
  if (new Set(train.values.map((steps) => steps.length)).size > 1)
    baselines.push(linear("length", "logistic regression on the number of steps", lengths));
  baselines.push(
    linear("last values", "logistic regression on the values of the last step", lastValues),
    linear("means", "logistic regression on the mean of each channel", means),
    linear(
      "means, deviations, length",
      "logistic regression on the mean and the deviation of each channel and the number of steps",
      moments,
    ),
  );
  const leftOut: LeftOut[] = [];
  for (const { name, rule, distance } of neighbours) {
    const cost = costOfNeighbours(train, test, distance);
    if (cost > (limits.neighbours ?? NEIGHBOURS)) {
      const why = `comparing ${test.values.length} with ${train.values.length} sequences takes ${cost.toExponential(0).replace("e+", "e")} multiplications`;
      leftOut.push({ name, why });
      continue;
    }
    const nearest = nearestNeighbours(train, test, distance, limits.progress);
    baselines.push(
      score(
        name,
        rule,
        nearest.map((row) => labels[row]),
      ),
    );
  }
  return { baselines, leftOut };
}

const neighbours: readonly { name: string; rule: string; distance: Distance }[] = [
  {
    name: "nearest neighbour",
    rule: "the class of the training sequence at the least Euclidean distance",
    distance: "euclidean",
  },
  {
    name: "nearest neighbour, warped",
    rule: "the class of the training sequence at the least distance by dynamic time warping",
    distance: "warping",
  },
];

/** The same for a class at each step: rules that see the step alone. */
export function scoreStepBaselines(
  train: Labelled,
  test: Labelled,
  limits: BaselineLimits = {},
): ClassBaselines {
  const { classes } = train.target;
  const own = labelledSteps(train, train.target.of, limits.rows ?? ROWS);
  const other = labelledSteps(test, test.target.of, Number.POSITIVE_INFINITY);
  const wanted = translated(other.labels, test.target.classes, classes);
  const thinned = own.of > own.labels.length ? `, learnt from ${own.labels.length} steps` : "";
  const all = Int32Array.from(train.target.of.flatMap((labels) => [...labels].filter((label) => label >= 0)));
  const baselines = [
    scored(
      "majority",
      "always the most frequent class",
      majority(all, classes.length, wanted.length),
      wanted,
    ),
    scored(
      "values",
      `logistic regression on the values of the step alone${thinned}`,
      own.labels.length > 0
        ? classifyLinearly(own.values, own.labels, other.values, classes.length)
        : new Int32Array(wanted.length),
      wanted,
    ),
  ];
  return { baselines, leftOut: [] };
}

function scored(
  name: string,
  rule: string,
  predicted: ArrayLike<number>,
  wanted: ArrayLike<number>,
): ClassBaseline {
  const total = wanted.length;
  let correct = 0;
  for (let row = 0; row < total; row++) if (predicted[row] === wanted[row]) correct++;
  return { name, rule, correct, total, accuracy: correct / total };
}

/** [count] the most frequent of some labels, the first of several. */
function majority(labels: Int32Array, classes: number, count: number): Int32Array {
  const counts = new Float64Array(classes);
  for (const label of labels) counts[label]++;
  return new Int32Array(count).fill(counts.indexOf(Math.max(...counts)));
}

/** Labels among other classes, found by their names; -1 where there is none of the name, so that no rule is right. */
function translated(labels: Int32Array, from: readonly string[], to: readonly string[]): Int32Array {
  const places = from.map((name) => to.indexOf(name));
  return labels.map((label) => (label < 0 ? -1 : places[label]));
}

/**
 * Numbers below `count`, as many as there may be, ascending; the same each time. They are drawn and not evenly spaced, as
 * the classes of many files take turns.
 */
function sample(count: number, most: number): Int32Array {
  const all = Int32Array.from({ length: count }, (_, i) => i);
  if (count <= most) return all;
  const random = new Random("sample");
  for (let i = 0; i < most; i++) {
    const other = i + random.below(count - i);
    [all[i], all[other]] = [all[other], all[i]];
  }
  return all.slice(0, most).sort();
}

/** The values of steps that have a label, some of them where there are more than `most`. */
function labelledSteps(
  { channels, values }: Sequences,
  labels: readonly Int32Array[],
  most: number,
): { values: Matrix; labels: Int32Array; of: number } {
  const columns = channels.length;
  let of = 0;
  for (const own of labels) for (const label of own) if (label >= 0) of++;
  const rows = Math.min(of, most);
  const wanted = sample(of, most);
  const data = new Float64Array(rows * columns);
  const chosen = new Int32Array(rows);
  let seen = 0;
  let taken = 0;
  for (const [row, own] of labels.entries()) {
    for (const [step, label] of own.entries()) {
      if (label < 0) continue;
      if (seen++ !== wanted[taken]) continue;
      data.set(values[row].subarray(step * columns, (step + 1) * columns), taken * columns);
      chosen[taken++] = label;
    }
  }
  return { values: { rows, columns, data }, labels: chosen, of };
}
