// Masks that change while a network trains, on every executor: which weights there are, what becomes of their moments and
// of Adam's corrections, and the gradients of weights that are absent.
import { describe, expect, it } from "vitest";
import type { Batches } from "../../src/data/batches.js";
import { compile } from "../../src/engine/compile.js";
import {
  type Executor,
  type GradientOptions,
  type OptimiserKind,
  optimisers,
  type TrainingState,
  type Update,
} from "../../src/engine/executor.js";
import type { CompileOptions } from "../../src/engine/options.js";
import type { Plan } from "../../src/engine/plan.js";
import { ReferenceExecutor } from "../../src/engine/reference.js";
import { EngineError } from "../../src/errors.js";
import { Random } from "../../src/math/random.js";
import { type Architecture, type CellKind, cellKinds } from "../../src/network/architecture.js";
import { maskVector } from "../../src/network/masks.js";
import { Network } from "../../src/network/network.js";
import {
  adam,
  batchesOf,
  carriedBatches,
  compiledOn,
  distance,
  distinctSets,
  everyStep,
  fitted,
  fused,
  layers,
  networkWith,
  over,
  overValues,
  skips,
  slopes,
  symbolsTo,
  targetCount,
  twoWayWeb,
  unfused,
  web,
} from "./setups.js";

interface Shape {
  name: string;
  architecture(kind: CellKind): Architecture;
  symbols: number;
  sizes: number[];
  options?: Partial<CompileOptions>;
}

const dropout = { embedding: 0.2, layers: 0.3, readout: 0.1 };
const shapes: Shape[] = [
  { name: "13, 14", architecture: (k) => layers(k, 7, 13, 14), symbols: 7, sizes: [32, 3, 20] },
  { name: "more than one tile", architecture: (k) => layers(k, 3, 17), symbols: 40, sizes: [70, 33, 70] },
  { name: "skips", architecture: skips, symbols: 9, sizes: [16, 9, 4] },
  { name: "web", architecture: web, symbols: 5, sizes: [40, 2, 9] },
  { name: "two-way web", architecture: twoWayWeb, symbols: 5, sizes: [9, 40, 3] },
  { name: "channels", architecture: (k) => overValues(5, layers(k, 1, 20)), symbols: 1, sizes: [18, 5, 18] },
  {
    name: "tied",
    architecture: (k) => everyStep(over(41, layers(k, 6, 9, 6)), true),
    symbols: 40,
    sizes: [18, 18, 18],
    options: { dropout, recompute: 3 },
  },
  {
    name: "multiplied embedding",
    architecture: (k) => everyStep(layers(k, 5, 6)),
    symbols: 300,
    sizes: [5, 5, 5],
  },
];
const packed: Shape = {
  name: "packed",
  architecture: (k) => everyStep(layers(k, 66, 66)),
  symbols: 600,
  sizes: [18, 18, 18],
};
const LONGEST = 5;

interface SetUp {
  network: Network;
  plan: Plan;
  batches: Batches;
  random: Random;
}

function setUp(
  shape: Shape,
  kind: CellKind,
  density: number,
  form?: "dense" | "sparse",
  hidden = density,
): SetUp {
  const { name, symbols, sizes, options } = shape;
  const random = new Random(`${name} ${kind} ${density}`);
  const network = networkWith(over(symbols + 1, shape.architecture(kind)), density, random, hidden);
  const batch = Math.max(...sizes);
  const plan = compile(network, { batch, steps: LONGEST, symbols: symbolsTo(symbols), form, ...options });
  const { architecture } = network;
  const batches = architecture.readout.at
    ? carriedBatches(random, sizes, new Array(sizes.length).fill(LONGEST), symbols, plan.outputs)
    : fitted(random, architecture, batchesOf(random, sizes, LONGEST, symbols));
  return { network, plan, batches, random };
}

/** A mask in which each weight of every matrix exists at random; the embedding's too, where it is to. */
function drawn(network: Network, density: number, random: Random, embedding = true): Uint8Array {
  const mask = new Uint8Array(network.parameters.length).fill(1);
  for (const { name, role, offset, length } of network.tensors.values()) {
    if (role === "bias" || (name === "embedding.weight" && !embedding)) continue;
    for (let i = offset; i < offset + length; i++) mask[i] = Number(random.uniform() < density);
  }
  return mask;
}

