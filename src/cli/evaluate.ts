// `filigree evaluate`: what a network, Filigree's own or one from elsewhere, says of a file of labelled strings.
import { Command } from "commander";
import { BINARY } from "../data/dataset.js";
import { scoreForecastBaselines, seriesOf } from "../data/numbers/forecast-baselines.js";
import { stepsOf } from "../data/sequences.js";
import type { ExecutorName } from "../engine/engine.js";
import { InputError } from "../errors.js";
import { cellsOf } from "../network/architecture.js";
import type { Network } from "../network/network.js";
import { taskOf } from "../network/tasks.js";
import { densities, prune } from "../sparsify/prune.js";
import { type Scope, scopes } from "../sparsify/scope.js";
import { type Target, targets } from "../sparsify/target.js";
import type { Labelled } from "../train/classify.js";
import { accuraciesOf, confusionOf } from "../train/confusion.js";
import { type As, arithmetics, type EvaluationResult, evaluate } from "../train/evaluate.js";
import { evaluateForecast, horizonOf } from "../train/forecast.js";
import { evaluateTexts } from "../train/language.js";
import type { Protocol } from "../train/protocol.js";
import { readAs } from "../train/read-as.js";
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
import { type NumberFileOptions, numberTaskOf, readFor, readNumbers, withNumberFiles } from "./numbers.js";

interface Options extends ModelOptions, ColumnOptions, NumberFileOptions {
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
  as?: As;
  json?: boolean;
}

export function evaluateCommand(): Command {
  const command = new Command()
    .argument(
      "<model>",
      "safetensors: Filigree's, a PyTorch state dict of nn.RNN, nn.LSTM or nn.GRU, or the thesis's; ONNX; or a model of Keras's",
    )
    .option("--data <file>", "labelled strings, or sequences of numbers")
    .option("--text <files...>", "texts, for a network that predicts the next symbol")
    .option("--unknown [symbol]", "take symbols of a text beyond the vocabulary for this one")
    .option("--graph <file>", "the graph that the network was built from: the thesis's structures need it")
    .addOption(protocolOption())
    .addOption(batchOption())
    .option("--prune <percent>", "share of the target's smallest weights to remove first", between(0, 100))
    .addOption(choice("--target <matrices>", "which matrices to prune", targets, "both"))
    .addOption(choice("--scope <scope>", "which weights compete", scopes, "global"))
    .addOption(executorOption())
    .addOption(recomputeOption())
    .addOption(
      choice(
        "--as <arithmetic>",
        "how it runs where it is exported to: whole numbers, step by step",
        arithmetics,
      ),
    );
  return withJson(withNumberFiles(withColumnOptions(withModelOptions(command)))).action(
    (model: string, options: Options) => run(model, options),
  );
}

async function run(model: string, options: Options): Promise<void> {
  const { batch, target, scope, executor, recompute, as } = options;
  const output = new Output(options);
  output.remarkSlowness(executor);
  const { classesOf, readModel } = await import("./files.js");
  remarkOnShare("--prune", options.prune, output);
  const { readLanguageModel } = await import("./texts.js");
  const read = options.text
    ? readLanguageModel(model, options, output)
    : readModel(model, options, output, { task: options.task });
  const network = options.prune === undefined ? read : prune(read, { percent: options.prune, target, scope });
  // The recurrent matrices, and what else is masked.
  const matrices = new Set([...densities(network).map(({ name }) => name), ...network.masks.keys()]);
  const nonzeros = Object.fromEntries(Array.from(matrices, (name) => [name, network.nonzeros(name)]));
  if (options.text) return evaluateOnTexts(model, network, options.text, nonzeros, options, output);
  const path = required(options.data, "--data");
  if (taskOf(network) === "forecast")
    return evaluateForecasts(model, network, path, nonzeros, options, output);
  const data = await readLabelled(network, path, options, output);
  const result = await evaluate(network, data, { batch, executor, recompute, as });
  const { outputs } = network.architecture.readout;
  const kinds = [...new Set(cellsOf(network.architecture).map(({ kind }) => kind))];
  const { total, correct, accuracy, loss, sumOfBatchMeans } = result;
  const task = taskOf(network);
  const rows = task === "label" && !("strings" in data) ? stepsOf(data, 0) : result.predicted.length;
  const classes = classesOf(network);
  output.result(
    {
      task,
      cell: kinds.join("+"),
      ...(task === "classify" && { readAt: network.conventions.readAt }),
      total,
      correct,
      accuracy,
      loss,
      ...(task === "classify" && { sumOfBatchMeans }),
      classes,
      ...(classes.length <= MOST_CLASSES && {
        confusion: confusionOf(classes.length, result.expected, result.predicted),
      }),
      logits: firstRows(result.logits, outputs, rows),
      nonzeros,
    },
    [
      `${model}: ${correct} of ${total} right (${percent(accuracy)}), mean loss ${loss.toFixed(4)}`,
      ...byClass(classes, result),
    ].join("\n\n"),
  );
}

