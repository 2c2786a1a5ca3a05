import { describe, expect, it } from "vitest";
import { recording } from "../../src/experiments/training.js";
import type { Resume, TrialContext } from "../../src/study/kind.js";

const vector = new Float32Array(2);
const state = { parameters: vector, firstMoment: vector, secondMoment: vector, step: 3 };
const run = { updates: 0, state, carry: vector, sums: { loss: 0, count: 0, correct: 0 } };

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
    const epochs = [epoch, { ...epoch, testLoss: Number.POSITIVE_INFINITY }];
    await options.onEpoch?.(1, epochs[0], { ...run, epoch: 1, history: epochs.slice(0, 1) });
    await options.onEpoch?.(2, epochs[1], { ...run, epoch: 2, history: epochs });
    const resumed = recording({ ...context, resume: saved });
    expect(history()).toEqual(epochs);
    expect(resumed.history()).toEqual(epochs);
    expect(resumed.options.resume?.epoch).toBe(2);
  });
});
