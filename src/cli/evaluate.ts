// `filigree evaluate`: what a network, Filigree's own or PyTorch's or the thesis's, says of a file of labelled strings.
import { Command } from "commander";
import type { ExecutorName } from "../engine/engine.js";
import { type CellKind, cellsOf } from "../network/architecture.js";
import { densities, prune } from "../prune/prune.js";
import { type Scope, scopes } from "../prune/scope.js";
import { type Target, targets } from "../prune/target.js";
import { evaluate } from "../train/evaluate.js";
import type { Protocol } from "../train/protocol.js";
import {
  batchOption,
  between,
  cellOption,
  choice,
  executorOption,
  Output,
  percent,
  protocolOption,
  required,
  withJson,
} from "./command.js";

interface Options {
  data?: string;
  graph?: string;
  protocol: Protocol;
  batch: number;
  prune?: number;
  target: Target;
  scope: Scope;
  cell?: CellKind;
  executor?: ExecutorName;
  json?: boolean;
}

export function evaluateCommand(): Command {
  const command = new Command()
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
    .addOption(cellOption().default(undefined, "told by the file, or rnn-tanh"))
    .addOption(executorOption());
  return withJson(command).action((model: string, options: Options) => run(model, options));
}

async function run(model: string, options: Options): Promise<void> {
  const { protocol, batch, target, scope, executor } = options;
  const output = new Output(options);
  output.remarkSlowness(executor);
  const { readModel } = await import("./files.js");
  const { readDataset } = await import("../data/csv.js");
  const read = readModel(model, options);
  const network = options.prune === undefined ? read : prune(read, { percent: options.prune, target, scope });
  const result = await evaluate(network, readDataset(required(options.data, "--data")), {
    protocol,
    batch,
    executor,
  });
  const { outputs } = network.architecture.readout;
  const kinds = [...new Set(cellsOf(network.architecture).map(({ kind }) => kind))];
  const { total, correct, accuracy, loss } = result;
  const logits = Array.from({ length: Math.min(8, total) }, (_, row) =>
    Array.from(result.logits.subarray(row * outputs, (row + 1) * outputs)),
  );
  const nonzeros = Object.fromEntries(densities(network).map(({ name, nonzeros }) => [name, nonzeros]));
  output.result(
    { cell: kinds.join("+"), total, correct, accuracy, loss, logits, nonzeros },
    `${model}: ${correct} of ${total} right (${percent(accuracy)}), mean loss ${(loss / result.batches).toFixed(4)}`,
  );
}
