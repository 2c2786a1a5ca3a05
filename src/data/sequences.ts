// The one form that sequences of numbers take everywhere: values by step and channel, and what is to be learnt of them. Every
// reader ends here, so that nothing downstream meets a value that is not finite or lists that do not fit each other.
import { InputError } from "../errors.js";
import type { Labels } from "./classes.js";

/** What of sequences is to be learnt: a class of each; a class at each step, -1 for none; or numbers at each step. */
export type SequenceTarget =
  | { readonly kind: "class"; readonly labels: Labels }
  | {
      readonly kind: "step-classes";
      readonly classes: readonly string[];
      /** Of each sequence [step], -1 where there is none. */
      readonly of: readonly Int32Array[];
    }
  | {
      readonly kind: "numbers";
      readonly names: readonly string[];
      /** Of each sequence [step][name], NaN where there is none. */
      readonly of: readonly Float32Array[];
    };

/** Sequences of vectors. */
export interface Sequences {
  /** The names of the numbers that a step has. */
  readonly channels: readonly string[];
  /** Of each sequence [step][channel]; all finite. */
  readonly values: readonly Float32Array[];
  readonly target?: SequenceTarget;
}

/** The most values in all, of a data set: four gigabytes. */
export const MOST_VALUES = 2 ** 30;

/** Steps of a sequence. */
export function stepsOf({ channels, values }: Sequences, row: number): number {
  return values[row].length / channels.length;
}

/**
 * Checked sequences.
 * @param whereRow names a sequence in messages.
 * @throws InputError when there is no sequence, one is empty, a value is not finite or the target's lists do not fit.
 */
export function createSequences(
  sequences: Sequences,
  where = "sequences",
  whereRow = (row: number) => `${where}, sequence ${row + 1}`,
): Sequences {
  const { channels, values, target } = sequences;
  const width = channels.length;
  if (values.length === 0 || width === 0)
    throw new InputError({ where, what: "has no sequences", hint: "give at least one with a channel" });
  for (const [row, own] of values.entries()) {
    if (own.length === 0 || own.length % width !== 0) {
      const what = own.length === 0 ? "is empty" : `has ${own.length} values for ${width} channels`;
      throw new InputError({ where: whereRow(row), what, hint: "give every step a value of each channel" });
    }
    const bad = own.findIndex((value) => !Number.isFinite(value));
    if (bad < 0) continue;
    throw new InputError({
      where: whereRow(row),
      what: `step ${Math.floor(bad / width) + 1}, channel ${channels[bad % width]}: ${own[bad]} is not a finite number`,
      hint: "fill gaps or leave the sequence out",
    });
  }
  if (target) checkTarget(target, sequences, where, whereRow);
  return sequences;
}

function checkTarget(
  target: SequenceTarget,
  sequences: Sequences,
  where: string,
  whereRow: (row: number) => string,
): void {
  const count = sequences.values.length;
  const own = target.kind === "class" ? target.labels.of.length : target.of.length;
  if (own !== count) {
    throw new InputError({
      where,
      what: `has ${count} sequences and labels of ${own}`,
      hint: "give labels of every sequence",
    });
  }
  if (target.kind === "class") return;
  const width = target.kind === "numbers" ? target.names.length : 1;
  for (const [row, list] of target.of.entries()) {
    const steps = stepsOf(sequences, row);
    if (list.length === steps * width) continue;
    throw new InputError({
      where: whereRow(row),
      what: `has ${steps} steps and labels of ${list.length / width}`,
      hint: "give one for every step",
    });
  }
}
