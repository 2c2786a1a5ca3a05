// What a network is trained for. A task turns data into batches, says how well a network does and what its file must
// carry; the loop that trains (train.ts) knows nothing else of it.
import type { Batches } from "../data/batches.js";
import type { Executor } from "../engine/executor.js";
import type { Random } from "../math/random.js";
import type { Conventions } from "../network/conventions.js";
import type { Network } from "../network/network.js";
import type { TaskName } from "../network/tasks.js";

/** How an epoch went: named numbers, these and others that a task measures. Losses are means over targets, in nats. */
export interface EpochMetrics {
  /** While training, before each update; numbers that are forecast are never quite right. */
  readonly trainLoss: number;
  readonly trainAccuracy?: number;
  /** Of the test data, where they were read after the epoch. */
  readonly testLoss?: number;
  readonly testAccuracy?: number;
  /** Of forecasts, whose loss is the mean squared error. */
  readonly testAbsoluteError?: number;
  readonly validationAbsoluteError?: number;
  /** Of the part that is held out to judge epochs by. */
  readonly validationLoss?: number;
  readonly validationAccuracy?: number;
  /** Where the training is sparse: the share of its weights that exist, and how many were born and dropped. */
  readonly density?: number;
  readonly born?: number;
  readonly dropped?: number;
}

/** The batches of an epoch, made some at a time. */
export interface Epoch {
  /** How many there are; each is an update. Known before the first batch is made. */
  readonly updates: number;
  /** Those from number `first`, counted from 0, on; as many as are left when there are fewer than `count`. */
  batches(first: number, count: number): Batches;
}

export interface Task {
  readonly name: TaskName;
  /** What a plan must have room for, and the symbols that occur. */
  readonly batch: number;
  readonly steps: number;
  readonly symbols: readonly number[];
  /** The metric by which networks of different epochs are compared, the lower the better; none that may be looked at when left out. */
  readonly judgedBy?: "validationLoss";
  /** What the loss of each class counts while training; 1 when left out. */
  readonly classWeights?: Float32Array;
  /** What a network that has been trained for it says of itself. */
  conventions(network: Network): Conventions;
  /** @throws InputError when the network and the data do not fit. */
  check(network: Network): void;
  /** @param random of this epoch alone. */
  epoch(number: number, random: Random): Epoch;
  /**
   * What is measured after an epoch, by name.
   * @param executor in its present state, which stays. @param present the network of that state.
   * @param last whether it is the last epoch.
   */
  evaluate(
    executor: Executor,
    present: () => Network,
    last: boolean,
  ): Promise<Readonly<Record<string, number>>>;
}
