// What an executor is: something that takes a plan and batches and computes, without a policy of its own. The native
// executor, the same in WebAssembly and the reference are interchangeable behind this interface, and one conformance suite
// runs over all.
import type { Batches } from "../data/batches.js";
import { EngineError } from "../errors.js";
import type { Tensor } from "../network/architecture.js";
import type { Plan } from "./plan.js";

/** The optimisers, with PyTorch's equations. */
export const optimiserKinds = ["sgd", "rmsprop", "adam", "adamw"] as const;
export type OptimiserKind = (typeof optimiserKinds)[number];

/**
 * How a gradient becomes an update, after its global norm has been clipped to `clip`. `beta1` is Adam's, or SGD's
 * momentum; `beta2` is Adam's, or RMSprop's smoothing. `weightDecay` is added to the gradient, times the weight, but AdamW
 * (Loshchilov & Hutter 2019) shrinks the weights by rate·weightDecay instead.
 */
export interface Optimiser {
  readonly kind: OptimiserKind;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
  /** Infinity: no clipping. */
  readonly clip: number;
}

/** PyTorch's defaults of each optimiser, with SGD's momentum of 0.9. */
export const optimisers: Readonly<Record<OptimiserKind, Optimiser>> = {
  sgd: { kind: "sgd", beta1: 0.9, beta2: 0, epsilon: 0, weightDecay: 0, clip: 5 },
  rmsprop: { kind: "rmsprop", beta1: 0, beta2: 0.99, epsilon: 1e-8, weightDecay: 0, clip: 5 },
  adam: { kind: "adam", beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0, clip: 5 },
  adamw: { kind: "adamw", beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01, clip: 5 },
};

/** What a call of `train` does with its gradients. */
export interface Update {
  readonly optimiser: Optimiser;
  /** The learning rate, or one for each of the batches trained on. */
  readonly rates: number | Float64Array;
  /** Determines what dropout drops; 0 when left out. */
  readonly seed?: number;
  /** What the loss of each class counts; 1 when left out. The mean stays one over targets. */
  readonly classWeights?: Float32Array;
  /** Parameters that stay as they are, with their moments, in ascending order; their gradient counts for no norm. */
  readonly frozen?: readonly Span[];
}

/** Parameters that follow each other, such as those of a tensor. */
export type Span = Pick<Tensor, "offset" | "length">;

/** All that changes while a network trains. The vectors are laid out as the network's parameters. */
export interface TrainingState {
  readonly parameters: Float32Array;
  /** Adam's running means of the gradient and of its square; SGD's momentum is a first moment, RMSprop's mean a second. */
  readonly firstMoment: Float32Array;
  readonly secondMoment: Float32Array;
  /** Updates made so far. */
  readonly step: number;
  /** Which weights exist, once that has changed. */
  readonly wiring?: Wiring;
}

/** Which parameters exist, a byte for each, 1 where it does, and the number of updates there had been when it was born. */
export interface Wiring {
  readonly mask: Uint8Array;
  readonly born: Int32Array;
}

/** The gradient of one batch. */
export interface GradientOptions {
  /** Also of weights that are absent, as if they existed with a value of 0; theirs is 0 when left out. */
  readonly everywhere?: boolean;
  /** As in `Update`. */
  readonly seed?: number;
  readonly classWeights?: Float32Array;
  /** Whether the lanes are left in what they end with, as training leaves them; as before when left out. */
  readonly carries?: boolean;
}

/** A batch's outcome, the loss being a sum, and the gradient of the mean, unclipped, laid out as the parameters. */
export interface BatchGradient {
  readonly loss: number;
  readonly count: number;
  readonly correct: number;
  readonly gradient: Float32Array | Float64Array;
}

/** How a network did on each of some batches: sums, to be added up and divided once. */
export interface Outcomes {
  /** The sum of the targets' cross-entropies, in nats, or of their squared errors. */
  readonly losses: Float64Array;
  /** Targets. */
  readonly counts: Float64Array;
  /** Targets that are the most likely class or symbol; of numbers none. */
  readonly correct: Int32Array;
}

