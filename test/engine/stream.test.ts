// A stream says after the last letter of a string what an evaluation says of the string, for every cell, wiring and form
// of a matrix, and wherever the two add in the same order, to the last bit on every instruction set.
import { describe, expect, it } from "vitest";
import type { Batches } from "../../src/data/batches.js";
import { compile, compileStream } from "../../src/engine/compile.js";
import { encode } from "../../src/engine/encode.js";
import type { StreamOutcome } from "../../src/engine/executor.js";
import { loadNative, NativeExecutor } from "../../src/engine/native.js";
import { ReferenceExecutor } from "../../src/engine/reference.js";
import { type Stream, stream } from "../../src/engine/stream.js";
import { findWasm } from "../../src/engine/wasm-modules.js";
import { EngineError, InputError } from "../../src/errors.js";
import { Random } from "../../src/math/random.js";
import { type Architecture, type CellKind, cellKinds } from "../../src/network/architecture.js";
import type { Network } from "../../src/network/network.js";
import {
  batchesOf,
  compiledOn,
  distance,
  everyStep,
  executorOf,
  fitted,
  forecasting,
  fused,
  instructionSets,
  layers,
  networkWith,
  over,
  overValues,
  skips,
  symbolsTo,
  twoWay,
  twoWayWeb,
  unfused,
  web,
  withInstructionSet,
} from "./setups.js";

const native = loadNative().addon !== undefined;

const shapes: { name: string; architecture(kind: CellKind): Architecture }[] = [
  { name: "1 unit", architecture: (k) => layers(k, 1, 1) },
  { name: "16, 17", architecture: (k) => layers(k, 3, 16, 17) },
  { name: "50", architecture: (k) => layers(k, 50, 50) },
  { name: "130", architecture: (k) => layers(k, 9, 130) },
  { name: "skips", architecture: skips },
  { name: "web", architecture: web },
  { name: "a channel", architecture: (k) => overValues(1, layers(k, 1, 17, 5)) },
  { name: "28 channels, forecast", architecture: (k) => forecasting(overValues(28, layers(k, 1, 20))) },
  { name: "3 channels, web", architecture: (k) => overValues(3, web(k)) },
];
const forms = [
  { form: "dense", density: 1 },
  { form: "dense", density: 0.4 },
  { form: "sparse", density: 0.4 },
  { form: "sparse", density: 0.02 },
] as const;
const setUps = shapes.flatMap((shape) => forms.map((form) => ({ ...shape, ...form })));
type SetUp = (typeof setUps)[number];

const SYMBOLS = 7;

function setUp({ name, architecture, density }: SetUp, kind: CellKind): [Network, Batches] {
  const random = new Random(`${name} ${kind} ${density}`);
  const network = networkWith(over(SYMBOLS + 2, architecture(kind)), density, random);
  const batches = batchesOf(random.stream("data"), [5, 3], 9, SYMBOLS);
  return [network, fitted(random, network.architecture, batches)];
}

/** The logits after each string's own last symbol, [string][class], as an evaluation has them. */
function streamed(subject: Stream, batches: Batches): Float32Array {
  const { inputs } = batches;
  const { input } = subject.plan;
  const width = input.kind === "values" ? input.width : 1;
  const stepAt = (at: number) =>
    inputs instanceof Float32Array ? inputs.subarray(at * width, (at + 1) * width) : inputs[at];
  const logits: number[] = [];
  let symbol = 0;
  let example = 0;
  for (let i = 0; i < batches.count; i++) {
    for (let l = 0; l < batches.sizes[i]; l++, example++) {
      subject.reset();
      let last = new Float32Array();
      for (let t = 0; t < batches.lengths[example]; t++) {
        last = subject.step(stepAt(symbol + t * batches.sizes[i] + l)) as typeof last;
      }
      logits.push(...last);
    }
    symbol += batches.sizes[i] * batches.steps[i];
  }
  return Float32Array.from(logits);
}

const streamOn = (isa: string, network: Network, form: "dense" | "sparse") =>
  withInstructionSet(isa, () => stream(network, { form, executor: executorOf(isa) }));

