// Channels of numbers on one scale: a network learns poorly from numbers of very different sizes, and what they were is learnt
// from the training data alone.

/** A number x of channel c becomes (x - mean[c])/deviation[c]. */
export interface Standardisation {
  readonly mean: readonly number[];
  readonly deviation: readonly number[];
}

/** The mean and the standard deviation of every channel over all steps; 1 of a channel that is constant. */
export function standardisationOf(width: number, lists: readonly Float32Array[]): Standardisation {
  const count = new Float64Array(width);
  const mean = new Float64Array(width);
  const squares = new Float64Array(width);
  // Welford's method. Numbers that are not there are left out.
  for (const list of lists) {
    for (let i = 0; i < list.length; i++) {
      if (Number.isNaN(list[i])) continue;
      const c = i % width;
      count[c]++;
      const difference = list[i] - mean[c];
      mean[c] += difference / count[c];
      squares[c] += difference * (list[i] - mean[c]);
    }
  }
  const deviation = Array.from(squares, (sum, c) => Math.sqrt(sum / Math.max(1, count[c])));
  return {
    mean: [...mean],
    deviation: deviation.map((d, c) => (d > 1e-7 * Math.max(1, Math.abs(mean[c])) ? d : 1)),
  };
}

/** Standardises numbers in place, [step][channel]. */
export function standardise(values: Float32Array, { mean, deviation }: Standardisation): void {
  const width = mean.length;
  for (let i = 0; i < values.length; i++) values[i] = (values[i] - mean[i % width]) / deviation[i % width];
}

/** The reverse of `standardise`. */
export function unstandardise(values: Float32Array, { mean, deviation }: Standardisation): void {
  const width = mean.length;
  for (let i = 0; i < values.length; i++) values[i] = values[i] * deviation[i % width] + mean[i % width];
}
