// Small deterministic kinds for tests: a walk whose every epoch depends on all before it, so that a wrong resume
// shows, and one that starts from a walk's artifact.
import { setTimeout } from "node:timers/promises";
import { z } from "zod";
import { kindsOf, type TrialKind } from "../../src/study/kind.js";
import { noop } from "../../src/study/kinds.js";

const walkSchema = z.strictObject({
  rate: z.number().default(3.9),
  epochs: z.int().min(1).default(3),
  steps: z.int().min(0).default(100),
  /** Milliseconds that an epoch sleeps. */
  sleep: z.number().default(0),
  failAt: z.int().optional(),
});

/** How often `walk` began and which epochs it computed, for tests that count. */
export const log: string[] = [];

/** Iterates the logistic map; the state is its position and the sum of all positions so far. */
export const walk: TrialKind<z.infer<typeof walkSchema>> = {
  name: "walk",
  version: 1,
  schema: walkSchema,
  async run({ rate, epochs, steps, sleep, failAt }, { seed, resume, saveEpoch }) {
    const state = new Float64Array(2);
    if (resume) new Uint8Array(state.buffer).set(resume.state);
    else state[0] = 0.1 + (0.8 * (seed % 97)) / 97;
    for (let epoch = (resume?.epoch ?? 0) + 1; epoch <= epochs; epoch++) {
      if (epoch === failAt) throw new Error(`the walk fell at epoch ${epoch}`);
      for (let step = 0; step < steps; step++) {
        state[0] = rate * state[0] * (1 - state[0]);
        state[1] += state[0];
      }
      if (sleep > 0) await setTimeout(sleep);
      log.push(`${seed}:${epoch}`);
      await saveEpoch(epoch, { position: state[0], sum: state[1] }, new Uint8Array(state.buffer.slice(0)));
    }
    return {
      summary: { position: state[0], sum: state[1] },
      artifacts: { state: new Uint8Array(state.buffer) },
    };
  },
};

const sequelSchema = z.strictObject({ base: walkSchema.prefault({}), factor: z.number().default(2) });

/** Starts from a finished walk. */
export const sequel: TrialKind<z.infer<typeof sequelSchema>> = {
  name: "sequel",
  version: 1,
  schema: sequelSchema,
  needs: ({ base }, seed) => [{ kind: "walk", configuration: base, seed }],
  run({ factor }, { needs }) {
    const [base] = needs;
    const sum = new Float64Array(base.artifacts.state.slice().buffer)[1];
    return Promise.resolve({ summary: { product: factor * sum, base: base.summary.sum }, artifacts: {} });
  },
};

export const testKinds = kindsOf(noop, walk, sequel);
