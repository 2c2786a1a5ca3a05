// What large numbers do: they must not spread from where nobody looks, and must not pass for an update.
import { describe, expect, it } from "vitest";
import type { Batches, ReadAt } from "../../src/data/batches.js";
import { compile } from "../../src/engine/compile.js";
import { type Executor, optimisers } from "../../src/engine/executor.js";
import { ReferenceExecutor } from "../../src/engine/reference.js";
import { Random } from "../../src/math/random.js";
import { cellsOf } from "../../src/network/architecture.js";
import { initialise, Network, tensorNames } from "../../src/network/network.js";
import { adam, compiledOn, instructionSets, layers, overValues, reading, twoWay } from "./setups.js";

const STEPS = 100;

/** One ReLU unit that triples itself at every step, and starts from `embedding[symbol]`. */
function tripling(embedding: number[], readout: number): Network {
  const network = initialise(layers("rnn-relu", 1, 1), new Random("overflow"));
  const set = (name: string, values: readonly number[]) => network.values(name).set(values);
  network.parameters.fill(0);
  set("embedding.weight", embedding);
  set("cells.0.weight_ih", [1]);
  set("cells.0.weight_hh", [3]);
  set("readout.weight", [readout, -readout, 0]);
  return network;
}

function one(symbols: readonly number[]): Batches {
  const steps = symbols.length;
  return {
    count: 1,
    sizes: Int32Array.of(1),
    steps: Int32Array.of(steps),
    inputs: Uint16Array.from(symbols),
    lengths: Int32Array.of(steps),
    targets: Int32Array.of(1),
  };
}

const executors: [string, (network: Network) => Executor][] = [
  ["reference", (network) => new ReferenceExecutor(planOf(network), network.parameters)],
  ...instructionSets.map((name): [string, (network: Network) => Executor] => [
    name,
    (network) => compiledOn(name, planOf(network), network.parameters),
  ]),
];

function planOf(network: Network) {
  return compile(network, { batch: 1, steps: STEPS, symbols: [0, 1] });
}

describe.each(executors)("large numbers on %s", (_, make) => {
  const readings: ReadAt[] = ["last-step", "last-symbol"];

  it.each(readings)("in lanes without an example reach no gradient, read at the %s", async (readAt) => {
    // Symbol 0 makes the unit grow beyond all numbers, the example's symbol 1 leaves it at 0.
    const executor = make(tripling([1, -1], 1));
    const batches = reading(one(new Array(STEPS).fill(1)), readAt);
    const { gradient } = executor.gradient(batches, 0);
    expect(gradient.every(Number.isFinite)).toBe(true);
    const { losses } = await executor.train(batches, 0, 1, adam());
    expect(losses[0]).toBeCloseTo(Math.log(3), 6);
    expect(executor.state().parameters.every(Number.isFinite)).toBe(true);
  });

  it("in lanes without an example reach no gradient of a cell that runs backwards", () => {
    // Its bias makes the unit grow where nothing is read, the example's numbers leave it at 0.
    const network = new Network(overValues(1, twoWay("rnn-relu", 1, 1)));
    for (const { name } of cellsOf(network.architecture)) {
      network.values(tensorNames(name).weightIh).fill(1);
      network.values(tensorNames(name).weightHh).fill(3);
      network.values(tensorNames(name).biasIh).fill(0.5);
    }
    const batches = { ...one(new Array(STEPS).fill(0)), inputs: new Float32Array(STEPS).fill(-1) };
    const { loss, gradient } = make(network).gradient(batches, 0);
    expect(loss).toBeCloseTo(Math.log(3), 6);
    expect(gradient.every(Number.isFinite)).toBe(true);
  });

  it("are clipped where the squares of a gradient overflow", async () => {
    const executor = make(tripling([1, 0], 1e-20));
    await executor.train(one([0, ...new Array(43).fill(1)]), 0, 1, adam());
    const { firstMoment } = executor.state();
    const norm = Math.hypot(...firstMoment);
    expect(norm / ((1 - optimisers.adam.beta1) * optimisers.adam.clip)).toBeCloseTo(1, 5);
  });

  it("that make a gradient infinite end the training without an update", async () => {
    const network = tripling([1, 0], 1);
    const executor = make(network);
    const { losses } = await executor.train(one([0, ...new Array(79).fill(1)]), 0, 1, adam());
    expect(losses).toEqual(Float64Array.of(Number.NaN));
    expect(executor.state().parameters).toEqual(network.parameters);
  });
});
