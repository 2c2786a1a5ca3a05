// Sequences of numbers as the verbs take them, with the options that say what a file of them does not.
import type { Command } from "commander";
import { columnNames, columnsNamed } from "../data/columns.js";
import { parseDelimited } from "../data/delimited.js";
import { remarksOnSequences } from "../data/numbers/remarks.js";
import { type Layout, layouts, type NumberTask, numberTasks } from "../data/numbers/table.js";
import type { Sequences } from "../data/sequences.js";
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

const BINARY_FILES = /\.(npy|npz|ts)$|[.-](idx\d?|idx\d-ubyte|ubyte)$/i;

/**
 * Whether a file has sequences of numbers and no strings: by its format; of a table by what is asked for, or by its columns,
 * of which one of strings or several of numbers tell.
 */
export function hasNumbers(path: string, options: NumberFileOptions): boolean {
  if (options.stringColumn !== undefined) return false;
  if (options.labels ?? options.task ?? options.layout ?? options.sequenceColumn ?? options.timeColumn)
    return true;
  if (options.targetColumn ?? options.channels) return true;
  if (BINARY_FILES.test(path.replace(/\.gz$/i, ""))) return true;
  const head = readHead(path);
  if (head.includes(0)) return true;
  const text = new TextDecoder().decode(head);
  if (/^\s*(#|@)/.test(text) && /^@/m.test(text)) return true;
  // The last line may be cut.
  const { rows } = parseDelimited(text.slice(0, text.lastIndexOf("\n") + 1) || text, path);
  const [header, ...rest] = rows;
  if (header === undefined) return false;
  if (columnsNamed(header.cells, columnNames.string).some((column) => !isNumeric(column))) return false;
  const columns = header.cells.filter((name, column) => name !== "" && isNumeric(column));
  return columns.length > 2;

  function isNumeric(column: number): boolean {
    return (rest.length > 0 ? rest : rows).every(({ cells }) => {
      const cell = cells[column]?.trim() ?? "";
      return cell === "" || !Number.isNaN(Number(cell.replace(",", ".")));
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
  const { labels, task, layout, labelColumn, sequenceColumn, timeColumn, targetColumn, channels } = options;
  const remark = (line: string) => output.remark(line);
  return readSequences(path, {
    labels,
    classes,
    unlabelled,
    table: { task, layout, labelColumn, sequenceColumn, timeColumn, targetColumn, channels, remark },
  });
}

/** Says what is odd of training data. */
export function remarkOnNumbers(sequences: Sequences, path: string, output: Output): void {
  for (const line of remarksOnSequences(sequences, path)) output.remark(line);
}

/** The task that sequences are for as their labels tell. */
export function taskFor({ target }: Sequences, asked: NumberTask | undefined, where: string): NumberTask {
  if (asked) return asked;
  if (target?.kind === "class") return "classify";
  if (target?.kind === "step-classes") return "label";
  if (target?.kind === "numbers") return "forecast";
  throw new InputError({
    where,
    what: "the sequences have no labels, so what is to be learnt of them is not known",
    hint: "give --labels or --label-column, or say --task forecast",
  });
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
