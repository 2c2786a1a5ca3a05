// What a dataset looks like before anything is trained on it: counts, lengths and letters by label, and the flaws that
// make a good accuracy mean little (repeated rows, rows shared by training and test data).
import type { Dataset } from "./dataset.js";

/** How often a value occurs among the strings of each label. */
export interface Frequency<Value> {
  readonly value: Value;
  /** [label] */
  readonly counts: readonly [ofFalse: number, ofTrue: number];
}

export interface LabelStatistics {
  readonly strings: number;
  /** Letters of the average string; NaN when there are no strings. */
  readonly meanLength: number;
}

export interface DatasetStatistics {
  readonly strings: number;
  /** [label] */
  readonly labels: readonly [ofFalse: LabelStatistics, ofTrue: LabelStatistics];
  /** Strings of each length that occurs, ascending. */
  readonly lengths: readonly Frequency<number>[];
  /** Occurrences of each letter, in ASCII order. */
  readonly letters: readonly Frequency<string>[];
  /** Rows whose string stands in an earlier row too. */
  readonly duplicates: number;
  /** Distinct strings that occur with both labels. */
  readonly contradictions: number;
}

/** Counts, lengths, letters and repetitions of a dataset. */
export function describeDataset({ strings, labels }: Dataset): DatasetStatistics {
  const lengths = new Map<number, [number, number]>();
  const letters = new Map<number, [number, number]>();
  // Which labels a string has been seen with: 1 for false, 2 for true, 3 for both.
  const seen = new Map<string, number>();
  const total = [0, 0];
  const characters = [0, 0];
  strings.forEach((string, row) => {
    const label = labels[row];
    total[label]++;
    characters[label] += string.length;
    add(lengths, string.length, label);
    for (let i = 0; i < string.length; i++) add(letters, string.charCodeAt(i), label);
    seen.set(string, (seen.get(string) ?? 0) | (1 << label));
  });
  const ofLabel = (label: number): LabelStatistics => ({
    strings: total[label],
    meanLength: characters[label] / total[label],
  });
  return {
    strings: strings.length,
    labels: [ofLabel(0), ofLabel(1)],
    lengths: ascending(lengths),
    letters: ascending(letters).map(({ value, counts }) => ({ value: String.fromCharCode(value), counts })),
    duplicates: strings.length - seen.size,
    contradictions: [...seen.values()].filter((both) => both === 3).length,
  };
}

/** The number of test rows whose string stands in the training data too. */
export function countOverlap(train: Dataset, test: Dataset): number {
  const known = new Set(train.strings);
  return test.strings.filter((string) => known.has(string)).length;
}

function add(counts: Map<number, [number, number]>, value: number, label: number): void {
  const both = counts.get(value) ?? [0, 0];
  both[label]++;
  counts.set(value, both);
}

function ascending(counts: Map<number, [number, number]>): Frequency<number>[] {
  return [...counts].sort(([a], [b]) => a - b).map(([value, both]) => ({ value, counts: both }));
}
