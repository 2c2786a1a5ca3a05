// The trial kind `prune`: takes a network that a trial `train` trained, prunes it, evaluates it and retrains it under its fixed
// mask. It answers the first three questions of Darji (2021): what can go, what hurts most, how soon it is regained.
import { z } from "zod";
import { Random } from "../math/random.js";
import { parseNetwork, saveNetwork } from "../network/weights.js";
import { shareRemark } from "../sparsify/percent.js";
import { dataFreeCriteria, densities, prune } from "../sparsify/prune.js";
import { regainedAfter } from "../sparsify/regain.js";
import { scopes } from "../sparsify/scope.js";
import { targets } from "../sparsify/target.js";
import type { JsonObject } from "../study/json.js";
import type { TrialKind, TrialSpec } from "../study/kind.js";
import { keptEpoch } from "../train/kept.js";
import { trainOptionsOf } from "../train/settings.js";
import { train } from "../train/train.js";
import { arithmetic } from "./arithmetic.js";
import { identifying } from "./data.js";
import { isByLoss, subjectOf } from "./pruning-subject.js";
import { NETWORK, recording } from "./recording.js";
import { trainSchema } from "./train-schema.js";

const settings = z.strictObject({
  base: trainSchema.describe("How the network that is pruned was trained, with this trial's seed."),
  criterion: z.enum(dataFreeCriteria).default("magnitude"),
  target: z.enum(targets).default("both"),
  scope: z.enum(scopes).default("global"),
  percent: z.number().min(0).max(100).describe("Share of the target's weights to remove."),
  epochs: z
    .int()
    .min(0)
    .max(100_000)
    .default(10)
    .describe("Of retraining; the other settings are the base's."),
  untilRegained: z
    .boolean()
    .default(false)
    .describe("Whether retraining ends when accuracy is within a point of the base's."),
});

const pruneSchema = settings.refine(({ base, untilRegained }) => !(untilRegained && isByLoss(base)), {
  path: ["untilRegained"],
  message: "goes with an accuracy, by which texts and forecasts are not judged",
});

export type PruneConfiguration = z.output<typeof pruneSchema>;

export const pruneKind: TrialKind<PruneConfiguration> = {
  name: "prune",
  version: 5,
  schema: pruneSchema,
  metrics: [
    "testAccuracy",
    "prunedAccuracy",
    "prunedLoss",
    "baseAccuracy",
    "regainedAfter",
    "baseLoss",
    "testLoss",
    "validationLoss",
    "nonzeros",
    "weights",
  ],
  remark: ({ percent }) => shareRemark(percent),
  identifying: ({ base, ...configuration }) => ({
    ...configuration,
    base: { ...(base as unknown as JsonObject), data: identifying(base.data) },
  }),
  arithmetic,
  needs(configuration, seed) {
    return [baseTrial(configuration, seed)];
  },
  async run({ base, criterion, target, scope, percent, epochs, untilRegained }, context) {
    const [trained] = context.needs;
    const random = new Random(`${context.seed}/prune`);
    const network = prune(parseNetwork(trained.artifacts[NETWORK], "the base network"), {
      percent,
      target,
      scope,
      criterion,
      random,
    });
    const subject = subjectOf(base);
    const pruned = await subject.measure(network);
    const record = recording(context);
    const accuracies = () => [
      pruned.accuracy,
      ...record.history().map(({ testAccuracy = Number.NaN }) => testAccuracy),
    ];
    const regained = () => regainedAfter(trained.summary.testAccuracy, accuracies());
    const isDone = () => untilRegained && Number.isFinite(regained());
    const { loss } = subject;
    if (!context.resume) {
      const metrics = { [loss]: pruned.loss, ...(!isByLoss(base) && { testAccuracy: pruned.accuracy }) };
      await context.saveEpoch(0, metrics, new Uint8Array());
    }
    const task = subject.task(network);
    const retrained = await train(network, task, {
      ...trainOptionsOf(
        // No more for a network that lost nothing, or that was interrupted after its last epoch.
        { ...base, updates: undefined, epochs: isDone() ? record.history().length : epochs },
        subject.standard,
      ),
      seed: `${context.seed}/retrain`,
      isDone,
      ...record.options,
    });
    const left = densities(network);
    const kept = keptEpoch(record.history(), task.judgedBy);
    return {
      summary: {
        ...(isByLoss(base)
          ? {
              baseLoss: trained.summary[loss],
              prunedLoss: pruned.loss,
              [loss]: record.history()[kept]?.[loss] ?? pruned.loss,
            }
          : {
              baseAccuracy: trained.summary.testAccuracy,
              prunedAccuracy: pruned.accuracy,
              prunedLoss: pruned.loss,
              testAccuracy: accuracies()[kept + 1],
              regainedAfter: regained(),
            }),
        nonzeros: left.reduce((sum, { nonzeros }) => sum + nonzeros, 0),
        weights: left.reduce((sum, { weights }) => sum + weights, 0),
      },
      artifacts: { [NETWORK]: saveNetwork(retrained) },
    };
  },
};

/** The trial that a pruning starts from. */
export function baseTrial({ base }: PruneConfiguration, seed: number): TrialSpec {
  return { kind: "train", configuration: base as unknown as JsonObject, seed };
}
