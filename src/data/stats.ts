// What a dataset looks like before anything is trained on it: counts, lengths and letters by label, and the flaws that
// make a good accuracy mean little (repeated rows, rows shared by training and test data).
import type { Dataset } from "./dataset.js";

/** How often a value occurs among the strings of each label. */
export interface Frequency<Value> {
  readonly value: Value;
  /** [label] */
  readonly counts: readonly number[];
}

export interface LabelStatistics {
  readonly strings: number;
  /** Letters of the average string; NaN when there are no strings. */
  readonly meanLength: number;
}

export interface DatasetStatistics {
  readonly strings: number;
  /** [label] */
  readonly labels: readonly LabelStatistics[];
  /** Strings of each length that occurs, ascending. */
  readonly lengths: readonly Frequency<number>[];
  /** Occurrences of each letter, in the order of code points. */
  readonly letters: readonly Frequency<string>[];
  /** Rows whose string stands in an earlier row too. */
  readonly duplicates: number;
  /** Distinct strings that occur with more than one label. */
  readonly contradictions: number;
}

/** Counts, lengths, letters (code points) and repetitions of a dataset. */
export function describeDataset({ strings, labels, classes: names }: Dataset): DatasetStatistics {
  const classes = names.length;
  const lengths = new Map<number, number[]>();
  const letters = new Map<number, number[]>();
  const seen = new Map<string, number>();
  const contradictory = new Set<string>();
  const total = new Array<number>(classes).fill(0);
  const characters = new Array<number>(classes).fill(0);
  const add = (counts: Map<number, number[]>, value: number, label: number) => {
    const own = counts.get(value) ?? new Array<number>(classes).fill(0);
    own[label]++;
    counts.set(value, own);
  };
  strings.forEach((string, row) => {
    const label = labels[row];
    let length = 0;
    for (const letter of string) {
      add(letters, letter.codePointAt(0)!, label);
      length++;
    }
    total[label]++;
    characters[label] += length;
    add(lengths, length, label);
    const before = seen.get(string);
    if (before === undefined) seen.set(string, label);
    else if (before !== label) contradictory.add(string);
  });
  return {
    strings: strings.length,
    labels: total.map((number, label) => ({ strings: number, meanLength: characters[label] / number })),
    lengths: ascending(lengths),
    letters: ascending(letters).map(({ value, counts }) => ({ value: String.fromCodePoint(value), counts })),
    duplicates: strings.length - seen.size,
    contradictions: contradictory.size,
  };
}

/** The number of test rows whose string stands in the training data too. */
export function countOverlap(train: Dataset, test: Dataset): number {
  const known = new Set(train.strings);
  return test.strings.filter((string) => known.has(string)).length;
}

function ascending(counts: Map<number, number[]>): Frequency<number>[] {
  return [...counts].sort(([a], [b]) => a - b).map(([value, each]) => ({ value, counts: each }));
}
