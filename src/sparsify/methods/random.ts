// The control of every other method: weights that chance leaves out before training, of a density for each matrix.

import { masksOf, maskVector } from "../../network/masks.js";
import { randomMask } from "../chance.js";
import { poolsFor } from "../density.js";
import type { Method } from "../method.js";
import { fixed } from "../rewiring.js";

/** Erdős–Rényi densities with the distribution of that name. */
export const random: Method = {
  about: "any weights, drawn before training: the control of all others",
  uses: {},
  begin({ network, random }, options, pattern) {
    const mask = maskVector(network);
    randomMask(network, poolsFor(network, options, pattern, "matrix"), mask, random, { ...options, pattern });
    return fixed(network.copy(masksOf(network, mask)));
  },
};
