// The reference executor: the meaning of every operation of a plan in plain TypeScript, written to be read. It runs
// anywhere, in float32 as the native executor does or in float64 for finite differences, and is the specification
// that the native executor is tested against.
import type { Batches } from "../data/batches.js";
import { EngineError } from "../errors.js";
import { exp, log } from "../math/exp.js";
import { maskedBlocks } from "./blocks.js";
import { DROPOUT_ONE, dropoutKey, isDropped, rowKey } from "./dropout.js";
import {
  type BatchGradient,
  checkCarry,
  checkMask,
  checkRange,
  checkState,
  checkTraining,
  checkWeights,
  type Evaluation,
  type Executor,
  type GradientOptions,
  initialState,
  type Outcomes,
  type PlanStream,
  rewire,
  type TrainingState,
  type Update,
  type Wiring,
  wiringOf,
} from "./executor.js";
import {
  type BiasPart,
  type DropoutOp,
  type Plan,
  type PlanInput,
  type PrepareOp,
  type Rows,
  type SoftmaxOp,
  type SquaresOp,
  type Stage,
  type StageOp,
  type TableBackwardOp,
  tableWidth,
} from "./plan.js";
import { cellBackward, cellForward, statesOf } from "./reference-cells.js";
import { type Floats, Matrix } from "./reference-matrix.js";
import { type CellContext, type Segment, segmentsOf, type Tile, Tiles } from "./reference-tile.js";
import { freeze, updateParameters } from "./reference-update.js";
import { Turns } from "./turns.js";

/** Sums over a tile's or a batch's targets. */
interface Outcome {
  loss: number;
  correct: number;
}

/** Steps `first` (included) to `end` (excluded) of a segment. */
interface Chunk extends Segment {
  readonly from: number;
  readonly end: number;
}

export class ReferenceExecutor implements Executor {
  readonly name = "reference";
  readonly plan: Plan;
  private readonly parameters: Floats;
  private readonly firstMoment: Floats;
  private readonly secondMoment: Floats;
  private readonly prepared: Floats;
  private readonly arena: Floats;
  private matrices: readonly Matrix[];
  /** Once masks have changed. */
  private wiring: Wiring | undefined;
  /** Where the gradient of absent weights is wanted, that of the matrices without their masks. */
  private differentiated: readonly Matrix[] | undefined;
  /** What cells hand from step to step; for every tile of the last batch what they ended with; for every segment of the
   * present tile what it was before. */
  private readonly states: readonly Rows[];
  private carried: Floats[][] = [];
  private readonly boundaries: Floats[][] = [];
  private step = 0;
  /** What dropout draws from; undefined in evaluations. */
  private dropout: number | undefined;
  /** What the loss of each class counts in training. */
  private classWeights: Float32Array | undefined;
  private readonly turns = new Turns();
  private readonly allocate: (length: number) => Floats;

  /** @param precision 32 to compute as the native executor does, 64 for finite differences. */
  constructor(plan: Plan, parameters: Floats, precision: 32 | 64 = 32) {
    this.allocate = (length) => (precision === 64 ? new Float64Array(length) : new Float32Array(length));
    this.plan = plan;
    this.parameters = this.allocate(plan.parameters);
    this.parameters.set(parameters);
    this.firstMoment = this.allocate(plan.parameters);
    this.secondMoment = this.allocate(plan.parameters);
    this.prepared = this.allocate(plan.prepared);
    this.arena = this.allocate(plan.arena);
    this.matrices = plan.blocks.map((block) => new Matrix(block, plan.lanes));
    this.states = plan.forward.flatMap(({ ops }) =>
      ops.flatMap((op) => (op.op === "cell" ? statesOf(op) : [])),
    );
    checkState(plan, initialState(Float32Array.from(parameters)));
  }

  state(): TrainingState {
    this.turns.checkIdle();
    return {
      parameters: Float32Array.from(this.parameters),
      firstMoment: Float32Array.from(this.firstMoment),
      secondMoment: Float32Array.from(this.secondMoment),
      step: this.step,
      ...(this.wiring && { wiring: { mask: this.wiring.mask.slice(), born: this.wiring.born.slice() } }),
    };
  }

