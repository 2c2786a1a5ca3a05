// The trial kind `train`: a stack of cells trained on labelled strings or on texts. What is trained on strings is what
// pruning starts from.
import { z } from "zod";
import { optimiserKinds, optimisers } from "../engine/executor.js";
import { Random } from "../math/random.js";
import { cellKinds } from "../network/architecture.js";
import { stack } from "../network/network.js";
import { saveNetwork } from "../network/weights.js";
import type { JsonObject } from "../study/json.js";
import type { TrialContext, TrialKind, TrialResult } from "../study/kind.js";
import { decodeCheckpoint, encodeCheckpoint } from "../train/checkpoint.js";
import { classify, newClassifier } from "../train/classify.js";
import { batchFor, type Defaults, defaults, epochsFor } from "../train/defaults.js";
import { newLanguageModel, nextSymbol } from "../train/language.js";
import { defaultProtocol, protocols } from "../train/protocol.js";
import { schedules } from "../train/schedule.js";
import { trainOptionsOf } from "../train/settings.js";
import type { EpochMetrics } from "../train/task.js";
import { encodeNotes, noteText, TEXT_NOTES } from "../train/text-notes.js";
import { type TrainOptions, train } from "../train/train.js";
import { arithmetic } from "./arithmetic.js";
import { anyDataSchema, identifying, isText, loadData, loadTexts, type TextConfiguration } from "./data.js";

const { classify: ofStrings, next: ofTexts } = defaults;
const either = (strings: number | string, texts: number | string) =>
  `${strings} for strings, ${texts} for texts, when left out.`;
const share = z.number().min(0).max(0.99);

const settings = z.strictObject({
  data: anyDataSchema,
  cell: z.enum(cellKinds).optional().describe("Strings need it; lstm for texts when left out."),
  hidden: z
    .int()
    .min(1)
    .max(4096)
    .optional()
    .describe(`Units of each layer. ${either(ofStrings.hidden, ofTexts.hidden)}`),
  layers: z.int().min(1).max(100).optional().describe(either(ofStrings.layers, ofTexts.layers)),
  embedding: z
    .int()
    .min(1)
    .max(4096)
    .optional()
    .describe("Width of the embedding; that of a layer, and of texts at most 64, when left out."),
  tie: z.boolean().optional().describe("Whether texts are read out by the weights of the embedding."),
  protocol: z.enum(protocols).optional().describe("Of strings; corrected when left out."),
  epochs: z
    .int()
    .min(1)
    .max(100_000)
    .optional()
    .describe(either(ofStrings.epochs, `${ofTexts.epochs}, more of a short one`)),
  updates: z.int().min(1).max(1e9).optional().describe("So many updates instead of epochs."),
  batch: z
    .int()
    .min(1)
    .max(100_000)
    .optional()
    .describe(
      "Strings of a batch, or streams that a text is cut into; 32, less of a short text, when left out.",
    ),
  window: z
    .int()
    .min(1)
    .max(100_000)
    .optional()
    .describe("Steps of a text between two updates; 64 when left out."),
  optimiser: z.enum(optimiserKinds).optional().describe(either(ofStrings.optimiser, ofTexts.optimiser)),
  learningRate: z
    .number()
    .positive()
    .optional()
    .describe(either(ofStrings.learningRate, ofTexts.learningRate)),
  schedule: z
    .enum(schedules)
    .optional()
    .describe(`Of the learning rate. ${either(ofStrings.schedule, ofTexts.schedule)}`),
  warmUp: z
    .int()
    .min(0)
    .max(1e9)
    .optional()
    .describe("Updates over which the rate rises; when left out 0, and of a cosine 200 or a tenth of all."),
  weightDecay: z.number().min(0).max(10).optional().describe("0, and 0.01 of AdamW, when left out."),
  clip: z
    .number()
    .positive()
    .optional()
    .describe(`Largest norm of a gradient. ${either(ofStrings.clip, ofTexts.clip)}`),
  dropout: share
    .optional()
    .describe(
      `Share dropped after the embedding and each layer. ${either(ofStrings.dropout, ofTexts.dropout)}`,
    ),
  readoutDropout: share.optional().describe("Share dropped before the read-out; as dropout when left out."),
  patience: z
    .int()
    .min(1)
    .max(1e6)
    .optional()
    .describe("Epochs on texts without a better validation after which to end."),
});

/** A configuration with everything that is left out as its task has it; what of its keys the other task has alone is refused. */
export const trainSchema = settings.transform((given, context) => {
  const complain = (key: string, message: string) => {
    context.addIssue({ code: "custom", path: [key], message });
    return z.NEVER;
  };
  const { data, ...rest } = given;
  const ofText = isText(data);
  for (const key of ofText ? (["protocol"] as const) : (["tie", "window", "patience"] as const)) {
    if (given[key] !== undefined) return complain(key, `goes with ${ofText ? "strings" : "texts"} alone`);
  }
  if (given.epochs !== undefined && given.updates !== undefined) {
    return complain("updates", "goes without epochs");
  }
  if (!ofText && given.cell === undefined)
    return complain("cell", `is missing: one of ${cellKinds.join(", ")}`);
  const standard: Defaults = ofText ? ofTexts : ofStrings;
  const { hidden = standard.hidden, dropout = standard.dropout, optimiser = standard.optimiser } = given;
  const width = given.tie || !ofText ? hidden : Math.min(ofTexts.embedding, hidden);
  const { embedding = width, cell = ofTexts.cell } = given;
  if (given.tie && embedding !== hidden)
    return complain("embedding", "is as wide as a layer where it is tied");
  const complete = {
    ...rest,
    cell,
    hidden,
    layers: given.layers ?? standard.layers,
    embedding,
    optimiser,
    learningRate: given.learningRate ?? standard.learningRate,
    schedule: given.schedule ?? standard.schedule,
    weightDecay: given.weightDecay ?? optimisers[optimiser].weightDecay,
    clip: given.clip ?? standard.clip,
    dropout,
    readoutDropout: given.readoutDropout ?? dropout,
  };
  // What depends on the length of texts is left open.
  return isText(data)
    ? { ...complete, data, tie: given.tie ?? false, window: given.window ?? ofTexts.window }
    : {
        ...complete,
        data,
        protocol: given.protocol ?? defaultProtocol,
        epochs: given.updates === undefined ? (given.epochs ?? ofStrings.epochs) : undefined,
        batch: given.batch ?? ofStrings.batch,
      };
});

