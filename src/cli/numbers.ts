// Sequences of numbers as the verbs take them, with the options that say what a file of them does not.
import type { Command } from "commander";
import type { NumberTask, TableChoices } from "../data/numbers/table.js";
import type { Sequences } from "../data/sequences.js";
import { InputError } from "../errors.js";
import type { Network } from "../network/network.js";
import { taskOf } from "../network/tasks.js";
import { isFileOfStrings, readSequences } from "../paths/sequences.js";
import {
  type Output,
  type NumberFileOptions as TableNumberOptions,
  whole,
  withNumberOptions,
} from "./command.js";

/** How sequences are read, and where labels are that are not beside them. */
export interface NumberFileOptions extends TableNumberOptions {
  readonly labels?: string;
  readonly stringColumn?: string;
  readonly labelColumn?: string;
  readonly horizon?: number;
}

/** Adds the options of `NumberFileOptions` to a verb that reads sequences of numbers with their labels. */
export function withNumberFiles(command: Command): Command {
  return withNumberOptions(command).option(
    "--labels <file>",
    "labels of --data where it has none: .npy, IDX or a CSV with one a row",
  );
}

/** The same of a verb that trains on them. */
export function withNumberTraining(command: Command): Command {
  return withNumberFiles(command)
    .option("--test-labels <file>", "labels of --test, as --labels are those of --data")
    .option("--validation-labels <file>", "labels of --validation, likewise")
    .option("--horizon <n>", "steps that a forecast looks ahead; 1", whole(0, 1e6));
}

/** Whether a file has sequences of numbers and no strings: by what is asked for, else by the file. */
export function hasNumbers(path: string, options: NumberFileOptions): boolean {
  const { labels, task, layout, sequenceColumn, timeColumn, targetColumn, channels } = options;
  if (options.stringColumn !== undefined) return false;
  const asked = labels ?? task ?? layout ?? sequenceColumn ?? timeColumn ?? targetColumn ?? channels;
  return asked !== undefined || !isFileOfStrings(path);
}

/**
 * What `read` reads of a file for a network.
 * @throws InputError that the file is of strings and the network of numbers, or the reverse, where that is why it cannot be read.
 */
export function readFor<Data>({ architecture }: Network, path: string, read: () => Data): Data {
  try {
    return read();
  } catch (error) {
    const ofStrings = architecture.input.kind === "symbols";
    if (!(error instanceof InputError) || isFileOfStrings(path) === ofStrings) throw error;
    throw new InputError({
      where: path,
      what: ofStrings
        ? "it has no column of strings, which the network reads"
        : "it has strings, and the network reads numbers",
      hint: ofStrings
        ? "give strings, or name their column with --string-column"
        : "give sequences of numbers, or a network that was trained on strings",
      cause: error,
    });
  }
}

/**
 * Sequences of numbers from a file.
 * @param known the classes of a network or of training data; `unlabelled`: labels are not looked for.
 */
export function readNumbers(
  path: string,
  options: NumberFileOptions,
  output: Output,
  { classes, unlabelled }: { classes?: readonly string[]; unlabelled?: boolean } = {},
): Sequences {
  return readSequences(path, {
    labels: options.labels,
    classes,
    unlabelled,
    table: tableChoices(options, output),
  });
}

/** What of the options says how tables are read. */
export function tableChoices(options: NumberFileOptions, output: Output): TableChoices {
  const { task, layout, labelColumn, sequenceColumn, timeColumn, targetColumn, channels, horizon } = options;
  const remark = (line: string) => output.remark(line);
  return {
    task,
    layout,
    labelColumn,
    sequenceColumn,
    timeColumn,
    targetColumn,
    channels,
    horizon,
    remark,
  };
}

/** The task of a network as the options of a table have it. @throws InputError when it reads texts. */
export function numberTaskOf(network: Network, where: string): NumberTask {
  const task = taskOf(network);
  if (task !== "next") return task;
  throw new InputError({
    where,
    what: "the network predicts the next symbol of a text and reads no numbers",
    hint: "give it a text with --text",
  });
}