/** What a network says of a set of batches. */
export interface Evaluation extends Outcomes {
  /**
   * [example][class] in batch order, or for each batch [step][example][symbol], 0 after an example's end; empty unless
   * wanted.
   */
  readonly outputs: Float32Array;
}

/** Bytes that an executor holds. */
export interface Footprint {
  readonly activations: number;
  /** Parameters, their gradients and the optimiser's moments. */
  readonly parameters: number;
  /** The matrices' forms. */
  readonly matrices: number;
  /** Tables and scratch. */
  readonly rest: number;
}

export interface Executor {
  readonly name: "native" | "wasm" | "reference";
  readonly plan: Plan;
  /** A copy of the present state. */
  state(): TrainingState;
  /**
   * Replaces the state. Masked weights must be zero, and their moments.
   * @throws EngineError when a length does not fit.
   */
  setState(state: TrainingState): void;
  /**
   * Replaces the masks: a byte for each parameter, 1 where it exists. Weights that are dropped become 0, and so do their
   * moments; weights that are born start at 0 with moments of 0, and Adam corrects the bias of these by the updates since.
   * @throws EngineError unless there is a 0 or a 1 for each parameter.
   */
  setMask(mask: Uint8Array): void;
  /**
   * What the lanes of the last batch were left in: for every tile of it, what its cells hand on. Batches that carry on
   * start from there. Empty before the first batch.
   */
  carry(): Float32Array;
  /** Replaces it. @throws EngineError when it is not whole tiles. */
  setCarry(carry: Float32Array): void;
  /**
   * Trains on the batches `from` (included) to `to` (excluded), one update each, and resolves to their outcomes before
   * the update, with the gradients' norms before clipping. A batch whose loss or gradient is not finite is the last one
   * returned and makes no update; its loss is then not finite, and NaN where the gradient alone is not.
   * @throws EngineError when the batches do not fit the plan, or the executor is still at work on others.
   */
  train(
    batches: Batches,
    from: number,
    to: number,
    update: Update,
  ): Promise<Outcomes & { readonly norms: Float64Array }>;
  /** Runs all batches forward. @throws EngineError when they do not fit the plan. */
  evaluate(batches: Batches, want?: "sums" | "outputs"): Promise<Evaluation>;
  /** The gradient of one batch in the present state, which stays but for what `carries` says. */
  gradient(batches: Batches, index: number, options?: GradientOptions): BatchGradient;
  /** What it holds now; the reference does not say. */
  footprint?(): Footprint;
}

/** What a network says of one long sequence: sums over its targets. */
export interface StreamOutcome {
  /** The sum of the targets' cross-entropies, in nats. */
  readonly loss: number;
  readonly count: number;
  /** Targets that are the most likely class or symbol. */
  readonly correct: number;
  /** [step][class], of as many steps as were wanted. */
  readonly outputs: Float32Array;
}

/** A plan of `compileStream` at work. */
export interface PlanStream {
  /** Takes in a symbol, a row of the plan's tables, or numbers; returns the outputs after it, in the same array each time. */
  step(input: number | Float32Array): Float32Array;
  /** Takes in many, with a target after each, -1 for none; the logits of the first `wanted` are kept. */
  run(rows: Int32Array, targets: Int32Array, wanted: number): Promise<Omit<StreamOutcome, "count">>;
  /** Forgets all symbols so far. */
  reset(): void;
}

/** The position of every symbol in the plan's tables, of which a plan that reads numbers has none: code → row, -1 where the symbol is not in use. */
export function symbolRows(plan: Plan): Int32Array {
  const symbols = plan.input.kind === "symbols" ? plan.input.symbols : [];
  const rows = new Int32Array((symbols.at(-1) ?? -1) + 1).fill(-1);
  for (const [row, symbol] of symbols.entries()) rows[symbol] = row;
  return rows;
}

/** The state of an untrained network. */
export function initialState(parameters: Float32Array): TrainingState {
  return {
    parameters: parameters.slice(),
    firstMoment: new Float32Array(parameters.length),
    secondMoment: new Float32Array(parameters.length),
    step: 0,
  };
}

