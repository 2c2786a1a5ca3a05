// `filigree evaluate`: what a network, Filigree's own or PyTorch's or the thesis's, says of a file of labelled strings.
import { Command } from "commander";
import { BINARY } from "../data/dataset.js";
import type { ExecutorName } from "../engine/engine.js";
import { cellsOf } from "../network/architecture.js";
import type { Network } from "../network/network.js";
import { densities, prune } from "../sparsify/prune.js";
import { type Scope, scopes } from "../sparsify/scope.js";
import { type Target, targets } from "../sparsify/target.js";
import { classAccuracies, confusionOf } from "../train/confusion.js";
import { evaluate } from "../train/evaluate.js";
import { evaluateTexts } from "../train/language.js";
import type { Protocol } from "../train/protocol.js";
import {
  batchOption,
  between,
  type ColumnOptions,
  choice,
  executorOption,
  type ModelOptions,
  Output,
  percent,
  protocolOption,
  recomputeOption,
  remarkOnShare,
  required,
  table,
  withColumnOptions,
  withJson,
  withModelOptions,
} from "./command.js";

interface Options extends ModelOptions, ColumnOptions {
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
  return withJson(withColumnOptions(withModelOptions(command))).action((model: string, options: Options) =>
    run(model, options),
  );
}

async function run(model: string, options: Options): Promise<void> {
  const { batch, target, scope, executor, recompute } = options;
  const output = new Output(options);
  output.remarkSlowness(executor);
  const { classesOf, formOf, readModel } = await import("./files.js");
  const { readDataset } = await import("../paths/datasets.js");
  remarkOnShare("--prune", options.prune, output);
  const { readLanguageModel } = await import("./texts.js");
  const read = (options.text ? readLanguageModel : readModel)(model, options, output);
  const network = options.prune === undefined ? read : prune(read, { percent: options.prune, target, scope });
  // The recurrent matrices, and what else is masked.
  const matrices = new Set([...densities(network).map(({ name }) => name), ...network.masks.keys()]);
  const nonzeros = Object.fromEntries(Array.from(matrices, (name) => [name, network.nonzeros(name)]));
  if (options.text) return evaluateOnTexts(model, network, options.text, nonzeros, options, output);
  const { stringColumn, labelColumn } = options;
  const form = { ...formOf(network), stringColumn, labelColumn };
  const dataset = readDataset(required(options.data, "--data"), form);
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
      classes: classesOf(network),
      logits,
      nonzeros,
    },
    [
      `${model}: ${correct} of ${total} right (${percent(accuracy)}), mean loss ${loss.toFixed(4)}`,
      ...byClass(classesOf(network), dataset.labels, result.logits),
    ].join("\n\n"),
  );
}

/** More classes than these are not listed. */
const MOST_CLASSES = 30;

/** How each class fares, where there are several with names. */
function byClass(classes: readonly string[], labels: Int32Array, logits: Float32Array): string[] {
  if (classes === BINARY || classes.join() === BINARY.join() || classes.length > MOST_CLASSES) return [];
  const outputs = classes.length;
  const predicted = Int32Array.from(labels, (_, row) => {
    const own = logits.subarray(row * outputs, (row + 1) * outputs);
    return own.indexOf(Math.max(...own));
  });
  const all = classAccuracies(classes, confusionOf(outputs, labels, predicted));
  const rows = all
    .filter(({ total }) => total > 0)
    .map(({ name, total, correct, accuracy, mistakenFor }) => [
      name,
      total,
      correct,
      percent(accuracy),
      mistakenFor ? `${mistakenFor.name} (${mistakenFor.count})` : "",
    ]);
  return [table(["class", "strings", "right", "share", "most often taken for"], rows)];
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