describe.each(cellKinds)("a stream of %s", (kind) => {
  it.each(setUps)("ends where an evaluation does: $name, $form at density $density", async (shape) => {
    const [network, batches] = setUp(shape, kind);
    const { form } = shape;
    const plan = compile(network, { batch: 5, steps: 9, symbols: symbolsTo(SYMBOLS), form });
    const reference = new ReferenceExecutor(plan, network.parameters);
    const { outputs: logits } = await reference.evaluate(batches, "outputs");
    // A batch that multiplies both matrices of a cell in one pass takes the hidden one first.
    const inOrder = plan.forward.every(({ ops }) =>
      ops.every((op) => op.op !== "cell" || op.straddle === undefined),
    );
    const own = streamed(stream(network, { form, executor: "reference" }), batches);
    expect(distance(own, logits)).toBeLessThan(1e-6);
    if (inOrder) expect(own).toEqual(logits);
    const all = new Map<string, Float32Array>();
    for (const isa of instructionSets) {
      const actual = streamed(streamOn(isa, network, form), batches);
      expect(distance(actual, logits), isa).toBeLessThan(1e-6);
      const evaluation = await compiledOn(isa, plan, network.parameters).evaluate(batches, "outputs");
      if (inOrder) expect(actual, isa).toEqual(evaluation.outputs);
      all.set(isa, actual);
    }
    for (const alike of [fused, unfused]) {
      for (const isa of alike) expect(all.get(isa), isa).toEqual(all.get(alike[0]));
    }
  });
});

// Held compressed, masks in blocks are multiplied as bands of sixteen rows.
const patterns = [
  { name: "16x1", rows: 16, columns: 1, units: 64, density: 0.2 },
  { name: "16x1, ragged", rows: 16, columns: 1, units: 50, density: 0.1 },
  { name: "8x1", rows: 8, columns: 1, units: 72, density: 0.3 },
  { name: "4x4", rows: 4, columns: 4, units: 33, density: 0.3 },
  { name: "16x4", rows: 16, columns: 4, units: 48, density: 0.5 },
];

describe.each(cellKinds)("a stream of %s in blocks", (kind) => {
  it.each(patterns)("has the bits of an evaluation: $name", async ({ units, density, ...pattern }) => {
    const random = new Random(`${pattern.name} ${kind}`);
    const architecture = over(SYMBOLS + 2, layers(kind, 9, units, units));
    const network = networkWith(architecture, density, random, density, pattern);
    const batches = batchesOf(random.stream("data"), [5, 3], 9, SYMBOLS);
    const plan = compile(network, { batch: 5, steps: 9, symbols: symbolsTo(SYMBOLS), form: "dense" });
    const { outputs } = await new ReferenceExecutor(plan, network.parameters).evaluate(batches, "outputs");
    for (const alike of [fused, unfused]) {
      const exact = alike.map((isa) => {
        const actual = streamed(streamOn(isa, network, "sparse"), batches);
        expect(distance(actual, outputs), isa).toBeLessThan(1e-6);
        expect(streamed(streamOn(isa, network, "dense"), batches), isa).toEqual(actual);
        return actual;
      });
      for (const other of exact) expect(other).toEqual(exact[0]);
    }
  });

  it("holds them compressed at densities at which single weights are held dense", () => {
    const random = new Random(kind);
    const sparseOf = (pattern?: { rows: number; columns: number }) => {
      const network = networkWith(layers(kind, 9, 64, 64), 0.3, random, 0.3, pattern);
      const [, hidden] = compileStream(network).blocks;
      return hidden.sparse;
    };
    expect(sparseOf({ rows: 16, columns: 1 })).toBe(true);
    expect(sparseOf({ rows: 16, columns: 4 })).toBe(true);
    expect(sparseOf()).toBe(false);
  });
});

it.skipIf(!native)("multiplies more columns than 16 bits can name", async () => {
  const random = new Random("wide");
  const network = networkWith(over(SYMBOLS + 1, layers("lstm", 70_000, 3)), 0.1, random);
  const batches = batchesOf(random, [2], 4, SYMBOLS);
  const plan = compile(network, { batch: 2, steps: 4, symbols: symbolsTo(SYMBOLS) });
  const executor = compiledOn(instructionSets[0], plan, network.parameters);
  const { outputs: logits } = await executor.evaluate(batches, "outputs");
  expect(streamed(streamOn(instructionSets[0], network, "sparse"), batches)).toEqual(logits);
  // And in bands.
  const rows = networkWith(over(SYMBOLS + 1, layers("lstm", 70_000, 16)), 0.1, random, 0.1, {
    rows: 16,
    columns: 1,
  });
  const other = await compiledOn(
    instructionSets[0],
    compile(rows, { batch: 2, steps: 4, symbols: symbolsTo(SYMBOLS) }),
    rows.parameters,
  ).evaluate(batches, "outputs");
  expect(streamed(streamOn(instructionSets[0], rows, "sparse"), batches)).toEqual(other.outputs);
});

