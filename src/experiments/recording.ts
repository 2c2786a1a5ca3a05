// A training as a part of a trial: it resumes from the trial's last epoch, records every epoch and leaves its weights.
import type { TrialContext } from "../study/kind.js";
import { decodeCheckpoint, encodeCheckpoint } from "../train/checkpoint.js";
import type { EpochMetrics } from "../train/task.js";
import type { TrainOptions } from "../train/train.js";

/** The name of the weights among a trial's artifacts. */
export const NETWORK = "network.safetensors";

/**
 * Makes a training part of a trial: `options` let it resume from the trial's last epoch, record every epoch and stop
 * when the trial should. `history` gives the metrics of all epochs so far.
 */
export function recording(context: TrialContext): {
  options: Pick<TrainOptions, "signal" | "resume" | "onEpoch">;
  history(): readonly EpochMetrics[];
} {
  const { resume, signal } = context;
  const saved =
    resume && resume.epoch > 0 ? decodeCheckpoint(resume.state, "the trial's checkpoint").run : undefined;
  let history = saved?.history ?? [];
  const options: Pick<TrainOptions, "signal" | "resume" | "onEpoch"> = {
    signal,
    resume: saved,
    async onEpoch(epoch, metrics, run) {
      history = run.history;
      await context.saveEpoch(epoch, { ...metrics }, encodeCheckpoint({ run, notes: new Map() }));
    },
  };
  return { options, history: () => history };
}
