// Sequences of numbers from a table, as spreadsheets and programs write them: wide, with a row for each sequence, or long,
// with a row for each step. Which of the two it is and what its columns are is found out where there is no doubt, and can
// be said where there is.
import { InputError, type Remark } from "../../errors.js";
import { labelName } from "../classes.js";
import { columnNames, columnsNamed, listed } from "../columns.js";
import type { Sequences } from "../sequences.js";
import type { NumberArray } from "./array.js";
import type { NumberFormat } from "./format.js";
import { parseLong } from "./long.js";
import { hasRepeats, type NamedTable, namedTable, numberedColumns } from "./named-table.js";
import { isTime } from "./times.js";
import { parseWide } from "./wide.js";

export const layouts = ["wide", "long"] as const;
export type Layout = (typeof layouts)[number];

/** What of sequences of numbers can be learnt. */
export const numberTasks = ["classify", "label", "forecast"] as const;
export type NumberTask = (typeof numberTasks)[number];

/** What a table does not say of itself. */
export interface TableChoices {
  /** Decides what is made of labels; `classify` when left out. */
  readonly task?: NumberTask;
  /** A row for each sequence, or for each step; found out when left out. */
  readonly layout?: Layout;
  /** The column of classes; of a wide table without header `first`, `last` or a number from 1. */
  readonly labelColumn?: string;
  /** Long: the column that says which sequence a row belongs to. */
  readonly sequenceColumn?: string;
  /** Long: the column that says when a row was. */
  readonly timeColumn?: string;
  /** Long: the column of numbers that are to be forecast, instead of the next values of the channels. */
  readonly targetColumn?: string;
  /** Long: how many steps ahead the target is to be forecast, 1 when left out; of 0 steps it is no channel. */
  readonly horizon?: number;
  /** Long: the columns that are values, in this order; all that are nothing else when left out. */
  readonly channels?: readonly string[];
  readonly remark?: Remark;
}

export interface TableOptions extends TableChoices {
  /** The classes of a network or of training data; those of the table when left out. */
  readonly classes?: readonly string[];
  /** Whether the table may have no labels, as where a network is only applied: none are then looked for, nor given. */
  readonly unlabelled?: boolean;
}

/**
 * The sequences of a table in CSV, or with semicolons, tabs, bars or blanks between its cells.
 * @throws InputError in one line with file and line: when the layout or a column is not certain, when a cell that should be
 * a number is none or a row is longer than the header, and when rows of a sequence are not in the order of their times.
 */
export function parseNumbers(text: string, where: string, options: TableOptions = {}): Sequences {
  const table = namedTable(text, where);
  return layoutOf(table, options) === "wide" ? parseWide(table, options) : parseLong(table, options);
}

function layoutOf(table: NamedTable, options: TableOptions): Layout {
  const { layout, task = "classify", sequenceColumn, timeColumn, targetColumn, channels } = options;
  if (layout !== undefined) return layout;
  if (task !== "classify") return "long";
  if (sequenceColumn ?? timeColumn ?? targetColumn ?? channels) return "long";
  if (!table.hasHeader) return "wide";
  const values = numberedColumns(table.names);
  const sequences = columnsNamed(table.names, columnNames.sequence);
  const repeats = sequences.some((column) => hasRepeats(table, column));
  if (repeats && values.length < 3) return "long";
  if (!repeats && (values.length >= 3 || !hasTimes(table))) return "wide";
  throw new InputError({
    where: table.whereHeader,
    what: repeats
      ? "whether a row is a sequence or a step is not certain: sequences have several rows, and columns are numbered"
      : "to tell sequences of steps apart there must be a column that says which sequence a row belongs to",
    hint: repeats
      ? "say --layout wide or --layout long"
      : "name it with --sequence-column, or say --layout wide if each row is a sequence",
  });
}

function hasTimes({ names, first }: NamedTable): boolean {
  return columnsNamed(names, columnNames.time).length > 0 || first.cells.some(isTime);
}

/** Any text that no other format is known by. */
export const tableFormat: NumberFormat = {
  name: "CSV",
  recognises: (head, name) => /\.(csv|tsv|tab|txt|dat)$/.test(name) || !head.includes(0),
  sequences: ({ where, text }, { table, ...options }) =>
    parseNumbers(text(), where, { ...table, ...options }),
  labels: ({ where, text }) => parseLabels(text(), where),
};

/** The labels of a table that has a column of them, or no other column. */
function parseLabels(text: string, where: string): NumberArray {
  const { names, hasHeader, whereHeader, index, rows } = namedTable(text, where);
  const columns = [...names.keys()].filter((column) => !index.has(column));
  const named = hasHeader ? columnsNamed(names, columnNames.label) : [];
  const [column, ...others] = columns.length === 1 ? columns : named;
  if (column === undefined || others.length > 0) {
    throw new InputError({
      where: whereHeader,
      what: `which column has the labels is not certain: ${listed(names, columns)}`,
      hint: "give a table with one column",
    });
  }
  const values = Array.from(rows, ({ cells, line }) => {
    const label = labelName(cells[column] ?? "");
    if (label !== "") return label;
    throw new InputError({ where: `${where}:${line}`, what: "the row has no label", hint: "add it" });
  });
  return { kind: "text", shape: [values.length], values };
}
