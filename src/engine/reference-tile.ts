// What the reference executor's operations work on: one tile of a batch, and a cell's surroundings.
import type { Batches } from "../data/batches.js";
import { type ReadAt, tableRows } from "./executor.js";
import type { Plan, Rows } from "./plan.js";

/** Up to `lanes` examples of a batch, side by side. */
export interface Tile {
  readonly steps: number;
  /** Examples of the whole batch, over which the loss is a mean. */
  readonly batch: number;
  /** The tile's first example and the number of them. */
  readonly first: number;
  readonly size: number;
  /** Table row of each symbol: [step][lane]. */
  readonly symbols: Int32Array;
  /** The step at which each lane is read out; of a segment, it may lie outside. */
  readonly readSteps: Int32Array;
  readonly labels: Int32Array;
}

/** The steps of a tile whose activations are in the arena together; step 0 is the first of them. */
export interface Segment extends Tile {
  /** Its number among the tile's segments. */
  readonly index: number;
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
      readSteps: tile.readSteps.map((step) => step - start),
      index,
      last: index === count - 1,
    };
  });
}

export interface CellContext {
  readonly arena: Float32Array | Float64Array;
  readonly prepared: Float32Array | Float64Array;
  readonly lanes: number;
  readonly steps: number;
  /** Whether a sequence begins at step 0, so that the state before it is zero, and whether it ends with the last step. */
  readonly begins: boolean;
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
 * alone, and are read at step 0.
 */
export class Tiles {
  private readonly plan: Plan;
  private readonly batches: Batches;
  private readonly readAt: ReadAt;
  private readonly rows: Int32Array;
  private readonly firstExample: number[] = [];
  private readonly firstSymbol: number[] = [];

  /** @throws EngineError when the batches do not fit the plan. */
  constructor(plan: Plan, batches: Batches, readAt: ReadAt) {
    this.plan = plan;
    this.batches = batches;
    this.readAt = readAt;
    this.rows = tableRows(plan, batches);
    let example = 0;
    let symbol = 0;
    for (let i = 0; i < batches.count; i++) {
      this.firstExample.push(example);
      this.firstSymbol.push(symbol);
      example += batches.sizes[i];
      symbol += batches.sizes[i] * batches.steps[i];
    }
  }

  /** The tiles of a batch. */
  of(index: number): Tile[] {
    const { lanes } = this.plan;
    const batch = this.batches.sizes[index];
    const steps = this.batches.steps[index];
    const tiles: Tile[] = [];
    for (let start = 0; start < batch; start += lanes) {
      const size = Math.min(lanes, batch - start);
      const first = this.firstExample[index] + start;
      const symbols = new Int32Array(steps * lanes);
      const readSteps = new Int32Array(lanes);
      for (let t = 0; t < steps; t++) {
        const from = this.firstSymbol[index] + t * batch + start;
        for (let l = 0; l < lanes; l++) symbols[t * lanes + l] = this.rows[from + (l < size ? l : 0)];
      }
      for (let l = 0; l < size; l++) {
        readSteps[l] = (this.readAt === "last-step" ? steps : this.batches.lengths[first + l]) - 1;
      }
      const labels = this.batches.labels.subarray(first, first + size);
      tiles.push({ steps, batch, first, size, symbols, readSteps, labels });
    }
    return tiles;
  }
}
