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
  /** The step at which each lane is read out. */
  readonly readSteps: Int32Array;
  readonly labels: Int32Array;
}

export interface CellContext {
  readonly arena: Float32Array | Float64Array;
  readonly prepared: Float32Array | Float64Array;
  readonly lanes: number;
  readonly steps: number;
  /** Whether the state before step 0 is what the last call left, and not zero. */
  readonly streaming: boolean;
  /** Where row `i` of step `t` begins in the arena. */
  at(rows: Rows, t?: number, i?: number): number;
  /** Adds the hidden matrix times one step to another; each is named by its offset. */
  addProduct(from: number, to: number): void;
  /** The same with the transposed matrix. */
  addTransposedProduct(from: number, to: number): void;
}

/** Cuts batches into tiles of the plan's lanes. Idle lanes hold the padding symbol and are read at step 0. */
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
      for (let l = 0; l < size; l++) {
        for (let t = 0; t < steps; t++) {
          symbols[t * lanes + l] = this.rows[this.firstSymbol[index] + t * batch + start + l];
        }
        readSteps[l] = (this.readAt === "last-step" ? steps : this.batches.lengths[first + l]) - 1;
      }
      const labels = this.batches.labels.subarray(first, first + size);
      tiles.push({ steps, batch, first, size, symbols, readSteps, labels });
    }
    return tiles;
  }
}