  setState(state: TrainingState): void {
    this.turns.checkIdle();
    checkState(this.plan, state);
    this.parameters.set(state.parameters);
    this.firstMoment.set(state.firstMoment);
    this.secondMoment.set(state.secondMoment);
    this.step = state.step;
    if (state.wiring) this.wire({ mask: state.wiring.mask.slice(), born: state.wiring.born.slice() });
  }

  setMask(mask: Uint8Array): void {
    this.turns.checkIdle();
    checkMask(this.plan, mask);
    this.wire(rewire(mask, this.step, this.wiring ?? wiringOf(this.plan)));
    for (const values of [this.parameters, this.firstMoment, this.secondMoment]) {
      for (const [i, bit] of mask.entries()) if (bit === 0) values[i] = 0;
    }
  }

  private wire(wiring: Wiring): void {
    this.wiring = wiring;
    this.matrices = maskedBlocks(this.plan, wiring.mask).map((block) => new Matrix(block, this.plan.lanes));
  }

  carry(): Float32Array {
    this.turns.checkIdle();
    return Float32Array.from(this.carried.flatMap((states) => states.flatMap((state) => [...state])));
  }

  setCarry(carry: Float32Array): void {
    this.turns.checkIdle();
    const tile = checkCarry(this.plan, carry);
    this.carried = Array.from({ length: carry.length / tile }, (_, k) => {
      let at = k * tile;
      return this.states.map(({ rows }) => {
        const state = this.allocate(rows * this.plan.lanes);
        state.set(carry.subarray(at, at + state.length));
        at += state.length;
        return state;
      });
    });
  }

  train(batches: Batches, from: number, to: number, update: Update) {
    return this.turns.atWork(() => this.trainOn(batches, from, to, update));
  }

  evaluate(batches: Batches, want: "sums" | "outputs" = "sums"): Promise<Evaluation> {
    return this.turns.atWork(() => this.evaluateOn(batches, want));
  }

  private async trainOn(batches: Batches, from: number, to: number, update: Update) {
    const rates = checkTraining(this.plan, batches, from, to, update);
    const losses: number[] = [];
    const correct: number[] = [];
    const norms: number[] = [];
    const tiles = new Tiles(this.plan, batches);
    for (let i = from; i < to; i++) {
      const { outcome, gradient } = this.batchGradient(tiles.of(i), update.seed ?? 0, update.classWeights);
      freeze(gradient, update.frozen);
      const norm = this.normOf(gradient);
      const loss = Number.isFinite(norm) ? outcome.loss : Number.NaN;
      losses.push(loss);
      correct.push(outcome.correct);
      norms.push(norm);
      if (!Number.isFinite(loss)) break;
      this.step++;
      const { parameters, firstMoment, secondMoment, step } = this;
      const scale = Math.min(1, update.optimiser.clip / (norm + 1e-6));
      const vectors = { gradient, parameters, firstMoment, secondMoment };
      updateParameters(update.optimiser, rates[i - from], step, scale, vectors, {
        born: this.wiring?.born,
        frozen: update.frozen,
      });
      await this.turns.give();
    }
    return {
      losses: Float64Array.from(losses),
      counts: Float64Array.from(losses, (_, i) => tiles.countOf(from + i)),
      correct: Int32Array.from(correct),
      norms: Float64Array.from(norms),
    } satisfies Outcomes & { norms: Float64Array };
  }

  private async evaluateOn(batches: Batches, want: "sums" | "outputs"): Promise<Evaluation> {
    const tiles = new Tiles(this.plan, batches);
    const losses = new Float64Array(batches.count);
    const correct = new Int32Array(batches.count);
    const wanted = want === "outputs" ? batches.targets.length : 0;
    const outputs = new Float32Array(wanted * (this.plan.predictsNumbers ? 1 : this.plan.outputs));
    this.prepare();
    for (let i = 0; i < batches.count; i++) {
      const all = tiles.of(i);
      this.carried.length = Math.min(this.carried.length, all.length);
      for (const tile of all) {
        const outcome = { loss: 0, correct: 0 };
        this.forward(tile, (segment) => {
          for (const stage of this.plan.read) this.run(stage, segment, outcome, undefined, outputs);
        });
        losses[i] += outcome.loss;
        correct[i] += outcome.correct;
      }
      await this.turns.give();
    }
    return { losses, counts: losses.map((_, i) => tiles.countOf(i)), correct, outputs };
  }

