// SNIP (Lee et al. 2019, arXiv 1810.02340): before training, the weights are kept whose removal would change the loss of
// the first batch most, to first order: those of the largest |w·dL/dw|.
import { InputError } from "../../errors.js";
import { masksOf, maskVector } from "../../network/masks.js";
import type { Network } from "../../network/network.js";
import { poolsFor } from "../density.js";
import type { Method, SparsifyOptions } from "../method.js";
import type { Pattern } from "../pattern.js";
import { fixed } from "../rewiring.js";
import { selectHighest } from "../select.js";

export const snip: Method = {
  about: "before training, the weights that matter most to the loss of the first batches",
  uses: { batches: 1 },
  begin({ network, gradient }, options, pattern) {
    return fixed(connectionSensitive(network, gradient(options.batches ?? 1), options, pattern));
  },
};

/**
 * The network with the weights of the largest |w·gradient| alone.
 * @param gradient of the mean loss, laid out as the parameters.
 * @throws InputError when no weight would change the loss.
 */
export function connectionSensitive(
  network: Network,
  gradient: Float32Array,
  options: SparsifyOptions,
  pattern: Pattern,
): Network {
  const scores = network.parameters.map((weight, i) => Math.abs(weight * gradient[i]));
  const pools = poolsFor(network, options, pattern);
  const isFlat = pools.every(({ parts }) =>
    parts.every(({ begin, rows, columns }) =>
      scores.subarray(begin, begin + rows * columns).every((s) => s === 0),
    ),
  );
  if (isFlat) {
    throw new InputError({
      where: "snip",
      what: "every gradient is zero, so that no weight matters more than another",
      hint: "use more batches, other data, or another method",
    });
  }
  const mask = maskVector(network);
  selectHighest(network, pools, scores, mask, { ...options, pattern });
  return network.copy(masksOf(network, mask));
}
