// What the engine eats: examples in some order, cut into batches and padded, in the few flat arrays that cross into an
// executor. The orders stand here too, because how examples are ordered decides how much of a batch is padding.
import { InputError } from "../errors.js";
import type { Random } from "../math/random.js";
import { countOf, type Examples } from "./examples.js";

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
 * Cuts the examples named by `order` into batches of `batchSize`, the last one possibly short.
 * @param order numbers of examples, any subset, repetitions allowed.
 * @throws InputError when the batch size is not a positive whole number; RangeError when `order` names an example that does
 * not exist.
 */
export function makeBatches(
  examples: Examples,
  order: ArrayLike<number>,
  batchSize: number,
  readAt: ReadAt,
): Batches {
  checkBatchSize(batchSize);
  const { inputs: from, width, starts, targets: wanted, everyStep, targetWidth } = examples;
  const rows = Int32Array.from(order);
  const count = Math.ceil(rows.length / batchSize);
  const sizes = new Int32Array(count);
  const steps = new Int32Array(count);
  const lengths = new Int32Array(rows.length);
  let cells = 0;
  for (let batch = 0; batch < count; batch++) {
    const first = batch * batchSize;
    const end = Math.min(first + batchSize, rows.length);
    for (let i = first; i < end; i++) {
      const row = rows[i];
      if (!(row >= 0 && row < countOf(examples))) {
        throw new RangeError(`order[${i}] = ${order[i]} is not a row of the dataset`);
      }
      lengths[i] = starts[row + 1] - starts[row];
      steps[batch] = Math.max(steps[batch], lengths[i]);
    }
    sizes[batch] = end - first;
    cells += sizes[batch] * steps[batch];
  }

  const inputs = emptyLike(from, cells * width);
  const places = everyStep ? cells : rows.length;
  const targets =
    wanted instanceof Float32Array
      ? new Float32Array(places * targetWidth).fill(Number.NaN)
      : new Int32Array(places).fill(-1);
  let offset = 0;
  for (let batch = 0; batch < count; batch++) {
    const size = sizes[batch];
    for (let example = 0; example < size; example++) {
      const i = batch * batchSize + example;
      const row = rows[i];
      for (let step = starts[row], at = offset + example; step < starts[row + 1]; step++, at += size) {
        copy(from, step, inputs, at, width);
        if (everyStep) copy(wanted, step, targets, at, targetWidth);
      }
      if (!everyStep) copy(wanted, row, targets, i, targetWidth);
    }
    offset += size * steps[batch];
    if (readAt === "last-step") lengths.fill(steps[batch], batch * batchSize, batch * batchSize + size);
  }
  return { count, sizes, steps, inputs, lengths, targets };
}

function emptyLike<T extends Uint16Array | Int32Array | Float32Array>(like: T, length: number): T {
  return new (like.constructor as new (length: number) => T)(length);
}

/** Copies vector number `i` of some to number `j` of others. */
function copy(
  from: Uint16Array | Int32Array | Float32Array,
  i: number,
  to: Uint16Array | Int32Array | Float32Array,
  j: number,
  width: number,
): void {
  for (let k = 0; k < width; k++) to[j * width + k] = from[i * width + k];
}

/**
 * What executors give out for every step of batches in file order, example by example: [step][output] of each.
 * @param outputs per batch [step][example][output].
 */
export function outputsByExample(
  { sizes, steps, lengths }: Batches,
  outputs: Float32Array,
  width: number,
): Float32Array[] {
  const all: Float32Array[] = [];
  let first = 0;
  for (const [batch, size] of sizes.entries()) {
    for (let l = 0; l < size; l++) {
      const own = new Float32Array(lengths[all.length] * width);
      for (let t = 0; t * width < own.length; t++) copy(outputs, first + t * size + l, own, t, width);
      all.push(own);
    }
    first += size * steps[batch];
  }
  return all;
}

/** All examples in their order. */
export function fileOrder(examples: Examples): Int32Array {
  return Int32Array.from({ length: countOf(examples) }, (_, row) => row);
}

/** All examples in random order, every order equally likely. */
export function shuffledOrder(examples: Examples, random: Random): Int32Array {
  return random.shuffle(fileOrder(examples));
}

/**
 * All examples, sorted by length with ties at random and cut into batches, the batches in random order: hardly any padding.
 * Where they do not divide evenly, the short batch is cut out at a random place of the sorted ones (else the longest
 * would always be in it) and stands last.
 * @throws InputError when the batch size is not a positive whole number.
 */
export function bucketedOrder(examples: Examples, batchSize: number, random: Random): Int32Array {
  checkBatchSize(batchSize);
  const { starts } = examples;
  const lengthOf = (row: number) => starts[row + 1] - starts[row];
  const sorted = shuffledOrder(examples, random).sort((a, b) => lengthOf(a) - lengthOf(b));
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

function checkBatchSize(batchSize: number): void {
  if (!Number.isSafeInteger(batchSize) || batchSize < 1) {
    throw new InputError({
      where: "batch size",
      what: `${batchSize} is not a positive whole number`,
      hint: "use for example 32",
    });
  }
}
