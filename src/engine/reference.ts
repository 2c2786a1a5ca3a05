// The reference executor: the meaning of every operation of a plan in plain TypeScript, written to be read. It runs
// anywhere, in float32 as the native executor does or in float64 for finite differences, and is the specification
// that the native executor is tested against.
import type { Batches } from "../data/batches.js";
import { EngineError } from "../errors.js";
import {
  checkRange,
  checkState,
  type Evaluation,
  type Executor,
  initialState,
  type Optimiser,
  type Outcomes,
  type PlanStream,
  type ReadAt,
  type TrainingState,
} from "./executor.js";
import {
  type BackwardOp,
  type BiasPart,
  type ForwardOp,
  type LossOp,
  type Plan,
  type PrepareOp,
  type Rows,
  type TableBackwardOp,
  tableWidth,
} from "./plan.js";
import { cellBackward, cellForward, statesOf } from "./reference-cells.js";
import { type Floats, Matrix } from "./reference-matrix.js";
import { type CellContext, type Segment, segmentsOf, type Tile, Tiles } from "./reference-tile.js";

/** A tile's or a batch's mean loss and correct examples. */
interface Outcome {
  loss: number;
  correct: number;
}

export class ReferenceExecutor implements Executor {
  readonly name = "reference";
  readonly plan: Plan;
  private readonly optimiser: Optimiser;
  private readonly parameters: Floats;
  private readonly firstMoment: Floats;
  private readonly secondMoment: Floats;
  private readonly prepared: Floats;
  private readonly arena: Floats;
  private readonly matrices: readonly Matrix[];
  /** What cells hand from step to step, and for every segment of the present tile what it was before. */
  private readonly states: readonly Rows[];
  private readonly boundaries: Floats[][] = [];
  private step = 0;
  private busy = false;
  private lastTurn = 0;
  private readonly allocate: (length: number) => Floats;

  /** @param precision 32 to compute as the native executor does, 64 for finite differences. */
  constructor(plan: Plan, parameters: Floats, optimiser: Optimiser, precision: 32 | 64 = 32) {
    this.allocate = (length) => (precision === 64 ? new Float64Array(length) : new Float32Array(length));
    this.plan = plan;
    this.optimiser = optimiser;
    this.parameters = this.allocate(plan.parameters);
    this.parameters.set(parameters);
    this.firstMoment = this.allocate(plan.parameters);
    this.secondMoment = this.allocate(plan.parameters);
    this.prepared = this.allocate(plan.prepared);
    this.arena = this.allocate(plan.arena);
    this.matrices = plan.blocks.map((block) => new Matrix(block, plan.lanes));
    this.states = plan.forward.flatMap((op) => (op.op === "cell" ? statesOf(op) : []));
    checkState(plan, initialState(Float32Array.from(parameters)));
  }

  state(): TrainingState {
    this.checkIdle();
    return {
      parameters: Float32Array.from(this.parameters),
      firstMoment: Float32Array.from(this.firstMoment),
      secondMoment: Float32Array.from(this.secondMoment),
      step: this.step,
    };
  }

  setState(state: TrainingState): void {
    this.checkIdle();
    checkState(this.plan, state);
    this.parameters.set(state.parameters);
    this.firstMoment.set(state.firstMoment);
    this.secondMoment.set(state.secondMoment);
    this.step = state.step;
  }

  train(batches: Batches, from: number, to: number, readAt: ReadAt): Promise<Outcomes> {
    return this.atWork(() => this.trainOn(batches, from, to, readAt));
  }

  evaluate(batches: Batches, readAt: ReadAt): Promise<Evaluation> {
    return this.atWork(() => this.evaluateOn(batches, readAt));
  }

  private async trainOn(batches: Batches, from: number, to: number, readAt: ReadAt): Promise<Outcomes> {
    checkRange(batches, from, to);
    const losses: number[] = [];
    const correct: number[] = [];
    const tiles = new Tiles(this.plan, batches, readAt);
    for (let i = from; i < to; i++) {
      const { outcome, gradient } = this.batchGradient(tiles.of(i));
      const norm = this.normOf(gradient);
      const loss = Number.isFinite(norm) ? outcome.loss : Number.NaN;
      losses.push(loss);
      correct.push(outcome.correct);
      if (!Number.isFinite(loss)) break;
      this.update(gradient, norm);
      await this.giveTurn();
    }
    return { losses: Float64Array.from(losses), correct: Int32Array.from(correct) };
  }

  private async evaluateOn(batches: Batches, readAt: ReadAt): Promise<Evaluation> {
    const tiles = new Tiles(this.plan, batches, readAt);
    const losses = new Float64Array(batches.count);
    const correct = new Int32Array(batches.count);
    const logits = new Float32Array(batches.labels.length * this.plan.outputs);
    this.prepare();
    for (let i = 0; i < batches.count; i++) {
      for (const tile of tiles.of(i)) {
        const outcome = this.forward(tile, logits);
        losses[i] += outcome.loss;
        correct[i] += outcome.correct;
      }
      await this.giveTurn();
    }
    return { losses, correct, logits };
  }