/** @throws EngineError unless every vector has the plan's length. */
export function checkState(plan: Plan, state: TrainingState): void {
  for (const vector of [state.parameters, state.firstMoment, state.secondMoment]) {
    if (vector.length !== plan.parameters) {
      throw new EngineError({
        what: `a state of ${vector.length} values does not fit a plan with ${plan.parameters} parameters`,
        hint: "use the state of the network that the plan was compiled from",
      });
    }
  }
  if (!Number.isInteger(state.step) || state.step < 0) {
    throw new EngineError({ what: `${state.step} is not a number of updates` });
  }
  if (!state.wiring) return;
  const { mask, born } = state.wiring;
  checkMask(plan, mask);
  const isPast = (update: number) => update >= 0 && update <= state.step;
  if (born.length === plan.parameters && born.every(isPast)) return;
  throw new EngineError({ what: `weights are born between update 0 and ${state.step}, one number for each` });
}

/** @throws EngineError unless there is a 0 or a 1 for each parameter. */
export function checkMask(plan: Plan, mask: Uint8Array): void {
  // A loop, because there may be millions.
  let all = 0;
  for (let i = 0; i < mask.length; i++) all |= mask[i];
  if (mask.length === plan.parameters && all <= 1) return;
  throw new EngineError({ what: `a mask of ${plan.parameters} parameters has a 0 or a 1 for each` });
}

/**
 * The wiring under another mask after `step` updates.
 * @param mask laid out as the parameters. @param before what it was.
 */
export function rewire(mask: Uint8Array, step: number, before: Wiring): Wiring {
  const born = before.born.map((update, i) => (mask[i] > before.mask[i] ? step : mask[i] * update));
  return { mask: mask.slice(), born };
}

/** The wiring that a plan is compiled with. */
export function wiringOf(plan: Plan): Wiring {
  const mask = new Uint8Array(plan.parameters).fill(1);
  for (const { pieces, mask: own, columns } of plan.blocks) {
    if (!own) continue;
    for (const { row, column, rows, columns: width, parameter, stride } of pieces) {
      for (let i = 0; i < rows; i++) {
        const from = (row + i) * columns + column;
        mask.set(own.subarray(from, from + width), parameter + i * stride);
      }
    }
  }
  return { mask, born: new Int32Array(plan.parameters) };
}

/** Floats of what a tile's cells hand on. */
export function carryOf(plan: Plan): number {
  let rows = 0;
  for (const { ops } of plan.forward) {
    for (const op of ops) if (op.op === "cell") rows += op.output.rows + (op.state?.rows ?? 0);
  }
  return rows * plan.lanes;
}

/** The length of a tile's carry. @throws EngineError unless `carry` is whole tiles. */
export function checkCarry(plan: Plan, carry: Float32Array): number {
  const tile = carryOf(plan);
  if (carry.length % tile === 0) return tile;
  throw new EngineError({
    what: `${carry.length} values are no states of a plan whose tiles have ${tile}`,
    hint: "use the carry of the network that the plan was compiled from",
  });
}

/** @throws EngineError unless the batches `from` (included) to `to` (excluded) exist. */
export function checkRange(batches: Batches, from: number, to: number): void {
  if (!Number.isInteger(from) || !Number.isInteger(to) || from < 0 || to < from || to > batches.count) {
    throw new EngineError({ what: `there are no batches ${from} to ${to} among ${batches.count}` });
  }
}

/** Batches that have been checked, as executors take them. */
export interface CheckedBatches {
  /** Rows of the plan's tables, where symbols are read; the numbers otherwise. The other one is empty. */
  readonly rows: Int32Array;
  readonly values: Float32Array;
  /** Likewise, classes or numbers to be predicted. */
  readonly classes: Int32Array;
  readonly numbers: Float32Array;
}

/**
 * Checks batches against a plan and translates their symbols to table rows.
 * @throws EngineError naming what does not fit.
 */
