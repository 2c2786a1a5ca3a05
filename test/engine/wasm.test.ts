// The executor in WebAssembly where it differs from the native one: how its modules are chosen and loaded, that they are
// made of these sources, and that a refusal of C++ ends one instance and leaves nothing behind.
import { readFileSync } from "node:fs";
import { afterEach, describe, expect, it, vi } from "vitest";
import { digest } from "../../scripts/build-wasm.mjs";
import { compile, compileStream } from "../../src/engine/compile.js";
import { encode } from "../../src/engine/encode.js";
import { createExecutor, describeExecutor } from "../../src/engine/engine.js";
import { loadNative } from "../../src/engine/native.js";
import type { Plan } from "../../src/engine/plan.js";
import { stream } from "../../src/engine/stream.js";
import { WasmExecutor, wasmStream } from "../../src/engine/wasm.js";
import {
  type Exports,
  findWasm,
  instantiate,
  loadWasm,
  type WasmName,
  wasmNames,
} from "../../src/engine/wasm-modules.js";
import { EngineError, InputError } from "../../src/errors.js";
import { arithmetic } from "../../src/experiments/arithmetic.js";
import { Random } from "../../src/math/random.js";
import { type Architecture, type CellKind, cellKinds } from "../../src/network/architecture.js";
import {
  adam,
  batchesOf,
  everyStep,
  forecasting,
  layers,
  networkWith,
  over,
  overValues,
  skips,
  symbolsTo,
  twoWay,
  twoWayWeb,
  web,
  withInstructionSet,
} from "./setups.js";

const bytesOf = (name: WasmName) =>
  new Uint8Array(readFileSync(new URL(`../../wasm/${name}.wasm`, import.meta.url)));
afterEach(() => vi.unstubAllEnvs());

const random = new Random("wasm");
function setUp(architecture: Architecture = web("gru")) {
  const network = networkWith(over(9, architecture), 0.5, random);
  const plan = compile(network, { batch: 4, steps: 5, symbols: symbolsTo(7), form: "sparse" });
  return { network, plan, batches: batchesOf(random, [4, 3, 1], 5, 7) };
}

describe("the modules", () => {
  it("are made of these sources; scripts/build-wasm.mjs makes them anew", () => {
    const made = readFileSync(new URL("../../wasm/SOURCES", import.meta.url), "utf8").trim();
    expect(digest()).toBe(made);
  });

  it("are chosen by FILIGREE_ISA, and say what bits they make", () => {
    vi.stubEnv("FILIGREE_EXECUTOR", "wasm");
    const names = wasmNames.filter((name) => withInstructionSet(name, findWasm).wasm);
    expect(names).toContain("simd128");
    expect(describeExecutor()).toEqual({ name: "wasm", detail: names[0] });
    for (const [asked, detail, bits] of [
      ["simd128", "simd128", "baseline"],
      ["baseline", "simd128", "baseline"],
      ["relaxed", "relaxed", "native"],
    ] as const) {
      if (!names.includes(detail)) continue;
      vi.stubEnv("FILIGREE_ISA", asked);
      expect(describeExecutor()).toEqual({ name: "wasm", detail });
      expect(arithmetic()).toBe(bits);
    }
    vi.stubEnv("FILIGREE_ISA", "avx2");
    expect(() => describeExecutor()).toThrow(
      new InputError({
        what: 'there is no WebAssembly executor: WebAssembly has no instruction set "avx2"',
        hint: "use another executor",
      }),
    );
    vi.stubEnv("FILIGREE_EXECUTOR", "gpu");
    expect(() => describeExecutor()).toThrow('there is no executor "gpu"; use native, wasm or reference');
  });

  it("are loaded from bytes, and refused where they are not what they are called", async () => {
    const plain = bytesOf("simd128");
    try {
      expect(await loadWasm({ simd128: plain })).toBe("simd128");
      expect(describeExecutor("wasm").detail).toBe("simd128");
      await expect(loadWasm({ relaxed: plain })).rejects.toThrow(
        /^there is no WebAssembly executor: its multiply-add is not rounded as it should be here; /,
      );
      await expect(loadWasm({ simd128: plain.subarray(0, 1000) })).rejects.toThrow(InputError);
      await expect(loadWasm({})).rejects.toThrow(InputError);
      expect(await loadWasm({ relaxed: plain, simd128: plain })).toBe("simd128");
    } finally {
      await loadWasm({ relaxed: bytesOf("relaxed"), simd128: plain });
    }
  });
});

