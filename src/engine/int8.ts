// Streams in int8: the specification of their arithmetic, and the executor that runs it. Weights are whole numbers of -127 to 127
// with a scale for each row, what they are multiplied by is rounded to such numbers with one scale for all of a node's outputs,
// and sums are exact; biases, gates and states are float32. Nothing is left to a machine, so that exported C gives the same bits.
import type { Batches } from "../data/batches.js";
import { EngineError, InputError } from "../errors.js";
import { exp, log } from "../math/exp.js";
import type { Network } from "../network/network.js";
import type { Evaluation, PlanStream } from "./executor.js";
import type { Plan } from "./plan.js";
import { type Product, type Program, programOf } from "./program.js";
import { ProgramStream } from "./program-stream.js";
import { Turns } from "./turns.js";

const { fround } = Math;

/** The largest whole number; -128 is not used. */
const MOST = 127;
/** 1.5 · 2^23: adding it to a float32 rounds it to the next whole number, of two to the even one. */
const ROUND = 12582912;
/** Columns up to which a sum of products is below 2^31. */
const MOST_COLUMNS = Math.floor((2 ** 31 - 1) / MOST ** 2);
/** A matrix is refused when more than this share of its weights would be rounded to 0. */
const MOST_LOST = 0.5;

/** A matrix in int8: its product with whole numbers q is scales[r] · sum over c of weights[r][c] · q[c]. */
export interface Int8Matrix {
  readonly weights: Int8Array;
  /** Of each row: its weights' scale times that of what it is multiplied by. */
  readonly scales: Float32Array;
}

/** What a number is multiplied by before it is rounded, where `range` is the largest magnitude that is held. */
export function inverseScale(range: number): number {
  return fround(MOST / range);
}

/** float32 numbers as whole ones of -127 to 127. */
export function roundInto(to: Int8Array, values: Float32Array, inverse: number): void {
  for (let i = 0; i < values.length; i++) {
    const bounded = Math.max(-MOST, Math.min(MOST, fround(values[i] * inverse)));
    to[i] = fround(fround(bounded + ROUND) - ROUND);
  }
}

/**
 * A matrix in int8.
 * @param range the largest magnitude of what it is multiplied by.
 * @throws InputError when int8 cannot hold it usefully.
 */
export function int8Of({ rows, columns, weights, source }: Product, range: number): Int8Matrix {
  const fail = (what: string): never => {
    throw new InputError({ where: `weights from "${source}"`, what, hint: "export it without --int8" });
  };
  if (columns > MOST_COLUMNS)
    fail(`${columns} columns are more than a sum of int8 products holds, ${MOST_COLUMNS}`);
  const own = new Int8Array(rows * columns);
  const scales = new Float32Array(rows);
  const ofSource = fround(range / MOST);
  let exist = 0;
  let lost = 0;
  for (let r = 0; r < rows; r++) {
    const row = weights.subarray(r * columns, (r + 1) * columns);
    const most = row.reduce((most, weight) => Math.max(most, Math.abs(weight)), 0);
    const scale = fround(most / MOST);
    scales[r] = scale * ofSource;
    if (most > 0 && !(scales[r] > 0 && Number.isFinite(scales[r])))
      fail(`a row with a weight of ${most} has no scale`);
    for (let c = 0; c < columns && scale > 0; c++) {
      const rounded = halfEven(row[c] / scale);
      own[r * columns + c] = Math.max(-MOST, Math.min(MOST, rounded));
      exist += Number(row[c] !== 0);
      lost += Number(row[c] !== 0 && rounded === 0);
    }
  }
  if (lost > MOST_LOST * exist) {
    const share = ((100 * lost) / exist).toFixed(0);
    fail(`${share} % of them would be rounded to 0, because a few are much larger than the others`);
  }
  return { weights: own, scales };
}

function halfEven(x: number): number {
  const down = Math.floor(x);
  const rest = x - down;
  if (rest !== 0.5) return rest < 0.5 ? down : down + 1;
  return down % 2 === 0 ? down : down + 1;
}

/**
 * The range of every source that a program multiplies.
 * @throws InputError when a network has not been calibrated, or not for all of its nodes.
 */
export function rangesOf({ conventions }: Network, program: Program): ReadonlyMap<string, number> {
  const { activations } = conventions;
  const cells = program.operations.flatMap((one) => (one.type === "cell" ? [...one.inputs, one.hidden] : []));
  const sources = new Set([...cells, ...program.readout.products].map(({ source }) => source));
  return new Map(
    Array.from(sources, (source) => {
      const range = activations?.[source];
      if (range !== undefined) return [source, range];
      throw new InputError({
        what: "the network has not been calibrated for int8",
        hint: "filigree quantize does so, on data",
      });
    }),
  );
}

/** A stream in int8. */
export class Int8Stream extends ProgramStream {
  private readonly matrices = new Map<Product, Sparse>();
  private readonly inverses = new Map<string, number>();
  private readonly rounded = new Map<string, Int8Array>();

