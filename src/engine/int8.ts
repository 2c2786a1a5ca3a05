// Streams in int8: the specification of their arithmetic, and the reference that runs it. Weights are whole numbers of -127 to 127
// with a scale for each row, what they are multiplied by is rounded to such numbers with one scale for all of a node's outputs,
// and sums are exact; biases, gates and states are float32. Nothing is left to a machine, so that the native executor and exported
// C give the same bits.
import { InputError } from "../errors.js";
import { cellsOf, widths } from "../network/architecture.js";
import { type Network, tensorNames } from "../network/network.js";
import { type Product, type Program, programOf } from "./program.js";
import { ProgramStream } from "./program-stream.js";

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
  // Of a product with as many of the largest numbers, which must not be beyond float32.
  const largest = fround(columns * MOST ** 2);
  for (let r = 0; r < rows; r++) {
    const row = weights.subarray(r * columns, (r + 1) * columns);
    const most = largestOf(row);
    const scale = fround(most / MOST);
    scales[r] = scale * ofSource;
    if (most > 0 && !(scales[r] > 0 && Number.isFinite(fround(largest * scales[r]))))
      fail(`a row with a weight of ${most} has no scale`);
    for (let c = 0; c < columns && scale > 0; c++) {
      const rounded = wholeOf(row[c], scale);
      own[r * columns + c] = rounded;
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

function largestOf(row: Float32Array): number {
  return row.reduce((most, weight) => Math.max(most, Math.abs(weight)), 0);
}

function wholeOf(weight: number, scale: number): number {
  return Math.max(-MOST, Math.min(MOST, halfEven(weight / scale)));
}

/**
 * Parameters of a network with the weights that int8 makes of them, as floats, a row of a product at a time. A tied read-out, which is
 * the embedding too, stays.
 */
export function roundedParameters(network: Network, parameters: Float32Array): Float32Array {
  const { architecture } = network;
  const width = widths(architecture);
  const own = parameters.slice();
  const round = (name: string, sources: readonly string[]) => {
    const { offset, shape } = network.tensor(name);
    const [rows, stride] = shape;
    for (let r = 0; r < rows; r++) {
      let at = offset + r * stride;
      for (const source of sources) {
        const row = own.subarray(at, at + width.get(source)!);
        const scale = fround(largestOf(row) / MOST);
        for (let c = 0; c < row.length && scale > 0; c++) row[c] = scale * wholeOf(row[c], scale);
        at += row.length;
      }
    }
  };
  for (const { name, inputs } of cellsOf(architecture)) {
    const { weightIh, weightHh } = tensorNames(name);
    round(weightIh, inputs);
    round(weightHh, [name]);
  }
  if (!architecture.readout.tied) round("readout.weight", architecture.readout.inputs);
  return own;
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
  const sources = new Set(productsOf(program).map(({ source }) => source));
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

/** A network in int8: its program, and in whole numbers what that multiplies. */
export interface Int8Network {
  readonly program: Program;
  /** By the name of every source that is multiplied, what it is multiplied by before it is rounded. */
  readonly inverses: ReadonlyMap<string, number>;
  readonly matrices: ReadonlyMap<Product, Int8Matrix>;
}

/** @throws InputError as `programOf`, `rangesOf` and `int8Of`. */
export function int8Network(network: Network): Int8Network {
  const program = programOf(network);
  const ranges = rangesOf(network, program);
  return {
    program,
    inverses: new Map(Array.from(ranges, ([source, range]) => [source, inverseScale(range)])),
    matrices: new Map(
      productsOf(program).map((product) => [product, int8Of(product, ranges.get(product.source)!)]),
    ),
  };
}

function productsOf({ operations, readout }: Program): Product[] {
  const cells = operations.flatMap((one) => (one.type === "cell" ? [...one.inputs, one.hidden] : []));
  return [...cells, ...readout.products];
}

/** A stream in int8: the reference. */
export class Int8Stream extends ProgramStream {
  private readonly matrices: ReadonlyMap<Product, Sparse>;
  private readonly inverses: ReadonlyMap<string, number>;
  private readonly rounded: ReadonlyMap<string, Int8Array>;

  constructor({ program, inverses, matrices }: Int8Network) {
    super(program);
    this.inverses = inverses;
    this.rounded = new Map(
      Array.from(inverses.keys(), (source) => [source, new Int8Array(program.widths.get(source)!)]),
    );
    this.matrices = new Map(Array.from(matrices, ([product, own]) => [product, sparse(own, product)]));
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
