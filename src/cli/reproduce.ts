// `filigree reproduce`: the thesis, with its published numbers beside ours.
import { Command, Option } from "commander";
import type { LanguageResults } from "../report/text-training.js";
import { targets } from "../sparsify/target.js";
import { publishedPruning, thesisCells } from "../thesis/published.js";
import type { PruningRow } from "../thesis/report/results.js";
import type { Reproduction, Scale } from "../thesis/reproduce.js";
import type { Protocol } from "../train/protocol.js";
import {
  interruptible,
  Output,
  ProgressBar,
  percent,
  protocolOption,
  table,
  whole,
  withJson,
} from "./command.js";
import { studyProgress } from "./study-progress.js";

interface Options {
  quick?: boolean;
  full?: boolean;
  out?: string;
  jobs?: number;
  seed: number;
  seeds: number;
  protocol: Protocol;
  json?: boolean;
}

export function reproduceCommand(): Command {
  const command = new Command()
    .addOption(new Option("--quick", "scaled to three minutes on two cores (the default)").conflicts("full"))
    .option("--full", "all of it: every string, epoch and percentage")
    .option("--out <folder>", "store, tables and report; results/quick or results/full when left out")
    .option("--jobs <n>", "trials at once; as many as there are cores when left out", whole(1, 1024))
    .option("--seed <n>", "of the first replicate; the next ones count up", whole(0), 1)
    .option("--seeds <n>", "replicates of everything", whole(1, 100), 1)
    .addOption(protocolOption("thesis"));
  return withJson(command).action((options: Options) => run(options));
}

async function run(options: Options): Promise<void> {
  const output = new Output(options);
  output.remarkSlowness();
  const scale: Scale = options.full ? "full" : "quick";
  const { protocol, seed, jobs, out = `results/${scale}` } = options;
  const seeds = Array.from({ length: options.seeds }, (_, i) => seed + i);
  const { reproduce } = await import("../thesis/reproduce.js");
  let stop = () => {};
  let studying = false;
  let bar: ProgressBar | undefined;
  const work = async (signal: AbortSignal) => {
    const command = ["filigree", ...process.argv.slice(2)].join(" ");
    const done = await reproduce({
      scale,
      protocol,
      seeds,
      jobs,
      out,
      command,
      signal,
      watch(study) {
        stop();
        const progress = studyProgress(study);
        stop = progress.stop;
        studying = true;
        return (event) => {
          progress.onEvent(event);
          if (event.type === "ended") studying = false;
        };
      },
      onNotice: (text) => output.remark(text),
      onPrediction(share) {
        // Beside the last study it is not shown.
        if (studying) return;
        stop();
        bar ??= new ProgressBar("prediction");
        bar.update(share);
      },
    });
    signal.throwIfAborted();
    return done;
  };
  const result = await interruptible(work, () => true).finally(() => {
    stop();
    bar?.stop();
  });
  const { facts, report, failed, language } = result;
  output.result({ facts, report, failed, summary: summary(result), language }, describe(result));
}

/** Final base accuracy and accuracy after pruning, before retraining, ours and published. */
function summary({ pruning }: Reproduction) {
  return thesisCells.map((cell) => {
    const published = publishedPruning(cell);
    return {
      cell,
      base: {
        ours: baseAccuracy(pruning.rows.filter((row) => row.cell === cell)),
        published: baseAccuracy(published),
      },
      pruned: targets.flatMap((target) =>
        pruning.plan.percents.map((percent) => ({
          target,
          percent,
          ours: prunedAccuracy(pruning.rows, cell, target, percent),
          published: prunedAccuracy(published, cell, target, percent),
        })),
      ),
    };
  });
}

function baseAccuracy(rows: readonly PruningRow[]): number {
  const base = rows.filter(({ target }) => target === "none");
  const last = Math.max(...base.map(({ epoch }) => epoch));
  return mean(base.filter(({ epoch }) => epoch === last).map(({ testAccuracy }) => testAccuracy));
}

function prunedAccuracy(rows: readonly PruningRow[], cell: string, target: string, percent: number): number {
  const chosen = rows.filter(
    (row) =>
      row.cell === cell &&
      row.target === target &&
      row.percent === percent &&
      row.epoch === 0 &&
      row.criterion === "magnitude",
  );
  return mean(chosen.map(({ testAccuracy }) => testAccuracy));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function describe(result: Reproduction): string {
  const { facts, report, pruning, failed } = result;
  const percents = pruning.plan.percents.filter((p) => p === 50 || p >= 70).slice(0, 4);
  const rows = summary(result).map(({ cell, base, pruned }) => [
    cell,
    both(base),
    ...percents.map((p) => both(pruned.find((entry) => entry.target === "both" && entry.percent === p)!)),
  ]);
  const lines = [
    "Test accuracy, ours | published:",
    table(["cell", "unpruned", ...percents.map((p) => `${p} % pruned`)], rows),
    "",
    ...(result.language ? [describeLanguage(result.language)] : []),
    `${facts.scale === "quick" ? "scaled down" : "in full"}, ${facts.protocol} protocol, ${facts.executor}, ${Math.round(facts.seconds)} s`,
    ...(failed > 0 ? [`${failed} trials failed; their errors are in the store`] : []),
    `report: ${report}`,
  ];
  return lines.join("\n");
}

function describeLanguage({ cell, nats, notes }: LanguageResults): string {
  const { baselines } = notes;
  const two = baselines.find(({ context }) => context === 2);
  const best = baselines.reduce((a, b) => (b.nats < a.nats ? b : a));
  const shown = two && two !== best ? [two, best] : [best];
  const ngrams = shown.map((one) => `${one.nats.toFixed(3)} with ${one.context} before`);
  return `language model (${cell}, The Devil's Dictionary): ${nats.toFixed(3)} nats a character; n-grams ${ngrams.join(", ")}`;
}

function both({ ours, published }: { ours: number; published: number }): string {
  return `${percent(ours, 1)} | ${percent(published, 1)}`;
}
