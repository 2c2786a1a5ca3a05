// Sequences of numbers with what trains and what judges, from the files that a user names. The command line and studies
// share it, so that the same names give the same data.
import type { StoredFile } from "../data/numbers/formats.js";
import type { TableChoices } from "../data/numbers/table.js";
import type { Sequences } from "../data/sequences.js";
import type { Remark } from "../errors.js";
import type { Random } from "../math/random.js";
import { classesIn, divide, type NumberData, taskFor } from "../train/number-data.js";
import { readSequences } from "./sequences.js";

/** Files of sequences, each with labels of its own or in another file. */
export interface NumberFiles {
  readonly numbers: string;
  readonly labels?: string;
  readonly test?: string;
  readonly testLabels?: string;
  readonly validation?: string;
  readonly validationLabels?: string;
}

/** The sequences of each file as it is, which identify the data. */
export interface ReadNumbers {
  readonly data: NumberData;
  readonly all: Sequences;
  readonly test?: Sequences;
  readonly validation?: Sequences;
}

export interface NumberDataOptions {
  /** How tables are read; its task, told by the labels when left out, is that of the data. */
  readonly table?: TableChoices;
  /** The classes of a network that there is already; else those of the training data, and others are refused. */
  readonly classes?: readonly string[];
  /** Hears of the sequences that train before others are read. */
  readonly onTraining?: (sequences: Sequences) => void;
  readonly remark?: Remark;
  /** How a file is read; from its place when left out. */
  readonly stored?: (path: string) => StoredFile;
}

/**
 * Reads sequences and divides them (`divide`).
 * @param random what is drawn to keep sequences for testing.
 * @throws as `readSequences` and `divide`. @throws InputError when the task is not known.
 */
export function readNumberData(
  files: NumberFiles,
  random: Random,
  { table, classes, onTraining, remark, stored }: NumberDataOptions = {},
): ReadNumbers {
  const { numbers, labels, test, testLabels, validation, validationLabels } = files;
  const all = readSequences(numbers, { labels, classes, table, stored });
  const task = taskFor(all, table?.task, numbers);
  onTraining?.(all);
  const known = classes ?? classesIn(all);
  const read = (path: string | undefined, labels?: string) =>
    path === undefined
      ? undefined
      : readSequences(path, { labels, classes: known, table: { ...table, task }, stored });
  const given = { test: read(test, testLabels), validation: read(validation, validationLabels) };
  return { data: divide(task, all, given, random, numbers, remark), all, ...given };
}
