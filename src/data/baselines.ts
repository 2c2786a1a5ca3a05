// Three rules that have no memory. What they score is what a dataset gives away for nothing: a recurrent network's
// accuracy says something about memory only as far as it is above theirs.
import { BINARY, type Dataset } from "./dataset.js";
import { classifyRows, fitLogistic, type SparseRows, sparseDesign } from "./logistic.js";

/** A rule's name, what it does, and how many of the test strings it gets right. */
export interface Baseline {
  readonly name: "majority" | "foreign letter" | "letters" | "letter pairs";
  readonly rule: string;
  readonly correct: number;
  /** `correct` as a share of the test strings, 0 to 1. */
  readonly accuracy: number;
}

type Classifier = (string: string) => number;

/**
 * Fits the three rules to the training data and scores them on the test data, which have the same classes: BINARY's, of
 * which the second is for the strings of a language, or any.
 */
export function scoreBaselines(train: Dataset, test: Dataset): Baseline[] {
  const classes = train.classes.length;
  const score = (name: Baseline["name"], rule: string, predicted: ArrayLike<number>): Baseline => {
    const correct = test.labels.reduce((sum, label, row) => sum + Number(predicted[row] === label), 0);
    return { name, rule, correct, accuracy: correct / test.strings.length };
  };
  const each = (classify: Classifier) => test.strings.map(classify);
  return [
    score("majority", "always the more frequent label", each(majority(train.labels, classes))),
    train.classes.join() === BINARY.join()
      ? score(
          "foreign letter",
          "false if a letter is in no true training string, else the majority of the rest",
          each(foreignLetter(train)),
        )
      : score(
          "letters",
          "the most frequent of the labels whose training strings have all letters of the string",
          each(knownLetters(train, classes)),
        ),
    score(
      "letter pairs",
      "logistic regression on which neighbouring letters occur",
      letterPairs(train, test.strings, classes),
    ),
  ];
}

/** Of several labels that are equally frequent the last. */
function majority(labels: ArrayLike<number>, classes = BINARY.length): Classifier {
  const counts = countLabels(labels, classes);
  const label = counts.lastIndexOf(Math.max(...counts));
  return () => label;
}

function countLabels(labels: ArrayLike<number>, classes: number): number[] {
  const counts = new Array<number>(classes).fill(0);
  for (let row = 0; row < labels.length; row++) counts[labels[row]]++;
  return counts;
}

function foreignLetter({ strings, labels }: Dataset): Classifier {
  const own = new Set(strings.flatMap((string, row) => (labels[row] === 1 ? [...string] : [])));
  const isForeign = (string: string) => [...string].some((letter) => !own.has(letter));
  const rest = majority(labels.filter((_, row) => !isForeign(strings[row])));
  return (string) => (isForeign(string) ? 0 : rest(string));
}

function knownLetters({ strings, labels }: Dataset, classes: number): Classifier {
  const letters = Array.from({ length: classes }, () => new Set<string>());
  strings.forEach((string, row) => {
    for (const letter of string) letters[labels[row]].add(letter);
  });
  const counts = countLabels(labels, classes);
  const frequentFirst = counts.map((_, label) => label).sort((a, b) => counts[b] - counts[a] || a - b);
  return (string) => {
    const own = [...new Set(string)];
    return (
      frequentFirst.find((label) => own.every((letter) => letters[label].has(letter))) ?? frequentFirst[0]
    );
  };
}

/** Features: whether each pair of neighbours of the training data occurs, the string's two ends counting as letters. */
function letterPairs(train: Dataset, test: readonly string[], classes: number): Int32Array {
  const columns = new Map<number, number>();
  const known = (pair: number) => columns.get(pair);
  const numbered = (pair: number) => columns.get(pair) ?? columns.set(pair, columns.size).size - 1;
  const design = (strings: readonly string[], columnOf: typeof known) => {
    const rows = toRows(strings.map((string) => pairsOf(string, columnOf)));
    return sparseDesign(rows, columns.size);
  };
  const model = fitLogistic(design(train.strings, numbered), train.labels, classes);
  return classifyRows(model, design(test, known));
}

/** Code points are below. */
const CODES = 0x110000;

/** The columns of a string's pairs, each once; pairs without a column are left out. */
function pairsOf(string: string, columnOf: (pair: number) => number | undefined): Set<number> {
  const found = new Set<number>();
  let previous = 0;
  const add = (code: number) => {
    const column = columnOf(previous * CODES + code);
    if (column !== undefined) found.add(column);
    previous = code;
  };
  for (const letter of string) add(letter.codePointAt(0)!);
  add(0);
  return found;
}

function toRows(sets: readonly Set<number>[]): SparseRows {
  const starts = new Int32Array(sets.length + 1);
  sets.forEach((set, row) => {
    starts[row + 1] = starts[row] + set.size;
  });
  const columns = new Int32Array(starts[sets.length]);
  sets.forEach((set, row) => {
    columns.set([...set], starts[row]);
  });
  return { starts, columns };
}
