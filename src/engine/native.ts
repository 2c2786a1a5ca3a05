// The native executor: hands a plan to the C++ addon and keeps the interface of the reference executor. Where the addon
// cannot be had, `loadNative` says why and another executor takes its place (engine.ts).
import type { Batches } from "../data/batches.js";
import { EngineError } from "../errors.js";
import { compressedBlocks } from "./blocks.js";
import { dialect, encode } from "./encode.js";
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
  type TrainingState,
  type Update,
} from "./executor.js";
import { builtin } from "./node.js";
import type { Plan } from "./plan.js";

interface AddonBatches {
  sizes: Int32Array;
  steps: Int32Array;
  symbols: Int32Array;
  values: Float32Array;
  lengths: Int32Array;
  targets: Int32Array;
  numbers: Float32Array;
  carry: Uint8Array;
}

interface AddonUpdate {
  /** An index of `optimiserKinds`. */
  optimiser: number;
  beta1: number;
  beta2: number;
  epsilon: number;
  weightDecay: number;
  clip: number;
  rates: Float64Array;
  seed: number;
  /** Of no length: 1 of each class. */
  classWeights: Float32Array;
  /** Of each run of parameters that stay, the first and the one after the last. */
  frozen: Int32Array;
}

interface AddonGradient {
  everywhere: boolean;
  seed: number;
  classWeights: Float32Array;
  carries: boolean;
}

interface AddonExecutor {
  train(
    batches: AddonBatches,
    from: number,
    to: number,
    update: AddonUpdate,
  ): Promise<Outcomes & { norms: Float64Array }>;
  evaluate(batches: AddonBatches, outputs: boolean): Promise<Evaluation>;
  gradient(
    batches: AddonBatches,
    index: number,
    options: AddonGradient,
    gradient: Float32Array,
  ): { loss: number; count: number; correct: number };
  carry(): Float32Array;
  setCarry(carry: Float32Array): void;
  state(parameters: Float32Array, firstMoment: Float32Array, secondMoment: Float32Array): number;
  setState(
    parameters: Float32Array,
    firstMoment: Float32Array,
    secondMoment: Float32Array,
    step: number,
  ): void;
  /** @param compressed a byte for each block. */
  setMask(mask: Uint8Array, compressed: Uint8Array): void;
  setWiring(mask: Uint8Array, compressed: Uint8Array, born: Int32Array): void;
  wiring(mask: Uint8Array, born: Int32Array): void;
  footprint(): Footprint;
}

interface KernelShape {
  readonly kernel: string;
  readonly rows: number;
  readonly columns: number;
  readonly lanes: number;
  readonly steps: number;
  /** For a compressed matrix. */
  readonly mask?: Uint8Array;
}

interface AddonStream {
  /** @param input a row of the plan's tables, or numbers. */
  step(input: number | Float32Array, logits: Float32Array): void;
  run(
    symbols: Int32Array,
    targets: Int32Array,
    wanted: number,
  ): Promise<{ loss: number; correct: number; outputs: Float32Array }>;
  reset(): void;
}

interface AddonInt8Stream {
  step(input: number | Float32Array, outputs: Float32Array): void;
  reset(): void;
}

interface Addon {
  NativeExecutor: new (
    words: Int32Array,
    masks: Uint8Array,
    parameters: Float32Array,
    threads: number,
  ) => AddonExecutor;
  NativeStream: new (words: Int32Array, masks: Uint8Array, parameters: Float32Array) => AddonStream;
  /** See `Int8Words` in int8-words.ts. */
  NativeInt8Stream: new (
    words: Int32Array,
    weights: Int8Array,
    floats: Float32Array,
  ) => AddonInt8Stream;
  /** Floating-point operations per second that one core reaches. */
  peak(): number;
  /** Makes operands for a kernel and returns what times so many calls of it, in seconds. */
  timer(kernel: KernelShape): (calls: number) => number;
  /** The instruction set in use; FILIGREE_ISA asks for another (avx512, avx2, neon or baseline). */
  instructionSet(): string;
  /** See `dialect` in encode.ts. */
  dialect(): string;
}

let addon: Addon | undefined;
let absent: string | undefined;

/** The addon, or why there is none. It is looked for once: a build of this checkout first, then the package's. */
export function loadNative(): { addon: Addon; absent?: undefined } | { addon?: undefined; absent: string } {
  if (addon) return { addon };
  if (absent) return { absent };
  if (!builtin) {
    absent = "this is not Node.js";
    return { absent };
  }
  const [{ existsSync }, { fileURLToPath }] = [builtin("node:fs"), builtin("node:url")];
  const places = ["../../build/Release/", `../../prebuilds/${process.platform}-${process.arch}/`].map(
    (folder) => fileURLToPath(new URL(`${folder}filigree.node`, import.meta.url)),
  );
  for (const place of places.filter((place) => existsSync(place))) {
    try {
      addon = openAddon(place);
      return { addon };
    } catch (error) {
      absent ??= (error as Error).message;
    }
  }
  absent ??= "it is not built";
  return { absent };
}

/**
 * Loads an addon in Node.js, if it is as it was built: a damaged one could crash the process. scripts/build-native.mjs
 * leaves its digest beside it. @throws Error when it is damaged or cannot be loaded here.
 */
