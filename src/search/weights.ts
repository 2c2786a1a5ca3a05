// The space of the weights of a stack's matrices, or of blocks of them, gate by gate. A topology is masks. Of the space of
// densities the same is searched, and only how many weights each gate of each matrix keeps counts: which they are is drawn.
import { InputError } from "../errors.js";
import type { Random } from "../math/random.js";
import { masksOf, maskVector } from "../network/masks.js";
import type { Network } from "../network/network.js";
import { randomScores } from "../sparsify/chance.js";
import { partDensities } from "../sparsify/density.js";
import { groupsOf } from "../sparsify/groups.js";
import { partsOf, sizeOf } from "../sparsify/parts.js";
import { formatPattern, type Pattern } from "../sparsify/pattern.js";
import { highest } from "../sparsify/ranking.js";
import type { Target } from "../sparsify/target.js";
import type { Space } from "./space.js";

export interface WeightSpaceOptions {
  /** Weights that a topology has. */
  readonly weights: number;
  /** Single weights when left out. */
  readonly pattern?: Pattern;
  readonly target?: Target;
}

/**
 * The space of a network's weights.
 * @throws InputError when so many are more than there are, none, or no whole number of blocks.
 */
export function weightSpace(
  network: Network,
  { weights, pattern = { kind: "weight" }, target }: WeightSpaceOptions,
): Space {
  const parts = partsOf(network, target);
  const most = parts.reduce((sum, part) => sum + sizeOf(part), 0);
  const refuse = (what: string, hint: string) => {
    throw new InputError({ where: "budget", what, hint });
  };
  if (pattern.kind !== "weight" && pattern.kind !== "blocks")
    refuse(
      `a search chooses weights or blocks, not ${formatPattern(pattern)}`,
      "use weight, or blocks such as 4x4",
    );
  const size = pattern.kind === "blocks" ? pattern.rows * pattern.columns : 1;
  if (weights > most)
    refuse(`${weights} weights are more than the ${most} of the matrices`, `use at most ${most}`);
  // Each gate of each matrix can only be reached by a weight of its own.
  const least = parts.length * size;
  if (!(weights >= least)) {
    refuse(
      `${weights} weights do not connect input and output through ${parts.length} gates of matrices`,
      `use at least ${least}`,
    );
  }
  if (weights % size !== 0) {
    const below = Math.floor(weights / size) * size;
    refuse(`${weights} weights are no whole number of blocks of ${size}`, `use ${below} or ${below + size}`);
  }
  const groups = groupsOf(network, parts, pattern);
  const kept = Math.min(weights / size, groups.count);
  const partOf = partsOfGroups(parts.map((part) => groupsOf(network, [part], pattern).count));
  return {
    network,
    groups,
    kept,
    budget: { density: kept / groups.count, scope: "global", ...(target && { target }) },
    pattern,
    choose(scores) {
      // The best of each gate of each matrix is kept, so that none is cut off.
      const best = new Map<number, number>();
      for (const [g, part] of partOf.entries())
        if (!(scores[g] <= scores[best.get(part) ?? -1])) best.set(part, g);
      const first = new Uint8Array(groups.count);
      for (const g of best.values()) first[g] = 1;
      return highest(scores, kept, { first });
    },
  };
}

function partsOfGroups(counts: readonly number[]): number[] {
  return counts.flatMap((count, part) => new Array<number>(count).fill(part));
}

/** The network of a space under marked groups: its masks, and weights of 0 where there is none. */
export function networkUnder(
  { network, groups }: Pick<Space, "network" | "groups">,
  marked: Uint8Array,
): Network {
  const mask = maskVector(network);
  groups.clear(marked, mask);
  return network.copy(masksOf(network, mask));
}

/** The same network with as many weights in each gate of each matrix, drawn anew. */
export function redrawn(network: Network, free: Network, random: Random, target?: Target): Network {
  const parts = partsOf(network, target);
  const mask = maskVector(free);
  const scores = randomScores([{ parts, density: 1 }], mask.length, random);
  for (const { part, nonzeros } of partDensities(parts, maskVector(network))) {
    const own = Float64Array.from(scores.subarray(part.begin, part.begin + sizeOf(part)));
    mask.set(highest(own, nonzeros), part.begin);
  }
  return free.copy(masksOf(free, mask));
}
