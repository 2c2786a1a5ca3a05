// One suite over every executor: the reference against finite differences, every instruction set of the native
// executor against the reference, and all of them against PyTorch.
import { describe, expect, it } from "vitest";
import type { Pattern } from "../../src/bench/patterns.js";
import type { Batches, ReadAt } from "../../src/data/batches.js";
import { compile } from "../../src/engine/compile.js";
import { type Executor, optimisers, type TrainingState, type Update } from "../../src/engine/executor.js";
import type { NativeExecutor } from "../../src/engine/native.js";
import type { Plan } from "../../src/engine/plan.js";
import { ReferenceExecutor } from "../../src/engine/reference.js";
import { Random } from "../../src/math/random.js";
import { type Architecture, type CellKind, cellKinds } from "../../src/network/architecture.js";
import type { Network } from "../../src/network/network.js";
import { cellBatches, cellCases, flatten, networkOf } from "../fixtures/cells.js";
import { batchOf, networkFrom, sequenceCases } from "../fixtures/directions.js";
import {
  adam,
  batchesOf,
  compiledOn,
  deadEnds,
  distance,
  fitted,
  instructionSets,
  layers,
  networkWith,
  over,
  overValues,
  reading,
  skips,
  slopes,
  symbolsTo,
  targetCount,
  twoWay,
  twoWayWeb,
  web,
} from "./setups.js";

interface Shape {
  name: string;
  architecture(kind: CellKind): Architecture;
  /** Sizes of the batches. */
  batches: number[];
  longest: number;
  symbols: number;
}

const small: Shape[] = [
  { name: "1 unit", architecture: (k) => layers(k, 1, 1), batches: [1], longest: 5, symbols: 2 },
  { name: "5, 3", architecture: (k) => layers(k, 3, 5, 3), batches: [17], longest: 4, symbols: 9 },
  { name: "skips", architecture: skips, batches: [3], longest: 4, symbols: 4 },
  { name: "web", architecture: web, batches: [4], longest: 4, symbols: 3 },
  { name: "dead ends", architecture: deadEnds, batches: [5], longest: 4, symbols: 3 },
  {
    name: "a channel",
    architecture: (k) => overValues(1, layers(k, 1, 3, 2)),
    batches: [5],
    longest: 5,
    symbols: 1,
  },
  {
    name: "3 channels, skips",
    architecture: (k) => overValues(3, skips(k)),
    batches: [3],
    longest: 4,
    symbols: 1,
  },
  {
    name: "2 channels, web",
    architecture: (k) => overValues(2, web(k)),
    batches: [4],
    longest: 4,
    symbols: 1,
  },
  { name: "two-way", architecture: (k) => twoWay(k, 3, 4), batches: [6], longest: 5, symbols: 3 },
  {
    name: "3 channels, two-way layers",
    architecture: (k) => overValues(3, twoWay(k, 1, 3, 2)),
    batches: [5],
    longest: 5,
    symbols: 1,
  },
  { name: "two-way web", architecture: twoWayWeb, batches: [4], longest: 5, symbols: 3 },
  {
    name: "2 channels, two-way web",
    architecture: (k) => overValues(2, twoWayWeb(k)),
    batches: [7],
    longest: 4,
    symbols: 1,
  },
];

const large: Shape[] = [
  {
    name: "13, 14, 17",
    architecture: (k) => layers(k, 7, 13, 14, 17),
    batches: [15, 16],
    longest: 9,
    symbols: 7,
  },
  { name: "50", architecture: (k) => layers(k, 50, 50), batches: [33, 1], longest: 4, symbols: 20 },
  // Several blocks of columns in a compressed gradient; of gated cells more rows than come in one order, of LSTMs than a slab has.
  { name: "140", architecture: (k) => layers(k, 70, 140), batches: [33, 1], longest: 6, symbols: 9 },
  { name: "8, 50", architecture: (k) => layers(k, 17, 8, 50), batches: [32, 17], longest: 3, symbols: 15 },
  { name: "long", architecture: (k) => layers(k, 9, 4, 3), batches: [16], longest: 60, symbols: 6 },
  {
    name: "28 channels",
    architecture: (k) => overValues(28, layers(k, 1, 33)),
    batches: [33, 64],
    longest: 4,
    symbols: 1,
  },
  // Further apart than an offset in a compressed product reaches.
  {
    name: "1500 channels",
    architecture: (k) => overValues(1500, layers(k, 1, 4)),
    batches: [33],
    longest: 3,
    symbols: 1,
  },
  // Ragged sequences in full, half-full and single tiles.
  {
    name: "3 channels, two-way 17, 9",
    architecture: (k) => overValues(3, twoWay(k, 1, 17, 9)),
    batches: [70, 1, 16, 33],
    longest: 7,
    symbols: 1,
  },
  {
    name: "two-way 20, 13",
    architecture: (k) => twoWay(k, 7, 20, 13),
    batches: [15, 2],
    longest: 9,
    symbols: 7,
  },
  { name: "four tiles", architecture: (k) => layers(k, 5, 6), batches: [128, 97], longest: 5, symbols: 40 },
];