export function openAddon(path: string): Addon {
  const { createHash } = builtin!("node:crypto");
  const { existsSync, readFileSync } = builtin!("node:fs");
  const record = `${path}.sha256`;
  const digest = createHash("sha256").update(readFileSync(path)).digest("hex");
  if (!existsSync(record) || !readFileSync(record, "utf8").startsWith(digest))
    throw new Error(`${path} is damaged`);
  const found = builtin!("node:module").createRequire(import.meta.url)(path) as Addon;
  found.instructionSet();
  // A build of other sources than these.
  if (found.dialect() !== dialect) throw new Error(`${path} is of another version`);
  return found;
}

/** How to get an addon where there is none, as the hint of an error. */
export function buildHint(): string {
  if (!builtin) return "run it in Node.js";
  const script = builtin("node:url").fileURLToPath(
    new URL("../../scripts/build-native.mjs", import.meta.url),
  );
  return `\`node ${builtin("node:path").relative("", script)}\` builds it with a C++20 compiler`;
}

export class NativeExecutor implements Executor {
  readonly name = "native";
  readonly plan: Plan;
  private readonly inner: AddonExecutor;
  /** Whether masks have changed. */
  private rewired = false;

  /**
   * @param threads how many tiles of a batch run at once; it changes no result.
   * @throws EngineError when the addon is absent or refuses the plan.
   */
  constructor(plan: Plan, parameters: Float32Array, threads = 1) {
    const { addon, absent } = loadNative();
    if (!addon) throw new EngineError({ what: `there is no native executor: ${absent}`, hint: buildHint() });
    this.plan = plan;
    checkState(plan, initialState(parameters));
    const { words, masks } = encode(plan);
    this.inner = refusing(() => new addon.NativeExecutor(words, masks, parameters, threads));
  }

  state(): TrainingState {
    const vector = () => new Float32Array(this.plan.parameters);
    const [parameters, firstMoment, secondMoment] = [vector(), vector(), vector()];
    const step = refusing(() => this.inner.state(parameters, firstMoment, secondMoment));
    const state = { parameters, firstMoment, secondMoment, step };
    if (!this.rewired) return state;
    const wiring = { mask: new Uint8Array(parameters.length), born: new Int32Array(parameters.length) };
    refusing(() => this.inner.wiring(wiring.mask, wiring.born));
    return { ...state, wiring };
  }

  setState(state: TrainingState): void {
    checkState(this.plan, state);
    const { parameters, firstMoment, secondMoment, step, wiring } = state;
    if (wiring) {
      const { mask, born } = wiring;
      refusing(() => this.inner.setWiring(mask, compressedBlocks(this.plan, mask), born));
      this.rewired = true;
    }
    refusing(() => this.inner.setState(parameters, firstMoment, secondMoment, step));
  }

  setMask(mask: Uint8Array): void {
    checkMask(this.plan, mask);
    refusing(() => this.inner.setMask(mask, compressedBlocks(this.plan, mask)));
    this.rewired = true;
  }

  carry(): Float32Array {
    return refusing(() => this.inner.carry());
  }

  setCarry(carry: Float32Array): void {
    checkCarry(this.plan, carry);
    refusing(() => this.inner.setCarry(carry));
  }

  async train(batches: Batches, from: number, to: number, update: Update) {
    const rates = checkTraining(this.plan, batches, from, to, update);
    const translated = this.translate(batches);
    const { kind, ...settings } = update.optimiser;
    const frozen = frozenRuns(update);
    const { seed = 0, classWeights = new Float32Array(0) } = update;
    const own = { ...settings, optimiser: optimiserKinds.indexOf(kind), rates, seed, classWeights, frozen };
    return refusing(() => this.inner.train(translated, from, to, own)).catch(refuse);
  }

  async evaluate(batches: Batches, want: "sums" | "outputs" = "sums"): Promise<Evaluation> {
    const translated = this.translate(batches);
    return refusing(() => this.inner.evaluate(translated, want === "outputs")).catch(refuse);
  }

  gradient(batches: Batches, index: number, options: GradientOptions = {}): BatchGradient {
    checkRange(batches, index, index + 1);
    checkWeights(this.plan, options.classWeights);
    const { everywhere = false, seed = 0, classWeights = new Float32Array(0), carries = false } = options;
    const gradient = new Float32Array(this.plan.parameters);
    const translated = this.translate(batches);
    const own = { everywhere, seed, classWeights, carries };
    return { ...refusing(() => this.inner.gradient(translated, index, own, gradient)), gradient };
  }

  footprint(): Footprint {
    return refusing(() => this.inner.footprint());
  }

  private translate(batches: Batches): AddonBatches {
    const { count, sizes, steps, lengths, carry = new Uint8Array(count) } = batches;
    const { rows, values, classes, numbers } = checkBatches(this.plan, batches);
    return { sizes, steps, symbols: rows, values, lengths, targets: classes, numbers, carry };
  }
}

/** What the addon threw, as an EngineError. */
export function refusal(error: unknown): EngineError {
  return error instanceof EngineError
    ? error
    : new EngineError({ what: (error as Error).message, cause: error });
}

export function refuse(error: unknown): never {
  throw refusal(error);
}

/** Calls the addon; what it refuses becomes an EngineError. */
export function refusing<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    return refuse(error);
  }
}
