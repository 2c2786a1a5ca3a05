// The trial kind `train`: a stack of cells trained on labelled strings. Its network is what pruning starts from.
import { z } from "zod";
import { cellKinds } from "../network/architecture.js";
import { initialise, stack } from "../network/network.js";
import { saveNetwork } from "../network/weights.js";
import { Random } from "../random.js";
import type { TrialContext, TrialKind } from "../study/kind.js";
import { decodeCheckpoint, encodeCheckpoint } from "../train/checkpoint.js";
import { protocols } from "../train/protocol.js";
import type { EpochMetrics, TrainOptions } from "../train/train.js";
import { train } from "../train/train.js";
import { dataSchema, loadData } from "./data.js";
import { decodeHistory, encodeHistory } from "./history.js";

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
    protocol: z.enum(protocols).default("thesis"),
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
    const trained = await train(network, loadData(configuration.data), {
      protocol,
      epochs,
      batch,
      learningRate,
      seed: `${context.seed}/train`,
      ...record.options,
    });
    return {
      summary: {
        ...record.history.at(-1),
        parameters: trained.size,
      },
      artifacts: { [NETWORK]: saveNetwork(trained) },
    };
  },
};

/**
 * Makes a training part of a trial: `options` let it resume from the trial's last epoch, record every epoch and stop
 * when the trial should. `history` holds the metrics of all epochs so far; it travels in the saved state.
 */
export function recording(context: TrialContext): {
  options: Pick<TrainOptions, "signal" | "resume" | "onEpoch">;
  history: EpochMetrics[];
} {
  const { resume, signal } = context;
  const where = "the trial's checkpoint";
  const checkpoint = resume && resume.epoch > 0 ? decodeCheckpoint(resume.state, where) : undefined;
  const history = checkpoint ? decodeHistory(checkpoint.notes.get("history"), where) : [];
  const options: Pick<TrainOptions, "signal" | "resume" | "onEpoch"> = {
    signal,
    resume: checkpoint && { epoch: history.length, state: checkpoint.state },
    async onEpoch(epoch, metrics, state) {
      history.push(metrics);
      const notes = new Map([["history", encodeHistory(history)]]);
      await context.saveEpoch(epoch, { ...metrics }, encodeCheckpoint({ state, notes }));
    },
  };
  return { options, history };
}
