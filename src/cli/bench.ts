// `filigree bench`: how fast this machine trains and takes in symbols, what each kernel reaches, and from which density a
// matrix is better held compressed.
import { cpus } from "node:os";
import { Command, InvalidArgumentError } from "commander";
import { timeDensities } from "../bench/density.js";
import { measureCeilings, timeKernels } from "../bench/kernels.js";
import type { Pattern } from "../bench/patterns.js";
import { type StepOptions, timeSteps } from "../bench/steps.js";
import { timeStreams } from "../bench/streams.js";
import { describeExecutor, type ExecutorName } from "../engine/engine.js";
import { type CellKind, cellKinds, gateCount } from "../network/architecture.js";
import {
  between,
  cellOption,
  executorOption,
  Output,
  percent,
  recomputeOption,
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
  pattern?: Pattern;
  executor?: ExecutorName;
  threads: number;
  recompute?: number;
  int8?: boolean;
  json?: boolean;
}

export function benchCommand(): Command {
  return new Command()
    .addCommand(stepCommand())
    .addCommand(streamCommand())
    .addCommand(kernelsCommand())
    .addCommand(densityCommand());
}

function stepCommand(): Command {
  const command = new Command("step")
    .description("time training steps against the peak of one core, measured in the same run")
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
    .option("--pattern <RxC>", patternHelp, blocks)
    .addOption(executorOption())
    .addOption(threadsOption(1))
    .addOption(recomputeOption());
  return withJson(command).action(async (options: Options) => {
    const { json, ...rest } = options;
    const output = new Output({ json });
    output.remarkSlowness(options.executor);
    const step = { ...rest, cell: required(options.cell, "--cell") };
    const subjects: StepOptions[] = [{ ...step, density: 1 }];
    if (step.density < 1) subjects.push(step);
    const timings = await timeSteps(subjects);
    const machine = describeMachine(step.executor);
    const [dense, sparse] = timings;
    const speed = timings.map(({ median, best, gflops, ofPeak }, i) => [
      percent(subjects[i].density, 0),
      median.toFixed(3),
      best.toFixed(3),
      gflops.toFixed(1),
      ofPeak === undefined ? "–" : percent(ofPeak, 0),
    ]);
    const memory = timings.flatMap(({ footprint }, i) => {
      if (!footprint) return [];
      const { activations, parameters, matrices, rest } = footprint;
      const bytes = [activations, parameters, matrices, rest, activations + parameters + matrices + rest];
      return [[percent(subjects[i].density, 0), ...bytes.map((n) => (n / 2 ** 20).toFixed(2))]];
    });
    const columns = ["density", "activations", "parameters", "matrices", "the rest", "MiB together"];
    const lines = [
      machine,
      table(["density", "ms a step (median)", "best", "GFLOP/s", "of peak"], speed),
      ...(sparse ? [`sparse is ${(dense.median / sparse.median).toFixed(2)} times as fast as dense`] : []),
      ...(memory.length > 0 ? ["", table(columns, memory)] : []),
    ];
    output.result(
      { machine, steps: timings.map((timing, i) => ({ ...subjects[i], ...timing })) },
      lines.join("\n"),
    );
  });
}

function streamCommand(): Command {
  const command = new Command("stream")
    .description("time one symbol at a time, as filigree stream runs a network")
    .addOption(cellOption())
    .option("--hidden <n>", "units of each layer", whole(1, 8192), 512)
    .option("--layers <n>", "layers", whole(1, 100), 1)
    .option(
      "--density <x>",
      "share of the weights that stay; below 1 the dense network is timed in turn",
      between(0.001, 1),
      0.1,
    )
    .option("--pattern <RxC>", patternHelp, blocks)
    .option("--int8", "whole numbers of 8 bits")
    .addOption(executorOption());
  return withJson(command).action(async (options: Omit<Options, "batch" | "length">) => {
    const { json, ...rest } = options;
    const output = new Output({ json });
    output.remarkSlowness(options.executor);
    const subject = { ...rest, cell: required(options.cell, "--cell") };
    const subjects = [{ ...subject, density: 1 }];
    if (subject.density < 1) subjects.push(subject);
    const timings = await timeStreams(subjects);
    const machine = describeMachine(subject.executor);
    const [dense, sparse] = timings;
    const rows = timings.map(({ median, best, bytes, gigabytes }, i) => [
      percent(subjects[i].density, 0),
      median.toFixed(2),
      best.toFixed(2),
      (bytes / 2 ** 20).toFixed(2),
      gigabytes.toFixed(1),
    ]);
    const lines = [
      machine,
      table(["density", "µs a symbol (median)", "best", "MiB read", "GB/s"], rows),
      ...(sparse ? [`sparse is ${(dense.median / sparse.median).toFixed(2)} times as fast as dense`] : []),
    ];
    output.result(
      { machine, streams: timings.map((timing, i) => ({ ...subjects[i], ...timing })) },
      lines.join("\n"),
    );
  });
}

