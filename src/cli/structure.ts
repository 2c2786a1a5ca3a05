// `filigree structure`: train the network of a graph, and look for good graphs by prediction instead of training.
import { availableParallelism } from "node:os";
import { Command } from "commander";
import type { ExecutorName } from "../engine/engine.js";
import { InputError } from "../errors.js";
import type { Found, searchResult } from "../experiments/search.js";
import type { StructureConfiguration } from "../experiments/structures.js";
import { makeFolderOf } from "../files.js";
import { Random } from "../math/random.js";
import type { CellKind } from "../network/architecture.js";
import type { Network } from "../network/network.js";
import { readouts, recurrences, STRUCTURE_EMBEDDING } from "../network/structure.js";
import { classify } from "../train/classify.js";
import { batchFor, defaults, STRUCTURE_BATCH } from "../train/defaults.js";
import { HORIZON } from "../train/forecast.js";
import { newClassifier, newNetworkForNumbers, newNetworkForTexts } from "../train/new-network.js";
import { defaultProtocol, type Protocol, protocols } from "../train/protocol.js";
import type { Task } from "../train/task.js";
import {
  between,
  type ColumnOptions,
  cellOption,
  choice,
  executorOption,
  interruptible,
  Output,
  ProgressBar,
  percent,
  protocolOption,
  recomputeOption,
  required,
  seedOption,
  structureBatchOption,
  type TextOptions,
  table,
  vocabularyOption,
  whole,
  withColumnOptions,
  withJson,
  withTextOptions,
} from "./command.js";
import { hasNumbers, type NumberFileOptions, withNumberTraining } from "./numbers.js";
import { Stopped } from "./stopped.js";
import type { TrainingFiles } from "./training.js";

export function structureCommand(): Command {
  return new Command().addCommand(trainCommand()).addCommand(searchCommand());
}

interface TrainOptions extends ColumnOptions, NumberFileOptions, TextOptions {
  testLabels?: string;
  validation?: string[];
  validationLabels?: string;
  horizon?: number;
  cell?: CellKind;
  wiring?: Protocol;
  recurrence?: (typeof recurrences)[number];
  readout?: (typeof readouts)[number];
  embedding?: number;
  data?: string;
  test?: string;
  epochs: number;
  batch?: number;
  learningRate: number;
  protocol: Protocol;
  vocabulary?: string;
  seed: number;
  executor?: ExecutorName;
  recompute?: number;
  out?: string;
  json?: boolean;
}

function trainCommand(): Command {
  const command = new Command("train")
    .description("train the network of a graph on strings, texts or sequences of numbers")
    .argument("<graph>", "node-link JSON, GraphML or an edge list")
    .addOption(cellOption())
    .addOption(choice("--wiring <name>", "how the graph becomes a network; as --protocol", protocols))
    .addOption(choice("--recurrence <where>", "corrected wiring: within a layer, or a unit", recurrences))
    .addOption(choice("--readout <units>", "corrected wiring: which units are read out", readouts))
    .option(
      "--embedding <n>",
      `corrected wiring: width of the embedding; ${STRUCTURE_EMBEDDING} when left out`,
      whole(1, 4096),
    )
    .option(
      "--data <file>",
      "training sequences; generated Reber strings when neither they nor a text are given",
    )
    .option("--test <file>", "test sequences; a quarter of the training file when left out")
    .option(
      "--validation <files...>",
      "data to judge epochs by, of which the best is kept; of a text its last tenth when left out",
    )
    .option("--epochs <n>", "passes over the training data", whole(1, 1e6), 15)
    .addOption(structureBatchOption())
    .option("--learning-rate <x>", "of Adam", between(1e-9, 10), 1e-3)
    .addOption(protocolOption(defaultProtocol))
    .addOption(seedOption())
    .addOption(executorOption())
    .addOption(recomputeOption())
    .option("--out <file>", "where the network is written; CELL-structure.safetensors when left out")
    .addOption(vocabularyOption("found in the strings"));
  return withJson(withTextOptions(withNumberTraining(withColumnOptions(command)))).action(
    (graph: string, options: TrainOptions) => train(graph, options),
  );
}

