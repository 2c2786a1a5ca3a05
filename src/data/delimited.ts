// Rows of cells from the text of a spreadsheet or a program: datasets, tables to predict from and edge tables all come
// through here. Commas are the documented separator; semicolons, tabs and bars are read where the header leaves no
// doubt, and line ends of any system, also mixed.
import { type CsvError, type Options, parse } from "csv-parse/sync";
import { InputError } from "../errors.js";

/** Characters a row may have before the text is taken for something else, for example one with an open quote. */
const LONGEST_ROW = 128_000;

const SEPARATORS = [",", ";", "\t", "|"] as const;
export type Separator = (typeof SEPARATORS)[number];

/** How messages call a separator. */
export const separatorNames: Record<Separator, string> = {
  ",": "comma",
  ";": "semicolon",
  "\t": "tab",
  "|": "vertical bar",
};

export interface DelimitedRow {
  readonly cells: readonly string[];
  /** The line of the text on which the row ends, from 1. */
  readonly line: number;
}

export interface Delimited {
  readonly separator: Separator;
  /** Of any length each; empty lines are left out. The first is the header. */
  readonly rows: readonly DelimitedRow[];
}

/**
 * The rows of a delimited text. What is quoted stays as it is.
 * @param trim whether blanks around cells are never part of them. Else they are, but for those after separators where
 * every separator below the header has one after it.
 * @throws InputError naming the line where quotes are not balanced or a row is absurdly long.
 */
export function parseDelimited(text: string, where: string, { trim = false } = {}): Delimited {
  // Excel's way of naming the separator, in a line before the header.
  const named = /^sep=([,;\t|])[\r\n]/i.exec(text)?.[1] as Separator | undefined;
  const separator = named ?? findSeparator(text);
  // To the parser a tab is a blank too.
  const blanks = separator !== "\t";
  const rows = parseRows(text, where, {
    delimiter: separator,
    from_line: named ? 2 : 1,
    ltrim: blanks && (trim || isSpaced(text, separator)),
    rtrim: blanks && trim,
  });
  return { separator, rows };
}

const common = {
  max_record_size: LONGEST_ROW,
  record_delimiter: ["\r\n", "\n", "\r"],
  relax_column_count: true,
  skip_empty_lines: true,
} as const satisfies Options;

// A header that several characters would divide is divided by the one that makes all rows as long as it.
function findSeparator(text: string): Separator {
  const start = text.slice(0, LONGEST_ROW);
  const possible = SEPARATORS.filter((separator) => divide(start, separator, 1)[0]?.length > 1);
  if (possible.length < 2) return possible[0] ?? ",";
  const isEven = ([header, ...rows]: string[][]) => rows.every((row) => row.length === header.length);
  return possible.find((separator) => isEven(divide(text, separator))) ?? possible[0];
}

function divide(text: string, delimiter: Separator, to?: number): string[][] {
  try {
    return parse(text, { ...common, delimiter, relax_quotes: true, to }) as string[][];
  } catch {
    return [[]];
  }
}

// Whether the separators of all rows but the header have a blank after them.
function isSpaced(text: string, separator: Separator): boolean {
  let quoted = false;
  let found = false;
  const start = text.search(/[\r\n]/);
  for (let i = start < 0 ? text.length : start; i < text.length; i++) {
    if (text[i] === '"') quoted = !quoted;
    if (quoted || text[i] !== separator) continue;
    if (text[i + 1] !== " ") return false;
    found = true;
  }
  return found;
}

function parseRows(text: string, where: string, options: Options): DelimitedRow[] {
  try {
    const records = parse(text, { ...common, ...options, info: true });
    return (records as unknown as { record: string[]; info: { lines: number } }[]).map(
      ({ record, info }) => ({ cells: record, line: info.lines }),
    );
  } catch (error) {
    const { code, lines } = error as CsvError & { lines?: number };
    throw new InputError({
      where: lines === undefined ? where : `${where}:${lines}`,
      what: explain(code),
      hint: "check that it is a CSV file with balanced double quotes",
      cause: error,
    });
  }
}

function explain(code: string | undefined): string {
  switch (code) {
    case "CSV_MAX_RECORD_SIZE":
      return `a row has more than ${LONGEST_ROW} characters`;
    case "CSV_QUOTE_NOT_CLOSED":
      return "a double quote is opened and never closed";
    case "INVALID_OPENING_QUOTE":
    case "CSV_INVALID_CLOSING_QUOTE":
      return "a double quote stands inside an unquoted or after a quoted field";
    default:
      return "cannot be read as CSV";
  }
}
