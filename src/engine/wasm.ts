// The executor in WebAssembly: the same C++ as the native one, behind the functions of native/wasm/interface.cc. Every
// executor and every stream has an instance of its own. What C++ refuses ends the instance, because nothing in it is put
// right again; whatever a caller can get wrong is checked before.
import type { Batches } from "../data/batches.js";
import { EngineError } from "../errors.js";
import { compressedBlocks } from "./blocks.js";
import { encode } from "./encode.js";
import {
  type BatchGradient,
  checkBatches,
  checkCarry,
  checkMask,
  checkRange,
  checkState,
  checkTraining,
  checkWeights,
  type Evaluation,
  type Executor,
  type Footprint,
  frozenRuns,
  type GradientOptions,
  initialState,
  type Outcomes,
  optimiserKinds,
  type PlanStream,
  type TrainingState,
  type Update,
} from "./executor.js";
import type { Int8Words } from "./int8-words.js";
import type { Plan } from "./plan.js";
import type { Program } from "./program.js";
import type { Stepper } from "./stepper.js";
import { Turns } from "./turns.js";
import { type Exports, findWasm, instantiate, type WasmModule } from "./wasm-modules.js";

type Numbers = Float32Array | Float64Array | Int32Array | Int8Array | Uint8Array;

/** The arrays of batches, in the order of `batchArray` in native/wasm/interface.cc. */
const batchArrays = [
  "sizes",
  "steps",
  "symbols",
  "lengths",
  "targets",
  "values",
  "numbers",
  "carry",
] as const;

const none = new Float32Array(0);

/** What is copied into an instance's memory for one call, and out of it again. */
class Border {
  readonly exports: Exports;
  private readonly places: number[] = [];

  constructor(exports: Exports) {
    this.exports = exports;
  }

  /** Room for an array like this, until the call has ended. */
  room({ byteLength }: Numbers): number {
    const at = this.exports.allocate(byteLength) >>> 0;
    this.places.push(at);
    return at;
  }

  /** Copies an array in; returns where it is. */
  put(array: Numbers): number {
    const at = this.room(array);
    this.write(array, at);
    return at;
  }

  /** Copies an array to a place. */
  write(array: Numbers, at: number): void {
    new Uint8Array(this.exports.memory.buffer, at >>> 0, array.byteLength).set(bytesOf(array));
  }

  /** Copies out what is at a place. */
  take<A extends Numbers>(array: A, at: number): A {
    bytesOf(array).set(new Uint8Array(this.exports.memory.buffer, at, array.byteLength));
    return array;
  }

  /** Copies out the outcomes, from the first on, of as many batches as `run` says that it ran. */
  outcomes(to: OutcomesOfAll, first: number, count: number, run: (places: number[]) => number): number {
    const arrays = [to.losses, to.counts, to.norms, to.correct];
    const places = arrays.map((array) => this.room(array.subarray(first, first + count)));
    const ran = run(places) >>> 0;
    for (const [i, array] of arrays.entries()) this.take(array.subarray(first, first + ran), places[i]);
    return ran;
  }

  end(): void {
    for (const at of this.places) this.exports.release(at);
  }
}

function bytesOf({ buffer, byteOffset, byteLength }: Numbers): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

class Instance {
  private exports: Exports | undefined;
  /** Why it has ended. */
  private end: EngineError | undefined;

  constructor({ module }: WasmModule) {
    const refuse = (at: number, length: number): never => {
      const bytes = new Uint8Array(this.exports!.memory.buffer, at >>> 0, length);
      throw new EngineError({ what: new TextDecoder().decode(bytes) });
    };
    this.exports = instantiate(module, refuse);
  }

  /**
   * Calls C++.
   * @throws EngineError when it refuses, or has refused before: then the instance and all that it held are gone.
   */
  call<T>(work: (border: Border) => T): T {
    const { exports } = this;
    if (!exports) {
      throw new EngineError({
        what: `the executor has ended: ${this.end!.what}`,
        hint: "make another one",
        cause: this.end,
      });
    }
    try {
      const border = new Border(exports);
      const result = work(border);
      border.end();
      return result;
    } catch (error) {
      this.exports = undefined;
      this.end =
        error instanceof EngineError
          ? error
          : new EngineError({ what: (error as Error).message, cause: error });
      throw this.end;
    }
  }
}

