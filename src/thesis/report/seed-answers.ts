// What runs of several seeds say together. Research questions 1 to 3 are answered by means over seeds with 95 % intervals, which come
// from drawing the seeds anew; a network that has not learnt says nothing about pruning it, so its seed is left out. For
// questions 4 and 5 a structure's accuracy is the mean over its seeds.
import { bootstrapInterval } from "../../math/bootstrap.js";
import { mean, variance } from "../../math/statistics.js";
import type { Answer } from "../../report/page.js";
import { cellNames, targetPhrases } from "../../report/theme.js";
import { count, decimal, level, list } from "../../report/words.js";
import { type Target, targets } from "../../sparsify/target.js";
import type { Protocol } from "../../train/protocol.js";
import { publishedSafePercent, type ThesisCell } from "../published.js";
import { LEARNT } from "./pruning-evidence.js";
import {
  curveOf,
  isWithin,
  type Outcome,
  type PrunedRun,
  type PruningOutcomes,
  toleratedBy,
} from "./pruning-outcomes.js";
import type { StructureRow } from "./results.js";
import { accuraciesOf, byGraph, structureCells, structuresOf } from "./structure-outcomes.js";

/** A number with its 95 % interval; none of fewer than three seeds, which say nothing of chance. */
interface Estimate {
  readonly value: number;
  readonly low?: number;
  readonly high?: number;
}

/** Settings of one cell, and the seeds of which all of them can be judged. */
interface Group {
  readonly cell: ThesisCell;
  readonly seeds: readonly number[];
  readonly outcomes: readonly Outcome[];
}

const FEWEST_SEEDS = 3;
/** Accuracy of guessing one of two labels that are equally frequent. */
const GUESS = 0.5;
/** With more than this removed, in percent, hardly a weight is left. */
const MOST_REMOVED = 90;
/** The seed of the published rows. */
const PUBLISHED = [0];

/** The answers to questions 1 to 3. Of some seeds settings may be missing. */
export function seedAnswers(ours: PruningOutcomes, published: PruningOutcomes): Answer[] {
  return [
    [...sizeSentences(ours), ...targetSentences(ours)],
    permissibleSentences(ours, published),
    regainingSentences(ours, published),
  ];
}

/** The settings of every cell that are `wanted`. */
function groupsOf(ours: PruningOutcomes, wanted: (outcome: Outcome) => boolean): Group[] {
  return ours.cells.flatMap((cell) => {
    const outcomes = ours.outcomes.filter(
      (outcome) => outcome.cell === cell && outcome.percent <= MOST_REMOVED && wanted(outcome),
    );
    const seeds = ours.base
      .filter((run) => run.cell === cell && run.accuracy > GUESS + LEARNT)
      .map(({ seed }) => seed)
      .filter((seed) => outcomes.every((outcome) => runsOf(outcome, [seed]).length > 0));
    return outcomes.length > 0 && seeds.length > 0 ? [{ cell, seeds, outcomes }] : [];
  });
}

/** The runs of some seeds, of which one may be given several times. */
function runsOf({ runs }: Outcome, seeds: readonly number[]): PrunedRun[] {
  return seeds.flatMap((seed) => runs.filter((run) => run.seed === seed));
}

function estimate({ seeds }: Group, statistic: (seeds: readonly number[]) => number): Estimate {
  const value = statistic(seeds);
  if (seeds.length < FEWEST_SEEDS) return { value };
  const [low, high] = bootstrapInterval(seeds.length, (indices) => statistic(indices.map((i) => seeds[i])));
  return { value, low, high };
}

/** "12.3 points (10.1 to 14)"; the number alone without an interval, and where all seeds agree. */
function written({ value, low, high }: Estimate, write: (value: number) => string, unit: string): string {
  const ends = [low, high].flatMap((end) => (end === undefined ? [] : [write(end)]));
  const range = ends.every((end) => end === write(value)) ? "" : ` (${ends.join(" to ")})`;
  return `${write(value)}\u00a0${unit}${range}`;
}

