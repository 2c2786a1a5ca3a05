// The settings of a training as users give them, on the command line and in study files, and the options of `train` that
// they come to.
import { type OptimiserKind, optimisers } from "../engine/executor.js";
import type { Defaults } from "./defaults.js";
import type { TrainOptions } from "./train.js";

export interface Settings
  extends Pick<
    TrainOptions,
    "epochs" | "updates" | "learningRate" | "schedule" | "warmUp" | "patience" | "freeze"
  > {
  readonly optimiser?: OptimiserKind;
  /** PyTorch's of the optimiser when left out. */
  readonly weightDecay?: number;
  /** The largest norm of a gradient. */
  readonly clip?: number;
  /** Share dropped after the embedding and each layer, and before the read-out where nothing else is said. */
  readonly dropout?: number;
  readonly readoutDropout?: number;
}

/** Options of `train`: what is not given as `standard` has it. */
export function trainOptionsOf(
  given: Settings,
  standard: Pick<Defaults, "epochs" | "learningRate" | "schedule" | "optimiser" | "clip" | "dropout">,
): Omit<TrainOptions, "seed"> {
  const { dropout = standard.dropout, readoutDropout = dropout, updates, patience, freeze } = given;
  const { optimiser = standard.optimiser, clip = standard.clip } = given;
  const { weightDecay = optimisers[optimiser].weightDecay } = given;
  const drops = dropout > 0 || readoutDropout > 0;
  return {
    ...(updates === undefined ? { epochs: given.epochs ?? standard.epochs } : { updates }),
    optimiser: { ...optimisers[optimiser], clip, weightDecay },
    learningRate: given.learningRate ?? standard.learningRate,
    schedule: given.schedule ?? standard.schedule,
    warmUp: given.warmUp,
    ...(drops && { dropout: { embedding: dropout, layers: dropout, readout: readoutDropout } }),
    patience,
    ...(freeze && { freeze }),
  };
}
