// Datasets as CSV files, readable by a spreadsheet and compatible with the files of the thesis this project grew from
// (an unnamed index column, `string`, `valid`). A bad row is named by file and line, because users bring their own files.
import { parse } from "csv-parse/sync";
import { stringify } from "csv-stringify/sync";
import { InputError } from "../errors.js";
import { readBytes, writeTogether, writeWhole } from "../files.js";
import { suggest } from "../suggest.js";
import { BINARY, createDataset, type Dataset, type DatasetForm } from "./dataset.js";

/** Characters a row may have before the file is taken for something else, for example one with an open quote. */
const LONGEST_ROW = 128_000;

const COLUMNS_HINT = 'begin the file with the line "string,valid"';

interface Row {
  record: string[];
  info: { lines: number };
}

/**
 * Reads a CSV file whose header has a column `string` and a column `valid` or `label`; others are ignored. A label
 * is the name of a class or its number, 0 or 1 where the classes have no names.
 * @throws FileError when the file cannot be read, InputError naming file and line when a row cannot be used.
 */
export function readDataset(path: string, form: DatasetForm = {}): Dataset {
  const [header, ...rows] = parseRows(path);
  if (header === undefined)
    throw new InputError({ where: path, what: "the file is empty", hint: COLUMNS_HINT });
  const names = header.record.map((name) => name.trim().toLowerCase());
  const stringColumn = names.indexOf("string");
  const labelColumn = names.includes("valid") ? names.indexOf("valid") : names.indexOf("label");
  for (const [column, name] of [
    [stringColumn, '"string"'],
    [labelColumn, '"valid" or "label"'],
  ] as const) {
    if (column < 0) {
      throw new InputError({
        where: `${path}:${header.info.lines}`,
        what: `no column ${name} in the header`,
        hint: COLUMNS_HINT,
      });
    }
  }
  if (rows.length === 0) {
    throw new InputError({ where: path, what: "has a header but no rows", hint: "add labelled strings" });
  }

  const whereRow = (row: number) => `${path}:${rows[row].info.lines}`;
  const labels = rows.map(({ record }, row) => {
    const label = record[labelColumn]?.trim() ?? "";
    if (label === "")
      throw new InputError({ where: whereRow(row), what: "the row has no label", hint: "add 0 or 1" });
    if (record.length > names.length) {
      throw new InputError({
        where: whereRow(row),
        what: `the row has ${record.length} fields, the header ${names.length}`,
        hint: "put a string that contains a comma in double quotes",
      });
    }
    return classOf(label, form.labels, () => whereRow(row));
  });
  return createDataset(
    rows.map(({ record }) => record[stringColumn] ?? ""),
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

/**
 * Writes a dataset with the columns `,string,valid`, whole or not at all.
 * @param firstIndex the index of the first row; a test file goes on where its training file ended.
 * @throws FileError when the file cannot be written.
 */
export function writeDataset(path: string, dataset: Dataset, firstIndex = 0): void {
  writeWhole(path, encodeDataset(dataset, firstIndex));
}

/**
 * Writes training and test data, whose indices run on, both whole or neither.
 * @throws FileError when a file cannot be written.
 */
export function writeDatasets(
  train: readonly [path: string, Dataset],
  test: readonly [path: string, Dataset],
): void {
  writeTogether([
    [train[0], encodeDataset(train[1], 0)],
    [test[0], encodeDataset(test[1], train[1].strings.length)],
  ]);
}

function encodeDataset({ strings, labels }: Dataset, firstIndex: number): string {
  const rows = strings.map((string, row) => [firstIndex + row, string, labels[row]]);
  return stringify([["", "string", "valid"], ...rows]);
}

function parseRows(path: string): Row[] {
  const bytes = readBytes(path);
  try {
    return parse(bytes, {
      bom: true,
      info: true,
      max_record_size: LONGEST_ROW,
      relax_column_count: true,
      skip_empty_lines: true,
    }) as unknown as Row[];
  } catch (error) {
    const { code, lines } = error as { code?: string; lines?: number };
    throw new InputError({
      where: lines === undefined ? path : `${path}:${lines}`,
      what: explain(code),
      hint: "check that it is a CSV file with commas and balanced double quotes",
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