/** @throws EngineError when there is no module. */
function newInstance(): Instance {
  const { wasm, absent } = findWasm();
  if (!wasm) throw new EngineError({ what: `there is no WebAssembly executor: ${absent}` });
  return new Instance(wasm);
}

/**
 * An instance with an executor or a stream of a plan.
 * @throws EngineError when there is no module, or it refuses the plan.
 */
function instanceOf(
  create: "createExecutor" | "createStream",
  plan: Plan,
  parameters: Float32Array,
): Instance {
  const instance = newInstance();
  checkState(plan, initialState(parameters));
  const { words, masks } = encode(plan);
  instance.call((border) => {
    const [at, masksAt, parametersAt] = [words, masks, parameters].map((array) => border.put(array));
    border.exports[create](at, words.length, masksAt, masks.length, parametersAt, parameters.length);
  });
  return instance;
}

interface OutcomesOfAll extends Outcomes {
  readonly norms: Float64Array;
}

function outcomesOf(count: number): OutcomesOfAll {
  const doubles = () => new Float64Array(count);
  return { losses: doubles(), counts: doubles(), norms: doubles(), correct: new Int32Array(count) };
}

export class WasmExecutor implements Executor {
  readonly name = "wasm";
  readonly plan: Plan;
  private readonly inner: Instance;
  private readonly turns = new Turns();
  /** Whether masks have changed. */
  private rewired = false;

  /** @throws EngineError when there is no module, or it refuses the plan. */
  constructor(plan: Plan, parameters: Float32Array) {
    this.plan = plan;
    this.inner = instanceOf("createExecutor", plan, parameters);
  }

  state(): TrainingState {
    const vector = () => new Float32Array(this.plan.parameters);
    const vectors = { parameters: vector(), firstMoment: vector(), secondMoment: vector() };
    return this.idle((border) => {
      const all = Object.values(vectors).map((array) => [array, border.put(array)] as const);
      const [parameters, first, second] = all.map(([, at]) => at);
      const step = border.exports.state(parameters, first, second);
      for (const [array, at] of all) border.take(array, at);
      if (!this.rewired) return { ...vectors, step };
      const wiring = {
        mask: new Uint8Array(this.plan.parameters),
        born: new Int32Array(this.plan.parameters),
      };
      const [mask, born] = [border.room(wiring.mask), border.room(wiring.born)];
      border.exports.wiring(mask, born);
      border.take(wiring.mask, mask);
      border.take(wiring.born, born);
      return { ...vectors, step, wiring };
    });
  }

  setState(state: TrainingState): void {
    this.turns.checkIdle();
    checkState(this.plan, state);
    const { parameters, firstMoment, secondMoment, step, wiring } = state;
    this.idle((border) => {
      if (wiring) {
        const forms = compressedBlocks(this.plan, wiring.mask);
        border.exports.setWiring(border.put(wiring.mask), border.put(forms), border.put(wiring.born));
        this.rewired = true;
      }
      border.exports.setState(
        border.put(parameters),
        border.put(firstMoment),
        border.put(secondMoment),
        step,
      );
    });
  }

  setMask(mask: Uint8Array): void {
    this.turns.checkIdle();
    checkMask(this.plan, mask);
    this.idle((border) =>
      border.exports.setMask(border.put(mask), border.put(compressedBlocks(this.plan, mask))),
    );
    this.rewired = true;
  }

  carry(): Float32Array {
    return this.idle((border) => {
      const carry = new Float32Array(border.exports.carryCount() >>> 0);
      const at = border.room(carry);
      border.exports.carry(at);
      return border.take(carry, at);
    });
  }

  setCarry(carry: Float32Array): void {
    this.turns.checkIdle();
    checkCarry(this.plan, carry);
    this.idle((border) => border.exports.setCarry(border.put(carry), carry.length));
  }

  train(batches: Batches, from: number, to: number, update: Update) {
    return this.turns.atWork(() => this.trainOn(batches, from, to, update));
  }

