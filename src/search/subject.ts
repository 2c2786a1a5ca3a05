// What a search learns from. Its test data are never looked at: of the training data a part is held out, from which gates that
// need data of their own learn and by which candidates are compared.
import { type Dataset, rowsOf as stringRows } from "../data/dataset.js";
import type { Sequences } from "../data/sequences.js";
import { InputError } from "../errors.js";
import type { Random } from "../math/random.js";
import type { Network } from "../network/network.js";
import type { Structure } from "../network/wiring.js";
import { classify, type Labelled, type TrainingData } from "../train/classify.js";
import { newClassifier, newNetworkForNumbers } from "../train/new-network.js";
import { rowsOf as sequenceRows } from "../train/number-data.js";
import type { Protocol } from "../train/protocol.js";
import type { Task } from "../train/task.js";

export interface Subject {
  /** A network of random weights whose ends fit the data. */
  network(structure: Structure, random: Random): Network;
  /** What is learnt; what is held out is its test, read after the last epoch. */
  task(network: Network): Task;
  /** The same of what is held out. */
  held(network: Network): Task;
}

export interface SubjectOptions {
  readonly batch: number;
  /** Of strings; as the network's conventions say when left out. */
  readonly protocol?: Protocol;
  /** The share of the training data that is held out where there is no validation data. */
  readonly held: number;
  /** Draws what is held out. */
  readonly random: Random;
}

/** Strings or sequences with classes, to be searched on. @throws InputError when they are too few to hold some out. */
export function subjectOf(
  data: TrainingData,
  { batch, protocol, held: share, random }: SubjectOptions,
): Subject {
  const [learnt, held] = data.validation ? [data.train, data.validation] : divided(data.train, share, random);
  const options = { batch, protocol, tested: "last-epoch" } as const;
  return {
    network({ architecture, masks }, own) {
      const { train, test } = data;
      if (isDataset(train) && isDataset(test))
        return newClassifier(architecture, { train, test }, own, { masks });
      const sequences = train as Sequences;
      const task = sequences.target?.kind === "step-classes" ? "label" : "classify";
      return newNetworkForNumbers(architecture, sequences, task, own, { masks });
    },
    task: (network) => classify(network, { train: learnt, test: held }, options),
    held: (network) => classify(network, { train: held, test: held }, options),
  };
}

function isDataset(data: Labelled): data is Dataset {
  return "strings" in data;
}

function divided(data: Labelled, share: number, random: Random): [Labelled, Labelled] {
  const count = isDataset(data) ? data.strings.length : data.values.length;
  const rows = random.shuffle(Int32Array.from({ length: count }, (_, row) => row));
  const first = Math.round(share * count);
  if (first < 1 || first >= count) {
    throw new InputError({
      what: `${count} sequences are too few to hold some out for a search`,
      hint: "give more, or validation data",
    });
  }
  const of = (own: Int32Array) => (isDataset(data) ? stringRows(data, own) : sequenceRows(data, own));
  return [of(rows.subarray(first)), of(rows.subarray(0, first))];
}