  private checkIdle(): void {
    if (!this.busy) return;
    throw new EngineError({ what: "the executor is at work; wait for the promise of its last call" });
  }

  private async atWork<T>(work: () => Promise<T>): Promise<T> {
    this.checkIdle();
    this.busy = true;
    try {
      return await work();
    } finally {
      this.busy = false;
    }
  }

  /** Lets other work of the process have a turn, signals and heartbeats too, a few times a second. */
  private async giveTurn(): Promise<void> {
    if (performance.now() - this.lastTurn < 100) return;
    await new Promise((resolve) => setTimeout(resolve));
    this.lastTurn = performance.now();
  }

  gradient(batches: Batches, index: number, readAt: ReadAt): { loss: number; gradient: Floats } {
    this.checkIdle();
    checkRange(batches, index, index + 1);
    const { outcome, gradient } = this.batchGradient(new Tiles(this.plan, batches, readAt).of(index));
    return { loss: outcome.loss, gradient: gradient.slice(0, this.plan.parameters) };
  }

  /** A stream over this executor, for a plan of `compileStream`. */
  stream(): PlanStream {
    this.prepare();
    const logits = new Float32Array(this.plan.outputs);
    const symbols = new Int32Array(1);
    const none = new Int32Array(1);
    const tile = { steps: 1, batch: 1, first: 0, size: 1, symbols, readSteps: none, labels: none };
    return {
      step: (row) => {
        symbols[0] = row;
        this.forward(tile, logits);
        return logits;
      },
      reset: () => {
        this.arena.fill(0);
      },
    };
  }

  private batchGradient(tiles: Tile[]): { outcome: Outcome; gradient: Floats } {
    const gradient = this.allocate(this.plan.gradients);
    const outcome = { loss: 0, correct: 0 };
    this.prepare();
    for (const tile of tiles) {
      const { loss, correct } = this.forward(tile);
      outcome.loss += loss;
      outcome.correct += correct;
      this.backward(tile, gradient);
    }
    for (const op of this.plan.finish) this.tableBackward(op, gradient);
    for (const { absent } of this.matrices) for (const at of absent) gradient[at] = 0;
    return { outcome, gradient };
  }

  private prepare(): void {
    for (const op of this.plan.prepare) this.runPrepare(op);
  }

  private runPrepare(op: PrepareOp): void {
    const { prepared, parameters } = this;
    if (op.op === "bias") {
      prepared.fill(0, op.to, op.to + op.rows);
      eachBias(op.parts, (i, parameter) => {
        prepared[op.to + i] += parameters[parameter];
      });
      return;
    }
    const { offset, symbols, width } = this.plan.embedding;
    const stride = tableWidth(symbols.length);
    const { rows, entries } = this.matrices[op.block];
    for (const [s, symbol] of symbols.entries()) {
      for (let i = 0; i < rows; i++) {
        let sum = prepared[op.bias + i];
        for (const { column, parameter } of entries[i]) {
          sum += parameters[parameter] * parameters[offset + symbol * width + column];
        }
        prepared[op.to + i * stride + s] = sum;
      }
    }
  }

  /** Runs a tile forward and returns its share of the batch's outcome; fills in its logits where wanted. */
  private forward(tile: Tile, logits?: Float32Array): Outcome {
    let outcome = { loss: 0, correct: 0 };
    for (const segment of this.segmentsOf(tile)) {
      // In a stream, every step goes on where the last one ended.
      if (segment.index > 0 || this.plan.lanes === 1) {
        for (const rows of this.states) this.stepOf(rows, -1).set(this.stepOf(rows, this.plan.segment - 1));
      }
      this.boundaries[segment.index] = this.states.map((rows) => this.stepOf(rows, -1).slice());
      for (const op of this.plan.forward) {
        if (isOnce(op) && !segment.last) continue;
        if (op.op === "loss") outcome = this.loss(this.at(op.logits), tile, logits);
        else this.runForward(op, segment);
      }
    }
    return outcome;
  }

  /** Adds the gradient of a tile that has just been run forward. */
  private backward(tile: Tile, gradient: Floats): void {
    for (const segment of this.segmentsOf(tile).reverse()) {
      if (!segment.last) {
        for (const [i, rows] of this.states.entries()) {
          this.stepOf(rows, -1).set(this.boundaries[segment.index][i]);
        }
        for (const op of this.plan.forward) {
          if (op.op !== "loss" && !isOnce(op)) this.runForward(op, segment);
        }
      }
      for (const op of this.plan.backward) {
        if (segment.last || !isOnce(op)) this.runBackward(op, segment, gradient);
      }
    }
  }