export type TrainConfiguration = z.output<typeof trainSchema>;
type OnTexts = Extract<TrainConfiguration, { data: TextConfiguration }>;
/** A training on strings. */
export type OnStrings = Extract<TrainConfiguration, { protocol: unknown }>;

/** What a training says of its last epoch and its network. */
export const trainMetrics = [
  "testAccuracy",
  "testLoss",
  "trainAccuracy",
  "trainLoss",
  "parameters",
] as const satisfies readonly (keyof EpochMetrics | "parameters")[];

/** What a training on texts says besides. */
const textMetrics = [
  "validationAccuracy",
  "validationLoss",
  "bits",
  "perplexity",
  "bestEpoch",
  "epochs",
  "ngrams",
];

/** The name of the weights among a trial's artifacts. */
export const NETWORK = "network.safetensors";

export const trainKind: TrialKind<TrainConfiguration> = {
  name: "train",
  version: 5,
  schema: trainSchema,
  metrics: [...trainMetrics, ...textMetrics],
  identifying: (configuration) => ({
    ...(configuration as unknown as JsonObject),
    data: identifying(configuration.data),
  }),
  arithmetic,
  run: (configuration, context) =>
    isOnTexts(configuration) ? trainOnTexts(configuration, context) : trainOnStrings(configuration, context),
};

/** Whether a training is one on texts. */
function isOnTexts(configuration: TrainConfiguration): configuration is OnTexts {
  return isText(configuration.data);
}

async function trainOnStrings(configuration: OnStrings, context: TrialContext): Promise<TrialResult> {
  const random = new Random(context.seed);
  const data = loadData(configuration.data);
  const network = newClassifier(stack(configuration), data, random.stream("initial weights"));
  const { protocol, batch } = configuration;
  const record = recording(context);
  const task = classify(network, data, { protocol, batch });
  const trained = await train(network, task, {
    ...trainOptionsOf(configuration, ofStrings),
    seed: `${context.seed}/train`,
    ...record.options,
  });
  return {
    summary: { ...record.history().at(-1), parameters: trained.size },
    artifacts: { [NETWORK]: saveNetwork(trained) },
  };
}

/** The summary is that of the epoch whose network is kept. */
async function trainOnTexts(configuration: OnTexts, context: TrialContext): Promise<TrialResult> {
  const random = new Random(context.seed);
  const data = loadTexts(configuration.data);
  const shortest = Math.min(...data.train.texts.map(({ length }) => length));
  const { window, batch = batchFor(shortest, window) } = configuration;
  const network = newLanguageModel(data.vocabulary.length, configuration, random.stream("initial weights"));
  const record = recording(context);
  const task = nextSymbol(data, { batch, window, names: data.names });
  const { epochs = epochsFor(task.epoch(1, random).updates) } = configuration;
  const trained = await train(network, task, {
    ...trainOptionsOf({ ...configuration, epochs }, ofTexts),
    seed: `${context.seed}/train`,
    ...record.options,
  });
  const losses = record.history().map(({ validationLoss = Number.POSITIVE_INFINITY }) => validationLoss);
  const nats = Math.min(...losses);
  const best = losses.indexOf(nats);
  const notes = noteText(trained, data, data.baselines, random.stream("samples"));
  return {
    summary: {
      ...record.history()[best],
      bits: nats / Math.LN2,
      perplexity: Math.exp(nats),
      bestEpoch: best + 1,
      epochs: losses.length,
      ngrams: Math.min(...data.baselines.map((baseline) => baseline.nats)),
      parameters: trained.size,
    },
    artifacts: { [NETWORK]: saveNetwork(trained), [TEXT_NOTES]: encodeNotes(notes) },
  };
}

/**
 * Makes a training part of a trial: `options` let it resume from the trial's last epoch, record every epoch and stop
 * when the trial should. `history` gives the metrics of all epochs so far.
 */
export function recording(context: TrialContext): {
  options: Pick<TrainOptions, "signal" | "resume" | "onEpoch">;
  history(): readonly EpochMetrics[];
} {
  const { resume, signal } = context;
  const saved =
    resume && resume.epoch > 0 ? decodeCheckpoint(resume.state, "the trial's checkpoint").run : undefined;
  let history = saved?.history ?? [];
  const options: Pick<TrainOptions, "signal" | "resume" | "onEpoch"> = {
    signal,
    resume: saved,
    async onEpoch(epoch, metrics, run) {
      history = run.history;
      await context.saveEpoch(epoch, { ...metrics }, encodeCheckpoint({ run, notes: new Map() }));
    },
  };
  return { options, history: () => history };
}
