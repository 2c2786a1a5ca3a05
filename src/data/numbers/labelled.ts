// From arrays to sequences with what is to be learnt of them. Arrays are boxes, and sequences seldom are: where each ends is
// told by lengths or by NaN after its end, and what shape and type labels have says which task they are for.
import { InputError } from "../../errors.js";
import { classesOf, labelsAmong } from "../classes.js";
import { createSequences, MOST_VALUES, type Sequences, type SequenceTarget, stepsOf } from "../sequences.js";
import { elementsOf, type NumberArray, type Numbers, shapeText } from "./array.js";

/**
 * Sequences from an array [sequences, steps, channels] or [sequences, steps], or [steps] of one. Channels are called 1, 2, ….
 * Steps at the end of a sequence at which every channel is NaN are none.
 * @param where how the data are called in messages.
 * @param lengths steps of each sequence, [sequences]; what the array has beyond them is ignored.
 * @throws InputError when the shape is another, lengths do not fit, or as `createSequences`.
 */
export function sequencesOf(data: NumberArray, where: string, lengths?: NumberArray): Sequences {
  if (data.kind === "text")
    throw new InputError({ where, what: "it holds texts, not numbers", hint: "save an array of numbers" });
  const { shape } = data;
  const [count, most, width = 1] = shape.length === 1 ? [1, shape[0]] : shape;
  if (shape.length < 1 || shape.length > 3) {
    throw new InputError({
      where,
      what: `it has the shape ${shapeText(shape)}`,
      hint: "save [sequences, steps, channels], or [sequences, steps] of one channel",
    });
  }
  if (elementsOf(shape) > MOST_VALUES)
    throw new InputError({ where, what: `it has more than ${MOST_VALUES} values`, hint: "split it" });
  const values = data.values instanceof Float32Array ? data.values : new Float32Array(data.values);
  const of = lengths && lengthsOf(lengths, count, most, where);
  const rows = Array.from({ length: count }, (_, row) => {
    const own = values.subarray(row * most * width, (row + 1) * most * width);
    return own.subarray(0, width * (of?.[row] ?? endOf(own, width)));
  });
  const channels = Array.from({ length: width }, (_, channel) => String(channel + 1));
  return createSequences({ channels, values: rows }, where);
}

/** Steps of a sequence before those at its end of which all values are NaN. */
function endOf(values: Float32Array, width: number): number {
  return Math.ceil((values.findLastIndex((value) => !Number.isNaN(value)) + 1) / width);
}

function lengthsOf(lengths: NumberArray, count: number, most: number, where: string): Numbers {
  const fail = (what: string) =>
    new InputError({ where: `${where}, lengths`, what, hint: "save [sequences]" });
  if (lengths.kind === "text" || lengths.values.length !== count)
    throw fail(`it has the shape ${shapeText(lengths.shape)} for ${count} sequences`);
  const bad = lengths.values.findIndex(
    (length) => !(Number.isInteger(length) && length >= 1 && length <= most),
  );
  if (bad >= 0)
    throw fail(`sequence ${bad + 1} has the length ${lengths.values[bad]}, which is not 1 to ${most}`);
  return lengths.values;
}

/**
 * The same sequences with labels instead of those that they may have had:
 * - whole numbers or texts [sequences]: a class of each sequence; numbers keep their places;
 * - whole numbers or texts [sequences, steps]: a class at each step, -1 or an empty text for none;
 * - floating-point numbers [sequences, steps] or [sequences, steps, names]: numbers at each step, NaN for none.
 *
 * Labels at steps beyond a sequence's end are ignored.
 * @param where how the labels are called in messages.
 * @param classes those of a network or of the training data; found among the labels when left out.
 * @throws InputError when labels and sequences do not fit each other or a label is no class.
 */
export function withLabels(
  sequences: Sequences,
  labels: NumberArray,
  where: string,
  classes?: readonly string[],
): Sequences {
  const target = targetOf(sequences, labels, where, classes);
  return createSequences({ ...sequences, target }, where);
}

