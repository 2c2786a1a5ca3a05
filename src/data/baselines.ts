// Three rules that have no memory. What they score is what a dataset gives away for nothing: a recurrent network's
// accuracy says something about memory only as far as it is above theirs.
import type { Dataset } from "./dataset.js";
import { fitLogistic, type SparseRows } from "./logistic.js";

/** A rule's name, what it does, and how many of the test strings it gets right. */
export interface Baseline {
  readonly name: "majority" | "foreign letter" | "letter pairs";
  readonly rule: string;
  readonly correct: number;
  /** `correct` as a share of the test strings, 0 to 1. */
  readonly accuracy: number;
}

type Classifier = (string: string) => number;

/** Fits the three rules to the training data and scores them on the test data. */
export function scoreBaselines(train: Dataset, test: Dataset): Baseline[] {
  const score = (name: Baseline["name"], rule: string, classify: Classifier): Baseline => {
    const correct = test.strings.filter((string, row) => classify(string) === test.labels[row]).length;
    return { name, rule, correct, accuracy: correct / test.strings.length };
  };
  return [
    score("majority", "always the more frequent label", majority(train.labels)),
    score(
      "foreign letter",
      "false if a letter is in no true training string, else the majority of the rest",
      foreignLetter(train),
    ),
    score("letter pairs", "logistic regression on which neighbouring letters occur", letterPairs(train)),
  ];
}

function majority(labels: Uint8Array): Classifier {
  const trueLabels = labels.reduce((sum, label) => sum + label, 0);
  const label = 2 * trueLabels >= labels.length ? 1 : 0;
  return () => label;
}

function foreignLetter({ strings, labels }: Dataset): Classifier {
  const own = new Set(strings.flatMap((string, row) => (labels[row] === 1 ? [...string] : [])));
  const isForeign = (string: string) => [...string].some((letter) => !own.has(letter));
  const rest = majority(labels.filter((_, row) => !isForeign(strings[row])));
  return (string) => (isForeign(string) ? 0 : rest(string));
}

/** Features: whether each pair of neighbours of the training data occurs, the string's two ends counting as letters. */
function letterPairs({ strings, labels }: Dataset): Classifier {
  const columns = new Map<number, number>();
  const known = (pair: number) => columns.get(pair);
  const numbered = (pair: number) => columns.get(pair) ?? columns.set(pair, columns.size).size - 1;
  const rows = toRows(strings.map((string) => pairsOf(string, numbered)));
  if (labels.every((label) => label === labels[0])) return majority(labels);
  const { weights, intercept } = fitLogistic(rows, columns.size, labels);
  return (string) => {
    let sum = intercept;
    for (const column of pairsOf(string, known)) sum += weights[column];
    return sum > 0 ? 1 : 0;
  };
}

/** The columns of a string's pairs, each once; pairs without a column are left out. */
function pairsOf(string: string, columnOf: (pair: number) => number | undefined): Set<number> {
  const found = new Set<number>();
  let previous = 0;
  for (let i = 0; i <= string.length; i++) {
    const symbol = i < string.length ? string.charCodeAt(i) : 0;
    const column = columnOf(previous * 128 + symbol);
    if (column !== undefined) found.add(column);
    previous = symbol;
  }
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