const forms = [
  { form: "dense", density: 1, hidden: 1 },
  { form: "dense", density: 0.4, hidden: 0.4 },
  { form: "sparse", density: 0.4, hidden: 0.4 },
  { form: "sparse", density: 0.02, hidden: 0.02 },
  { form: "sparse", density: 0.4, hidden: 1 },
] as const;

interface SetUp extends Shape {
  form: "dense" | "sparse";
  density: number;
  hidden: number;
  pattern?: Pattern;
}

const setUps: SetUp[] = [...small, ...large].flatMap((shape) => forms.map((form) => ({ ...shape, ...form })));

const readings: ReadAt[] = ["last-step", "last-symbol"];
const update: Update = adam({ clip: 0.5 });

function setUp(
  { name, architecture, density, hidden, form, pattern, batches, longest, symbols }: SetUp,
  kind: CellKind,
): { network: Network; batches: Batches; plan: Plan } {
  const random = new Random(`${name} ${kind} ${density}`);
  // One symbol of the vocabulary does not occur.
  const own = over(symbols + 2, architecture(kind));
  const network = networkWith(own, density, random, hidden, pattern);
  const options = { batch: Math.max(...batches), steps: longest, symbols: symbolsTo(symbols), form };
  return {
    network,
    batches: fitted(random, own, batchesOf(random.stream("data"), batches, longest, symbols)),
    plan: compile(network, options),
  };
}

describe.each(cellKinds)("the reference's gradient of %s", (kind) => {
  const cases = setUps.filter((s) => small.some(({ name }) => name === s.name) && s.form === "dense");
  it.each(cases)("is the finite differences of its loss: $name at density $density", async (shape) => {
    const { network, batches: own, plan } = setUp(shape, kind);
    const batches = reading(own, readings[cases.indexOf(shape) % 2]);
    const [size] = batches.sizes;
    const at = (parameters: Float64Array) => new ReferenceExecutor(plan, parameters, 64);
    const here = at(Float64Array.from(network.parameters));
    const { loss, gradient } = here.gradient(batches, 0);
    expect(loss).toBeCloseTo((await here.evaluate(batches)).losses[0], 12);
    const lossAt = (parameters: Float64Array) => at(parameters).gradient(batches, 0).loss / size;
    for (const { tensor, actual, expected } of slopes(network, gradient, lossAt)) {
      expect(Math.abs(actual - expected), tensor).toBeLessThan(1e-8 + 1e-6 * Math.abs(expected));
    }
  });
});

/** All that an executor says about some batches: loss and gradient of each, logits, and a few training steps. */
async function results(executor: Executor, batches: Batches) {
  const gradients = Array.from(batches.sizes, (_, i) => executor.gradient(batches, i));
  const evaluation = await executor.evaluate(batches, "outputs");
  const losses: number[] = [];
  const correct: number[] = [];
  while (losses.length < 4) {
    const outcomes = await executor.train(batches, 0, batches.count, update);
    losses.push(...outcomes.losses);
    correct.push(...outcomes.correct);
  }
  return { gradients, evaluation, losses, correct, state: executor.state() };
}