export function checkBatches(plan: Plan, batches: Batches): CheckedBatches {
  const { inputs, targets } = batches;
  const { width } = plan.input.kind === "values" ? plan.input : { width: 1 };
  const targetWidth = plan.predictsNumbers ? plan.outputs : 1;
  const total = (list: Int32Array) => list.reduce((sum, value) => sum + value, 0);
  const examples = total(batches.sizes);
  const cells = batches.sizes.reduce((sum, size, i) => sum + size * batches.steps[i], 0);
  if (
    batches.sizes.length !== batches.count ||
    batches.steps.length !== batches.count ||
    inputs.length !== cells * width ||
    batches.lengths.length !== examples ||
    targets.length !== (plan.everyStep ? cells : examples) * targetWidth ||
    inputs instanceof Float32Array !== (plan.input.kind === "values") ||
    targets instanceof Float32Array !== plan.predictsNumbers ||
    (batches.carry !== undefined && batches.carry.length !== batches.count)
  ) {
    throw new EngineError({
      what: "the batches' arrays do not fit each other",
      hint: "make them with makeBatches",
    });
  }
  for (let i = 0; i < batches.count; i++) {
    if (batches.sizes[i] < 1 || batches.steps[i] < 1) {
      throw new EngineError({
        where: `batch ${i}`,
        what: "it is empty",
        hint: "leave out empty batches and strings",
      });
    }
    if (batches.steps[i] > plan.steps) {
      throw new EngineError({
        where: `batch ${i}`,
        what: `${batches.steps[i]} steps do not fit a plan compiled for ${plan.steps}`,
        hint: "compile for the longest sequence",
      });
    }
  }
  let example = 0;
  for (let i = 0; i < batches.count; i++) {
    for (const end = example + batches.sizes[i]; example < end; example++) {
      const length = batches.lengths[example];
      if (length < 1 || length > batches.steps[i]) {
        throw new EngineError({
          where: `example ${example}`,
          what: `a length of ${length} does not fit its batch`,
        });
      }
    }
  }
  checkEnds(plan, batches);
  const [none, nothing] = [new Int32Array(0), new Float32Array(0)];
  return {
    rows: inputs instanceof Float32Array ? none : tableRows(plan, inputs),
    values: inputs instanceof Float32Array ? checkNumbers(inputs, "input") : nothing,
    classes: targets instanceof Float32Array ? none : checkClasses(plan, targets),
    numbers: targets instanceof Float32Array ? checkNumbers(targets, "target") : nothing,
  };
}

function tableRows(plan: Plan, symbols: Uint16Array | Int32Array): Int32Array {
  const rows = symbolRows(plan);
  const translated = new Int32Array(symbols.length);
  for (let i = 0; i < symbols.length; i++) {
    const row = rows[symbols[i]] ?? -1;
    if (row < 0) {
      throw new EngineError({
        what: `symbol ${symbols[i]} is not among the symbols that the plan was compiled for`,
        hint: "compile for all symbols of the data",
      });
    }
    translated[i] = row;
  }
  return translated;
}

function checkClasses(plan: Plan, targets: Int32Array): Int32Array {
  // No target, where there are many, is -1.
  const least = plan.everyStep ? -1 : 0;
  const stray = targets.findIndex((target) => target < least || target >= plan.outputs);
  if (stray < 0) return targets;
  throw new EngineError({
    where: plan.everyStep ? `target ${stray}` : `example ${stray}`,
    what: `label ${targets[stray]} does not fit a network with ${plan.outputs} classes`,
    hint: "use a network made for this data",
  });
}

/** A target that is not there is NaN. */
function checkNumbers(values: Float32Array, what: "input" | "target"): Float32Array {
  for (let i = 0; i < values.length; i++) {
    if (Number.isFinite(values[i]) || (what === "target" && Number.isNaN(values[i]))) continue;
    throw new EngineError({
      where: `${what} ${i}`,
      what: `${values[i]} is not a finite number`,
      hint: "leave it out, or fill the gap",
    });
  }
  return values;
}

