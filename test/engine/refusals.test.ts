// The border between JavaScript and the native executor: whatever crosses it is run or refused in one line, and
// never crashes the process or reaches memory that is not its own.
import { once } from "node:events";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { describe, expect, it } from "vitest";
import type { Batches } from "../../src/data/batches.js";
import { compile } from "../../src/engine/compile.js";
import { encode } from "../../src/engine/encode.js";
import { checkBatches, type Executor, initialState, optimisers } from "../../src/engine/executor.js";
import { loadNative, NativeExecutor } from "../../src/engine/native.js";
import type { Plan } from "../../src/engine/plan.js";
import { ReferenceExecutor } from "../../src/engine/reference.js";
import { WasmExecutor } from "../../src/engine/wasm.js";
import { findWasm } from "../../src/engine/wasm-modules.js";
import { EngineError, InputError } from "../../src/errors.js";
import { Random } from "../../src/math/random.js";
import { type Architecture, type CellKind, cellKinds } from "../../src/network/architecture.js";
import {
  adam,
  batchesOf,
  everyStep,
  fitted,
  forecasting,
  networkWith,
  over,
  overValues,
  skips,
  symbolsTo,
  twoWay,
  twoWayWeb,
  web,
} from "./setups.js";

const random = new Random("refusals");
const native = loadNative().addon !== undefined;
const built = fileURLToPath(new URL("../../build/Release/filigree.node", import.meta.url));

function setUp(kind: CellKind = "lstm", architecture: (kind: CellKind) => Architecture = web) {
  const network = networkWith(over(9, architecture(kind)), 0.5, random);
  const options = { batch: 4, steps: 5, symbols: symbolsTo(7), form: "sparse" } as const;
  const batches = fitted(random, network.architecture, batchesOf(random, [4, 3, 1], 5, 7));
  return { network, plan: compile(network, options), batches };
}

/** Batches as they cross the border. */
const rawBatches = (plan: Plan, batches: Batches) => {
  const { rows, values, classes, numbers } = checkBatches(plan, batches);
  const { sizes, steps, lengths, count } = batches;
  return {
    ...{ sizes, steps, lengths, values, numbers, carry: new Uint8Array(count) },
    ...{ symbols: rows.slice(), targets: classes.slice() },
  };
};

const executors: [string, (good: ReturnType<typeof setUp>) => Executor][] = [
  ["reference", ({ plan, network }) => new ReferenceExecutor(plan, network.parameters)],
];
if (native) {
  executors.push(["native", ({ plan, network }) => new NativeExecutor(plan, network.parameters)]);
}
if (findWasm().wasm) {
  executors.push(["WebAssembly", ({ plan, network }) => new WasmExecutor(plan, network.parameters)]);
}