/** Holds the native executor, on every instruction set, to the reference. */
async function agrees({ network, batches, plan }: ReturnType<typeof setUp>): Promise<void> {
  const reference = new ReferenceExecutor(plan, network.parameters);
  const expected = await results(reference, batches);
  for (const isa of instructionSets) {
    const actual = await results(compiledOn(isa, plan, network.parameters), batches);
    for (const [i, { loss, gradient }] of expected.gradients.entries()) {
      expect(actual.gradients[i].loss / loss, isa).toBeCloseTo(1, 6);
      expect(distance(actual.gradients[i].gradient, gradient), isa).toBeLessThan(1e-5);
    }
    expect(distance(actual.evaluation.outputs, expected.evaluation.outputs), isa).toBeLessThan(1e-6);
    expect(distance(actual.evaluation.losses, expected.evaluation.losses), isa).toBeLessThan(1e-6);
    expect(actual.evaluation.correct, isa).toEqual(expected.evaluation.correct);
    expect(distance(actual.losses, expected.losses), isa).toBeLessThan(1e-6);
    expect(actual.correct, isa).toEqual(expected.correct);
    expect(actual.state.step, isa).toBe(expected.state.step);
    // Adam divides by the root of the gradient's square, so a gradient near zero makes any error large.
    const moved = (state: TrainingState) => state.parameters.map((v, i) => v - network.parameters[i]);
    expect(distance(moved(actual.state), moved(expected.state)), isa).toBeLessThan(1e-3);
    expect(distance(actual.state.firstMoment, expected.state.firstMoment), isa).toBeLessThan(3e-5);
    expect(distance(actual.state.secondMoment, expected.state.secondMoment), isa).toBeLessThan(3e-5);
    for (const [name, mask] of network.masks) {
      const { offset } = network.tensor(name);
      const strays = mask.filter((bit, i) => bit === 0 && actual.state.parameters[offset + i] !== 0);
      expect(strays, `${isa}: ${name}`).toHaveLength(0);
    }
  }
}

describe.each(cellKinds)("native executor, %s", (kind) => {
  // Every shape in every form, each pair for two of the four cells.
  const half = setUps.filter(
    (_, i) => ((i % forms.length) + Math.floor(i / forms.length) + cellKinds.indexOf(kind)) % 2 === 0,
  );
  it.each(half)(
    "agrees with the reference: $name, $form at density $density, hidden $hidden",
    async (shape) => {
      const own = setUp(shape, kind);
      await agrees({ ...own, batches: reading(own.batches, readings[half.indexOf(shape) % 2]) });
    },
  );
});

/** Gates of a row up to more than two blocks, which are no multiples of a block. */
const cutInBlocks: Shape[] = [
  { name: "1 unit", architecture: (k) => layers(k, 3, 1), batches: [2], longest: 5, symbols: 3 },
  { name: "2, 3", architecture: (k) => layers(k, 3, 2, 3), batches: [16], longest: 4, symbols: 4 },
  { name: "9, 13", architecture: (k) => layers(k, 5, 9, 13), batches: [15], longest: 30, symbols: 7 },
  { name: "33, 16", architecture: (k) => layers(k, 6, 33, 16), batches: [33, 1], longest: 6, symbols: 7 },
  { name: "web", architecture: web, batches: [17], longest: 4, symbols: 3 },
  { name: "skips", architecture: skips, batches: [5], longest: 4, symbols: 4 },
  {
    name: "3 channels, two-way 17",
    architecture: (k) => overValues(3, twoWay(k, 1, 17)),
    batches: [32],
    longest: 5,
    symbols: 1,
  },
];
const patterns = [2, 4, 8, 16].flatMap((rows) => [1, 4].map((columns) => ({ rows, columns })));

describe.each(cellKinds)("masks of %s that are cut in blocks", (kind) => {
  const cases: SetUp[] = cutInBlocks.flatMap((shape, s) =>
    patterns.map((pattern, p) => ({
      ...shape,
      pattern,
      form: "sparse",
      density: p % 2 === 0 ? 0.4 : 0.6,
      // In some networks the hidden matrices exist as a whole.
      hidden: (s + p) % 4 === 0 ? 1 : 0.4,
    })),
  );
  it.each(cases)(
    "give the reference's results: $name, $pattern.rows x $pattern.columns, hidden $hidden",
    async (shape) => {
      const own = setUp(shape, kind);
      await agrees({ ...own, batches: reading(own.batches, readings[cases.indexOf(shape) % 2]) });
    },
  );
});