  evaluate(batches: Batches, want: "sums" | "outputs" = "sums"): Promise<Evaluation> {
    return this.turns.atWork(() => this.evaluateOn(batches, want));
  }

  private async trainOn(batches: Batches, from: number, to: number, update: Update) {
    const rates = checkTraining(this.plan, batches, from, to, update);
    const frozen = frozenRuns(update);
    this.checkBackward();
    const { optimiser, seed = 0, classWeights = none } = update;
    const { kind, beta1, beta2, epsilon, weightDecay, clip } = optimiser;
    const settings = [optimiserKinds.indexOf(kind), beta1, beta2, epsilon, weightDecay, clip, seed];
    const all = outcomesOf(to - from);
    let done = 0;
    await this.withBatches(batches, () =>
      this.turns.inSlices(to - from, (first, count) =>
        this.inner.call((border) => {
          const own = [
            border.put(Float64Array.from(settings)),
            border.put(rates.subarray(first, first + count)),
          ];
          const weights = [border.put(classWeights), classWeights.length];
          const runs = [border.put(frozen), frozen.length];
          const ran = border.outcomes(all, first, count, (places) =>
            border.exports.train(from + first, from + first + count, ...own, ...weights, ...runs, ...places),
          );
          done += ran;
          return ran;
        }),
      ),
    );
    // The last one may be a batch whose loss is not finite.
    return {
      losses: all.losses.slice(0, done),
      counts: all.counts.slice(0, done),
      correct: all.correct.slice(0, done),
      norms: all.norms.slice(0, done),
    } satisfies Outcomes & { norms: Float64Array };
  }

  private async evaluateOn(batches: Batches, want: "sums" | "outputs"): Promise<Evaluation> {
    const all = outcomesOf(batches.count);
    const wanted = want === "outputs" ? batches.targets.length : 0;
    const outputs = new Float32Array(wanted * (this.plan.predictsNumbers ? 1 : this.plan.outputs));
    await this.withBatches(batches, async () => {
      const at = this.inner.call((border) => {
        const place = border.exports.allocate(outputs.byteLength) >>> 0;
        border.write(outputs, place); // Zeros stay where an example has ended.
        return place;
      });
      await this.turns.inSlices(batches.count, (first, count) =>
        this.inner.call((border) =>
          border.outcomes(all, first, count, (places) => {
            const where = want === "outputs" ? at : 0;
            border.exports.evaluate(first, first + count, where, outputs.length, ...places);
            return count;
          }),
        ),
      );
      this.inner.call((border) => {
        border.take(outputs, at);
        border.exports.release(at);
      });
    });
    return { losses: all.losses, counts: all.counts, correct: all.correct, outputs };
  }

  gradient(batches: Batches, index: number, options: GradientOptions = {}): BatchGradient {
    this.turns.checkIdle();
    checkRange(batches, index, index + 1);
    checkWeights(this.plan, options.classWeights);
    this.checkBackward();
    const { everywhere = false, seed = 0, classWeights = none, carries = false } = options;
    const gradient = new Float32Array(this.plan.parameters);
    const all = outcomesOf(1);
    this.hand(batches);
    this.inner.call((border) => {
      const at = border.put(gradient);
      const weights = [border.put(classWeights), classWeights.length];
      border.outcomes(all, 0, 1, (places) => {
        border.exports.gradient(index, Number(everywhere), seed, ...weights, Number(carries), at, ...places);
        return 1;
      });
      border.take(gradient, at);
      border.exports.endBatches();
    });
    return { loss: all.losses[0], count: all.counts[0], correct: all.correct[0], gradient };
  }

  footprint(): Footprint {
    return this.idle((border) => {
      const bytes = new Float64Array(4);
      const at = border.room(bytes);
      border.exports.footprint(at);
      const [activations, parameters, matrices, rest] = border.take(bytes, at);
      return { activations, parameters, matrices, rest };
    });
  }

  private idle<T>(work: (border: Border) => T): T {
    this.turns.checkIdle();
    return this.inner.call(work);
  }

