// What is read, dropped and looked up at every step: read-outs with targets at any of them, weights that are tied to the
// embedding, embeddings that are multiplied, and dropout. The reference against differences of its loss, and every
// instruction set of the native executor against the reference and against each other.
import { describe, expect, it } from "vitest";
import type { Batches } from "../../src/data/batches.js";
import { compile } from "../../src/engine/compile.js";
import { isDropped } from "../../src/engine/dropout.js";
import { type Executor, optimisers, type TrainingState, type Update } from "../../src/engine/executor.js";
import type { CompileOptions, Dropout } from "../../src/engine/options.js";
import type { Plan } from "../../src/engine/plan.js";
import { ReferenceExecutor } from "../../src/engine/reference.js";
import { EngineError } from "../../src/errors.js";
import { Random } from "../../src/math/random.js";
import { type Architecture, type CellKind, cellKinds } from "../../src/network/architecture.js";
import type { Network } from "../../src/network/network.js";
import {
  batchesOf,
  compiledOn,
  distance,
  distinctSets,
  everyStep,
  fitted,
  forecasting,
  fused,
  layers,
  networkWith,
  over,
  overValues,
  skips,
  slopes,
  symbolsTo,
  targetCount,
  twoWay,
  twoWayWeb,
  unfused,
  web,
} from "./setups.js";

interface Shape {
  name: string;
  architecture(kind: CellKind): Architecture;
  sizes: number[];
  longest: number;
  symbols: number;
  density?: number;
  options?: Partial<CompileOptions>;
  /** Cells that it is tried with; all of them when left out. */
  kinds?: CellKind[];
  /** What the loss of each class counts in training. */
  classWeights?: number[];
}

const dropout: Dropout = { embedding: 0.2, layers: 0.3, readout: 0.5 };
const tied = (architecture: Architecture) => everyStep(architecture, true);
const shapes: Shape[] = [
  { name: "layers", architecture: (k) => everyStep(layers(k, 3, 5, 4)), sizes: [5], longest: 6, symbols: 4 },
  {
    name: "several read-outs",
    architecture: (k) => everyStep(web(k)),
    sizes: [3],
    longest: 5,
    symbols: 3,
    density: 0.5,
  },
  { name: "skips, tied", architecture: (k) => tied(skips(k)), sizes: [4], longest: 4, symbols: 4 },
  {
    name: "many symbols",
    architecture: (k) => everyStep(layers(k, 5, 6)),
    sizes: [7],
    longest: 4,
    symbols: 70,
  },
  {
    name: "many symbols, tied, of several cells",
    architecture: (k) => tied({ ...web(k), readout: { inputs: ["s", "unread"], outputs: 3 } }),
    sizes: [4],
    longest: 3,
    symbols: 80,
  },
  {
    name: "dropout",
    architecture: (k) => everyStep(layers(k, 4, 5, 6)),
    sizes: [6],
    longest: 5,
    symbols: 5,
    options: { dropout },
  },
  {
    name: "dropout, sums and concatenated inputs",
    architecture: (k) => everyStep(web(k)),
    sizes: [4],
    longest: 4,
    symbols: 5,
    density: 0.5,
    options: { dropout },
  },
  {
    name: "dropout, skips, tied",
    architecture: (k) => tied(skips(k)),
    sizes: [3],
    longest: 4,
    symbols: 4,
    options: { dropout: { ...dropout, embedding: 0 } },
  },
  // Batches that do not fill their lanes, of matrices for which that is worth being packed.
  {
    name: "packed, embedded",
    architecture: (k) => everyStep(layers(k, 66, 66, 66)),
    sizes: [5],
    longest: 8,
    symbols: 150,
    kinds: ["rnn-tanh", "lstm"],
  },
  {
    name: "packed, from a table, with dropout, tied, recomputed",
    architecture: (k) => tied(layers(k, 66, 67, 66)),
    sizes: [3],
    longest: 9,
    symbols: 70,
    options: { dropout: { ...dropout, embedding: 0 }, recompute: 8 },
    kinds: ["rnn-relu", "gru"],
  },
  // Numbers that are read, in both directions, and forecast, with gaps among the targets.
  {
    name: "3 channels, class weights",
    architecture: (k) => everyStep(overValues(3, layers(k, 1, 5, 4))),
    sizes: [5],
    longest: 6,
    symbols: 1,
    classWeights: [0.5, 0, 3],
  },
  {
    name: "two-way, class weights",
    architecture: (k) => everyStep(twoWay(k, 3, 5, 4)),
    sizes: [6],
    longest: 6,
    symbols: 4,
    classWeights: [2, 1, 0.25],
  },
  {
    name: "a channel, two-way web, compressed",
    architecture: (k) => everyStep(overValues(1, twoWayWeb(k))),
    sizes: [4],
    longest: 5,
    symbols: 1,
    density: 0.5,
    options: { form: "sparse" },
  },
  {
    name: "two-way, read at the end, class weights, dropout",
    architecture: (k) => overValues(4, twoWay(k, 1, 5, 4)),
    sizes: [6],
    longest: 5,
    symbols: 1,
    options: { dropout },
    classWeights: [1, 4, 0.5],
  },
  {
    name: "two-way web, dropout",
    architecture: (k) => everyStep(twoWayWeb(k)),
    sizes: [5],
    longest: 5,
    symbols: 4,
    options: { dropout },
  },
  {
    name: "forecast, skips, recomputed",
    architecture: (k) => forecasting(everyStep(overValues(2, skips(k)))),
    sizes: [4],
    longest: 6,
    symbols: 1,
    options: { recompute: 4 },
  },
  {
    name: "forecast from symbols, two-way",
    architecture: (k) => forecasting(everyStep(twoWay(k, 3, 4))),
    sizes: [5],
    longest: 5,
    symbols: 4,
  },
  {
    name: "forecast at the end, web",
    architecture: (k) => forecasting(overValues(2, web(k))),
    sizes: [6],
    longest: 5,
    symbols: 1,
    density: 0.5,
  },
  {
    name: "packed, forecast, 28 channels, two-way",
    architecture: (k) => forecasting(everyStep(overValues(28, twoWay(k, 1, 66)))),
    sizes: [5],
    longest: 8,
    symbols: 1,
    kinds: ["rnn-relu", "gru"],
  },
  {
    name: "packed, two-way, dropout",
    architecture: (k) => twoWay(k, 5, 40, 30),
    sizes: [4],
    longest: 8,
    symbols: 6,
    options: { dropout },
    kinds: ["rnn-tanh", "lstm"],
  },
  {
    name: "dropout, read at the end",
    architecture: (k) => layers(k, 4, 5, 6),
    sizes: [6],
    longest: 5,
    symbols: 5,
    options: { dropout },
  },
];

