// Iterative magnitude pruning: what each round begins with, what is left after it, and the learning rates in it.
import { describe, expect, it } from "vitest";
import type { TrainingState } from "../../../src/engine/executor.js";
import type { Sparsification } from "../../../src/sparsify/methods.js";
import { rateOf } from "../../../src/train/schedule.js";
import { countOf, dense, places, watched } from "../watched.js";

const iterative = (more: Partial<Sparsification>): Sparsification => ({
  method: "iterative",
  density: 0.1,
  rounds: 3,
  ...more,
});
const UPDATES = 6;
const masked = (values: Float32Array, mask: Uint8Array) =>
  values.map((value, i) => (mask[i] === 1 ? value : 0));
const cosine = { updates: UPDATES, schedule: "cosine", warmUp: 2 } as const;

/** What a round is put back to. */
function expectPutBack(after: TrainingState, early: TrainingState) {
  const { mask, born } = after.wiring!;
  expect(after.parameters).toEqual(masked(early.parameters, mask));
  expect(after.firstMoment).toEqual(masked(early.firstMoment, mask));
  expect(after.secondMoment).toEqual(masked(early.secondMoment, mask));
  expect(after.step).toBe(early.step);
  expect(Math.max(...born)).toBe(0);
}

describe("a round of iterative pruning", () => {
  it("loses the same share of what is left each time, and as much as asked for in the end", async () => {
    const network = dense();
    const { acts, trained } = await watched(network, iterative({ rounds: 4 }), { updates: UPDATES });
    // 198 weights at densities of 0.1^(1/3), 0.1^(2/3) and 0.1: round(198·(1 - d)) go.
    expect(acts.slice(1).map(({ after }) => countOf(network, after))).toEqual([92, 43, 20]);
    expect(acts.map(({ step }) => step)).toEqual([0, 6, 12, 18]);
    expect(trained.nonzeros("cells.0.weight_ih") + trained.nonzeros("cells.0.weight_hh")).toBe(20);
  });

  it("loses its smallest weights", async () => {
    const network = dense();
    const { acts } = await watched(network, iterative({}), { updates: UPDATES });
    const all = places(network);
    for (const { before, after } of acts.slice(1)) {
      const { mask } = after.wiring!;
      const size = (i: number) => Math.abs(before.parameters[i]);
      const [kept, gone] = [all.filter((i) => mask[i] === 1), all.filter((i) => mask[i] === 0)];
      expect(Math.min(...kept.map(size))).toBeGreaterThanOrEqual(Math.max(...gone.map(size)));
    }
  });

  it("begins with the first values, moments, count and rate where it is put back to the beginning", async () => {
    const network = dense();
    const { acts, runs } = await watched(network, iterative({ rewind: 0 }), cosine);
    const [early, ...rounds] = acts;
    expect(early.before.parameters).toEqual(network.parameters);
    expect(rounds.map(({ step }) => step)).toEqual([6, 12]);
    for (const { after, rate } of rounds) {
      expectPutBack(after, early.before);
      expect(rate).toBe(early.rate);
    }
    expect(runs.map(({ state }) => state.step)).toEqual([
      1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 6,
    ]);
    expect(runs.map(({ step }) => step)).toEqual(Array.from({ length: 18 }, (_, i) => i + 1));
  });

  it("begins with those of an epoch where it is put back to that", async () => {
    const { acts, runs, sparsifier } = await watched(dense(), iterative({ rewind: 2 }), cosine);
    const [early, ...rounds] = acts;
    // An epoch here is one update.
    expect([early.step, ...rounds.map(({ step }) => step)]).toEqual([2, 6, 10]);
    expect(early.before.step).toBe(2);
    expect(early.before.parameters).toEqual(runs[1].state.parameters);
    for (const { after, rate } of rounds) {
      expectPutBack(after, early.before);
      expect(rate).toBe(early.rate);
    }
    expect(runs).toHaveLength(14);
    const rates = rateOf({ schedule: "cosine", learningRate: 0.02, warmUp: 2 }, UPDATES);
    const told = Array.from({ length: 14 }, (_, step) => rates(sparsifier.clock!(step)));
    const [once, again] = [[0, 1, 2, 3, 4, 5].map(rates), [2, 3, 4, 5].map(rates)];
    expect(told).toEqual([...once, ...again, ...again]);
  });

  it("keeps values, moments and count where the rate alone is put back", async () => {
    const { acts, runs } = await watched(dense(), iterative({ rewind: "rate" }), cosine);
    expect(acts.map(({ step }) => step)).toEqual([6, 12]);
    for (const { before, after, rate } of acts) {
      const { mask } = after.wiring!;
      expect(after.parameters).toEqual(masked(before.parameters, mask));
      expect(after.firstMoment).toEqual(masked(before.firstMoment, mask));
      expect(after.step).toBe(before.step);
      expect(rate).toBe(rateOf({ schedule: "cosine", learningRate: 0.02, warmUp: 2 }, UPDATES)(0));
    }
    expect(runs.at(-1)!.state.step).toBe(18);
  });

  it("is refused where it would be put back to what comes after it", async () => {
    await expect(watched(dense(), iterative({ rewind: 6 }), { updates: UPDATES })).rejects.toThrow(
      "rewind: a round of 6 epochs has ended before epoch 6; rewind to an earlier epoch",
    );
  });
});