  private segmentsOf(tile: Tile): Segment[] {
    return segmentsOf(tile, this.plan.segment, this.plan.lanes);
  }

  private stepOf(rows: Rows, step: number): Floats {
    return this.arena.subarray(this.at(rows, step), this.at(rows, step, rows.rows));
  }

  private runForward(op: Exclude<ForwardOp, LossOp>, tile: Segment): void {
    const { arena, prepared, plan } = this;
    const { lanes } = plan;
    switch (op.op) {
      case "gather": {
        const width = tableWidth(plan.embedding.symbols.length);
        for (let t = 0; t < tile.steps; t++) {
          for (let i = 0; i < op.to.rows; i++) {
            const to = this.at(op.to, t, i);
            for (let l = 0; l < lanes; l++) {
              arena[to + l] = prepared[op.table + i * width + tile.symbols[t * lanes + l]];
            }
          }
        }
        return;
      }
      case "affine": {
        const matrix = this.matrices[op.block];
        for (let t = 0; t < this.steps(op.to, tile); t++) {
          if (!op.accumulate) {
            for (let i = 0; i < op.to.rows; i++) {
              arena.fill(prepared[op.bias + i], this.at(op.to, t, i), this.at(op.to, t, i + 1));
            }
          }
          matrix.addProduct(this.parameters, arena, this.at(op.from, t), this.at(op.to, t));
        }
        return;
      }
      case "cell":
        cellForward(op, this.cellContext(tile, op.block));
        return;
      case "sum":
        for (const [k, from] of op.from.entries()) this.copy(from, op.to, k > 0, tile);
        return;
      case "select":
        for (let i = 0; i < op.to.rows; i++) {
          eachRead(tile, (l, step) => {
            arena[this.at(op.to, 0, i) + l] = arena[this.at(op.from, step, i) + l];
          });
        }
        return;
    }
  }

  /** Softmax cross-entropy; leaves (p - target) / batch in place of the logits and 0 in idle lanes. */
  private loss(offset: number, tile: Tile, logits?: Float32Array): Outcome {
    const { arena } = this;
    const { lanes, outputs } = this.plan;
    let loss = 0;
    let correct = 0;
    for (let l = 0; l < lanes; l++) {
      const at = (i: number) => offset + i * lanes + l;
      if (l >= tile.size) {
        for (let i = 0; i < outputs; i++) arena[at(i)] = 0;
        continue;
      }
      let likeliest = 0;
      for (let i = 0; i < outputs; i++) {
        if (logits) logits[(tile.first + l) * outputs + i] = arena[at(i)];
        if (arena[at(i)] > arena[at(likeliest)]) likeliest = i;
      }
      const most = arena[at(likeliest)];
      let total = 0;
      for (let i = 0; i < outputs; i++) total += Math.exp(arena[at(i)] - most);
      const label = tile.labels[l];
      loss += (Math.log(total) + most - arena[at(label)]) / tile.batch;
      if (likeliest === label) correct++;
      for (let i = 0; i < outputs; i++) {
        const probability = Math.exp(arena[at(i)] - most) / total;
        arena[at(i)] = (probability - (i === label ? 1 : 0)) / tile.batch;
      }
    }
    return { loss, correct };
  }

  private runBackward(op: BackwardOp, tile: Segment, gradient: Floats): void {
    const { arena, plan } = this;
    const { lanes } = plan;
    switch (op.op) {
      case "clear":
        for (let t = 0; t < tile.steps; t++) {
          arena.fill(0, this.at(op.to, t), this.at(op.to, t, op.to.rows));
        }
        return;
      case "scatter":
        for (let i = 0; i < op.to.rows; i++) {
          eachRead(tile, (l, step) => {
            arena[this.at(op.to, step, i) + l] += arena[this.at(op.from, 0, i) + l];
          });
        }
        return;
      case "copy":
        this.copy(op.from, op.to, op.accumulate, tile);
        return;
      case "cellBackward":
        cellBackward(op, this.cellContext(tile, op.block));
        return;
      case "affineBackward": {
        const matrix = this.matrices[op.block];
        for (let t = 0; t < this.steps(op.to, tile); t++) {
          if (!op.accumulate) arena.fill(0, this.at(op.to, t), this.at(op.to, t, op.to.rows));
          matrix.addTransposedProduct(this.parameters, arena, this.at(op.from, t), this.at(op.to, t));
        }
        return;
      }
      case "weightGradient":
        for (const [i, entries] of this.matrices[op.block].entries.entries()) {
          for (const { column, parameter } of entries) {
            let sum = 0;
            for (let t = 0; t < this.steps(op.from, tile); t++) {
              const from = this.at(op.from, t, i);
              const input = this.at(op.input, t - op.shift, column);
              for (let l = 0; l < lanes; l++) sum += arena[from + l] * arena[input + l];
            }
            gradient[parameter] += sum;
          }
        }
        return;
      case "biasGradient":
        eachBias(op.parts, (i, parameter) => {
          let sum = 0;
          for (let t = 0; t < this.steps(op.from, tile); t++) {
            const from = this.at(op.from, t, i);
            for (let l = 0; l < lanes; l++) sum += arena[from + l];
          }
          gradient[parameter] += sum;
        });
        return;
      case "tableGradient":
        for (let t = 0; t < tile.steps; t++) {
          for (let l = 0; l < lanes; l++) {
            const to = op.gradient + tile.symbols[t * lanes + l] * op.stride;
            for (let i = 0; i < op.from.rows; i++) gradient[to + i] += arena[this.at(op.from, t, i) + l];
          }
        }
        return;
    }
  }

