// What the engine eats: examples in some order, cut into batches and padded, in the few flat arrays that cross into an
// executor. The orders stand here too, because how examples are ordered decides how much of a batch is padding.
import { InputError } from "../errors.js";
import type { Random } from "../math/random.js";
import type { Dataset } from "./dataset.js";
import { ascii, type Vocabulary } from "./vocabulary.js";

/** Examples grouped into batches, each padded at the end with symbol 0, or zeros, to its longest, ready for an executor. */
export interface Batches {
  /** Number of batches. */
  readonly count: number;
  /** [count] examples in each batch; only the last may have fewer than the batch size. */
  readonly sizes: Int32Array;
  /** [count] time steps of each batch: those of its longest example. */
  readonly steps: Int32Array;
  /**
   * Symbols, rows of the vocabulary, per batch as [step][example], batches one after the other; or numbers, as
   * [step][example][channel].
   */
  readonly inputs: Uint16Array | Int32Array | Float32Array;
  /** [examples] steps of each example up to where it is read, in batch order. */
  readonly lengths: Int32Array;
  /**
   * [examples] the class of each, in batch order; or one for every step, per batch as [step][example], -1 where there is none.
   * Numbers to be predicted are as many as outputs instead of one, NaN where there is none.
   */
  readonly targets: Int32Array | Float32Array;
  /** [count] 1 where the examples of a batch go on where those of the batch before ended; nowhere when left out. */
  readonly carry?: Uint8Array;
}

/** Where a sequence is read out: at the last step of its padded batch, as in Darji (2021), or at its own last symbol. */
export const readings = ["last-step", "last-symbol"] as const;
export type ReadAt = (typeof readings)[number];

/**
 * Cuts the rows named by `order` into batches of `batchSize`, the last one possibly short.
 * @param order dataset rows, any subset, repetitions allowed.
 * @throws InputError when the batch size is not a positive whole number or a string of the dataset cannot be encoded;
 * RangeError when `order` names a row that does not exist.
 */
export function makeBatches(
  dataset: Dataset,
  order: ArrayLike<number>,
  batchSize: number,
  readAt: ReadAt,
  vocabulary: Vocabulary = ascii,
): Batches {
  checkBatchSize(batchSize);
  const examples = order.length;
  const count = Math.ceil(examples / batchSize);
  const sizes = new Int32Array(count);
  const steps = new Int32Array(count);
  const { codes, starts } = encodingOf(dataset, vocabulary);
  const rows = Int32Array.from(order);
  const lengths = new Int32Array(examples);
  const targets = new Int32Array(examples);
  let cells = 0;
  for (let batch = 0; batch < count; batch++) {
    const first = batch * batchSize;
    const end = Math.min(first + batchSize, examples);
    for (let i = first; i < end; i++) {
      const row = rows[i];
      if (!(row >= 0 && row < dataset.strings.length)) {
        throw new RangeError(`order[${i}] = ${order[i]} is not a row of the dataset`);
      }
      lengths[i] = starts[row + 1] - starts[row];
      targets[i] = dataset.labels[row];
      steps[batch] = Math.max(steps[batch], lengths[i]);
    }
    sizes[batch] = end - first;
    cells += sizes[batch] * steps[batch];
  }

  const inputs = vocabulary.symbols.length > 2 ** 16 ? new Int32Array(cells) : new Uint16Array(cells);
  let offset = 0;
  for (let batch = 0; batch < count; batch++) {
    const size = sizes[batch];
    for (let example = 0; example < size; example++) {
      const row = rows[batch * batchSize + example];
      let at = offset + example;
      for (let i = starts[row]; i < starts[row + 1]; i++, at += size) inputs[at] = codes[i];
    }
    offset += size * steps[batch];
    if (readAt === "last-step") lengths.fill(steps[batch], batch * batchSize, batch * batchSize + size);
  }
  return { count, sizes, steps, inputs, lengths, targets };
}

