// The thesis, run anew: its experiments as studies in one store, from which the results, as tables and as a report,
// are made. Interrupted, it goes on where it was; finished, it only writes the report again.

import { existsSync, readFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { stringify } from "csv-stringify/sync";
import { scoreBaselines } from "../data/baselines.js";
import { countOverlap, describeDataset } from "../data/stats.js";
import { describeExecutor } from "../engine/engine.js";
import { makeFolder, readText, writeWhole } from "../files.js";
import { type CellKind, cellKinds, cellsOf, gateCount } from "../network/architecture.js";
import { tensorNames } from "../network/network.js";
import { parseNetwork } from "../network/weights.js";
import type { Criterion } from "../prune/prune.js";
import { type Target, targets } from "../prune/target.js";
import { reproductionReport } from "../report/report.js";
import type { DataResults, MaskPicture, PruningResults, PruningRow, RunFacts } from "../report/results.js";
import type { StudyInput } from "../study/document.js";
import type { StudyEvent } from "../study/events.js";
import { StoreReader } from "../study/reading.js";
import { runStudy } from "../study/runner.js";
import type { Protocol } from "../train/protocol.js";
import { type DataConfiguration, dataSchema, loadData } from "./data.js";
import { kinds } from "./kinds.js";
import { NETWORK } from "./training.js";

export type Scale = "quick" | "full";

/** How much of the thesis a scale does. */
interface Size {
  readonly data: DataConfiguration;
  readonly epochs: number;
  readonly retrainingEpochs: number;
  readonly percents: readonly number[];
}

const sizes: Record<Scale, Size> = {
  quick: {
    data: dataSchema.parse({ count: 8_000 }),
    epochs: 16,
    retrainingEpochs: 3,
    percents: [20, 50, 70, 80, 90],
  },
  full: {
    data: dataSchema.parse({}),
    epochs: 50,
    retrainingEpochs: 10,
    percents: [10, 20, 30, 40, 50, 60, 70, 80, 90, 100],
  },
};

export interface ReproduceOptions {
  readonly scale: Scale;
  readonly protocol: Protocol;
  /** The folder of the store, the tables and the report; created when missing. */
  readonly out: string;
  /** Trials at once; as many as there are cores when left out. */
  readonly jobs?: number;
  /** Replicates of every trial, with seeds 1, 2, …. */
  readonly seeds: number;
  /** The command as the user gave it, for the report. */
  readonly command: string;
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: StudyEvent) => void;
}

export interface Reproduction {
  readonly facts: RunFacts;
  readonly pruning: PruningResults;
  /** Path of the HTML report. */
  readonly report: string;
  /** Trials that failed; their errors are in the store. */
  readonly failed: number;
}

const PRUNING = "pruning";
const criteria: readonly Criterion[] = ["magnitude", "random"];

/**
 * Runs what is left of the experiments and writes tables and report, also when it was interrupted.
 * @throws InputError, FileError and StoreError when the folder or its store cannot be used.
 */
export async function reproduce(options: ReproduceOptions): Promise<Reproduction> {
  const { out, scale, jobs, signal, onEvent } = options;
  makeFolder(out);
  const store = join(out, "store.db");
  const clock = new Clock(join(out, "run.json"));
  const outcome = await runStudy(pruningStudy(options), { store, kinds, jobs, signal, onEvent });
  const size = sizes[scale];
  const reader = StoreReader.open(store);
  try {
    const pruning = pruningResults(reader, options);
    const facts = runFacts(options, clock.seconds(), !outcome.stopped && outcome.failed === 0);
    const report = join(out, "report.html");
    writeWhole(join(out, "pruning.csv"), stringify(pruning.rows.map(csvRow), { header: true }));
    writeWhole(
      join(out, "results.json"),
      `${JSON.stringify({ facts, pruning: { plan: pruning.plan, rows: pruning.rows } }, null, 1)}\n`,
    );
    writeWhole(report, reproductionReport({ facts, data: dataResults(size.data), pruning }));
    return { facts, pruning, report, failed: outcome.failed };
  } finally {
    reader.close();
  }
}

