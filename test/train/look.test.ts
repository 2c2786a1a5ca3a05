// Whoever looks on while a network is trained sees every moment that was asked for and changes nothing, unless masks.
import { expect, it } from "vitest";
import { generateDataset } from "../../src/data/generate.js";
import { builtInGrammar } from "../../src/data/grammars.js";
import { Random } from "../../src/math/random.js";
import { maskVector } from "../../src/network/masks.js";
import { stack } from "../../src/network/network.js";
import { changes } from "../../src/sparsify/changes.js";
import { type MethodName, sparsifying } from "../../src/sparsify/methods.js";
import { classify } from "../../src/train/classify.js";
import { newClassifier } from "../../src/train/new-network.js";
import { type Run, type TrainOptions, train } from "../../src/train/train.js";

const data = generateDataset({ grammar: builtInGrammar("reber"), count: 200 }, new Random(1));
const network = newClassifier(stack({ cell: "gru", hidden: 6, layers: 1 }), data, new Random(2));
const options = { updates: 12, seed: 3 };
const trained = (more: Partial<TrainOptions> = {}) =>
  train(network, classify(network, data, { batch: 32 }), { ...options, ...more });

it("is called before as many updates as it allows, across epochs, and leaves the bits as they are", async () => {
  const seen: [step: number, epoch: number][] = [];
  const watched = await trained({
    look: ({ step, epoch }) => {
      seen.push([step, epoch]);
      return step === 0 ? 1 : 2;
    },
  });
  // Five updates an epoch.
  expect(seen).toEqual([
    [0, 0],
    [1, 0],
    [3, 0],
    [5, 1],
    [7, 1],
    [9, 1],
    [10, 2],
  ]);
  expect(watched.parameters).toEqual((await trained()).parameters);
});

it("sees the network as it is, from which the training can go on", async () => {
  let half: Run | undefined;
  const all = await trained({
    look(glance) {
      if (glance.step === 6) {
        half = glance.snapshot();
        expect(glance.present().parameters).toEqual(half.state.parameters);
      }
      return 1;
    },
  });
  expect(half?.step).toBe(6);
  expect((await trained({ resume: half })).parameters).toEqual(all.parameters);
});

it("changes which weights exist, until they are changed again", async () => {
  const { offset, length } = network.tensor("cells.0.weight_hh");
  const looked = await trained({
    look({ step, present, rewire }) {
      if (step !== 4) return step < 4 ? 4 - step : 8;
      const mask = maskVector(present());
      rewire(mask.fill(0, offset, offset + length / 2));
      expect(changes(mask, maskVector(present()))).toEqual({ born: 0, dropped: 0 });
      return 8;
    },
  });
  expect(looked.nonzeros("cells.0.weight_hh")).toBe(length / 2);
  expect(
    looked
      .values("cells.0.weight_hh")
      .subarray(0, length / 2)
      .every((value) => value === 0),
  ).toBe(true);
});

it("judges the network that was made by hand, and not the one before", async () => {
  const { offset, length } = network.tensor("cells.0.weight_hh");
  const task = classify(network, { ...data, validation: data.test }, { batch: 32 });
  const looked = await train(network, task, {
    epochs: 4,
    seed: 3,
    look({ step, present, rewire }) {
      if (step === 10) rewire(maskVector(present()).fill(0, offset, offset + length));
      return step < 10 ? 10 - step : 10;
    },
  });
  expect(looked.nonzeros("cells.0.weight_hh")).toBe(0);
});

it.each<MethodName>(["top-k", "hard-concrete"])(
  "may not change masks where %s decides at every update",
  async (method) => {
    await expect(
      trained({
        sparsify: sparsifying({ method, density: 0.5 }),
        look({ present, rewire }) {
          rewire(maskVector(present()));
          return 1;
        },
      }),
    ).rejects.toThrow("the method decides anew at every update which weights exist");
  },
);

it("ends a training that is aborted meanwhile", async () => {
  const stop = new AbortController();
  const look = ({ step }: { step: number }) => {
    if (step === 3) stop.abort(new Error("enough"));
    return 1;
  };
  await expect(trained({ signal: stop.signal, look })).rejects.toThrow("enough");
});