  gradient(batches: Batches, index: number, options: GradientOptions = {}): BatchGradient {
    this.turns.checkIdle();
    checkRange(batches, index, index + 1);
    const { everywhere, seed = 0, classWeights, carries } = options;
    checkWeights(this.plan, classWeights);
    const { carried } = this;
    if (!carries) this.carried = carried.slice();
    const tiles = new Tiles(this.plan, batches);
    const { outcome, gradient } = this.batchGradient(tiles.of(index), seed, classWeights, everywhere);
    if (!carries) this.carried = carried;
    return { ...outcome, count: tiles.countOf(index), gradient: gradient.slice(0, this.plan.parameters) };
  }

  /** A stream over this executor, for a plan of `compileStream`. */
  stream(): PlanStream {
    this.prepare();
    const outputs = new Float32Array(this.plan.outputs);
    const symbols = new Int32Array(1);
    const readSteps = new Int32Array(1);
    const targets = new Int32Array(1);
    const { input, outputs: count, predictsNumbers } = this.plan;
    const values = new Float32Array(input.kind === "values" ? input.width : 0);
    const numbers = new Float32Array(predictsNumbers ? count : 0).fill(Number.NaN);
    const place = () => 0;
    const [one, first] = [
      { steps: 1, size: 1, count: 1 },
      { first: 0, example: 0, index: 0 },
    ];
    const tile = { ...one, ...first, carries: true, place, symbols, values, readSteps, targets, numbers };
    const outcome = { loss: 0, correct: 0 };
    const take = (input: number | Float32Array, target: number) => {
      if (typeof input === "number") symbols[0] = input;
      else values.set(input);
      targets[0] = target;
      this.forward(tile, (segment) => {
        for (const stage of this.plan.read) this.run(stage, segment, outcome, undefined, outputs);
      });
    };
    return {
      step: (input) => {
        this.turns.checkIdle();
        take(input, -1);
        return outputs;
      },
      run: (rows, after, wanted) =>
        this.turns.atWork(async () => {
          Object.assign(outcome, { loss: 0, correct: 0 });
          const kept = new Float32Array(wanted * outputs.length);
          for (const [t, row] of rows.entries()) {
            take(row, after[t]);
            if (t < wanted) kept.set(outputs, t * outputs.length);
            await this.turns.give();
          }
          return { ...outcome, outputs: kept };
        }),
      reset: () => {
        this.turns.checkIdle();
        this.carried = [];
      },
    };
  }

  private batchGradient(
    tiles: Tile[],
    seed: number,
    classWeights?: Float32Array,
    everywhere = false,
  ): { outcome: Outcome; gradient: Floats } {
    const { plan, matrices, wiring } = this;
    const gradient = this.allocate(plan.gradients);
    const outcome = { loss: 0, correct: 0 };
    this.dropout = dropoutKey(seed, this.step);
    this.classWeights = classWeights;
    this.carried.length = Math.min(this.carried.length, tiles.length);
    this.prepare();
    if (everywhere) {
      this.differentiated = plan.blocks.map((block) => new Matrix({ ...block, mask: undefined }, plan.lanes));
    }
    for (const tile of tiles) {
      this.forward(tile);
      this.backward(tile, outcome, gradient);
    }
    this.dropout = undefined;
    this.classWeights = undefined;
    for (const op of plan.finish) this.tableBackward(op, gradient);
    this.differentiated = undefined;
    if (everywhere) return { outcome, gradient };
    for (const { absent } of matrices) for (const at of absent) gradient[at] = 0;
    if (wiring) for (const [i, bit] of wiring.mask.entries()) if (bit === 0) gradient[i] = 0;
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
    const { offset, symbols, width } = this.embedding;
    const stride = tableWidth(symbols.length);
    const { rows, entries } = this.matrices[op.block];
    for (const [s, symbol] of symbols.entries()) {
      for (let i = 0; i < rows; i++) {
        let sum = prepared[op.bias + i];
        for (const { other: column, parameter } of entries[i]) {
          sum += parameters[parameter] * parameters[offset + symbol * width + column];
        }
        prepared[op.to + i * stride + s] = sum;
      }
    }
  }

