// What the loop that trains asks of whoever decides which weights exist. It knows nothing else of sparsity: the methods are
// in src/sparsify.
import type { Batches } from "../data/batches.js";
import type { Executor, Optimiser, Span } from "../engine/executor.js";
import type { Random } from "../math/random.js";
import type { Tensor } from "../network/architecture.js";
import type { Network } from "../network/network.js";

/** A training that begins. */
export interface Beginning {
  readonly network: Network;
  /** Updates that there will be, of one round where there are several, and how many an epoch has. */
  readonly updates: number;
  readonly epoch: number;
  /** Tensors that are not trained. */
  readonly frozen?: readonly Tensor[];
  /** For sparsity alone. */
  readonly random: Random;
  /** The gradient of the mean loss of the first `count` batches at the network's weights, also of absent ones. */
  gradient(count: number): Float32Array;
}

/** Makes what decides in a training which weights exist. */
export type Sparsify = (beginning: Beginning) => Sparsifier;

/** An update that is about to be made. */
export interface Moment {
  readonly executor: Executor;
  /** Updates made so far, by the training's count. */
  readonly step: number;
  /** The batch of this update, alone. */
  readonly batch: Batches;
  readonly optimiser: Optimiser;
  readonly rate: number;
  /** As in `Update`. */
  readonly seed: number;
  readonly classWeights?: Float32Array;
  readonly frozen: readonly Span[];
  /** Of this update alone. */
  readonly random: Random;
}

/** What it did. */
export interface Acted {
  /** Weights that there were not before, and that there are no longer. */
  readonly born: number;
  readonly dropped: number;
  /** Of the batch, where it took the update's place. */
  readonly outcome?: BatchOutcome;
}

/** The loss is a sum over targets; the norm is the gradient's, before clipping. */
export interface BatchOutcome {
  readonly loss: number;
  readonly count: number;
  readonly correct: number;
  readonly norm: number;
}

/** Decides in one training which weights exist. */
export interface Sparsifier {
  /** What the training begins with: the network, perhaps under other masks. */
  readonly network: Network;
  /** Updates of the whole training, where they are more than those of one round. */
  readonly updates?: number;
  /** The first update, from number `step` on, before or instead of which it acts; infinity for none. */
  next(step: number): number;
  act(moment: Moment): Acted;
  /** Gives the executor the weights that the network now has, where those of updates are others; `step` updates are over. */
  show?(executor: Executor, step: number): void;
  /** From this update on the network has the density that it ends with. */
  readonly settledFrom: number;
  /** The update that decides the learning rate, where it is not the training's count. */
  clock?(step: number): number;
  /** Which weights exist, where the executor does not know it. */
  mask?(): Uint8Array | undefined;
  /** What becomes of the trained network in the end, where that is not it. */
  finish?(trained: Network): Network;
  /** What an epoch's history says of a mask, or of the network's own: named numbers. */
  metrics?(mask: Uint8Array | undefined): Readonly<Record<string, number>>;
  /** What a checkpoint must keep besides the executor's state; vectors by name. */
  state?(): ReadonlyMap<string, Float32Array>;
  restore?(state: ReadonlyMap<string, Float32Array>): void;
}
