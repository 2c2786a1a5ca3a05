// Examples as batches are cut from them: every sequence encoded once, one after the other, with what is to be learnt of it.
// Strings and sequences of numbers become this, and what comes after need not know which they were.
import type { Dataset } from "./dataset.js";
import { type Sequences, type SequenceTarget, stepsOf } from "./sequences.js";
import { type Standardisation, standardise } from "./standardise.js";
import { ascii, type Vocabulary } from "./vocabulary.js";

export interface Examples {
  /** All steps of all examples: symbols as rows of the vocabulary, or numbers, [step][channel]. */
  readonly inputs: Uint16Array | Int32Array | Float32Array;
  /** Numbers of a step; 1 of symbols. */
  readonly width: number;
  /** The first step of each example among all; one more is the end. */
  readonly starts: Int32Array;
  /** A class for each example, or for each step, -1 where there is none; or numbers, NaN where there is none. */
  readonly targets: Int32Array | Float32Array;
  readonly everyStep: boolean;
  /** Numbers of a target; 1 of classes. */
  readonly targetWidth: number;
}

/** How many examples there are. */
export function countOf({ starts }: Examples): number {
  return starts.length - 1;
}

/** Steps of the longest example. */
export function longest({ starts }: Examples): number {
  let most = 1;
  for (let row = 1; row < starts.length; row++) most = Math.max(most, starts[row] - starts[row - 1]);
  return most;
}

/** The symbols that occur, ascending, as rows of the vocabulary; none among numbers. */
export function symbolsInUse({ inputs }: Examples): number[] {
  return inputs instanceof Float32Array ? [] : [...new Set(inputs)].sort((a, b) => a - b);
}

// Every epoch cuts the same strings anew, and reading characters out of them is half of that work.
const encodings = new WeakMap<Dataset, WeakMap<Vocabulary, Examples>>();

/** Labelled strings as examples. @throws InputError when a string cannot be encoded. */
export function stringExamples(dataset: Dataset, vocabulary: Vocabulary = ascii): Examples {
  const own = encodings.get(dataset) ?? new WeakMap<Vocabulary, Examples>();
  encodings.set(dataset, own);
  const known = own.get(vocabulary);
  if (known) return known;
  const { strings } = dataset;
  const rows = strings.map((string, row) => vocabulary.encode(string, () => `dataset, row ${row + 1}`));
  const starts = startsOf(rows.map(({ length }) => length));
  const total = starts[strings.length];
  const inputs = vocabulary.symbols.length > 2 ** 16 ? new Int32Array(total) : new Uint16Array(total);
  for (const [row, symbols] of rows.entries()) inputs.set(symbols, starts[row]);
  const targets = Int32Array.from(dataset.labels);
  const examples = { inputs, width: 1, starts, targets, everyStep: false, targetWidth: 1 };
  own.set(vocabulary, examples);
  return examples;
}

/**
 * Sequences of numbers as examples.
 * @param target what is to be learnt of them; the first class of each when left out, as where a network is only applied.
 * @param standardisation what becomes of the numbers.
 */
export function numberExamples(
  sequences: Sequences,
  target: SequenceTarget | undefined,
  standardisation?: Standardisation,
): Examples {
  const { values, channels } = sequences;
  const starts = startsOf(values.map((_, row) => stepsOf(sequences, row)));
  const inputs = joined(values);
  if (standardisation) standardise(inputs, standardisation);
  const common = { inputs, width: channels.length, starts };
  if (target === undefined)
    return { ...common, targets: new Int32Array(values.length), everyStep: false, targetWidth: 1 };
  switch (target.kind) {
    case "class":
      return { ...common, targets: target.labels.of, everyStep: false, targetWidth: 1 };
    case "step-classes": {
      const targets = new Int32Array(starts[values.length]);
      for (const [row, own] of target.of.entries()) targets.set(own, starts[row]);
      return { ...common, targets, everyStep: true, targetWidth: 1 };
    }
    case "numbers":
      return { ...common, targets: joined(target.of), everyStep: true, targetWidth: target.names.length };
  }
}

function startsOf(lengths: readonly number[]): Int32Array {
  const starts = new Int32Array(lengths.length + 1);
  for (const [row, length] of lengths.entries()) starts[row + 1] = starts[row] + length;
  return starts;
}

/** Vectors one after the other. */
export function joined(lists: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(lists.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const list of lists) {
    all.set(list, at);
    at += list.length;
  }
  return all;
}
