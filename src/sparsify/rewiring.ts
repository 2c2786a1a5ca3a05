// What methods that change masks have in common: they look at the weights and masks of an executor, and give it others.
import type { Executor } from "../engine/executor.js";
import { maskVector } from "../network/masks.js";
import type { Network } from "../network/network.js";
import type { Acted, BatchOutcome, Sparsifier } from "../train/sparsifier.js";
import { changes } from "./changes.js";

/** The weights of an executor and which of them exist; copies. */
export function present(
  executor: Executor,
  network: Network,
): { parameters: Float32Array; mask: Uint8Array } {
  const { parameters, wiring } = executor.state();
  return { parameters, mask: wiring?.mask ?? maskVector(network) };
}

/**
 * Gives an executor another mask. What is both dropped and born, in `renewed`, begins anew like all that is born.
 * @param before the mask that it has.
 */
export function rewire(
  executor: Executor,
  before: Uint8Array,
  after: Uint8Array,
  outcome?: BatchOutcome,
  renewed?: Uint8Array,
): Acted {
  const { born, dropped } = changes(before, after);
  let again = 0;
  const without = after.slice();
  for (let i = 0; renewed && i < after.length; i++) {
    again += renewed[i] & before[i] & after[i];
    if (renewed[i] === 1) without[i] = 0;
  }
  if (again > 0) executor.setMask(without);
  if (born + dropped + again > 0) executor.setMask(after);
  return { born: born + again, dropped: dropped + again, ...(outcome && { outcome }) };
}

/** Updates from one change of masks to the next where nothing is said, and changes that a training then has at least. */
const EVERY = 100;
const LEAST_CHANGES = 20;

/** Updates between changes within so many: as asked for or, where nothing is, 100, and fewer in a short training. */
export function everyOf(asked: number | undefined, span: number): number {
  return Math.max(1, Math.min(asked ?? Math.min(EVERY, Math.floor(span / LEAST_CHANGES)), Math.max(1, span)));
}

/** The first of the updates `first`, `first + every`, ... that is not before `step` nor after `last`; infinity when there is none. */
export function nextOf(step: number, first: number, every: number, last: number): number {
  const at = step <= first ? first : first + Math.ceil((step - first) / every) * every;
  return at <= last ? at : Number.POSITIVE_INFINITY;
}

/** What a method does that decides before training, and never again: trains this network under its masks. */
export function fixed(network: Network): Sparsifier {
  return {
    network,
    settledFrom: 0,
    next: () => Number.POSITIVE_INFINITY,
    act: () => ({ born: 0, dropped: 0 }),
  };
}