const shapesOf = (kind: CellKind) => shapes.filter(({ kinds }) => kinds?.includes(kind) ?? true);

function setUp(
  { name, architecture, sizes, longest, symbols, density = 1, options }: Shape,
  kind: CellKind,
  tiles: number[] = sizes,
): { network: Network; plan: Plan; batches: Batches } {
  const random = new Random(`${name} ${kind}`);
  // One symbol of the vocabulary does not occur.
  const vocabulary = symbols + 2;
  const open = architecture(kind);
  const { readout } = open;
  const own = readout.tied ? { ...readout, outputs: vocabulary } : readout;
  const network = networkWith(over(vocabulary, { ...open, readout: own }), density, random);
  const batches = batchesOf(random.stream("data"), tiles, longest, symbols);
  const at = { batch: Math.max(...tiles), steps: longest, symbols: symbolsTo(symbols) };
  const plan = compile(network, { ...at, ...options });
  return { network, plan, batches: fitted(random, network.architecture, batches) };
}

describe.each(cellKinds)("the reference's gradient of %s", (kind) => {
  it.each(shapesOf(kind))("is what its loss changes by: $name", (shape) => {
    const { network, plan, batches } = setUp(shape, kind);
    const at = (parameters: Float64Array) => new ReferenceExecutor(plan, parameters, 64).gradient(batches, 0);
    const { gradient } = at(Float64Array.from(network.parameters));
    const count = targetCount(batches);
    for (const { tensor, actual, expected } of slopes(network, gradient, (own) => at(own).loss / count)) {
      expect(Math.abs(actual - expected), tensor).toBeLessThan(1e-8 + 1e-6 * Math.abs(expected));
    }
  });
});

const update: Update = { optimiser: optimisers.adam, rates: 1e-3, seed: 7 };

async function results(executor: Executor, batches: Batches, weights?: number[]) {
  const own = weights ? { ...update, classWeights: Float32Array.from(weights) } : update;
  const gradients = Array.from(batches.sizes, (_, i) => executor.gradient(batches, i));
  const evaluation = await executor.evaluate(batches, "outputs");
  const trained = await executor.train(batches, 0, batches.count, own);
  const again = await executor.train(batches, 0, batches.count, own);
  return {
    gradients,
    evaluation,
    losses: [...trained.losses, ...again.losses],
    correct: again.correct,
    trained,
  };
}