  /** Runs a tile forward, and `after` for each of its segments. */
  private forward(tile: Tile, after?: (segment: Segment) => void): void {
    const before = tile.carries ? this.carried[tile.index] : undefined;
    this.boundaries[0] = before ?? this.states.map(({ rows }) => this.allocate(rows * this.plan.lanes));
    for (const segment of this.segmentsOf(tile)) {
      this.runForward(segment);
      after?.(segment);
      if (segment.last) this.carried[tile.index] = this.boundaries[segment.segment + 1];
    }
  }

  private runForward(segment: Segment): void {
    this.boundaries[segment.segment + 1] = [];
    for (const stage of this.plan.forward) this.run(stage, segment);
  }

  /** Adds the loss and the gradient of a tile that has just been run forward. */
  private backward(tile: Tile, outcome: Outcome, gradient: Floats): void {
    for (const segment of this.segmentsOf(tile).reverse()) {
      if (!segment.last) this.runForward(segment);
      for (const stage of this.plan.backward) this.run(stage, segment, outcome, gradient);
    }
  }

  /** Runs a stage over its chunks of a segment; those that run once, at its end. */
  private run(
    { time, chunk, ops }: Stage,
    segment: Segment,
    outcome?: Outcome,
    gradient?: Floats,
    outputs?: Float32Array,
  ): void {
    if (time === "once") {
      if (!segment.last) return;
      for (const op of ops) this.runOp(op, { ...segment, from: 0, end: 1 }, outcome, gradient, outputs);
      return;
    }
    const count = Math.ceil(segment.steps / chunk);
    for (let c = 0; c < count; c++) {
      const k = time === "backward" ? count - 1 - c : c;
      const from = Math.floor((segment.steps * k) / count);
      const end = Math.floor((segment.steps * (k + 1)) / count);
      for (const op of ops) this.runOp(op, { ...segment, from, end }, outcome, gradient, outputs);
    }
  }

  private segmentsOf(tile: Tile): Segment[] {
    return segmentsOf(tile, this.plan.segment, this.plan.lanes);
  }

  private stepOf(rows: Rows, step: number): Floats {
    return this.arena.subarray(this.at(rows, step), this.at(rows, step, rows.rows));
  }