it("holds masks in blocks compressed at higher densities, and in less memory", () => {
  const options = { batch: 32, steps: 4, symbols: [1, 2] };
  const of = (density: number, pattern?: Pattern) => {
    const network = networkWith(layers("lstm", 7, 50), density, new Random("held"), density, pattern);
    return { network, plan: compile(network, options) };
  };
  const hidden = ({ plan }: ReturnType<typeof of>) => plan.blocks.find(({ name }) => name.includes("hh"))!;
  const pattern = { rows: 4, columns: 1 };
  expect(hidden(of(0.65)).sparse).toBe(false);
  expect(hidden(of(0.65, pattern)).sparse).toBe(true);
  expect(hidden(of(0.9, pattern)).sparse).toBe(false);
  for (const isa of instructionSets) {
    const [single, blocks] = [of(0.3), of(0.3, pattern)].map(({ network, plan }) =>
      (compiledOn(isa, plan, network.parameters) as NativeExecutor).footprint(),
    );
    expect(blocks.matrices, isa).toBeLessThan(0.6 * single.matrices);
  }
});

it.each(["lstm", "gru"] as const)(
  "runs %s in chunks of time as the reference runs it in one",
  async (kind) => {
    const random = new Random(kind);
    const network = networkWith(layers(kind, 20, 50), 1, random);
    const batches = batchesOf(random, [17, 17], 50, 7);
    const plan = compile(network, { batch: 17, steps: 50, symbols: symbolsTo(7) });
    const expected = new ReferenceExecutor(plan, network.parameters).gradient(batches, 0);
    for (const isa of instructionSets) {
      const actual = compiledOn(isa, plan, network.parameters).gradient(batches, 0);
      expect(distance(actual.gradient, expected.gradient), isa).toBeLessThan(1e-5);
    }
  },
);

describe.each(cellKinds)("recomputing the activations of %s", (kind) => {
  const shapes = [
    { name: "layers", architecture: layers(kind, 7, 13, 6), density: 1 },
    { name: "skips", architecture: skips(kind), density: 0.4 },
    { name: "web", architecture: web(kind), density: 0.4 },
  ];
  const [longest, symbols, sizes] = [11, 5, [33, 2]];

  it.each(shapes)("changes nothing: $name", async ({ name, architecture, density }) => {
    const random = new Random(`${name} ${kind}`);
    const network = networkWith(over(symbols + 1, architecture), density, random);
    const own = batchesOf(random, sizes, longest, symbols);
    const options = { batch: 33, steps: longest, symbols: symbolsTo(symbols) };
    const whole = compile(network, options);
    const parameters = Float64Array.from(network.parameters);
    for (const batches of readings.map((readAt) => reading(own, readAt))) {
      const reference = new ReferenceExecutor(whole, parameters, 64);
      const expected = reference.gradient(batches, 0);
      // Segments that end with a sequence, that do not, and of a single step.
      for (const recompute of [4, 11, 1, 5]) {
        const plan = compile(network, { ...options, recompute });
        const forwardOnly = compile(network, { ...options, recompute, purpose: "evaluate" });
        const outputs = await new ReferenceExecutor(forwardOnly, parameters, 64).evaluate(batches, "outputs");
        expect(outputs).toEqual(await reference.evaluate(batches, "outputs"));
        const exact = new ReferenceExecutor(plan, parameters, 64);
        expect(distance(exact.gradient(batches, 0).gradient, expected.gradient)).toBeLessThan(1e-13);
        for (const isa of instructionSets) {
          const native = compiledOn(isa, plan, network.parameters, 2);
          const { loss, gradient } = native.gradient(batches, 0);
          expect(loss / expected.loss, isa).toBeCloseTo(1, 6);
          expect(distance(gradient, expected.gradient), isa).toBeLessThan(1e-5);
          const held = await compiledOn(isa, whole, network.parameters).evaluate(batches, "outputs");
          expect(await native.evaluate(batches, "outputs"), isa).toEqual(held);
          const evaluating = compiledOn(isa, forwardOnly, network.parameters, 2);
          expect(await evaluating.evaluate(batches, "outputs"), isa).toEqual(held);
        }
      }
    }
  });

  it("holds fewer activations", () => {
    const network = networkWith(layers(kind, 20, 50), 1, new Random(kind));
    const options = { batch: 32, steps: 400, symbols: [1] };
    const [held, recomputed] = [undefined, 20].map(
      (recompute) => compile(network, { ...options, recompute }).arena,
    );
    expect(recomputed).toBeLessThan(held / 10);
    const [all, half] = [400, 200].map(
      (recompute) => compile(network, { ...options, recompute, purpose: "evaluate" }).arena,
    );
    expect(all).toBeLessThan(held);
    expect(half).toBeLessThan(all / 1.9);
  });
});