/** The symbols of all strings, one after the other, and where each string starts; one more start is the end. */
interface Encoding {
  readonly codes: Uint16Array | Int32Array;
  readonly starts: Int32Array;
}

// Every epoch cuts the same strings anew, and reading characters out of them is half of that work.
const encodings = new WeakMap<Dataset, WeakMap<Vocabulary, Encoding>>();

function encodingOf(dataset: Dataset, vocabulary: Vocabulary): Encoding {
  const own = encodings.get(dataset) ?? new WeakMap<Vocabulary, Encoding>();
  encodings.set(dataset, own);
  const known = own.get(vocabulary);
  if (known) return known;
  const { strings } = dataset;
  const rows = strings.map((string, row) => vocabulary.encode(string, () => `dataset, row ${row + 1}`));
  const starts = new Int32Array(strings.length + 1);
  for (const [row, symbols] of rows.entries()) starts[row + 1] = starts[row] + symbols.length;
  const total = starts[strings.length];
  const codes = vocabulary.symbols.length > 2 ** 16 ? new Int32Array(total) : new Uint16Array(total);
  for (const [row, symbols] of rows.entries()) codes.set(symbols, starts[row]);
  const encoding = { codes, starts };
  own.set(vocabulary, encoding);
  return encoding;
}

/** All rows as they stand in the dataset. */
export function fileOrder(dataset: Dataset): Int32Array {
  return Int32Array.from(dataset.strings.keys());
}

/** All rows in random order, every order equally likely. */
export function shuffledOrder(dataset: Dataset, random: Random): Int32Array {
  return random.shuffle(fileOrder(dataset));
}

/**
 * All rows, sorted by length with ties at random and cut into batches, the batches in random order: hardly any padding.
 * Where the rows do not divide evenly, the short batch is cut out at a random place of the sorted rows (else the longest
 * strings would always be in it) and stands last.
 * @throws InputError when the batch size is not a positive whole number.
 */
export function bucketedOrder(
  dataset: Dataset,
  batchSize: number,
  random: Random,
  vocabulary: Vocabulary = ascii,
): Int32Array {
  checkBatchSize(batchSize);
  const { starts } = encodingOf(dataset, vocabulary);
  const lengthOf = (row: number) => starts[row + 1] - starts[row];
  const sorted = shuffledOrder(dataset, random).sort((a, b) => lengthOf(a) - lengthOf(b));
  const full = Math.floor(sorted.length / batchSize);
  const rest = sorted.length - full * batchSize;
  const shortAt = random.below(full + 1);
  const places = Array.from({ length: full }, (_, batch) => batch * batchSize + (batch < shortAt ? 0 : rest));
  const order = new Int32Array(sorted.length);
  random.shuffle(places).forEach((start, batch) => {
    order.set(sorted.subarray(start, start + batchSize), batch * batchSize);
  });
  order.set(sorted.subarray(shortAt * batchSize, shortAt * batchSize + rest), full * batchSize);
  return order;
}

/** The symbols that occur in a dataset, ascending, as rows of the vocabulary. @throws InputError as `makeBatches`. */
export function symbolsInUse(dataset: Dataset, vocabulary: Vocabulary = ascii): number[] {
  return [...new Set(encodingOf(dataset, vocabulary).codes)].sort((a, b) => a - b);
}

/** Symbols of the longest string. @throws InputError as `makeBatches`. */
export function longest(dataset: Dataset, vocabulary: Vocabulary = ascii): number {
  const { starts } = encodingOf(dataset, vocabulary);
  return dataset.strings.reduce((most, _, row) => Math.max(most, starts[row + 1] - starts[row]), 1);
}

function checkBatchSize(batchSize: number): void {
  if (!Number.isSafeInteger(batchSize) || batchSize < 1) {
    throw new InputError({
      where: "batch size",
      what: `${batchSize} is not a positive whole number`,
      hint: "use for example 32",
    });
  }
}
