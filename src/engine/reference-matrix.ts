// The weights of a block as the reference executor multiplies them: its nonzeros one by one, whatever form the plan asks for.
import type { Block } from "./plan.js";

export type Floats = Float32Array | Float64Array;

/** A weight of a row, or of a column: the column or the row that it is in, and the parameter that it is. */
interface Entry {
  readonly other: number;
  readonly parameter: number;
}

export class Matrix {
  readonly rows: number;
  /** The weights of every row, and the parameters that they are. */
  readonly entries: readonly Entry[][];
  /** Parameters of its pieces that its mask leaves out. */
  readonly absent: readonly number[];
  private readonly transposed: readonly Entry[][];
  /** One per lane, in double precision. */
  private readonly sums: Float64Array;

  constructor({ rows, columns, pieces, mask }: Block, lanes: number) {
    const entries: Entry[][] = Array.from({ length: rows }, () => []);
    const transposed: Entry[][] = Array.from({ length: columns }, () => []);
    const absent: number[] = [];
    for (const piece of pieces) {
      for (let i = 0; i < piece.rows; i++) {
        for (let j = 0; j < piece.columns; j++) {
          const [row, column] = [piece.row + i, piece.column + j];
          const parameter = piece.parameter + i * piece.stride + j;
          if (mask?.[row * columns + column] === 0) {
            absent.push(parameter);
          } else {
            entries[row].push({ other: column, parameter });
            transposed[column].push({ other: row, parameter });
          }
        }
      }
    }
    this.rows = rows;
    this.entries = entries;
    this.absent = absent;
    this.transposed = transposed;
    this.sums = new Float64Array(lanes);
  }

  /** to(i, l) += sum over j of matrix(i, j)·from(j, l), for one step that starts at each of the two offsets. */
  addProduct(parameters: Floats, arena: Floats, from: number, to: number): void {
    this.add(this.entries, parameters, arena, from, to);
  }

  /** to(j, l) += sum over i of matrix(i, j)·from(i, l), for one step that starts at each of the two offsets. */
  addTransposedProduct(parameters: Floats, arena: Floats, from: number, to: number): void {
    this.add(this.transposed, parameters, arena, from, to);
  }

  private add(lists: readonly Entry[][], parameters: Floats, arena: Floats, from: number, to: number): void {
    const { sums } = this;
    const lanes = sums.length;
    for (let i = 0; i < lists.length; i++) {
      const first = to + i * lanes;
      for (let l = 0; l < lanes; l++) sums[l] = arena[first + l];
      for (const { other, parameter } of lists[i]) {
        const weight = parameters[parameter];
        const source = from + other * lanes;
        for (let l = 0; l < lanes; l++) sums[l] += weight * arena[source + l];
      }
      for (let l = 0; l < lanes; l++) arena[first + l] = sums[l];
    }
  }
}
