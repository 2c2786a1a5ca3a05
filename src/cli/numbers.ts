// Sequences of numbers as the verbs take them, with the options that say what a file of them does not.
import type { Command } from "commander";
import {
  type Layout,
  layouts,
  type NumberTask,
  numberTasks,
  type TableChoices,
  tableFormat,
} from "../data/numbers/table.js";
import { tsFormat } from "../data/numbers/ts.js";
import type { Sequences } from "../data/sequences.js";
import { holdsStrings } from "../data/table-kind.js";
import { InputError } from "../errors.js";
import { readHead } from "../files.js";
import type { Network } from "../network/network.js";
import { taskOf } from "../network/tasks.js";
import { readSequences } from "../paths/sequences.js";
import { choice, type Output } from "./command.js";

export interface NumberFileOptions {
  readonly labels?: string;
  readonly task?: NumberTask;
  readonly layout?: Layout;
  readonly stringColumn?: string;
  readonly labelColumn?: string;
  readonly sequenceColumn?: string;
  readonly timeColumn?: string;
  readonly targetColumn?: string;
  readonly channels?: string[];
}

/** Adds the options of `NumberFileOptions` to a verb that reads sequences of numbers. */
export function withNumberOptions(command: Command): Command {
  return command
    .option("--labels <file>", "labels of --data where it has none: .npy, IDX or a CSV with one a row")
    .addOption(
      choice("--task <name>", "what is learnt of sequences of numbers; told by their labels", numberTasks),
    )
    .addOption(
      choice("--layout <name>", "a table's rows: sequences (wide) or steps (long); found out", layouts),
    )
    .option("--sequence-column <name>", "of a long table: which sequence a row belongs to; found out")
    .option("--time-column <name>", "of a long table: when a row was; found out")
    .option("--target-column <name>", "of a long table: what is forecast, instead of the channels")
    .option("--channels <names...>", "of a long table: the columns that are values; all others");
}

/** The same of a verb that trains on them. */
export function withNumberTrainingOptions(command: Command): Command {
  return withNumberOptions(command)
    .option("--test-labels <file>", "labels of --test, as --labels are those of --data")
    .option("--validation-labels <file>", "labels of --validation, likewise");
}

/**
 * Whether a file has sequences of numbers and no strings: by what is asked for; else by its format; of a table by its columns.
 */
export function hasNumbers(path: string, options: NumberFileOptions): boolean {
  const { labels, task, layout, sequenceColumn, timeColumn, targetColumn, channels } = options;
  if (options.stringColumn !== undefined) return false;
  if (labels ?? task ?? layout ?? sequenceColumn ?? timeColumn ?? targetColumn ?? channels) return true;
  const head = readHead(path);
  const isTable =
    tableFormat.recognises(head, path.toLowerCase()) && !tsFormat.recognises(head, path.toLowerCase());
  if (!isTable) return true;
  const text = new TextDecoder().decode(head);
  // The last line may be cut.
  return !holdsStrings(text.slice(0, text.lastIndexOf("\n") + 1) || text, path);
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
  const { task, layout, labelColumn, sequenceColumn, timeColumn, targetColumn, channels } = options;
  const remark = (line: string) => output.remark(line);
  return { task, layout, labelColumn, sequenceColumn, timeColumn, targetColumn, channels, remark };
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
