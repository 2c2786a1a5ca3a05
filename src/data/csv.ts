// Datasets as CSV files, readable by a spreadsheet and compatible with the files of Darji (2021)
// (an unnamed index column, `string`, `valid`). A bad row is named by file and line, because users bring their own files.
import { stringify } from "csv-stringify/sync";
import { InputError } from "../errors.js";
import { suggest } from "../suggest.js";
import { BINARY, createDataset, type Dataset, type DatasetForm } from "./dataset.js";
import { type DelimitedRow, parseDelimited, separatorNames } from "./delimited.js";

const COLUMNS_HINT = 'begin the file with the line "string,valid"';

/**
 * The dataset in CSV whose header has a column `string` and a column `valid` or `label`; others are ignored. A label
 * is the name of a class or its number, 0 or 1 where the classes have no names.
 * @param path how the text is called in messages.
 * @throws InputError naming file and line when a row cannot be used.
 */
export function parseDataset(text: string, path: string, form: DatasetForm = {}): Dataset {
  const { separator, rows: all } = parseDelimited(text, path);
  const [header, ...rows] = all;
  if (header === undefined)
    throw new InputError({ where: path, what: "the file is empty", hint: COLUMNS_HINT });
  const names = header.cells.map((name) => name.trim().toLowerCase());
  const whereRow = (row: number) => `${path}:${rows[row].line}`;
  const stringColumn = names.indexOf("string");
  const labelColumn = names.includes("valid") ? names.indexOf("valid") : names.indexOf("label");
  if (stringColumn < 0) throw missing('"string"', header, path);
  if (labelColumn < 0) throw missing('"valid" or "label"', header, path);
  if (rows.length === 0) {
    throw new InputError({ where: path, what: "has a header but no rows", hint: "add labelled strings" });
  }

  const labels = rows.map(({ cells }, row) => {
    const label = cells[labelColumn]?.trim() ?? "";
    if (label === "")
      throw new InputError({ where: whereRow(row), what: "the row has no label", hint: "add 0 or 1" });
    if (cells.length > names.length) {
      throw new InputError({
        where: whereRow(row),
        what: `the row has ${cells.length} fields, the header ${names.length}`,
        hint: `put a string that contains a ${separatorNames[separator]} in double quotes`,
      });
    }
    return classOf(label, form.labels, () => whereRow(row));
  });
  return createDataset(
    rows.map(({ cells }) => cells[stringColumn] ?? ""),
    labels,
    path,
    whereRow,
    form,
  );
}

function classOf(label: string, names = BINARY, where: () => string): number {
  const named = names.indexOf(label);
  if (named >= 0) return named;
  if (/^\d{1,9}$/.test(label) && Number(label) < names.length) return Number(label);
  const shown = `the label ${JSON.stringify(label.slice(0, 40))}`;
  throw new InputError(
    names === BINARY
      ? {
          where: where(),
          what: `${shown} is not 0 or 1`,
          hint: "write 1 for a string of the language and 0 for any other",
        }
      : {
          where: where(),
          what: `${shown} is no class of the network`,
          hint: suggest(label, names),
        },
  );
}

function missing(name: string, { cells, line }: DelimitedRow, path: string): InputError {
  const header = cells.slice(0, 5).map((cell) => JSON.stringify(cell.slice(0, 40)));
  // The names may be there, and not be divided.
  const undivided = cells.some((cell) => /\bstring\b/i.test(cell) && /\b(valid|label)\b/i.test(cell));
  return new InputError({
    where: `${path}:${line}`,
    what: `no column ${name} in the header`,
    hint: undivided
      ? `separate the columns by commas outside quotes: it has one, ${header[0]}`
      : `${COLUMNS_HINT}; it begins with ${header.join(", ")}`,
  });
}

/**
 * A dataset as CSV with the columns `,string,valid`.
 * @param firstIndex the index of the first row; a test file goes on where its training file ended.
 */
export function formatDataset({ strings, labels }: Dataset, firstIndex = 0): string {
  const rows = strings.map((string, row) => [firstIndex + row, string, labels[row]]);
  // What a reader might take for layout is quoted.
  return stringify([["", "string", "valid"], ...rows], { quoted_match: /^\s|\s$|\r/ });
}
