// A study consists of trials, and what a trial does is its kind. The interfaces here are all that a kind and the
// machinery around it (store, runner, queue) know of each other, so that anything which is a pure function of a
// configuration and a seed can be studied.
import type { z } from "zod";
import { InputError } from "../errors.js";
import { suggest } from "../suggest.js";
import type { JsonObject } from "./json.js";

/** What one trial is: a kind by name, a configuration (defaults may be left out) and a seed (a safe integer). */
export interface TrialSpec {
  readonly kind: string;
  readonly configuration: JsonObject;
  readonly seed: number;
}

/** What a trial leaves: named numbers, and named files. -0 is recorded as 0; NaN and infinities are kept. */
export interface TrialResult {
  readonly summary: Readonly<Record<string, number>>;
  readonly artifacts: Readonly<Record<string, Uint8Array>>;
}

/** The last epoch that an interrupted trial saved, as it was passed to `saveEpoch`. */
export interface Resume {
  readonly epoch: number;
  readonly state: Uint8Array;
}

/** What a running trial may use of the world. */
export interface TrialContext {
  readonly seed: number;
  /** Aborted when the trial should stop: Ctrl-C, a time limit, or another runner has taken it. */
  readonly signal: AbortSignal;
  /** The results of the trials that `TrialKind.needs` named, in the same order. */
  readonly needs: readonly TrialResult[];
  /** Where to go on, or undefined to begin at the beginning. */
  readonly resume: Resume | undefined;
  /**
   * Records one epoch: a row of the series `metrics`, and the state to resume from, both or neither. The state must
   * contain everything (weights, optimiser, random streams, best-so-far), so that a resumed trial ends with the same
   * bits. Rejects, after saving, when the trial should stop; let that error pass.
   * @param epoch counts up from 0 or 1; saving the same epoch again replaces it.
   */
  saveEpoch(epoch: number, metrics: Readonly<Record<string, number>>, state: Uint8Array): Promise<void>;
}

/**
 * A kind of trial. `run` must be a pure function of `{configuration, seed}` and of the results of `needs`: its name and
 * version, those two, the identities of what it needs and the arithmetic are the trial's identity, and equal identity
 * means equal result. Raise `version` whenever a change of code changes results.
 */
export interface TrialKind<C = unknown> {
  readonly name: string;
  readonly version: number;
  /** Checks a configuration and fills in defaults. Its output is plain JSON; make it strict, so that typing errors are found. */
  readonly schema: z.ZodType<C>;
  /** The names of the numbers in its summaries, one of which an objective must be; not checked when left out. */
  readonly metrics?: readonly string[];
  /** What to tell of a configuration that is possible and hardly meant: a clause, the same for all that are alike. */
  remark?(configuration: C): string | undefined;
  /** What of a configuration decides the result, as JSON; all of it when left out. The place of a file does not, its content does. */
  identifying?(configuration: C): JsonObject;
  /** Names what makes the bits of a result in this process, where not every processor makes the same. */
  arithmetic?(): string;
  /** The trials whose results this one starts from; each is run once, before this one. */
  needs?(configuration: C, seed: number): readonly TrialSpec[];
  /**
   * Runs the trial. Long calculations must leave the JavaScript thread (native calls) or yield to it at least every
   * few seconds (`await setImmediate()`), or the runner seems dead to others.
   */
  run(configuration: C, context: TrialContext): Promise<TrialResult>;
}

/** The kinds that a program knows, by name. */
export type Kinds = Readonly<Record<string, TrialKind>>;

/** A registry of kinds by their names. */
export function kindsOf(...kinds: readonly TrialKind[]): Kinds {
  return Object.fromEntries(kinds.map((kind) => [kind.name, kind]));
}

/** The kind of that name. @throws InputError with the near name. */
export function findKind(kinds: Kinds, name: string, where?: string): TrialKind {
  if (Object.hasOwn(kinds, name)) return kinds[name];
  throw new InputError({ where, what: `unknown kind ${name}`, hint: suggest(name, Object.keys(kinds)) });
}
