// How large the numbers are that a network multiplies: over data, of the input and of every node, the magnitude that a share of
// them does not exceed. It is what int8 needs to know before it rounds them.
import type { Network } from "../network/network.js";
import { type Product, programOf } from "./program.js";
import { ProgramStream } from "./program-stream.js";

/** Magnitudes are counted by the first 16 bits of a float32: its exponent and 7 bits more, to within 0.8 %. */
const BINS = 2 ** 15;

/** A stream in single precision that counts how large its numbers are. */
export class Calibration extends ProgramStream {
  private readonly counts = new Map<string, Float64Array>();
  private readonly largest = new Map<string, number>();
  private readonly word = new Float32Array(1);
  private readonly bits = new Uint32Array(this.word.buffer);

  /** @throws InputError as `programOf`. */
  constructor(network: Network) {
    super(programOf(network));
  }

  /**
   * The largest magnitude of each source, or the one that so many percent of its numbers do not exceed; 1 of a source that
   * was always 0.
   */
  ranges(percentile: number): Record<string, number> {
    return Object.fromEntries(
      Array.from(this.counts, ([source, counts]) => {
        const most = this.largest.get(source)!;
        const total = counts.reduce((sum, count) => sum + count, 0);
        let bin = 0;
        for (let seen = counts[0]; seen < (percentile / 100) * total; seen += counts[bin]) bin++;
        // The upper end of the bin, which may lie beyond all numbers.
        this.bits[0] = (bin + 1) << 16;
        const range = percentile >= 100 ? most : Math.min(most, this.word[0]);
        return [source, range > 0 ? range : 1];
      }),
    );
  }

  protected written(source: string, values: Float32Array): void {
    let counts = this.counts.get(source);
    if (!counts) {
      counts = new Float64Array(BINS);
      this.counts.set(source, counts);
      this.largest.set(source, 0);
    }
    let most = this.largest.get(source)!;
    for (const value of values) {
      this.word[0] = Math.abs(value);
      counts[this.bits[0] >>> 16]++;
      if (this.word[0] > most) most = this.word[0];
    }
    this.largest.set(source, most);
  }

  protected multiply({ source, rows, columns, first, weights }: Product, out: Float32Array): void {
    const from = this.valuesOf(source);
    for (let r = 0, k = 0; r < rows; r++) {
      let sum = out[first + r];
      for (let c = 0; c < columns; c++, k++) sum += weights[k] * from[c];
      out[first + r] = sum;
    }
  }
}
