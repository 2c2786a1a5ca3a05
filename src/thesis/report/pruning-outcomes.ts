// What the rows of the pruning experiment amount to, before anything is drawn or said: for every setting its accuracy
// before and during retraining, and the two rules by which it is judged. Our rows and the published ones go through the
// same functions.
import { mean } from "../../math/statistics.js";
import type { DataFreeCriterion as Criterion } from "../../sparsify/prune.js";
import { REGAINED, regainedAfter } from "../../sparsify/regain.js";
import { type Target, targets } from "../../sparsify/target.js";
import { type ThesisCell, thesisCells } from "../published.js";
import type { PruningRow } from "./results.js";

/** Accuracy within this much of the unpruned network's counts as kept, or as regained: one percentage point. */
export const TOLERANCE = REGAINED;

/** Base training of one cell with one seed. */
export interface BaseRun {
  cell: ThesisCell;
  seed: number;
  /** By ascending epoch. */
  rows: readonly PruningRow[];
  /** Test accuracy after the last epoch, which is where pruning starts. */
  accuracy: number;
}

/** One pruned network and its retraining. */
export interface PrunedRun {
  seed: number;
  /** Test accuracy of the network that was pruned; NaN when its base training is not among the rows. */
  unpruned: number;
  /** [epoch] test accuracy, 0 being before retraining; NaN where a row is missing. */
  accuracy: readonly number[];
  /**
   * The first epoch at which accuracy is within `TOLERANCE` of `unpruned`: 0 when pruning alone kept it, "never" when
   * no epoch of retraining brought it back, undefined when that cannot be said.
   */
  regained: number | "never" | undefined;
}

/** Everything that was measured for one cell, target, criterion and percent. */
export interface Outcome {
  cell: ThesisCell;
  target: Target;
  criterion: Criterion;
  percent: number;
  /** By ascending seed. */
  runs: readonly PrunedRun[];
  /** Mean test accuracy before retraining. */
  accuracy: number;
  /** Mean accuracy lost by pruning, before retraining. */
  lost: number;
}

export interface PruningOutcomes {
  /** Cells with a base training, in the order of `thesisCells`. */
  cells: readonly ThesisCell[];
  base: readonly BaseRun[];
  /** By cell, target, criterion, ascending percent. */
  outcomes: readonly Outcome[];
}

/** Gathers rows, given in any order, into outcomes. */
export function outcomesOf(rows: readonly PruningRow[]): PruningOutcomes {
  const base = [...groupBy(rows.filter(isBase), ({ cell, seed }) => `${cell} ${seed}`).values()]
    .map((group): BaseRun => {
      const ordered = [...group].sort((a, b) => a.epoch - b.epoch);
      const { cell, seed } = ordered[0];
      return { cell, seed, rows: ordered, accuracy: ordered[ordered.length - 1].testAccuracy };
    })
    .sort((a, b) => thesisCells.indexOf(a.cell) - thesisCells.indexOf(b.cell) || a.seed - b.seed);
  const unpruned = new Map(base.map(({ cell, seed, accuracy }) => [`${cell} ${seed}`, accuracy]));

  const settings = groupBy(
    rows.filter((row) => !isBase(row)),
    ({ cell, target, criterion, percent }) => `${cell} ${target} ${criterion} ${percent}`,
  );
  const outcomes = [...settings.values()].map((group): Outcome => {
    const { cell, target, criterion, percent } = group[0];
    const runs = [...groupBy(group, ({ seed }) => String(seed)).values()]
      .map((run) => prunedRun(run, unpruned.get(`${cell} ${run[0].seed}`) ?? Number.NaN))
      .sort((a, b) => a.seed - b.seed);
    return {
      cell,
      target: target as Target,
      criterion: criterion as Criterion,
      percent,
      runs,
      accuracy: mean(runs.map((run) => run.accuracy[0])),
      lost: mean(runs.map((run) => run.unpruned - run.accuracy[0])),
    };
  });
  outcomes.sort(
    (a, b) =>
      thesisCells.indexOf(a.cell) - thesisCells.indexOf(b.cell) ||
      targets.indexOf(a.target) - targets.indexOf(b.target) ||
      (a.criterion < b.criterion ? -1 : a.criterion > b.criterion ? 1 : a.percent - b.percent),
  );
  const cells = thesisCells.filter((kind) => base.some(({ cell }) => cell === kind));
  return { cells, base, outcomes };
}

