// What a training does around its method: the same bits however it is computed, what it tells, and how it ends.
import { describe, expect, it } from "vitest";
import { maskVector } from "../../src/network/masks.js";
import type { Network } from "../../src/network/network.js";
import { changes } from "../../src/sparsify/changes.js";
import {
  type MethodName,
  methodNames,
  type Sparsification,
  sparsifying,
} from "../../src/sparsify/methods.js";
import { parsePattern } from "../../src/sparsify/pattern.js";
import { nextOf } from "../../src/sparsify/rewiring.js";
import { keptEpoch } from "../../src/train/kept.js";
import type { EpochMetrics } from "../../src/train/task.js";
import { type Run, type TrainOptions, train, type UpdateMetrics } from "../../src/train/train.js";
import { executors, subjects } from "./subjects.js";

const [ofStrings, ofClasses, ofSteps, , ofText] = subjects;
const acting: MethodName[] = ["gradual", "set", "rigl", "top-k", "top-kast", "hard-concrete"];
const soon = (method: MethodName): Sparsification => ({
  method,
  density: 0.3,
  ...(["gradual", "set", "rigl", "top-kast"].includes(method) && { every: 2 }),
});

function trained(
  wanted: Sparsification,
  more: Partial<TrainOptions> = {},
  subject = ofText,
): Promise<Network> {
  const network = subject.network("gru", 2);
  const options = { epochs: 2, seed: 2, learningRate: 0.01, executor: "reference", ...more } as const;
  return train(network, subject.task(network), { ...options, sparsify: sparsifying(wanted) });
}

describe.each(executors)("on %s", (executor) => {
  it.each(acting)("%s gives the same bits on two threads and beside others", async (method) => {
    const wanted = soon(method);
    const whole = await trained(wanted, { executor });
    const others = [{ threads: 2 }, {}].map((more) => trained(wanted, { executor, ...more }));
    for (const network of await Promise.all(others)) {
      expect(network.parameters).toEqual(whole.parameters);
      expect(network.masks).toEqual(whole.masks);
    }
  });

  it.each(methodNames)("%s makes another network of another seed", async (method) => {
    const one = await trained(soon(method), { executor }, ofStrings);
    const two = await trained(soon(method), { executor, seed: 3 }, ofStrings);
    expect(maskVector(two)).not.toEqual(maskVector(one));
  });
});

describe("what is frozen", () => {
  it.each(methodNames)("stays as it is under %s", async (method) => {
    const before = ofText.network("gru", 2);
    const after = await trained(soon(method), { freeze: ["readout", "embedding.weight"] });
    for (const name of ["readout.weight", "readout.bias", "embedding.weight"])
      expect(after.values(name)).toEqual(before.values(name));
    expect(after.values("cells.0.bias_ih")).not.toEqual(before.values("cells.0.bias_ih"));
  });

  it("is refused where it is no tensor, everything, or what a method decides over", async () => {
    await expect(trained(soon("set"), { freeze: ["read"] })).rejects.toThrow(/no tensor read.*readout\.bias/);
    await expect(trained(soon("set"), { freeze: ["cells"] })).rejects.toThrow(/is frozen.*decided/);
    const all = ["cells", "readout", "embedding"];
    await expect(trained(soon("set"), { freeze: all })).rejects.toThrow(/nothing would be trained/);
  });
});