async function train(path: string, options: TrainOptions): Promise<void> {
  const output = new Output(options);
  const cell = required(options.cell, "--cell");
  output.remarkSlowness(options.executor);
  const { seed, out = `${cell}-structure.safetensors` } = options;
  const wiring = wiringOf(options);
  const { readGraph } = await import("../graph/files.js");
  const { structureOf } = await import("../experiments/structures.js");
  await import("../thesis/format.js");
  const { classesOf, describeClasses, trainingData } = await import("./files.js");
  const { vocabularyOf } = await import("./vocabulary.js");
  const { describeEpoch, trainNetwork } = await import("./training.js");
  const graph = readGraph(path);
  const { architecture, masks } = structureOf(graph, { cell, wiring }, path);
  const vocabulary = options.vocabulary === undefined ? undefined : vocabularyOf(options.vocabulary);
  const { protocol, batch = STRUCTURE_BATCH, epochs, learningRate, executor, recompute } = options;
  const initial = new Random(seed).stream("initial weights");
  const { refuse } = await import("./train.js");
  if (!options.text) refuse(options, ["split", "symbols", "unknown"], "--text");
  const ofNumbers = options.data !== undefined && hasNumbers(options.data, options);
  const [network, task, ownFiles] = options.text
    ? await onTexts(options.text)
    : ofNumbers
      ? await onNumbers(options.data as string)
      : onStrings();
  const settings = { epochs, learningRate, executor, recompute, seed: `${seed}/train` };
  const files = { out, ...ownFiles, inputs: [path, ...ownFiles.inputs] };
  const { trained, history } = await trainNetwork(network, task, settings, files, output);
  const isOfClasses = task.name === "classify" || task.name === "label";
  output.result(
    {
      network: out,
      graph: path,
      task: task.name,
      cell,
      wiring,
      parameters: trained.size,
      ...(isOfClasses && { classes: classesOf(trained) }),
      epochs: history,
    },
    `${describeEpoch(history.length, history[history.length - 1], task.name)}\n${out}: ${trained.size} parameters${isOfClasses ? describeClasses(trained) : ""}`,
  );

  function onStrings(): [Network, Task, TrainingFiles] {
    refuse(options, ["window"], "texts and forecasts");
    const data = trainingData(options, output, { vocabulary });
    const network = newClassifier(architecture, data, initial, { vocabulary, masks });
    const { test, validation = [] } = options;
    const files = { inputs: [options.data, test, ...validation], data: { ...data, protocol } };
    return [network, classify(network, data, { protocol, batch }), files];
  }

  async function onTexts(paths: readonly string[]): Promise<[Network, Task, TrainingFiles]> {
    const { hashTexts, NOT_OF_TEXTS, readTexts, textData } = await import("./texts.js");
    const { nextSymbol } = await import("../train/language.js");
    const others = [...NOT_OF_TEXTS, "test", "vocabulary"] as const;
    refuse(options, others, "no --text");
    if (protocol !== defaultProtocol) refuse(options, ["protocol"], "strings");
    const texts = readTexts(paths);
    const { validation, split, symbols, unknown, window = defaults.next.window } = options;
    const data = textData(texts, { validation, split, symbols, unknown }, output);
    const shortest = Math.min(...data.train.texts.map(({ length }) => length));
    const { batch: streams = batchFor(shortest, window) } = options;
    const network = newNetworkForTexts(architecture, data.vocabulary, initial, { masks });
    const names = texts.map(({ name }) => name);
    const task = nextSymbol(data, { batch: streams, window, executor, names });
    return [network, task, { inputs: [...paths, ...(validation ?? [])], data: hashTexts(data) }];
  }

  async function onNumbers(file: string): Promise<[Network, Task, TrainingFiles]> {
    const { readNumberData } = await import("./number-data.js");
    const { taskOn } = await import("../train/number-data.js");
    const random = new Random(seed).stream("split");
    const { numbers, inputs, hash } = readNumberData(file, options, output, random);
    if (numbers.task !== "forecast") refuse(options, ["horizon", "window"], "--task forecast");
    const { horizon = HORIZON, window = defaults.forecast.window } = options;
    const { task, data } = numbers;
    const network = newNetworkForNumbers(architecture, data.train, task, initial, { masks, horizon });
    return [network, taskOn(network, numbers, { batch, window, executor }), { inputs, data: hash }];
  }
}

function wiringOf(options: TrainOptions): StructureConfiguration["wiring"] {
  const { protocol, wiring = protocol, recurrence, readout, embedding } = options;
  if (wiring === "corrected") {
    return {
      kind: wiring,
      recurrence: recurrence ?? "layer",
      readout: readout ?? "last-layer",
      embedding: embedding ?? STRUCTURE_EMBEDDING,
    };
  }
  const given = Object.entries({ recurrence, readout, embedding }).find(([, value]) => value !== undefined);
  if (!given) return { kind: wiring };
  throw new InputError({
    where: `--${given[0]}`,
    what: "the thesis's wiring leaves no choice",
    hint: "use --wiring corrected",
  });
}

