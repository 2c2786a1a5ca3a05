// Dynamic sparse training: from a random mask on, each matrix now and then drops a share of its smallest weights and grows
// as many others, so that its density stays. Methods differ in the share and in what a place is worth where nothing is.

import { freeze } from "../engine/reference-update.js";
import { InputError } from "../errors.js";
import type { Random } from "../math/random.js";
import { masksOf, maskVector } from "../network/masks.js";
import type { BatchOutcome, Beginning, Moment, Sparsifier } from "../train/sparsifier.js";
import { randomMask } from "./chance.js";
import { partDensities, poolsFor } from "./density.js";
import { type Groups, groupsOf } from "./groups.js";
import type { SparsifyOptions } from "./method.js";
import type { Pattern } from "./pattern.js";
import { highest } from "./ranking.js";
import { everyOf, nextOf, present, rewire } from "./rewiring.js";
import type { Pool } from "./select.js";

export interface ChangeRule {
  /** The share of a pool's groups that is dropped when so much of the changes' time is over, 0 to 1. */
  shareAt(progress: number, options: SparsifyOptions): number;
  /** Whether places are judged by the gradient of the update's batch, which then makes no update. */
  readonly needsGradient?: boolean;
  /** What each group of a pool is worth where it is absent: the highest grow. */
  worth(place: {
    readonly groups: Groups;
    readonly gradient: Float32Array;
    readonly random: Random;
  }): Float64Array;
}

/**
 * The sparsifier of a rule, from a random mask of the budget's densities. Pools of which the network has a mask already keep
 * that one, with its density. Weights of the diagonal are kept where that is asked for.
 */
export function changing(
  { network, updates, random }: Beginning,
  options: SparsifyOptions,
  pattern: Pattern,
  rule: ChangeRule,
): Sparsifier {
  const { end = 1, keepDiagonal } = options;
  const pools = poolsFor(network, options, pattern, "matrix");
  const mask = maskVector(network);
  const isWhole = ({ parts }: Pool) =>
    partDensities(parts, mask).every((own) => own.nonzeros === own.weights);
  checkMasked(
    pools.filter((pool) => !isWhole(pool)),
    mask,
  );
  randomMask(network, pools.filter(isWhole), mask, random, { ...options, pattern });
  const start = network.copy(masksOf(network, mask));
  const span = end * updates;
  const every = everyOf(options.every, Math.floor(span));
  const grouped = pools.map(({ parts }) => groupsOf(network, parts, pattern));
  return {
    network: start,
    settledFrom: 0,
    next: (step) => nextOf(step, every, every, Math.ceil(span) - 1),
    act(moment) {
      const { executor, step } = moment;
      const { parameters, mask } = present(executor, start);
      const [gradient, outcome] = rule.needsGradient ? gradientOf(moment, mask) : [new Float32Array(0)];
      const share = rule.shareAt(step / span, options);
      const after = mask.slice();
      const grown = new Uint8Array(mask.length);
      const kepts = grouped.map((groups, p) => {
        const there = groups.present(mask);
        const nonzeros = there.reduce((sum, bit) => sum + bit, 0);
        const count = Math.min(Math.floor(share * nonzeros), groups.count - nonzeros);
        const first = keepDiagonal ? groups.diagonal() : undefined;
        const kept = highest(groups.norms(parameters), nonzeros - count, { eligible: there, first });
        const worth = rule.worth({ groups, gradient, random: moment.random.stream(String(p)) });
        const born = groups.grow(kept, worth, count);
        groups.mark(born, after);
        groups.mark(born, grown);
        for (let g = 0; g < kept.length; g++) kept[g] |= born[g];
        return kept;
      });
      // After all have grown: a weight between two units is in the groups of both.
      for (const [p, groups] of grouped.entries()) groups.clear(kepts[p], after);
      return rewire(executor, mask, after, outcome, grown);
    },
  };
}

/** @throws InputError where masks that the network has are of another density, which they would keep. */
function checkMasked(pools: readonly Pool[], mask: Uint8Array): void {
  const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);
  const all = pools.map(({ parts, density }) => ({ density, own: partDensities(parts, mask) }));
  const there = sum(all.flatMap(({ own }) => own.map(({ nonzeros }) => nonzeros)));
  const weights = all.map(({ own }) => sum(own.map((part) => part.weights)));
  const asked = sum(all.map(({ density }, p) => density * weights[p]));
  if (Math.abs(there - asked) <= ALIKE * sum(weights)) return;
  throw new InputError({
    where: "density",
    what: `the network has masks already, of a density of ${(there / sum(weights)).toPrecision(3)}`,
    hint: "ask for that density, or train a new network",
  });
}

/** Densities that differ by no more count as the same. */
const ALIKE = 0.005;

/**
 * The gradient of the moment's batch at all places, 0 where parameters are frozen, and its outcome, of which the norm is that of
 * what exists under a mask.
 */
export function gradientOf(
  { executor, batch, seed, classWeights, frozen }: Moment,
  mask: Uint8Array,
): [Float32Array, BatchOutcome] {
  const options = { everywhere: true, seed, classWeights, carries: true };
  const { loss, count, correct, gradient } = executor.gradient(batch, 0, options);
  const values = Float32Array.from(gradient);
  freeze(values, frozen);
  return [values, { loss, count, correct, norm: normOf(values, mask) }];
}

/** The norm of the values that exist under a mask. */
export function normOf(values: Float32Array, mask: Uint8Array): number {
  let squares = 0;
  for (let i = 0; i < values.length; i++) if (mask[i] === 1) squares += values[i] * values[i];
  return Math.sqrt(squares);
}