/** The pruning experiment: every cell, target and percent, by magnitude and, as the control, at random. */
function pruningStudy({ scale, protocol, seeds }: ReproduceOptions): StudyInput {
  const { data, epochs, retrainingEpochs, percents } = sizes[scale];
  return {
    name: PRUNING,
    kind: "prune",
    fixed: { base: { data: { ...data }, protocol, epochs }, epochs: retrainingEpochs },
    grid: {
      "base.cell": [...cellKinds],
      criterion: [...criteria],
      target: [...targets],
      percent: [...percents],
    },
    replicates: seeds,
    seed: 1,
    objective: { metric: "testAccuracy" },
  };
}

function pruningResults(reader: StoreReader, { scale, seeds }: ReproduceOptions): PruningResults {
  const { epochs, retrainingEpochs, percents } = sizes[scale];
  const rows: PruningRow[] = [];
  const masks: MaskPicture[] = [];
  const bases = new Set<string>();
  for (const { identity, seed, parameters, state } of reader.rows(PRUNING)) {
    const cell = parameters["base.cell"] as CellKind;
    for (const base of reader.trial(identity).needs) {
      if (bases.has(base)) continue;
      bases.add(base);
      const common = { cell, criterion: "none", target: "none", percent: 0, seed } as const;
      rows.push(...epochRows(reader, base, common));
    }
    const criterion = parameters.criterion as Criterion;
    const target = parameters.target as Target;
    const percent = parameters.percent as number;
    rows.push(...epochRows(reader, identity, { cell, criterion, target, percent, seed }));
    const drawn = state === "finished" && seed === 1 && criterion === "magnitude" && target === "both";
    if (drawn && (percent === 50 || percent === 90)) {
      masks.push({ cell, target, percent, matrices: maskedMatrices(reader.artifact(identity, NETWORK)) });
    }
  }
  return {
    rows,
    masks,
    plan: {
      cells: cellKinds,
      targets,
      percents,
      criteria,
      seeds: Array.from({ length: seeds }, (_, i) => i + 1),
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

function maskedMatrices(weights: Uint8Array): MaskPicture["matrices"] {
  const network = parseNetwork(weights, "a stored network");
  return cellsOf(network.architecture).flatMap((cell) => {
    const { weightIh, weightHh } = tensorNames(cell.name);
    return [weightIh, weightHh].map((name) => {
      const [rows, columns] = network.tensor(name).shape;
      const mask = network.masks.get(name) ?? new Uint8Array(rows * columns).fill(1);
      return { name, rows, columns, gates: gateCount(cell.kind), mask };
    });
  });
}

function dataResults(configuration: DataConfiguration): DataResults {
  const { train, test } = loadData(configuration);
  return {
    name: "strings of Reber's grammar",
    train: describeDataset(train),
    test: describeDataset(test),
    overlap: countOverlap(train, test),
    baselines: scoreBaselines(train, test),
  };
}

/** A row of pruning.csv, with the thesis's column names where it has them. */
function csvRow(row: PruningRow) {
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

function runFacts(
  { scale, protocol, seeds, command }: ReproduceOptions,
  seconds: number,
  complete: boolean,
): RunFacts {
  const { name, detail } = describeExecutor();
  const processors = cpus();
  const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  return {
    command,
    scale,
    protocol,
    executor: `${name} (${detail})`,
    machine: `${processors[0]?.model ?? "unknown processor"}, ${processors.length} cores`,
    seeds: Array.from({ length: seeds }, (_, i) => i + 1),
    seconds,
    date: new Date().toISOString().slice(0, 10),
    versions: { Filigree: version, Node: process.versions.node },
    complete,
    files: [
      { path: "pruning.csv", content: "every epoch of every network" },
      { path: "results.json", content: "the same, with the facts of the run" },
      { path: "store.db", content: "the studies, with every network's weights (SQLite)" },
    ],
  };
}

/** Wall time over all the sittings that a run took. */
class Clock {
  private readonly path: string;
  private readonly before: number;
  private readonly start = performance.now();

  constructor(path: string) {
    this.path = path;
    this.before = existsSync(path) ? Number(JSON.parse(readText(path)).seconds) || 0 : 0;
  }

  /** Seconds so far; remembered for the next sitting. */
  seconds(): number {
    const seconds = this.before + (performance.now() - this.start) / 1000;
    writeWhole(this.path, `${JSON.stringify({ seconds })}\n`);
    return seconds;
  }
}