const pointsText = (difference: Estimate) =>
  written(difference, (value) => decimal(100 * value, 1), "points");
const shareText = (share: Estimate) => written(share, (value) => decimal(100 * value), "%");
const percentText = (percent: Estimate) => written(percent, (value) => decimal(value), "%");

function nameOf({ cell, seeds }: Group): string {
  return `${cellNames[cell]} (${count(seeds.length, "seed")})`;
}

/** By how much accuracy right after pruning is higher in some settings than in the others of a group. */
function gapOf(group: Group, isHigher: (outcome: Outcome) => boolean): Estimate {
  const accuracy = (outcomes: readonly Outcome[], seeds: readonly number[]) =>
    mean(outcomes.flatMap((outcome) => runsOf(outcome, seeds).map(({ accuracy }) => accuracy[0])));
  const higher = group.outcomes.filter(isHigher);
  const lower = group.outcomes.filter((outcome) => !isHigher(outcome));
  return estimate(group, (seeds) => accuracy(higher, seeds) - accuracy(lower, seeds));
}

function sizeSentences(ours: PruningOutcomes): string[] {
  const groups = groupsOf(ours, () => true).filter(({ outcomes }) =>
    outcomes.some(({ criterion }) => criterion === "random"),
  );
  if (groups.length === 0) return [];
  const gaps = groups.map((group) => ({ group, gap: gapOf(group, (one) => one.criterion === "magnitude") }));
  return [
    `Right after pruning, on average over all settings up to ${level(MOST_REMOVED)}, removing the smallest weights leaves more accuracy than removing as many at random, by ${gapsText(gaps)}.`,
  ];
}

function targetSentences(ours: PruningOutcomes): string[] {
  const groups = groupsOf(ours, ({ criterion, target }) => criterion === "magnitude" && target !== "both");
  if (groups.length === 0) return [];
  const gaps = groups.map((group) => ({ group, gap: gapOf(group, ({ target }) => target === "h2h") }));
  return [
    `Accuracy after pruning only hidden-to-hidden weights minus that after pruning only input-to-hidden ones is ${gapsText(gaps)}.`,
  ];
}

function gapsText(gaps: readonly { group: Group; gap: Estimate }[]): string {
  const judged = gaps.filter(({ gap: { low } }) => low !== undefined);
  const sure = judged.filter(({ gap: { low = 0, high = 0 } }) => low > 0 || high < 0).length;
  const clauses = gaps.map(({ group, gap }) => `${pointsText(gap)} in ${nameOf(group)}`);
  const verdict = `; the interval leaves out zero in ${sure} of ${count(judged.length, "cell")}`;
  return `${list(clauses)}${judged.length > 0 ? verdict : ""}`;
}

function permissibleSentences(ours: PruningOutcomes, published: PruningOutcomes): Answer {
  const known = targets.flatMap((target) =>
    groupsOf(ours, (one) => one.criterion === "magnitude" && one.target === target).map((group) => {
      const percent = estimate(group, (seeds) => tolerated(group, seeds));
      return { target, group, percent };
    }),
  );
  if (known.length === 0) return [];
  const perTarget = targets.flatMap((target) => {
    const clauses = known
      .filter((one) => one.target === target)
      .map(({ group, percent }) => {
        const theirs = toleratedBy(curveOf(published, group.cell, target, "magnitude"))?.percent ?? 0;
        return `${percentText(percent)} in ${nameOf(group)}, published ${level(theirs)}, said to be safe ${level(safe({ target, group }))}`;
      });
    return clauses.length > 0 ? [`Of ${targetPhrases[target]}: ${clauses.join("; ")}.`] : [];
  });
  const judged = known.filter(({ percent: { low } }) => low !== undefined);
  const above = judged.filter((one) => safe(one) > (one.percent.high ?? 0)).length;
  const below = judged.filter((one) => safe(one) < (one.percent.low ?? 0)).length;
  return [
    "The largest percentage up to which every percentage tried costs at most 1 point in the mean over seeds, without retraining:",
    perTarget,
    ...(judged.length > 0
      ? [
          `What the thesis’s text calls safe lies above the interval in ${above} of ${count(judged.length, "pair")} of cell and target, below it in ${below} and within it in ${judged.length - above - below}.`,
        ]
      : []),
  ];
}