/** Rows of outputs that are shown. */
const SHOWN = 8;

function firstRows(outputs: Float32Array, width: number, rows: number): number[][] {
  return Array.from({ length: Math.min(SHOWN, rows) }, (_, row) =>
    Array.from(outputs.subarray(row * width, (row + 1) * width)),
  );
}

/** Labelled strings or sequences of numbers, as the network reads them. */
export async function readLabelled(
  network: Network,
  path: string,
  options: ColumnOptions & NumberFileOptions,
  output: Output,
): Promise<Labelled> {
  const { classesOf, formOf } = await import("./files.js");
  if (network.architecture.input.kind === "values") {
    const task = numberTaskOf(network, path);
    const classes = classesOf(network);
    const sequences = readFor(network, path, () =>
      readNumbers(path, { ...readAs(network, options), task }, output, { classes }),
    );
    if (sequences.target) return sequences;
    throw new InputError({
      where: path,
      what: "there are no labels to compare with",
      hint: "name them with --labels or --label-column; filigree apply does without",
    });
  }
  const { readDataset } = await import("../paths/datasets.js");
  const { stringColumn, labelColumn } = options;
  return readFor(network, path, () => readDataset(path, { ...formOf(network), stringColumn, labelColumn }));
}

async function evaluateForecasts(
  model: string,
  network: Network,
  path: string,
  nonzeros: Readonly<Record<string, number>>,
  options: Options,
  output: Output,
): Promise<void> {
  const { batch, executor, recompute, as } = options;
  const series = readFor(network, path, () =>
    readNumbers(path, { ...readAs(network, options), task: "forecast" }, output),
  );
  const said = await evaluateForecast(network, { series }, { batch, executor, recompute, as });
  const { predictions, meanSquaredError, meanAbsoluteError, outputs } = said;
  const horizon = horizonOf(network);
  const { names, values } = seriesOf(series)[0];
  const rules = scoreForecastBaselines(
    seriesOf(series),
    seriesOf(series).map((own) => ({ ...own, from: horizon })),
    { horizon },
  );
  output.result(
    {
      task: "forecast",
      horizon,
      targets: names,
      predictions,
      meanSquaredError,
      meanAbsoluteError,
      baselines: rules.baselines,
      outputs: firstRows(outputs[0], names.length, values.length / names.length),
      nonzeros,
    },
    [
      `${model}: mean squared error ${meanSquaredError.toPrecision(5)}, mean absolute error ${meanAbsoluteError.toPrecision(5)}, over ${predictions} predictions`,
      table(
        ["rule without a network", "mean squared error", "mean absolute error"],
        rules.baselines.map((one) => [
          one.name,
          one.meanSquaredError.toPrecision(5),
          one.meanAbsoluteError.toPrecision(5),
        ]),
      ),
    ].join("\n\n"),
  );
}

/** More classes than these are not listed. */
const MOST_CLASSES = 30;

/** How each class fares, where there are several with names. */
function byClass(classes: readonly string[], { expected, predicted }: EvaluationResult): string[] {
  if (classes === BINARY || classes.join() === BINARY.join() || classes.length > MOST_CLASSES) return [];
  const all = accuraciesOf(classes, expected, predicted);
  const rows = all
    .filter(({ total }) => total > 0)
    .map(({ name, total, correct, accuracy, mistakenFor }) => [
      name,
      total,
      correct,
      percent(accuracy),
      mistakenFor ? `${mistakenFor.name} (${mistakenFor.count})` : "",
    ]);
  return [table(["class", "labels", "right", "share", "most often taken for"], rows)];
}

async function evaluateOnTexts(
  model: string,
  network: Network,
  paths: readonly string[],
  nonzeros: Readonly<Record<string, number>>,
  { executor, as, unknown }: Options,
  output: Output,
): Promise<void> {
  const { describeNats, textsFor } = await import("./texts.js");
  const { texts, unknown: lacking } = textsFor(network, paths, unknown, output);
  const { symbols, nats, accuracy, logits } = await evaluateTexts(network, texts, {
    executor,
    as,
    outputs: 8,
  });
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
