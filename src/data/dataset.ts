// The one form that labelled strings take everywhere: parallel lists of strings and labels. Whatever makes a dataset
// (a file, a generator, a user's own code) has it checked here, so that nothing downstream meets a string it cannot feed.
import { InputError } from "../errors.js";

/** Number of symbols: the ASCII codes. Symbol 0 is padding, so strings use the codes 1..127. */
export const VOCABULARY = 128;

/** The most characters a string may have; a batch is padded to its longest, so one absurd row would cost them all. */
export const LONGEST_STRING = 10_000;

/** Labelled strings: `labels[i]` is 1 when `strings[i]` belongs to the language and 0 when it does not. */
export interface Dataset {
  readonly strings: readonly string[];
  readonly labels: Uint8Array;
}

/**
 * A checked dataset.
 * @param labels one 0 or 1 per string.
 * @param where names the source in messages; `whereRow` names one of its rows, by default `where` and the row's number from 1.
 * @throws InputError when there is no row, the lists differ in length, a label is not 0 or 1, or `checkString` objects.
 */
export function createDataset(
  strings: readonly string[],
  labels: ArrayLike<number>,
  where = "dataset",
  whereRow = (row: number) => `${where}, row ${row + 1}`,
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
    checkString(strings[row], () => whereRow(row));
    if (labels[row] !== 0 && labels[row] !== 1) {
      throw new InputError({ where: whereRow(row), what: `label ${labels[row]} is not 0 or 1` });
    }
  }
  return { strings, labels: Uint8Array.from(labels) };
}

/** @throws InputError when a string is empty, longer than `LONGEST_STRING` or has a character outside 1..127. */
export function checkString(string: string, where: () => string): void {
  if (string.length === 0) {
    throw new InputError({
      where: where(),
      what: "the string is empty",
      hint: "give at least one character",
    });
  }
  if (string.length > LONGEST_STRING) {
    throw new InputError({
      where: where(),
      what: `the string has ${string.length} characters, more than ${LONGEST_STRING}`,
      hint: "cut it into shorter ones",
    });
  }
  for (let i = 0; i < string.length; i++) {
    const code = string.charCodeAt(i);
    if (code === 0 || code >= VOCABULARY) {
      throw new InputError({
        where: where(),
        what: `character ${i + 1} (${describeCharacter(string, i)}) is beyond the vocabulary`,
        hint: "use the ASCII characters 1 to 127",
      });
    }
  }
}

/** A character as a message shows it: itself where it can be seen, and its code point. */
function describeCharacter(string: string, index: number): string {
  const point = string.codePointAt(index)!;
  const code = `U+${point.toString(16).toUpperCase().padStart(4, "0")}`;
  return point > 0xa0 && (point < 0xd800 || point > 0xdfff)
    ? `"${String.fromCodePoint(point)}", ${code}`
    : code;
}
