// Pruning in one shot: score the weights, choose which of each pool stay, mask the others. What to score, which matrices,
// what goes together and which weights compete are chosen independently of each other, as in jaxpruner.
import { InputError } from "../errors.js";
import type { Random } from "../math/random.js";
import { masksOf, maskVector } from "../network/masks.js";
import type { Network } from "../network/network.js";
import { checkWord } from "../suggest.js";
import { randomScores } from "./chance.js";
import { type Budget, pooled, poolsFor } from "./density.js";
import { connectionSensitive } from "./methods/snip.js";
import { partsOf, sizeOf } from "./parts.js";
import type { Pattern } from "./pattern.js";
import { ranked } from "./ranking.js";
import { scopes } from "./scope.js";
import { magnitude, randomScore } from "./scores.js";
import { selectHighest } from "./select.js";
import { matricesOf, targets } from "./target.js";
import { withoutAbsentUnits } from "./units.js";

/** Remove the smallest weights or, as the control, any: what needs no data. */
export const dataFreeCriteria = ["magnitude", "random"] as const;
export type DataFreeCriterion = (typeof dataFreeCriteria)[number];
/** These, or the weights that matter least to the loss (see methods/snip.ts). */
export const criteria = [...dataFreeCriteria, "snip"] as const;
export type Criterion = (typeof criteria)[number];

export interface PruneOptions extends Partial<Budget> {
  /** Share of each pool to remove, 0 to 100, counting weights that are already gone; or `density` says what stays. */
  readonly percent?: number;
  /** Which weights go first; "magnitude" when left out. */
  readonly criterion?: Criterion;
  /** What goes together; single weights when left out. */
  readonly pattern?: Pattern;
  /** Where the criterion "random" draws from. */
  readonly random?: Random;
  /** What the criterion "snip" looks at: the gradient of the mean loss, laid out as the parameters. */
  readonly gradient?: Float32Array;
}

/**
 * A network of its own without the least of the chosen weights; masks that it already has stay. Of a pool's n weights (or
 * blocks, or units) n - round(n·percent/100) stay, of equal ones the first.
 *
 * Single weights by magnitude or at random with one percentage follow the rule of Darji (2021) instead: a pool's threshold is the
 * linearly interpolated percentile of its scores (numpy's default method), and weights that score below it go. So 100 %
 * keeps the largest weight of each pool. Of n weights with distinct scores ⌈(n-1)·percent/100⌉ go, whatever the
 * criterion; weights that tie with the threshold stay, which can keep a few more under "magnitude" than under
 * "random", whose scores do not tie.
 * @throws InputError when a share is out of its range or leaves nothing, an option is none of its words, or the criterion has
 * nothing to draw from or to look at.
 */
export function prune(network: Network, options: PruneOptions): Network {
  const { percent, density, target = "both", scope = "global", criterion = "magnitude", random } = options;
  if (percent !== undefined && !(percent >= 0 && percent <= 100)) {
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
  const { pattern = { kind: "weight" }, also, keepDiagonal, distribution } = options;
  const isPlain = pattern.kind === "weight" && !also && !keepDiagonal && !distribution;
  if (isPlain && percent !== undefined && criterion !== "snip") {
    return pruneByPercentile(network, { percent, target, scope, criterion, random });
  }
  const kept = density ?? (percent === undefined ? undefined : 1 - percent / 100);
  if (kept === undefined) {
    throw new InputError({
      where: "density",
      what: "it is missing",
      hint: "say what share of the weights stays",
    });
  }
  const budget = { ...options, density: kept };
  const thinned =
    criterion === "snip"
      ? connectionSensitive(network, gradientFrom(options), budget, pattern)
      : thin(network, budget, pattern, criterion === "random" ? random : undefined);
  return pattern.kind === "unit" ? withoutAbsentUnits(thinned) : thinned;
}

/** Without the smallest weights or, where there is something to draw from, without any. */
function thin(network: Network, budget: Budget, pattern: Pattern, random: Random | undefined): Network {
  const pools = poolsFor(network, budget, pattern);
  const mask = maskVector(network);
  const scores = random ? randomScores(pools, mask.length, random) : network.parameters;
  const { keepDiagonal } = budget;
  selectHighest(network, pools, scores, mask, { pattern, keepDiagonal });
  return network.copy(masksOf(network, mask));
}

function gradientFrom({ gradient }: PruneOptions): Float32Array {
  if (gradient) return gradient;
  throw new InputError({
    where: "snip",
    what: "there is no gradient to judge weights by",
    hint: "give data: --data or --text",
  });
}

function pruneByPercentile(
  network: Network,
  {
    percent,
    target,
    scope,
    criterion,
    random,
  }: Required<Pick<PruneOptions, "percent" | "target" | "scope" | "criterion">> &
    Pick<PruneOptions, "random">,
): Network {
  const score = criterion === "random" ? randomScore(random!) : magnitude;
  const scores = new Float64Array(network.parameters.length);
  for (const { name } of matricesOf(network.architecture, target)) {
    scores.set(score(network, name), network.tensor(name).offset);
  }
  const mask = maskVector(network);
  for (const pool of pooled(partsOf(network, target), scope)) {
    const spans = pool.map((part) => [part.begin, part.begin + sizeOf(part)] as const);
    const threshold = percentile(
      spans.map(([begin, end]) => scores.subarray(begin, end)),
      percent,
    );
    for (const [begin, end] of spans) {
      for (let i = begin; i < end; i++) if (scores[i] < threshold) mask[i] = 0;
    }
  }
  return network.copy(masksOf(network, mask));
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
  const value = ranked(values, below);
  if (position === below) return value;
  let next = Number.POSITIVE_INFINITY;
  for (let i = below + 1; i < values.length; i++) if (values[i] < next) next = values[i];
  return value + (next - value) * (position - below);
}

/** How much of a matrix exists. */
export interface MatrixDensity {
  readonly name: string;
  readonly nonzeros: number;
  readonly weights: number;
}

/** Weights that exist in each matrix of the cells, cell by cell, `weight_ih` before `weight_hh`, and in others that are masked. */
export function densities(network: Network): MatrixDensity[] {
  const names = matricesOf(network.architecture, "both").map(({ name }) => name);
  const others = [...network.masks.keys()].filter((name) => !names.includes(name));
  return [...names, ...others].map((name) => ({
    name,
    nonzeros: network.nonzeros(name),
    weights: network.tensor(name).length,
  }));
}
