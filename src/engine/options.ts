// What a network is compiled for: the shape of the batches, what is dropped, how masked matrices are held and how much memory
// the activations may take.
import { InputError } from "../errors.js";
import { isBidirectional } from "../network/architecture.js";
import type { Network } from "../network/network.js";

export interface CompileOptions {
  /** The largest batch that will run. */
  batch: number;
  /** The longest sequence that will run. */
  steps: number;
  /** Symbols that occur in the data, 0 (the padding) included or not; none where numbers are read. */
  symbols?: Iterable<number>;
  /** "evaluate": without a backward pass and its buffers. */
  purpose?: "train" | "evaluate";
  /** What is dropped while training; nothing when left out. */
  dropout?: Dropout;
  /** How matrices with a mask are held: by their density when left out. */
  form?: "dense" | "sparse";
  /**
   * Steps whose activations are held at once; the backward pass computes the others anew, which takes a third more time
   * and less memory. All of them when left out.
   */
  recompute?: number;
}

/** Shares of units, from 0 up to 1, that dropout (Srivastava et al. 2014) drops, each place's own. */
export interface Dropout {
  /** Of the embedding, or of the numbers that are read. */
  readonly embedding: number;
  /** Of what one layer hands to the next. */
  readonly layers: number;
  /** Of what is read out. */
  readonly readout: number;
}

export interface CompileStreamOptions {
  /** Symbols that will occur; all of the vocabulary when left out. A stream has a table row for each. */
  symbols?: Iterable<number>;
  /** How matrices with a mask are held: by their density when left out. */
  form?: "dense" | "sparse";
}

/** @throws InputError when the shape of a batch is impossible, or what is dropped. */
export function checkOptions(
  { architecture }: Network,
  { batch, steps, recompute, dropout }: CompileOptions,
): void {
  const shape = (where: string, value: number, most: number) => {
    if (!Number.isInteger(value) || value < 1 || value > most) {
      throw new InputError({ where, what: `${value} is not a whole number from 1 to ${most}` });
    }
  };
  shape("batch", batch, 2 ** 20);
  shape("steps", steps, 2 ** 20);
  if (recompute !== undefined) shape("recompute", recompute, 2 ** 20);
  for (const [where, rate] of Object.entries(dropout ?? {})) {
    if (rate >= 0 && rate < 1) continue;
    throw new InputError({ where: `dropout, ${where}`, what: `${rate} is not a share from 0 up to 1` });
  }
  if (recompute === undefined || recompute >= steps || !isBidirectional(architecture)) return;
  throw new InputError({
    where: "recompute",
    what: "a bidirectional network has to see a sequence as a whole",
    hint: "leave it out, or use shorter sequences or batches",
  });
}
