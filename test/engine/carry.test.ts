// State that is carried from batch to batch: a text in pieces is the text as a whole, the gradient ends where a batch
// begins, and a run that is killed between two batches goes on to the same bits.
import { describe, expect, it } from "vitest";
import type { Batches } from "../../src/data/batches.js";
import { compile } from "../../src/engine/compile.js";
import { carryOf, type Executor, optimisers, type Update } from "../../src/engine/executor.js";
import type { CompileOptions } from "../../src/engine/options.js";
import type { Plan } from "../../src/engine/plan.js";
import { ReferenceExecutor } from "../../src/engine/reference.js";
import { EngineError } from "../../src/errors.js";
import { Random } from "../../src/math/random.js";
import { type Architecture, type CellKind, cellKinds } from "../../src/network/architecture.js";
import type { Network } from "../../src/network/network.js";
import {
  carriedBatches,
  compiledOn,
  distance,
  everyStep,
  fitted,
  forecasting,
  fused,
  instructionSets,
  layers,
  networkWith,
  over,
  overValues,
  skips,
  slopes,
  symbolsTo,
  targetCount,
  unfused,
} from "./setups.js";

const SYMBOLS = 6;

interface Shape {
  name: string;
  architecture(kind: CellKind): Architecture;
  density: number;
  options?: Partial<CompileOptions>;
}

const shapes: Shape[] = [
  { name: "layers", architecture: (k) => layers(k, 4, 5, 7), density: 1 },
  { name: "skips, compressed", architecture: skips, density: 0.4, options: { form: "sparse" } },
  {
    name: "layers with dropout",
    architecture: (k) => layers(k, 4, 5, 6),
    density: 1,
    options: { dropout: { embedding: 0.2, layers: 0.3, readout: 0.3 } },
  },
  { name: "2 channels, forecast", architecture: (k) => forecasting(overValues(2, skips(k))), density: 1 },
];

function setUp(
  { name, architecture, density, options }: Shape,
  kind: CellKind,
  sizes: number[],
  steps: number[],
): { network: Network; plan: Plan; batches: Batches } {
  const random = new Random(`${name} ${kind}`);
  const own = over(SYMBOLS + 1, everyStep(architecture(kind)));
  const network = networkWith(own, density, random);
  const at = { batch: Math.max(...sizes), steps: Math.max(...steps), symbols: symbolsTo(SYMBOLS) };
  const plan = compile(network, { ...at, ...options });
  return { network, plan, batches: fitted(random, own, carriedBatches(random, sizes, steps, SYMBOLS, 3)) };
}

const reference = (plan: Plan, { parameters }: Network) => new ReferenceExecutor(plan, parameters);
const makers = (threads = 1): [string, (plan: Plan, network: Network) => Executor][] => [
  ["reference", reference],
  ...instructionSets.map((isa): [string, (plan: Plan, network: Network) => Executor] => [
    isa,
    (plan, { parameters }) => compiledOn(isa, plan, parameters, threads),
  ]),
];

const update: Update = { optimiser: optimisers.adam, rates: 1e-2, seed: 5 };
const all = (executor: Executor) => ({ state: executor.state(), carry: executor.carry() });