/** The same mask but for a tenth of its weights, and for as many others. */
function shifted(network: Network, mask: Uint8Array, random: Random): Uint8Array {
  const other = mask.slice();
  for (const { role, offset, length } of network.tensors.values()) {
    for (let i = offset; i < offset + length && role !== "bias"; i++) {
      if (random.uniform() < 0.1) other[i] = 1 - mask[i];
    }
  }
  return other;
}

const executors: [string, (setUp: SetUp, threads?: number) => Executor][] = [
  ["reference", ({ plan, network }) => new ReferenceExecutor(plan, network.parameters)],
  ...distinctSets.map((isa): (typeof executors)[number] => [
    isa,
    ({ plan, network }, threads) => compiledOn(isa, plan, network.parameters, threads),
  ]),
];

const update: Update = adam({ clip: 0.5 });
const trainOn = (executor: Executor, batches: Batches, own = update) =>
  executor.train(batches, 0, batches.count, own);

/** Trains under one mask after the other, and says all that comes out. */
async function results(executor: Executor, batches: Batches, masks: Uint8Array[], own = update) {
  const losses: number[] = [...(await trainOn(executor, batches, own)).losses];
  const gradients = [];
  for (const mask of masks) {
    executor.setMask(mask);
    for (let pass = 0; pass < 2; pass++) losses.push(...(await trainOn(executor, batches, own)).losses);
    gradients.push(executor.gradient(batches, 0), executor.gradient(batches, 1, { everywhere: true }));
  }
  const { outputs } = await executor.evaluate(batches, "outputs");
  return { losses, gradients, outputs, state: executor.state(), carry: executor.carry() };
}

const transitions = [
  { name: "compressed", density: 0.3, form: "sparse", densities: [0.3, 0.2, 0.3] },
  { name: "whole within compressed", density: 0.3, hidden: 1, form: "sparse", densities: [0.3, 0.4] },
  { name: "dense", density: 0.6, form: "dense", densities: [0.6, 0.5] },
  { name: "dense to compressed", density: 1, densities: [0.9, 0.2] },
  { name: "compressed to dense", density: 0.2, densities: [0.9, 1, 0.1] },
] as const;

describe.each(cellKinds)("native executor, masks of %s that change", (kind) => {
  const cases = transitions.flatMap((transition) => shapes.map((shape) => ({ transition, shape })));
  const half = cases.filter((_, i) => (i + cellKinds.indexOf(kind)) % 2 === 0);
  if (kind === "lstm")
    half.push(...transitions.slice(3).map((transition) => ({ transition, shape: packed })));
  it.each(half)("agrees with the reference: $shape.name, $transition.name", async ({ shape, transition }) => {
    const { density, densities } = transition;
    const form = "form" in transition ? transition.form : undefined;
    const hidden = "hidden" in transition ? transition.hidden : density;
    const own = setUp(shape, kind, density, form, hidden);
    const masks = densities.map((density) => drawn(own.network, density, own.random));
    masks.push(shifted(own.network, masks[masks.length - 1], own.random));
    const [[, reference], ...natives] = executors;
    const expected = await results(reference(own), own.batches, masks);
    const before = own.network.parameters;
    const moved = ({ parameters }: TrainingState) => parameters.map((value, i) => value - before[i]);
    for (const [name, make] of natives) {
      const actual = await results(make(own), own.batches, masks);
      expect(distance(actual.losses, expected.losses), name).toBeLessThan(1e-6);
      expect(distance(actual.outputs, expected.outputs), name).toBeLessThan(2e-6);
      expect(distance(moved(actual.state), moved(expected.state)), name).toBeLessThan(1e-4);
      expect(distance(actual.state.firstMoment, expected.state.firstMoment), name).toBeLessThan(3e-5);
      expect(distance(actual.state.secondMoment, expected.state.secondMoment), name).toBeLessThan(3e-5);
      expect(actual.state.wiring, name).toEqual(expected.state.wiring);
      for (const [i, { gradient, loss, count, correct }] of expected.gradients.entries()) {
        const own = actual.gradients[i];
        expect(distance(own.gradient, gradient), name).toBeLessThan(1e-5);
        expect(own.loss / loss, name).toBeCloseTo(1, 6);
        expect([own.count, own.correct], name).toEqual([count, correct]);
      }
    }
  });
});

const some = { kinds: ["lstm", "gru"] as const, shapes: shapes.filter(({ name }) => name !== "skips") };
const cases = some.kinds.flatMap((kind) => some.shapes.map((shape) => ({ kind, shape, name: shape.name })));

