// Top-KAST (Jayakumar et al. 2020, arXiv 2106.03517): the k largest weights are used, a wider set of large ones gets a
// gradient, and the rest none. A penalty draws the weights in use to 0, and those that are trained without being used in
// proportion to 1/density, so that weights come and go.
import { freeze } from "../../engine/reference-update.js";
import { maskVector } from "../../network/masks.js";
import { changes } from "../changes.js";
import { normOf } from "../changing.js";
import { poolsFor } from "../density.js";
import type { Method } from "../method.js";
import { clipping, masked, Trainee, unmasked, use } from "../relaxed.js";
import { everyOf } from "../rewiring.js";
import { type Pool, selectHighest } from "../select.js";

export const topKast: Method = {
  about: "uses the largest weights and trains more of the largest",
  uses: { every: undefined, backward: 0.5, penalty: 1e-4 },
  begin({ network: given, updates }, options, pattern) {
    const pools = poolsFor(given, options, pattern);
    const network = unmasked(given, pools);
    const { backward = 0.5, penalty = 1e-4 } = options;
    const every = everyOf(options.every, updates);
    const wider = pools.map(({ parts, density }) => ({ parts, density: Math.max(density, backward) }));
    const trainee = new Trainee(network.parameters);
    const { length } = network.parameters;
    const possible = maskVector(network);
    const choose = (from: readonly Pool[]) => {
      const chosen = possible.slice();
      selectHighest(network, from, trainee.values, chosen, { ...options, pattern });
      return chosen;
    };
    let used = possible;
    let trained = used;
    /** Adds the gradient of half the penalty times the squares of the weights. */
    const penalise = (gradient: Float32Array, scale: number) => {
      for (const { parts, density } of pools) {
        for (const { begin, rows, columns } of parts) {
          for (let i = begin; i < begin + rows * columns; i++) {
            if (trained[i] === 0) continue;
            gradient[i] += (penalty * trainee.values[i] * (used[i] === 1 ? 1 : 1 / density)) / scale;
          }
        }
      }
    };
    return {
      network,
      settledFrom: 0,
      next: (step) => step,
      act(moment) {
        const { executor, step, batch, seed, classWeights, frozen } = moment;
        const before = used;
        if (step % every === 0) {
          [used, trained] = [choose(pools), choose(wider)];
          executor.setMask(trained);
        }
        use(executor, masked(trainee.values, used), step);
        const own = executor.gradient(batch, 0, { seed, classWeights, carries: true });
        const gradient = Float32Array.from(own.gradient);
        freeze(gradient, frozen);
        const { loss, count, correct } = own;
        const outcome = { loss, count, correct, norm: normOf(gradient, trained) };
        const scale = clipping(moment, outcome);
        penalise(gradient, scale);
        const kept = trainee.values.slice();
        trainee.update(moment, gradient, scale);
        for (let i = 0; i < length; i++) if (trained[i] === 0) trainee.values[i] = kept[i];
        return { ...changes(before, used), outcome };
      },
      show: (executor, step) => use(executor, masked(trainee.values, used), step),
      mask: () => used,
      state: () => {
        const sets = { used: Float32Array.from(used), trained: Float32Array.from(trained) };
        return new Map([...trainee.state(), ...Object.entries(sets)]);
      },
      restore(state) {
        trainee.restore((name) => state.get(name));
        used = Uint8Array.from(state.get("used") ?? used);
        trained = Uint8Array.from(state.get("trained") ?? trained);
      },
    };
  },
};
