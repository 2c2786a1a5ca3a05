// The configuration of a training in a study: the settings of `filigree train` under the same names, with what is left out as
// the data have it, and what does not belong to the data refused.
import { z } from "zod";
import { optimiserKinds, optimisers } from "../engine/executor.js";
import { cellKinds } from "../network/architecture.js";
import { type Defaults, defaults } from "../train/defaults.js";
import { HORIZON } from "../train/forecast.js";
import { defaultProtocol, protocols } from "../train/protocol.js";
import { schedules } from "../train/schedule.js";
import { type AnyConfiguration, anyDataSchema, isNumbers, isText, type TextConfiguration } from "./data.js";
import type { NumberConfiguration } from "./number-data.js";
import { sparsifySchema } from "./sparsify-schema.js";

const { strings: ofStrings, next: ofTexts, classify: ofNumbers, forecast: ofSeries } = defaults;
const either = (strings: number | string, texts: number | string, numbers: number | string) =>
  `${strings} for strings, ${texts} for texts, ${numbers} for numbers, when left out.`;
const share = z.number().min(0).max(0.99);

/** Of sequences of numbers, in `structure` as in `train`. */
export const numberSettings = {
  horizon: z
    .int()
    .min(0)
    .max(1e6)
    .optional()
    .describe(`Steps that a forecast looks ahead; ${HORIZON} when left out.`),
  window: z
    .int()
    .min(1)
    .max(100_000)
    .optional()
    .describe(`Steps of a text or a series between two updates; ${ofTexts.window} when left out.`),
  classWeights: z
    .union([z.literal("balanced"), z.array(z.number().min(0)).min(2)])
    .optional()
    .describe("What the loss of each class of numbers counts; 1 when left out."),
  standardise: z
    .boolean()
    .optional()
    .describe("Whether channels of numbers are put on one scale; they are when left out."),
};

const settings = z.strictObject({
  data: anyDataSchema,
  cell: z
    .enum(cellKinds)
    .optional()
    .describe(`Strings need it; ${ofTexts.cell} for texts and ${ofNumbers.cell} for numbers when left out.`),
  hidden: z
    .int()
    .min(1)
    .max(4096)
    .optional()
    .describe(
      `Units of each layer. ${either(ofStrings.hidden, ofTexts.hidden, `${ofNumbers.hidden}, of forecasts ${ofSeries.hidden},`)}`,
    ),
  layers: z
    .int()
    .min(1)
    .max(100)
    .optional()
    .describe(either(ofStrings.layers, ofTexts.layers, ofNumbers.layers)),
  bidirectional: z
    .boolean()
    .optional()
    .describe("Whether each layer is two cells, the second of which runs backwards; not of texts."),
  embedding: z
    .int()
    .min(1)
    .max(4096)
    .optional()
    .describe("Width of the embedding; that of a layer, and of texts at most 64, when left out."),
  tie: z.boolean().optional().describe("Whether texts are read out by the weights of the embedding."),
  protocol: z.enum(protocols).optional().describe("Of strings; corrected when left out."),
  ...numberSettings,
  epochs: z
    .int()
    .min(1)
    .max(100_000)
    .optional()
    .describe(
      either(
        ofStrings.epochs,
        `${ofTexts.epochs}, more of a short one`,
        `${ofNumbers.epochs}, more of few sequences`,
      ),
    ),
  updates: z.int().min(1).max(1e9).optional().describe("So many updates instead of epochs."),
  batch: z
    .int()
    .min(1)
    .max(100_000)
    .optional()
    .describe(
      "Sequences of a batch, or streams that a text or a series is cut into; 32, less of a short text, when left out.",
    ),
  optimiser: z
    .enum(optimiserKinds)
    .optional()
    .describe(either(ofStrings.optimiser, ofTexts.optimiser, ofNumbers.optimiser)),
  learningRate: z
    .number()
    .positive()
    .optional()
    .describe(either(ofStrings.learningRate, ofTexts.learningRate, ofNumbers.learningRate)),
  schedule: z
    .enum(schedules)
    .optional()
    .describe(`Of the learning rate. ${either(ofStrings.schedule, ofTexts.schedule, ofNumbers.schedule)}`),
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
    .describe(`Largest norm of a gradient. ${either(ofStrings.clip, ofTexts.clip, ofNumbers.clip)}`),
  dropout: share
    .optional()
    .describe(
      `Share dropped after the embedding and each layer. ${either(ofStrings.dropout, ofTexts.dropout, ofNumbers.dropout)}`,
    ),
  readoutDropout: share.optional().describe("Share dropped before the read-out; as dropout when left out."),
  patience: z
    .int()
    .min(1)
    .max(1e6)
    .optional()
    .describe("Epochs on texts or numbers without a better validation after which to end."),
  freeze: z
    .array(z.string())
    .min(1)
    .optional()
    .describe("Tensors that are not trained: names, or what names begin with, such as readout."),
  sparsify: sparsifySchema.optional().describe("How the training is made sparse."),
});

/** Kinds of data and of what is learnt of them, as messages call them. */
type Learnt = "strings" | "texts" | "classes of numbers" | "forecasts";

