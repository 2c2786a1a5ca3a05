// `filigree bench`: how fast this machine trains.
import { cpus } from "node:os";
import { Command } from "commander";
import { type StepOptions, timeSteps } from "../engine/benchmark.js";
import { describeExecutor, type ExecutorName } from "../engine/engine.js";
import type { CellKind } from "../network/architecture.js";
import {
  between,
  cellOption,
  executorOption,
  Output,
  percent,
  required,
  table,
  threadsOption,
  whole,
  withJson,
} from "./command.js";

interface Options {
  cell?: CellKind;
  hidden: number;
  layers: number;
  batch: number;
  length: number;
  density: number;
  executor?: ExecutorName;
  threads: number;
  json?: boolean;
}

export function benchCommand(): Command {
  return new Command("bench").description("measure this machine").addCommand(stepCommand());
}

function stepCommand(): Command {
  const command = new Command("step")
    .description("time training steps on one core, against the peak measured in the same run")
    .addOption(cellOption())
    .option("--hidden <n>", "units of each layer", whole(1, 4096), 50)
    .option("--layers <n>", "layers", whole(1, 100), 3)
    .option("--batch <n>", "strings in a batch", whole(1, 4096), 32)
    .option("--length <n>", "steps of every string", whole(1, 10_000), 47)
    .option(
      "--density <x>",
      "share of the weights that stay; below 1 the dense network is timed in turn",
      between(0.001, 1),
      1,
    )
    .addOption(executorOption())
    .addOption(threadsOption());
  return withJson(command).action(async (options: Options) => {
    const { json, ...rest } = options;
    const step = { ...rest, cell: required(options.cell, "--cell") };
    const subjects: StepOptions[] = [{ ...step, density: 1 }];
    if (step.density < 1) subjects.push(step);
    const timings = await timeSteps(subjects);
    const { name, detail } = describeExecutor(step.executor);
    const machine = `${cpus()[0]?.model ?? "unknown processor"}; ${name} executor, ${detail}`;
    const [dense, sparse] = timings;
    const rows = timings.map(({ median, best, gflops, ofPeak, arena }, i) => [
      percent(subjects[i].density, 0),
      median.toFixed(3),
      best.toFixed(3),
      gflops.toFixed(1),
      ofPeak === undefined ? "–" : percent(ofPeak, 0),
      (arena / 2 ** 18).toFixed(1),
    ]);
    const lines = [
      machine,
      table(["density", "ms a step (median)", "best", "GFLOP/s", "of peak", "arena MiB"], rows),
      ...(sparse ? [`sparse is ${(dense.median / sparse.median).toFixed(2)} times as fast as dense`] : []),
    ];
    new Output({ json }).result(
      { machine, steps: timings.map((timing, i) => ({ ...subjects[i], ...timing })) },
      lines.join("\n"),
    );
  });
}
