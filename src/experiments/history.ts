// The epochs of a training so far as one text, which travels in its checkpoint: in a trial's state and beside the file of
// `filigree train`. A loss need not be finite, which JSON alone cannot say.
import { z } from "zod";
import { InputError } from "../errors.js";
import { decodeNumber, encodeNumbers } from "../study/json.js";
import type { EpochMetrics } from "../train/train.js";

export function encodeHistory(history: readonly EpochMetrics[]): string {
  return JSON.stringify(history.map((metrics) => encodeNumbers({ ...metrics })));
}

const metric = z.unknown().transform(decodeNumber);
const historySchema = z.array(
  z.object({
    trainLoss: metric,
    trainAccuracy: metric,
    testLoss: metric.optional(),
    testAccuracy: metric.optional(),
  }),
);

/**
 * The inverse of `encodeHistory`.
 * @param where the checkpoint, for the message.
 * @throws InputError when the text is missing or damaged.
 */
export function decodeHistory(text: string | undefined, where: string): EpochMetrics[] {
  try {
    return historySchema.parse(JSON.parse(text ?? ""));
  } catch (error) {
    throw new InputError({
      where,
      what: "the checkpoint's list of epochs is damaged",
      hint: "delete it and start again",
      cause: error,
    });
  }
}
