// The reference executor: the meaning of every operation of a plan in plain TypeScript, written to be read. It runs
// anywhere, in float32 as the native executor does or in float64 for finite differences, and is the specification
// that the native executor is tested against.
import type { Batches } from "../data/batches.js";
import {
  checkRange,
  checkState,
  type Evaluation,
  type Executor,
  initialState,
  type Optimiser,
  type Outcomes,
  type ReadAt,
  type TrainingState,
} from "./executor.js";
import {
  type BackwardOp,
  type Block,
  type ForwardOp,
  type LossOp,
  type Plan,
  type PrepareOp,
  type TableBackwardOp,
  tableWidth,
} from "./plan.js";
import { cellBackward, cellForward } from "./reference-cells.js";
import { type CellContext, type Tile, Tiles } from "./reference-tile.js";

export type Floats = Float32Array | Float64Array;

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
  /** One sum per lane. */
  private readonly sums: Float64Array;
  private step = 0;
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
    this.sums = new Float64Array(plan.lanes);
    checkState(plan, initialState(Float32Array.from(parameters)));
  }

  state(): TrainingState {
    return {
      parameters: Float32Array.from(this.parameters),
      firstMoment: Float32Array.from(this.firstMoment),
      secondMoment: Float32Array.from(this.secondMoment),
      step: this.step,
    };
  }

  setState(state: TrainingState): void {
    checkState(this.plan, state);
    this.parameters.set(state.parameters);
    this.firstMoment.set(state.firstMoment);
    this.secondMoment.set(state.secondMoment);
    this.step = state.step;
  }

  async train(batches: Batches, from: number, to: number, readAt: ReadAt): Promise<Outcomes> {
    checkRange(batches, from, to);
    const losses: number[] = [];
    const correct: number[] = [];
    const tiles = new Tiles(this.plan, batches, readAt);
    for (let i = from; i < to; i++) {
      const { outcome, gradient } = this.batchGradient(tiles.of(i));
      losses.push(outcome.loss);
      correct.push(outcome.correct);
      if (!Number.isFinite(outcome.loss)) break;
      this.update(gradient);
      await undefined; // Lets other work of the process have a turn between batches.
    }
    return { losses: Float64Array.from(losses), correct: Int32Array.from(correct) };
  }

  async evaluate(batches: Batches, readAt: ReadAt): Promise<Evaluation> {
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
    }
    return { losses, correct, logits };
  }

  gradient(batches: Batches, index: number, readAt: ReadAt): { loss: number; gradient: Floats } {
    checkRange(batches, index, index + 1);
    const { outcome, gradient } = this.batchGradient(new Tiles(this.plan, batches, readAt).of(index));
    return { loss: outcome.loss, gradient: gradient.slice(0, this.plan.parameters) };
  }

  private batchGradient(tiles: Tile[]): { outcome: Outcome; gradient: Floats } {
    const gradient = this.allocate(this.plan.gradients);
    const outcome = { loss: 0, correct: 0 };
    this.prepare();
    for (const tile of tiles) {
      const { loss, correct } = this.forward(tile);
      outcome.loss += loss;
      outcome.correct += correct;
      for (const op of this.plan.backward) this.runBackward(op, tile, gradient);
    }
    for (const op of this.plan.finish) this.tableBackward(op, gradient);
    for (const block of this.plan.blocks) this.maskGradient(block, gradient);
    return { outcome, gradient };
  }

  private prepare(): void {
    for (const op of this.plan.prepare) this.runPrepare(op);
  }

  private runPrepare(op: PrepareOp): void {
    const { prepared, parameters } = this;
    if (op.op === "bias") {
      for (let i = 0; i < op.rows; i++) {
        let sum = 0;
        for (const { parameter, first, rows, rotation } of op.parts) {
          if (i >= first && i < first + rows) sum += parameters[parameter + ((i - first + rotation) % rows)];
        }
        prepared[op.to + i] = sum;
      }
      return;
    }
    const block = this.plan.blocks[op.block];
    const { offset, symbols, width } = this.plan.embedding;
    const stride = tableWidth(symbols.length);
    for (let i = 0; i < block.rows; i++) {
      for (const [s, symbol] of symbols.entries()) {
        let sum = prepared[op.bias + i];
        for (let j = 0; j < width; j++)
          sum += parameters[position(block, i, j)] * parameters[offset + symbol * width + j];
        prepared[op.to + i * stride + s] = sum;
      }
    }
  }

  /** Runs a tile forward and returns its share of the batch's outcome; fills in its logits where wanted. */
  private forward(tile: Tile, logits?: Float32Array): Outcome {
    let outcome = { loss: 0, correct: 0 };
    for (const op of this.plan.forward) {
      if (op.op === "loss") outcome = this.loss(op.logits.offset, tile, logits);
      else this.runForward(op, tile);
    }
    return outcome;
  }

  private runForward(op: Exclude<ForwardOp, LossOp>, tile: Tile): void {
    const { arena, prepared, plan } = this;
    const { lanes } = plan;
    switch (op.op) {
      case "gather": {
        const width = tableWidth(plan.embedding.symbols.length);
        for (let t = 0; t < tile.steps; t++) {
          for (let i = 0; i < op.rows; i++) {
            const to = op.to.offset + (t * op.to.rows + i) * lanes;
            for (let l = 0; l < lanes; l++) {
              arena[to + l] = prepared[op.table + i * width + tile.symbols[t * lanes + l]];
            }
          }
        }
        return;
      }
      case "affine": {
        const block = plan.blocks[op.block];
        const steps = op.to.once ? 1 : tile.steps;
        for (let t = 0; t < steps; t++) {
          const to = op.to.offset + t * op.to.rows * lanes;
          if (!op.accumulate) {
            for (let i = 0; i < block.rows; i++) {
              arena.fill(prepared[op.bias + i], to + i * lanes, to + (i + 1) * lanes);
            }
          }
          this.addProduct(block, op.from.offset + t * op.from.rows * lanes, to);
        }
        return;
      }
      case "cell":
        cellForward(op, this.cellContext(tile, op.block));
        return;
      case "copy":
        this.copy(op.from.offset, op.to.offset, op.to.rows * lanes * tile.steps, op.accumulate);
        return;
      case "select":
        for (let i = 0; i < op.to.rows; i++) {
          for (let l = 0; l < lanes; l++) {
            const from = op.from.offset + (tile.readSteps[l] * op.from.rows + i) * lanes + l;
            arena[op.to.offset + i * lanes + l] = arena[from];
          }
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

  private runBackward(op: BackwardOp, tile: Tile, gradient: Floats): void {
    const { arena, plan } = this;
    const { lanes } = plan;
    switch (op.op) {
      case "scatter":
        if (!op.accumulate) {
          arena.fill(0, op.to.offset, op.to.offset + tile.steps * op.to.rows * lanes);
        }
        for (let i = 0; i < op.to.rows; i++) {
          for (let l = 0; l < lanes; l++) {
            arena[op.to.offset + (tile.readSteps[l] * op.to.rows + i) * lanes + l] +=
              arena[op.from.offset + i * lanes + l];
          }
        }
        return;
      case "copy":
        this.copy(op.from.offset, op.to.offset, op.to.rows * lanes * tile.steps, op.accumulate);
        return;
      case "cellBackward":
        cellBackward(op, this.cellContext(tile, op.block));
        return;
      case "affineBackward": {
        const block = plan.blocks[op.block];
        const steps = op.to.once ? 1 : tile.steps;
        for (let t = 0; t < steps; t++) {
          const to = op.to.offset + t * op.to.rows * lanes;
          if (!op.accumulate) arena.fill(0, to, to + block.columns * lanes);
          this.addTransposedProduct(block, op.from.offset + t * op.from.rows * lanes, to);
        }
        return;
      }
      case "weightGradient": {
        const block = plan.blocks[op.block];
        const steps = op.from.once ? 1 : tile.steps;
        for (let i = 0; i < block.rows; i++) {
          for (let j = 0; j < block.columns; j++) {
            let sum = 0;
            for (let t = 0; t < steps; t++) {
              const from = op.from.offset + (t * op.from.rows + op.first + i) * lanes;
              const input = op.input.offset + ((t - op.shift) * op.input.rows + j) * lanes;
              for (let l = 0; l < lanes; l++) sum += arena[from + l] * arena[input + l];
            }
            gradient[position(block, i, j)] += sum;
          }
        }
        return;
      }
      case "biasGradient": {
        const steps = op.from.once ? 1 : tile.steps;
        for (let i = 0; i < op.rows; i++) {
          let sum = 0;
          for (let t = 0; t < steps; t++) {
            const from = op.from.offset + (t * op.from.rows + op.first + i) * lanes;
            for (let l = 0; l < lanes; l++) sum += arena[from + l];
          }
          const row = (i + op.rotation) % op.rows;
          gradient[op.to + row] += sum;
          if (op.also >= 0) gradient[op.also + row] += sum;
        }
        return;
      }
      case "tableGradient":
        for (let t = 0; t < tile.steps; t++) {
          for (let l = 0; l < lanes; l++) {
            const to = op.to + tile.symbols[t * lanes + l] * op.stride;
            const from = op.from.offset + t * op.from.rows * lanes + l;
            for (let i = 0; i < op.rows; i++) gradient[to + i] += arena[from + i * lanes];
          }
        }
        return;
    }
  }

  /** to(i, l) += sum over j of block(i, j)·from(j, l), for one step that starts at each of the two offsets. */
  private addProduct(block: Block, from: number, to: number): void {
    const { arena, sums } = this;
    const { lanes } = this.plan;
    for (let i = 0; i < block.rows; i++) {
      for (let l = 0; l < lanes; l++) sums[l] = arena[to + i * lanes + l];
      for (let j = 0; j < block.columns; j++) {
        const weight = this.parameters[position(block, i, j)];
        for (let l = 0; l < lanes; l++) sums[l] += weight * arena[from + j * lanes + l];
      }
      for (let l = 0; l < lanes; l++) arena[to + i * lanes + l] = sums[l];
    }
  }

  /** to(j, l) += sum over i of block(i, j)·from(i, l), for one step that starts at each of the two offsets. */
  private addTransposedProduct(block: Block, from: number, to: number): void {
    const { arena, sums } = this;
    const { lanes } = this.plan;
    for (let j = 0; j < block.columns; j++) {
      for (let l = 0; l < lanes; l++) sums[l] = arena[to + j * lanes + l];
      for (let i = 0; i < block.rows; i++) {
        const weight = this.parameters[position(block, i, j)];
        for (let l = 0; l < lanes; l++) sums[l] += weight * arena[from + i * lanes + l];
      }
      for (let l = 0; l < lanes; l++) arena[to + j * lanes + l] = sums[l];
    }
  }

  private copy(from: number, to: number, length: number, accumulate: boolean): void {
    const { arena } = this;
    for (let i = 0; i < length; i++) arena[to + i] = arena[from + i] + (accumulate ? arena[to + i] : 0);
  }

  private tableBackward(op: TableBackwardOp, gradient: Floats): void {
    const block = this.plan.blocks[op.block];
    const { offset, symbols, width } = this.plan.embedding;
    for (const [s, symbol] of symbols.entries()) {
      for (let j = 0; j < width; j++) {
        const embedding = offset + symbol * width + j;
        let sum = 0;
        for (let i = 0; i < block.rows; i++) {
          const flow = gradient[op.gradient + s * op.stride + i];
          sum += this.parameters[position(block, i, j)] * flow;
          gradient[position(block, i, j)] += flow * this.parameters[embedding];
        }
        gradient[embedding] += sum;
      }
    }
  }

  private maskGradient(block: Block, gradient: Floats): void {
    if (!block.mask) return;
    for (let i = 0; i < block.rows; i++) {
      for (let j = 0; j < block.columns; j++) {
        if (block.mask[i * block.columns + j] === 0) gradient[position(block, i, j)] = 0;
      }
    }
  }

  private update(gradient: Floats): void {
    const { learningRate, beta1, beta2, epsilon, clip } = this.optimiser;
    let squares = 0;
    for (let i = 0; i < this.plan.parameters; i++) squares += gradient[i] * gradient[i];
    const scale = Math.min(1, clip / (Math.sqrt(squares) + 1e-6));
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

  private cellContext(tile: Tile, index: number): CellContext {
    const block = this.plan.blocks[index];
    return {
      arena: this.arena,
      prepared: this.prepared,
      lanes: this.plan.lanes,
      steps: tile.steps,
      addProduct: (from, to) => this.addProduct(block, from, to),
      addTransposedProduct: (from, to) => this.addTransposedProduct(block, from, to),
    };
  }
}

/** Where element (i, j) of a block lies in the parameter vector. */
function position(block: Block, i: number, j: number): number {
  return block.offset + ((i + block.rotation) % block.rows) * block.stride + j;
}