const makers: [name: string, make: (network: Network, symbols?: number[]) => Stream][] = [
  ["reference", (network, symbols) => stream(network, { symbols, executor: "reference" })],
];
if (native) makers.push(["native", (network, symbols) => stream(network, { symbols, executor: "native" })]);
if (findWasm().wasm) {
  makers.push(["WebAssembly", (network, symbols) => stream(network, { symbols, executor: "wasm" })]);
}

describe.each(makers)("the %s stream", (_, make) => {
  const network = networkWith(skips("lstm"), 1, new Random("stream"));

  it("starts anew after a reset, and writes to one array", () => {
    const subject = make(network);
    const logits = subject.step(3);
    const first = logits.slice();
    expect(subject.step(3)).toBe(logits);
    expect(logits).not.toEqual(first);
    subject.reset();
    expect(subject.step(3)).toEqual(first);
  });

  it("keeps the network that it was made from", () => {
    const changing = network.copy();
    const subject = make(changing);
    const first = subject.step(3).slice();
    changing.parameters.fill(0);
    subject.reset();
    expect(subject.step(3)).toEqual(first);
  });

  it("refuses symbols that it was not made for and goes on as if they had not come", () => {
    const [subject, other] = [make(network, [3, 5]), make(network, [3, 5])];
    subject.step(3);
    other.step(3);
    for (const symbol of [4, 48, -1, 0.5, Number.NaN, 1e12]) {
      const refused = `symbol ${symbol} is not among the symbols that the stream was made for; make it for all`;
      expect(() => subject.step(symbol)).toThrow(EngineError);
      expect(() => subject.step(symbol)).toThrow(refused);
    }
    expect(subject.step(5)).toEqual(other.step(5));
    expect(() => make(network, [48])).toThrow(InputError);
  });
});

describe.each(makers)("the %s stream of numbers", (_, make) => {
  const random = new Random("numbers");
  const network = networkWith(forecasting(overValues(2, skips("gru"))), 1, random);

  it("takes as many finite numbers as a step has, and nothing else", async () => {
    const [subject, other] = [make(network), make(network)];
    subject.step(Float32Array.of(0.5, -1));
    other.step(Float32Array.of(0.5, -1));
    for (const values of [[], [1], [1, 2, 3], [1, Number.NaN], [Number.POSITIVE_INFINITY, 0]]) {
      const refused = /^\d numbers are not a step of a stream that takes 2; give as many finite ones/;
      expect(() => subject.step(Float32Array.from(values))).toThrow(EngineError);
      expect(() => subject.step(Float32Array.from(values))).toThrow(refused);
    }
    expect(() => subject.step(0)).toThrow(EngineError);
    await expect(subject.run([0], [-1])).rejects.toThrow("a network that forecasts has no classes");
    expect(subject.step(Float32Array.of(2, 3))).toEqual(other.step(Float32Array.of(2, 3)));
    subject.reset();
    other.reset();
    expect(subject.step(Float32Array.of(2, 3))).toEqual(other.step(Float32Array.of(2, 3)));
  });

  it("is not one of symbols, and does not run backwards", async () => {
    const symbols = make(networkWith(skips("gru"), 1, random));
    expect(() => symbols.step(Float32Array.of(1))).toThrow(
      "1 numbers are not a step of a stream that takes symbols",
    );
    const classes = make(networkWith(overValues(1, skips("gru")), 1, random));
    await expect(classes.run([0], [0])).rejects.toThrow(EngineError);
    for (const architecture of [twoWay("gru", 2, 3), overValues(2, twoWayWeb("lstm"))]) {
      const twoWays = networkWith(architecture, 1, random);
      expect(() => make(twoWays)).toThrow(InputError);
      expect(() => make(twoWays)).toThrow(/^the network is bidirectional: .*; evaluate whole sequences, or/);
    }
  });
});

