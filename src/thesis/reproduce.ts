// The thesis, run anew: its experiments as studies in one store, from which the results, as tables and as a report,
// are made. Interrupted, it goes on where it was; finished, it only writes the results again.
import { join } from "node:path";
import { stringify } from "csv-stringify/sync";
import { scoreBaselines } from "../data/baselines.js";
import { countOverlap, describeDataset } from "../data/stats.js";
import { type DataConfiguration, dataSchema, loadData } from "../experiments/data.js";
import { kinds } from "../experiments/kinds.js";
import { languageResults, languageStudy } from "../experiments/language.js";
import { structureFamilies } from "../experiments/structures.js";
import { surroundings } from "../experiments/surroundings.js";
import { makeFolder, writeWhole } from "../files.js";
import { FEWEST_ROWS, predictTable } from "../predict/predict-table.js";
import { numbers } from "../predict/table.js";
import type { LanguageResults } from "../report/text-training.js";
import { Clock } from "../study/clock.js";
import { whenFree } from "../study/database.js";
import { parseStudy } from "../study/document.js";
import type { StudyEvent } from "../study/events.js";
import { defineStudy, type Study } from "../study/expand.js";
import { StoreReader } from "../study/reading.js";
import { runStudy } from "../study/runner.js";
import { Store } from "../study/store.js";
import { type Protocol, protocols } from "../train/protocol.js";
import "./format.js";
import { csvRow, type PruningStudyOptions, pruningResults, pruningStudy } from "./pruning-study.js";
import { thesisCells } from "./published.js";
import { reproductionReport } from "./report/report.js";
import type {
  DataResults,
  PredictionResult,
  PruningResults,
  RunFacts,
  StructureResults,
} from "./report/results.js";
import { type StructureTrial, structureTable, structureTrials } from "./structure-results.js";
import { structureStudy } from "./structure-study.js";

export type Scale = "quick" | "full";

/** How much of the thesis a scale does. */
interface Size {
  readonly pruning: Omit<PruningStudyOptions, "protocol" | "seeds">;
  readonly structures: {
    /** Strings in all. */
    readonly count: number;
    /** Graphs of each family. */
    readonly graphs: number;
    readonly epochs: number;
    readonly batch: number;
  };
  /** Fits of every regressor on the thesis's split, and repetitions of the cross-validation. */
  readonly prediction: { readonly seeds: number; readonly repeats: number };
}

const sizes: Record<Scale, Size> = {
  quick: {
    pruning: {
      data: dataSchema.parse({ count: 8_000 }),
      epochs: 16,
      retrainingEpochs: 3,
      percents: [20, 50, 70, 80, 90],
    },
    // Small batches, because what a structure learns in few strings depends on the number of updates.
    structures: { count: 4_000, graphs: 10, epochs: 8, batch: 32 },
    prediction: { seeds: 3, repeats: 1 },
  },
  full: {
    pruning: {
      data: dataSchema.parse({}),
      epochs: 50,
      retrainingEpochs: 10,
      percents: [10, 20, 30, 40, 50, 60, 70, 80, 90, 100],
    },
    structures: { count: 25_000, graphs: 100, epochs: 15, batch: 128 },
    prediction: { seeds: 20, repeats: 5 },
  },
};

export interface ReproduceOptions {
  readonly scale: Scale;
  /** Of the pruning experiment; the structures are trained under both. */
  readonly protocol: Protocol;
  /** The folder of the store, the tables and the report; created when missing. */
  readonly out: string;
  /** Trials at once; as many as there are cores when left out. */
  readonly jobs?: number;
  /** Of the replicates of every trial, counting up. */
  readonly seeds: readonly number[];
  /** The command as the user gave it, for the report. */
  readonly command: string;
  readonly signal?: AbortSignal;
  /** Told of every study before it runs; what it returns hears the study's events. */
  watch?(study: Study): (event: StudyEvent) => void;
  /** Hears what a person should know before a study runs. */
  onNotice?(text: string): void;
  /** Hears how much of the prediction is done, 0 to 1, also while the last study runs. */
  onPrediction?(share: number): void;
}

