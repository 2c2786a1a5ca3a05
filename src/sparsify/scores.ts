// How much a weight is worth: those with the lowest scores are removed first. A score is at least 0, and 0 for a
// weight that is already gone, so that pruning again never counts it twice.
import type { Random } from "../math/random.js";
import type { Network } from "../network/network.js";

/** Scores of a matrix's weights, row by row, at least 0. */
export type Score = (network: Network, name: string) => Float64Array;

/** A weight's absolute value. */
export const magnitude: Score = (network, name) => new Float64Array(network.values(name)).map(Math.abs);

/**
 * The control: weights are worth as much as chance gives them. Each matrix has a random stream of its own, so with
 * one seed the weights that a higher percentage removes include those that a lower one does.
 */
export function randomScore(random: Random): Score {
  return (network, name) => {
    const stream = random.stream(name);
    const mask = network.masks.get(name);
    const scores = new Float64Array(network.tensor(name).length);
    for (let i = 0; i < scores.length; i++) {
      const score = 1 - stream.uniform(); // in (0, 1]
      scores[i] = mask?.[i] === 0 ? 0 : score;
    }
    return scores;
  };
}
