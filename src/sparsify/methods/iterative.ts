// Iterative magnitude pruning (Frankle & Carbin 2019, arXiv 1803.03635; rewinding to an early epoch: Frankle et al. 2020,
// arXiv 1912.05671; of the learning rate alone: Renda et al. 2020, arXiv 2003.02389): the network is trained, loses a share
// of its smallest weights, is put back to what it was early on, and is trained again.
import type { TrainingState } from "../../engine/executor.js";
import { InputError } from "../../errors.js";
import { poolsFor } from "../density.js";
import type { Method } from "../method.js";
import { present, rewire } from "../rewiring.js";
import { selectHighest } from "../select.js";

export const iterative: Method = {
  about:
    "trains several times; each time the smallest weights go and the others are put back to what they were early on",
  uses: { rounds: 5, rewind: 0 },
  begin({ network, updates, epoch }, options, pattern) {
    const { rounds = 5, rewind = 0 } = options;
    const pools = poolsFor(network, options, pattern);
    const from = rewind === "rate" ? 0 : rewind * epoch;
    if (from >= updates) {
      throw new InputError({
        where: "rewind",
        what: `a round of ${updates / epoch} epochs has ended before epoch ${rewind}`,
        hint: "rewind to an earlier epoch",
      });
    }
    const round = updates - from;
    /** The round, counted from 0, of an update. */
    const roundOf = (step: number) => (step < updates ? 0 : 1 + Math.floor((step - updates) / round));
    let early: TrainingState | undefined;
    const isEarly = (step: number) => step === from && rewind !== "rate";
    return {
      network,
      updates: updates + (rounds - 1) * round,
      // Of n of m there is no way between all and n.
      settledFrom: pattern.kind === "n-of-m" ? updates : updates + (rounds - 2) * round,
      clock: (step) => (step < updates ? step : from + ((step - updates) % round)),
      next(step) {
        if (step <= from && rewind !== "rate") return from;
        const at = step <= updates ? updates : updates + Math.ceil((step - updates) / round) * round;
        return at < updates + (rounds - 1) * round ? at : Number.POSITIVE_INFINITY;
      },
      act({ executor, step }) {
        if (isEarly(step)) {
          early = executor.state();
          return { born: 0, dropped: 0 };
        }
        const { parameters, mask } = present(executor, network);
        const after = mask.slice();
        const now = pools.map(({ parts, density }) => ({
          parts,
          density: density ** (roundOf(step) / (rounds - 1)),
        }));
        selectHighest(network, now, parameters, after, { ...options, pattern });
        const acted = rewire(executor, mask, after);
        if (early) {
          const { wiring } = executor.state();
          const kept = (values: Float32Array) => values.map((value, i) => (after[i] === 1 ? value : 0));
          const { step: updates } = early;
          const [own, first, second] = [early.parameters, early.firstMoment, early.secondMoment].map(kept);
          const born = new Int32Array(after.length);
          executor.setState({
            parameters: own,
            firstMoment: first,
            secondMoment: second,
            step: updates,
            ...(wiring && { wiring: { mask: wiring.mask, born } }),
          });
        }
        return acted;
      },
      state() {
        if (!early) return new Map();
        const { parameters, firstMoment, secondMoment, step } = early;
        return new Map(
          Object.entries({ parameters, firstMoment, secondMoment, step: Float32Array.of(step) }),
        );
      },
      restore(state) {
        const [parameters, firstMoment, secondMoment, step] = [
          "parameters",
          "firstMoment",
          "secondMoment",
          "step",
        ].map((name) => state.get(name));
        if (parameters && firstMoment && secondMoment && step)
          early = { parameters, firstMoment, secondMoment, step: step[0] };
      },
    };
  },
};
