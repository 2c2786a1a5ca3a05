// What is odd about data although it can be read, said before anything is trained on it: results would not show it, or
// only after hours.
import type { Dataset } from "./dataset.js";

/** Letters that a remark lists. */
const MOST_LETTERS = 20;

/**
 * Remarks about training data and its test data, one line each: a set with one label only, letters of the test strings
 * that training never shows, labels that only the test strings have, and blanks at the ends of strings, which are letters
 * like others.
 */
export function remarksOn(train: Dataset, test?: Dataset): string[] {
  const remarks = [...remarksOnOne(train, "training"), ...(test ? remarksOnOne(test, "test") : [])];
  if (test) {
    const known = lettersOf(train.strings);
    const foreign = test.strings.filter((string) => [...string].some((letter) => !known.has(letter)));
    if (foreign.length > 0) {
      const unknown = [...lettersOf(foreign)].filter((letter) => !known.has(letter)).sort();
      const more = unknown.length > MOST_LETTERS ? ", …" : "";
      const listed = unknown.slice(0, MOST_LETTERS).map((letter) => JSON.stringify(letter));
      remarks.push(
        `${foreign.length} of ${test.strings.length} test strings have letters that no training string has: ${listed.join(", ")}${more}`,
      );
    }
    remarks.push(...remarksOnUnseen(train.labels, test.labels, train.classes, "test strings"));
  }
  return remarks;
}

/**
 * A remark where examples to test with have labels that none to train with has; a set with one label is spoken of elsewhere.
 * @param what the examples are called.
 */
export function remarksOnUnseen(
  train: ArrayLike<number>,
  test: ArrayLike<number>,
  classes: readonly string[],
  what: string,
): string[] {
  const known = new Set(Array.from(train));
  const unseen = Array.from(test).filter((label) => label >= 0 && !known.has(label));
  if (unseen.length === 0 || known.size < 2) return [];
  const names = [...new Set(unseen)].sort((a, b) => a - b).map((label) => JSON.stringify(classes[label]));
  const more = names.length > MOST_LETTERS ? ", …" : "";
  return [
    `${unseen.length} of ${test.length} ${what} have labels that training never shows: ${names.slice(0, MOST_LETTERS).join(", ")}${more}`,
  ];
}

function remarksOnOne({ strings, labels, classes }: Dataset, what: "training" | "test"): string[] {
  const remarks: string[] = [];
  if (labels.every((label) => label === labels[0])) {
    const consequence =
      what === "training"
        ? "there is nothing to tell apart, and any accuracy means little"
        : "a network that always says so is right every time";
    remarks.push(
      strings.length === 1
        ? `there is one ${what} string, with the label ${classes[labels[0]]}: ${consequence}`
        : `all ${strings.length} ${what} strings have the label ${classes[labels[0]]}: ${consequence}`,
    );
  }
  const blank = strings.filter((string) => /^\s|\s$/.test(string)).length;
  if (blank > 0) {
    remarks.push(
      `${blank} of ${strings.length} ${what} strings begin or end with a blank, which is a letter like others`,
    );
  }
  return remarks;
}

function lettersOf(strings: readonly string[]): Set<string> {
  const letters = new Set<string>();
  for (const string of strings) for (const letter of string) letters.add(letter);
  return letters;
}