  private runOp(
    op: StageOp,
    tile: Chunk,
    outcome?: Outcome,
    gradient: Floats = this.allocate(0),
    outputs?: Float32Array,
  ): void {
    const { arena, prepared, parameters, plan } = this;
    const { lanes } = plan;
    /** Where row `i` of a step of the chunk begins. Packed steps are counted from 0. */
    const at = (rows: Rows, t: number, i = 0) =>
      this.at(rows, rows.of.held === undefined || rows.of.packed ? t : t - tile.from, i);
    const packed = { from: 0, end: Math.ceil(((tile.end - tile.from) * tile.size) / lanes) };
    const spanOf = ({ of }: Rows) => (of.packed ? packed : tile);
    switch (op.op) {
      case "gather": {
        const width = tableWidth(this.embedding.symbols.length);
        for (let t = tile.from; t < tile.end; t++) {
          for (let i = 0; i < op.to.rows; i++) {
            const to = at(op.to, t, i);
            for (let l = 0; l < lanes; l++) {
              arena[to + l] = prepared[op.table + i * width + tile.symbols[t * lanes + l]];
            }
          }
        }
        return;
      }
      case "embed":
        for (let t = tile.from; t < tile.end; t++) {
          for (let l = 0; l < lanes; l++) {
            const from = this.embeddingOf(tile.symbols[t * lanes + l]);
            for (let j = 0; j < op.to.rows; j++) arena[at(op.to, t, j) + l] = parameters[from + j];
          }
        }
        return;
      case "values":
        for (let t = tile.from; t < tile.end; t++) {
          for (let j = 0; j < op.to.rows; j++) {
            for (let l = 0; l < lanes; l++) {
              arena[at(op.to, t, j) + l] = tile.values[(t * lanes + l) * op.to.rows + j];
            }
          }
        }
        return;
      case "flip":
        for (let t = tile.from; t < tile.end; t++) {
          for (let l = 0; l < lanes; l++) {
            const from = tile.readSteps[l] - t;
            for (let i = 0; i < op.to.rows; i++) {
              const to = at(op.to, t, i) + l;
              const value = from >= 0 ? arena[at(op.from, from, i) + l] : 0;
              arena[to] = value + (op.accumulate ? arena[to] : 0);
            }
          }
        }
        return;
      case "affine": {
        const matrix = this.matrices[op.block];
        const { from, end } = spanOf(op.to);
        for (let t = from; t < end; t++) {
          if (!op.accumulate) {
            for (let i = 0; i < op.to.rows; i++) {
              arena.fill(prepared[op.bias + i], at(op.to, t, i), at(op.to, t, i + 1));
            }
          }
          matrix.addProduct(parameters, arena, at(op.from, t), at(op.to, t));
        }
        return;
      }
      case "cell":
        // Here and not before, because a place in the arena may have served others until now.
        for (const rows of tile.from === 0 ? statesOf(op) : []) {
          this.stepOf(rows, -1).set(this.boundaries[tile.segment][this.states.indexOf(rows)]);
        }
        cellForward(op, this.cellContext(tile, op.block));
        for (const rows of tile.end === tile.steps ? statesOf(op) : []) {
          this.boundaries[tile.segment + 1].push(this.stepOf(rows, tile.end - 1).slice());
        }
        return;
      case "sum":
        for (const [k, from] of op.from.entries()) this.copy(from, op.to, k > 0, tile);
        return;
      case "dropout":
        this.drop(op, tile);
        return;
      case "select":
        for (let i = 0; i < op.to.rows; i++) {
          eachRead(tile, op.first, (l, step) => {
            arena[this.at(op.to, 0, i) + l] = arena[this.at(op.from, step, i) + l];
          });
        }
        return;
      case "softmax": {
        const { from, end } = spanOf(op.logits);
        for (let t = from; t < end; t++) this.softmax(op, at(op.logits, t), t, tile, outcome!, outputs);
        return;
      }
      case "squares": {
        const { from, end } = spanOf(op.outputs);
        for (let t = from; t < end; t++) this.squares(op, at(op.outputs, t), t, tile, outcome!, outputs);
        return;
      }
      case "pack":
        for (let t = 0; t < packed.end; t++) {
          for (let l = 0; l < lanes; l++) {
            const place = unpacked(tile, t * lanes + l);
            for (let i = 0; i < op.to.rows; i++) {
              const to = at(op.to, t, i) + l;
              arena[to] = place ? arena[at(op.from, place.step - op.shift, i) + place.lane] : 0;
            }
          }
        }
        return;
      case "unpack":
        for (let t = tile.from; t < tile.end; t++) {
          for (let l = 0; l < lanes; l++) {
            const index = (t - tile.from) * tile.size + (l < tile.size ? l : 0);
            const none = l >= tile.size && op.gradient;
            for (let i = 0; i < op.to.rows; i++) {
              const to = at(op.to, t, i) + l;
              const value = none ? 0 : arena[at(op.from, Math.floor(index / lanes), i) + (index % lanes)];
              arena[to] = value + (op.accumulate ? arena[to] : 0);
            }
          }
        }
        return;
      case "clear":
        for (let t = tile.from; t < tile.end; t++) arena.fill(0, at(op.to, t), at(op.to, t, op.to.rows));
        return;
      case "scatter":
        for (let i = 0; i < op.to.rows; i++) {
          eachRead(tile, op.first, (l, step) => {
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
        const { from, end } = spanOf(op.to);
        for (let t = from; t < end; t++) {
          if (!op.accumulate) arena.fill(0, at(op.to, t), at(op.to, t, op.to.rows));
          matrix.addTransposedProduct(parameters, arena, at(op.from, t), at(op.to, t));
        }
        return;
      }
      case "weightGradient": {
        const { from: first, end } = spanOf(op.from);
        const flows = Array.from({ length: end - first }, (_, k) => at(op.from, first + k));
        const inputs = flows.map((_, k) => at(op.input, first + k - op.shift));
        const { entries: rows } = (this.differentiated ?? this.matrices)[op.block];
        for (const [i, entries] of rows.entries()) {
          for (const { other: column, parameter } of entries) {
            let sum = 0;
            for (let k = 0; k < flows.length; k++) {
              const flow = flows[k] + i * lanes;
              const input = inputs[k] + column * lanes;
              for (let l = 0; l < lanes; l++) sum += arena[flow + l] * arena[input + l];
            }
            gradient[parameter] += sum;
          }
        }
        return;
      }
      case "biasGradient": {
        const span = spanOf(op.from);
        eachBias(op.parts, (i, parameter) => {
          let sum = 0;
          for (let t = span.from; t < span.end; t++) {
            const from = at(op.from, t, i);
            for (let l = 0; l < lanes; l++) sum += arena[from + l];
          }
          gradient[parameter] += sum;
        });
        return;
      }
      case "tableGradient":
        for (let t = tile.from; t < tile.end; t++) {
          for (let l = 0; l < lanes; l++) {
            const to = op.gradient + tile.symbols[t * lanes + l] * op.stride;
            for (let i = 0; i < op.from.rows; i++) gradient[to + i] += arena[at(op.from, t, i) + l];
          }
        }
        return;
      case "embedGradient":
        for (let t = tile.from; t < tile.end; t++) {
          for (let l = 0; l < lanes; l++) {
            const to = this.embeddingOf(tile.symbols[t * lanes + l]);
            for (let j = 0; j < op.from.rows; j++) gradient[to + j] += arena[at(op.from, t, j) + l];
          }
        }
        return;
    }
  }

  /** Softmax cross-entropy of one step; see `SoftmaxOp`. */
  private softmax(
    op: SoftmaxOp,
    offset: number,
    t: number,
    tile: Chunk,
    outcome: Outcome,
    kept?: Float32Array,
  ): void {
    const { arena } = this;
    const { lanes, outputs, everyStep } = this.plan;
    const at = (i: number, l: number) => offset + i * lanes + l;
    for (let l = 0; l < lanes; l++) {
      const place = op.logits.of.packed ? unpacked(tile, t * lanes + l) : { step: t, lane: l };
      const target = place
        ? tile.targets[everyStep ? (tile.start + place.step) * lanes + place.lane : l]
        : -1;
      this.keep(kept, place, tile, (i) => arena[at(i, l)]);
      if (target < 0) {
        if (op.gradient) for (let i = 0; i < outputs; i++) arena[at(i, l)] = 0;
        continue;
      }
      let likeliest = 0;
      for (let i = 1; i < outputs; i++) if (arena[at(i, l)] > arena[at(likeliest, l)]) likeliest = i;
      const most = arena[at(likeliest, l)];
      let total = 0;
      for (let i = 0; i < outputs; i++) total += exp(arena[at(i, l)] - most);
      const weight = this.classWeights?.[target] ?? 1;
      outcome.loss += weight * (log(total) + most - arena[at(target, l)]);
      if (likeliest === target) outcome.correct++;
      if (!op.gradient) continue;
      for (let i = 0; i < outputs; i++) {
        const probability = exp(arena[at(i, l)] - most) / total;
        arena[at(i, l)] = (weight * (probability - (i === target ? 1 : 0))) / tile.count;
      }
    }
  }

  /** Squared errors of one step; see `SquaresOp`. */
  private squares(
    op: SquaresOp,
    offset: number,
    t: number,
    tile: Chunk,
    outcome: Outcome,
    kept?: Float32Array,
  ): void {
    const { arena } = this;
    const { lanes, outputs, everyStep } = this.plan;
    for (let l = 0; l < lanes; l++) {
      const place = op.outputs.of.packed ? unpacked(tile, t * lanes + l) : { step: t, lane: l };
      this.keep(kept, place, tile, (i) => arena[offset + i * lanes + l]);
      const first = place ? (everyStep ? (tile.start + place.step) * lanes : 0) + place.lane : 0;
      for (let i = 0; i < outputs; i++) {
        const at = offset + i * lanes + l;
        const target = place ? tile.numbers[first * outputs + i] : Number.NaN;
        if (Number.isNaN(target)) {
          if (op.gradient) arena[at] = 0;
          continue;
        }
        const error = arena[at] - target;
        outcome.loss += error * error;
        if (op.gradient) arena[at] = (2 * error) / tile.count;
      }
    }
  }

  /** Keeps what there is of a lane at a step, where it is wanted and the example has not ended. */
  private keep(
    kept: Float32Array | undefined,
    place: { step: number; lane: number } | undefined,
    tile: Chunk,
    outputOf: (i: number) => number,
  ): void {
    if (!kept?.length || !place || place.lane >= tile.size) return;
    const { outputs, everyStep } = this.plan;
    const { step, lane } = place;
    if (everyStep && step > tile.readSteps[lane]) return;
    const to = tile.place(tile.start + step, lane) * outputs;
    for (let i = 0; i < outputs; i++) kept[to + i] = outputOf(i);
  }

  private drop({ layer, rate, from, to }: DropoutOp, tile: Chunk): void {
    const { arena } = this;
    const { lanes } = this.plan;
    const scale = Math.fround(1 / (1 - rate / DROPOUT_ONE));
    for (let t = tile.from; t < tile.end; t++) {
      for (let i = 0; i < to.rows; i++) {
        const [source, target] = [this.at(from, t, i), this.at(to, t, i)];
        if (this.dropout === undefined || rate === 0) {
          arena.copyWithin(target, source, source + lanes);
          continue;
        }
        const key = rowKey(this.dropout, layer, tile.start + t, i);
        for (let l = 0; l < lanes; l++) {
          arena[target + l] = isDropped(key, tile.example + (l < tile.size ? l : 0), rate)
            ? 0
            : arena[source + l] * scale;
        }
      }
    }
  }

  /** Where row `i` of step `t` begins in the arena. */
  private at({ of, first }: Rows, t = 0, i = 0): number {
    return of.offset + (t * of.rows + first + i) * this.plan.lanes;
  }

  /** That of a plan which reads symbols. */
  private get embedding(): Extract<PlanInput, { kind: "symbols" }> {
    const { input } = this.plan;
    if (input.kind === "symbols") return input;
    throw new EngineError({ what: "a plan that reads numbers has an operation on symbols" });
  }

  /** Where the embedding of a table's row begins in the parameters. */
  private embeddingOf(row: number): number {
    const { offset, symbols, width } = this.embedding;
    return offset + symbols[row] * width;
  }

  private copy(from: Rows, to: Rows, accumulate: boolean, tile: Chunk): void {
    const { arena } = this;
    for (let t = tile.from; t < tile.end; t++) {
      const [source, target] = [this.at(from, t), this.at(to, t)];
      for (let k = 0; k < to.rows * this.plan.lanes; k++) {
        arena[target + k] = arena[source + k] + (accumulate ? arena[target + k] : 0);
      }
    }
  }

  private tableBackward(op: TableBackwardOp, gradient: Floats): void {
    const { parameters } = this;
    const { offset, symbols, width } = this.embedding;
    const { entries: rows } = (this.differentiated ?? this.matrices)[op.block];
    for (const [s, symbol] of symbols.entries()) {
      for (const [i, entries] of rows.entries()) {
        const flow = gradient[op.gradient + s * op.stride + i];
        for (const { other: column, parameter } of entries) {
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

  private cellContext({ from, end, steps, last }: Chunk, index: number): CellContext {
    const matrix = this.matrices[index];
    return {
      arena: this.arena,
      prepared: this.prepared,
      lanes: this.plan.lanes,
      first: from,
      end,
      ends: last && end === steps,
      at: (rows, t, i) => this.at(rows, t, i),
      addProduct: (from, to) => matrix.addProduct(this.parameters, this.arena, from, to),
      addTransposedProduct: (from, to) => matrix.addTransposedProduct(this.parameters, this.arena, from, to),
    };
  }
}

/** The step and the lane of what is packed at an index; nothing behind the last of the chunk. */
function unpacked({ from, end, size }: Chunk, index: number): { step: number; lane: number } | undefined {
  const step = from + Math.floor(index / size);
  return step < end ? { step, lane: index % size } : undefined;
}

/** Calls `f` with every lane that is read out in a chunk, and the step: its last one, or the first. */
function eachRead(
  { readSteps, start, from, end }: Chunk,
  first: boolean,
  f: (lane: number, step: number) => void,
): void {
  for (const [lane, last] of readSteps.entries()) {
    const step = first ? -start : last;
    if (step >= from && step < end) f(lane, step);
  }
}

/** Calls `f` with each row of a bias and a parameter that belongs to it. */
function eachBias(parts: readonly BiasPart[], f: (row: number, parameter: number) => void): void {
  for (const { first, rows, parameter } of parts) {
    for (let i = 0; i < rows; i++) f(first + i, parameter + i);
  }
}
