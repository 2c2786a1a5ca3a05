// One-shot magnitude pruning (Han et al. 2015, arXiv 1506.02626): the network is trained as a whole, and then its smallest
// weights go. Nothing is trained afterwards: see `iterative` with two rounds for that.
import { maskVector } from "../../network/masks.js";
import { poolsFor } from "../density.js";
import type { Method } from "../method.js";
import { selectHighest } from "../select.js";

export const magnitude: Method = {
  about: "after training, the smallest weights go, and nothing is trained any more",
  uses: {},
  begin({ network, updates }, options, pattern) {
    const pools = poolsFor(network, options, pattern);
    return {
      network,
      settledFrom: updates - 1,
      next: () => Number.POSITIVE_INFINITY,
      act: () => ({ born: 0, dropped: 0 }),
      show(executor, step) {
        if (step < updates) return;
        const mask = maskVector(network);
        selectHighest(network, pools, executor.state().parameters, mask, { ...options, pattern });
        executor.setMask(mask);
      },
    };
  },
};
