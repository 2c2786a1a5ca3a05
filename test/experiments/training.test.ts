import { describe, expect, it } from "vitest";
import { recording } from "../../src/experiments/training.js";
import type { Resume, TrialContext } from "../../src/study/kind.js";

const vector = new Float32Array(2);
const state = { parameters: vector, firstMoment: vector, secondMoment: vector, step: 3 };

describe("the record of a trial's epochs", () => {
  it("comes back after an interruption, losses that are not finite too", async () => {
    let saved: Resume | undefined;
    const context: TrialContext = {
      seed: 1,
      signal: new AbortController().signal,
      needs: [],
      resume: undefined,
      saveEpoch: async (epoch, _metrics, bytes) => {
        saved = { epoch, state: bytes };
      },
    };
    const { options, history } = recording(context);
    const epoch = { trainLoss: 0.5, trainAccuracy: 0.7, testLoss: Number.NaN, testAccuracy: 0.6 };
    await options.onEpoch?.(1, epoch, state);
    await options.onEpoch?.(2, { ...epoch, testLoss: Number.POSITIVE_INFINITY }, state);
    const resumed = recording({ ...context, resume: saved });
    expect(resumed.history).toEqual(history);
    expect(resumed.options.resume?.epoch).toBe(2);
  });
});