describe.each(executors)("on %s, masks that change", (executor, make) => {
  const isNative = executor !== "reference";

  it.each(cases)("leave what is absent at 0: $kind, $name", async ({ kind, shape }) => {
    for (const form of [undefined, "dense", "sparse"] as const) {
      const own = setUp(shape, kind, 0.5, form);
      const masks = [0.3, 0.6].map((density) => drawn(own.network, density, own.random));
      const at = make(own);
      await trainOn(at, own.batches);
      for (const mask of masks) {
        const before = at.state();
        at.setMask(mask);
        const after = at.state();
        for (const name of ["parameters", "firstMoment", "secondMoment"] as const) {
          expect(after[name]).toEqual(before[name].map((value, i) => (mask[i] === 1 ? value : 0)));
        }
        await trainOn(at, own.batches, { ...update, optimiser: optimisers.adamw });
        const { parameters, wiring } = at.state();
        expect(parameters.filter((value, i) => mask[i] === 0 && !Object.is(value, 0))).toHaveLength(0);
        expect(wiring?.mask).toEqual(mask);
        const { gradient } = at.gradient(own.batches, 0);
        expect(gradient.filter((value, i) => mask[i] === 0 && value !== 0)).toHaveLength(0);
      }
    }
  });

  it.each(cases)("change nothing where they are the same: $kind, $name", async ({ kind, shape }) => {
    for (const form of ["dense", "sparse"] as const) {
      const own = setUp(shape, kind, 0.4, form);
      const mask = maskVector(own.network);
      const [plain, other] = [make(own), make(own)];
      other.setMask(mask);
      for (let pass = 0; pass < 2; pass++) {
        const expected = await trainOn(plain, own.batches);
        expect(await trainOn(other, own.batches)).toEqual(expected);
        other.setMask(mask);
      }
      const { wiring, ...state } = other.state();
      expect(state).toEqual(plain.state());
      expect(wiring).toEqual({ mask, born: new Int32Array(mask.length) });
      expect(other.carry()).toEqual(plain.carry());
      expect(other.gradient(own.batches, 0)).toEqual(plain.gradient(own.batches, 0));
    }
  });

  it.each(cases)(
    "are as if the network had been compiled with them: $kind, $name",
    async ({ kind, shape }) => {
      for (const form of ["dense", "sparse"] as const) {
        const own = setUp(shape, kind, 0.4, form);
        const again = setUp({ ...shape, name: `${shape.name}, other` }, kind, 0.4, form);
        const network = new Network(own.network.architecture, own.network.parameters, again.network.masks);
        const plan = compile(network, {
          batch: Math.max(...shape.sizes),
          steps: LONGEST,
          symbols: symbolsTo(shape.symbols),
          form,
          ...shape.options,
        });
        const compiled = make({ ...own, network, plan });
        const set = make({ ...own, network });
        set.setMask(maskVector(network));
        const expected = await trainOn(compiled, own.batches);
        expect(await trainOn(set, own.batches)).toEqual(expected);
        const { wiring, ...state } = set.state();
        expect(state).toEqual(compiled.state());
      }
    },
  );

  it.each(cases)("go on from their state as if never stopped: $kind, $name", async ({ kind, shape }) => {
    const own = setUp(shape, kind, 0.4);
    const [first, second] = [0.2, 0.7].map((density) => drawn(own.network, density, own.random));
    const whole = make(own);
    let part = make(own);
    for (const mask of [undefined, first, second, shifted(own.network, second, own.random)]) {
      if (mask) for (const at of [whole, part]) at.setMask(mask);
      const expected = await trainOn(whole, own.batches);
      expect(await trainOn(part, own.batches)).toEqual(expected);
      const [state, carry] = [part.state(), part.carry()];
      part = make(own);
      part.setState(state);
      part.setCarry(carry);
      expect(part.state()).toEqual(state);
    }
    expect(part.state()).toEqual(whole.state());
  });

  it.each(["adam", "adamw"] as OptimiserKind[])(
    "correct the bias of %s by each weight's own age",
    async (kind) => {
      const own = setUp(shapes[0], "gru", 0.4);
      const at = make(own);
      const optimiser = { ...optimisers[kind], clip: Number.POSITIVE_INFINITY };
      const { beta1, beta2, epsilon, weightDecay } = optimiser;
      const rate = 0.01;
      let mask = maskVector(own.network);
      for (let change = 0; change < 3; change++) {
        await trainOn(at, own.batches, { optimiser, rates: rate });
        mask = shifted(own.network, mask, own.random);
        at.setMask(mask);
        for (let made = 0; made < 2; made++) {
          const before = at.state();
          const { gradient } = at.gradient(own.batches, 0);
          await at.train(own.batches, 0, 1, { optimiser, rates: rate });
          const after = at.state();
          const { born } = after.wiring!;
          let newborn = 0;
          for (const [i, value] of before.parameters.entries()) {
            if (mask[i] === 0) continue;
            const age = after.step - born[i];
            if (age === made + 1) {
              newborn++;
              // As an Adam that began with it: its first update is the rate, with the gradient's sign.
              expect(Object.is(before.firstMoment[i], 0) || made > 0).toBe(true);
              const size = (rate * Math.abs(gradient[i])) / (Math.abs(gradient[i]) + epsilon);
              if (made === 0) expect(Math.abs(after.parameters[i])).toBeCloseTo(size, 7);
            }
            const first = beta1 * before.firstMoment[i] + (1 - beta1) * gradient[i];
            const second = beta2 * before.secondMoment[i] + (1 - beta2) * gradient[i] ** 2;
            const step = (rate / (1 - beta1 ** age)) * first;
            const expected = value * (1 - (kind === "adamw" ? rate * weightDecay : 0));
            const root = Math.sqrt(second / (1 - beta2 ** age));
            expect(after.parameters[i]).toBeCloseTo(expected - step / (root + epsilon), 6);
          }
          expect(newborn).toBeGreaterThan(10);
          expect(born.some((update, i) => mask[i] === 1 && update === 0)).toBe(true);
        }
      }
    },
  );

  it("cost no carry", async () => {
    const own = setUp(shapes[6], "lstm", 0.4);
    const at = make(own);
    await trainOn(at, own.batches);
    const carry = at.carry();
    at.setMask(drawn(own.network, 0.5, own.random));
    expect(at.carry()).toEqual(carry);
    expect(at.state().step).toBe(3);
  });

  it("are refused where they are none, and while it is at work", async () => {
    const own = setUp(shapes[0], "lstm", 0.4);
    const at = make(own);
    const mask = maskVector(own.network);
    const state = at.state();
    for (const bad of [mask.subarray(1), new Uint8Array(mask.length + 16), mask.map((bit) => 2 * bit)]) {
      expect(() => at.setMask(bad)).toThrow(/^a mask of \d+ parameters has a 0 or a 1 for each$/);
      const wiring = { mask: bad, born: new Int32Array(mask.length) };
      expect(() => at.setState({ ...state, wiring })).toThrow(EngineError);
    }
    for (const born of [
      new Int32Array(1),
      new Int32Array(mask.length).fill(1),
      new Int32Array(mask.length).fill(-1),
    ]) {
      expect(() => at.setState({ ...state, wiring: { mask, born } })).toThrow(
        "weights are born between update 0 and 0, one number for each",
      );
    }
    at.setMask(mask);
    const long = setUp({ ...packed, sizes: new Array(isNative ? 60 : 1).fill(18) }, "lstm", 0.4);
    const busy = make(long);
    const all = maskVector(long.network);
    const working = trainOn(busy, long.batches);
    expect(() => busy.setMask(all)).toThrow("at work");
    await working;
  });

  it.skipIf(!isNative)("give the same bits on any number of threads", async () => {
    for (const kind of cellKinds) {
      for (const form of [undefined, "sparse"] as const) {
        const own = setUp(shapes[1], kind, 0.4, form);
        const masks = [0.2, 0.8, 0.3].map((density) => drawn(own.network, density, own.random));
        const [one, ...others] = await Promise.all(
          [1, 2, 3].map((threads) => results(make(own, threads), own.batches, masks)),
        );
        for (const other of others) expect(other).toEqual(one);
      }
    }
  });
});

