// Trials of the kind `train` on sequences of numbers: a class of each, a class at every step, or a forecast.
import { Random } from "../math/random.js";
import type { Network } from "../network/network.js";
import { saveNetwork } from "../network/weights.js";
import type { TrialContext, TrialResult } from "../study/kind.js";
import { defaults, epochsForNumbers } from "../train/defaults.js";
import { evaluateForecast } from "../train/forecast.js";
import { keptEpoch } from "../train/kept.js";
import { newNumberNetwork } from "../train/new-network.js";
import { type NumberBaselines, type NumberData, noteNumbers, taskOn } from "../train/number-data.js";
import type { Tested } from "../train/options.js";
import { encodeSequenceNotes, SEQUENCE_NOTES } from "../train/sequence-notes.js";
import { trainOptionsOf } from "../train/settings.js";
import type { EpochMetrics, Task } from "../train/task.js";
import { train } from "../train/train.js";
import { loadBaselines, loadNumbers } from "./number-data.js";
import { NETWORK, recording } from "./recording.js";
import { leftOf, sparsifyOf } from "./sparsify-schema.js";
import type { OnNumbers } from "./train-schema.js";

/**
 * What a training on numbers says besides: of forecasts absolute errors and the squared error of the best naive forecast; of
 * classes the accuracy of the best rule without a network.
 */
export const numberMetrics = [
  "validationLoss",
  "validationAccuracy",
  "validationAbsoluteError",
  "testAbsoluteError",
  "bestEpoch",
  "epochs",
  "naive",
  "baseline",
] as const satisfies readonly (keyof EpochMetrics | "bestEpoch" | "epochs" | "naive" | "baseline")[];

export async function trainOnNumbers(configuration: OnNumbers, context: TrialContext): Promise<TrialResult> {
  const random = new Random(context.seed);
  const numbers = loadNumbers(configuration.data, configuration.horizon);
  const { data, task: name } = numbers;
  const network = newNumberNetwork(data.train, name, configuration, random.stream("initial weights"));
  const task = taskOnNumbers(network, numbers, configuration);
  const { epochs = epochsForNumbers(task.epoch(1, random).updates), batch } = configuration;
  const record = recording(context);
  const trained = await train(network, task, {
    ...trainOptionsOf({ ...configuration, epochs }, defaults[name]),
    sparsify: sparsifyOf(configuration.sparsify),
    seed: `${context.seed}/train`,
    ...record.options,
  });
  const rules = loadBaselines(configuration.data, configuration.horizon);
  const notes = await noteNumbers(trained, numbers, rules, { batch });
  return {
    summary: {
      ...(await summaryOf(trained, numbers, task, record.history(), rules)),
      ...leftOf(trained, configuration),
    },
    artifacts: {
      [NETWORK]: saveNetwork(trained),
      ...record.masks(trained),
      ...(notes && { [SEQUENCE_NOTES]: encodeSequenceNotes(notes) }),
    },
  };
}

/** What a training came to: how the epoch went whose network is kept, and what rules without a network reach. */
export async function summaryOf(
  trained: Network,
  numbers: NumberData,
  { judgedBy, batch }: Pick<Task, "judgedBy" | "batch">,
  history: readonly EpochMetrics[],
  rules: NumberBaselines,
): Promise<Record<string, number>> {
  const kept = keptEpoch(history, judgedBy);
  return {
    ...history[kept],
    ...(await tested(numbers, trained, batch)),
    ...(judgedBy && { bestEpoch: kept + 1, epochs: history.length }),
    ...bestOf(rules),
    parameters: trained.size,
  };
}

/** The task of a configuration for a network. */
export function taskOnNumbers(
  network: Network,
  numbers: NumberData,
  {
    batch,
    window = defaults.forecast.window,
    classWeights,
    tested,
  }: Pick<OnNumbers, "batch" | "window" | "classWeights"> & { readonly tested?: Tested },
): Task {
  return taskOn(network, numbers, { batch, window, classWeights, tested });
}

/** Of forecasts, which read test data after the last epoch, how the network does that is kept. */
async function tested(
  { task, data }: NumberData,
  network: Network,
  batch: number,
): Promise<Partial<EpochMetrics>> {
  if (task !== "forecast" || !data.test) return {};
  const { meanSquaredError, meanAbsoluteError } = await evaluateForecast(network, data.test, { batch });
  return { testLoss: meanSquaredError, testAbsoluteError: meanAbsoluteError };
}

/** The best rule without a network. */
function bestOf(rules: NumberBaselines): { naive: number } | { baseline: number } | undefined {
  if (rules.baselines.length === 0) return undefined;
  return rules.kind === "forecast"
    ? { naive: Math.min(...rules.baselines.map(({ meanSquaredError }) => meanSquaredError)) }
    : { baseline: Math.max(...rules.baselines.map(({ accuracy }) => accuracy)) };
}
