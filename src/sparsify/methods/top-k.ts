// Straight-through top-k, "discovering neural wirings" (Wortsman et al. 2019, arXiv 1906.00586): of all weights the k largest
// are used, and the gradient of the loss goes to every weight as if it were used.
import { maskVector } from "../../network/masks.js";
import { changes } from "../changes.js";
import { gradientOf } from "../changing.js";
import { poolsFor } from "../density.js";
import type { Method } from "../method.js";
import { clipping, masked, Trainee, unmasked, use } from "../relaxed.js";
import { selectHighest } from "../select.js";

export const topK: Method = {
  about: "uses the largest weights at each update and trains all of them",
  uses: {},
  begin({ network: given }, options, pattern) {
    const pools = poolsFor(given, options, pattern);
    const network = unmasked(given, pools);
    const trainee = new Trainee(network.parameters);
    const possible = maskVector(network);
    let mask = possible;
    const choose = () => {
      mask = possible.slice();
      selectHighest(network, pools, trainee.values, mask, { ...options, pattern });
    };
    return {
      network,
      settledFrom: 0,
      next: (step) => step,
      act(moment) {
        const { executor, step } = moment;
        const before = mask;
        choose();
        use(executor, masked(trainee.values, mask), step);
        const [gradient, outcome] = gradientOf(moment, possible);
        trainee.update(moment, masked(gradient, possible), clipping(moment, outcome));
        return { ...changes(before, mask), outcome };
      },
      show(executor, step) {
        choose();
        use(executor, masked(trainee.values, mask), step);
      },
      mask: () => mask,
      state: () => new Map([...trainee.state(), ["used", Float32Array.from(mask)]]),
      restore(state) {
        trainee.restore((name) => state.get(name));
        mask = Uint8Array.from(state.get("used") ?? mask);
      },
    };
  },
};
