// Inference one symbol at a time: a stream holds a network compiled for batch 1 and the state after the symbols so far,
// so that a caller who reads letters as they come gets the logits after each without running the string again. It is
// the same plan machinery as training, in a third setting: one lane, one step, state that lives on. A text that is there
// as a whole runs in one call, beside JavaScript.
import { EngineError } from "../errors.js";
import type { Network } from "../network/network.js";
import { compileStream } from "./compile.js";
import { encode } from "./encode.js";
import { describeExecutor, type ExecutorName, warnOfSlowness } from "./engine.js";
import { type PlanStream, type StreamOutcome, symbolRows } from "./executor.js";
import { int8PlanStream } from "./int8-executors.js";
import { buildHint, loadNative, refusal, refuse, refusing } from "./native.js";
import { warn } from "./node.js";
import type { CompileStreamOptions } from "./options.js";
import type { Plan } from "./plan.js";
import { ReferenceExecutor } from "./reference.js";
import { wasmStream } from "./wasm.js";

/** Of one run, in floats: 4 GiB. */
const MOST_LOGITS = 2 ** 30;

export interface StreamOptions extends CompileStreamOptions {
  /** The native one where there is one, else that in WebAssembly, when left out. */
  executor?: ExecutorName;
  /** Whether products are of whole numbers (int8.ts), of a network that was calibrated; every executor gives the same bits. */
  int8?: boolean;
}

export interface Stream {
  readonly plan: Plan;
  /**
   * Takes in one symbol, a row of the embedding, or the numbers of a step, and returns the outputs after it, one for each
   * class or number: the same array each time, overwritten by the next step. The native executor allocates nothing here.
   * Numbers are those that the network was trained on: standardised where its conventions say so.
   * @throws EngineError when the stream was not made for this; its state is then as before.
   */
  step(input: number | Float32Array): Float32Array;
  /**
   * Takes in symbols one after the other, as `step` does, and says how it did on `targets`, the class or symbol after each,
   * -1 for none. A text may come in slices: the state goes on from call to call. The native executor takes the read-out of
   * many steps at a time, to the same bits.
   * @param wanted steps, the first ones, whose logits are returned.
   * @throws EngineError when the stream was not made for a symbol, a target is none of its classes, their numbers differ,
   * there are not so many steps, or the stream is still at work; its state is then as before.
   */
  run(symbols: ArrayLike<number>, targets: ArrayLike<number>, wanted?: number): Promise<StreamOutcome>;
  /** Forgets all symbols so far. */
  reset(): void;
}

/**
 * A stream of a network in its present state: later changes of the network do not reach it. After the symbols of a
 * string, its logits are those of an evaluation that reads the string at its own last symbol.
 * @throws InputError when the symbols do not fit the network or the executor asked for cannot be had, or, of int8, the network
 * has not been calibrated.
 */
export function stream(network: Network, options: StreamOptions = {}): Stream {
  const plan = compileStream(network, options);
  const { parameters } = network;
  warnOfSlowness(options.executor, warn);
  const inner = options.int8
    ? int8PlanStream(network, plan, options.executor)
    : makers[describeExecutor(options.executor).name](plan, parameters);
  const rows = symbolRows(plan);
  const rowOf = (symbol: number) => {
    const row = rows[symbol] ?? -1;
    if (row >= 0) return row;
    throw new EngineError({
      what: `symbol ${symbol} is not among the symbols that the stream was made for`,
      hint: "make it for all symbols that will occur",
    });
  };
  return {
    plan,
    step: (input) => inner.step(typeof input === "number" ? rowOf(input) : checkValues(plan, input)),
    async run(symbols, targets, wanted = 0) {
      if (plan.predictsNumbers)
        throw new EngineError({ what: "a network that forecasts has no classes to be right about" });
      if (targets.length !== symbols.length || !(wanted >= 0 && wanted <= symbols.length)) {
        throw new EngineError({
          what: `${targets.length} targets and ${wanted} wanted logits do not fit ${symbols.length} symbols`,
        });
      }
      if (wanted * plan.outputs > MOST_LOGITS) {
        throw new EngineError({
          what: `the logits of ${wanted} steps need ${Math.round((wanted * plan.outputs) / 2 ** 28)} GiB`,
          hint: "run the text in slices",
        });
      }
      const own = Int32Array.from(targets);
      const stray = own.find((target) => target < -1 || target >= plan.outputs);
      if (stray !== undefined) {
        throw new EngineError({
          what: `target ${stray} does not fit a network with ${plan.outputs} classes`,
        });
      }
      const outcome = await inner.run(Int32Array.from(symbols, rowOf), own, wanted);
      return { ...outcome, count: own.reduce((sum, target) => sum + Number(target >= 0), 0) };
    },
    reset: () => inner.reset(),
  };
}

function checkValues({ input }: Plan, values: Float32Array): Float32Array {
  const width = input.kind === "values" ? input.width : 0;
  if (width > 0 && values.length === width && values.every(Number.isFinite)) return values;
  throw new EngineError({
    what: `${values.length} numbers are not a step of a stream that takes ${width === 0 ? "symbols" : width}`,
    hint: "give as many finite ones as the network reads",
  });
}

const makers: Record<ExecutorName, (plan: Plan, parameters: Float32Array) => PlanStream> = {
  native: nativeStream,
  wasm: wasmStream,
  reference: (plan, parameters) => new ReferenceExecutor(plan, parameters).stream(),
};

function nativeStream(plan: Plan, parameters: Float32Array): PlanStream {
  const { addon, absent } = loadNative();
  if (!addon) throw new EngineError({ what: `there is no native executor: ${absent}`, hint: buildHint() });
  const { words, masks } = encode(plan);
  const inner = refusing(() => new addon.NativeStream(words, masks, parameters));
  const logits = new Float32Array(plan.outputs);
  return {
    step(input) {
      try {
        inner.step(input, logits);
      } catch (error) {
        throw refusal(error);
      }
      return logits;
    },
    run: (rows, targets, wanted) => refusing(() => inner.run(rows, targets, wanted)).catch(refuse),
    reset: () => refusing(() => inner.reset()),
  };
}
