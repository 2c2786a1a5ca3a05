// Sequences of numbers with what trains and what judges, as the verbs that train and prune take them.
import { remarksOnSequences } from "../data/numbers/remarks.js";
import type { Sequences } from "../data/sequences.js";
import type { Random } from "../math/random.js";
import type { Network } from "../network/network.js";
import { readNumberData as read } from "../paths/number-data.js";
import { sha256 } from "../study/json.js";
import type { NumberData } from "../train/number-data.js";
import { readAs } from "../train/read-as.js";
import type { Output } from "./command.js";
import { type NumberFileOptions, numberTaskOf, tableChoices } from "./numbers.js";

/** Where the sequences of a training are. */
export interface NumberTrainingFiles extends NumberFileOptions {
  readonly test?: string;
  readonly testLabels?: string;
  /** The first of them. */
  readonly validation?: readonly string[];
  readonly validationLabels?: string;
}

export interface FoundNumbers {
  readonly numbers: NumberData;
  /** The files that they were read from, and what differs when the data do. */
  readonly inputs: readonly (string | undefined)[];
  readonly hash: unknown;
}

/**
 * Reads and divides sequences.
 * @param path those that train. @param begun a network that there is already: its task and its classes are those of the data.
 * @param random what is drawn to keep sequences for testing.
 */
export function readNumberData(
  path: string,
  options: NumberTrainingFiles,
  output: Output,
  random: Random,
  begun?: Network,
): FoundNumbers {
  const { labels, test, testLabels, validation: [validation] = [], validationLabels } = options;
  const task = begun ? numberTaskOf(begun, path) : options.task;
  const { data, ...sets } = read(
    { numbers: path, labels, test, testLabels, validation, validationLabels },
    random,
    {
      table: tableChoices({ ...(begun ? readAs(begun, options) : options), task }, output),
      classes: begun?.conventions.labels,
      onTraining(sequences) {
        for (const line of remarksOnSequences(sequences)) output.remark(line);
      },
      remark: (line) => output.remark(line),
    },
  );
  return {
    numbers: data,
    inputs: [path, labels, test, testLabels, validation, validationLabels],
    hash: [sets.all, sets.test, sets.validation].map(hashOf),
  };
}

/** What differs when sequences do. */
function hashOf(sequences: Sequences | undefined): unknown {
  if (!sequences) return null;
  const { channels, values, target } = sequences;
  const bytes = ({ buffer, byteOffset, byteLength }: Float32Array | Int32Array) =>
    sha256(new Uint8Array(buffer, byteOffset, byteLength));
  const lists = target === undefined ? [] : target.kind === "class" ? [target.labels.of] : target.of;
  return [channels, values.map(bytes), lists.map(bytes)];
}
