// What the pruning experiment is judged by, beyond single settings: settings that two sides share, what each cell
// tolerates, and what was regained. The sentences and the tables are made of these.
import { mean } from "../../math/statistics.js";
import type { DataFreeCriterion as Criterion } from "../../sparsify/prune.js";
import { type Target, targets } from "../../sparsify/target.js";
import type { ThesisCell } from "../published.js";
import {
  curveOf,
  isWithin,
  medianRegained,
  type Outcome,
  type PruningOutcomes,
  TOLERANCE,
  toleratedBy,
} from "./pruning-outcomes.js";
import type { PruningResults } from "./results.js";

/** Everything the sentences rest on. */
export interface PruningEvidence {
  ours: PruningOutcomes;
  published: PruningOutcomes;
  plan: PruningResults["plan"];
  /** Accuracy of always answering the more frequent label; 0.5 when not known. */
  majority: number;
}

/** A gap between two ways of pruning that is called a difference: one point. */
export const GAP = TOLERANCE + 1e-9;

/** How far above guessing a network has to be before it says anything, and what losing what it learnt is: ten points. */
export const LEARNT = 0.1;

/** A difference from the published number that stands out: five points. */
export const FAR = 0.05 + 1e-9;

/** Mean final accuracy of a cell before pruning. */
export function baseAccuracy({ base }: PruningOutcomes, cell: ThesisCell): number {
  return mean(base.filter((run) => run.cell === cell).map(({ accuracy }) => accuracy));
}

/** Two outcomes of one setting. */
export interface Pair {
  a: Outcome;
  b: Outcome;
}

/** Settings that two sets of outcomes share, matched by `key`. */
export function pairs(
  a: readonly Outcome[],
  b: readonly Outcome[],
  key: (outcome: Outcome) => string,
): Pair[] {
  const other = new Map(b.map((outcome) => [key(outcome), outcome]));
  return a.flatMap((outcome) => {
    const match = other.get(key(outcome));
    const usable = match && Number.isFinite(outcome.accuracy) && Number.isFinite(match.accuracy);
    return usable ? [{ a: outcome, b: match }] : [];
  });
}

/** The outcomes of one criterion. */
export function by(criterion: Criterion, { outcomes }: PruningOutcomes): Outcome[] {
  return outcomes.filter((outcome) => outcome.criterion === criterion);
}

/** What makes two outcomes comparable: equal cell, target and percent. */
export const setting = ({ cell, target, percent }: Outcome) => `${cell} ${target} ${percent}`;

/** What each cell tolerates, by our rule: ours, at random, and the published networks. */
export interface ToleranceRow {
  cell: ThesisCell;
  target: Target;
  magnitude: number | undefined;
  random: number | undefined;
  published: number | undefined;
}

/** One row per cell and target that has results. */
export function toleranceTable({
  ours,
  published,
}: Pick<PruningEvidence, "ours" | "published">): ToleranceRow[] {
  return ours.cells.flatMap((cell) =>
    targets.flatMap((target) => {
      const curve = curveOf(ours, cell, target, "magnitude");
      if (curve.length === 0) return [];
      const tried = new Set(curve.map(({ percent }) => percent));
      const theirs = curveOf(published, cell, target, "magnitude").filter(({ percent }) =>
        tried.has(percent),
      );
      return [
        {
          cell,
          target,
          magnitude: toleratedBy(curve)?.percent,
          random: toleratedBy(curveOf(ours, cell, target, "random"))?.percent,
          published: toleratedBy(theirs)?.percent,
        },
      ];
    }),
  );
}

/** Outcomes that lost more than the tolerance and were retrained. */
export function lossy(outcomes: readonly Outcome[]): { outcome: Outcome; regained: number | "never" }[] {
  return outcomes.flatMap((outcome) => {
    const regained = medianRegained(outcome);
    const kept = outcome.runs.every(({ unpruned, accuracy }) => isWithin(unpruned, accuracy[0]));
    return regained === undefined || regained === 0 || kept ? [] : [{ outcome, regained }];
  });
}
