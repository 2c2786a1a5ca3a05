// What is left of a sequence when its order is forgotten, or all of it but its end: the few numbers that a linear model
// looks at, so that it shows what a data set gives away to a rule without memory.
import type { Matrix } from "../../math/matrix.js";
import { type Sequences, stepsOf } from "../sequences.js";

/** Some numbers of each sequence: [sequence][number]. */
export type Summary = (sequences: Sequences) => Matrix;

/** The values of the last step. */
export const lastValues: Summary = (sequences) =>
  summarise(sequences, sequences.channels.length, (steps, into) => {
    into.set(steps.subarray(steps.length - into.length));
  });

/** The mean of each channel. */
export const means: Summary = (sequences) => {
  const width = sequences.channels.length;
  return summarise(sequences, width, (steps, into) => addMeans(steps, into));
};

/** The mean and the standard deviation of each channel, and how many steps there are. */
export const moments: Summary = (sequences) => {
  const width = sequences.channels.length;
  return summarise(sequences, 2 * width + 1, (steps, into) => {
    const [centre, squares] = [into.subarray(0, width), into.subarray(width, 2 * width)];
    addMeans(steps, centre);
    for (let i = 0; i < steps.length; i++) squares[i % width] += (steps[i] - centre[i % width]) ** 2;
    const count = steps.length / width;
    for (let c = 0; c < width; c++) squares[c] = Math.sqrt(squares[c] / count);
    into[2 * width] = count;
  });
};

/** How many steps there are. */
export const lengths: Summary = (sequences) =>
  summarise(sequences, 1, (_, into, row) => {
    into[0] = stepsOf(sequences, row);
  });

function addMeans(steps: Float32Array, into: Float64Array): void {
  const width = into.length;
  for (let i = 0; i < steps.length; i++) into[i % width] += steps[i];
  for (let c = 0; c < width; c++) into[c] /= steps.length / width;
}

function summarise(
  { values }: Sequences,
  columns: number,
  write: (steps: Float32Array, into: Float64Array, row: number) => void,
): Matrix {
  const data = new Float64Array(values.length * columns);
  for (const [row, steps] of values.entries())
    write(steps, data.subarray(row * columns, (row + 1) * columns), row);
  return { rows: values.length, columns, data };
}
