// A softmax mixture of two operations, edge and no edge, in two levels: weights are trained on the training data and the mixture
// on data that are held out, in turns and to first order (DARTS, Liu et al. 2019, arXiv 1806.09055). The softmax over two
// operations of which one gives 0 is a factor σ(α) on the other.
import { ADAM, sigmoid } from "../../sparsify/gates.js";
import { Trainee } from "../../sparsify/relaxed.js";
import type { Searcher } from "../searcher.js";

/** DARTS trains the mixture by Adam with a first moment that forgets half. */
const optimiser = { ...ADAM, beta1: 0.5 };

export const mixture: Searcher = {
  about: "a mixture of edge and no edge, learnt on held-out data in turns with the weights (DARTS)",
  held: true,
  begin(count) {
    const gates = new Trainee(new Float32Array(count));
    const still = () => Float64Array.from(gates.values, sigmoid);
    return {
      open: still,
      still,
      learn(slopes, rate) {
        gates.update({ optimiser, rate }, mixtureSlopes(gates.values, slopes));
      },
      metrics: () => ({ "expected count": still().reduce((sum, gate) => sum + gate, 0) }),
      state: () => gates.state(),
      restore: (stateOf) => gates.restore(stateOf),
    };
  },
};

/** The slopes of the mean loss by α. */
export function mixtureSlopes(alphas: Float32Array | Float64Array, slopes: Float64Array): Float32Array {
  return Float32Array.from(slopes, (slope, g) => {
    const share = sigmoid(alphas[g]);
    return slope * share * (1 - share);
  });
}