function kernelsCommand(): Command {
  const command = new Command("kernels")
    .description("time every kernel against the ceilings of one core, its arithmetic and its memory")
    .addOption(cellOption().default("lstm"))
    .option("--hidden <n>", "units of the layer", whole(1, 4096), 50)
    .option("--batch <n>", "strings in a batch; up to 16 take half as many lanes", whole(1, 4096), 32)
    .option("--density <x>", "of the compressed matrix", between(0.001, 1), 0.1)
    .option(
      "--pattern <RxC>",
      "time a matrix whose mask is cut in blocks of R rows and C columns too",
      blocks,
    );
  return withJson(command).action(async (options: Options) => {
    const { json, cell, hidden, batch, density, pattern } = options;
    const ceilings = await measureCeilings();
    const kernels = await timeKernels({ cell: cell!, hidden, batch, density, pattern }, ceilings);
    const giga = (perSecond: number) => (perSecond / 1e9).toFixed(1);
    const rows = kernels.map(({ kernel, group, shape, operations, bytes, seconds, ofRoof }) => [
      kernel,
      group,
      shape,
      (1e6 * seconds).toFixed(2),
      operations > 0 ? giga(operations / seconds) : "–",
      giga(bytes / seconds),
      operations > 0 ? (operations / bytes).toFixed(2) : "–",
      percent(ofRoof, 0),
    ]);
    const machine = describeMachine();
    const levels = ceilings.levels.map(({ name, bandwidth }) => `${name} ${giga(bandwidth)}`);
    const text = [
      machine,
      `peak ${giga(ceilings.peak)} GFLOP/s; memory in GB/s: ${levels.join(", ")}`,
      "",
      table(["kernel", "kind", "shape", "µs", "GFLOP/s", "GB/s", "FLOP/byte", "of the roof"], rows),
    ];
    new Output({ json }).result({ machine, ceilings, kernels }, text.join("\n"));
  });
}

function densityCommand(): Command {
  const command = new Command("density")
    .description("find the density below which a matrix trains faster compressed, for several shapes")
    .addOption(cellOption())
    .option("--hidden <n>", "units of the layer; several sizes when left out", whole(1, 4096))
    .option("--batch <n>", "strings in a batch; up to 16 take half as many lanes", whole(1, 4096), 32)
    .option("--pattern <RxC>", patternHelp, blocks);
  return withJson(command).action(async ({ json, cell, hidden, batch, pattern }: Partial<Options>) => {
    const sizes = hidden ? [hidden] : [16, 32, 50, 128, 256, 512];
    // Both simple cells have one gate.
    const kinds = cell ? [cell] : cellKinds.filter((kind) => kind !== "rnn-relu");
    const timings = [];
    for (const size of sizes) {
      for (const kind of kinds) timings.push(await timeDensities(kind, size, batch!, pattern));
    }
    const machine = describeMachine();
    const rows = timings.map(({ rows, columns, points, breakEven }) => [
      `${rows} × ${columns}`,
      gateCountText(rows / columns),
      percent(breakEven, 0),
      ...points.map(({ ratio }) => ratio.toFixed(2)),
    ]);
    const columns = timings[0].points.map(({ density }) => percent(density, 0));
    const text = [
      machine,
      "time of a training step's work on one matrix, compressed beside dense, by density:",
      table(["matrix", "cell", "break-even", ...columns], rows),
    ];
    new Output({ json }).result({ machine, batch, pattern, shapes: timings }, text.join("\n"));
  });
}

const patternHelp = "cut masks in blocks of R rows and C columns of a gate, which stay or go as a whole";

function blocks(text: string): Pattern {
  const match = /^([1-9]\d{0,2})x([1-9]\d{0,2})$/.exec(text);
  if (!match) throw new InvalidArgumentError("Use rows and columns of a block, such as 4x1.");
  return { rows: Number(match[1]), columns: Number(match[2]) };
}

function gateCountText(gates: number): string {
  return cellKinds.filter((kind) => gateCount(kind) === gates).join(", ");
}

function describeMachine(executor?: ExecutorName): string {
  const { name, detail } = describeExecutor(executor);
  return `${cpus()[0]?.model ?? "unknown processor"}; ${name} executor, ${detail}`;
}
