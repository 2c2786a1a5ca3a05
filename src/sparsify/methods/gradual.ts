// Gradual magnitude pruning (Zhu & Gupta 2017, arXiv 1710.01878): the smallest weights go while the network trains, many at
// first and ever fewer.
import { poolsFor } from "../density.js";
import { type Grouped, groupsOf } from "../groups.js";
import type { Method } from "../method.js";
import type { Pattern } from "../pattern.js";
import { everyOf, nextOf, present, rewire } from "../rewiring.js";
import { keptOf, type Pool, selectHighest } from "../select.js";

export const gradual: Method = {
  about: "the smallest weights go while the network trains, along a cubic",
  uses: { begin: 0, end: 0.6, every: undefined },
  begin({ network, updates }, options, pattern) {
    const pools = poolsFor(network, options, pattern);
    const { begin = 0, end = 0.6 } = options;
    // The last change is at the latest before the last update, so that there is one.
    const limit = Math.max(0, Math.min(Math.round(end * updates), updates - 1));
    const first = Math.min(Math.round(begin * updates), limit);
    const steps = limit - first;
    const every = everyOf(options.every, steps);
    const last = first + Math.floor(steps / every) * every;
    const at = (step: number) => {
      if (step >= last) return pools;
      const share = cubic((step - first) / (last - first));
      return pools.map(({ parts, density }) => ({ parts, density: 1 - (1 - density) * share }));
    };
    return {
      network,
      settledFrom: settling(network, pools, pattern, at, { first, every, last }),
      next: (step) => nextOf(step, first, every, last),
      act({ executor, step }) {
        const { parameters, mask } = present(executor, network);
        const after = mask.slice();
        selectHighest(network, at(step), parameters, after, { ...options, pattern });
        return rewire(executor, mask, after);
      },
    };
  },
};

/** The first change from which on as many groups are kept as in the end: the last ones may round to the same. */
function settling(
  network: Grouped,
  pools: readonly Pool[],
  pattern: Pattern,
  at: (step: number) => readonly Pool[],
  { first, every, last }: { readonly first: number; readonly every: number; readonly last: number },
): number {
  const counts = pools.map(({ parts }) => groupsOf(network, parts, pattern).count);
  const isFinal = ({ density }: Pool, p: number) =>
    keptOf(counts[p], density) === keptOf(counts[p], pools[p].density);
  // Of n of m there is no way between all and n.
  if (pattern.kind === "n-of-m") return first;
  let settled = last;
  for (let step = last; step >= first && at(step).every(isFinal); step -= every) settled = step;
  return settled;
}

/** The share of the final sparsity that has been reached at a share of the schedule: 1 - (1 - t)³. */
export function cubic(share: number): number {
  return 1 - (1 - share) ** 3;
}
