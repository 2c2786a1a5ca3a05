// The weights of a block as the reference executor multiplies them: its nonzeros one by one, whatever form the plan asks for.
import type { Block } from "./plan.js";

export type Floats = Float32Array | Float64Array;

export class Matrix {
  readonly rows: number;
  /** The weights of every row, and the parameters that they are. */
  readonly entries: readonly { column: number; parameter: number }[][];
  /** Parameters of its pieces that its mask leaves out. */
  readonly absent: readonly number[];
  private readonly transposed: readonly { row: number; parameter: number }[][];
  /** One per lane, in double precision. */
  private readonly sums: Float64Array;

  constructor({ rows, columns, pieces, mask }: Block, lanes: number) {
    const entries: { column: number; parameter: number }[][] = Array.from({ length: rows }, () => []);
    const transposed: { row: number; parameter: number }[][] = Array.from({ length: columns }, () => []);
    const absent: number[] = [];
    for (const piece of pieces) {
      for (let i = 0; i < piece.rows; i++) {
        for (let j = 0; j < piece.columns; j++) {
          const [row, column] = [piece.row + i, piece.column + j];
          const parameter = piece.parameter + i * piece.stride + j;
          if (mask?.[row * columns + column] === 0) {
            absent.push(parameter);
          } else {
            entries[row].push({ column, parameter });
            transposed[column].push({ row, parameter });
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
    for (const [i, entries] of this.entries.entries()) {
      const sums = this.start(arena, to, i);
      for (const { column, parameter } of entries) this.add(parameters[parameter], arena, from, column);
      arena.set(sums, to + i * sums.length);
    }
  }

  /** to(j, l) += sum over i of matrix(i, j)·from(i, l), for one step that starts at each of the two offsets. */
  addTransposedProduct(parameters: Floats, arena: Floats, from: number, to: number): void {
    for (const [j, entries] of this.transposed.entries()) {
      const sums = this.start(arena, to, j);
      for (const { row, parameter } of entries) this.add(parameters[parameter], arena, from, row);
      arena.set(sums, to + j * sums.length);
    }
  }

  private start(arena: Floats, to: number, row: number): Float64Array {
    const { sums } = this;
    for (let l = 0; l < sums.length; l++) sums[l] = arena[to + row * sums.length + l];
    return sums;
  }

  private add(weight: number, arena: Floats, from: number, row: number): void {
    const { sums } = this;
    for (let l = 0; l < sums.length; l++) sums[l] += weight * arena[from + row * sums.length + l];
  }
}
