// RigL (Evci et al. 2020, arXiv 1911.11134): from a random mask on, now and then the smallest weights are dropped and as
// many grow where the gradient is largest. A change of masks takes the place of an update. What grows starts at 0 with
// fresh moments, also where it was dropped in the same change (the authors' code lets such a weight keep both).
import { cosine } from "../../math/cosine.js";
import { changing } from "../changing.js";
import type { Method } from "../method.js";

export const rigl: Method = {
  about: "from a random mask on, drops the smallest weights and grows those of the largest gradient",
  uses: { end: 0.75, every: undefined, share: 0.3 },
  begin: (beginning, options, pattern) =>
    changing(beginning, options, pattern, {
      shareAt: (progress, { share = 0.3 }) => (share / 2) * (1 + cosine(progress)),
      needsGradient: true,
      worth: ({ groups, gradient }) => groups.norms(gradient),
    }),
};
