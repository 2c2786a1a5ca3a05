// `filigree apply`: what a network says of data without labels, as a CSV file: the class of each sequence with the
// probabilities of all, the class at every step, the next values, or the next symbol.
import { Command } from "commander";
import { stringify } from "csv-stringify/sync";
import { parseStrings } from "../data/csv.js";
import { createDataset } from "../data/dataset.js";
import { stepsOf } from "../data/sequences.js";
import type { ExecutorName } from "../engine/engine.js";
import { stream } from "../engine/stream.js";
import { InputError } from "../errors.js";
import { prepareOutput, readText, writeWhole } from "../files.js";
import type { Network } from "../network/network.js";
import { taskOf } from "../network/tasks.js";
import { outputsOf, probabilitiesOf } from "../train/evaluate.js";
import { forecastsOf, horizonOf } from "../train/forecast.js";
import { readAs } from "../train/read-as.js";
import {
  batchOption,
  type ColumnOptions,
  executorOption,
  type ModelOptions,
  Output,
  recomputeOption,
  required,
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
  batch: number;
  executor?: ExecutorName;
  recompute?: number;
  out?: string;
  json?: boolean;
}

/** What was said: a row for each sequence, step or symbol. */
interface Table {
  readonly header: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
}

export function applyCommand(): Command {
  const command = new Command()
    .argument("<model>", "a network, as for filigree evaluate")
    .option("--data <file>", "strings or sequences of numbers; labels are not looked at")
    .option("--text <files...>", "texts, for a network that predicts the next symbol")
    .option("--unknown [symbol]", "take symbols of a text beyond the vocabulary for this one")
    .option("--graph <file>", "the graph that the network was built from: the thesis's structures need it")
    .addOption(batchOption())
    .addOption(executorOption())
    .addOption(recomputeOption())
    .option("--out <file>", "a CSV file; printed when left out");
  return withJson(withNumberFiles(withColumnOptions(withModelOptions(command)))).action(
    (model: string, options: Options) => run(model, options),
  );
}

async function run(model: string, options: Options): Promise<void> {
  const output = new Output(options);
  output.remarkSlowness(options.executor);
  const { out, text, data } = options;
  if (out !== undefined) prepareOutput(out, model, data, ...(text ?? []));
  const network = await readNetworkFor(model, options, output);
  const table = text
    ? await sayNext(network, text, options, output)
    : network.architecture.input.kind === "values"
      ? await sayOfNumbers(network, required(data, "--data"), options, output)
      : await sayOfStrings(network, required(data, "--data"), options);
  const csv = stringify([[...table.header], ...table.rows.map((row) => [...row])]);
  if (out !== undefined) writeWhole(out, csv);
  const document = { model, task: taskOf(network), out, rows: table.rows.length };
  if (options.json) output.result(out === undefined ? { ...document, table } : document, "");
  else output.result(document, out === undefined ? csv.trimEnd() : `${out}: ${table.rows.length} rows`);
}

async function readNetworkFor(model: string, options: Options, output: Output): Promise<Network> {
  const [{ readModel }, { readLanguageModel }] = await Promise.all([
    import("./files.js"),
    import("./texts.js"),
  ]);
  return options.text
    ? readLanguageModel(model, options, output)
    : readModel(model, options, output, { task: options.task });
}

async function sayOfNumbers(
  network: Network,
  path: string,
  options: Options,
  output: Output,
): Promise<Table> {
  const task = numberTaskOf(network, path);
  const own = { ...readAs(network, options), task, labels: undefined, targetColumn: undefined };
  const sequences = readFor(network, path, () => readNumbers(path, own, output, { unlabelled: true }));
  const { conventions, architecture } = network;
  if (task === "forecast") {
    const horizon = horizonOf(network);
    const { targets = Array.from({ length: architecture.readout.outputs }, (_, i) => String(i + 1)) } =
      conventions;
    const said = await forecastsOf(network, sequences, options);
    const width = targets.length;
    // The step that a forecast is for, which may be after the last.
    const rows = said.flatMap((own, row) =>
      Array.from({ length: own.length / width }, (_, t) => [
        row + 1,
        t + 1 + horizon,
        ...own.subarray(t * width, (t + 1) * width),
      ]),
    );
    return { header: ["sequence", "step", ...targets], rows };
  }
  const classes = await classesFor(network);
  const said = await outputsOf(network, sequences, options);
  if (task === "classify")
    return {
      header: ["sequence", ...headerOf(classes)],
      rows: said.map((own, row) => [row + 1, ...verdict(own, classes)]),
    };
  const width = classes.length;
  const rows = said.flatMap((own, row) =>
    Array.from({ length: stepsOf(sequences, row) }, (_, t) => [
      row + 1,
      t + 1,
      ...verdict(own.subarray(t * width, (t + 1) * width), classes),
    ]),
  );
  return { header: ["sequence", "step", ...headerOf(classes)], rows };
}

async function sayOfStrings(network: Network, path: string, options: Options): Promise<Table> {
  if (taskOf(network) !== "classify") {
    throw new InputError({
      where: "--data",
      what: "the network predicts the next symbol of a text",
      hint: "give it a text with --text",
    });
  }
  const strings = readFor(network, path, () => parseStrings(readText(path), path, options));
  const classes = await classesFor(network);
  const { vocabulary } = network.conventions;
  const dataset = createDataset(strings, new Int32Array(strings.length), path, undefined, {
    vocabulary,
    classes,
  });
  const said = await outputsOf(network, dataset, options);
  return {
    header: ["string", ...headerOf(classes)],
    rows: said.map((own, row) => [strings[row], ...verdict(own, classes)]),
  };
}

/** Of every symbol of each text, from the second on, what was expected and how likely the one that came was. */
async function sayNext(
  network: Network,
  paths: readonly string[],
  options: Options,
  output: Output,
): Promise<Table> {
  const { textsFor } = await import("./texts.js");
  const { texts } = textsFor(network, paths, options.unknown, output);
  const { symbols } = network.conventions.vocabulary;
  const reading = stream(network, options);
  const rows = texts.flatMap((text, file) => {
    reading.reset();
    return Array.from(text, (symbol, t) => {
      const after = probabilitiesOf(reading.step(symbol));
      const likeliest = after.indexOf(Math.max(...after));
      const came = t + 1 < text.length ? text[t + 1] : undefined;
      return [
        paths[file],
        t + 1,
        symbols[symbol] ?? "",
        symbols[likeliest] ?? "",
        after[likeliest],
        came === undefined ? "" : after[came],
      ];
    });
  });
  return { header: ["text", "position", "symbol", "next", "probability", "probability of what came"], rows };
}

async function classesFor(network: Network): Promise<readonly string[]> {
  const { classesOf } = await import("./files.js");
  return classesOf(network);
}

const headerOf = (classes: readonly string[]) => ["class", ...classes.map((name) => `p(${name})`)];

/** The likeliest class and the probabilities of all. */
function verdict(logits: Float32Array, classes: readonly string[]): (string | number)[] {
  const probabilities = probabilitiesOf(logits);
  return [classes[probabilities.indexOf(Math.max(...probabilities))], ...probabilities];
}