/** The percentage that the thesis's text calls safe. */
function safe({ target, group }: { target: Target; group: Group }): number {
  return publishedSafePercent[group.cell][target];
}

/** The largest percentage up to which every percentage tried costs at most a point in the mean over some seeds. */
function tolerated({ outcomes }: Group, seeds: readonly number[]): number {
  const costs = outcomes.map((outcome) => {
    const runs = runsOf(outcome, seeds);
    return { ...outcome, runs, lost: mean(runs.map(({ unpruned, accuracy }) => unpruned - accuracy[0])) };
  });
  return toleratedBy(costs)?.percent ?? 0;
}

function regainingSentences(ours: PruningOutcomes, published: PruningOutcomes): Answer {
  const clauses = groupsOf(ours, ({ criterion }) => criterion === "magnitude").map((group) => {
    const within = (epochs: number) =>
      shareText(estimate(group, (seeds) => shareRegained(group.outcomes, seeds, epochs)));
    const theirs = published.outcomes.filter(
      ({ cell, percent }) => cell === group.cell && percent <= MOST_REMOVED,
    );
    const [one, three] = [1, 3].map((epochs) => decimal(100 * shareRegained(theirs, PUBLISHED, epochs)));
    return `${nameOf(group)}: ${within(1)} after one epoch and ${within(3)} after three; published ${one} and ${three}\u00a0%.`;
  });
  return clauses.length > 0
    ? [
        `Settings up to ${level(MOST_REMOVED)} that lost more than 1 point by removing the smallest weights and are back within 1 point:`,
        clauses,
      ]
    : [];
}

/** Of the networks that lost more than a point, the share that regained it within so many epochs. */
function shareRegained(outcomes: readonly Outcome[], seeds: readonly number[], epochs: number): number {
  const lossy = outcomes
    .flatMap((outcome) => runsOf(outcome, seeds))
    .filter(({ unpruned, accuracy }) => !isWithin(unpruned, accuracy[0]));
  const back = lossy.filter(({ regained }) => typeof regained === "number" && regained <= epochs);
  return back.length / lossy.length;
}

/** Structures with the mean accuracy over the seeds of each graph. */
export function meanStructures(rows: readonly StructureRow[]): StructureRow[] {
  return byGraph(rows).map((same) => ({ ...same[0], testAccuracy: mean(accuraciesOf(same)) }));
}

/**
 * How much of what one network's accuracy varies by goes with its graph, and not with the seed of its weights: the intraclass
 * correlation (Shrout & Fleiss 1979, ICC(1, 1)) with an interval from drawing graphs anew. No property of a graph can explain more.
 */
export function graphShareSentences(rows: readonly StructureRow[], protocol: Protocol): string[] {
  const clauses = structureCells(rows, protocol).flatMap((cell) => {
    const groups = byGraph(structuresOf(rows, cell, protocol)).map(accuraciesOf);
    const repeated = groups.filter(({ length }) => length === groups[0].length && length > 1);
    if (repeated.length < 2) return [];
    const of = (indices: readonly number[]) => intraclass(indices.map((i) => repeated[i]));
    const [low, high] = bootstrapInterval(repeated.length, of);
    return [`${shareText({ value: of([...repeated.keys()]), low, high })} in ${cellNames[cell]}`];
  });
  if (clauses.length === 0) return [];
  return [
    `Of the variance between networks this much goes with their graphs, the most that properties can explain of a single network, and the rest with the seeds of their weights: ${list(clauses)}.`,
  ];
}

/** Of groups of one size. */
function intraclass(groups: readonly (readonly number[])[]): number {
  const size = groups[0].length;
  const within = mean(groups.map((group) => variance(group, 1)));
  const between = variance(groups.map(mean), 1) - within / size;
  return Math.max(0, between / (between + within));
}