export interface Reproduction {
  readonly facts: RunFacts;
  readonly pruning: PruningResults;
  readonly structures: StructureResults;
  readonly prediction: readonly PredictionResult[];
  /** Undefined until it has been trained. */
  readonly language: LanguageResults | undefined;
  /** Path of the HTML report. */
  readonly report: string;
  /** Trials that failed; their errors are in the store. */
  readonly failed: number;
}

/**
 * Runs what is left of the experiments and writes tables and report, also when it was interrupted.
 * @throws InputError, FileError and StoreError when the folder or its store cannot be used.
 */
export async function reproduce(options: ReproduceOptions): Promise<Reproduction> {
  const { out, jobs, signal } = options;
  makeFolder(out);
  const clock = new Clock(join(out, "run.json"));
  // One for all studies: a new one in its place would be taken for a beginning.
  const open = () => Store.open(join(out, "store.db"));
  const store = await whenFree(open, signal, (text) => options.onNotice?.(text));
  let failed = 0;
  let stopped = false;
  const run = async (study: Study, signal?: AbortSignal) => {
    const outcome = await runStudy(study, { store, kinds, jobs, signal, onEvent: options.watch?.(study) });
    failed += outcome.failed;
    stopped = outcome.stopped;
  };
  const reader = new StoreReader(store.database);
  try {
    const studies = studiesOf(options);
    const control = studies.pop()!;
    for (const study of studies) {
      if (!stopped) await run(study, signal);
    }
    const trials = structuresIn(reader);
    let prediction: PredictionResult[] = [];
    if (!stopped) {
      // Predicting keeps one core busy for minutes, so the control, on which nothing rests, runs beside it.
      [prediction] = await together(
        signal,
        (signal) => predict(trials, { ...options, signal }),
        (signal) => run(control, signal),
      );
    }
    const pruning = pruningResults(reader, pruningOptions(options));
    const structures = structureResults(trials, options);
    const language = languageResults(reader);
    const complete = !stopped && !signal?.aborted && failed === 0;
    const facts = runFacts(options, clock.seconds(), complete);
    const report = join(out, "report.html");
    const data = dataResults(sizes[options.scale].pruning.data);
    writeWhole(join(out, "pruning.csv"), stringify(pruning.rows.map(csvRow), { header: true }));
    for (const { protocol, cell } of subjects) {
      const rows = trials.filter((trial) => trial.protocol === protocol && trial.cell === cell);
      if (rows.length > 0) writeWhole(join(out, `structures-${protocol}-${cell}.csv`), structureCsv(rows));
    }
    const results = {
      facts,
      data,
      pruning: { plan: pruning.plan, rows: pruning.rows },
      structures,
      prediction,
      language,
    };
    writeWhole(join(out, "results.json"), `${JSON.stringify(results, null, 1)}\n`);
    writeWhole(
      report,
      reproductionReport({
        facts,
        data,
        pruning,
        structures: trials.length > 0 ? structures : undefined,
        prediction,
        language,
      }),
    );
    return { facts, pruning, structures, prediction, language, report, failed };
  } finally {
    store.close();
  }
}

/** Does both at once; when one fails, the other is stopped, and that error is thrown after both have ended. */
async function together<A, B>(
  signal: AbortSignal | undefined,
  one: (signal: AbortSignal) => Promise<A>,
  other: (signal: AbortSignal) => Promise<B>,
): Promise<[A, B]> {
  const failure = new AbortController();
  const either = AbortSignal.any([failure.signal, ...(signal ? [signal] : [])]);
  const both = [one(either), other(either)] as const;
  try {
    return await Promise.all(both);
  } catch (error) {
    failure.abort(error);
    await Promise.allSettled(both);
    throw error;
  }
}

/** The finished structures of a store. */
function structuresIn(reader: StoreReader): StructureTrial[] {
  const known = new Set(reader.names());
  return protocols
    .map((protocol) => `structures-${protocol}`)
    .flatMap((study) => (known.has(study) ? structureTrials(reader, study) : []));
}