describe.each(cellKinds)("%s", (kind) => {
  it.each(shapes)("reads a text in pieces as it reads it at once: $name", async (shape) => {
    const { network, plan, batches } = setUp(shape, kind, [20, 20, 20, 20], [5, 1, 4, 3]);
    const whole = compile(network, { batch: 20, steps: 13, symbols: symbolsTo(SYMBOLS), ...shape.options });
    const one: Batches = {
      ...batches,
      count: 1,
      sizes: Int32Array.of(20),
      steps: Int32Array.of(13),
      lengths: new Int32Array(20).fill(13),
      carry: Uint8Array.of(0),
    };
    for (const [name, make] of makers()) {
      const [pieces, text] = [make(plan, network), make(whole, network)];
      const expected = await text.evaluate(one, "outputs");
      const actual = await pieces.evaluate(batches, "outputs");
      expect(actual.outputs, name).toEqual(expected.outputs);
      expect(pieces.carry(), name).toEqual(text.carry());
      const total = actual.losses.reduce((sum, loss) => sum + loss, 0);
      expect(total / expected.losses[0], name).toBeCloseTo(1, 12);
    }
  });

  it.each(shapes)("cuts the gradient where a batch begins: $name", async (shape) => {
    const { network, plan, batches } = setUp(shape, kind, [3, 3], [4, 5]);
    const begun = reference(plan, network);
    await begun.train(batches, 0, 1, { ...update, rates: 0 });
    const carry = begun.carry();
    expect(carry).toHaveLength(carryOf(plan));
    const at = (parameters: Float64Array) => {
      const executor = new ReferenceExecutor(plan, parameters, 64);
      executor.setCarry(carry);
      const result = executor.gradient(batches, 1);
      expect(executor.carry(), "a gradient changes nothing").toEqual(carry);
      return result;
    };
    const { loss, gradient } = at(Float64Array.from(network.parameters));
    const count = targetCount({
      ...batches,
      targets: batches.targets.slice((4 * batches.targets.length) / 9),
    });
    for (const { tensor, actual, expected } of slopes(network, gradient, (own) => at(own).loss / count)) {
      expect(Math.abs(actual - expected), tensor).toBeLessThan(1e-8 + 1e-6 * Math.abs(expected));
    }
    for (const isa of instructionSets) {
      const executor = compiledOn(isa, plan, network.parameters);
      executor.setCarry(carry);
      const native = executor.gradient(batches, 1);
      expect(native.loss / loss, isa).toBeCloseTo(1, 6);
      expect(distance(native.gradient, gradient), isa).toBeLessThan(1e-5);
      expect(executor.carry(), isa).toEqual(carry);
    }
  });

  it.each(shapes)("trains killed and resumed as in one go: $name", async (shape) => {
    // Three tiles, the last with lanes to spare.
    const { network, plan, batches } = setUp(shape, kind, [70, 70, 70, 70], [4, 4, 4, 2]);
    const expected = reference(plan, network);
    const outcome = await expected.train(batches, 0, 4, update);
    const runs = [];
    for (const isa of instructionSets) {
      for (const threads of [1, 2]) {
        const whole = compiledOn(isa, plan, network.parameters, threads);
        const { losses, norms } = await whole.train(batches, 0, 4, update);
        expect(distance(losses, outcome.losses), isa).toBeLessThan(1e-5);
        expect(distance(norms, outcome.norms), isa).toBeLessThan(1e-4);
        expect(distance(whole.carry(), expected.carry()), isa).toBeLessThan(1e-3);
        let part = compiledOn(isa, plan, network.parameters, threads);
        for (let i = 0; i < 4; i++) {
          await part.train(batches, i, i + 1, update);
          const { state, carry } = all(part);
          part = compiledOn(isa, plan, network.parameters, threads);
          part.setState(state);
          part.setCarry(carry);
        }
        expect(all(part), isa).toEqual(all(whole));
        runs.push({ isa, end: all(whole) });
      }
    }
    for (const alike of [fused, unfused]) {
      const ends = runs.filter(({ isa }) => alike.includes(isa)).map(({ end }) => end);
      for (const end of ends) expect(end).toEqual(ends[0]);
    }
  });

  it.each(shapes)("recomputes what is carried: $name", async (shape) => {
    const { network, plan, batches } = setUp(shape, kind, [18, 18], [7, 6]);
    const carry = Float32Array.from({ length: carryOf(plan) }, (_, i) => Math.sin(i));
    const parameters = Float64Array.from(network.parameters);
    const gradientOf = (executor: Executor) => {
      executor.setCarry(carry);
      return executor.gradient(batches, 1).gradient;
    };
    const expected = gradientOf(new ReferenceExecutor(plan, parameters, 64));
    for (const recompute of [1, 3]) {
      const at = { batch: 18, steps: 7, symbols: symbolsTo(SYMBOLS), recompute };
      const segments = compile(network, { ...at, ...shape.options });
      const actual = gradientOf(new ReferenceExecutor(segments, parameters, 64));
      expect(distance(actual, expected)).toBeLessThan(1e-13);
      for (const isa of instructionSets) {
        const native = gradientOf(compiledOn(isa, segments, network.parameters));
        expect(distance(native, expected), isa).toBeLessThan(1e-5);
        const [held, again] = [plan, segments].map((own) => compiledOn(isa, own, network.parameters));
        await held.evaluate(batches);
        await again.evaluate(batches);
        expect(again.carry(), isa).toEqual(held.carry());
      }
    }
  });
});

describe.each(makers())("on %s, what is carried", (_, make) => {
  const { network, plan, batches } = setUp(shapes[0], "lstm", [33, 5, 33], [3, 3, 3]);

  it("is that of the last batch's tiles; other lanes begin anew", async () => {
    const executor = make(plan, network);
    expect(executor.carry()).toHaveLength(0);
    const carried = await executor.evaluate(batches, "outputs");
    expect(executor.carry()).toHaveLength(2 * carryOf(plan));
    // The last example is alone in its tile, which the second batch did not have.
    const fresh = await executor.evaluate({ ...batches, carry: undefined }, "outputs");
    const last = (outputs: Float32Array) => outputs.subarray(-3);
    const first = (outputs: Float32Array) => outputs.subarray(-33 * 3, -32 * 3);
    expect(last(carried.outputs)).toEqual(last(fresh.outputs));
    expect(first(carried.outputs)).not.toEqual(first(fresh.outputs));
  });

  it("is refused unless it is whole tiles", () => {
    const executor = make(plan, network);
    expect(() => executor.setCarry(new Float32Array(carryOf(plan) - 1))).toThrow(EngineError);
    executor.setCarry(new Float32Array(0));
    expect(executor.carry()).toHaveLength(0);
  });

  it("goes on from no example that has ended", async () => {
    const lengths = batches.lengths.slice();
    lengths[2] = 2;
    const targets = new Int32Array(batches.targets.length).fill(-1);
    const run = make(plan, network).evaluate({ ...batches, lengths, targets });
    await expect(run).rejects.toThrow(
      /^batch 1: it goes on from the batch before, but an example of the two ends early; give all examples/,
    );
  });
});
