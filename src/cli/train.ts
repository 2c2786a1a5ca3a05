// `filigree train`: a network of one's own from labelled strings.
import { Command } from "commander";
import type { ExecutorName } from "../engine/engine.js";
import type { CellKind } from "../network/architecture.js";
import { initialise, stack } from "../network/network.js";
import { Random } from "../random.js";
import type { Protocol } from "../train/protocol.js";
import {
  batchOption,
  between,
  cellOption,
  executorOption,
  Output,
  protocolOption,
  recomputeOption,
  required,
  seedOption,
  threadsOption,
  whole,
  withJson,
} from "./command.js";

interface Options {
  cell?: CellKind;
  data?: string;
  test?: string;
  hidden: number;
  layers: number;
  embedding?: number;
  epochs: number;
  batch: number;
  learningRate: number;
  protocol: Protocol;
  seed: number;
  executor?: ExecutorName;
  threads: number;
  recompute?: number;
  out?: string;
  json?: boolean;
}

export function trainCommand(): Command {
  const command = new Command()
    .addOption(cellOption())
    .option("--data <csv>", "training strings; generated Reber strings when left out")
    .option("--test <csv>", "test strings; a quarter of the training file when left out")
    .option("--hidden <n>", "units of each layer", whole(1, 4096), 50)
    .option("--layers <n>", "layers", whole(1, 100), 3)
    .option("--embedding <n>", "width of the embedding; that of a layer when left out", whole(1, 4096))
    .option("--epochs <n>", "passes over the training strings", whole(1, 1e6), 50)
    .addOption(batchOption())
    .option("--learning-rate <x>", "of Adam", between(1e-9, 10), 1e-3)
    .addOption(protocolOption())
    .addOption(seedOption())
    .addOption(executorOption())
    .addOption(threadsOption())
    .addOption(recomputeOption())
    .option("--out <file>", "where the network is written; CELL.safetensors when left out");
  return withJson(command).action((options: Options) => run(options));
}

async function run(options: Options): Promise<void> {
  const output = new Output(options);
  const cell = required(options.cell, "--cell");
  output.remarkSlowness(options.executor);
  const { trainingData } = await import("./files.js");
  const { describeEpoch, trainNetwork } = await import("./training.js");
  const { seed, out = `${cell}.safetensors` } = options;
  const data = trainingData(options, output);
  const network = initialise(stack({ ...options, cell }), new Random(seed).stream("initial weights"));
  const inputs = [options.data, options.test];
  const settings = { ...options, seed: `${seed}/train`, out, inputs };
  const { trained, history } = await trainNetwork(network, data, settings, output);
  output.result(
    { network: out, cell, parameters: trained.size, epochs: history },
    `${describeEpoch(history.length, history[history.length - 1])}\n${out}: ${trained.size} parameters`,
  );
}
