// `filigree quantize`: how large the numbers are that a network multiplies, over data, which int8 needs to know; and what the network
// says on them in whole numbers beside what it said.
import { Command } from "commander";
import type { ExecutorName } from "../engine/engine.js";
import { prepareOutput, writeWhole } from "../files.js";
import type { Network } from "../network/network.js";
import { taskOf } from "../network/tasks.js";
import { type As, calibrate, evaluate } from "../train/evaluate.js";
import { evaluateForecast } from "../train/forecast.js";
import { calibrateOnTexts, evaluateTexts } from "../train/language.js";
import {
  between,
  type ColumnOptions,
  executorOption,
  type ModelOptions,
  Output,
  percent,
  required,
  table,
  withColumnOptions,
  withJson,
  withModelOptions,
} from "./command.js";
import { readLabelled } from "./evaluate.js";
import { type NumberFileOptions, readAs, readFor, readNumbers, withNumberFiles } from "./numbers.js";

interface Options extends ModelOptions, ColumnOptions, NumberFileOptions {
  data?: string;
  text?: string[];
  unknown?: string | true;
  graph?: string;
  percentile: number;
  executor?: ExecutorName;
  out?: string;
  json?: boolean;
}

/** Percent of the numbers of each source that int8 holds: what is larger becomes the largest. */
const PERCENTILE = 99.99;
const BATCH = 32;

export function quantizeCommand(): Command {
  const command = new Command()
    .argument("<model>", "a network, as for filigree evaluate")
    .option("--data <file>", "labelled strings, or sequences of numbers, as those that it will read")
    .option("--text <files...>", "texts, for a network that predicts the next symbol")
    .option("--unknown [symbol]", "take symbols of a text beyond the vocabulary for this one")
    .option("--graph <file>", "the graph that the network was built from: the thesis's structures need it")
    .option(
      "--percentile <percent>",
      "how many of the numbers that are multiplied int8 holds; 100 for all",
      between(50, 100),
      PERCENTILE,
    )
    .addOption(executorOption())
    .option("--out <file>", "where the calibrated network is written");
  return withJson(withNumberFiles(withColumnOptions(withModelOptions(command)))).action(
    (model: string, options: Options) => run(model, options),
  );
}

/** How a network did: a share of right answers, or nats or a squared error. */
interface Measure {
  readonly accuracy?: number;
  readonly loss: number;
}

/** The network calibrated on data, and how any network does on them. */
interface Subject {
  readonly calibrated: Network;
  readonly what: string;
  measure(network: Network, as?: As): Promise<Measure>;
}

async function run(model: string, options: Options): Promise<void> {
  const output = new Output(options);
  output.remarkSlowness(options.executor);
  const out = required(options.out, "--out");
  prepareOutput(out, options.data, ...(options.text ?? []));
  const { calibrated, what, measure } = await (options.text ? onTexts : onData)(model, options, output);
  const before = await measure(calibrated);
  const after = await measure(calibrated, "stream-int8");
  const { saveNetwork } = await import("../network/weights.js");
  writeWhole(out, saveNetwork(calibrated));
  const { activations } = calibrated.conventions;
  const row = (name: string, { accuracy, loss }: Measure) => [
    name,
    ...(accuracy === undefined ? [] : [percent(accuracy)]),
    loss.toPrecision(5),
  ];
  output.result(
    { network: out, percentile: options.percentile, activations, float32: before, int8: after },
    [
      table(
        ["numbers", ...(before.accuracy === undefined ? [] : ["right"]), what],
        [row("float32", before), row("int8", after)],
      ),
      "",
      `${out}: calibrated for filigree export --to c --int8 and evaluate --as stream-int8`,
    ].join("\n"),
  );
}

async function onTexts(model: string, options: Options, output: Output): Promise<Subject> {
  const { readLanguageModel, textsFor } = await import("./texts.js");
  const network = readLanguageModel(model, options, output);
  const { texts } = textsFor(network, required(options.text, "--text"), options.unknown, output);
  const { executor } = options;
  return {
    calibrated: calibrateOnTexts(network, texts, options),
    what: "nats a symbol",
    async measure(subject, as) {
      const { accuracy, nats } = await evaluateTexts(subject, texts, { executor, as });
      return { accuracy, loss: nats };
    },
  };
}

async function onData(model: string, options: Options, output: Output): Promise<Subject> {
  const { readModel } = await import("./files.js");
  const network = readModel(model, options, output, { task: options.task });
  const path = required(options.data, "--data");
  const how = { batch: BATCH, executor: options.executor };
  if (taskOf(network) === "forecast") {
    const read = () => readNumbers(path, { ...readAs(network, options), task: "forecast" }, output);
    const series = readFor(network, path, read);
    return {
      calibrated: await calibrate(network, series, options),
      what: "mean squared error",
      async measure(subject, as) {
        return { loss: (await evaluateForecast(subject, { series }, { ...how, as })).meanSquaredError };
      },
    };
  }
  const data = await readLabelled(network, path, options, output);
  return {
    calibrated: await calibrate(network, data, options),
    what: "loss",
    async measure(subject, as) {
      const { accuracy, loss } = await evaluate(subject, data, { ...how, as });
      return { accuracy, loss };
    },
  };
}
