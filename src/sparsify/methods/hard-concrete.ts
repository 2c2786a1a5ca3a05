// Learnt gates (Louizos et al. 2018, arXiv 1712.01312): each weight or block is multiplied by a gate that is drawn anew at every
// update from a hard concrete distribution, whose parameter is trained with the weights. A multiplier on the expected
// density rises until it is what was asked for. Then the gates that are most open stay, exactly as many as the density
// says, their values become part of the weights, and training goes on under that mask.
import { maskVector } from "../../network/masks.js";
import { changes } from "../changes.js";
import { gradientOf } from "../changing.js";
import { poolsFor } from "../density.js";
import { ADAM, draw, OPEN, openness, sigmoid, testGate } from "../gates.js";
import { groupsOf } from "../groups.js";
import type { Method } from "../method.js";
import { highest } from "../ranking.js";
import { clipping, masked, Trainee, unmasked, use } from "../relaxed.js";
import { keptOf, selectHighest } from "../select.js";

/** Gates are trained at so many times the weights' rate. */
const FASTER = 10;

export const hardConcrete: Method = {
  about: "learns a gate for each weight or block and keeps the most open ones",
  uses: { end: 0.6, penalty: 0.05 },
  begin({ network: given, updates }, options, pattern) {
    const chosen = poolsFor(given, options, pattern);
    const network = unmasked(given, chosen);
    const possible = maskVector(network);
    const { end = 0.6, penalty = 0.05 } = options;
    // At the latest before the last update, so that there is one.
    const last = Math.max(0, Math.min(Math.round(end * updates), updates - 1));
    const pools = chosen.map(({ parts, density }) => {
      const groups = groupsOf(network, parts, pattern);
      return {
        parts,
        groups,
        density,
        gates: new Trainee(new Float32Array(groups.count).fill(OPEN)),
        multiplier: 0,
      };
    });
    const trainee = new Trainee(network.parameters);
    /** The weights, each times the gate of its group. */
    const gated = (gatesOf: (pool: (typeof pools)[number]) => Float64Array) => {
      const values = trainee.values.slice();
      for (const pool of pools) pool.groups.scale(gatesOf(pool), values);
      return values;
    };
    return {
      network,
      settledFrom: last,
      next: (step) => (step <= last ? step : Number.POSITIVE_INFINITY),
      act(moment) {
        const { executor, step, random } = moment;
        if (step === last) {
          const mask = possible.slice();
          const values = gated(({ gates }) => Float64Array.from(gates.values, testGate));
          for (const { parts, groups, density, gates } of pools) {
            const open = Float64Array.from(gates.values, sigmoid);
            if (pattern.kind === "n-of-m") {
              const scores = new Float32Array(mask.length).fill(1);
              groups.scale(open, scores);
              selectHighest(network, [{ parts, density }], scores, mask, { pattern });
            } else {
              const first = options.keepDiagonal ? groups.diagonal() : undefined;
              groups.clear(highest(open, keptOf(groups.count, density), { first }), mask);
            }
          }
          // The moments begin anew, and Adam's count of updates with them.
          use(executor, values, 0);
          executor.setMask(mask);
          return changes(possible, mask);
        }
        const draws = new Map(
          pools.map((pool, p) => [pool, draw(pool.gates.values, random.stream(String(p)))]),
        );
        use(
          executor,
          gated((pool) => draws.get(pool)!.gates),
          step,
        );
        const [everywhere, outcome] = gradientOf(moment, possible);
        const gradient = masked(everywhere, possible);
        const scale = clipping(moment, outcome);
        for (const pool of pools) {
          const { gates, slopes } = draws.get(pool)!;
          const { groups, density } = pool;
          const share = pool.gates.values.reduce((sum, alpha) => sum + openness(alpha), 0) / groups.count;
          // The density wanted falls in a straight line over the first half of the time.
          const wanted = Math.max(density, 1 - ((1 - density) * 2 * step) / last);
          // Rounded as a checkpoint keeps it.
          pool.multiplier = Math.fround(Math.max(0, pool.multiplier + penalty * (share - wanted)));
          const own = Float32Array.from(groups.products(gradient, trainee.values), (flow, g) => {
            const open = openness(pool.gates.values[g]);
            return flow * slopes[g] + (pool.multiplier * open * (1 - open)) / groups.count;
          });
          pool.gates.update({ rate: FASTER * moment.rate, optimiser: ADAM }, own);
          groups.scale(gates, gradient);
        }
        trainee.update(moment, gradient, scale);
        return { born: 0, dropped: 0, outcome };
      },
      show(executor, step) {
        if (step > last) return;
        use(
          executor,
          gated(({ gates }) => Float64Array.from(gates.values, testGate)),
          step,
        );
      },
      state() {
        const own = pools.flatMap(({ gates, multiplier }, p) => [
          ...gates.state().map(([name, values]) => [`gates ${p} ${name}`, values] as const),
          [`multiplier ${p}`, Float32Array.of(multiplier)] as const,
        ]);
        return new Map([...trainee.state(), ...own]);
      },
      restore(state) {
        trainee.restore((name) => state.get(name));
        for (const [p, pool] of pools.entries()) {
          pool.gates.restore((name) => state.get(`gates ${p} ${name}`));
          pool.multiplier = state.get(`multiplier ${p}`)?.[0] ?? 0;
        }
      },
    };
  },
};
