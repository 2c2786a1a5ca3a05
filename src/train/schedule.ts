// Learning rates as functions of the update. Some depend on how many updates there will be in all, so that number is a
// part of the run: asking for more later gives other rates.
import { InputError } from "../errors.js";
import { cosine } from "../math/cosine.js";
import { checkWord } from "../suggest.js";

/** Constant; or a cosine from the learning rate down to a hundredth of it (Loshchilov & Hutter 2017). */
export const schedules = ["constant", "cosine"] as const;
export type ScheduleName = (typeof schedules)[number];

export interface ScheduleOptions {
  readonly schedule: ScheduleName;
  readonly learningRate: number;
  /**
   * Updates over which the rate rises to its value in equal steps. When left out there are none of a constant rate, and
   * of a cosine 200, or a tenth of all where that is less.
   */
  readonly warmUp?: number;
}

const LEAST = 0.01;
const WARM_UP = 200;

/**
 * The learning rate of every update, counted from 0, when there are `total` in all.
 * @throws InputError when a number is out of its range.
 */
export function rateOf(
  { schedule, learningRate, warmUp: wanted }: ScheduleOptions,
  total: number,
): (update: number) => number {
  const warmUp = wanted ?? (schedule === "cosine" ? Math.min(WARM_UP, Math.floor(total / 10)) : 0);
  checkWord("schedule", schedule, schedules);
  if (!(learningRate > 0 && learningRate < Number.POSITIVE_INFINITY)) {
    throw new InputError({
      where: "learningRate",
      what: `${learningRate} is not a learning rate`,
      hint: "use a positive number, for example 0.001",
    });
  }
  if (!Number.isSafeInteger(warmUp) || warmUp < 0) {
    throw new InputError({ where: "warmUp", what: `${warmUp} is not a number of updates` });
  }
  return (update) => {
    if (update < warmUp) return (learningRate * (update + 1)) / warmUp;
    if (schedule === "constant") return learningRate;
    const share = Math.min(1, (update - warmUp) / Math.max(1, total - warmUp));
    return learningRate * (LEAST + ((1 - LEAST) * (1 + cosine(share))) / 2);
  };
}