function isBase(row: PruningRow): boolean {
  return row.criterion === "none" || row.target === "none";
}

function prunedRun(rows: readonly PruningRow[], unpruned: number): PrunedRun {
  const last = Math.max(...rows.map(({ epoch }) => epoch));
  const accuracy = new Array<number>(last + 1).fill(Number.NaN);
  for (const row of rows) accuracy[row.epoch] = row.testAccuracy;
  return { seed: rows[0].seed, unpruned, accuracy, regained: epochsToRegain(unpruned, accuracy) };
}

function epochsToRegain(unpruned: number, accuracy: readonly number[]): PrunedRun["regained"] {
  const epoch = regainedAfter(unpruned, accuracy);
  if (epoch >= 0) return epoch;
  const measured = accuracy.length > 1 && accuracy.every((value) => Number.isFinite(value));
  return measured && Number.isFinite(unpruned) ? "never" : undefined;
}

/** Whether nothing is left to do for a run; of the control, retraining ends where accuracy is regained. */
export function isFinished(
  { criterion }: Pick<Outcome, "criterion">,
  { accuracy, regained }: PrunedRun,
  retrainingEpochs: number,
): boolean {
  return accuracy.length > retrainingEpochs || (criterion === "random" && typeof regained === "number");
}

/** Whether `accuracy` is at most `TOLERANCE` below `unpruned`. */
export function isWithin(unpruned: number, accuracy: number): boolean {
  return regainedAfter(unpruned, [accuracy]) === 0;
}

/**
 * The epochs to regain of the middle seed, the later one of two; "never" counts as later than any epoch. Undefined when
 * no seed can be judged.
 */
export function medianRegained({ runs }: Outcome): PrunedRun["regained"] {
  const judged = runs
    .map(({ regained }) => (regained === "never" ? Number.POSITIVE_INFINITY : regained))
    .filter((epochs) => epochs !== undefined)
    .sort((a, b) => a - b);
  const middle = judged[Math.floor(judged.length / 2)];
  return middle === Number.POSITIVE_INFINITY ? "never" : middle;
}

/** The outcomes of one cell, target and criterion, by ascending percent. */
export function curveOf(
  { outcomes }: PruningOutcomes,
  cell: ThesisCell,
  target: Target,
  criterion: Criterion,
): Outcome[] {
  return outcomes.filter(
    (outcome) => outcome.cell === cell && outcome.target === target && outcome.criterion === criterion,
  );
}

/** How far a curve can be pruned. */
export interface Tolerated {
  /** The largest percent up to which every percent tried keeps accuracy within `TOLERANCE`; 0 when not even the first does. */
  percent: number;
  /** The first percent that does not; undefined when all do. */
  next: Outcome | undefined;
}

/** The share of weights that can go without retraining; undefined when the curve has nothing that can be judged. */
export function toleratedBy(curve: readonly Outcome[]): Tolerated | undefined {
  const judged = curve.filter(({ lost }) => Number.isFinite(lost));
  if (judged.length === 0) return undefined;
  const broken = judged.findIndex(({ lost }) => lost > TOLERANCE + 1e-9);
  if (broken < 0) return { percent: judged[judged.length - 1].percent, next: undefined };
  return { percent: broken === 0 ? 0 : judged[broken - 1].percent, next: judged[broken] };
}

function groupBy<T>(items: readonly T[], key: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const name = key(item);
    const group = groups.get(name);
    if (group) group.push(item);
    else groups.set(name, [item]);
  }
  return groups;
}
