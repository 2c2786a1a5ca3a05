// The pruning experiment as a study, and what came of it as the rows and pictures of the report.
import type { DataConfiguration } from "../experiments/data.js";
import { maskedMatrices } from "../experiments/masks.js";
import { NETWORK } from "../experiments/recording.js";
import type { MaskPicture } from "../report/charts/masks.js";
import type { DataFreeCriterion as Criterion } from "../sparsify/prune.js";
import { type Target, targets } from "../sparsify/target.js";
import type { StudyInput } from "../study/document.js";
import type { StoreReader } from "../study/reading.js";
import type { Protocol } from "../train/protocol.js";
import { type ThesisCell, thesisCells } from "./published.js";
import type { PruningResults, PruningRow } from "./report/results.js";

/** The study of each criterion: the thesis's own, and the control beside it. */
const studyNames: Record<Criterion, string> = { magnitude: "pruning", random: "pruning-control" };
const criteria = Object.keys(studyNames) as Criterion[];
/** Percentages whose masks are drawn. */
const DRAWN = [50, 90];

export interface PruningStudyOptions {
  readonly protocol: Protocol;
  readonly data: DataConfiguration;
  /** Of the base training. */
  readonly epochs: number;
  readonly retrainingEpochs: number;
  readonly percents: readonly number[];
  /** Of the replicates of everything, counting up. */
  readonly seeds: readonly number[];
}

/** Every cell, target and percent, by magnitude as in the thesis or, as the control, at random. */
export function pruningStudy(criterion: Criterion, options: PruningStudyOptions): StudyInput {
  const { protocol, data, epochs, retrainingEpochs, percents, seeds } = options;
  return {
    name: studyNames[criterion],
    kind: "prune",
    fixed: {
      base: { data: { ...data }, protocol, epochs },
      criterion,
      epochs: retrainingEpochs,
      // The thesis retrains to the end. Of the control it is asked how soon accuracy is regained, and no more.
      untilRegained: criterion === "random",
    },
    grid: {
      "base.cell": [...thesisCells],
      target: [...targets],
      percent: [...percents],
    },
    replicates: seeds.length,
    seed: seeds[0],
    objective: { metric: "testAccuracy" },
  };
}

/** What a store knows of the pruning experiment, finished or not. */
export function pruningResults(reader: StoreReader, options: PruningStudyOptions): PruningResults {
  const { epochs, retrainingEpochs, percents, seeds } = options;
  const rows: PruningRow[] = [];
  const masks: MaskPicture<ThesisCell>[] = [];
  const bases = new Set<string>();
  const known = new Set(reader.names());
  for (const criterion of criteria.filter((criterion) => known.has(studyNames[criterion]))) {
    for (const { identity, seed, parameters, state } of reader.rows(studyNames[criterion])) {
      const cell = parameters["base.cell"] as ThesisCell;
      for (const base of reader.trial(identity).needs) {
        if (bases.has(base)) continue;
        bases.add(base);
        const common = { cell, criterion: "none", target: "none", percent: 0, seed } as const;
        rows.push(...epochRows(reader, base, common));
      }
      const target = parameters.target as Target;
      const percent = parameters.percent as number;
      rows.push(...epochRows(reader, identity, { cell, criterion, target, percent, seed }));
      const drawn =
        state === "finished" && seed === seeds[0] && criterion === "magnitude" && target === "both";
      if (drawn && DRAWN.includes(percent)) {
        masks.push({ cell, target, percent, matrices: maskedMatrices(reader.artifact(identity, NETWORK)) });
      }
    }
  }
  return {
    rows,
    masks,
    plan: {
      cells: thesisCells,
      targets,
      percents,
      criteria,
      seeds,
      epochs,
      retrainingEpochs,
    },
  };
}

type Setting = Pick<PruningRow, "cell" | "criterion" | "target" | "percent" | "seed">;

function epochRows(reader: StoreReader, identity: string, setting: Setting): PruningRow[] {
  return reader.series(identity).map(({ epoch, metrics }) => ({
    ...setting,
    epoch,
    trainLoss: metrics.trainLoss ?? Number.NaN,
    trainAccuracy: metrics.trainAccuracy ?? Number.NaN,
    testLoss: metrics.testLoss,
    testAccuracy: metrics.testAccuracy,
  }));
}

/** A row of pruning.csv, with the thesis's column names where it has them. */
export function csvRow(row: PruningRow) {
  return {
    cell: row.cell,
    criterion: row.criterion,
    target: row.target,
    prune: row.percent,
    seed: row.seed,
    epoch: row.epoch,
    train_loss: row.trainLoss,
    train_acc: row.trainAccuracy,
    test_loss: row.testLoss,
    test_acc: row.testAccuracy,
  };
}