describe.each(cellKinds)("native executor, %s", (kind) => {
  it.each(shapesOf(kind))("agrees with the reference: $name", async (shape) => {
    // More than one tile, the last of them with lanes to spare.
    const tiles = shape.name.startsWith("packed") ? shape.sizes : [shape.sizes[0], 35];
    const { network, plan, batches } = setUp(shape, kind, tiles);
    const { classWeights } = shape;
    const expected = await results(new ReferenceExecutor(plan, network.parameters), batches, classWeights);
    const states = new Map<string, TrainingState>();
    for (const isa of distinctSets) {
      const executor = compiledOn(isa, plan, network.parameters, 2);
      const actual = await results(executor, batches, classWeights);
      for (const [i, { loss, gradient }] of expected.gradients.entries()) {
        expect(actual.gradients[i].loss / loss, isa).toBeCloseTo(1, 6);
        expect(distance(actual.gradients[i].gradient, gradient), isa).toBeLessThan(1e-5);
      }
      expect(distance(actual.evaluation.outputs, expected.evaluation.outputs), isa).toBeLessThan(1e-6);
      expect(actual.evaluation.counts, isa).toEqual(expected.evaluation.counts);
      expect(actual.evaluation.correct, isa).toEqual(expected.evaluation.correct);
      expect(distance(actual.losses, expected.losses), isa).toBeLessThan(1e-5);
      expect(actual.correct, isa).toEqual(expected.correct);
      expect(distance(actual.trained.norms, expected.trained.norms), isa).toBeLessThan(1e-5);
      states.set(isa, executor.state());
      const alone = compiledOn(isa, plan, network.parameters, 1);
      expect(await results(alone, batches, classWeights), `${isa}, one thread`).toEqual(actual);
      expect(alone.state(), isa).toEqual(executor.state());
    }
    for (const alike of [fused, unfused]) {
      const [first, ...others] = distinctSets.filter((isa) => alike.includes(isa));
      for (const isa of others) expect(states.get(isa), isa).toEqual(states.get(first));
    }
  });
});

it("packs what is not recurrent where lanes are idle, and nothing where they are full", () => {
  const network = networkWith(over(9, everyStep(layers("lstm", 66, 66))), 1, new Random("idle"));
  const packed = (batch: number) => {
    const { forward, read, backward } = compile(network, { batch, steps: 9, symbols: [1] });
    return [...forward, ...read, ...backward].flatMap(({ ops }) =>
      ops.flatMap((op) =>
        op.op === "weightGradient" || op.op === "affine" ? Number(op.from.of.packed) : [],
      ),
    );
  };
  // The first layer is looked up, and the read-out has too few rows.
  expect(packed(20)).toEqual([0, 0, 0, 1]);
  for (const batch of [16, 32, 64]) expect(packed(batch)).toEqual([0, 0, 0, 0]);
});

describe("a target", () => {
  const [shape] = shapes;

  const forecast = shapes.find(({ name }) => name === "forecast from symbols, two-way")!;

  it.each([shape, forecast])("beyond its example's last symbol is refused: $name", async (shape) => {
    const { network, plan, batches } = setUp(shape, "gru", [3]);
    const lengths = batches.lengths.slice();
    lengths[1] = 1;
    const targets = batches.targets.slice().fill(0);
    const none = plan.predictsNumbers ? "NaN" : "-1";
    for (const make of [
      () => new ReferenceExecutor(plan, network.parameters),
      ...distinctSets.slice(0, 1).map((isa) => () => compiledOn(isa, plan, network.parameters)),
    ]) {
      const run = make().evaluate({ ...batches, lengths, targets });
      await expect(run).rejects.toThrow(EngineError);
      await expect(run).rejects.toThrow(/^target \d+: it stands after the end of example \d+; use /);
      await expect(run).rejects.toThrow(new RegExp(`; use ${none} there$`));
    }
  });

  it.each([shape, forecast])("is nowhere: no loss, no gradient: $name", async (shape) => {
    const { network, plan, batches } = setUp(shape, "lstm", [3]);
    const targets = batches.targets.slice().fill(plan.predictsNumbers ? Number.NaN : -1);
    for (const executor of [
      new ReferenceExecutor(plan, network.parameters),
      ...distinctSets.map((isa) => compiledOn(isa, plan, network.parameters)),
    ]) {
      const { losses, counts, norms } = await executor.train({ ...batches, targets }, 0, 1, update);
      expect([losses[0], counts[0], norms[0]], executor.name).toEqual([0, 0, 0]);
      expect(executor.state().parameters.every(Number.isFinite)).toBe(true);
    }
  });
});

