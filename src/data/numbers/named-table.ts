// A table whose columns have names: those of its header, where there is one, which is told from its rows.
import { InputError } from "../../errors.js";
import { columnNames, keyOf } from "../columns.js";
import { isMissing, isNumber, isNumeric, type TableRow, tableRows } from "./rows.js";
import { isTime } from "./times.js";

/** A table whose columns have names. */
export interface NamedTable {
  /** How it is called in messages. */
  readonly where: string;
  /** The numbers of the columns from 1, where there is no header. */
  readonly names: readonly string[];
  readonly hasHeader: boolean;
  /** How its first line is called in messages. */
  readonly whereHeader: string;
  readonly separator: string;
  /** Rows below the header. */
  readonly rows: Iterable<TableRow>;
  /** The first of them. */
  readonly first: TableRow;
  /** Columns that only number the rows, as pandas writes them. */
  readonly index: ReadonlySet<number>;
}

/** Whether a cell of the column is there twice. */
export function hasRepeats({ rows }: NamedTable, column: number): boolean {
  const seen = new Set<string>();
  for (const { cells } of rows) {
    const cell = cells[column] ?? "";
    if (seen.has(cell)) return true;
    seen.add(cell);
  }
  return false;
}

/** The largest group of columns whose names differ in one number only, in the order of the table. */
export function numberedColumns(names: readonly string[]): number[] {
  const groups = new Map<string, number[]>();
  for (const [column, name] of names.entries()) {
    const parts = /^(\D*)\d+(\D*)$/.exec(name);
    if (!parts) continue;
    const key = JSON.stringify(parts.slice(1));
    groups.set(key, [...(groups.get(key) ?? []), column]);
  }
  return [...groups.values()].reduce((most, one) => (one.length > most.length ? one : most), []);
}

/** The table in a text. @throws InputError when there are no rows or two columns have one name. */
export function namedTable(text: string, where: string): NamedTable {
  const rows = tableRows(text, where);
  const [head, next] = firstTwo(rows);
  const hasHeader = isHeader(head.cells, next?.cells, rows);
  const data: Iterable<TableRow> = hasHeader ? { [Symbol.iterator]: () => withoutFirst(rows) } : rows;
  const first = hasHeader ? next : head;
  const whereHeader = `${where}:${head.line}`;
  if (first === undefined) {
    throw new InputError({ where, what: "has a header but no rows", hint: "add rows of numbers" });
  }
  const names = hasHeader ? head.cells : head.cells.map((_, column) => String(column + 1));
  const repeated = hasHeader ? names.find((name, i) => name !== "" && names.indexOf(name) < i) : undefined;
  if (repeated !== undefined) {
    throw new InputError({
      where: whereHeader,
      what: `column ${JSON.stringify(repeated.slice(0, 40))} appears twice`,
      hint: "rename one of them",
    });
  }
  const { separator } = rows;
  const table = { where, names, hasHeader, whereHeader, separator, rows: data, first };
  return { ...table, index: hasHeader && isIndex(names[0], data) ? new Set([0]) : new Set() };
}

function firstTwo(rows: Iterable<TableRow>): [TableRow, TableRow | undefined] {
  const iterator = rows[Symbol.iterator]();
  return [iterator.next().value as TableRow, iterator.next().value as TableRow | undefined];
}

function withoutFirst(rows: Iterable<TableRow>): Iterator<TableRow> {
  const iterator = rows[Symbol.iterator]();
  iterator.next();
  return iterator;
}

/**
 * A header has no numbers; or numbers that ascend, beside a name that labels, sequences or times have; or that count, as
 * columns without names do, where no other row has its words.
 */
function isHeader(
  cells: readonly string[],
  next: readonly string[] | undefined,
  rows: Iterable<TableRow>,
): boolean {
  const own = cells[0] === "" ? cells.slice(1) : cells;
  const numbers = own.filter(isNumeric).map(Number);
  const isWord = (cell: string) => !isNumeric(cell) && !isMissing(cell) && !isTime(cell);
  const words = [...cells.keys()].filter((column) => isWord(cells[column]));
  if (numbers.length === 0) return words.length > 0;
  if (numbers.some((value, i) => i > 0 && !(value > numbers[i - 1]))) return false;
  const known: readonly ReadonlySet<string>[] = [columnNames.label, columnNames.sequence, columnNames.time];
  if (words.some((column) => known.some((names) => names.has(keyOf(cells[column]))))) return true;
  const counts = (list: readonly number[]) =>
    list.length >= 3 && (list[0] === 0 || list[0] === 1) && list.every((value, i) => value === list[0] + i);
  if (!counts(numbers) || counts((next ?? []).filter(isNumber).map(Number))) return false;
  let count = 0;
  for (const row of rows) count += Number(words.some((column) => row.cells[column] === cells[column]));
  return count <= 1;
}

/** Whether a first column without a name counts the rows. */
function isIndex(name: string, rows: Iterable<TableRow>): boolean {
  if (name !== "" && !/^Unnamed: 0$/.test(name)) return false;
  let before: number | undefined;
  for (const { cells } of rows) {
    const value = /^\d+$/.test(cells[0]) ? Number(cells[0]) : Number.NaN;
    if (before === undefined ? Number.isNaN(value) : value !== before + 1) return false;
    before = value;
  }
  return true;
}