it.each([fused, unfused].filter((sets) => sets.length > 1).map((sets) => [sets] as const))(
  "%s agree to the last bit under masks that change",
  async (exact) => {
    for (const { kind, shape } of cases) {
      const own = setUp(shape, kind, 0.4);
      const masks = [0.2, 0.8].map((density) => drawn(own.network, density, own.random));
      const [one, ...others] = await Promise.all(
        exact.map((isa) => results(compiledOn(isa, own.plan, own.network.parameters), own.batches, masks)),
      );
      for (const other of others) expect(other).toEqual(one);
    }
  },
);

describe("a gradient everywhere", () => {
  const options: GradientOptions = { everywhere: true, seed: 5 };
  const all = cellKinds.flatMap((kind) => shapes.map((shape) => ({ kind, shape, name: shape.name })));

  it.each(all)("is that of a network whose absent weights are 0: $kind, $name", ({ kind, shape }) => {
    const { network, plan, batches, random } = setUp({ ...shape, sizes: [4, 2, 3] }, kind, 0.4);
    const at = (parameters: Float64Array) => {
      const executor = new ReferenceExecutor(plan, parameters, 64);
      executor.setMask(mask);
      return executor;
    };
    const mask = drawn(network, 0.4, random);
    const parameters = network.parameters.map((value, i) => mask[i] * value);
    const { gradient, loss, count } = at(Float64Array.from(parameters)).gradient(batches, 0, options);
    expect(count).toBe(targetCount(first(batches, plan)));
    // Without a mask, absent weights may be moved.
    const whole = new Network(network.architecture, parameters);
    const free = compile(whole, {
      batch: 4,
      steps: LONGEST,
      symbols: symbolsTo(shape.symbols),
      ...shape.options,
    });
    const lossAt = (own: Float64Array) =>
      new ReferenceExecutor(free, own, 64).gradient(batches, 0, { seed: 5 }).loss / count;
    expect(lossAt(Float64Array.from(parameters))).toBeCloseTo(loss / count, 12);
    for (const { tensor, actual, expected } of slopes(whole, gradient, lossAt)) {
      expect(Math.abs(actual - expected), tensor).toBeLessThan(1e-8 + 1e-6 * Math.abs(expected));
    }
  });

  const [[, reference], ...natives] = executors;
  it.each(cases)("is the reference's on every executor: $kind, $name", async ({ kind, shape }) => {
    for (const form of ["dense", "sparse"] as const) {
      const own = setUp(shape, kind, 0.4, form);
      const mask = drawn(own.network, 0.4, own.random);
      const { outputs, predictsNumbers } = own.plan;
      const classWeights = predictsNumbers
        ? undefined
        : Float32Array.from({ length: outputs }, (_, c) => 1 + (c % 3));
      for (const carries of [false, true]) {
        const told = { ...options, classWeights, carries };
        const at = reference(own);
        at.setMask(mask);
        await at.evaluate(own.batches);
        const expected = at.gradient(own.batches, 1, told);
        for (const [name, make] of natives) {
          for (const threads of [1, 2]) {
            const native = make(own, threads);
            native.setMask(mask);
            await native.evaluate(own.batches);
            const before = native.carry();
            const actual = native.gradient(own.batches, 1, told);
            expect(distance(actual.gradient, expected.gradient), name).toBeLessThan(1e-5);
            expect(actual.loss / expected.loss, name).toBeCloseTo(1, 6);
            expect([actual.count, actual.correct], name).toEqual([expected.count, expected.correct]);
            if (!carries) expect(native.carry(), name).toEqual(before);
            expect(native.carry()).toHaveLength(at.carry().length);
            // What exists has the same gradient as otherwise.
            const { gradient } = native.gradient(own.batches, 1, { ...told, everywhere: false });
            const present = (of: ArrayLike<number>) => Array.from(of).filter((_, i) => mask[i] === 1);
            if (!carries)
              expect(distance(present(actual.gradient), present(gradient)), name).toBeLessThan(1e-6);
          }
        }
      }
    }
  });

  it("leaves the lanes as an update does, where it is to", async () => {
    const own = setUp(shapes[6], "lstm", 0.4);
    const told = { seed: 3, everywhere: true, carries: true };
    for (const [name, make] of executors) {
      const [trained, asked] = [make(own), make(own)];
      await trained.train(own.batches, 0, 1, { ...update, seed: 3 });
      const { loss } = asked.gradient(own.batches, 0, told);
      expect(asked.carry(), name).toEqual(trained.carry());
      expect(asked.gradient(own.batches, 1, told).loss, name).not.toBe(loss);
    }
  });
});

/** The first of some batches' targets. */
function first(batches: Batches, plan: Plan): Batches {
  const places = batches.sizes[0] * (plan.everyStep ? batches.steps[0] : 1);
  return { ...batches, targets: batches.targets.subarray(0, places) };
}