describe.each(makers)("a text in one call of the %s stream", (name, make) => {
  const random = new Random("text");
  const shapes: { name: string; architecture: Architecture; density: number }[] = [
    { name: "every step", architecture: everyStep(layers("lstm", 5, 17, 20)), density: 1 },
    { name: "several read-outs, compressed", architecture: everyStep(web("gru")), density: 0.3 },
    // More rows than a panel has.
    {
      name: "tied",
      architecture: everyStep(over(name === "native" ? 400 : 50, layers("rnn-tanh", 9, 5, 9)), true),
      density: 1,
    },
    { name: "read at the end", architecture: layers("gru", 5, 6), density: 1 },
  ];

  it.each(shapes)("says what it says step by step: $name", async ({ architecture, density }) => {
    const network = networkWith(architecture, density, random);
    const { outputs } = architecture.readout;
    const length = 75;
    const symbols = Int32Array.from({ length }, () => random.below(architecture.readout.tied ? outputs : 48));
    const targets = symbols.map(() => (random.below(4) > 0 ? random.below(outputs) : -1));
    const [subject, other] = [make(network), make(network)];
    let loss = 0;
    let correct = 0;
    const logits: number[] = [];
    for (const [t, symbol] of symbols.entries()) {
      const own = other.step(symbol);
      logits.push(...own);
      if (targets[t] < 0) continue;
      const most = Math.max(...own);
      loss += Math.log(own.reduce((sum, z) => sum + Math.exp(z - most), 0)) + most - own[targets[t]];
      correct += Number(own.indexOf(most) === targets[t]);
    }
    // In slices, of which one ends a block of steps and others do not.
    const results: StreamOutcome[] = [];
    for (const [from, to] of [
      [0, 32],
      [32, 33],
      [33, 75],
    ]) {
      const slice = [symbols.subarray(from, to), targets.subarray(from, to)] as const;
      results.push(await subject.run(...slice, to - from));
    }
    const total = (of: (result: StreamOutcome) => number) =>
      results.reduce((sum, result) => sum + of(result), 0);
    expect(results.flatMap((result) => [...result.outputs])).toEqual(logits);
    expect(total((result) => result.loss) / loss).toBeCloseTo(1, 9);
    expect(total((result) => result.correct)).toBe(correct);
    expect(total((result) => result.count)).toBe(targets.filter((target) => target >= 0).length);
    // In one, where no logits are wanted but of the first steps, and after it the next symbol.
    subject.reset();
    const whole = await subject.run([...symbols], [...targets], 3);
    expect(whole.loss / loss).toBeCloseTo(1, 9);
    expect([...whole.outputs]).toEqual(logits.slice(0, 3 * outputs));
    expect(subject.step(1)).toEqual(other.step(1));
    expect(await subject.run([], [])).toEqual({ loss: 0, count: 0, correct: 0, outputs: new Float32Array() });
  });

  it("is refused as a whole, or while another runs", async () => {
    const network = networkWith(everyStep(skips("lstm")), 1, random);
    const [subject, other] = [make(network, [3, 5]), make(network, [3, 5])];
    const bad: [number[], number[], number][] = [
      [[3, 4], [0, 0], 0],
      [[3, 5], [0], 0],
      [[3, 5], [0, 3], 0],
      [[3, 5], [0, -2], 0],
      [[3, 5], [0, 0], 3],
      [[3, 5], [0, 0], Number.NaN],
    ];
    for (const values of bad) await expect(subject.run(...values)).rejects.toThrow(EngineError);
    const many = { length: 4e8 };
    await expect(subject.run(many, many, many.length)).rejects.toThrow(
      /need \d GiB; run the text in slices$/,
    );
    const length = name === "native" ? 300_000 : 2000;
    const long = subject.run(new Int32Array(length).fill(3), new Int32Array(length));
    expect(() => subject.step(3)).toThrow(/is at work; wait for the promise of its last call$/);
    expect(() => subject.reset()).toThrow(EngineError);
    await expect(subject.run([3], [0])).rejects.toThrow(EngineError);
    await long;
    subject.reset();
    expect(subject.step(5)).toEqual(other.step(5));
  });
});

describe.skipIf(fused.length < 2)(`a text on ${fused.join(" and ")}`, () => {
  it.each(cellKinds)("of %s is the same to the last bit", async (kind) => {
    const random = new Random(kind);
    const network = networkWith(everyStep(over(200, layers(kind, 7, 21, 9)), false), 1, random);
    const symbols = Int32Array.from({ length: 100 }, () => random.below(200));
    const results = await Promise.all(
      fused.map((isa) =>
        streamOn(isa, network, "dense").run(
          symbols,
          symbols.map((s) => s % 3),
          50,
        ),
      ),
    );
    for (const other of results) expect(other).toEqual(results[0]);
  });
});

