// A training with the weights that int8 will have: every update sees them rounded, and its gradient goes to what they were rounded
// from, as if nothing had been (the straight-through estimator; Jacob et al. 2018, arXiv 1712.05877). What they are multiplied by is
// not rounded. Masks stay.
import { roundedParameters } from "../engine/int8.js";
import { maskVector } from "../network/masks.js";
import type { Sparsify } from "../train/sparsifier.js";
import { gradientOf } from "./changing.js";
import { clipping, masked, Trainee, use } from "./relaxed.js";

/** Makes all updates of a training; the network that comes out has rounded weights. */
export const rounding: Sparsify = ({ network }) => {
  const trainee = new Trainee(network.parameters);
  const mask = maskVector(network);
  return {
    network,
    settledFrom: 0,
    next: (step) => step,
    act(moment) {
      use(moment.executor, roundedParameters(network, trainee.values), moment.step);
      const [gradient, outcome] = gradientOf(moment, mask);
      trainee.update(moment, masked(gradient, mask), clipping(moment, outcome));
      return { born: 0, dropped: 0, outcome };
    },
    show: (executor, step) => use(executor, roundedParameters(network, trainee.values), step),
    state: () => new Map(trainee.state()),
    restore: (state) => trainee.restore((name) => state.get(name)),
  };
};
