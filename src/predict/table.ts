// Tables to predict from: any CSV with a header, of which some columns are read as numbers. A cell is looked at only
// when its column is used, so that a table may carry names, times and blanks beside what is predicted from.
import { parseDelimited, separatorNames } from "../data/delimited.js";
import { InputError } from "../errors.js";
import { readText } from "../files.js";
import { suggest } from "../suggest.js";

/** A table as text, with where it came from. */
export interface Table {
  /** The file, or a name for a table that was made in memory; errors begin with it. */
  readonly source: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** The line on which each row stands in its file. */
  readonly lines: readonly number[];
}

/**
 * Reads a CSV file with a header.
 * @throws FileError when it cannot be read. @throws InputError as `parseTable`.
 */
export function readTable(path: string): Table {
  return parseTable(readText(path), path);
}

/**
 * A table from delimited text with a header; blank lines are skipped. Decimal commas become points where it is certain
 * that commas are decimal.
 * @throws InputError when the text is empty, is not CSV, repeats a column, or has a row of another length. A header alone
 * is a table without rows.
 */
export function parseTable(text: string, source: string): Table {
  const { separator, rows: all } = parseDelimited(text, source, { trim: true });
  const [header, ...records] = all.map(({ cells, line }) => ({
    cells: cells.map((cell) => cell.trim()),
    line,
  }));
  if (!header) throw new InputError({ where: source, what: "is empty", hint: "give a CSV with a header" });
  const columns = header.cells;
  // Those without a name are never used.
  const repeated = columns.find((name, i) => name !== "" && columns.indexOf(name) < i);
  if (repeated !== undefined) {
    throw new InputError({
      where: `${source}:${header.line}`,
      what: `column ${JSON.stringify(repeated)} appears twice`,
      hint: "rename one of them",
    });
  }
  for (const { cells, line } of records) {
    if (cells.length === columns.length) continue;
    const name = separatorNames[separator];
    throw new InputError({
      where: `${source}:${line}`,
      what: "the row has not as many cells as the header",
      hint:
        cells.length > columns.length
          ? `put a cell that contains a ${name} in double quotes, and write decimal points`
          : `check for a missing or an extra ${name}, or a file that was cut off`,
    });
  }
  return {
    source,
    columns,
    rows: withDecimalPoints(records.map(({ cells }) => cells)),
    lines: records.map(({ line }) => line),
  };
}

const withComma = /^[+-]?\d*,\d+(e[+-]?\d+)?$/i;
const grouped = /^[+-]?[1-9]\d{0,2}([.,]\d{3})+([.,]\d+)?$/;

/**
 * Cells with decimal commas as cells with points. Commas are decimal where some cannot stand between thousands and no
 * number has a point; else all is left as it is, and `numbers` will refuse it.
 */
function withDecimalPoints(rows: string[][]): string[][] {
  const numbers = rows.flatMap((row) => row.filter((cell) => decimal.test(cell) || withComma.test(cell)));
  const isDecimal = numbers.some((cell) => withComma.test(cell) && !grouped.test(cell));
  if (!isDecimal || numbers.some((cell) => cell.includes("."))) return rows;
  return rows.map((row) => row.map((cell) => (withComma.test(cell) ? cell.replace(",", ".") : cell)));
}

// A number as some countries write it.
function isLocal(cell: string): boolean {
  return withComma.test(cell) || grouped.test(cell);
}

/** A table from records that share their keys, for results that never were a file. */
export function tableOf(
  source: string,
  records: readonly Readonly<Record<string, number | string>>[],
): Table {
  const columns = Object.keys(records[0] ?? {});
  return {
    source,
    columns,
    rows: records.map((record) => columns.map((name) => String(record[name]))),
    lines: records.map((_, i) => i + 1),
  };
}

/**
 * The numbers of a column, one per row.
 * @throws InputError when there is no such column (with the nearest name), or for the first cell that is blank, not a
 * number, not finite, or beyond single precision.
 */
export function numbers(table: Table, name: string): Float64Array {
  const column = columnIndex(table, name);
  return Float64Array.from(table.rows, (row, i) => {
    const problem = complaint(row[column]);
    if (problem) {
      throw new InputError({
        where: `${table.source}:${table.lines[i]}`,
        what: `column ${JSON.stringify(name)} ${problem}`,
        hint: isLocal(row[column])
          ? "write a decimal point, and nothing between thousands"
          : "correct the cell or remove the row",
      });
    }
    return Number(row[column]);
  });
}

/** Whether a column has any number in it, in whatever form; one that has none is a name or a label. */
export function isNumeric(table: Table, name: string): boolean {
  const column = columnIndex(table, name);
  return table.rows.some((row) => decimal.test(row[column]) || isLocal(row[column]));
}

const decimal = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const largest = 3.4e38;

function complaint(cell: string): string | undefined {
  if (cell === "") return "is blank";
  if (!decimal.test(cell)) return `is not a number: ${JSON.stringify(cell.slice(0, 40))}`;
  if (Math.abs(Number(cell)) > largest) return `is too large: ${cell.slice(0, 40)}`;
  return undefined;
}

function columnIndex(table: Table, name: string): number {
  const index = table.columns.indexOf(name);
  if (index >= 0) return index;
  throw new InputError({
    where: table.source,
    what: `has no column ${JSON.stringify(name)}`,
    hint: suggest(name, table.columns),
  });
}
