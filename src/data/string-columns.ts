// Which column of a file has the strings and which their labels. Names that say so are taken by their word, and of two
// columns the one with few different cells has the labels; anything less certain is asked for.
import { InputError } from "../errors.js";
import { columnNames, columnOf, columnsNamed, listed } from "./columns.js";
import type { DelimitedRow } from "./delimited.js";

/** How columns are asked for. */
export interface StringColumns {
  /** The name of the column of strings, or its number from 1 where there is no header; found out when left out. */
  readonly stringColumn?: string;
  /** The same of their labels. */
  readonly labelColumn?: string;
}

export interface FoundColumns {
  readonly string: number;
  readonly label: number;
  readonly hasHeader: boolean;
}

const HINT = "name them with --string-column and --label-column";

/**
 * The columns of a file whose first row is its header, unless that row is labelled as others are.
 * @param classes those of a network or of the training data, where they are known.
 * @throws InputError that lists the columns where they are not certain.
 */
export function findStringColumns(
  rows: readonly DelimitedRow[],
  path: string,
  { stringColumn, labelColumn }: StringColumns,
  classes?: readonly string[],
): FoundColumns {
  const [header, ...rest] = rows;
  const names = header.cells.map((name) => name.trim());
  const where = `${path}:${header.line}`;
  const numbered = [stringColumn, labelColumn].filter((name) => name !== undefined);
  if (numbered.length > 0 && numbered.every((name) => isNumberOf(name, names))) {
    const all = names.map((_, column) => String(column + 1));
    return { ...find(all, rows, where, { stringColumn, labelColumn }, classes), hasHeader: false };
  }
  const isNamed = [columnNames.string, columnNames.label].some(
    (known) => columnsNamed(names, known).length > 0,
  );
  const found = find(names, rows, where, { stringColumn, labelColumn }, classes);
  const isLabel = (cell: string) =>
    classes?.includes(cell) ?? rest.some(({ cells }) => cells[found.label]?.trim() === cell);
  return { ...found, hasHeader: isNamed || numbered.length > 0 || !isLabel(names[found.label]) };
}

/** Whether a column is asked for by its number, and there is none of that name. */
function isNumberOf(name: string, names: readonly string[]): boolean {
  return /^[1-9]\d{0,5}$/.test(name) && Number(name) <= names.length && !names.includes(name);
}

function find(
  names: readonly string[],
  rows: readonly DelimitedRow[],
  where: string,
  { stringColumn, labelColumn }: StringColumns,
  classes: readonly string[] | undefined,
): Omit<FoundColumns, "hasHeader"> {
  const uncertain = (what: string, columns: readonly number[]) =>
    new InputError({ where, what: `${what}: ${listed(names, columns)}`, hint: HINT });
  let string =
    stringColumn === undefined ? undefined : columnOf(names, stringColumn, where, "--string-column");
  let label = labelColumn === undefined ? undefined : columnOf(names, labelColumn, where, "--label-column");
  const other = (taken: number | undefined) => (column: number) => column !== taken;
  // These names come before others that are known.
  const exact = (wanted: readonly string[]) =>
    wanted.map((name) => names.findIndex((own) => own.toLowerCase() === name)).find((column) => column >= 0);
  const named = (known: ReadonlySet<string>, first: readonly string[], taken: number | undefined) => {
    const column = exact(first);
    if (column !== undefined && column !== taken) return [column];
    return columnsNamed(names, known).filter(other(taken));
  };
  if (string === undefined) {
    const columns = named(columnNames.string, ["string"], label);
    if (columns.length > 1) throw uncertain("which column has the strings is not certain", columns);
    string = columns[0];
  }
  if (label === undefined) {
    const columns = named(columnNames.label, ["valid", "label"], string);
    if (columns.length > 1) throw uncertain("which column has the labels is not certain", columns);
    label = columns[0];
  }
  const free = [...names.keys()].filter((column) => names[column] !== "" && names[column] !== "Unnamed: 0");
  const cells = (column: number) => rows.map((row) => row.cells[column]?.trim() ?? "");
  if (string === undefined && label === undefined) {
    if (free.length === 2) [label, string] = labelAndString(free, cells, classes);
  } else if (label === undefined) {
    // Cells that all differ are no classes.
    const columns = free.filter(other(string));
    const possible = columns.length === 1 ? columns : columns.filter((column) => repeats(cells(column)));
    if (possible.length === 1) [label] = possible;
  } else if (string === undefined) {
    // Numbers are no strings where there are others.
    const columns = free.filter(other(label));
    const possible = columns.length === 1 ? columns : columns.filter((column) => !areNumbers(cells(column)));
    if (possible.length === 1) [string] = possible;
  }
  if (names.length === 1) {
    throw new InputError({
      where,
      what: `there is one column, ${listed(names)}, and no other with the labels`,
      hint: 'separate the columns by commas outside quotes, below a line such as "string,valid"',
    });
  }
  if (string === undefined || label === undefined) {
    const what =
      string === label
        ? "which columns have the strings and the labels is not certain"
        : `which column has the ${string === undefined ? "strings" : "labels"} is not certain`;
    throw uncertain(what, [...names.keys()]);
  }
  if (string === label) {
    throw new InputError({
      where,
      what: `the column ${JSON.stringify(names[string])} is asked for twice`,
      hint: "name one for the strings and another for the labels",
    });
  }
  return { string, label };
}

/** Of two columns the one with labels, and the other one; none where both could be. */
function labelAndString(
  columns: readonly number[],
  cellsOf: (column: number) => readonly string[],
  classes: readonly string[] | undefined,
): [label?: number, string?: number] {
  // The first row may be a header.
  const [one, other] = columns.map((column) => {
    const [first, ...cells] = cellsOf(column);
    const kinds = new Set(cells);
    const areKnown = (some: readonly string[]) =>
      classes !== undefined && some.length > 0 && some.every((cell) => classes.includes(cell));
    const isFew = 2 * kinds.size <= cells.length || 2 * kinds.add(first).size <= cells.length + 1;
    return { column, kinds: kinds.size, isFew, isKnown: areKnown(cells) || areKnown([first, ...cells]) };
  });
  const isLabel = (a: typeof one, b: typeof one) =>
    a.isKnown === b.isKnown ? a.isFew && (!b.isFew || CLEARLY * a.kinds <= b.kinds) : a.isKnown;
  if (isLabel(one, other)) return [one.column, other.column];
  return isLabel(other, one) ? [other.column, one.column] : [];
}

/** How many times as many different cells strings have where labels and strings both repeat. */
const CLEARLY = 2;

/** Whether a cell below the first row, which may be a header, is there twice. */
function repeats([, ...cells]: readonly string[]): boolean {
  return new Set(cells).size < cells.length;
}

function areNumbers([, ...cells]: readonly string[]): boolean {
  return cells.every((cell) => /^[+-]?[\d.,]*$/.test(cell));
}