describe.each(executors)("the %s executor refuses", (_, make) => {
  const good = setUp();
  const executor = make(good);
  const bad: [string, Partial<Batches>, RegExp][] = [
    [
      "a label beyond the classes",
      { targets: good.batches.targets.map(() => 3) },
      /^example 0: label 3 .*; use/,
    ],
    ["a negative label", { targets: good.batches.targets.map(() => -1) }, /^example 0: label -1 /],
    ["a symbol that was not compiled for", { inputs: good.batches.inputs.map(() => 8) }, /^symbol 8 .*; com/],
    [
      "a length beyond its batch",
      { lengths: good.batches.lengths.map(() => 6) },
      /^example 0: a length of 6/,
    ],
    ["a length of nothing", { lengths: good.batches.lengths.map(() => 0) }, /^example 0: a length of 0/],
    ["an empty batch", { sizes: Int32Array.of(4, 0, 4), steps: good.batches.steps }, /fit each other|empty/],
    [
      "arrays that do not fit",
      { targets: good.batches.targets.subarray(1) },
      /^the batches' arrays do not fit/,
    ],
    ["a wrong number of batches", { count: 2 }, /^the batches' arrays do not fit each other; make them with/],
  ];
  it.each(bad)("%s", async (_, change, message) => {
    const batches = { ...good.batches, ...change };
    const attempts = [
      () => executor.train(batches, 0, 1, adam()),
      () => executor.evaluate(batches),
      async () => executor.gradient(batches, 0),
    ];
    for (const attempt of attempts) {
      const error = await attempt().then(
        () => undefined,
        (reason) => reason,
      );
      expect(error).toBeInstanceOf(EngineError);
      expect(error.message).toMatch(message);
      expect(error.message).not.toMatch(/\n/);
    }
  });

  it("sequences longer than it was compiled for", async () => {
    const batches = batchesOf(random, [1, 1, 1, 1], 200, 7);
    await expect(executor.train(batches, 0, 1, adam())).rejects.toThrow(
      /^batch \d: \d+ steps do not fit a plan compiled for 5; compile for the longest sequence$/,
    );
  });

  it("batches that do not exist", async () => {
    for (const [from, to] of [
      [-1, 1],
      [0, 4],
      [2, 1],
      [0.5, 1],
      [0, Number.NaN],
    ]) {
      await expect(executor.train(good.batches, from, to, adam())).rejects.toThrow(EngineError);
    }
    expect(() => executor.gradient(good.batches, 3)).toThrow(EngineError);
    expect(() => executor.gradient(good.batches, -1)).toThrow(EngineError);
  });

  it("a state of another network", () => {
    const state = initialState(new Float32Array(good.network.parameters.length + 16));
    expect(() => executor.setState(state)).toThrow(
      /^a state of \d+ values does not fit a plan with \d+ parameters; use the state of the network that/,
    );
    const fitting = initialState(good.network.parameters);
    expect(() => executor.setState({ ...fitting, secondMoment: new Float32Array(3) })).toThrow(EngineError);
    expect(() => executor.setState({ ...fitting, step: -1 })).toThrow("-1 is not a number of updates");
    expect(() => executor.setState({ ...fitting, step: Number.NaN })).toThrow(EngineError);
  });

  it("nothing of what it ran before, after a refusal", async () => {
    expect((await executor.train(good.batches, 0, 3, adam())).losses).toHaveLength(3);
  });
});

describe.each(executors)("of numbers, the %s executor refuses", (_, make) => {
  const forecast = (kind: CellKind) => forecasting(everyStep(overValues(2, twoWay(kind, 1, 3))));
  const good = setUp("gru", forecast);
  const executor = make(good);
  const { inputs, targets } = good.batches;
  const changed = (values: Batches["inputs"] | Batches["targets"], at: number, value: number) => {
    const copy = Float32Array.from(values);
    copy[at] = value;
    return copy;
  };
  const unfit = /^the batches' arrays do not fit each other; make them with makeBatches$/;
  const bad: [string, Partial<Batches>, RegExp][] = [
    [
      "a gap",
      { inputs: changed(inputs, 3, Number.NaN) },
      /^input 3: NaN is not a finite number; leave it out/,
    ],
    [
      "infinity",
      { inputs: changed(inputs, 0, Number.NEGATIVE_INFINITY) },
      /^input 0: -Infinity is not a fin/,
    ],
    [
      "an infinite target",
      { targets: changed(targets, 1, Infinity) },
      /^target 1: Infinity is not a finite n/,
    ],
    ["another width", { inputs: Float32Array.from([...inputs, ...inputs]) }, unfit],
    ["a number less", { inputs: inputs.slice(1) }, unfit],
    ["a target less", { targets: targets.slice(1) }, unfit],
    ["symbols", { inputs: new Int32Array(inputs.length) }, unfit],
    ["classes", { targets: new Int32Array(targets.length) }, unfit],
    [
      "a text in pieces",
      { carry: Uint8Array.of(0, 1, 0) },
      /^batch 1: it goes on from the batch before, and a bidirectional network has to see sequences as a whole$/,
    ],
  ];

  it.each(bad)("%s", async (_, change, message) => {
    const batches = { ...good.batches, ...change };
    await expect(executor.evaluate(batches)).rejects.toThrow(EngineError);
    await expect(executor.evaluate(batches)).rejects.toThrow(message);
    await expect(executor.train(batches, 0, 1, adam())).rejects.toThrow(message);
    expect(() => executor.gradient(batches, 0)).toThrow(message);
  });

  it("numbers where symbols or classes are read", async () => {
    const symbols = setUp();
    for (const change of [
      { inputs: Float32Array.from(symbols.batches.inputs) },
      { targets: Float32Array.from(symbols.batches.targets) },
    ]) {
      await expect(make(symbols).evaluate({ ...symbols.batches, ...change })).rejects.toThrow(unfit);
    }
  });

  it("weights that are not one for each class", async () => {
    const symbols = setUp();
    const train = (subject: Executor, batches: Batches, ...weights: number[]) =>
      subject.train(batches, 0, 1, { ...adam(), classWeights: Float32Array.from(weights) });
    const refused = "classWeights: they are not 3 weights of classes, none below 0";
    for (const weights of [[], [1, 1], [1, 1, 1, 1], [1, -1, 1], [1, Number.NaN, 1], [Infinity, 1, 1]]) {
      await expect(train(make(symbols), symbols.batches, ...weights)).rejects.toThrow(refused);
    }
    await expect(train(executor, good.batches, 1, 1, 1)).rejects.toThrow("classWeights: ");
    expect((await train(make(symbols), symbols.batches, 0, 0, 0)).losses).toEqual(Float64Array.of(0));
  });
});

it.each([1, 4])("a bidirectional network is not recomputed from segments of %d steps", (recompute) => {
  const network = networkWith(twoWay("gru", 3, 4), 1, random);
  const options = { batch: 2, steps: 5, symbols: [1] };
  expect(() => compile(network, { ...options, recompute })).toThrow(InputError);
  expect(() => compile(network, { ...options, recompute })).toThrow(
    /^recompute: a bidirectional network has to see a sequence as a whole; leave it out, or use shorter/,
  );
  expect(compile(network, { ...options, recompute: 5 }).segment).toBe(5);
});

describe.skipIf(!native)("the native executor", () => {
  it("is busy until its last call has ended", async () => {
    const { plan, network, batches } = setUp();
    const executor = new NativeExecutor(plan, network.parameters);
    const many = batchesOf(random, new Array(10_000).fill(1), 5, 7);
    const training = executor.train(many, 0, many.count, adam());
    const busy = /^the executor is at work; wait for the promise of its last call$/;
    expect(() => executor.state()).toThrow(busy);
    expect(() => executor.setState(initialState(network.parameters))).toThrow(busy);
    expect(() => executor.gradient(batches, 0)).toThrow(busy);
    await expect(executor.train(batches, 0, 3, adam())).rejects.toThrow(busy);
    await expect(executor.evaluate(batches)).rejects.toThrow(busy);
    await training;
    expect(executor.state().step).toBe(many.count);
  });

  it.skipIf(!existsSync(built))("waits for its threads when a worker is terminated", async () => {
    const { plan, network } = setUp();
    const many = batchesOf(random, new Array(200_000).fill(1), 5, 7);
    const batches = {
      ...many,
      symbols: new Int32Array(many.inputs.length),
      values: new Float32Array(),
      numbers: new Float32Array(),
      carry: new Uint8Array(many.count),
    };
    const update = {
      ...optimisers.adam,
      optimiser: 2,
      rates: new Float64Array(many.count),
      seed: 0,
      classWeights: new Float32Array(),
      frozen: new Int32Array(),
    };
    const code = `
      const { workerData, parentPort } = require("node:worker_threads");
      const { built, words, masks, parameters, batches, update } = workerData;
      const executor = new (require(built).NativeExecutor)(words, masks, parameters, 1);
      executor.train(batches, 0, batches.count, update);
      setInterval(() => {}, 1000); // However slow this thread is, it does not end by itself.
      parentPort.postMessage("training");`;
    const workerData = {
      built,
      ...encode(plan),
      parameters: network.parameters,
      batches,
      update,
    };
    for (let i = 0; i < 3; i++) {
      const worker = new Worker(code, { eval: true, workerData });
      await once(worker, "message");
      expect(await worker.terminate()).toBe(1);
    }
  });

  const raw = () => loadNative().addon!.NativeExecutor;
  const { plan, network, batches } = setUp();
  const { words, masks } = encode(plan);
  const { parameters } = network;

  it("refuses every plan that is cut short or goes on", () => {
    const Raw = raw();
    for (let length = 0; length < words.length; length++) {
      expect(() => new Raw(words.subarray(0, length), masks, parameters, 1)).toThrow(
        /^the plan cannot be run/,
      );
    }
    expect(() => new Raw(Int32Array.of(...words, 0), masks, parameters, 1)).toThrow("it has words left over");
    expect(() => new Raw(words, masks.subarray(1), parameters, 1)).toThrow("a mask is out of range");
    expect(() => new Raw(words, new Uint8Array(masks.length + 1), parameters, 1)).toThrow(
      "it has masks left",
    );
  });

  it("refuses values of the wrong type", async () => {
    const Raw = raw() as unknown as new (
      ...values: unknown[]
    ) => Record<string, (...values: unknown[]) => unknown>;
    const another = "the plan is of another type";
    expect(() => new Raw()).toThrow("the number of threads");
    expect(() => new Raw(words, masks, parameters)).toThrow("the number of threads");
    expect(() => new Raw([...words], masks, parameters, 1)).toThrow(another);
    expect(() => new Raw(new Float64Array(words), masks, parameters, 1)).toThrow(another);
    expect(() => new Raw(words, words, parameters, 1)).toThrow(another);
    expect(() => new Raw(words, masks, words, 1)).toThrow("a vector of floats is missing");
    expect(() => new Raw(words, masks, parameters.subarray(1), 1)).toThrow(
      "a vector does not have the parameters' length",
    );
    expect(() => new Raw(words, masks, parameters, 257)).toThrow("the number of threads");
    const executor = new Raw(words, masks, parameters, 1);
    const vector = new Float32Array(plan.parameters);
    const own = rawBatches(plan, batches);
    const asked = { everywhere: true, seed: 0, classWeights: new Float32Array(), carries: false };
    const mask = new Uint8Array(plan.parameters).fill(1);
    const forms = new Uint8Array(plan.blocks.length);
    const wrong = [
      undefined,
      null,
      7,
      "text",
      {},
      vector.subarray(1),
      new Int32Array(vector.length),
      [...vector],
    ];
    for (const value of wrong) {
      expect(() => executor.setState(vector, value, vector, 0)).toThrow(Error);
      expect(() => executor.state(vector, vector, value)).toThrow(Error);
      expect(() => executor.train(value, 0, 1)).toThrow(Error);
      expect(() => executor.evaluate(value)).toThrow(Error);
      expect(() => executor.gradient(value, 0, asked, vector)).toThrow(Error);
      expect(() => executor.gradient(own, 0, asked, value)).toThrow(Error);
      expect(() => executor.setMask(value, forms)).toThrow(Error);
    }
    for (const value of [undefined, vector, new Int32Array(1), [...mask]]) {
      expect(() => executor.setWiring(mask, forms, value)).toThrow(Error);
      expect(() => executor.wiring(mask, value)).toThrow(Error);
    }
    for (const value of [undefined, [1], new Uint8Array(forms.length + 1), forms.map(() => 2)]) {
      expect(() => executor.setMask(mask, value)).toThrow(Error);
    }
    for (const value of [undefined, mask.subarray(1), mask.map(() => 2), new Float32Array(mask.length)]) {
      expect(() => executor.setMask(value, forms)).toThrow(Error);
      expect(() => executor.setWiring(value, forms, new Int32Array(mask.length))).toThrow(Error);
    }
    expect(() => executor.setWiring(mask, forms, new Int32Array(mask.length).fill(-1))).toThrow(
      "a weight is born before the first update",
    );
    for (const value of [undefined, 7, { ...asked, seed: -1 }, { ...asked, classWeights: [1] }]) {
      expect(() => executor.gradient(own, 0, value, vector)).toThrow(Error);
    }
    expect(() => executor.gradient(own, 0, { ...asked, classWeights: new Float32Array(4) }, vector)).toThrow(
      "one weight for each class",
    );
    for (const step of [-1, Number.NaN, Number.POSITIVE_INFINITY, 1e300]) {
      expect(() => executor.setState(vector, vector, vector, step)).toThrow(
        "the number of updates is impossible",
      );
    }
    const update = {
      ...optimisers.adam,
      optimiser: 2,
      rates: new Float64Array(batches.count),
      seed: 0,
      classWeights: new Float32Array(),
      frozen: new Int32Array(),
    };
    expect(() => executor.gradient(own, 0, asked, new Float64Array(vector.length))).toThrow(
      "the parameters' length",
    );
    for (const name of ["sizes", "steps", "symbols", "lengths", "targets"]) {
      for (const value of [undefined, [], new Float64Array(own.targets.length), new Int32Array(0)]) {
        expect(() => executor.evaluate({ ...own, [name]: value })).toThrow(Error);
      }
      for (const value of [-1, 0x7fffffff, -0x80000000]) {
        const hostile = { ...own, [name]: Int32Array.from(own[name as "sizes"]).fill(value) };
        expect(() => executor.evaluate(hostile)).toThrow(/^the batches cannot be run/);
      }
    }
    for (const name of ["values", "numbers"]) {
      for (const value of [undefined, [], new Float64Array(0), new Float32Array(1)]) {
        expect(() => executor.evaluate({ ...own, [name]: value })).toThrow(Error);
      }
    }
    for (const carry of [undefined, [], new Uint8Array(0), new Int32Array(batches.count)]) {
      expect(() => executor.evaluate({ ...own, carry })).toThrow(Error);
    }
    for (const value of [undefined, 7, {}]) expect(() => executor.train(own, 0, 1, value)).toThrow(Error);
    for (const [name, value] of Object.entries({
      optimiser: 4,
      seed: -1,
      rates: new Float32Array(3),
      classWeights: [1],
      frozen: new Float64Array(2),
    })) {
      expect(() => executor.train(own, 0, 3, { ...update, [name]: value })).toThrow(Error);
    }
    await expect(executor.train(own, 0, 2, update)).rejects.toThrow("one learning rate for each batch");
    for (const frozen of [
      [0],
      [-1, 4],
      [8, 4],
      [0, 4, 2, 6],
      [0, plan.parameters + 1],
      [0x7fffffff, 0x7fffffff],
    ]) {
      const hostile = { ...update, frozen: Int32Array.from(frozen) };
      await expect(executor.train(own, 0, 3, hostile)).rejects.toThrow("no such parameters to freeze");
    }
    const classWeights = new Float32Array(4);
    await expect(executor.train(own, 0, 3, { ...update, classWeights })).rejects.toThrow(
      "one weight for each class",
    );
    for (const value of [undefined, [], new Float64Array(16), new Float32Array(1)]) {
      expect(() => executor.setCarry(value)).toThrow(Error);
    }
    await executor.evaluate(own);
  });

  it("reads arrays after the number of threads, which may take them away", () => {
    const gone = Int32Array.from(words);
    const thief = {
      valueOf() {
        structuredClone(gone.buffer, { transfer: [gone.buffer] });
        return 1;
      },
    };
    expect(() => new (raw())(gone, masks, parameters, thief as unknown as number)).toThrow(
      "it ends too early",
    );
  });

  const hostile: [string, (kind: CellKind) => Architecture][] = [
    ["skips", skips],
    ["web", web],
    ["numbers, forecast in both directions", (k) => forecasting(everyStep(overValues(2, twoWay(k, 1, 3))))],
    ["both directions, read at the ends", twoWayWeb],
  ];

  it.each(
    hostile.flatMap(([name, architecture]) => cellKinds.map((kind) => [kind, name, architecture] as const)),
  )("runs or refuses any damaged plan of %s, %s", (kind, _, architecture) => {
    const Raw = raw();
    const vector = new Float32Array(0x1000);
    let refused = 0;
    let ran = 0;
    const { plan, batches } = setUp(kind, architecture);
    const { words, masks } = encode(plan);
    const own = rawBatches(plan, batches);
    const asked = { everywhere: true, seed: 0, classWeights: new Float32Array(), carries: false };
    own.symbols.fill(0);
    const run = (damaged: Int32Array) => {
      try {
        const gradient = vector.subarray(0, damaged[7]).fill(0.5);
        const executor = new Raw(damaged, masks, gradient, 1);
        executor.setState(gradient, gradient, gradient, 1);
        const mask = Uint8Array.from(gradient, (_, i) => i % 3 && 1);
        const forms = Uint8Array.from(plan.blocks, (_, i) => i % 2);
        executor.gradient(own, 0, { ...asked, everywhere: false }, gradient);
        if (damaged[14] === forms.length) executor.setMask(mask, forms);
        executor.gradient(own, 0, asked, gradient);
        ran++;
      } catch (error) {
        expect((error as Error).message).toMatch(
          /^(the plan cannot be run|the batches cannot be run|a vector)/,
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
    expect(refused).toBeGreaterThan(1000);
    expect(ran).toBeGreaterThan(100);
  });
});