/** The keys that do not go with everything, and what they go with. */
const only = {
  protocol: ["strings"],
  tie: ["texts"],
  embedding: ["strings", "texts"],
  bidirectional: ["strings", "classes of numbers", "forecasts"],
  patience: ["texts", "classes of numbers", "forecasts"],
  window: ["texts", "forecasts"],
  horizon: ["forecasts"],
  classWeights: ["classes of numbers"],
  standardise: ["classes of numbers", "forecasts"],
} as const satisfies Partial<Record<keyof z.output<typeof settings>, readonly Learnt[]>>;

/** What is learnt of data. */
export function learntOf(data: AnyConfiguration): Learnt {
  if (isText(data)) return "texts";
  if (!isNumbers(data)) return "strings";
  return data.task === "forecast" ? "forecasts" : "classes of numbers";
}

/** The first key that does not go with the data, and what to say of it. */
export function misplaced(
  given: Readonly<Partial<Record<keyof typeof only, unknown>>>,
  data: AnyConfiguration,
): [key: string, message: string] | undefined {
  const learnt = learntOf(data);
  for (const [key, goesWith] of Object.entries(only) as [keyof typeof only, readonly Learnt[]][]) {
    if (given[key] !== undefined && !goesWith.includes(learnt))
      return [key, `goes with ${goesWith.join(" and ")} alone`];
  }
  return undefined;
}

/** Whether something judges the epochs of a training on numbers. */
export function isJudged({ task, test, validation }: NumberConfiguration): boolean {
  return validation !== undefined || (task === "forecast" && test === undefined);
}

/** What of `numberSettings` decides a result, with what is left out filled in. */
export function completeNumbers(
  { task }: NumberConfiguration,
  given: { readonly [K in keyof typeof numberSettings]?: z.output<(typeof numberSettings)[K]> },
) {
  const { horizon = HORIZON, window = ofSeries.window, classWeights, standardise = true } = given;
  return task === "forecast" ? { horizon, window, standardise } : { classWeights, standardise };
}

/** A configuration with everything that is left out as its task has it; what of its keys the other tasks have alone is refused. */
export const trainSchema = settings.transform((given, context) => {
  const complain = (key: string, message: string) => {
    context.addIssue({ code: "custom", path: [key], message });
    return z.NEVER;
  };
  const { data, bidirectional, horizon, window, classWeights, standardise, ...rest } = given;
  const stray = misplaced(given, data);
  if (stray) return complain(...stray);
  if (given.epochs !== undefined && given.updates !== undefined)
    return complain("updates", "goes without epochs");
  const ofText = isText(data);
  const ofNumber = isNumbers(data);
  if (!ofText && !ofNumber && given.cell === undefined)
    return complain("cell", `is missing: one of ${cellKinds.join(", ")}`);
  if (ofNumber && given.patience !== undefined && !isJudged(data))
    return complain("patience", "needs validation data to judge epochs by");
  if (bidirectional && ofNumber && data.task === "forecast" && horizon !== 0)
    return complain("bidirectional", "goes with no forecast: a network that has read what follows need not");
  const standard: Defaults = ofText ? ofTexts : ofNumber ? defaults[data.task] : ofStrings;
  const { hidden = standard.hidden, dropout = standard.dropout, optimiser = standard.optimiser } = given;
  const width = given.tie || !ofText ? hidden : Math.min(ofTexts.embedding, hidden);
  const { embedding = width, cell = standard.cell ?? ofTexts.cell } = given;
  if (given.tie && embedding !== hidden)
    return complain("embedding", "is as wide as a layer where it is tied");
  const complete = {
    ...rest,
    // Nothing was said of it when the first networks were trained.
    ...(bidirectional && { bidirectional }),
    cell,
    hidden,
    layers: given.layers ?? standard.layers,
    optimiser,
    learningRate: given.learningRate ?? standard.learningRate,
    schedule: given.schedule ?? standard.schedule,
    weightDecay: given.weightDecay ?? optimisers[optimiser].weightDecay,
    clip: given.clip ?? standard.clip,
    dropout,
    readoutDropout: given.readoutDropout ?? dropout,
  };
  // How many epochs depends on the length of texts and on the number of sequences, and is left open.
  if (isText(data))
    return { ...complete, data, embedding, tie: given.tie ?? false, window: window ?? ofTexts.window };
  if (isNumbers(data)) {
    const { batch = standard.batch } = given;
    return {
      ...complete,
      data,
      batch,
      ...completeNumbers(data, { horizon, window, classWeights, standardise }),
    };
  }
  return {
    ...complete,
    data,
    embedding,
    protocol: given.protocol ?? defaultProtocol,
    epochs: given.updates === undefined ? (given.epochs ?? ofStrings.epochs) : undefined,
    batch: given.batch ?? ofStrings.batch,
  };
});

export type TrainConfiguration = z.output<typeof trainSchema>;
/** A training on texts. */
export type OnTexts = Extract<TrainConfiguration, { data: TextConfiguration }>;
/** A training on strings. */
export type OnStrings = Extract<TrainConfiguration, { protocol: unknown }>;
/** A training on sequences of numbers. */
export type OnNumbers = Extract<TrainConfiguration, { data: NumberConfiguration }>;

/** Whether a training is one on texts. */
export function isOnTexts(configuration: TrainConfiguration): configuration is OnTexts {
  return isText(configuration.data);
}

/** Whether a training is one on sequences of numbers. */
export function isOnNumbers(configuration: TrainConfiguration): configuration is OnNumbers {
  return isNumbers(configuration.data);
}
