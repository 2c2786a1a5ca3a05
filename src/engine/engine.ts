// Chooses an executor: the native one where it can be had, the reference otherwise, which is said once.
import { InputError } from "../errors.js";
import type { Executor } from "./executor.js";
import { buildHint, loadNative, NativeExecutor } from "./native.js";
import type { Plan } from "./plan.js";
import { ReferenceExecutor } from "./reference.js";

export const executorNames = ["native", "reference"] as const;
export type ExecutorName = (typeof executorNames)[number];

/**
 * An executor for a plan, starting from `parameters`. Without a name it is the native one where there is one;
 * the environment variable FILIGREE_EXECUTOR chooses too. The native one runs up to `threads` tiles of a batch at once,
 * to the same bits whatever their number. Falling back to the reference is a warning of the process.
 * @throws InputError when the one asked for cannot be had.
 */
export function createExecutor(
  plan: Plan,
  parameters: Float32Array,
  { executor, threads = 1 }: { executor?: ExecutorName; threads?: number } = {},
): Executor {
  warnOfSlowness(executor, (remark) => process.emitWarning(remark));
  return describeExecutor(executor).name === "native"
    ? new NativeExecutor(plan, parameters, threads)
    : new ReferenceExecutor(plan, parameters);
}

let warned = false;

/**
 * Says, once in a process, that the reference executor takes the place of a native one that nobody chose to do without.
 * @param asked the executor that was asked for, if any.
 */
export function warnOfSlowness(asked: ExecutorName | undefined, say: (remark: string) => void): void {
  if (warned || (asked ?? process.env.FILIGREE_EXECUTOR) !== undefined) return;
  const { absent } = loadNative();
  if (absent === undefined) return;
  warned = true;
  say(
    `no native executor (${absent}): the reference executor takes its place, tens of times slower; ${buildHint()}`,
  );
}

/**
 * Which executor will run, and on what: for `--version`, reports and benchmarks.
 * @throws InputError when the one asked for, here or by FILIGREE_EXECUTOR, cannot be had.
 */
export function describeExecutor(asked?: ExecutorName): { name: ExecutorName; detail: string } {
  const wanted = asked ?? process.env.FILIGREE_EXECUTOR;
  if (wanted !== undefined && !executorNames.includes(wanted as ExecutorName)) {
    throw new InputError({
      where: "FILIGREE_EXECUTOR",
      what: `there is no executor "${wanted}"`,
      hint: "use native or reference",
    });
  }
  if (wanted === "reference") return { name: "reference", detail: "TypeScript" };
  const { addon, absent } = loadNative();
  if (addon) return { name: "native", detail: addon.instructionSet() };
  if (wanted === "native") {
    throw new InputError({
      what: `there is no native executor: ${absent}`,
      hint: `use the reference executor; ${buildHint()}`,
    });
  }
  return { name: "reference", detail: `TypeScript; no native executor: ${absent}` };
}
