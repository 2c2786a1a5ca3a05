// Sequences of numbers with what trains and what judges, as the verbs that train and prune take them.
import type { Sequences } from "../data/sequences.js";
import type { Random } from "../math/random.js";
import type { Network } from "../network/network.js";
import { sha256 } from "../study/json.js";
import { classesIn, divide, type NumberData } from "../train/number-data.js";
import type { Output } from "./command.js";
import {
  type NumberFileOptions,
  numberTaskOf,
  readAs,
  readNumbers,
  remarkOnNumbers,
  taskFor,
} from "./numbers.js";

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
  const { test, testLabels, validation = [], validationLabels } = options;
  const asked = begun ? numberTaskOf(begun, path) : options.task;
  const known = begun?.conventions.labels;
  const how = begun ? readAs(begun, options) : options;
  const all = readNumbers(path, { ...how, task: asked }, output, { classes: known });
  const task = taskFor(all, asked, path);
  remarkOnNumbers(all, output);
  // Labels that only other data have are refused.
  const classes = known ?? classesIn(all);
  const read = (file: string | undefined, labels?: string) =>
    file === undefined ? undefined : readNumbers(file, { ...how, task, labels }, output, { classes });
  const given = { test: read(test, testLabels), validation: read(validation[0], validationLabels) };
  return {
    numbers: divide(task, all, given, random, path, (line) => output.remark(line)),
    inputs: [path, options.labels, test, testLabels, ...validation, validationLabels],
    hash: [all, given.test, given.validation].map(hashOf),
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