  /** Where row `i` of step `t` begins in the arena. */
  private at({ of, first }: Rows, t = 0, i = 0): number {
    return of.offset + (t * of.rows + first + i) * this.plan.lanes;
  }

  private steps({ of }: Rows, tile: Tile): number {
    return of.once ? 1 : tile.steps;
  }

  private copy(from: Rows, to: Rows, accumulate: boolean, tile: Tile): void {
    const { arena } = this;
    for (let t = 0; t < tile.steps; t++) {
      const [source, target] = [this.at(from, t), this.at(to, t)];
      for (let k = 0; k < to.rows * this.plan.lanes; k++) {
        arena[target + k] = arena[source + k] + (accumulate ? arena[target + k] : 0);
      }
    }
  }

  private tableBackward(op: TableBackwardOp, gradient: Floats): void {
    const { parameters } = this;
    const { offset, symbols, width } = this.plan.embedding;
    for (const [s, symbol] of symbols.entries()) {
      for (const [i, entries] of this.matrices[op.block].entries.entries()) {
        const flow = gradient[op.gradient + s * op.stride + i];
        for (const { column, parameter } of entries) {
          const embedding = offset + symbol * width + column;
          gradient[parameter] += flow * parameters[embedding];
          gradient[embedding] += flow * parameters[parameter];
        }
      }
    }
  }

  private normOf(gradient: Floats): number {
    let squares = 0;
    for (let i = 0; i < this.plan.parameters; i++) squares += gradient[i] * gradient[i];
    return Math.sqrt(squares);
  }

  private update(gradient: Floats, norm: number): void {
    const { learningRate, beta1, beta2, epsilon, clip } = this.optimiser;
    const scale = Math.min(1, clip / (norm + 1e-6));
    this.step++;
    const correction1 = 1 - beta1 ** this.step;
    const correction2 = Math.sqrt(1 - beta2 ** this.step);
    for (let i = 0; i < this.plan.parameters; i++) {
      const g = gradient[i] * scale;
      this.firstMoment[i] = beta1 * this.firstMoment[i] + (1 - beta1) * g;
      this.secondMoment[i] = beta2 * this.secondMoment[i] + (1 - beta2) * g * g;
      const denominator = Math.sqrt(this.secondMoment[i]) / correction2 + epsilon;
      this.parameters[i] -= ((learningRate / correction1) * this.firstMoment[i]) / denominator;
    }
  }

  private cellContext({ steps, index: segment, last }: Segment, index: number): CellContext {
    const matrix = this.matrices[index];
    return {
      arena: this.arena,
      prepared: this.prepared,
      lanes: this.plan.lanes,
      steps,
      begins: segment === 0 && this.plan.lanes > 1,
      ends: last,
      at: (rows, t, i) => this.at(rows, t, i),
      addProduct: (from, to) => matrix.addProduct(this.parameters, this.arena, from, to),
      addTransposedProduct: (from, to) => matrix.addTransposedProduct(this.parameters, this.arena, from, to),
    };
  }
}

/** Whether an operation works on a buffer of a single step, as those of the read-out do; selecting and scattering do not. */
function isOnce(op: ForwardOp | BackwardOp): boolean {
  switch (op.op) {
    case "loss":
      return true;
    case "affine":
    case "weightGradient":
    case "biasGradient":
    case "affineBackward":
      return op.from.of.once;
    default:
      return false;
  }
}

/** Calls `f` with every lane that is read out in a segment, and the step. */
function eachRead({ readSteps, steps }: Segment, f: (lane: number, step: number) => void): void {
  for (const [lane, step] of readSteps.entries()) if (step >= 0 && step < steps) f(lane, step);
}

/** Calls `f` with each row of a bias and a parameter that belongs to it. */
function eachBias(parts: readonly BiasPart[], f: (row: number, parameter: number) => void): void {
  for (const { first, rows, parameter } of parts) {
    for (let i = 0; i < rows; i++) f(first + i, parameter + i);
  }
}