describe("a training that is made sparse", () => {
  it("leaves the network that it is given as it is", async () => {
    const network = ofStrings.network("lstm");
    const before = network.parameters.slice();
    for (const method of methodNames) {
      await train(network, ofStrings.task(network), {
        updates: 3,
        seed: 1,
        sparsify: sparsifying(soon(method)),
      });
      expect(network.parameters).toEqual(before);
      expect(network.masks.size).toBe(0);
    }
  });

  it.each(acting)(
    "by %s tells of every update, of which there are as many as of a dense one",
    async (method) => {
      const told: UpdateMetrics[] = [];
      const history: EpochMetrics[] = [];
      const shares: number[] = [];
      await trained(soon(method), {
        onUpdate: (update) => told.push(update),
        onEpoch: (_, metrics) => void history.push(metrics),
        onProgress: (share) => shares.push(share),
      });
      const dense: UpdateMetrics[] = [];
      const network = ofText.network("gru", 2);
      await train(network, ofText.task(network), {
        epochs: 2,
        seed: 2,
        executor: "reference",
        onUpdate: (update) => dense.push(update),
      });
      expect(told).toHaveLength(dense.length);
      for (const { loss, gradientNorm } of told) {
        expect(loss).toBeGreaterThan(0);
        expect(gradientNorm).toBeGreaterThan(0);
      }
      expect(shares.at(-1)).toBe(1);
      // Whatever comes and goes adds up to what there is.
      const weights = ["cells.0.weight_ih", "cells.0.weight_hh", "cells.1.weight_ih", "cells.1.weight_hh"];
      const count = weights.reduce((sum, name) => sum + network.tensor(name).length, 0);
      const balance = history.reduce((sum, { born = 0, dropped = 0 }) => sum + born - dropped, 0);
      const kept = count - Math.round(0.7 * count);
      if (method === "set" || method === "rigl") expect(balance).toBe(0);
      else if (method !== "top-k") expect(balance).toBe(kept - count);
    },
  );

  it.each(["rigl", "top-k", "top-kast", "hard-concrete", "gradual"] as const)(
    "by %s ends in one line when its loss is no number",
    async (method) => {
      const wild = trained(soon(method), { learningRate: 1e300, epochs: 6 });
      await expect(wild).rejects.toThrow(
        /^epoch \d+, step \d+: the loss .*; use a smaller learning rate or another seed$/,
      );
    },
  );

  it("has no patience before it has its density", async () => {
    const history: EpochMetrics[] = [];
    const wanted: Sparsification = { method: "gradual", density: 0.2, end: 0.8, every: 2 };
    const result = await trained(wanted, {
      epochs: 20,
      learningRate: 0.3,
      patience: 1,
      onEpoch: (_, metrics) => void history.push(metrics),
    });
    const settled = history.findIndex(({ density }) => density === history.at(-1)!.density);
    expect(settled).toBeGreaterThan(10);
    expect(history.length).toBeGreaterThan(settled);
    expect(maskVector(result).includes(0)).toBe(true);
  });

  it("counts what classes weigh in gradients that make masks too", async () => {
    const network = ofClasses.network("gru");
    const task = ofClasses.task(network);
    const options = {
      updates: 6,
      seed: 1,
      executor: "reference",
      sparsify: sparsifying({ ...soon("rigl"), every: 1, share: 0.9 }),
    } as const;
    const plain = await train(network, task, options);
    const weighted = await train(network, { ...task, classWeights: Float32Array.of(0, 1) }, options);
    expect(maskVector(weighted)).not.toEqual(maskVector(plain));
    expect(
      (await train(network, { ...task, classWeights: Float32Array.of(1, 1) }, options)).parameters,
    ).toEqual(plain.parameters);
  });

  it.each(["set", "rigl", "gradual", "iterative"] as const)(
    "by %s has whole units at every moment",
    async (method) => {
      const network = ofStrings.network("gru", 2);
      const wanted: Sparsification = {
        method,
        density: 0.5,
        pattern: parsePattern("unit"),
        ...(method === "iterative" ? { rounds: 3 } : { every: 1, end: 0.9 }),
        ...((method === "set" || method === "rigl") && { share: 0.9 }),
      };
      const masks: Uint8Array[] = [];
      const onEpoch = (_: number, __: object, { state }: Run) => {
        if (state.wiring) masks.push(state.wiring.mask);
      };
      await trained(wanted, { epochs: 4, onEpoch, executor: executors[0] }, ofStrings);
      expect(masks.length).toBeGreaterThan(2);
      for (const mask of masks) {
        // [gate][unit][unit] of the hidden matrix: a weight exists where the units of its row and its column do.
        for (const name of ["cells.0.weight_hh", "cells.1.weight_hh"]) {
          const { offset, length } = network.tensor(name);
          const own = mask.subarray(offset, offset + length);
          const there = [0, 1, 2, 3].map((unit) => own[5 * unit]);
          const whole = [0, 1, 2].flatMap(() => there.flatMap((row) => there.map((column) => row & column)));
          expect([...own]).toEqual(whole);
        }
      }
      const last = masks.at(-1)!;
      const { offset } = network.tensor("cells.1.weight_hh");
      expect([0, 5, 10, 15].reduce((sum, place) => sum + last[offset + place], 0)).toBe(2);
    },
  );

  it("of several layers has a mask in each, and by layer as many weights in each", async () => {
    for (const method of acting) {
      const { masks } = await trained({ ...soon(method), scope: "layer" }, {}, ofSteps);
      expect([...masks.keys()].map((name) => name.split(".")[1]).sort()).toEqual(["0", "0", "1", "1"]);
    }
  });
});

describe("the epoch that is kept", () => {
  const epochs = (...list: [density: number | undefined, loss: number][]): EpochMetrics[] =>
    list.map(([density, validationLoss]) => ({
      trainLoss: 1,
      validationLoss,
      ...(density !== undefined && { density }),
    }));

  it("is the best of those that have the last one's density", () => {
    expect(
      keptEpoch(epochs([1, 0.1], [0.5, 0.2], [0.2, 0.6], [0.2, 0.4], [0.2, 0.5]), "validationLoss"),
    ).toBe(3);
    expect(keptEpoch(epochs([undefined, 0.3], [undefined, 0.1], [undefined, 0.2]), "validationLoss")).toBe(1);
    expect(keptEpoch(epochs([0.2, 0.1], [0.2, 0.1]), "validationLoss")).toBe(0);
  });

  it("is the last where nothing judges, or no loss is a number", () => {
    expect(keptEpoch(epochs([0.2, 0.1], [0.2, 0.3]), undefined)).toBe(1);
    expect(keptEpoch(epochs([0.2, Number.NaN], [0.2, Number.NaN]), "validationLoss")).toBe(1);
    expect(keptEpoch(epochs([0.2, Number.NaN], [0.2, 0.5], [0.2, 0.7]), "validationLoss")).toBe(1);
  });
});

it("changes of a mask are counted each way", () => {
  expect(changes(Uint8Array.of(1, 1, 0, 0, 1), Uint8Array.of(1, 0, 1, 1, 1))).toEqual({
    born: 2,
    dropped: 1,
  });
});

it("the next change is the first that is not over", () => {
  const at = (step: number) => nextOf(step, 5, 10, 27);
  expect([0, 5, 6, 15, 16, 25, 26].map(at)).toEqual([5, 5, 15, 15, 25, 25, Number.POSITIVE_INFINITY]);
});
