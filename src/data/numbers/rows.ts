// The rows of a table of numbers. Such a table may have a hundred million cells, too many to hold as strings at once, so
// rows are cut when they are asked for; and as numbers have no semicolons, tabs or bars in them, what separates cells is
// told from the rows themselves.
import { InputError } from "../../errors.js";
import { separatorNames } from "../delimited.js";

/** A row that has been cut. */
export interface TableRow {
  /** Without blanks around them. */
  readonly cells: readonly string[];
  /** The line of the text, from 1. */
  readonly line: number;
}

/** The rows of a table, in order; may be gone through several times. Decimal commas have become points. */
export interface TableRows extends Iterable<TableRow> {
  /** What separates cells, in words. */
  readonly separator: string;
}

type Separator = keyof typeof separatorNames | "blank" | "none";

const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const WITH_COMMA = /^[+-]?\d*,\d+(e[+-]?\d+)?$/i;
/** Digits in threes, which a comma or point may hold together. */
const GROUPED = /^[+-]?[1-9]\d{0,2}([.,]\d{3})+([.,]\d+)?$/;

/**
 * The rows of a text; empty lines are left out.
 * @throws InputError when there is none, and, when they are gone through, for a quote that is not closed on its line.
 */
export function tableRows(text: string, where: string): TableRows {
  const named = /^sep=([,;\t|])(\r\n|\n|\r)/i.exec(text);
  const begin = named ? named[0].length : 0;
  const firstLine = named ? 2 : 1;
  const start = [...first(linesOf(text, begin, firstLine), 2)];
  if (start.length === 0)
    throw new InputError({ where, what: "the file is empty", hint: "give a CSV of numbers" });
  const separator = (named?.[1] as Separator | undefined) ?? separatorOf(start.map(({ line }) => line));
  const cutRows = (change: (cells: string[]) => string[]): Iterable<TableRow> => ({
    *[Symbol.iterator]() {
      for (const { line, number } of linesOf(text, begin, firstLine)) {
        yield { cells: change(cut(line, separator, `${where}:${number}`)), line: number };
      }
    },
  });
  const asTheyStand = cutRows((cells) => cells);
  const isLocal = separator !== "," && text.includes(",") && hasDecimalCommas(asTheyStand);
  const rows = isLocal ? cutRows((cells) => cells.map(withPoint)) : asTheyStand;
  const name = separator === "blank" ? "blank" : separatorNames[separator === "none" ? "," : separator];
  return { [Symbol.iterator]: () => rows[Symbol.iterator](), separator: name };
}

function withPoint(cell: string): string {
  return WITH_COMMA.test(cell) ? cell.replace(",", ".") : cell;
}

/** Whether a cell is a number with a decimal point. */
export function isNumber(cell: string): boolean {
  return DECIMAL.test(cell);
}

/** Whether a cell is a number in whatever form. */
export function isNumeric(cell: string): boolean {
  return DECIMAL.test(cell) || WITH_COMMA.test(cell) || GROUPED.test(cell);
}

/** Whether a cell says that there is no number. */
export function isMissing(cell: string): boolean {
  return cell === "" || /^([-+]?nan|na|n\/a|null|none|nil|\?|-+)$/i.test(cell);
}

/** What a cell has instead of a finite number in single precision, as the end of a sentence; undefined when it is one. */
export function complaint(cell: string): string | undefined {
  if (DECIMAL.test(cell))
    return Number.isFinite(Math.fround(Number(cell))) ? undefined : `is too large: ${cell.slice(0, 40)}`;
  if (cell === "") return "is empty";
  const shown = JSON.stringify(cell.slice(0, 40));
  return isMissing(cell) ? `is missing: ${shown}` : `is not a number: ${shown}`;
}

/** What to do about such a cell. */
export function hintFor(cell: string, otherwise: string): string {
  if (isMissing(cell)) return "fill gaps or leave the sequence out";
  return WITH_COMMA.test(cell) || GROUPED.test(cell)
    ? "write a decimal point, and nothing between thousands"
    : otherwise;
}

function* linesOf(text: string, begin: number, firstNumber: number) {
  const end = /\r\n|\n|\r/g;
  end.lastIndex = begin;
  let number = firstNumber;
  for (let from = begin; from <= text.length; number++) {
    const found = end.exec(text);
    const line = text.slice(from, found ? found.index : text.length);
    if (line !== "" && line.trim() !== "") yield { line, number };
    if (!found) return;
    from = end.lastIndex;
  }
}

function* first<T>(all: Iterable<T>, count: number): Iterable<T> {
  let i = 0;
  for (const one of all) {
    yield one;
    if (++i === count) return;
  }
}

// The first line may be names with anything in them; the second one, where there is one, has numbers.
function separatorOf(lines: readonly string[]): Separator {
  const [header, row = header] = lines.map((line) => line.replace(/"[^"]*"/g, '""'));
  for (const separator of [";", "\t", "|"] as const) if (row.includes(separator)) return separator;
  // Below a single name, which has no comma, a comma is a decimal one.
  if (row.includes(",")) return header.includes(",") || row.split(",").length !== 2 ? "," : "none";
  return /\S\s+\S/.test(row.trim()) ? "blank" : "none";
}

function cut(line: string, separator: Separator, where: string): string[] {
  if (line.includes('"')) return cutQuoted(line, separator, where);
  if (separator === "blank") return line.trim().split(/\s+/);
  if (separator === "none") return [line.trim()];
  const cells = line.split(separator);
  for (let i = 0; i < cells.length; i++) {
    const cell = cells[i];
    if (cell.charCodeAt(0) <= 32 || cell.charCodeAt(cell.length - 1) <= 32) cells[i] = cell.trim();
  }
  return cells;
}

function cutQuoted(line: string, separator: Separator, where: string): string[] {
  const cells: string[] = [];
  const isSeparator = (character: string) =>
    separator === "blank" ? /\s/.test(character) : character === separator;
  let at = 0;
  while (at <= line.length) {
    while (at < line.length && line[at] <= " " && !isSeparator(line[at])) at++;
    if (separator === "blank") while (at < line.length && isSeparator(line[at])) at++;
    if (line[at] !== '"') {
      let end = at;
      while (end < line.length && !isSeparator(line[end])) end++;
      cells.push(line.slice(at, end).trim());
      at = end + 1;
      continue;
    }
    let cell = "";
    for (at++; line[at] !== '"' || line[at + 1] === '"'; at++) {
      if (at >= line.length) {
        throw new InputError({
          where,
          what: "a double quote is opened and not closed on its line",
          hint: "check that it is a CSV file with balanced double quotes",
        });
      }
      cell += line[at];
      if (line[at] === '"') at++;
    }
    cells.push(cell.trim());
    at++;
    while (at < line.length && !isSeparator(line[at])) {
      if (line[at] > " ") {
        throw new InputError({
          where,
          what: "something stands after a quoted cell",
          hint: "check that it is a CSV file with balanced double quotes",
        });
      }
      at++;
    }
    at++;
  }
  return cells;
}

// Commas are decimal where some cannot stand between thousands and no number has a point.
function hasDecimalCommas(rows: Iterable<TableRow>): boolean {
  let found = false;
  for (const { cells } of rows) {
    for (const cell of cells) {
      if (cell.includes(".") && (DECIMAL.test(cell) || GROUPED.test(cell))) return false;
      if (!found && WITH_COMMA.test(cell) && !GROUPED.test(cell)) found = true;
    }
  }
  return found;
}
