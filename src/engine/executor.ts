// What an executor is: something that takes a plan and runs training steps and evaluations over whole epochs of
// batches. The reference and the native executor are interchangeable behind this interface, and one conformance suite
// runs over both.
import type { Batches } from "../data/batches.js";
import { EngineError } from "../errors.js";
import type { ReadAt } from "../network/conventions.js";
import type { Plan } from "./plan.js";

export type { ReadAt };

/** Adam (Kingma & Ba 2015) as PyTorch computes it, after clipping the gradient's global norm to `clip`. */
export interface Optimiser {
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** Infinity: no clipping. */
  readonly clip: number;
}

/** Adam's defaults in PyTorch, with the thesis's learning rate of 1e-3 and norm clipped to 5. */
export const thesisOptimiser: Optimiser = {
  learningRate: 1e-3,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  clip: 5,
};

/** All that changes while a network trains. The vectors are laid out as the network's parameters. */
export interface TrainingState {
  readonly parameters: Float32Array;
  /** Adam's running means of the gradient and of its square. */
  readonly firstMoment: Float32Array;
  readonly secondMoment: Float32Array;
  /** Updates made so far. */
  readonly step: number;
}

/** How a network did on each of some batches. */
export interface Outcomes {
  /** Mean cross-entropy of each batch. */
  readonly losses: Float64Array;
  /** Examples of each batch whose most likely class is their label. */
  readonly correct: Int32Array;
}

/** What a network says of a set of batches. */
export interface Evaluation extends Outcomes {
  /** [example][class], in batch order. */
  readonly logits: Float32Array;
}

export interface Executor {
  readonly name: "native" | "reference";
  readonly plan: Plan;
  /** A copy of the present state. */
  state(): TrainingState;
  /** Replaces the state. Masked weights must be zero. @throws EngineError when a length does not fit. */
  setState(state: TrainingState): void;
  /**
   * Trains on the batches `from` (included) to `to` (excluded), one update each, and resolves to their outcomes
   * before the update. A loss that is not finite, or NaN in place of one whose gradient is not, is the last one returned
   * and makes no update.
   * @throws EngineError when the batches do not fit the plan, or the executor is still at work on others.
   */
  train(batches: Batches, from: number, to: number, readAt: ReadAt): Promise<Outcomes>;
  /** Runs all batches forward. @throws EngineError when they do not fit the plan. */
  evaluate(batches: Batches, readAt: ReadAt): Promise<Evaluation>;
  /** Loss and unclipped gradient of one batch, laid out as the parameters; changes nothing. */
  gradient(
    batches: Batches,
    index: number,
    readAt: ReadAt,
  ): { loss: number; gradient: Float32Array | Float64Array };
}

/** A plan of `compileStream` at work. */
export interface PlanStream {
  /** Takes in a symbol, a row of the plan's tables; returns the logits after it, in the same array each time. */
  step(row: number): Float32Array;
  /** Forgets all symbols so far. */
  reset(): void;
}

/** The position of every symbol in the plan's tables: code → row, -1 where the symbol is not in use. */
export function symbolRows(plan: Plan): Int32Array {
  const { symbols } = plan.embedding;
  const rows = new Int32Array(symbols.at(-1)! + 1).fill(-1);
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
}

/** @throws EngineError unless the batches `from` (included) to `to` (excluded) exist. */
export function checkRange(batches: Batches, from: number, to: number): void {
  if (!Number.isInteger(from) || !Number.isInteger(to) || from < 0 || to < from || to > batches.count) {
    throw new EngineError({ what: `there are no batches ${from} to ${to} among ${batches.count}` });
  }
}

/**
 * Checks batches against a plan and translates their symbols to table rows.
 * @throws EngineError naming what does not fit.
 */
export function tableRows(plan: Plan, batches: Batches): Int32Array {
  const rows = symbolRows(plan);
  const total = (list: Int32Array) => list.reduce((sum, value) => sum + value, 0);
  const examples = total(batches.sizes);
  const cells = batches.sizes.reduce((sum, size, i) => sum + size * batches.steps[i], 0);
  if (
    batches.sizes.length !== batches.count ||
    batches.steps.length !== batches.count ||
    batches.symbols.length !== cells ||
    batches.lengths.length !== examples ||
    batches.labels.length !== examples
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
      const label = batches.labels[example];
      const length = batches.lengths[example];
      if (label < 0 || label >= plan.outputs) {
        throw new EngineError({
          where: `example ${example}`,
          what: `label ${label} does not fit a network with ${plan.outputs} classes`,
          hint: "use a network made for this data",
        });
      }
      if (length < 1 || length > batches.steps[i]) {
        throw new EngineError({
          where: `example ${example}`,
          what: `a length of ${length} does not fit its batch`,
        });
      }
    }
  }
  const translated = new Int32Array(cells);
  for (let i = 0; i < cells; i++) {
    const row = rows[batches.symbols[i]] ?? -1;
    if (row < 0) {
      throw new EngineError({
        what: `symbol ${batches.symbols[i]} is not among the symbols that the plan was compiled for`,
        hint: "compile for all symbols of the data",
      });
    }
    translated[i] = row;
  }
  return translated;
}