  /** @throws InputError as `programOf`, `rangesOf` and `int8Of`. */
  constructor(network: Network) {
    const program = programOf(network);
    super(program);
    for (const [source, range] of rangesOf(network, program)) {
      this.inverses.set(source, inverseScale(range));
      this.rounded.set(source, new Int8Array(program.widths.get(source)!));
    }
    const cells = program.operations.flatMap((one) =>
      one.type === "cell" ? [...one.inputs, one.hidden] : [],
    );
    for (const product of [...cells, ...program.readout.products]) {
      const range = network.conventions.activations![product.source];
      this.matrices.set(product, sparse(int8Of(product, range), product));
    }
  }

  override reset(): void {
    super.reset();
    for (const values of this.rounded.values()) values.fill(0);
  }

  protected written(source: string, values: Float32Array): void {
    const rounded = this.rounded.get(source);
    if (rounded) roundInto(rounded, values, this.inverses.get(source)!);
  }

  protected multiply(product: Product, out: Float32Array): void {
    const { scales, ends, places, weights } = this.matrices.get(product)!;
    const from = this.rounded.get(product.source)!;
    if (weights.length === 0) return;
    for (let r = 0, k = 0; r < product.rows; r++) {
      let sum = 0;
      for (; k < ends[r]; k++) sum += weights[k] * from[places[k]];
      const at = product.first + r;
      out[at] = out[at] + fround(fround(sum) * scales[r]);
    }
  }
}

/** The weights of a matrix that are not 0, row by row. */
interface Sparse {
  readonly scales: Float32Array;
  /** Of each row, where the next one begins. */
  readonly ends: Int32Array;
  readonly places: Int32Array;
  readonly weights: Int8Array;
}

function sparse({ weights, scales }: Int8Matrix, { rows, columns }: Product): Sparse {
  const ends = new Int32Array(rows);
  const places: number[] = [];
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) if (weights[r * columns + c] !== 0) places.push(c);
    ends[r] = places.length;
  }
  return { scales, ends, places: Int32Array.from(places), weights: weights.filter((weight) => weight !== 0) };
}

/** A stream in int8 in the place of one over a plan. */
export function int8PlanStream(network: Network, plan: Plan): PlanStream {
  const stream = new Int8Stream(network);
  const symbols = plan.input.kind === "symbols" ? plan.input.symbols : [];
  const step = (input: number | Float32Array) =>
    stream.step(typeof input === "number" ? symbols[input] : input);
  const turns = new Turns();
  return {
    step,
    async run(rows, targets, wanted) {
      const outputs = new Float32Array(wanted * plan.outputs);
      let loss = 0;
      let correct = 0;
      for (const [t, row] of rows.entries()) {
        const said = step(row);
        if (t < wanted) outputs.set(said, t * plan.outputs);
        if (targets[t] >= 0) {
          loss += crossEntropy(said, targets[t]);
          correct += Number(likeliest(said) === targets[t]);
        }
        await turns.give();
      }
      return { loss, correct, outputs };
    },
    reset: () => stream.reset(),
  };
}

/**
 * Runs batches through a stream, example by example, as an executor evaluates them.
 * @throws EngineError when examples go on from batch to batch.
 */
export async function evaluateInStream(
  stream: ProgramStream,
  { everyStep }: Pick<Plan, "everyStep">,
  batches: Batches,
): Promise<Evaluation> {
  if (batches.carry?.includes(1)) throw new EngineError({ what: "a stream takes examples one by one" });
  const { input, readout } = stream.program;
  const width = readout.bias.length;
  const { inputs, targets } = batches;
  const values = input.kind === "values" ? input.width : 0;
  const numbers = targets instanceof Float32Array;
  const places = targets.length / (numbers ? width : 1);
  const outputs = new Float32Array(places * width);
  const losses = new Float64Array(batches.count);
  const counts = new Float64Array(batches.count);
  const correct = new Int32Array(batches.count);
  const turns = new Turns();
  let first = 0;
  let example = 0;
  for (const [batch, size] of batches.sizes.entries()) {
    for (let lane = 0; lane < size; lane++, example++) {
      stream.reset();
      const steps = batches.lengths[example];
      for (let t = 0; t < steps; t++) {
        const at = first + t * size + lane;
        const said = stream.step(
          values > 0 ? (inputs as Float32Array).subarray(at * values, (at + 1) * values) : inputs[at],
        );
        if (!everyStep && t < steps - 1) continue;
        const place = everyStep ? at : example;
        outputs.set(said, place * width);
        if (numbers) {
          for (let i = 0; i < width; i++) {
            const error = said[i] - targets[place * width + i];
            if (Number.isNaN(error)) continue;
            losses[batch] += error * error;
            counts[batch]++;
          }
        } else if (targets[place] >= 0) {
          losses[batch] += crossEntropy(said, targets[place]);
          counts[batch]++;
          correct[batch] += Number(likeliest(said) === targets[place]);
        }
      }
      await turns.give();
    }
    first += size * batches.steps[batch];
  }
  return { losses, counts, correct, outputs };
}

function likeliest(logits: Float32Array): number {
  let best = 0;
  for (let i = 1; i < logits.length; i++) if (logits[i] > logits[best]) best = i;
  return best;
}

function crossEntropy(logits: Float32Array, target: number): number {
  const most = logits[likeliest(logits)];
  return log(logits.reduce((sum, logit) => sum + exp(logit - most), 0)) + most - logits[target];
}
