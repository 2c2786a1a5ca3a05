// Methods whose masks stand before training, random and SNIP, or come after it, magnitude: which weights are kept.
import { describe, expect, it } from "vitest";
import { Random } from "../../../src/math/random.js";
import { maskVector } from "../../../src/network/masks.js";
import { connectionSensitive } from "../../../src/sparsify/methods/snip.js";
import { sparsifying } from "../../../src/sparsify/methods.js";
import { parsePattern } from "../../../src/sparsify/pattern.js";
import { prune } from "../../../src/sparsify/prune.js";
import { train } from "../../../src/train/train.js";
import { matrices, oneByOne } from "../../fixtures/sparsify.js";
import { dense, places, watched } from "../watched.js";

const weight = parsePattern("weight");
const beginning = (network = dense()) => ({
  network,
  updates: 4,
  epoch: 1,
  random: new Random("static"),
  gradient: () => Float32Array.from(network.parameters, (_, i) => i % 7),
});
const counts = (network: ReturnType<typeof dense>) => matrices.map((name) => network.nonzeros(name));

describe("random masks", () => {
  it("have a density for each matrix, and Erdős–Rényi ones where that is asked for", () => {
    const begun = (more: object) =>
      sparsifying({ method: "random", density: 0.2, ...more })(beginning()).network;
    expect(counts(begun({}))).toEqual([18, 22]);
    // ε·3·(6 + 5) + ε·3·(6 + 6) = 0.2·198.
    const epsilon = (0.2 * 198) / 69;
    expect(counts(begun({ distribution: "erdos-renyi" }))).toEqual([
      Math.round(33 * epsilon),
      Math.round(36 * epsilon),
    ]);
    expect(counts(begun({ density: { new: 0.1 } }))).toEqual([63, 76]);
  });

  it("stay as they are", async () => {
    const { acts, runs, trained } = await watched(
      dense(),
      { method: "random", density: 0.2 },
      { updates: 3 },
    );
    expect(acts).toEqual([]);
    expect(counts(trained)).toEqual([18, 22]);
    expect(
      runs.every(({ history }) => history.every(({ born, dropped }) => born === 0 && dropped === 0)),
    ).toBe(true);
  });
});

describe("SNIP", () => {
  const network = dense("rnn-tanh");

  it("keeps the weights of the largest |w·gradient|", () => {
    const { gradient } = beginning(network);
    const kept = connectionSensitive(network, gradient(), { density: 0.25 }, weight);
    const own = places(network);
    const sensitivity = (i: number) => Math.abs(network.parameters[i] * (i % 7));
    const best = [...own]
      .sort((a, b) => sensitivity(b) - sensitivity(a))
      .slice(0, 66 - Math.round(0.75 * 66));
    const mask = maskVector(kept);
    expect(own.filter((i) => mask[i] === 1)).toEqual(best.sort((a, b) => a - b));
  });

  it("looks at the mean gradient of as many batches as asked for", () => {
    const asked: number[] = [];
    const gradient = (batches: number) => {
      asked.push(batches);
      return new Float32Array(network.parameters.length).fill(1);
    };
    const begin = sparsifying({ method: "snip", density: 0.5, batches: 3 });
    // A gradient of 1 everywhere leaves magnitudes.
    const begun = begin({ ...beginning(network), gradient }).network;
    expect(asked).toEqual([3]);
    expect(begun.masks).toEqual(prune(network, { density: 0.5 }).masks);
  });

  it("sees the same batches as a training with that seed, and has one mask on every run", async () => {
    const options = {
      updates: 1,
      seed: 4,
      executor: "reference",
      sparsify: sparsifying({ method: "snip", density: 0.3, batches: 1 }),
    } as const;
    const [first, again] = [await train(network, oneByOne, options), await train(network, oneByOne, options)];
    expect(first.masks).toEqual(again.masks);
    expect(counts(first).reduce((sum, count) => sum + count)).toBe(20);
  });

  it("is refused where every gradient is zero", () => {
    const zero = () => new Float32Array(network.parameters.length);
    expect(() =>
      sparsifying({ method: "snip", density: 0.5 })({ ...beginning(network), gradient: zero }),
    ).toThrow(
      "snip: every gradient is zero, so that no weight matters more than another; use more batches, other data, or another method",
    );
    // Also where it is zero in the chosen matrices alone.
    const elsewhere = new Float32Array(network.parameters.length).fill(1);
    const { offset, length } = network.tensor(matrices[1]);
    elsewhere.fill(0, offset, offset + length);
    expect(() => connectionSensitive(network, elsewhere, { density: 0.5, target: "h2h" }, weight)).toThrow(
      "every gradient is zero",
    );
  });
});

describe("magnitude", () => {
  it("prunes what was trained as a whole, as prune does with the same density", async () => {
    const network = dense();
    const options = { updates: 5, seed: 1, executor: "reference" } as const;
    const whole = await train(network, oneByOne, options);
    const pruned = await train(network, oneByOne, {
      ...options,
      sparsify: sparsifying({ method: "magnitude", density: 0.2 }),
    });
    expect(pruned.parameters).toEqual(prune(whole, { density: 0.2 }).parameters);
    expect(counts(pruned).reduce((sum, count) => sum + count)).toBe(40);
  });
});
