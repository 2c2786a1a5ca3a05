// Random masks with exact numbers of weights, drawn by name, so that one matrix moves no other's.
import type { Random } from "../math/random.js";
import type { Grouped, Scores } from "./groups.js";
import { type Pool, type SelectOptions, selectHighest } from "./select.js";

/** Writes to `mask` which weights of each pool chance keeps. */
export function randomMask(
  network: Grouped,
  pools: readonly Pool[],
  mask: Uint8Array,
  random: Random,
  options: SelectOptions,
): void {
  selectHighest(network, pools, randomScores(pools, mask.length, random), mask, options);
}

/** A score from (0, 1] for each weight of some pools, from a stream of each part's own. */
export function randomScores(pools: readonly Pool[], length: number, random: Random): Scores {
  const scores = new Float64Array(length);
  for (const { parts } of pools) {
    for (const { tensor, gate, begin, rows, columns } of parts) {
      const stream = random.stream(`${tensor} ${gate}`);
      for (let i = begin; i < begin + rows * columns; i++) scores[i] = 1 - stream.uniform();
    }
  }
  return scores;
}
