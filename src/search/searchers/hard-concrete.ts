// Hard concrete gates (Louizos et al. 2018, arXiv 1712.01312), one sample per update, under a Lagrangian multiplier on their
// expected count. The multiplier is a price in units of the slopes at hand, so that it means the same for any loss, and rises
// slowly while the count that it asks for falls in a straight line: prices that rise faster close gates before their weights
// have grown (docs/search.md).
import { ADAM, draw, OPEN, openness, testGate } from "../../sparsify/gates.js";
import { Trainee } from "../../sparsify/relaxed.js";
import type { Searcher } from "../searcher.js";

/** Gates are trained at so many times the weights' rate. */
const FASTER = 3;
/** By how much of the count that is too high the price rises in an update. */
const RISE = 0.05;
/** When the count is to be reached. */
const REACHED = 0.9;
/** Slopes are measured by a running mean that forgets a tenth in each update. */
const FORGET = 0.1;

export const hardConcrete: Searcher = {
  about: "gates of the hard concrete distribution, and a price on their expected count",
  begin(count, kept) {
    const gates = new Trainee(new Float32Array(count).fill(OPEN));
    let drawn: ReturnType<typeof draw> | undefined;
    let price = 0;
    let unit = 0;
    const expected = () => gates.values.reduce((sum, alpha) => sum + openness(alpha), 0);
    return {
      open({ random }) {
        drawn = draw(gates.values, random);
        return drawn.gates;
      },
      still: () => Float64Array.from(gates.values, testGate),
      learn(slopes, rate, progress) {
        if (!drawn) return;
        const wanted = Math.max(kept / count, 1 - (1 - kept / count) * (progress / REACHED));
        // Rounded as a checkpoint keeps them.
        price = Math.fround(Math.max(0, price + RISE * (expected() / count - wanted)));
        const size = Math.sqrt(slopes.reduce((sum, slope) => sum + slope * slope, 0) / count);
        unit = Math.fround(unit === 0 ? size : unit + FORGET * (size - unit));
        gates.update(
          { optimiser: ADAM, rate: FASTER * rate },
          gateSlopes(gates.values, drawn.slopes, slopes, price * unit),
        );
      },
      metrics: () => ({ price, "expected count": expected() }),
      state: () => [...gates.state(), ["price", Float32Array.of(price, unit)]],
      restore(stateOf) {
        gates.restore(stateOf);
        [price, unit] = stateOf("price") ?? [0, 0];
      },
    };
  },
};

/** The slopes by ln α of the mean loss and a price on each gate that is expected to be open. */
export function gateSlopes(
  alphas: Float32Array | Float64Array,
  drawn: Float64Array,
  slopes: Float64Array,
  price: number,
): Float32Array {
  return Float32Array.from(slopes, (slope, g) => {
    const open = openness(alphas[g]);
    return slope * drawn[g] + price * open * (1 - open);
  });
}