  private checkBackward(): void {
    if (this.plan.backward.length > 0) return;
    throw new EngineError({ what: "the plan cannot be run: it is for evaluation" });
  }

  /** Hands over batches, works on them, and forgets them. */
  private async withBatches(batches: Batches, work: () => Promise<void>): Promise<void> {
    this.hand(batches);
    await work();
    this.inner.call((border) => border.exports.endBatches());
  }

  /** Checks batches and copies them in. */
  private hand(batches: Batches): void {
    const { count, sizes, steps, lengths, carry = new Uint8Array(count) } = batches;
    const { rows, values, classes, numbers } = checkBatches(this.plan, batches);
    const arrays = { sizes, steps, symbols: rows, lengths, targets: classes, values, numbers, carry };
    this.inner.call((border) => {
      for (const [i, name] of batchArrays.entries())
        border.write(arrays[name], border.exports.batchArray(i, arrays[name].length));
      border.exports.checkBatches();
    });
  }
}

/** Symbols of a run that are taken in before others have their turn. */
const SLICE = 1 << 14;

/** A stream of a plan of `compileStream`. @throws EngineError as the executor does. */
export function wasmStream(plan: Plan, parameters: Float32Array): PlanStream {
  const inner = instanceOf("createStream", plan, parameters);
  const turns = new Turns();
  const logits = new Float32Array(plan.outputs);
  const width = plan.input.kind === "values" ? plan.input.width : 0;
  const [valuesAt, logitsAt] = inner.call((border) =>
    [width, plan.outputs].map((floats) => border.exports.allocate(4 * floats) >>> 0),
  );
  return {
    step(input) {
      turns.checkIdle();
      if (logits.length !== plan.outputs)
        throw new EngineError({ what: "the array of logits has been taken away" });
      return inner.call((border) => {
        if (typeof input !== "number") border.write(input, valuesAt);
        border.exports.streamStep(typeof input === "number" ? input : 0, valuesAt, logitsAt);
        return border.take(logits, logitsAt);
      });
    },
    run: (rows, targets, wanted) =>
      turns.atWork(async () => {
        const sums = { loss: new Float64Array(1), correct: new Int32Array(1) };
        const outputs = new Float32Array(wanted * plan.outputs);
        const run = (first: number, count: number) =>
          inner.call((border) => {
            const end = first + count;
            const here = outputs.subarray(
              Math.min(first, wanted) * plan.outputs,
              Math.min(end, wanted) * plan.outputs,
            );
            const at = border.put(here);
            const [loss, correct] = [border.put(sums.loss), border.put(sums.correct)];
            const own = [border.put(rows.subarray(first, end)), border.put(targets.subarray(first, end))];
            border.exports.streamRun(...own, count, at, here.length / plan.outputs, loss, correct);
            border.take(here, at);
            border.take(sums.loss, loss);
            border.take(sums.correct, correct);
            return count;
          });
        await turns.inSlices(rows.length, run, SLICE);
        return { loss: sums.loss[0], correct: sums.correct[0], outputs };
      }),
    reset() {
      turns.checkIdle();
      inner.call((border) => border.exports.streamReset());
    },
  };
}

/** A stream in int8. @throws EngineError as the executor does. */
export function wasmInt8Stream(
  { words, weights, floats }: Int8Words,
  { input, readout }: Pick<Program, "input" | "readout">,
): Stepper {
  const inner = newInstance();
  const outputs = new Float32Array(readout.bias.length);
  const width = input.kind === "values" ? input.width : 0;
  const [valuesAt, outputsAt] = inner.call((border) => {
    const arrays = [words, weights, floats].flatMap((array) => [border.put(array), array.length]);
    border.exports.createInt8Stream(...arrays);
    return [width, outputs.length].map((floats) => border.exports.allocate(4 * floats) >>> 0);
  });
  return {
    step: (input) =>
      inner.call((border) => {
        if (typeof input !== "number") border.write(input, valuesAt);
        border.exports.int8Step(typeof input === "number" ? input : 0, valuesAt, outputsAt);
        return border.take(outputs, outputsAt);
      }),
    reset: () => inner.call((border) => void border.exports.int8Reset()),
  };
}
