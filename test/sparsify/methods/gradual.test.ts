// Gradual magnitude pruning: the cubic, when masks change and what is left after each change.
import { describe, expect, it } from "vitest";
import { cubic } from "../../../src/sparsify/methods/gradual.js";
import { type Sparsification, sparsifying } from "../../../src/sparsify/methods.js";
import { countOf, dense, places, watched } from "../watched.js";

const gradual = (more: Partial<Sparsification> = {}): Sparsification => ({
  method: "gradual",
  density: 0.1,
  ...more,
});

describe("gradual pruning", () => {
  it("follows 1 - (1 - t)³", () => {
    expect([0, 0.25, 0.5, 0.75, 1].map(cubic)).toEqual([0, 1 - 0.421875, 0.875, 1 - 0.015625, 1]);
  });

  it("changes masks at its steps, to the density that the cubic says, and then no more", async () => {
    const network = dense();
    const { acts, runs } = await watched(network, gradual({ begin: 0.1, end: 0.5, every: 2 }), {
      updates: 20,
    });
    expect(acts.map(({ step }) => step)).toEqual([2, 4, 6, 8, 10]);
    // 198 weights: of these round(198·0.9·(1 - (1 - t)³)) go, with t of 0, ¼, ½, ¾ and 1.
    expect(acts.map(({ after }) => countOf(network, after))).toEqual([
      198,
      198 - 103,
      198 - 156,
      198 - 175,
      198 - 178,
    ]);
    expect(countOf(network, runs.at(-1)!.state)).toBe(20);
  });

  it("takes the smallest of all matrices at each change, and they are 0 from then on", async () => {
    const network = dense();
    const { acts } = await watched(network, gradual({ end: 0.5, every: 5 }), { updates: 20 });
    for (const { before, after } of acts.slice(1)) {
      const { mask } = after.wiring!;
      const own = before.wiring?.mask ?? new Uint8Array(mask.length).fill(1);
      const kept = Array.from(mask.keys()).filter((i) => mask[i] === 1 && after.parameters[i] !== 0);
      const gone = [...mask.keys()].filter((i) => own[i] === 1 && mask[i] === 0);
      expect(gone.length).toBeGreaterThan(0);
      const largest = Math.max(...gone.map((i) => Math.abs(before.parameters[i])));
      const ofCells = places(network).filter((i) => mask[i] === 1);
      expect(Math.min(...ofCells.map((i) => Math.abs(before.parameters[i])))).toBeGreaterThanOrEqual(largest);
      for (const i of gone)
        expect([after.parameters[i], after.firstMoment[i], after.secondMoment[i]]).toEqual([0, 0, 0]);
      for (const i of kept) expect(after.parameters[i]).toBe(before.parameters[i]);
    }
  });

  it("changes masks twenty times in a short training where nothing is said, and every hundred updates in a long one", () => {
    const begun = (updates: number, more: Partial<Sparsification> = {}) => {
      const network = dense("rnn-tanh");
      const own = sparsifying(gradual(more))({
        network,
        updates,
        epoch: 10,
        random: undefined as never,
        gradient: undefined as never,
      });
      const steps: number[] = [];
      for (let step = own.next(0); step < Number.POSITIVE_INFINITY; step = own.next(step + 1))
        steps.push(step);
      return { steps, settled: own.settledFrom };
    };
    const short = begun(200);
    expect(short.steps).toEqual(Array.from({ length: 21 }, (_, i) => 6 * i));
    const long = begun(10_000);
    expect([long.steps.length, long.steps[1], long.steps.at(-1)]).toEqual([61, 100, 6000]);
    // As is said, also where that is once or twice.
    expect(begun(200, { every: 50 }).steps).toEqual([0, 50, 100]);
    expect(begun(200, { every: 500 }).steps).toEqual([0, 120]);
    // 66 weights: the last changes take none any more.
    expect(short.settled).toBeLessThan(short.steps.at(-1)!);
    expect(begun(200, { every: 50 }).settled).toBe(100);
  });

  it("ends before the learning rate does, which is at its least in the last update", async () => {
    const { acts, runs } = await watched(dense(), gradual({ end: 1, every: 1 }), {
      updates: 10,
      schedule: "cosine",
      warmUp: 0,
    });
    expect(acts.at(-1)!.step).toBe(9);
    expect(countOf(dense(), runs.at(-1)!.state)).toBe(20);
    expect(acts[0].rate).toBe(0.02);
    expect(acts.at(-1)!.rate).toBeLessThan(0.001);
  });
});