/**
 * Nothing is read after an example's own last symbol, and lanes that go on from batch to batch have no such end.
 * @throws EngineError naming the target or the batch.
 */
function checkEnds(plan: Plan, { sizes, steps, lengths, targets, carry }: Batches): void {
  const { everyStep, predictsNumbers, outputs } = plan;
  const width = predictsNumbers ? outputs : 1;
  const turns = plan.forward.some(({ ops }) => ops.some(({ op }) => op === "flip"));
  const isThere = (target: number) => (predictsNumbers ? !Number.isNaN(target) : target >= 0);
  let example = 0;
  let first = 0;
  let ended = false;
  for (const [i, size] of sizes.entries()) {
    const own = lengths.subarray(example, example + size);
    const ends = own.some((length) => length < steps[i]);
    if (carry?.[i] === 1 && turns) {
      throw new EngineError({
        where: `batch ${i}`,
        what: "it goes on from the batch before, and a bidirectional network has to see sequences as a whole",
      });
    }
    if (carry?.[i] === 1 && (ends || ended)) {
      throw new EngineError({
        where: `batch ${i}`,
        what: "it goes on from the batch before, but an example of the two ends early",
        hint: "give all examples the length of their batch",
      });
    }
    for (let l = 0; everyStep && ends && l < size; l++) {
      for (let t = own[l]; t < steps[i]; t++) {
        const at = (first + t * size + l) * width;
        if (!targets.subarray(at, at + width).some(isThere)) continue;
        throw new EngineError({
          where: `target ${at}`,
          what: `it stands after the end of example ${example + l}`,
          hint: `use ${predictsNumbers ? "NaN" : "-1"} there`,
        });
      }
    }
    ended = ends;
    example += size;
    first += size * steps[i];
  }
}

/** @throws EngineError unless there is a weight of at least 0 for each class. */
export function checkWeights(
  { outputs, predictsNumbers }: Plan,
  classWeights: Float32Array | undefined,
): void {
  if (classWeights === undefined) return;
  const fits = !predictsNumbers && classWeights.length === outputs;
  if (fits && classWeights.every((weight) => weight >= 0 && weight < Number.POSITIVE_INFINITY)) return;
  throw new EngineError({
    where: "classWeights",
    what: `they are not ${outputs} weights of classes, none below 0`,
  });
}

/** @throws EngineError unless the spans are parameters of the plan, one after the other. */
function checkFrozen({ parameters }: Plan, frozen: readonly Span[] = []): void {
  let end = 0;
  for (const { offset, length } of frozen) {
    if (!(offset >= end && length >= 0 && offset + length <= parameters)) {
      throw new EngineError({
        where: "frozen",
        what: `parameters ${offset} to ${offset + length} do not follow those before, or are none of the plan`,
      });
    }
    end = offset + length;
  }
}

/** For C++: of each run of parameters that stay, the first and the one after the last. */
export function frozenRuns({ frozen = [] }: Update): Int32Array {
  return Int32Array.from(frozen.flatMap(({ offset, length }) => [offset, offset + length]));
}

/**
 * The learning rate of each batch of a training.
 * @throws EngineError when there are no such batches, or the update does not fit them or the plan.
 */
export function checkTraining(
  plan: Plan,
  batches: Batches,
  from: number,
  to: number,
  update: Update,
): Float64Array {
  checkRange(batches, from, to);
  checkWeights(plan, update.classWeights);
  checkFrozen(plan, update.frozen);
  return ratesOf(update, to - from);
}

/** The learning rate of each of `count` batches. @throws EngineError when there are not so many, or one is no rate. */
function ratesOf({ rates }: Update, count: number): Float64Array {
  const list = typeof rates === "number" ? new Float64Array(count).fill(rates) : rates;
  const bad = list.find((rate) => !(rate >= 0 && rate < Number.POSITIVE_INFINITY));
  if (bad !== undefined) throw new EngineError({ what: `${bad} is not a learning rate` });
  if (list.length === count) return list;
  throw new EngineError({ what: `${list.length} learning rates do not fit ${count} batches` });
}
