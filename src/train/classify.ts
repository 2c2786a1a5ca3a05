// The task of telling sequences apart: each has one label, and is read once, where the protocol says.

import { alphabetOf } from "../data/alphabet.js";
import { longest, makeBatches, symbolsInUse } from "../data/batches.js";
import { BINARY, type Dataset } from "../data/dataset.js";
import type { Vocabulary } from "../data/vocabulary.js";
import { InputError } from "../errors.js";
import type { Random } from "../math/random.js";
import type { Architecture } from "../network/architecture.js";
import { initialise, Network } from "../network/network.js";
import { withEnds } from "../network/wiring.js";
import { checkFit, evaluateWith } from "./evaluate.js";
import { checkOptions, type Tested } from "./options.js";
import { type Protocol, protocolOf, readAt, trainingOrder } from "./protocol.js";
import type { Task } from "./task.js";

export interface TrainingData {
  readonly train: Dataset;
  readonly test: Dataset;
}

export interface ClassifyOptions {
  /** Sequences in a batch. */
  readonly batch: number;
  /** The one under which the network is read where its conventions say, when left out: `corrected` for a new one. */
  readonly protocol?: Protocol;
  /** After which epochs the test data are read, which takes about an eighth of the time: after each when left out. */
  readonly tested?: Tested;
}

/**
 * A network of random weights for the symbols and classes of these data, which are stored with it. Of an architecture only
 * the ends are made to fit; a mask of the read-out is that of its first output for all.
 * @param vocabulary what strings are made of; found in the data when left out (`alphabetOf`).
 * @throws InputError when there is one class only, or the network would be too large.
 */
export function newClassifier(
  architecture: Architecture,
  { train, test }: TrainingData,
  random: Random,
  {
    vocabulary = alphabetOf(train, test),
    masks = new Map(),
  }: {
    readonly vocabulary?: Vocabulary;
    readonly masks?: ReadonlyMap<string, Uint8Array>;
  } = {},
): Network {
  const { classes } = train;
  if (classes.length < 2) {
    throw new InputError({
      what: `all ${train.strings.length} training strings have the label ${JSON.stringify(classes[0])}`,
      hint: "give strings of at least two classes",
    });
  }
  const ends = { vocabulary: vocabulary.symbols.length, outputs: classes.length };
  const fitted = withEnds({ architecture, masks }, ends);
  const network = initialise(fitted.architecture, random, fitted.masks);
  const conventions = { ...network.conventions, vocabulary, labels: classes };
  return new Network(network.architecture, network.parameters, network.masks, conventions);
}

/**
 * The task of classifying labelled sequences, for this network: its vocabulary says what symbols are.
 * @throws InputError when an option is none or a sequence cannot be encoded.
 */
export function classify(network: Network, data: TrainingData, options: ClassifyOptions): Task {
  checkOptions(options);
  const { batch, tested } = options;
  const { vocabulary } = network.conventions;
  const { protocol = protocolOf(network.conventions.readAt) } = options;
  const sets = [data.train, data.test];
  const conventions = conventionsOf(network, protocol, vocabulary);
  return {
    name: "classify",
    batch,
    steps: Math.max(...sets.map((set) => longest(set, vocabulary))),
    symbols: sets.flatMap((set) => symbolsInUse(set, vocabulary)),
    conventions: () => conventions,
    check(subject) {
      for (const set of sets) checkFit(subject, set);
    },
    epoch(_, random) {
      let order: Int32Array | undefined;
      return {
        updates: Math.ceil(data.train.strings.length / batch),
        batches(first, count) {
          order ??= trainingOrder(protocol, data.train, batch, random, vocabulary);
          const rows = order.subarray(first * batch, (first + count) * batch);
          return makeBatches(data.train, rows, batch, conventions.readAt, vocabulary);
        },
      };
    },
    async evaluate(executor, _, last): Promise<Record<string, number>> {
      if (tested === "last-epoch" && !last) return {};
      const { loss, accuracy } = await evaluateWith(executor, data.test, conventions, batch);
      return { testLoss: loss, testAccuracy: accuracy };
    },
  };
}

function conventionsOf({ architecture, conventions }: Network, protocol: Protocol, vocabulary: Vocabulary) {
  const { labels = architecture.readout.outputs === 2 ? BINARY : undefined } = conventions;
  return { readAt: readAt(protocol), vocabulary, ...(labels && { labels }) };
}
