// Sparse evolutionary training (Mocanu et al. 2018, arXiv 1707.04780): from a random mask on, now and then the smallest
// weights are dropped and as many grow at random places. What grows starts at 0.
import type { Random } from "../../math/random.js";
import { changing } from "../changing.js";
import type { Method } from "../method.js";

export const set: Method = {
  about: "from a random mask on, drops the smallest weights and grows others anywhere",
  uses: { end: 0.75, every: undefined, share: 0.3 },
  begin: (beginning, options, pattern) =>
    changing(beginning, options, pattern, {
      shareAt: (_, { share = 0.3 }) => share,
      worth({ groups, random }) {
        const scores = new Float64Array(groups.count);
        const draws: Random = random;
        for (let g = 0; g < scores.length; g++) scores[g] = 1 - draws.uniform();
        return scores;
      },
    }),
};