function targetOf(
  sequences: Sequences,
  labels: NumberArray,
  where: string,
  classes: readonly string[] | undefined,
): SequenceTarget {
  const count = sequences.values.length;
  const { shape } = labels;
  if (shape[0] !== count) {
    throw new InputError({
      where,
      what: `labels of the shape ${shapeText(shape)} for ${count} sequences`,
      hint: "give labels of every sequence",
    });
  }
  const whereRow = (row: number) => `${where}, sequence ${row + 1}`;
  if (elementsOf(shape) === count && (shape.length === 1 || longestOf(sequences) > 1)) {
    const names = labels.kind === "text" ? labels.values : wholeNames(labels.values, where);
    return { kind: "class", labels: labelsAmong(names, classes ?? classesOf(names, where), whereRow) };
  }
  const longest = longestOf(sequences);
  const [, steps, width = 1] = shape;
  const isFit = shape.length === 2 || (shape.length === 3 && labels.kind === "float" && width > 0);
  if (!isFit || steps < longest) {
    throw new InputError({
      where,
      what: `${labels.kind} labels of the shape ${shapeText(shape)} for sequences of up to ${longest} steps`,
      hint: "save [sequences], or [sequences, steps] with -1 where there is none; numbers to be predicted as float32",
    });
  }
  /** Where the steps of a sequence begin and end. */
  const span = (row: number) =>
    [row * steps * width, (row * steps + stepsOf(sequences, row)) * width] as const;
  const rows = Array.from(sequences.values.keys());
  if (labels.kind === "text")
    return stepClasses(
      rows.map((row) => labels.values.slice(...span(row))),
      whereRow,
      classes,
    );
  const own = rows.map((row) => labels.values.subarray(...span(row)));
  if (labels.kind !== "float") return stepClasses(own, whereRow, classes);
  const names = width === 1 ? ["target"] : Array.from({ length: width }, (_, i) => `target ${i + 1}`);
  return {
    kind: "numbers",
    names,
    of: own.map((values, row) => numbersOf(values, width, () => whereRow(row))),
  };
}

function longestOf(sequences: Sequences): number {
  return sequences.values.reduce((most, own) => Math.max(most, own.length), 0) / sequences.channels.length;
}

/** Names of classes that are whole numbers, which may have been saved as floating-point ones. */
function wholeNames(values: Numbers, where: string): string[] {
  return Array.from(values, (value, row) => {
    if (Number.isSafeInteger(value)) return String(value);
    throw new InputError({
      where: `${where}, sequence ${row + 1}`,
      what: `the label ${value} is not a whole number`,
      hint: "number the classes, or give numbers to be predicted at every step: [sequences, steps]",
    });
  });
}

/** A step without a class. */
const NONE = -1;

/** @param rows of each sequence the labels of its steps: numbers, -1 for none, or names, an empty one for none. */
function stepClasses(
  rows: readonly (Numbers | readonly string[])[],
  whereRow: (row: number) => string,
  classes: readonly string[] | undefined,
): SequenceTarget {
  const present = rows.map((own, row) => {
    const labels = [...new Set<number | string>(own)].filter((label) => label !== NONE && label !== "");
    const bad = labels.find((label) => Number(label) < NONE && typeof label === "number");
    if (bad === undefined) return labels;
    throw new InputError({
      where: whereRow(row),
      what: `has the label ${bad}`,
      hint: "number the classes from 0, and write -1 where there is none",
    });
  });
  const known = classes ?? classesOf(new Set(present.flat().map(String)));
  const of = rows.map((own, row) => {
    const { of: found } = labelsAmong(present[row].map(String), known, () => whereRow(row));
    const places = new Map(present[row].map((label, i) => [label, found[i]]));
    return Int32Array.from<number | string>(own, (label) => places.get(label) ?? NONE);
  });
  return { kind: "step-classes", classes: known, of };
}

function numbersOf(values: Numbers, width: number, where: () => string): Float32Array {
  const own = new Float32Array(values);
  const bad = own.findIndex((value) => !Number.isFinite(value) && !Number.isNaN(value));
  if (bad < 0) return own;
  throw new InputError({
    where: where(),
    what: `step ${Math.floor(bad / width) + 1} has the target ${values[bad]}`,
    hint: "write NaN where there is none",
  });
}

/**
 * Sequences as one array [sequences, steps of the longest, channels], NaN after the end of each: what `sequencesOf` reads.
 * @param rows of each sequence [step][channel].
 * @throws InputError when the array would be too large.
 */
export function paddedArray(
  rows: readonly Float32Array[],
  width: number,
  where: string,
): { readonly shape: readonly number[]; readonly values: Float32Array } {
  const most = rows.reduce((sum, { length }) => Math.max(sum, length), 0);
  const count = rows.length * most;
  if (count > MOST_VALUES) {
    throw new InputError({
      where,
      what: `${rows.length} sequences, the longest of ${most / width} steps, are more than ${MOST_VALUES} values`,
      hint: "leave out or cut the longest",
    });
  }
  const values = new Float32Array(count).fill(Number.NaN);
  for (const [row, own] of rows.entries()) values.set(own, row * most);
  return { shape: [rows.length, most / width, width], values };
}