describe("a class's weight", () => {
  const weights = Float32Array.of(0.5, 0, 3);
  const sgd = { ...optimisers.sgd, clip: Number.POSITIVE_INFINITY };
  const makers = (plan: Plan, { parameters }: Network): Executor[] => [
    new ReferenceExecutor(plan, parameters, 64),
    ...distinctSets.map((isa) => compiledOn(isa, plan, parameters)),
  ];
  /** The sum of losses, and the gradient of their mean over targets, which is SGD's first moment after one step. */
  const trained = async (executor: Executor, batches: Batches, classWeights?: Float32Array) => {
    const { losses, counts, correct } = await executor.train(batches, 0, 1, {
      optimiser: sgd,
      rates: 0,
      classWeights,
    });
    return { loss: losses[0], count: counts[0], correct: correct[0], gradient: executor.state().firstMoment };
  };

  it.each(shapes.slice(0, 2))("is what the loss of each of its targets counts: $name", async (shape) => {
    const { network, plan, batches } = setUp(shape, "gru", [20]);
    const whole = makers(plan, network);
    for (const [i, executor] of whole.entries()) {
      const actual = await trained(executor, batches, weights);
      let loss = 0;
      const gradient = new Float64Array(network.parameters.length);
      for (const [c, weight] of weights.entries()) {
        const targets = (batches.targets as Int32Array).map((target) => (target === c ? c : -1));
        const only = await trained(makers(plan, network)[i], { ...batches, targets });
        loss += weight * only.loss;
        for (const [k, slope] of only.gradient.entries()) {
          gradient[k] += (weight * slope * only.count) / actual.count;
        }
      }
      expect(actual.loss / loss).toBeCloseTo(1, 6);
      expect(distance(actual.gradient, gradient)).toBeLessThan(1e-5);
      const { loss: plain, correct } = await trained(makers(plan, network)[i], batches);
      expect(actual.correct).toBe(correct);
      const ones = await trained(makers(plan, network)[i], batches, Float32Array.of(1, 1, 1));
      expect(ones.loss).toBe(plain);
      // It counts in training alone.
      expect((await executor.evaluate(batches)).losses[0] / plain).toBeCloseTo(1, 6);
    }
  });
});

describe("dropout", () => {
  const rates = [0.2, 0.5];
  it.each(rates)("drops a share of %d", (rate) => {
    let dropped = 0;
    for (let row = 0; row < 400; row++) {
      for (let l = 0; l < 100; l++) dropped += Number(isDropped(row * 7919, l, rate * 2 ** 24));
    }
    expect(dropped / 40_000).toBeCloseTo(rate, 1.8);
  });

  it("drops other units with another seed, another update and in another example", async () => {
    const { network, plan, batches } = setUp(shapes[5], "lstm", [4]);
    const make = () => new ReferenceExecutor(plan, network.parameters);
    const rates = 0;
    const loss = async (executor: Executor, seed: number) =>
      (await executor.train(batches, 0, 1, { ...update, rates, seed })).losses[0];
    const executor = make();
    const losses = [await loss(executor, 1), await loss(executor, 1), await loss(make(), 2)];
    expect(new Set(losses).size).toBe(3);
    expect(await loss(make(), 1)).toBe(losses[0]);
  });

  it("of rate 0 is nothing, and none is there in evaluations", async () => {
    const { network, plan, batches } = setUp(shapes[5], "gru", [4]);
    const at = { batch: 4, steps: 5, symbols: symbolsTo(5) };
    const none = compile(network, { ...at, dropout: { embedding: 0, layers: 0, readout: 0 } });
    const plain = compile(network, at);
    for (const isa of ["reference", ...distinctSets]) {
      const on = (own: Plan) =>
        isa === "reference"
          ? new ReferenceExecutor(own, network.parameters)
          : compiledOn(isa, own, network.parameters);
      const expected = await on(plain).evaluate(batches, "outputs");
      expect(distance((await on(plan).evaluate(batches, "outputs")).outputs, expected.outputs)).toBeLessThan(
        1e-6,
      );
      expect(on(none).gradient(batches, 0)).toEqual(on(plain).gradient(batches, 0));
    }
  });
});
