// Inference one symbol at a time: a stream holds a network compiled for batch 1 and the state after the symbols so far,
// so that a caller who reads letters as they come gets the logits after each without running the string again. It is
// the same plan machinery as training, in a third setting: one lane, one step, state that lives on.
import { EngineError } from "../errors.js";
import type { Network } from "../network/network.js";
import { type CompileStreamOptions, compileStream } from "./compile.js";
import { encode } from "./encode.js";
import { describeExecutor, type ExecutorName, warnOfSlowness } from "./engine.js";
import { type PlanStream, symbolRows } from "./executor.js";
import { buildHint, loadNative, refusal, refusing } from "./native.js";
import type { Plan } from "./plan.js";
import { ReferenceExecutor } from "./reference.js";

export interface StreamOptions extends CompileStreamOptions {
  /** The native one where there is one, when left out. */
  executor?: ExecutorName;
}

export interface Stream {
  readonly plan: Plan;
  /**
   * Takes in one symbol, a row of the embedding, and returns the logits after it, one for each class: the same array
   * each time, overwritten by the next step. The native executor allocates nothing here.
   * @throws EngineError when the stream was not made for this symbol; its state is then as before.
   */
  step(symbol: number): Float32Array;
  /** Forgets all symbols so far. */
  reset(): void;
}

/**
 * A stream of a network in its present state: later changes of the network do not reach it. After the symbols of a
 * string, its logits are those of an evaluation that reads the string at its own last symbol.
 * @throws InputError when the symbols do not fit the network or the executor asked for cannot be had.
 */
export function stream(network: Network, options: StreamOptions = {}): Stream {
  const plan = compileStream(network, options);
  const { parameters } = network;
  warnOfSlowness(options.executor, (remark) => process.emitWarning(remark));
  const inner =
    describeExecutor(options.executor).name === "native"
      ? nativeStream(plan, parameters)
      : new ReferenceExecutor(plan, parameters).stream();
  const rows = symbolRows(plan);
  return {
    plan,
    step(symbol) {
      const row = rows[symbol] ?? -1;
      if (row < 0) {
        throw new EngineError({
          what: `symbol ${symbol} is not among the symbols that the stream was made for`,
          hint: "make it for all symbols that will occur",
        });
      }
      return inner.step(row);
    },
    reset: () => inner.reset(),
  };
}

function nativeStream(plan: Plan, parameters: Float32Array): PlanStream {
  const { addon, absent } = loadNative();
  if (!addon) throw new EngineError({ what: `there is no native executor: ${absent}`, hint: buildHint() });
  const { words, masks } = encode(plan);
  const inner = refusing(() => new addon.NativeStream(words, masks, parameters));
  const logits = new Float32Array(plan.outputs);
  return {
    step(row) {
      try {
        inner.step(row, logits);
      } catch (error) {
        throw refusal(error);
      }
      return logits;
    },
    reset: () => inner.reset(),
  };
}
