// A network as a module of WebAssembly that stands alone: weights inside, nothing imported, a function for a step. It runs the engine's
// own streams, as scripts/build-wasm.mjs has compiled them, so that whoever exports needs no compiler.
import { compileStream } from "../../engine/compile.js";
import { encode } from "../../engine/encode.js";
import { int8Network } from "../../engine/int8.js";
import { int8Words } from "../../engine/int8-words.js";
import { checkFinite } from "../../engine/program.js";
import { InputError } from "../../errors.js";
import { conventionMetadata } from "../../network/conventions.js";
import type { Network } from "../../network/network.js";
import { taskOf } from "../../network/tasks.js";
import { version } from "../../version.js";
import type { Golden } from "../golden.js";
import { type Contents, moduleOf } from "./module.js";
import { testOf } from "./test.js";

export interface WasmOptions {
  /** What its files are called. */
  readonly name: string;
  /** Whole numbers (engine/int8.ts), of a network that was calibrated. */
  readonly int8?: boolean;
}

/** Parameters, with zeros for those that are absent: what a module makes of them must fit its memory. */
const MOST_PARAMETERS = 2 ** 27;

/**
 * The network as a module and a program for Node.js that checks it.
 * @param module the bytes of wasm/standalone.wasm.
 * @param golden what the check expects.
 * @throws InputError when it is bidirectional or too large, or a parameter is not finite; of int8, when it has not been calibrated or
 *   whole numbers cannot hold its weights.
 */
export function exportWasm(
  network: Network,
  golden: Golden,
  module: Uint8Array,
  { name, int8 = false }: WasmOptions,
): ReadonlyMap<string, string | Uint8Array> {
  const { length } = network.parameters;
  if (length > MOST_PARAMETERS) {
    throw new InputError({
      what: `the network has ${length} parameters, and a module's memory holds up to ${MOST_PARAMETERS}`,
      hint: "export it as ONNX",
    });
  }
  const { standardisation: input, targetStandardisation: output } = network.conventions;
  const contents: Contents = { ...(int8 ? int8Contents : floatContents)(network), int8, input, output };
  return new Map<string, string | Uint8Array>([
    [`${name}.wasm`, moduleOf(module, contents, JSON.stringify(aboutOf(network, name, int8)))],
    [`${name}_test.mjs`, testOf(network, golden, name, int8)],
  ]);
}

type Numbers = Pick<Contents, "words" | "bytes" | "floats">;

function floatContents(network: Network): Numbers {
  checkFinite(network);
  const { words, masks } = encode(compileStream(network));
  return { words, bytes: masks, floats: network.parameters };
}

function int8Contents(network: Network): Numbers {
  const { words, weights, floats } = int8Words(int8Network(network));
  return { words, bytes: weights, floats };
}

/** What the custom section says: as the metadata of weight files has it, and how much goes in and comes out. */
function aboutOf(network: Network, name: string, int8: boolean): Readonly<Record<string, string | number>> {
  const { architecture, conventions } = network;
  const { input, readout } = architecture;
  return {
    name,
    version,
    numbers: int8 ? "int8" : "float32",
    task: taskOf(network),
    ...(input.kind === "symbols" ? { symbols: input.vocabulary } : { inputs: input.width }),
    outputs: readout.outputs,
    ...Object.fromEntries(conventionMetadata(conventions, input)),
  };
}

/** Three lines for a page that use a module. */
export function usageOf({ architecture }: Network, name: string): string[] {
  const { input, readout } = architecture;
  const said = `new Float32Array(${name}.memory.buffer, ${name}.output(), ${readout.outputs})`;
  const given =
    input.kind === "symbols"
      ? `${name}.step(symbol);`
      : `new Float32Array(${name}.memory.buffer, ${name}.input(), ${input.width}).set(numbers), ${name}.step();`;
  return [
    `const { instance: { exports: ${name} } } = await WebAssembly.instantiateStreaming(fetch("${name}.wasm"));`,
    `${given} // once for each step of a sequence; ${name}.reset() before another one`,
    `console.log(${said});`,
  ];
}
