// A training of the fixtures' network, an update an epoch, that notes what a method finds and leaves whenever it acts.
import type { TrainingState } from "../../src/engine/executor.js";
import { optimisers } from "../../src/engine/executor.js";
import { maskVector } from "../../src/network/masks.js";
import type { Network } from "../../src/network/network.js";
import { type Sparsification, sparsifying } from "../../src/sparsify/methods.js";
import { partsOf } from "../../src/sparsify/parts.js";
import type { Sparsifier } from "../../src/train/sparsifier.js";
import { type Run, type TrainOptions, train } from "../../src/train/train.js";
import { oneByOne, sparsifyFile, startOf } from "../fixtures/sparsify.js";

export interface Watched {
  readonly acts: {
    readonly step: number;
    readonly rate: number;
    readonly before: TrainingState;
    readonly after: TrainingState;
  }[];
  /** After each update. */
  readonly runs: readonly Run[];
  readonly sparsifier: Sparsifier;
  readonly trained: Network;
}

/** The network of a run without masks, of which the matrices have 198 weights (gru) or 66 (rnn-tanh). */
export const dense = (cell: "gru" | "rnn-tanh" = "gru") =>
  startOf({ ...sparsifyFile.runs.find((run) => run.cell === cell && !run.masks.join("").includes("0"))! });

export async function watched(
  network: Network,
  wanted: Sparsification,
  options: Partial<TrainOptions> & { updates: number },
): Promise<Watched> {
  const acts: Watched["acts"] = [];
  const runs: Run[] = [];
  let sparsifier: Sparsifier | undefined;
  const trained = await train(network, oneByOne, {
    seed: 1,
    learningRate: 0.02,
    optimiser: { ...optimisers.adam, clip: 0.5 },
    executor: "reference",
    ...options,
    sparsify(beginning) {
      const own = sparsifying(wanted)(beginning);
      sparsifier = own;
      return {
        ...own,
        act(moment) {
          const before = moment.executor.state();
          const acted = own.act(moment);
          acts.push({ step: moment.step, rate: moment.rate, before, after: moment.executor.state() });
          return acted;
        },
      };
    },
    onEpoch: (_, __, run) => void runs.push(run),
  });
  return { acts, runs, sparsifier: sparsifier!, trained };
}

/** The places of the cells' weights among the parameters. */
export function places(network: Network): number[] {
  return partsOf(network).flatMap(({ begin, rows, columns }) =>
    Array.from({ length: rows * columns }, (_, i) => begin + i),
  );
}

/** Weights of the cells that exist. */
export function countOf(network: Network, { wiring }: TrainingState): number {
  const mask = wiring?.mask ?? maskVector(network);
  return places(network).filter((i) => mask[i] === 1).length;
}
