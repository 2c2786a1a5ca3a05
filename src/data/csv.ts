// Datasets as CSV files, readable by a spreadsheet and compatible with the files of Darji (2021)
// (an unnamed index column, `string`, `valid`). A bad row is named by file and line, because users bring their own files.
import { stringify } from "csv-stringify/sync";
import { InputError } from "../errors.js";
import { suggest } from "../suggest.js";
import { classesOf, labelName } from "./classes.js";
import { columnNames, columnOf, columnsNamed, listed } from "./columns.js";
import { BINARY, createDataset, type Dataset, type DatasetForm } from "./dataset.js";
import { parseDelimited, separatorNames } from "./delimited.js";
import { findStringColumns, type StringColumns } from "./string-columns.js";

/** How a file of labelled strings is read. */
export interface CsvForm extends DatasetForm, StringColumns {
  /** Whether a label may also be the number of a class that has a name. */
  readonly numbered?: boolean;
  /** Whose classes these are, in messages; the network's when left out. */
  readonly classesOf?: string;
}

/** Different labels beyond which most strings must share theirs with another. */
const FEW_CLASSES = 20;

/**
 * The dataset in CSV: a column of strings and one of labels, others are ignored. Labels are names of classes, or their
 * numbers; what classes there are is found in the file where the form does not say.
 * @param path how the text is called in messages.
 * @throws InputError when the columns are not certain, and naming file and line when a row cannot be used.
 */
export function parseDataset(text: string, path: string, form: CsvForm = {}): Dataset {
  return parse(text, path, form).dataset;
}

/** A text and how messages call it. */
export interface NamedCsv {
  readonly text: string;
  readonly path: string;
}

/**
 * Strings to learn from and strings to test with: these have no class that those lack, and the same columns where they have
 * columns of these names.
 * @throws InputError as `parseDataset`.
 */
export function parseDatasets(
  train: NamedCsv,
  test: NamedCsv,
  form: CsvForm = {},
): { train: Dataset; test: Dataset } {
  const { dataset, columns } = parse(train.text, train.path, form);
  const { classes } = dataset;
  const ofTest = form.classes ? form : { ...form, classes, classesOf: "training data" };
  return { train: dataset, test: parse(test.text, test.path, ofTest, columns).dataset };
}

/** @param like columns that are taken where nothing else is asked for and there are columns of these names. */
function parse(
  text: string,
  path: string,
  form: CsvForm,
  like?: Required<StringColumns>,
): { dataset: Dataset; columns: Required<StringColumns> } {
  const { separator, rows: all } = parseDelimited(text, path);
  if (all.length === 0) {
    throw new InputError({
      where: path,
      what: "the file is empty",
      hint: 'begin the file with the line "string,valid"',
    });
  }
  const asked = form.stringColumn !== undefined || form.labelColumn !== undefined;
  const header = all[0].cells.map((name) => name.trim());
  const isLike = like && Object.values(like).every((name) => header.includes(name));
  const columns = findStringColumns(all, path, isLike && !asked ? like : form, form.classes);
  const rows = columns.hasHeader ? all.slice(1) : all;
  const whereRow = (row: number) => `${path}:${rows[row].line}`;
  if (rows.length === 0) {
    throw new InputError({ where: path, what: "has a header but no rows", hint: "add labelled strings" });
  }
  const width = all[0].cells.length;
  const names = rows.map(({ cells }, row) => {
    const label = labelName(cells[columns.label]?.trim() ?? "");
    if (label === "" || /^nan$/i.test(label))
      throw new InputError({
        where: whereRow(row),
        what: "the row has no label",
        hint: "add it or leave the row out",
      });
    if (cells.length > width) {
      throw new InputError({
        where: whereRow(row),
        what: `the row has ${cells.length} fields, the ${columns.hasHeader ? "header" : "first row"} ${width}`,
        hint: `put a string that contains a ${separatorNames[separator]} in double quotes`,
      });
    }
    return label;
  });
  const classes = form.classes ?? classesIn(names, path, whereRow);
  const places = new Map(classes.map((name, place) => [name, place]));
  const labels = names.map((label, row) => {
    const place = places.get(label);
    if (place !== undefined) return place;
    if (form.numbered && /^\d{1,9}$/.test(label) && Number(label) < classes.length) return Number(label);
    throw noClass(label, classes, form.classesOf ?? "network", whereRow(row));
  });
  const strings = rows.map(({ cells }) => cells[columns.string] ?? "");
  const nameOf = (column: number) => (columns.hasHeader ? header[column] : String(column + 1));
  return {
    dataset: createDataset(strings, labels, path, whereRow, { vocabulary: form.vocabulary, classes }),
    columns: { stringColumn: nameOf(columns.string), labelColumn: nameOf(columns.label) },
  };
}

