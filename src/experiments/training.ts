// The trial kind `train`: a stack of cells trained on labelled strings, on texts or on sequences of numbers. What is trained
// is what pruning starts from.
import { Random } from "../math/random.js";
import { type Network, stack } from "../network/network.js";
import { saveNetwork } from "../network/weights.js";
import type { JsonObject } from "../study/json.js";
import type { TrialContext, TrialKind, TrialResult } from "../study/kind.js";
import { classify } from "../train/classify.js";
import { batchFor, defaults, epochsFor } from "../train/defaults.js";
import { keptEpoch } from "../train/kept.js";
import { newLanguageModel, nextSymbol } from "../train/language.js";
import { newClassifier } from "../train/new-network.js";
import { trainOptionsOf } from "../train/settings.js";
import type { EpochMetrics, Task } from "../train/task.js";
import { encodeNotes, noteText, TEXT_NOTES } from "../train/text-notes.js";
import { train } from "../train/train.js";
import { arithmetic } from "./arithmetic.js";
import { identifying, loadData, loadTexts, type MeasuredTexts } from "./data.js";
import { numberMetrics, trainOnNumbers } from "./number-training.js";
import { NETWORK, recording } from "./recording.js";
import { leftOf, sparsifyOf } from "./sparsify-schema.js";
import {
  isOnNumbers,
  isOnTexts,
  type OnStrings,
  type OnTexts,
  type TrainConfiguration,
  trainSchema,
} from "./train-schema.js";

/** What a training says of its last epoch and its network. */
export const trainMetrics = [
  "testAccuracy",
  "testLoss",
  "trainAccuracy",
  "trainLoss",
  "parameters",
] as const satisfies readonly (keyof EpochMetrics | "parameters")[];

/** What a training on texts says besides. */
export const textMetrics = [
  "validationAccuracy",
  "validationLoss",
  "bits",
  "perplexity",
  "bestEpoch",
  "epochs",
  "ngrams",
];

export const trainKind: TrialKind<TrainConfiguration> = {
  name: "train",
  version: 5,
  schema: trainSchema,
  metrics: [...new Set([...trainMetrics, ...textMetrics, ...numberMetrics])],
  identifying: (configuration) => ({
    ...(configuration as unknown as JsonObject),
    data: identifying(configuration.data),
  }),
  arithmetic,
  run: runOn,
};

function runOn(configuration: TrainConfiguration, context: TrialContext): Promise<TrialResult> {
  if (isOnTexts(configuration)) return trainOnTexts(configuration, context);
  return isOnNumbers(configuration)
    ? trainOnNumbers(configuration, context)
    : trainOnStrings(configuration, context);
}

async function trainOnStrings(configuration: OnStrings, context: TrialContext): Promise<TrialResult> {
  const random = new Random(context.seed);
  const data = loadData(configuration.data);
  const network = newClassifier(stack(configuration), data, random.stream("initial weights"));
  const { protocol, batch } = configuration;
  const record = recording(context);
  const task = classify(network, data, { protocol, batch });
  const trained = await train(network, task, {
    ...trainOptionsOf(configuration, defaults.strings),
    sparsify: sparsifyOf(configuration.sparsify),
    seed: `${context.seed}/train`,
    ...record.options,
  });
  return {
    summary: { ...record.history().at(-1), parameters: trained.size, ...leftOf(trained, configuration) },
    artifacts: { [NETWORK]: saveNetwork(trained), ...record.masks(trained) },
  };
}

async function trainOnTexts(configuration: OnTexts, context: TrialContext): Promise<TrialResult> {
  const random = new Random(context.seed);
  const data = loadTexts(configuration.data);
  const network = newLanguageModel(data.vocabulary.length, configuration, random.stream("initial weights"));
  const record = recording(context);
  const task = nextSymbolOf(data, configuration);
  const { epochs = epochsFor(task.epoch(1, random).updates) } = configuration;
  const trained = await train(network, task, {
    ...trainOptionsOf({ ...configuration, epochs }, defaults.next),
    sparsify: sparsifyOf(configuration.sparsify),
    seed: `${context.seed}/train`,
    ...record.options,
  });
  const notes = noteText(trained, data, data.baselines, random.stream("samples"));
  return {
    summary: { ...summaryOfText(trained, data, record.history()), ...leftOf(trained, configuration) },
    artifacts: {
      [NETWORK]: saveNetwork(trained),
      [TEXT_NOTES]: encodeNotes(notes),
      ...record.masks(trained),
    },
  };
}

/** The task of a configuration on texts: how many streams they are cut into depends on their length where nothing is said. */
export function nextSymbolOf(
  data: MeasuredTexts,
  { window, batch }: { readonly window: number; readonly batch?: number },
): Task {
  const shortest = Math.min(...data.train.texts.map(({ length }) => length));
  return nextSymbol(data, { batch: batch ?? batchFor(shortest, window), window, names: data.names });
}

/** What a training on texts came to: how the epoch went whose network is kept, and what n-grams reach. */
export function summaryOfText(
  trained: Network,
  { baselines }: MeasuredTexts,
  history: readonly EpochMetrics[],
): Record<string, number> {
  const best = keptEpoch(history, "validationLoss");
  const { validationLoss: nats = Number.NaN } = history[best];
  return {
    ...history[best],
    bits: nats / Math.LN2,
    perplexity: Math.exp(nats),
    bestEpoch: best + 1,
    epochs: history.length,
    ngrams: Math.min(...baselines.map((baseline) => baseline.nats)),
    parameters: trained.size,
  };
}
