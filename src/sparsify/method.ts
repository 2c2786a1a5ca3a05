// What a way to be sparse is: something that decides, at some updates of a training, which weights exist. Each method is one
// file in `methods`; the loop that trains knows it as a `Sparsifier`.
import type { Beginning, Sparsifier } from "../train/sparsifier.js";
import type { Budget } from "./density.js";
import type { Pattern } from "./pattern.js";

/** What methods are told; each says in `uses` which of the settings below `pattern` are its own. */
export interface SparsifyOptions extends Budget {
  /** What lives or dies together; single weights when left out. */
  readonly pattern?: Pattern;
  /** Where in the training masks begin to change and where they end to, as shares of its updates. */
  readonly begin?: number;
  readonly end?: number;
  /** Updates from one change of masks to the next; 100 when left out, and fewer in a short training. */
  readonly every?: number;
  /** The share of what there is that is dropped at a change; of RigL at the first one. */
  readonly share?: number;
  /** Trainings, one after the other, between which weights go. */
  readonly rounds?: number;
  /** What a round begins with: the values after so many epochs of the first one, or those that it finds (`rate`). */
  readonly rewind?: number | "rate";
  /** Batches whose mean gradient tells what weights are worth. */
  readonly batches?: number;
  /** The share of weights that get a gradient. */
  readonly backward?: number;
  /** How strongly weights are drawn to 0. */
  readonly penalty?: number;
}

/** The settings that some methods alone have. */
export const settings = [
  "begin",
  "end",
  "every",
  "share",
  "rounds",
  "rewind",
  "batches",
  "backward",
  "penalty",
] as const satisfies readonly (keyof SparsifyOptions)[];
export type Setting = (typeof settings)[number];

/** A way to be sparse. */
export interface Method {
  /** In a clause, for `--help`. */
  readonly about: string;
  /** The settings that it reads, with what holds when they are left out, or nothing where the training's length says it. */
  readonly uses: Readonly<Partial<Record<Setting, number | "rate" | undefined>>>;
  begin(beginning: Beginning, options: SparsifyOptions, pattern: Pattern): Sparsifier;
}
