// What a differentiable searcher is: factors of groups of weights, gates, that are learnt while the super-network trains. The
// update around them is in searching.ts; each searcher is one file in `searchers`.
import type { Random } from "../math/random.js";

/** The search at one moment. */
export interface GateMoment {
  /** The share of the search that is over, 0 to 1. */
  readonly progress: number;
  /** The norm of each group's weights. */
  readonly norms: Float64Array;
  readonly random: Random;
}

/** The gates of one search. */
export interface Gates {
  /** The factor of each group in this update. */
  open(moment: GateMoment): Float64Array;
  /** The factors that stand for the gates when nothing is drawn. */
  still(moment: Omit<GateMoment, "random">): Float64Array;
  /** Learns from the slopes of the mean loss by each factor, those of the last `open`. @param rate of the weights. */
  learn?(slopes: Float64Array, rate: number, progress: number): void;
  /** What an epoch's history says of them. */
  metrics(): Readonly<Record<string, number>>;
  /** What a checkpoint keeps. */
  state(): [name: string, values: Float32Array][];
  restore(stateOf: (name: string) => Float32Array | undefined): void;
}

/** A way to search. */
export interface Searcher {
  /** In a clause, for `--help`. */
  readonly about: string;
  /** Whether weights are trained as if their gates were open (straight through). */
  readonly straight?: boolean;
  /** Whether gates learn from data of their own. */
  readonly held?: boolean;
  /** @param count of groups. @param kept how many there will be. */
  begin(count: number, kept: number): Gates;
}
