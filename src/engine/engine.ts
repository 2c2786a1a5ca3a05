// Chooses an executor: the native one where it can be had, the same in WebAssembly otherwise, and where that cannot be had
// either, the reference. That a slower one takes the place of the native one is said once.
import { InputError } from "../errors.js";
import type { Executor } from "./executor.js";
import { buildHint, loadNative, NativeExecutor } from "./native.js";
import { variable, warn } from "./node.js";
import type { Plan } from "./plan.js";
import { ReferenceExecutor } from "./reference.js";
import { WasmExecutor } from "./wasm.js";
import { findWasm } from "./wasm-modules.js";

export const executorNames = ["native", "wasm", "reference"] as const;
export type ExecutorName = (typeof executorNames)[number];

/**
 * An executor for a plan, starting from `parameters`. Without a name it is the native one where there is one, else that in
 * WebAssembly, else the reference; the environment variable FILIGREE_EXECUTOR chooses too. The native one runs up to
 * `threads` tiles of a batch at once, to the same bits whatever their number. Doing without it is a warning of the process.
 * @throws InputError when the one asked for cannot be had.
 */
export function createExecutor(
  plan: Plan,
  parameters: Float32Array,
  { executor, threads = 1 }: { executor?: ExecutorName; threads?: number } = {},
): Executor {
  warnOfSlowness(executor, warn);
  switch (describeExecutor(executor).name) {
    case "native":
      return new NativeExecutor(plan, parameters, threads);
    case "wasm":
      return new WasmExecutor(plan, parameters);
    case "reference":
      return new ReferenceExecutor(plan, parameters);
  }
}

let warned = false;

/**
 * Says, once in a process, that another executor takes the place of a native one that nobody chose to do without.
 * @param asked the executor that was asked for, if any.
 */
export function warnOfSlowness(asked: ExecutorName | undefined, say: (remark: string) => void): void {
  // A browser has no other one.
  if (warned || (asked ?? variable("FILIGREE_EXECUTOR")) !== undefined || !globalThis.process) return;
  const { absent } = loadNative();
  if (absent === undefined) return;
  warned = true;
  const [other, slower] =
    describeExecutor().name === "wasm"
      ? ["WebAssembly executor", "two to four times slower and on one core"]
      : ["reference executor", "tens of times slower"];
  say(`no native executor (${absent}): the ${other} takes its place, ${slower}; ${buildHint()}`);
}

/**
 * Which executor will run, and on what: for `--version`, reports and benchmarks. The detail is an instruction set, or
 * `relaxed` or `simd128` for a module of WebAssembly with a fused multiply-add or without.
 * @throws InputError when the one asked for, here or by FILIGREE_EXECUTOR, cannot be had.
 */
export function describeExecutor(asked?: ExecutorName): { name: ExecutorName; detail: string } {
  const wanted = asked ?? variable("FILIGREE_EXECUTOR");
  if (wanted !== undefined && !executorNames.includes(wanted as ExecutorName)) {
    throw new InputError({
      where: "FILIGREE_EXECUTOR",
      what: `there is no executor "${wanted}"`,
      hint: "use native, wasm or reference",
    });
  }
  if (wanted === "reference") return { name: "reference", detail: "TypeScript" };
  const native = wanted === "wasm" ? undefined : loadNative();
  if (native?.addon) return { name: "native", detail: native.addon.instructionSet() };
  if (wanted === "native") {
    throw new InputError({
      what: `there is no native executor: ${native?.absent}`,
      hint: `use another executor; ${buildHint()}`,
    });
  }
  const { wasm, absent } = findWasm();
  if (wasm) return { name: "wasm", detail: wasm.name };
  if (wanted === "wasm") {
    throw new InputError({
      what: `there is no WebAssembly executor: ${absent}`,
      hint: "use another executor",
    });
  }
  return {
    name: "reference",
    detail: `TypeScript; no native executor: ${native?.absent}; none in WebAssembly: ${absent}`,
  };
}
