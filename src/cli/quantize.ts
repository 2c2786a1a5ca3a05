// `filigree quantize`: how large the numbers are that a network multiplies, over data, which int8 needs to know; and what the network
// says on them in whole numbers beside what it said. Where that costs too much, it trains the network further with weights as int8
// will have them.
import { Command } from "commander";
import { prepareOutput, writeWhole } from "../files.js";
import type { Network } from "../network/network.js";
import { taskOf } from "../network/tasks.js";
import { type As, calibrate, evaluate } from "../train/evaluate.js";
import { evaluateForecast } from "../train/forecast.js";
import { calibrateOnTexts, evaluateTexts } from "../train/language.js";
import { readAs } from "../train/read-as.js";
import {
  between,
  executorOption,
  Output,
  percent,
  recomputeOption,
  required,
  seedOption,
  table,
  whole,
  withColumnOptions,
  withJson,
  withModelOptions,
} from "./command.js";
import { readLabelled } from "./evaluate.js";
import { readFor, readNumbers, withNumberTraining } from "./numbers.js";
import { type RetrainOptions, subjectOf } from "./retraining.js";
import { refuse } from "./train.js";

interface Options extends RetrainOptions {
  graph?: string;
  percentile: number;
  retrain: number;
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
    .option("--retrain <epochs>", "epochs of training with rounded weights", whole(0, 1e6), 0)
    .option("--test <file>", "--retrain: test sequences; a quarter of the data when left out")
    .option(
      "--validation <files...>",
      "--retrain: data to judge by; the last tenth of each text when left out",
    )
    .option("--split <share>", "--retrain: share of each text that trains; 0.9", between(0, 1))
    .option("--batch <n>", "--retrain: sequences in a batch, or streams of a text; 32", whole(1, 1e5))
    .option("--window <n>", "--retrain: steps of a text between two updates; 64", whole(1, 1e5))
    .addOption(seedOption())
    .addOption(executorOption())
    .addOption(recomputeOption())
    .option("--out <file>", "where the calibrated network is written");
  return withJson(withNumberTraining(withColumnOptions(withModelOptions(command)))).action(
    (model: string, options: Options) => run(model, options),
  );
}

/** How a network did: a share of right answers, or nats or a squared error. */
interface Measure {
  readonly accuracy?: number;
  readonly loss: number;
}

/** A network and data: how it, or another one, is calibrated on them, and does on them. */
interface Calibrated {
  readonly network: Network;
  readonly what: string;
  calibrate(network: Network): Promise<Network>;
  measure(network: Network, as?: As): Promise<Measure>;
}

async function run(model: string, options: Options): Promise<void> {
  const output = new Output(options);
  output.remarkSlowness(options.executor);
  const out = required(options.out, "--out");
  const { retrain, percentile } = options;
  if (retrain === 0)
    refuse(options, ["test", "validation", "split", "batch", "window", "recompute"], "--retrain");
  prepareOutput(out, options.data, options.test, ...(options.text ?? []));
  const { network, what, calibrate, measure } = await (options.text ? onTexts : onData)(
    model,
    options,
    output,
  );
  let calibrated = await calibrate(network);
  const measures = [
    { numbers: "float32", ...(await measure(calibrated)) },
    { numbers: "int8", ...(await measure(calibrated, "stream-int8")) },
  ];
  if (retrain > 0) {
    calibrated = await calibrate(await retrained(network, out, options, output));
    measures.push({ numbers: "int8, retrained", ...(await measure(calibrated, "stream-int8")) });
  }
  const { saveNetwork } = await import("../network/weights.js");
  writeWhole(out, saveNetwork(calibrated));
  const { activations } = calibrated.conventions;
  const [float32, int8, after] = measures.map(({ numbers: _, ...measure }) => measure);
  const rows = measures.map(({ numbers, accuracy, loss }) => [
    numbers,
    ...(accuracy === undefined ? [] : [percent(accuracy)]),
    loss.toPrecision(5),
  ]);
  output.result(
    { network: out, percentile, activations, float32, int8, ...(after && { retrained: after }) },
    [
      table(["numbers", ...(float32.accuracy === undefined ? [] : ["right"]), what], rows),
      "",
      `${out}: calibrated for filigree export --int8, stream --int8 and evaluate --as stream-int8`,
    ].join("\n"),
  );
}

/** A network trained further, each update with the weights that int8 will have. */
async function retrained(network: Network, out: string, options: Options, output: Output): Promise<Network> {
  const { executor, recompute, seed, retrain } = options;
  const subject = await subjectOf(network, options, output);
  const { trainNetwork } = await import("./training.js");
  const how = { epochs: retrain, rounding: true, executor, recompute, seed: `${seed}/rounding` } as const;
  const { trained } = await trainNetwork(
    network,
    subject.task,
    { ...subject.settings, ...how },
    { out, ...subject.files },
    output,
  );
  return trained;
}

async function onTexts(model: string, options: Options, output: Output): Promise<Calibrated> {
  const { readLanguageModel, textsFor } = await import("./texts.js");
  const network = readLanguageModel(model, options, output);
  const { texts } = textsFor(network, required(options.text, "--text"), options.unknown, output);
  const { executor } = options;
  return {
    network,
    calibrate: async (subject) => calibrateOnTexts(subject, texts, options),
    what: "nats a symbol",
    async measure(subject, as) {
      const { accuracy, nats } = await evaluateTexts(subject, texts, { executor, as });
      return { accuracy, loss: nats };
    },
  };
}

async function onData(model: string, options: Options, output: Output): Promise<Calibrated> {
  const { readModel } = await import("./files.js");
  const network = readModel(model, options, output, { task: options.task });
  const path = required(options.data, "--data");
  const how = { batch: BATCH, executor: options.executor };
  if (taskOf(network) === "forecast") {
    const read = () => readNumbers(path, { ...readAs(network, options), task: "forecast" }, output);
    const series = readFor(network, path, read);
    return {
      network,
      calibrate: (subject) => calibrate(subject, series, options),
      what: "mean squared error",
      async measure(subject, as) {
        return { loss: (await evaluateForecast(subject, { series }, { ...how, as })).meanSquaredError };
      },
    };
  }
  const data = await readLabelled(network, path, options, output);
  return {
    network,
    calibrate: (subject) => calibrate(subject, data, options),
    what: "loss",
    async measure(subject, as) {
      const { accuracy, loss } = await evaluate(subject, data, { ...how, as });
      return { accuracy, loss };
    },
  };
}
