// What pruned networks are evaluated and retrained on: the data of the training that they come from.
import type { Network } from "../network/network.js";
import { classify } from "../train/classify.js";
import { type Defaults, defaults } from "../train/defaults.js";
import { evaluate } from "../train/evaluate.js";
import { evaluateTexts } from "../train/language.js";
import { measure } from "../train/number-data.js";
import type { Task } from "../train/task.js";
import { loadData, loadTexts } from "./data.js";
import { loadNumbers } from "./number-data.js";
import { taskOnNumbers } from "./number-training.js";
import { isJudged, isOnNumbers, isOnTexts, type TrainConfiguration } from "./train-schema.js";
import { nextSymbolOf } from "./training.js";

export interface Subject {
  /** What is left out of a training's settings. */
  readonly standard: Defaults;
  /** The metric that `measure` gives the loss of. */
  readonly loss: "testLoss" | "validationLoss";
  task(network: Network): Task;
  /** How a network does on what judges it; the accuracy of a forecast is NaN. */
  measure(network: Network): Promise<{ readonly loss: number; readonly accuracy: number }>;
}

/** Whether a training's networks are judged by their loss: forecasts have no accuracy, and texts are compared in nats. */
export function isByLoss(base: TrainConfiguration): boolean {
  return isOnTexts(base) || (isOnNumbers(base) && base.data.task === "forecast");
}

export function subjectOf(base: TrainConfiguration): Subject {
  if (isOnTexts(base)) {
    const texts = loadTexts(base.data);
    return {
      standard: defaults.next,
      loss: "validationLoss",
      task: () => nextSymbolOf(texts, base),
      async measure(network) {
        const { nats, accuracy } = await evaluateTexts(network, texts.validation.texts);
        return { loss: nats, accuracy };
      },
    };
  }
  if (isOnNumbers(base)) {
    const numbers = loadNumbers(base.data, base.horizon);
    return {
      standard: defaults[numbers.task],
      loss: numbers.task === "forecast" && isJudged(base.data) ? "validationLoss" : "testLoss",
      task: (network) => taskOnNumbers(network, numbers, base),
      measure: (network) => measure(network, numbers, { batch: base.batch }),
    };
  }
  const data = loadData(base.data);
  const { protocol, batch } = base;
  return {
    standard: defaults.strings,
    loss: "testLoss",
    task: (network) => classify(network, data, { protocol, batch }),
    measure: (network) => evaluate(network, data.test, { protocol, batch }),
  };
}
