// Tables to predict from: any CSV with a header, of which some columns are read as numbers. A cell is looked at only
// when its column is used, so that a table may carry names, times and blanks beside what is predicted from.
import { type CsvError, parse } from "csv-parse/sync";
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
 * Reads a comma-separated file with a header.
 * @throws FileError when it cannot be read. @throws InputError as `parseTable`.
 */
export function readTable(path: string): Table {
  return parseTable(readText(path), path);
}

/**
 * A table from comma-separated text with a header; blank lines are skipped.
 * @throws InputError when the text is empty, is not CSV, repeats a column, or has a row of another length. A header alone
 * is a table without rows.
 */
export function parseTable(text: string, source: string): Table {
  const [header, ...records] = parseCsv(text, source);
  if (!header) throw new InputError({ where: source, what: "is empty", hint: "give a CSV with a header" });
  const columns = header.record;
  const repeated = columns.find((name, i) => columns.indexOf(name) < i);
  if (repeated !== undefined) {
    throw new InputError({
      where: `${source}:${header.info.lines}`,
      what: `column ${JSON.stringify(repeated)} appears twice`,
      hint: "rename one of them",
    });
  }
  return {
    source,
    columns,
    rows: records.map(({ record }) => record),
    lines: records.map(({ info }) => info.lines),
  };
}

interface CsvRecord {
  record: string[];
  info: { lines: number };
}

function parseCsv(text: string, source: string): CsvRecord[] {
  try {
    return parse(text, { info: true, skip_empty_lines: true, trim: true }) as unknown as CsvRecord[];
  } catch (error) {
    const { code, lines, message } = error as CsvError & { lines?: number };
    const where = lines === undefined ? source : `${source}:${lines}`;
    if (code === "CSV_RECORD_INCONSISTENT_FIELDS_LENGTH") {
      throw new InputError({
        where,
        what: "the row has not as many cells as the header",
        hint: "check for a missing or an extra comma, or a file that was cut off",
        cause: error,
      });
    }
    throw new InputError({ where, what: `is not a CSV: ${message}`, cause: error });
  }
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
        hint: "correct the cell or remove the row",
      });
    }
    return Number(row[column]);
  });
}

/** Whether a column has any number in it; one that has none is a name or a label. */
export function isNumeric(table: Table, name: string): boolean {
  const column = columnIndex(table, name);
  return table.rows.some((row) => decimal.test(row[column]));
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