it("is not loaded where the native executor runs", { skip: !loadNative().addon }, async () => {
  vi.resetModules();
  const { WebAssembly } = globalThis as unknown as { WebAssembly: { Module: new () => object } };
  const compiled = vi.spyOn(WebAssembly, "Module");
  const engine = await import("../../src/engine/engine.js");
  const { plan, network } = setUp();
  engine.createExecutor(plan, network.parameters);
  expect(compiled).not.toHaveBeenCalled();
  engine.createExecutor(plan, network.parameters, { executor: "wasm" });
  expect(compiled).toHaveBeenCalled();
});

describe("a refusal", () => {
  it("ends the executor that it met, in one line, and no other", async () => {
    const { plan, network, batches } = setUp();
    const [one, other] = [0, 1].map(() => createExecutor(plan, network.parameters, { executor: "wasm" }));
    // What a caller gets wrong is refused before it reaches C++: this goes round it.
    const { inner } = one as unknown as {
      inner: { call(work: (border: { exports: Exports }) => void): void };
    };
    expect(() => inner.call(({ exports }) => exports.setCarry(0, 7))).toThrow("the carry is not whole tiles");
    const ended = "the executor has ended: the carry is not whole tiles; make another one";
    expect(() => one.state()).toThrow(EngineError);
    expect(() => one.state()).toThrow(ended);
    await expect(one.train(batches, 0, 1, adam())).rejects.toThrow(ended);
    await expect(one.evaluate(batches)).rejects.toThrow(ended);
    expect((await other.train(batches, 0, 3, adam())).losses).toHaveLength(3);
  });

  it("of a plan makes no executor and no stream", () => {
    const { plan, network } = setUp();
    const larger: Plan = { ...plan, arena: plan.arena + 2 ** 20 };
    expect(() => new WasmExecutor(larger, network.parameters)).toThrow(
      new EngineError({ what: "the plan cannot be run: a buffer is larger than what it holds" }),
    );
    expect(() => wasmStream(plan, network.parameters)).toThrow("it is not for streaming");
    expect(() => new WasmExecutor(compileStream(network), network.parameters)).toThrow("it is for streaming");
  });

  it("comes where memory ends", () => {
    const network = networkWith(over(9, layers("rnn-tanh", 8, 256)), 1, random);
    const plan = compile(network, { batch: 32, steps: 40_000, symbols: [1, 2] });
    expect(plan.arena).toBeGreaterThan(2 ** 29);
    expect(() => new WasmExecutor(plan, network.parameters)).toThrow(
      new EngineError({ what: "there is not enough memory for this network" }),
    );
  });
});

it("a plan for evaluation refuses to train, and goes on evaluating", async () => {
  const { network, batches } = setUp();
  const options = { batch: 4, steps: 5, symbols: symbolsTo(7), purpose: "evaluate" } as const;
  const executor = new WasmExecutor(compile(network, options), network.parameters);
  const refused = "the plan cannot be run: it is for evaluation";
  await expect(executor.train(batches, 0, 1, adam())).rejects.toThrow(refused);
  expect(() => executor.gradient(batches, 0)).toThrow(refused);
  expect((await executor.evaluate(batches)).losses).toHaveLength(3);
});

it("training, evaluating and streaming let others have their turn, and are busy meanwhile", async () => {
  const { plan, network } = setUp();
  const executor = new WasmExecutor(plan, network.parameters);
  const many = batchesOf(random, new Array(20_000).fill(1), 5, 7);
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  const busy = "the executor is at work; wait for the promise of its last call";
  const training = executor.train(many, 0, many.count, adam());
  expect(() => executor.state()).toThrow(busy);
  await expect(executor.evaluate(many)).rejects.toThrow(busy);
  await training;
  expect(executor.state().step).toBe(many.count);
  expect(turns).toBeGreaterThan(0);
  turns = 0;
  const subject = stream(network, { executor: "wasm", symbols: symbolsTo(7) });
  const text = Int32Array.from({ length: 200_000 }, (_, i) => 1 + (i % 7));
  const running = subject.run(text, new Int32Array(text.length));
  expect(() => subject.step(3)).toThrow(busy);
  await running;
  expect(turns).toBeGreaterThan(0);
  clearInterval(timer);
});

/** Calls for every word of a plan replaced by a hostile one, and for 200 plans of shuffled words. */
function eachDamaged(words: Int32Array, run: (damaged: Int32Array) => void): void {
  for (let i = 0; i < words.length; i++) {
    const word = words[i];
    const hostile = [-1, 0, 0x7fffffff, -0x80000000, 0x40000000, word + 1, word - 1, word + 16];
    words[i] = random.pick(hostile);
    run(words);
    words[i] = word;
  }
  for (let i = 0; i < 200; i++) {
    const damaged = words.slice();
    for (let k = 0; k < 4; k++) damaged[random.below(words.length)] = random.pick(words);
    run(damaged);
  }
}