describe.skipIf(!native)("the native stream", () => {
  const network = networkWith(web("gru"), 0.5, new Random("refusals"));
  const { words, masks } = encode(compileStream(network));
  const { NativeStream } = loadNative().addon ?? {};
  const Raw = NativeStream as unknown as new (
    ...values: unknown[]
  ) => Record<"step" | "reset" | "run", (...values: unknown[]) => unknown>;

  it("refuses values of the wrong type", () => {
    const { parameters } = network;
    for (const values of [[], [[...words], masks, parameters], [words, words, parameters]]) {
      expect(() => new Raw(...values)).toThrow("the plan is of another type");
    }
    for (const value of [undefined, [...parameters], new Float64Array(parameters)]) {
      expect(() => new Raw(words, masks, value)).toThrow("a vector of floats is missing");
    }
    expect(() => new Raw(words, masks, parameters.subarray(1))).toThrow("the parameters' length");
    const subject = new Raw(words, masks, parameters);
    const logits = new Float32Array(3);
    for (const symbol of [-1, 48, 0.5, Number.NaN, "3", undefined, null, {}]) {
      expect(() => subject.step(symbol, logits)).toThrow("the symbol is not a row");
    }
    for (const value of [undefined, [0, 0, 0], new Int32Array(3)]) {
      expect(() => subject.step(3, value)).toThrow("a vector of floats is missing");
    }
    expect(() => subject.step(3, new Float32Array(2))).toThrow("of another length");
    const [one, none] = [Int32Array.of(3), Int32Array.of(-1)];
    for (const values of [[], [[3], none, 0], [Int32Array.of(48), none, 0], [none, none, 0]]) {
      expect(() => subject.run(...values)).toThrow("a symbol is not a row of the stream's tables");
    }
    for (const value of [undefined, [0], Int32Array.of(-2), Int32Array.of(3)]) {
      expect(() => subject.run(one, value, 0)).toThrow("a target is not among the stream's outputs");
    }
    expect(() => subject.run(one, new Int32Array(2), 0)).toThrow("there is not one target for each symbol");
    for (const wanted of [2, -1, undefined, "1", Number.NaN]) {
      expect(() => subject.run(one, none, wanted)).toThrow("there are not so many steps");
    }
  });

  it("of numbers refuses all but as many floats as a step has", () => {
    const numbers = networkWith(overValues(2, web("gru")), 0.5, new Random("numbers"));
    const { words, masks } = encode(compileStream(numbers));
    const subject = new Raw(words, masks, numbers.parameters);
    const logits = new Float32Array(3);
    for (const value of [undefined, null, 3, "3", {}, [1, 2], new Float64Array(2), new Int32Array(2)]) {
      expect(() => subject.step(value, logits)).toThrow("a vector of floats is missing");
    }
    for (const length of [0, 1, 3]) {
      expect(() => subject.step(new Float32Array(length), logits)).toThrow("not so many numbers in a step");
    }
    const one = Int32Array.of(0);
    expect(() => subject.run(one, one, 0)).toThrow("a symbol is not a row of the stream's tables");
    expect(() => subject.step(new Float32Array(2), new Float32Array(2))).toThrow("of another length");
    subject.step(new Float32Array(2), logits);
  });

  it("refuses to write to logits that were given away", () => {
    const subject = stream(network, { executor: "native" });
    structuredClone(subject.step(3), { transfer: [subject.step(3).buffer] });
    expect(() => subject.step(3)).toThrow(EngineError);
  });

  it("refuses a plan that is not for streaming, and training one that is", () => {
    const training = encode(compile(network, { batch: 1, steps: 1, symbols: [3] }));
    expect(() => new Raw(training.words, training.masks, network.parameters)).toThrow(
      "the plan cannot be run: it is not for streaming",
    );
    expect(() => new NativeExecutor(compileStream(network), network.parameters)).toThrow(
      "the plan cannot be run: it is for streaming",
    );
  });

  it.each(cellKinds)("runs or refuses any damaged plan of %s", (kind) => {
    const random = new Random(kind);
    const logits = new Float32Array(3);
    let refused = 0;
    let ran = 0;
    for (const architecture of [skips(kind), web(kind), forecasting(overValues(2, skips(kind)))]) {
      const small = networkWith(over(5, architecture), 0.5, random);
      const { words, masks } = encode(compileStream(small));
      const run = (damaged: Int32Array) => {
        try {
          const subject = new Raw(damaged, masks, small.parameters);
          for (let k = 0; k < 5; k++) {
            subject.step(small.architecture.input.kind === "values" ? Float32Array.of(k, 1) : k, logits);
          }
          ran++;
        } catch (error) {
          expect((error as Error).message).toMatch(
            /^(the plan cannot be run|a vector|the array|the symbol|there are not so many numbers)/,
          );
          refused++;
        }
      };
      for (let i = 0; i < words.length; i++) {
        const word = words[i];
        for (const hostile of [-1, 0, 0x7fffffff, -0x80000000, 0x40000000, word + 1, word - 1, word + 16]) {
          words[i] = hostile;
          run(words);
        }
        words[i] = word;
      }
      for (let i = 0; i < 500; i++) {
        const damaged = words.slice();
        for (let k = 0; k < 4; k++) damaged[random.below(words.length)] = random.pick(words);
        run(damaged);
      }
    }
    expect(refused).toBeGreaterThan(1000);
    expect(ran).toBeGreaterThan(100);
  });
});
