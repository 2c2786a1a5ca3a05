// Datasets as CSV files, readable by a spreadsheet and compatible with the files of Darji (2021)
// (an unnamed index column, `string`, `valid`). A bad row is named by file and line, because users bring their own files.
import { stringify } from "csv-stringify/sync";
import { InputError } from "../errors.js";
import { suggest } from "../suggest.js";
import { classesOf, labelName } from "./classes.js";
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
  const { separator, rows: all } = parseDelimited(text, path);
  if (all.length === 0) {
    throw new InputError({
      where: path,
      what: "the file is empty",
      hint: 'begin the file with the line "string,valid"',
    });
  }
  const columns = findStringColumns(all, path, form, form.classes);
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
  const classes = form.classes ?? classesIn(names, path);
  const places = new Map(classes.map((name, place) => [name, place]));
  const labels = names.map((label, row) => {
    const place = places.get(label);
    if (place !== undefined) return place;
    if (form.numbered && /^\d{1,9}$/.test(label) && Number(label) < classes.length) return Number(label);
    throw noClass(label, classes, form.classesOf ?? "network", whereRow(row));
  });
  const strings = rows.map(({ cells }) => cells[columns.string] ?? "");
  return createDataset(strings, labels, path, whereRow, { vocabulary: form.vocabulary, classes });
}

/** @throws InputError when labels are so many that they are none. */
function classesIn(labels: readonly string[], path: string): readonly string[] {
  const different = new Set(labels);
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
 * A dataset as CSV with the columns `,string,valid`.
 * @param firstIndex the index of the first row; a test file goes on where its training file ended.
 */
export function formatDataset({ strings, labels, classes }: Dataset, firstIndex = 0): string {
  const rows = strings.map((string, row) => [firstIndex + row, string, classes[labels[row]]]);
  // What a reader might take for layout is quoted.
  return stringify([["", "string", "valid"], ...rows], { quoted_match: /^\s|\s$|\r/ });
}
