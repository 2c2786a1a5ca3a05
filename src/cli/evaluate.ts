// `filigree evaluate`: what a network, Filigree's own or PyTorch's or the thesis's, says of a file of labelled strings.
import { Command } from "commander";
import type { ExecutorName } from "../engine/engine.js";
import { cellsOf } from "../network/architecture.js";
import type { Network } from "../network/network.js";
import { densities, prune } from "../sparsify/prune.js";
import { type Scope, scopes } from "../sparsify/scope.js";
import { type Target, targets } from "../sparsify/target.js";
import { evaluate } from "../train/evaluate.js";
import { evaluateTexts } from "../train/language.js";
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
  recomputeOption,
  remarkOnShare,
  required,
  withJson,
  withModelOptions,
} from "./command.js";

interface Options extends ModelOptions {
  data?: string;
  text?: string[];
  unknown?: string | true;
  graph?: string;
  protocol?: Protocol;
  batch: number;
  prune?: number;
  target: Target;
  scope: Scope;
  executor?: ExecutorName;
  recompute?: number;
  json?: boolean;
}

export function evaluateCommand(): Command {
  const command = new Command()
    .argument(
      "<model>",
      "safetensors: Filigree's, a PyTorch state dict of nn.RNN, nn.LSTM or nn.GRU, or the thesis's",
    )
    .option("--data <csv>", "labelled strings")
    .option("--text <files...>", "texts, for a network that predicts the next symbol")
    .option("--unknown [symbol]", "take symbols of a text beyond the vocabulary for this one")
    .option("--graph <file>", "the graph that the network was built from: the thesis's structures need it")
    .addOption(protocolOption())
    .addOption(batchOption())
    .option("--prune <percent>", "share of the target's smallest weights to remove first", between(0, 100))
    .addOption(choice("--target <matrices>", "which matrices to prune", targets, "both"))
    .addOption(choice("--scope <scope>", "which weights compete", scopes, "global"))
    .addOption(executorOption())
    .addOption(recomputeOption());
  return withJson(withModelOptions(command)).action((model: string, options: Options) => run(model, options));
}

async function run(model: string, options: Options): Promise<void> {
  const { batch, target, scope, executor, recompute } = options;
  const output = new Output(options);
  output.remarkSlowness(executor);
  const { formOf, readModel } = await import("./files.js");
  const { readDataset } = await import("../paths/datasets.js");
  remarkOnShare("--prune", options.prune, output);
  const { readLanguageModel } = await import("./texts.js");
  const read = (options.text ? readLanguageModel : readModel)(model, options, output);
  const network = options.prune === undefined ? read : prune(read, { percent: options.prune, target, scope });
  // The recurrent matrices, and what else is masked.
  const matrices = new Set([...densities(network).map(({ name }) => name), ...network.masks.keys()]);
  const nonzeros = Object.fromEntries(Array.from(matrices, (name) => [name, network.nonzeros(name)]));
  if (options.text) return evaluateOnTexts(model, network, options.text, nonzeros, options, output);
  const dataset = readDataset(required(options.data, "--data"), formOf(network));
  const result = await evaluate(network, dataset, { batch, executor, recompute });
  const { outputs } = network.architecture.readout;
  const kinds = [...new Set(cellsOf(network.architecture).map(({ kind }) => kind))];
  const { total, correct, accuracy, loss, sumOfBatchMeans } = result;
  const logits = Array.from({ length: Math.min(8, total) }, (_, row) =>
    Array.from(result.logits.subarray(row * outputs, (row + 1) * outputs)),
  );
  output.result(
    {
      task: "classify",
      cell: kinds.join("+"),
      readAt: network.conventions.readAt,
      total,
      correct,
      accuracy,
      loss,
      sumOfBatchMeans,
      logits,
      nonzeros,
    },
    `${model}: ${correct} of ${total} right (${percent(accuracy)}), mean loss ${loss.toFixed(4)}`,
  );
}

async function evaluateOnTexts(
  model: string,
  network: Network,
  paths: readonly string[],
  nonzeros: Readonly<Record<string, number>>,
  { executor, unknown }: Options,
  output: Output,
): Promise<void> {
  const { describeNats, textsFor } = await import("./texts.js");
  const { texts, unknown: lacking } = textsFor(network, paths, unknown, output);
  const { symbols, nats, accuracy, logits } = await evaluateTexts(network, texts, { executor, outputs: 8 });
  const { outputs } = network.architecture.readout;
  const rows = Array.from({ length: logits.length / outputs }, (_, i) =>
    Array.from(logits.subarray(i * outputs, (i + 1) * outputs)),
  );
  const [bits, perplexity] = [nats / Math.LN2, Math.exp(nats)];
  output.result(
    {
      task: "next",
      symbols,
      nats,
      bits,
      perplexity,
      accuracy,
      unknown: lacking.count,
      logits: rows,
      nonzeros,
    },
    `${model}: ${describeNats(nats)} a symbol, over ${symbols}; ${percent(accuracy)} were the likeliest`,
  );
}
