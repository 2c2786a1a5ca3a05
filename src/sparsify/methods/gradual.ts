// Gradual magnitude pruning (Zhu & Gupta 2017, arXiv 1710.01878): the smallest weights go while the network trains, many at
// first and ever fewer.
import { poolsFor } from "../density.js";
import type { Method } from "../method.js";
import { nextOf, present, rewire } from "../rewiring.js";
import { selectHighest } from "../select.js";

export const gradual: Method = {
  about: "the smallest weights go while the network trains, along a cubic",
  uses: { begin: 0, end: 0.6, every: 100 },
  begin({ network, updates }, options, pattern) {
    const pools = poolsFor(network, options, pattern);
    const { begin = 0, end = 0.6 } = options;
    const first = Math.round(begin * updates);
    const steps = Math.max(1, Math.round(end * updates) - first);
    // Short trainings change their masks more often than every so many updates.
    const every = Math.max(1, Math.min(options.every ?? 100, Math.floor(steps / LEAST_CHANGES)));
    const last = first + Math.floor(steps / every) * every;
    return {
      network,
      settledFrom: last,
      next: (step) => nextOf(step, first, every, last),
      act({ executor, step }) {
        const { parameters, mask } = present(executor, network);
        const share = cubic((step - first) / (last - first));
        const now = pools.map(({ parts, density }) => ({ parts, density: 1 - (1 - density) * share }));
        const after = mask.slice();
        selectHighest(network, now, parameters, after, { ...options, pattern, among: mask });
        return rewire(executor, mask, after);
      },
    };
  },
};

const LEAST_CHANGES = 20;

/** The share of the final sparsity that has been reached at a share of the schedule: 1 - (1 - t)³. */
export function cubic(share: number): number {
  return 1 - (1 - share) ** 3;
}
