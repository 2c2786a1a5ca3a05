// What pruned networks are evaluated and retrained on: the data of the training that they come from.
import type { Network } from "../network/network.js";
import { classify } from "../train/classify.js";
import { type Defaults, defaults } from "../train/defaults.js";
import { evaluate } from "../train/evaluate.js";
import { measure } from "../train/number-data.js";
import type { Task } from "../train/task.js";
import { loadData } from "./data.js";
import { loadNumbers } from "./number-data.js";
import { taskOnNumbers } from "./number-training.js";
import { isJudged, isOnNumbers, type OnNumbers, type OnStrings } from "./train-schema.js";

export interface Subject {
  /** What is left out of a training's settings. */
  readonly standard: Defaults;
  /** The metric that `measure` gives the loss of. */
  readonly loss: "testLoss" | "validationLoss";
  task(network: Network): Task;
  /** How a network does on what judges it; the accuracy of a forecast is NaN. */
  measure(network: Network): Promise<{ readonly loss: number; readonly accuracy: number }>;
}

export function subjectOf(base: OnStrings | OnNumbers): Subject {
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
