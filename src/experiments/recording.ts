// A training as a part of a trial: it resumes from the trial's last epoch, records every epoch and leaves its weights, and how its
// masks went where they changed.
import type { Network } from "../network/network.js";
import type { TrialContext } from "../study/kind.js";
import { decodeCheckpoint, encodeCheckpoint } from "../train/checkpoint.js";
import type { EpochMetrics } from "../train/task.js";
import type { TrainOptions } from "../train/train.js";
import { decodeMasks, MASKS, MaskCourse } from "./mask-course.js";

/** The name of the weights among a trial's artifacts. */
export const NETWORK = "network.safetensors";

/**
 * Makes a training part of a trial: `options` let it resume from the trial's last epoch, record every epoch and stop
 * when the trial should. `history` gives the metrics of all epochs so far, `masks` the artifact of the masks, if they changed.
 */
export function recording(context: TrialContext): {
  options: Pick<TrainOptions, "signal" | "resume" | "onEpoch">;
  history(): readonly EpochMetrics[];
  masks(trained: Network): Readonly<Record<string, Uint8Array>>;
} {
  const { resume, signal } = context;
  const where = "the trial's checkpoint";
  const saved = resume && resume.epoch > 0 ? decodeCheckpoint(resume.state, where) : undefined;
  let history = saved?.run.history ?? [];
  const known = saved?.notes.get(MASKS);
  const course = new MaskCourse(known === undefined ? [] : decodeMasks(known, where).moments);
  const options: Pick<TrainOptions, "signal" | "resume" | "onEpoch"> = {
    signal,
    resume: saved?.run,
    async onEpoch(epoch, metrics, run, mask) {
      history = run.history;
      if (mask) course.note(epoch, mask);
      const masks = course.encode();
      const notes = new Map(masks === undefined ? [] : [[MASKS, masks]]);
      await context.saveEpoch(epoch, { ...metrics }, encodeCheckpoint({ run, notes }));
    },
  };
  return {
    options,
    history: () => history,
    masks({ tensors }): Record<string, Uint8Array> {
      const weights = [...tensors.values()].filter(({ role }) => role !== "bias");
      const places = weights.map(({ name, offset, length }) => [name, [offset, length]] as const);
      const masks = course.encode(Object.fromEntries(places));
      return masks === undefined ? {} : { [MASKS]: new TextEncoder().encode(masks) };
    },
  };
}