interface SearchOptions {
  cell?: CellKind;
  draws: number;
  best: number;
  data?: string;
  test?: string;
  epochs: number;
  protocol: Protocol;
  seed: number;
  jobs: number;
  store: string;
  json?: boolean;
}

function searchCommand(): Command {
  const command = new Command("search")
    .description("rank thousands of random graphs by a predictor, and train the best beside as many others")
    .argument("<predictor>", "as saved by filigree predict --save")
    .addOption(cellOption())
    .option("--draws <n>", "random graphs to rank", whole(2, 1e6), 2000)
    .option("--best <n>", "how many to train of the highest ranked, and how many at random", whole(2, 1e4), 5)
    .option("--data <csv>", "training strings; generated Reber strings when left out")
    .option("--test <csv>", "test strings")
    .option("--epochs <n>", "passes over the training strings", whole(1, 1e6), 15)
    .addOption(protocolOption(defaultProtocol))
    .addOption(seedOption())
    .option("--jobs <n>", "trainings at once", whole(1, 4096), availableParallelism())
    .option("--store <file>", "database of studies and results", "filigree.db");
  return withJson(command).action((predictor: string, options: SearchOptions) => search(predictor, options));
}

async function search(path: string, options: SearchOptions): Promise<void> {
  const output = new Output(options);
  const cell = required(options.cell, "--cell");
  const { draws, best: train, epochs, protocol, seed, jobs, store } = options;
  const { data, test } = options;
  if ((data === undefined) !== (test === undefined)) {
    throw new InputError({
      where: data === undefined ? "--data" : "--test",
      what: "it is missing",
      hint: "name a file for training and one for testing",
    });
  }
  if (train > draws / 2) {
    throw new InputError({
      where: "--best",
      what: `${train} is more than half of the ${draws} graphs`,
      hint: "draw more",
    });
  }
  output.remarkSlowness();
  const { loadPredictor } = await import("../predict/predictor.js");
  const { structureData } = await import("../experiments/structures.js");
  const { dataSchema } = await import("../experiments/data.js");
  const { planSearch, searchResult } = await import("../experiments/search.js");
  const predictor = loadPredictor(path);
  const configuration =
    data === undefined ? structureData(protocol) : dataSchema.parse({ train: data, test });
  const bar = new ProgressBar("drawing");
  const settings = { draws, train, cell, protocol, data: configuration, epochs, seed };
  const plan = planSearch(predictor, { ...settings, onDraw: (done) => bar.update(done / draws) });
  bar.stop();

  const { kinds } = await import("../experiments/kinds.js");
  await import("../thesis/format.js");
  const { parseStudy } = await import("../study/document.js");
  const { defineStudy } = await import("../study/expand.js");
  const { StoreReader } = await import("../study/reading.js");
  const { runStudy } = await import("../study/runner.js");
  const { studyProgress } = await import("./study-progress.js");
  makeFolderOf(store);
  const study = defineStudy(parseStudy(plan.study), kinds);
  const { onEvent, stop } = studyProgress(study);
  const outcome = await interruptible((signal) =>
    runStudy(study, { store, kinds, jobs, signal, onEvent }),
  ).finally(stop);
  if (outcome.stopped) throw new Stopped(true);
  const reader = StoreReader.open(store);
  try {
    const result = searchResult(reader, plan);
    output.result({ study: plan.study.name, draws, ...result }, describe(result, draws));
  } finally {
    reader.close();
  }
}

function describe({ best, random, gain }: ReturnType<typeof searchResult>, draws: number): string {
  const rows = (list: readonly Found[], how: string) =>
    list.map(({ family, number, predicted, testAccuracy, identity }) => [
      how,
      `${family} ${number}`,
      predicted.toFixed(4),
      percent(testAccuracy),
      identity.slice(0, 12),
    ]);
  const points = (value: number) => `${value < 0 ? "−" : "+"}${Math.abs(100 * value).toFixed(1)}`;
  return [
    table(
      ["chosen", "graph", "predicted", "test accuracy", "trial"],
      [...rows(best, "best"), ...rows(random, "random")],
    ),
    "",
    `choosing the best of ${draws} graphs by prediction gained ${points(gain.value)} points over choosing at random ` +
      `(95 % interval ${points(gain.low)} to ${points(gain.high)})`,
  ].join("\n");
}