const executors: [name: string, make: (plan: Plan, network: Network) => Executor][] = [
  ["reference", (plan, { parameters }) => new ReferenceExecutor(plan, parameters)],
  ["reference in float64", (plan, { parameters }) => new ReferenceExecutor(plan, parameters, 64)],
  ...instructionSets.map((isa): (typeof executors)[number] => [
    isa,
    (plan, { parameters }) => compiledOn(isa, plan, parameters),
  ]),
];

describe.each(cellCases.map((entry) => [entry.name, entry] as const))("PyTorch's %s", (_, entry) => {
  const network = networkOf(entry);
  const held = network.masks.size > 0 ? (["dense", "sparse"] as const) : (["dense"] as const);
  const plans = held.map((form) => {
    const { inputs: symbols } = cellBatches;
    return compile(network, { batch: cellBatches.sizes[0], steps: cellBatches.steps[0], symbols, form });
  });
  it.each(executors)("is what the %s executor computes", async (_, make) => {
    for (const plan of plans) {
      const [size] = cellBatches.sizes;
      for (const { readAt, logits, loss, gradients } of entry.passes) {
        const batches = reading(cellBatches, readAt);
        const executor = make(plan, network);
        const evaluation = await executor.evaluate(batches, "outputs");
        expect(distance(evaluation.outputs, logits.flat())).toBeLessThan(1e-6);
        expect(evaluation.losses[0] / size).toBeCloseTo(loss, 6);
        const actual = executor.gradient(batches, 0);
        expect(actual.loss / size).toBeCloseTo(loss, 6);
        expect(distance(actual.gradient, flatten(network, gradients))).toBeLessThan(2e-6);
      }
      for (const { readAt, learningRate, clip, losses, norms, parameters } of entry.runs) {
        const batches = reading(cellBatches, readAt);
        const executor = make(plan, network);
        for (const [i, loss] of losses.entries()) {
          const trained = await executor.train(batches, 0, 1, adam({ clip }, learningRate));
          expect(trained.losses[0] / size).toBeCloseTo(loss, 5);
          expect(trained.norms[0] / norms[i]).toBeCloseTo(1, 3);
        }
        const trained = executor.state().parameters.map((v, i) => v - network.parameters[i]);
        const expected = flatten(network, parameters).map((v, i) => v - network.parameters[i]);
        expect(distance(trained, expected)).toBeLessThan(2e-5);
      }
    }
  });
});

describe.each(sequenceCases.map((entry) => [entry.name, entry] as const))(
  "PyTorch's bidirectional %s",
  (_, entry) => {
    const network = networkFrom(entry.parameters, entry.task);
    const batches = batchOf(entry);
    const plan = compile(network, { batch: batches.sizes[0], steps: batches.steps[0] });

    it.each(executors)("is what the %s executor computes", async (_, make) => {
      const count = targetCount(batches);
      const { outputs, losses, counts } = await make(plan, network).evaluate(batches, "outputs");
      expect(distance(outputs, entry.outputs)).toBeLessThan(1e-6);
      expect(losses[0] / count).toBeCloseTo(entry.passes[0].loss, 6);
      expect(counts[0]).toBe(count);
      for (const { classWeights, loss, gradients } of entry.passes) {
        const expected = networkFrom(gradients, entry.task).parameters;
        const executor = make(plan, network);
        // After one step, SGD's first moment is the gradient.
        const trained = await executor.train(batches, 0, 1, {
          optimiser: { ...optimisers.sgd, clip: Number.POSITIVE_INFINITY },
          rates: 0,
          ...(classWeights && { classWeights: Float32Array.from(classWeights) }),
        });
        expect(trained.losses[0] / count).toBeCloseTo(loss, 6);
        expect(distance(executor.state().firstMoment, expected)).toBeLessThan(2e-6);
      }
    });
  },
);