describe("hostile plans", () => {
  /** An instance, with a function that copies an array in. */
  function raw() {
    const exports: Exports = instantiate(
      withInstructionSet("simd128", findWasm).wasm!.module,
      (at, length) => {
        throw new EngineError({
          what: new TextDecoder().decode(new Uint8Array(exports.memory.buffer, at >>> 0, length)),
        });
      },
    );
    const put = ({ buffer, byteOffset, byteLength }: Int32Array | Float32Array | Uint8Array) => {
      const at = exports.allocate(byteLength) >>> 0;
      new Uint8Array(exports.memory.buffer, at, byteLength).set(
        new Uint8Array(buffer, byteOffset, byteLength),
      );
      return at;
    };
    return { exports, put };
  }

  // Another error would be a trap: memory that is not the instance's, or a bug.
  const refusals =
    /^(the plan cannot be run|the batches cannot be run|a vector|the symbol|there is not enough memory)/;
  const numbers = (k: CellKind) => forecasting(everyStep(overValues(2, twoWay(k, 1, 3))));

  it.each(
    cellKinds.flatMap((kind) =>
      Object.entries({ skips, web, numbers, twoWayWeb }).map(
        ([name, architecture]) => [kind, name, architecture] as const,
      ),
    ),
  )("of %s, %s, are run or refused", { timeout: 300_000 }, (kind, _, architecture) => {
    const { plan } = setUp(architecture(kind));
    const { words, masks } = encode(plan);
    const values = plan.input.kind === "values";
    const batches = [
      Int32Array.of(3),
      Int32Array.of(5),
      new Int32Array(values ? 0 : 15),
      Int32Array.of(5, 5, 4),
      new Int32Array(plan.predictsNumbers ? 0 : plan.everyStep ? 15 : 3),
      new Float32Array(values ? 30 : 0),
      new Float32Array(plan.predictsNumbers ? 15 * plan.outputs : 0),
      new Uint8Array(1),
    ];
    let refused = 0;
    let ran = 0;
    eachDamaged(words, (damaged) => {
      try {
        const { exports, put } = raw();
        const parameters = new Float32Array(Math.min(Math.max(0, damaged[7]), 0x1000)).fill(0.5);
        exports.createExecutor(
          put(damaged),
          damaged.length,
          put(masks),
          masks.length,
          put(parameters),
          parameters.length,
        );
        for (const [i, array] of batches.entries()) {
          const at = exports.batchArray(i, array.length) >>> 0;
          new Uint8Array(exports.memory.buffer, at, array.byteLength).set(new Uint8Array(array.buffer));
        }
        exports.checkBatches();
        const mask = put(Uint8Array.from(parameters, (_, i) => Number(i % 3 !== 0)));
        const outcome = put(new Float32Array(8));
        const gradient = put(parameters);
        const forms = put(Uint8Array.from(plan.blocks, (_, i) => i % 2));
        for (const everywhere of [0, 1]) {
          exports.gradient(0, everywhere, 0, 0, 0, 0, gradient, outcome, outcome, outcome, outcome);
          if (damaged[14] === plan.blocks.length) exports.setMask(mask, forms);
        }
        ran++;
      } catch (error) {
        expect((error as Error).message).toMatch(refusals);
        refused++;
      }
    });
    expect(refused).toBeGreaterThan(200);
    expect(ran).toBeGreaterThan(10);
  });

  it.each(cellKinds)("of streams of %s are run or refused", { timeout: 300_000 }, (kind) => {
    let refused = 0;
    let ran = 0;
    for (const architecture of [skips(kind), web(kind), forecasting(overValues(2, skips(kind)))]) {
      const network = networkWith(over(5, architecture), 0.5, random);
      const { parameters } = network;
      const { words, masks } = encode(compileStream(network));
      eachDamaged(words, (damaged) => {
        try {
          const { exports, put } = raw();
          exports.createStream(
            put(damaged),
            damaged.length,
            put(masks),
            masks.length,
            put(parameters),
            parameters.length,
          );
          const [values, logits] = [put(new Float32Array(64)), put(new Float32Array(64))];
          if (damaged[4] > 64 || damaged[9] > 64) return;
          for (let k = 0; k < 5; k++) exports.streamStep(k, values, logits);
          ran++;
        } catch (error) {
          expect((error as Error).message).toMatch(refusals);
          refused++;
        }
      });
    }
    expect(refused).toBeGreaterThan(200);
    expect(ran).toBeGreaterThan(10);
  });
});
