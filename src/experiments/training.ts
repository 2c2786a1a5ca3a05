// The trial kind `train`: a stack of cells trained on labelled strings. Its network is what pruning starts from.
import { z } from "zod";
import { Random } from "../math/random.js";
import { cellKinds } from "../network/architecture.js";
import { initialise, stack } from "../network/network.js";
import { saveNetwork } from "../network/weights.js";
import type { TrialContext, TrialKind } from "../study/kind.js";
import { decodeCheckpoint, encodeCheckpoint } from "../train/checkpoint.js";
import { classify } from "../train/classify.js";
import { defaultProtocol, protocols } from "../train/protocol.js";
import type { EpochMetrics } from "../train/task.js";
import { type TrainOptions, train } from "../train/train.js";
import { dataSchema, loadData } from "./data.js";

export const trainSchema = z
  .strictObject({
    data: dataSchema,
    cell: z.enum(cellKinds),
    hidden: z.int().min(1).max(4096).default(50).describe("Units of each layer."),
    layers: z.int().min(1).max(100).default(3),
    embedding: z
      .int()
      .min(1)
      .max(4096)
      .optional()
      .describe("Width of the embedding; `hidden` when left out."),
    protocol: z.enum(protocols).default(defaultProtocol),
    epochs: z.int().min(1).max(100_000).default(50),
    batch: z.int().min(1).max(100_000).default(32),
    learningRate: z.number().positive().default(1e-3),
  })
  .transform((configuration) => ({
    ...configuration,
    embedding: configuration.embedding ?? configuration.hidden,
  }));

export type TrainConfiguration = z.output<typeof trainSchema>;

/** What a training says of its last epoch and its network. */
export const trainMetrics = [
  "testAccuracy",
  "testLoss",
  "trainAccuracy",
  "trainLoss",
  "parameters",
] as const satisfies readonly (keyof EpochMetrics | "parameters")[];

/** The name of the weights among a trial's artifacts. */
export const NETWORK = "network.safetensors";

export const trainKind: TrialKind<TrainConfiguration> = {
  name: "train",
  version: 4,
  schema: trainSchema,
  metrics: trainMetrics,
  async run(configuration, context) {
    const random = new Random(context.seed);
    const network = initialise(stack(configuration), random.stream("initial weights"));
    const { protocol, epochs, batch, learningRate } = configuration;
    const record = recording(context);
    const task = classify(network, loadData(configuration.data), { protocol, batch });
    const trained = await train(network, task, {
      epochs,
      learningRate,
      seed: `${context.seed}/train`,
      ...record.options,
    });
    return {
      summary: {
        ...record.history().at(-1),
        parameters: trained.size,
      },
      artifacts: { [NETWORK]: saveNetwork(trained) },
    };
  },
};

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
