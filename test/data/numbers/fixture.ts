// What scikit-learn and aeon compute on small sequences, written by make/sequences.py.
import { readFileSync } from "node:fs";

interface Fixture {
  /** [row][feature] */
  readonly rows: number[][];
  /** [row] */
  readonly labels: number[];
  /** [class][feature] */
  readonly weights: number[][];
  readonly intercepts: number[];
  /** [sequence][step][channel] */
  readonly sequences: number[][][];
  /** Two sequences and the distance between them. */
  readonly dtw: [number, number, number][];
  /** The same with the share of the length that the path may leave the diagonal. */
  readonly banded: [number, number, number, number][];
}

export const sequenceFixture = JSON.parse(
  readFileSync(new URL("../../fixtures/sequences.json", import.meta.url), "utf8"),
) as Fixture;
