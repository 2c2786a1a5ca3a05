// The two modules of WebAssembly that hold the executor, compiled by scripts/build-wasm.mjs: `relaxed`, whose multiply-add
// is rounded once where the processor can, and `simd128`, whose is rounded twice. Node.js reads them from the package when
// they are first wanted; a browser is given them by `loadWasm`.
import { InputError } from "../errors.js";
import { dialect } from "./encode.js";
import { builtin, variable } from "./node.js";

/** The best one first. */
export const wasmNames = ["relaxed", "simd128"] as const;
export type WasmName = (typeof wasmNames)[number];

/** Of a compiled module only that it is one. */
export type Module = object;
type Bytes = Uint8Array<ArrayBuffer> | ArrayBuffer;
interface Memory {
  readonly buffer: ArrayBuffer;
}
/** The functions of native/wasm/interface.cc: every pointer and size is a number of 32 bits, that comes with a sign. */
type Call = (...values: number[]) => number;
type Function =
  | ("_initialize" | "allocate" | "release" | "dialect" | "multiplyAdd")
  | ("createExecutor" | "state" | "setState" | "setMask" | "setWiring" | "wiring" | "footprint")
  | ("carryCount" | "carry" | "setCarry")
  | ("batchArray" | "checkBatches" | "endBatches" | "train" | "evaluate" | "gradient")
  | ("createStream" | "streamStep" | "streamRun" | "streamReset")
  | ("createInt8Stream" | "int8Step" | "int8Reset");
export type Exports = Readonly<Record<Function, Call>> & { readonly memory: Memory };
declare const WebAssembly: {
  Module: new (bytes: Bytes) => Module;
  compile(bytes: Bytes): Promise<Module>;
  Instance: new (module: Module, imports: object) => { readonly exports: Exports };
};

export interface WasmModule {
  readonly name: WasmName;
  readonly module: Module;
}

/** Compiled modules, and why others cannot be had. */
const compiled = new Map<WasmName, WasmModule>();
const absent = new Map<WasmName, string>();

/** @param refuse gets a place and a length in the instance's memory; it must throw. */
export function instantiate(module: Module, refuse: (at: number, length: number) => never): Exports {
  const { exports } = new WebAssembly.Instance(module, { filigree: { refuse } });
  exports._initialize();
  return exports;
}

/** Why a module is of no use here, if so. */
function faultOf(name: WasmName, module: Module): string | undefined {
  const {
    memory,
    dialect: own,
    multiplyAdd,
  } = instantiate(module, () => {
    throw new Error("it refuses to be tried");
  });
  const text = new Uint8Array(memory.buffer, own());
  if (new TextDecoder().decode(text.subarray(0, text.indexOf(0))) !== dialect)
    return "it is of another version";
  // Rounded once, (1 + 2^-12)^2 has a bit that a product alone would lose.
  const fuses = multiplyAdd(1 + 2 ** -12, 1 + 2 ** -12, -(1 + 2 ** -11)) === 2 ** -24;
  return fuses === (name === "relaxed") ? undefined : "its multiply-add is not rounded as it should be here";
}

/** Keeps a module, or why it is of no use here. */
function keep(name: WasmName, module: Module): void {
  const fault = faultOf(name, module);
  if (fault === undefined) compiled.set(name, { name, module });
  else absent.set(name, fault);
}

/** A module of the package, in Node.js. */
function fromPackage(name: WasmName): WasmModule | undefined {
  if (!compiled.has(name) && !absent.has(name) && builtin) {
    try {
      const file = new URL(`../../wasm/${name}.wasm`, import.meta.url);
      keep(name, new WebAssembly.Module(new Uint8Array(builtin("node:fs").readFileSync(file))));
    } catch (error) {
      absent.set(name, (error as Error).message);
    }
  }
  return compiled.get(name);
}

/**
 * The module to run, or why there is none: the one whose bits are those of AVX2 where it can be had. FILIGREE_ISA asks for
 * one of them, or for `baseline`, whose bits are those of `simd128`.
 */
export function findWasm(): { wasm: WasmModule; absent?: undefined } | { wasm?: undefined; absent: string } {
  const asked = variable("FILIGREE_ISA");
  const names = asked === undefined ? wasmNames : wasmNames.filter((name) => name === named(asked));
  if (names.length === 0) return { absent: `WebAssembly has no instruction set "${asked}"` };
  for (const name of names) {
    const wasm = fromPackage(name);
    if (wasm) return { wasm };
  }
  return { absent: absent.get(names[names.length - 1]) ?? "it has not been loaded" };
}

function named(instructionSet: string): string {
  return instructionSet === "baseline" ? "simd128" : instructionSet;
}

/** Where a module comes from: its bytes, or an address. */
export type WasmSource = Bytes | URL | string;

/**
 * Loads the modules where they cannot be read from the package: in a browser. Of two, that with the bits of AVX2 runs where
 * the processor and the browser can; `baseline` of the command line has those of the other one.
 * @param sources where they are; when one is left out, it is not used.
 * @returns the name of the one that will run.
 * @throws InputError when none can be had.
 */
export async function loadWasm(
  sources: Partial<Record<WasmName, WasmSource>> = Object.fromEntries(
    wasmNames.map((name) => [name, new URL(`../../wasm/${name}.wasm`, import.meta.url)]),
  ),
): Promise<WasmName> {
  for (const name of wasmNames) {
    const source = sources[name];
    compiled.delete(name);
    absent.delete(name);
    if (source === undefined) {
      absent.set(name, "it has been left out");
      continue;
    }
    try {
      keep(name, await WebAssembly.compile(await bytesOf(source)));
    } catch (error) {
      absent.set(name, (error as Error).message);
    }
  }
  const [first] = wasmNames.filter((name) => compiled.has(name));
  if (first) return first;
  throw new InputError({
    what: `there is no WebAssembly executor: ${wasmNames.flatMap((name) => absent.get(name) ?? []).join("; ")}`,
    hint: "serve wasm/relaxed.wasm and wasm/simd128.wasm of the package, or give their bytes",
  });
}

async function bytesOf(source: WasmSource): Promise<Bytes> {
  if (source instanceof ArrayBuffer || source instanceof Uint8Array) return source;
  const answer = await fetch(source);
  if (!answer.ok) throw new Error(`${source} cannot be fetched (${answer.status})`);
  return answer.arrayBuffer();
}
