// Damaged plans over the modules of WebAssembly: each is refused in words or runs. A trap of the machine is neither. The native
// executor's are tried under sanitizers by scripts/check-native.mjs, because there they could end the process.
import { expect, it } from "vitest";
import { compile } from "../../src/engine/compile.js";
import { encode } from "../../src/engine/encode.js";
import { WasmExecutor } from "../../src/engine/wasm.js";
import {
  type Exports,
  findWasm,
  instantiate,
  type Module,
  wasmNames,
} from "../../src/engine/wasm-modules.js";
import { EngineError } from "../../src/errors.js";
import { Random } from "../../src/math/random.js";
import { type CellKind, cellKinds } from "../../src/network/architecture.js";
import {
  adam,
  batchesOf,
  everyStep,
  fitted,
  instructionSets,
  layers,
  networkWith,
  over,
  skips,
  symbolsTo,
  twoWay,
  web,
  withInstructionSet,
} from "./setups.js";

const COPIES = 40;
const shapes = {
  layers: (kind: CellKind) => layers(kind, 7, 13, 6),
  skips,
  web,
  "two-way": (kind: CellKind) => twoWay(kind, 5, 6),
  steps: (kind: CellKind) => everyStep(layers(kind, 5, 13, 4)),
};
const cases = Object.entries(shapes).flatMap(([shape, of], i) =>
  cellKinds.map((kind, k) => ({ shape, of, kind, form: (i + k) % 2 === 0 ? "dense" : "sparse" }) as const),
);

it.each(wasmNames.filter((name) => instructionSets.includes(name)))(
  "%s refuses damaged plans in words, or runs them",
  { timeout: 120_000 },
  async (name) => {
    const { module } = withInstructionSet(name, findWasm).wasm!;
    let ran = 0;
    for (const { shape, of, kind, form } of cases) {
      const random = new Random(`${shape} ${kind}`);
      const network = networkWith(over(9, of(kind)), form === "dense" ? 1 : 0.4, random);
      const recompute = shape === "two-way" ? undefined : 3;
      const plan = compile(network, { batch: 5, steps: 7, symbols: symbolsTo(8), form, recompute });
      const batches = fitted(random, network.architecture, batchesOf(random, [5, 2], 7, 8));
      const { words, masks } = encode(plan);
      for (let copy = 0; copy < COPIES; copy++) {
        const damaged = damage(words, random);
        try {
          const exports = instanceOf(module, damaged, masks, network.parameters);
          const executor = withInstructionSet(name, () => new WasmExecutor(plan, network.parameters));
          (executor as unknown as { inner: { exports: Exports } }).inner.exports = exports;
          await executor.train(batches, 0, 2, adam());
          await executor.evaluate(batches, "outputs");
          executor.state();
          ran++;
        } catch (error) {
          expect(error, `${shape} ${kind} ${copy}`).toBeInstanceOf(EngineError);
          expect((error as Error).cause, `${shape} ${kind} ${copy}: ${error}`).toBeUndefined();
        }
      }
    }
    // Some words are of no consequence.
    expect(ran).toBeGreaterThan(0);
    expect(ran).toBeLessThan(0.9 * COPIES * cases.length);
  },
);

/** An instance with an executor of a plan that nothing has looked at. */
function instanceOf(module: Module, words: Int32Array, masks: Uint8Array, parameters: Float32Array): Exports {
  const exports = instantiate(module, (at, length): never => {
    const bytes = new Uint8Array(exports.memory.buffer, at >>> 0, length);
    throw new EngineError({ what: new TextDecoder().decode(bytes) });
  });
  const put = (array: Int32Array | Uint8Array | Float32Array) => {
    const at = exports.allocate(array.byteLength) >>> 0;
    new Uint8Array(exports.memory.buffer, at, array.byteLength).set(
      new Uint8Array(array.buffer, array.byteOffset, array.byteLength),
    );
    return at;
  };
  const [at, masksAt, parametersAt] = [words, masks, parameters].map(put);
  exports.createExecutor(at, words.length, masksAt, masks.length, parametersAt, parameters.length);
  return exports;
}

/** A copy with one to three words that are none of their place, and sometimes an end too early. */
function damage(words: Int32Array, random: Random): Int32Array {
  const copy = words.slice();
  for (let k = 1 + random.below(3); k > 0; k--) {
    const place = random.below(copy.length);
    const hostile = [-1, 0, 1, 16, 2 ** 31 - 1, -(2 ** 31), 2 ** 30];
    hostile.push(copy[place] ^ (1 << random.below(31)), copy[random.below(copy.length)]);
    copy[place] = hostile[random.below(hostile.length)];
  }
  return random.below(20) === 0 ? copy.subarray(0, random.below(copy.length)) : copy;
}
