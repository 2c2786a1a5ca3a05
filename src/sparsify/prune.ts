// Pruning in one shot: score the weights, find each pool's threshold, mask what lies below. What to score, which
// matrices and which weights compete are chosen independently of each other, as in jaxpruner.
import { InputError } from "../errors.js";
import type { Random } from "../math/random.js";
import type { Network } from "../network/network.js";
import { checkWord } from "../suggest.js";
import { poolsOf, type Scope, scopes } from "./scope.js";
import { magnitude, randomScore } from "./scores.js";
import { matricesOf, type Target, targets } from "./target.js";

/** Remove the smallest weights, or, as the control, any weights. */
export const criteria = ["magnitude", "random"] as const;
export type Criterion = (typeof criteria)[number];

export interface PruneOptions {
  /** Share of each pool to remove, 0 to 100, counting weights that are already gone. */
  readonly percent: number;
  /** Which matrices; "both" when left out. */
  readonly target?: Target;
  /** Which weights compete; "global" when left out. */
  readonly scope?: Scope;
  /** Which weights go first; "magnitude" when left out. */
  readonly criterion?: Criterion;
  /** Where the criterion "random" draws from. */
  readonly random?: Random;
}

/**
 * A network of its own without the least of the chosen weights; masks that it already has stay.
 *
 * The rule is that of Darji (2021): a pool's threshold is the linearly interpolated percentile of its scores (numpy's default
 * method), and weights that score below it go. So 100 % keeps the largest weight of each pool. Of n weights with
 * distinct scores ⌈(n-1)·percent/100⌉ go, whatever the criterion; weights that tie with the threshold stay, which can
 * keep a few more under "magnitude" than under "random", whose scores do not tie.
 * @throws InputError when `percent` is not in 0 to 100, an option is none of its words, or "random" has nothing to draw from.
 */
export function prune(
  network: Network,
  { percent, target = "both", scope = "global", criterion = "magnitude", random }: PruneOptions,
): Network {
  if (!(percent >= 0 && percent <= 100)) {
    throw new InputError({ where: "percent", what: `${percent} is not a percentage`, hint: "use 0 to 100" });
  }
  checkWord("target", target, targets);
  checkWord("scope", scope, scopes);
  checkWord("criterion", criterion, criteria);
  if (criterion === "random" && !random) {
    throw new InputError({
      what: "random pruning has nothing to draw from",
      hint: "pass a random generator",
    });
  }
  const score = criterion === "random" ? randomScore(random!) : magnitude;
  const matrices = matricesOf(network.architecture, target);
  const scores = new Map(matrices.map(({ name }) => [name, score(network, name)]));
  const pruned = new Map<string, Uint8Array>();
  for (const pool of poolsOf(network, matrices, scope)) {
    const threshold = percentile(
      pool.map(({ name, begin, end }) => scores.get(name)!.subarray(begin, end)),
      percent,
    );
    for (const { name, begin, end } of pool) {
      const values = scores.get(name)!;
      const mask =
        pruned.get(name) ?? network.masks.get(name)?.slice() ?? new Uint8Array(values.length).fill(1);
      for (let i = begin; i < end; i++) if (values[i] < threshold) mask[i] = 0;
      pruned.set(name, mask);
    }
  }
  // A mask of only ones says nothing, and costs time in training.
  const masks = [...network.masks, ...pruned].filter(([, mask]) => mask.includes(0));
  return network.copy(new Map(masks));
}

/**
 * The value below which `percent` of the values lie, interpolated linearly between its neighbours: numpy's
 * `percentile` with its default method (number 7 of Hyndman and Fan, 1996).
 * @param parts the values, in pieces; at least one value. @param percent 0 to 100.
 */
export function percentile(parts: readonly Float64Array[], percent: number): number {
  const values = new Float64Array(parts.reduce((sum, part) => sum + part.length, 0));
  let end = 0;
  for (const part of parts) {
    values.set(part, end);
    end += part.length;
  }
  const position = (values.length - 1) * (percent / 100);
  const below = Math.floor(position);
  select(values, below);
  if (position === below) return values[below];
  let next = Number.POSITIVE_INFINITY;
  for (let i = below + 1; i < values.length; i++) if (values[i] < next) next = values[i];
  return values[below] + (next - values[below]) * (position - below);
}

/** Reorders values so that the one at `rank` is where sorting would put it, and none after it is less (Hoare's find). */
function select(values: Float64Array, rank: number): void {
  let low = 0;
  let high = values.length - 1;
  while (low < high) {
    const pivot = values[(low + high) >>> 1];
    let i = low;
    let j = high;
    while (i <= j) {
      while (values[i] < pivot) i++;
      while (values[j] > pivot) j--;
      if (i > j) break;
      const kept = values[i];
      values[i++] = values[j];
      values[j--] = kept;
    }
    if (rank <= j) high = j;
    else if (rank >= i) low = i;
    else return;
  }
}

/** How much of a matrix exists. */
export interface Density {
  readonly name: string;
  readonly nonzeros: number;
  readonly weights: number;
}

/** Weights that exist in each matrix of the cells, cell by cell, `weight_ih` before `weight_hh`. */
export function densities(network: Network): Density[] {
  return matricesOf(network.architecture, "both").map(({ name }) => ({
    name,
    nonzeros: network.nonzeros(name),
    weights: network.tensor(name).length,
  }));
}