/** Characters of the longest label, which a network's file has in it. */
const LONGEST_LABEL = 200;

/** @throws InputError when labels are so many or so long that they are none. */
function classesIn(
  labels: readonly string[],
  path: string,
  whereRow: (row: number) => string,
): readonly string[] {
  const different = new Set(labels);
  const bad = labels.findIndex((label) => label.length > LONGEST_LABEL || /\p{Cc}/u.test(label));
  if (bad >= 0) {
    throw new InputError({
      where: whereRow(bad),
      what: `the label ${JSON.stringify(labels[bad].slice(0, 40))} is longer than ${LONGEST_LABEL} characters or has a line break in it`,
      hint: "name the column of the classes with --label-column",
    });
  }
  if ([...different].every((label) => BINARY.includes(label))) return BINARY;
  if (different.size > FEW_CLASSES && 2 * different.size > labels.length) {
    throw new InputError({
      where: path,
      what: `has ${different.size} different labels in ${labels.length} rows, so that they are hardly classes`,
      hint: "name the column of the classes with --label-column",
    });
  }
  return classesOf(different, path);
}

function noClass(label: string, classes: readonly string[], whose: string, where: string): InputError {
  const shown = `the label ${JSON.stringify(label.slice(0, 40))}`;
  return new InputError(
    classes === BINARY || classes.join() === BINARY.join()
      ? {
          where,
          what: `${shown} is not 0 or 1, which are the classes of the ${whose}`,
          hint: "write 1 for a string of the language and 0 for any other",
        }
      : { where, what: `${shown} is no class of the ${whose}`, hint: suggest(label, classes) },
  );
}

/**
 * The strings of a file without their labels: a column that is asked for or that its name tells, or the only one.
 * @throws InputError when it is not certain which column has them.
 */
export function parseStrings(
  text: string,
  path: string,
  { stringColumn }: Pick<StringColumns, "stringColumn"> = {},
): string[] {
  const { rows } = parseDelimited(text, path);
  const names = (rows[0]?.cells ?? []).map((name) => name.trim());
  const where = `${path}:${rows[0]?.line ?? 1}`;
  const named = columnsNamed(names, columnNames.string);
  const column =
    stringColumn === undefined
      ? named.length === 1 || names.length > 1
        ? named[0]
        : 0
      : columnOf(names, stringColumn, where, "--string-column");
  if (rows.length === 0 || column === undefined || (stringColumn === undefined && named.length > 1)) {
    throw new InputError({
      where,
      what:
        rows.length === 0
          ? "the file is empty"
          : `which column has the strings is not certain: ${listed(names)}`,
      hint: "name it with --string-column",
    });
  }
  const hasHeader = stringColumn !== undefined || named.length === 1;
  return rows.slice(hasHeader ? 1 : 0).map(({ cells }) => cells[column] ?? "");
}

/**
 * A dataset as CSV with the columns `,string,valid`.
 * @param firstIndex the index of the first row; a test file goes on where its training file ended.
 */
export function formatDataset({ strings, labels, classes }: Dataset, firstIndex = 0): string {
  const rows = strings.map((string, row) => [firstIndex + row, string, classes[labels[row]]]);
  // What a reader might take for layout is quoted.
  return stringify([["", "string", "valid"], ...rows], { quoted_match: /^\s|\s$|\r/ });
}
