// `filigree evaluate`: what a network, Filigree's own or PyTorch's or the thesis's, says of a file of labelled strings.
import { Command } from "commander";
import { readDataset } from "../data/csv.js";
import type { ExecutorName } from "../engine/engine.js";
import { cellsOf } from "../network/architecture.js";
import { densities, prune } from "../prune/prune.js";
import { type Scope, scopes } from "../prune/scope.js";
import { type Target, targets } from "../prune/target.js";
import { evaluate } from "../train/evaluate.js";
import type { Protocol } from "../train/protocol.js";
import {
  batchOption,
  between,
  choice,
  executorOption,
  type ModelOptions,
  Output,
  percent,
  protocolOption,
  remarkOnShare,
  required,
  withJson,
  withModelOptions,
} from "./command.js";
import { formOf, readModel } from "./files.js";

interface Options extends ModelOptions {
  data?: string;
  graph?: string;
  protocol?: Protocol;
  batch: number;
  prune?: number;
  target: Target;
  scope: Scope;
  executor?: ExecutorName;
  json?: boolean;
}

export function evaluateCommand(): Command {
  const command = new Command("evaluate")
    .description("evaluate a network on labelled strings, pruned first if asked")
    .argument(
      "<model>",
      "safetensors: Filigree's, a PyTorch state dict of nn.RNN, nn.LSTM or nn.GRU, or the thesis's",
    )
    .option("--data <csv>", "labelled strings")
    .option("--graph <file>", "the graph that the network was built from: the thesis's structures need it")
    .addOption(protocolOption())
    .addOption(batchOption())
    .option("--prune <percent>", "share of the target's smallest weights to remove first", between(0, 100))
    .addOption(choice("--target <matrices>", "which matrices to prune", targets, "both"))
    .addOption(choice("--scope <scope>", "which weights compete", scopes, "global"))
    .addOption(executorOption());
  return withJson(withModelOptions(command)).action((model: string, options: Options) => run(model, options));
}

async function run(model: string, options: Options): Promise<void> {
  const { batch, target, scope, executor } = options;
  const output = new Output(options);
  remarkOnShare("--prune", options.prune, output);
  const read = readModel(model, options, output);
  const network = options.prune === undefined ? read : prune(read, { percent: options.prune, target, scope });
  const dataset = readDataset(required(options.data, "--data"), formOf(network));
  const result = await evaluate(network, dataset, { batch, executor });
  const { outputs } = network.architecture.readout;
  const kinds = [...new Set(cellsOf(network.architecture).map(({ kind }) => kind))];
  const { total, correct, accuracy, loss } = result;
  const logits = Array.from({ length: Math.min(8, total) }, (_, row) =>
    Array.from(result.logits.subarray(row * outputs, (row + 1) * outputs)),
  );
  // The recurrent matrices, and what else is masked.
  const matrices = new Set([...densities(network).map(({ name }) => name), ...network.masks.keys()]);
  const nonzeros = Object.fromEntries(Array.from(matrices, (name) => [name, network.nonzeros(name)]));
  output.result(
    {
      cell: kinds.join("+"),
      readAt: network.conventions.readAt,
      total,
      correct,
      accuracy,
      loss,
      logits,
      nonzeros,
    },
    `${model}: ${correct} of ${total} right (${percent(accuracy)}), mean loss ${(loss / result.batches).toFixed(4)}`,
  );
}
