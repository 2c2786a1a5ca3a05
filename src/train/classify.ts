// The task of telling sequences, or steps of them, apart: a sequence has one label and is read once, where the protocol
// says, or each of its steps has one. Which of the two it is, the network says.
import { makeBatches, type ReadAt } from "../data/batches.js";
import { BINARY, type Dataset } from "../data/dataset.js";
import { countOf, type Examples, longest, symbolsInUse } from "../data/examples.js";
import type { Sequences } from "../data/sequences.js";
import { InputError } from "../errors.js";
import type { Network } from "../network/network.js";
import { taskOf } from "../network/tasks.js";
import { checkFit, evaluateExamples, examplesFor } from "./evaluate.js";
import { checkOptions, type Tested } from "./options.js";
import { type Protocol, protocolOf, readAt, trainingOrder } from "./protocol.js";
import type { Task } from "./task.js";

/** Strings or sequences of numbers, with labels. */
export type Labelled = Dataset | Sequences;

export interface TrainingData<Data extends Labelled = Labelled> {
  readonly train: Data;
  readonly test: Data;
  /** What epochs are judged by, so that the best one is kept; they are not judged when left out. */
  readonly validation?: Data;
}

export interface ClassifyOptions {
  /** Sequences in a batch. */
  readonly batch: number;
  /** The one under which the network is read where its conventions say, when left out: `corrected` for a new one. */
  readonly protocol?: Protocol;
  /** After which epochs the test data are read, which takes about an eighth of the time: after each when left out. */
  readonly tested?: Tested;
  /** What the loss of each class counts while training; 1 when left out. `balanced`: the rarer a class, the more. */
  readonly classWeights?: "balanced" | readonly number[];
}

/**
 * The task of classifying labelled sequences, for this network: its conventions say what symbols, classes and numbers are.
 * @throws InputError when an option is none, a sequence cannot be encoded, or the network predicts something else.
 */
export function classify(network: Network, data: TrainingData, options: ClassifyOptions): Task {
  checkOptions(options);
  const { batch, tested } = options;
  const name = taskOf(network);
  if (name !== "classify" && name !== "label") {
    throw new InputError({
      what: `the network is for the task ${name} and tells no classes apart`,
      hint: "give it data of its own task",
    });
  }
  const { protocol = protocolOf(network.conventions.readAt) } = options;
  const sets = [data.train, data.test, ...(data.validation ? [data.validation] : [])];
  const encoded = sets.map((set) => examplesFor(network, set));
  const [train, test, validation] = encoded;
  const reading: ReadAt = name === "label" ? "last-symbol" : readAt(protocol);
  const conventions = conventionsOf(network, reading);
  const evaluated = (executor: Parameters<typeof evaluateExamples>[0], examples: Examples) =>
    evaluateExamples(executor, examples, { readAt: reading, batch });
  return {
    name,
    batch,
    steps: Math.max(...encoded.map(longest)),
    symbols: [...new Set(encoded.flatMap(symbolsInUse))],
    ...(validation && { judgedBy: "validationLoss" as const }),
    ...(options.classWeights && {
      classWeights: weightsOf(options.classWeights, train, network.architecture.readout.outputs),
    }),
    conventions: () => conventions,
    check(subject) {
      for (const set of sets) checkFit(subject, set);
    },
    epoch(_, random) {
      let order: Int32Array | undefined;
      return {
        updates: Math.ceil(countOf(train) / batch),
        batches(first, count) {
          order ??= trainingOrder(protocol, train, batch, random);
          return makeBatches(train, order.subarray(first * batch, (first + count) * batch), batch, reading);
        },
      };
    },
    async evaluate(executor, _, last): Promise<Record<string, number>> {
      const judged = validation && (await evaluated(executor, validation));
      const ofValidation = judged && {
        validationLoss: judged.loss,
        validationAccuracy: judged.accuracy,
      };
      if (tested === "last-epoch" && !last) return { ...ofValidation };
      const { loss, accuracy } = await evaluated(executor, test);
      return { ...ofValidation, testLoss: loss, testAccuracy: accuracy };
    },
  };
}

/** A weight for each class; balanced ones are n/(classes·n of the class), of classes that do not occur 0. */
function weightsOf(
  wanted: "balanced" | readonly number[],
  { targets }: Examples,
  classes: number,
): Float32Array {
  if (wanted !== "balanced") {
    if (wanted.length === classes && wanted.every((weight) => weight >= 0 && Number.isFinite(weight)))
      return Float32Array.from(wanted);
    throw new InputError({
      where: "class weights",
      what: `${wanted.length} of them do not fit ${classes} classes`,
      hint: "give one of at least 0 for each class, in the order of the classes, or say balanced",
    });
  }
  const counts = new Float32Array(classes);
  for (const target of targets) if (target >= 0) counts[target]++;
  const present = counts.filter((count) => count > 0).length;
  const total = counts.reduce((sum, count) => sum + count, 0);
  return counts.map((count) => (count > 0 ? total / (present * count) : 0));
}

function conventionsOf({ architecture, conventions }: Network, readAt: ReadAt) {
  const { labels = architecture.readout.outputs === 2 ? BINARY : undefined } = conventions;
  return { ...conventions, readAt, ...(labels && { labels }) };
}
