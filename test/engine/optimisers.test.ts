// Every optimiser of every executor against PyTorch's, with a learning rate for each update; and what of a loss that is no
// number.
import { describe, expect, it } from "vitest";
import type { Batches } from "../../src/data/batches.js";
import { compile } from "../../src/engine/compile.js";
import { type Executor, optimiserKinds, optimisers } from "../../src/engine/executor.js";
import type { Plan } from "../../src/engine/plan.js";
import { ReferenceExecutor } from "../../src/engine/reference.js";
import { EngineError } from "../../src/errors.js";
import { Random } from "../../src/math/random.js";
import { Network } from "../../src/network/network.js";
import { cellBatches, flatten } from "../fixtures/cells.js";
import { optimiserCase } from "../fixtures/optimisers.js";
import {
  batchesOf,
  compiledOn,
  distance,
  everyStep,
  fitted,
  instructionSets,
  layers,
  networkWith,
  over,
  reading,
  symbolsTo,
} from "./setups.js";

const executors: [string, (plan: Plan, parameters: Float32Array) => Executor][] = [
  ["reference", (plan, parameters) => new ReferenceExecutor(plan, parameters)],
  ...instructionSets.map((isa): (typeof executors)[number] => [
    isa,
    (plan, parameters) => compiledOn(isa, plan, parameters),
  ]),
];

const { architecture, symbols, parameters, rates, runs } = optimiserCase;
const network = new Network(architecture);
network.parameters.set(flatten(network, parameters));
const one = reading({ ...cellBatches, inputs: Uint16Array.from(symbols.flat()) }, "last-step");
/** The batch, once for each update. */
const batches: Batches = {
  count: rates.length,
  sizes: Int32Array.from(rates, () => one.sizes[0]),
  steps: Int32Array.from(rates, () => one.steps[0]),
  inputs: Uint16Array.from(rates.flatMap(() => [...one.inputs])),
  lengths: Int32Array.from(rates.flatMap(() => [...one.lengths])),
  targets: Int32Array.from(rates.flatMap(() => [...one.targets])),
};
const plan = compile(network, { batch: one.sizes[0], steps: one.steps[0], symbols: one.inputs });

