// The one form that labelled strings take everywhere: parallel lists of strings and labels. Whatever makes a dataset
// (a file, a generator, a user's own code) has it checked here, so that nothing downstream meets a string it cannot feed.
import { InputError } from "../errors.js";
import type { Random } from "../math/random.js";
import { symbolsOf, type Vocabulary } from "./vocabulary.js";

/**
 * Labelled strings: `labels[i]` is the place of the class of `strings[i]` among `classes`; of BINARY, 1 is for strings of
 * a language and 0 for others.
 */
export interface Dataset {
  readonly strings: readonly string[];
  readonly labels: Int32Array;
  /** The names of the classes. */
  readonly classes: readonly string[];
}

/** The classes of labels that are 0 or 1. */
export const BINARY: readonly string[] = ["0", "1"];

/** What the strings and labels of a dataset may be. */
export interface DatasetForm {
  /** What strings are made of; any characters when left out. */
  readonly vocabulary?: Vocabulary;
  /** The names of the classes. */
  readonly classes?: readonly string[];
}

/**
 * A checked dataset.
 * @param labels one class per string, counted from 0.
 * @param where names the source in messages; `whereRow` names one of its rows, by default `where` and the row's number from 1.
 * @param form BINARY's classes when it names none.
 * @throws InputError when there is no row, the lists differ in length, a label is no class, or a string cannot be
 * encoded (`Vocabulary.encode`).
 */
export function createDataset(
  strings: readonly string[],
  labels: ArrayLike<number>,
  where = "dataset",
  whereRow = (row: number) => `${where}, row ${row + 1}`,
  { vocabulary, classes = BINARY }: DatasetForm = {},
): Dataset {
  if (strings.length === 0)
    throw new InputError({ where, what: "has no rows", hint: "give labelled strings" });
  if (strings.length !== labels.length) {
    throw new InputError({
      where,
      what: `has ${strings.length} strings but ${labels.length} labels`,
      hint: "give one label per string",
    });
  }
  for (let row = 0; row < strings.length; row++) {
    const name = () => whereRow(row);
    if (vocabulary) vocabulary.encode(strings[row], name);
    else symbolsOf(strings[row], "letters", name);
    if (!Number.isInteger(labels[row]) || labels[row] < 0 || labels[row] >= classes.length) {
      const known = classes.length === 2 ? "0 or 1" : `0 to ${classes.length - 1}`;
      throw new InputError({ where: whereRow(row), what: `label ${labels[row]} is not ${known}` });
    }
  }
  return { strings, labels: Int32Array.from(labels), classes };
}

/** The share of strings that is kept for testing where no others are named. */
const TESTED = 0.25;

/** Keeps a random quarter for testing. @throws InputError when there are too few. @param where names them in messages. */
export function keepForTesting(
  all: Dataset,
  random: Random,
  where: string,
): { readonly train: Dataset; readonly test: Dataset } {
  const count = all.strings.length;
  if (count < 4)
    throw new InputError({
      where,
      what: `${count} strings are too few to keep some for testing`,
      hint: "name a test file with --test",
    });
  const rows = random.shuffle(Int32Array.from({ length: count }, (_, row) => row));
  const forTest = Math.round(count * TESTED);
  return { train: rowsOf(all, rows.subarray(forTest)), test: rowsOf(all, rows.subarray(0, forTest)) };
}

/** Some strings of a dataset, in this order. */
export function rowsOf(dataset: Dataset, rows: ArrayLike<number>): Dataset {
  return {
    strings: Array.from(rows, (row) => dataset.strings[row]),
    labels: Int32Array.from(rows, (row) => dataset.labels[row]),
    classes: dataset.classes,
  };
}
