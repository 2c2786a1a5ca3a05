// What the reference executor's operations work on: one tile of a batch, and a cell's surroundings.
import type { Batches } from "../data/batches.js";
import { type CheckedBatches, checkBatches } from "./executor.js";
import type { Plan, Rows } from "./plan.js";

/** Up to `lanes` examples of a batch, side by side. */
export interface Tile {
  readonly steps: number;
  /** Its number among the batch's tiles. */
  readonly index: number;
  /** Whether its lanes go on where those of the batch before ended. */
  readonly carries: boolean;
  /** Targets of the whole batch, over which the gradient is a mean. */
  readonly count: number;
  /** The tile's first example, among all and in its batch, and the number of them. */
  readonly first: number;
  readonly example: number;
  readonly size: number;
  /** Where the batch's outputs begin among all: those of a lane and step are `place(t, l)` after it. */
  place(step: number, lane: number): number;
  /** Table row of each symbol: [step][lane]; or numbers: [step][lane][channel]. */
  readonly symbols: Int32Array;
  readonly values: Float32Array;
  /** The step at which each lane is read out; of a segment, it may lie outside. */
  readonly readSteps: Int32Array;
  /** [lane], or [step][lane] where there are targets for every step; -1 for none. */
  readonly targets: Int32Array;
  /** Likewise [output] of each, where they are numbers; NaN for none. */
  readonly numbers: Float32Array;
}

/** The steps of a tile whose activations are in the arena together; step 0 is the first of them. */
export interface Segment extends Tile {
  /** Its number among the tile's segments, and its first step. */
  readonly segment: number;
  readonly start: number;
  readonly last: boolean;
}

/** Cuts a tile into segments of at most `most` steps. */
export function segmentsOf(tile: Tile, most: number, lanes: number): Segment[] {
  const count = Math.ceil(tile.steps / most);
  return Array.from({ length: count }, (_, index) => {
    const start = index * most;
    const steps = Math.min(most, tile.steps - start);
    return {
      ...tile,
      steps,
      symbols: tile.symbols.subarray(start * lanes, (start + steps) * lanes),
      values: tile.values.subarray((tile.values.length / tile.steps) * start),
      readSteps: tile.readSteps.map((step) => step - start),
      segment: index,
      start,
      last: index === count - 1,
    };
  });
}

export interface CellContext {
  readonly arena: Float32Array | Float64Array;
  readonly prepared: Float32Array | Float64Array;
  readonly lanes: number;
  /** The steps at work: from `first` (included) to `end` (excluded). */
  readonly first: number;
  readonly end: number;
  /** Whether the sequence ends with step `end`. */
  readonly ends: boolean;
  /** Where row `i` of step `t` begins in the arena. */
  at(rows: Rows, t?: number, i?: number): number;
  /** Adds the hidden matrix times one step to another; each is named by its offset. */
  addProduct(from: number, to: number): void;
  /** The same with the transposed matrix. */
  addTransposedProduct(from: number, to: number): void;
}

/**
 * Cuts batches into tiles of the plan's lanes. Idle lanes do as the first one does, so that nothing overflows in them
 * alone, and end and are read where it is.
 */
export class Tiles {
  private readonly plan: Plan;
  private readonly batches: Batches;
  private readonly checked: CheckedBatches;
  private readonly firstExample: number[] = [];
  private readonly firstSymbol: number[] = [];

  /** @throws EngineError when the batches do not fit the plan. */
  constructor(plan: Plan, batches: Batches) {
    this.plan = plan;
    this.batches = batches;
    this.checked = checkBatches(plan, batches);
    let example = 0;
    let symbol = 0;
    for (let i = 0; i < batches.count; i++) {
      this.firstExample.push(example);
      this.firstSymbol.push(symbol);
      example += batches.sizes[i];
      symbol += batches.sizes[i] * batches.steps[i];
    }
  }

  /** Targets of a batch. */
  countOf(index: number): number {
    const { everyStep, predictsNumbers, outputs } = this.plan;
    const { classes, numbers } = this.checked;
    const size = this.batches.sizes[index];
    const [first, count] = everyStep
      ? [this.firstSymbol[index], size * this.batches.steps[index]]
      : [this.firstExample[index], size];
    const own = predictsNumbers
      ? numbers.subarray(first * outputs, (first + count) * outputs)
      : classes.subarray(first, first + count);
    let there = 0;
    for (const target of own) if (predictsNumbers ? !Number.isNaN(target) : target >= 0) there++;
    return there;
  }

  /** The tiles of a batch. */
  of(index: number): Tile[] {
    const { lanes, everyStep, predictsNumbers, outputs, input } = this.plan;
    const { rows, values, classes, numbers } = this.checked;
    const batch = this.batches.sizes[index];
    const steps = this.batches.steps[index];
    const count = this.countOf(index);
    const carries = this.batches.carry?.[index] === 1;
    const width = input.kind === "values" ? input.width : 0;
    const tiles: Tile[] = [];
    for (let start = 0; start < batch; start += lanes) {
      const size = Math.min(lanes, batch - start);
      const first = this.firstExample[index] + start;
      const symbols = new Int32Array(width > 0 ? 0 : steps * lanes);
      const own = new Float32Array(steps * lanes * width);
      const places = everyStep ? steps * lanes : lanes;
      const targets = new Int32Array(predictsNumbers ? 0 : places).fill(-1);
      const wanted = new Float32Array(predictsNumbers ? places * outputs : 0).fill(Number.NaN);
      const readSteps = new Int32Array(lanes);
      const at = (t: number) => this.firstSymbol[index] + t * batch + start;
      for (let t = 0; t < steps; t++) {
        for (let l = 0; l < lanes; l++) {
          const from = at(t) + (l < size ? l : 0);
          if (width === 0) symbols[t * lanes + l] = rows[from];
          else own.set(values.subarray(from * width, (from + 1) * width), (t * lanes + l) * width);
        }
      }
      for (let t = 0; t < (everyStep ? steps : 1); t++) {
        const from = everyStep ? at(t) : first;
        if (predictsNumbers)
          wanted.set(numbers.subarray(from * outputs, (from + size) * outputs), t * lanes * outputs);
        else targets.set(classes.subarray(from, from + size), t * lanes);
      }
      for (let l = 0; l < lanes; l++) readSteps[l] = this.batches.lengths[first + (l < size ? l : 0)] - 1;
      tiles.push({
        steps,
        index: tiles.length,
        carries,
        count,
        first,
        example: start,
        size,
        place: (t, l) => (everyStep ? at(t) : first) + l,
        symbols,
        values: own,
        readSteps,
        targets,
        numbers: wanted,
      });
    }
    return tiles;
  }
}