describe.each(executors)("on %s", (_, make) => {
  it.each(runs)("$optimiser.kind of decay $optimiser.weightDecay is PyTorch's", async (run) => {
    const optimiser = { ...run.optimiser, clip: run.optimiser.clip ?? Number.POSITIVE_INFINITY };
    const executor = make(plan, network.parameters);
    const update = (from: number, to: number) => ({
      optimiser,
      rates: Float64Array.from(rates.slice(from, to)),
    });
    // In two calls: nothing but the state is kept between them.
    const first = await executor.train(batches, 0, 3, update(0, 3));
    const rest = await executor.train(batches, 3, batches.count, update(3, batches.count));
    const losses = [...first.losses, ...rest.losses].map((loss) => loss / one.sizes[0]);
    expect(distance(losses, run.losses)).toBeLessThan(1e-5);
    expect(distance([...first.norms, ...rest.norms], run.norms)).toBeLessThan(1e-4);
    const moved = (to: Float32Array) => to.map((value, i) => value - network.parameters[i]);
    const expected = moved(flatten(network, run.parameters));
    expect(distance(moved(executor.state().parameters), expected)).toBeLessThan(2e-4);
  });

  it.each(optimiserKinds)("%s leaves what is frozen, and clips by the norm of the rest", async (kind) => {
    const frozen = ["cells.0.weight_hh", "readout.weight"].map((name) => network.tensor(name));
    const optimiser = { ...optimisers[kind], weightDecay: 0.01, clip: 0.05 };
    const executor = make(plan, network.parameters);
    const free = await make(plan, network.parameters).train(batches, 0, 1, { optimiser, rates: 0.01 });
    const { gradient } = executor.gradient(batches, 0);
    for (const { offset, length } of frozen) gradient.fill(0, offset, offset + length);
    const norm = Math.hypot(...gradient);
    const { norms } = await executor.train(batches, 0, 3, { optimiser, rates: 0.01, frozen });
    expect(norms[0]).toBeCloseTo(norm, 6);
    expect(norms[0]).toBeLessThan(free.norms[0]);
    const after = executor.state();
    for (const { offset, length } of network.tensors.values()) {
      const stays = frozen.some((tensor) => tensor.offset === offset);
      const own = (values: Float32Array) => values.slice(offset, offset + length);
      if (stays) expect(own(after.parameters)).toEqual(own(network.parameters));
      else expect(own(after.parameters)).not.toEqual(own(network.parameters));
      if (stays)
        expect([...own(after.firstMoment), ...own(after.secondMoment)].every((m) => m === 0)).toBe(true);
    }
    const reference = new ReferenceExecutor(plan, network.parameters);
    await reference.train(batches, 0, 3, { optimiser, rates: 0.01, frozen });
    expect(distance(after.parameters, reference.state().parameters)).toBeLessThan(1e-4);
  });

  it.each([
    [[{ offset: 0, length: 1e6 }]],
    [[{ offset: -1, length: 1 }]],
    [
      [
        { offset: 16, length: 4 },
        { offset: 0, length: 4 },
      ],
    ],
  ])("frozen parameters that there are not are refused: %j", async (frozen) => {
    const update = { optimiser: optimisers.adam, rates: 0.1, frozen };
    await expect(make(plan, network.parameters).train(batches, 0, 1, update)).rejects.toThrow(EngineError);
  });

  it.each(optimiserKinds)("%s is refused with rates that do not fit", async (kind) => {
    const executor = make(plan, network.parameters);
    const optimiser = optimisers[kind];
    for (const rates of [
      -1,
      Number.NaN,
      Number.POSITIVE_INFINITY,
      new Float64Array(2),
      Float64Array.of(-1),
    ]) {
      await expect(executor.train(batches, 0, 1, { optimiser, rates })).rejects.toThrow(EngineError);
    }
    expect(executor.state().parameters).toEqual(network.parameters);
  });
});

describe.each(executors)("logits that are no numbers, on %s", (_, make) => {
  const random = new Random("logits");
  const vast = networkWith(over(4, everyStep(layers("gru", 3, 4))), 1, random);
  const own = fitted(random, vast.architecture, batchesOf(random, [5], 4, 3));
  const at = compile(vast, { batch: 5, steps: 4, symbols: symbolsTo(3) });
  const { offset } = vast.tensor("readout.bias");
  const evaluated = async (bias: number[], targets = own.targets) => {
    const parameters = vast.parameters.slice();
    parameters.set(bias, offset);
    const executor = make(at, parameters);
    const { losses, correct } = await executor.evaluate({ ...own, targets });
    const trained = await executor.train({ ...own, targets }, 0, 1, { optimiser: optimisers.adam, rates: 1 });
    expect(trained.losses).toHaveLength(1);
    const same = executor.state().parameters.every((value, i) => Object.is(value, parameters[i]));
    return { loss: losses[0], correct: correct[0], same };
  };

  it("are no loss either, and make no update", async () => {
    for (const place of [0, 1, 2]) {
      for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) {
        const bias = [0, 0, 0];
        bias[place] = value;
        const { loss, same } = await evaluated(bias);
        expect(loss).toBeNaN();
        expect(same).toBe(true);
      }
    }
  });

  it("are impossible where they are minus infinity", async () => {
    const never = [0, 0, Number.NEGATIVE_INFINITY];
    const possible = Int32Array.from(own.targets, (target) => Math.min(target, 1));
    const { loss, same } = await evaluated(never, possible);
    expect(Number.isFinite(loss)).toBe(true);
    expect(same).toBe(false);
    const other = await evaluated(never);
    expect(other.loss).toBe(Number.POSITIVE_INFINITY);
    expect(other.same).toBe(true);
  });
});