/** The studies of a reproduction in the order in which they run. */
export function studiesOf(options: ReproduceOptions): Study[] {
  const { count, graphs, epochs, batch } = sizes[options.scale].structures;
  // The thesis's own experiments first, then the language model, the control last.
  const documents = [
    pruningStudy("magnitude", pruningOptions(options)),
    ...protocols.map((protocol) => {
      const data = dataSchema.parse({ count, mix: protocol === "thesis" ? "thesis" : "hard" });
      return structureStudy({ protocol, graphs, epochs, batch, data, seeds: options.seeds });
    }),
    languageStudy(options.seeds[0]),
    pruningStudy("random", pruningOptions(options)),
  ];
  return documents.map((document) => defineStudy(parseStudy(document), kinds));
}

function pruningOptions({ scale, protocol, seeds }: ReproduceOptions): PruningStudyOptions {
  return { ...sizes[scale].pruning, protocol, seeds };
}

function structureResults(
  trials: readonly StructureTrial[],
  { scale, seeds }: ReproduceOptions,
): StructureResults {
  const { graphs, epochs } = sizes[scale].structures;
  return {
    rows: trials,
    plan: {
      cells: thesisCells,
      protocols,
      families: structureFamilies,
      graphs,
      seeds,
      epochs,
    },
  };
}

/** What structures are tabled and predicted by: one protocol and one kind of cell at a time. */
const subjects = protocols.flatMap((protocol) => thesisCells.map((cell) => ({ protocol, cell })));

/** Predicts accuracy from structure for every cell and protocol in `trials`, or for as many as `signal` lets it. */
export async function predict(
  trials: readonly StructureTrial[],
  { scale, signal, onPrediction }: Pick<ReproduceOptions, "scale" | "signal" | "onPrediction">,
): Promise<PredictionResult[]> {
  const results: PredictionResult[] = [];
  for (const [i, { protocol, cell }] of subjects.entries()) {
    const rows = trials.filter((trial) => trial.protocol === protocol && trial.cell === cell);
    if (rows.length === 0) continue;
    const table = structureTable(rows, `${cell}, ${protocol} protocol`);
    // Accuracies that are all the same leave nothing to predict.
    if (table.rows.length < FEWEST_ROWS || new Set(numbers(table, "test_acc")).size < 2) continue;
    try {
      const report = await predictTable(table, "test_acc", {
        protocol,
        ...sizes[scale].prediction,
        progress(done, total) {
          signal?.throwIfAborted();
          onPrediction?.((i + done / total) / subjects.length);
        },
      });
      results.push({ cell, protocol, report });
    } catch (error) {
      if (signal?.aborted) break;
      throw error;
    }
  }
  return results;
}

function structureCsv(trials: readonly StructureTrial[]): string {
  const { columns, rows } = structureTable(trials);
  return stringify(
    rows.map((row) => Object.fromEntries(columns.map((column, i) => [column, row[i]]))),
    { header: true },
  );
}

function dataResults(configuration: DataConfiguration): DataResults {
  const { train, test } = loadData(configuration);
  return {
    name: "strings of Reber’s grammar",
    train: describeDataset(train),
    test: describeDataset(test),
    overlap: countOverlap(train, test),
    baselines: scoreBaselines(train, test),
  };
}

function runFacts(options: ReproduceOptions, seconds: number, complete: boolean): RunFacts {
  const { scale, protocol, seeds, command } = options;
  return {
    command,
    scale,
    protocol,
    ...surroundings(),
    seeds,
    seconds,
    complete,
    files: [
      { path: "pruning.csv", content: "every epoch of every pruned network" },
      {
        path: "structures-PROTOCOL-CELL.csv",
        content: "every random structure, its properties and its accuracy, as in the thesis's tables",
      },
      { path: "results.json", content: "all of it, with the facts of the run" },
      { path: "store.db", content: "the studies, with every network's weights (SQLite)" },
    ],
  };
}
