// Straight-through top-k with an annealed temperature. Which groups are used is a matter of their norms alone, as in
// "discovering neural wirings" (Wortsman et al. 2019, arXiv 1906.00586), but softly at first: the factor of a group is
// 1/(1 + (τ/norm)^(1/T)) with τ between the last group that is kept and the next one. At a high temperature all groups are about
// half open, at a low one exactly k are. Every weight gets the gradient of the loss as if its gate were open.
import { exp, log } from "../../math/exp.js";
import { highest, ranked } from "../../sparsify/ranking.js";
import type { Searcher } from "../searcher.js";

/** Temperatures at the beginning and at `HARD`; between them it falls by the same share in each update. */
const HOT = 2;
const COLD = 0.05;
/** From here on exactly the k largest are used. */
const HARD = 0.9;

export const topK: Searcher = {
  about: "the largest groups, chosen ever more strictly; all are trained as if they were used",
  straight: true,
  begin(_, kept) {
    let temperature = HOT;
    let used = 0;
    const still = ({ norms, progress }: { norms: Float64Array; progress: number }) => {
      temperature = temperatureAt(progress);
      const gates = softTopK(norms, kept, temperature);
      used = gates.reduce((sum, gate) => sum + gate, 0);
      return gates;
    };
    return {
      open: still,
      still,
      metrics: () => ({ temperature, "expected count": used }),
      state: () => [["temperature", Float32Array.of(temperature, used)]],
      restore(stateOf) {
        [temperature, used] = stateOf("temperature") ?? [HOT, 0];
      },
    };
  },
};

/** The temperature at a share of the search; 0 means that the choice is hard. */
export function temperatureAt(progress: number): number {
  return progress >= HARD ? 0 : HOT * exp((progress / HARD) * log(COLD / HOT));
}

/** Factors from 0 to 1, of which about `kept` are above a half. @param temperature 0: exactly so many are 1. */
export function softTopK(norms: Float64Array, kept: number, temperature: number): Float64Array {
  if (temperature === 0 || kept === norms.length) return Float64Array.from(highest(norms, kept));
  const last = ranked(norms.slice(), norms.length - kept);
  const next = ranked(norms.slice(), norms.length - kept - 1);
  const threshold = Math.sqrt(Math.max(last * next, Number.MIN_VALUE));
  return norms.map((norm) => 1 / (1 + exp(log(threshold / Math.max(norm, Number.MIN_VALUE)) / temperature)));
}
