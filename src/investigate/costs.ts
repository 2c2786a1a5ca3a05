// What a regime costs: epochs and seconds of a training beside those of a dense network of the same cell, for the report and the
// documents.
import { mean } from "../math/statistics.js";
import type { CellKind } from "../network/architecture.js";
import type { RegimeName } from "./regimes.js";
import type { Row } from "./row.js";

export interface Cost {
  /** Means over sparsities and seeds. */
  readonly epochs: number;
  readonly seconds: number;
  /** Times the seconds of a dense network. */
  readonly ratio: number;
}

/**
 * The mean cost of a cell's trainings under a regime, of those that ran on the machine that trained the dense ones.
 * @param rows of one condition and target.
 * @returns undefined where there are none.
 */
export function costOf(rows: readonly Row[], cell: CellKind, regime: RegimeName): Cost | undefined {
  const known = rows.filter((row) => row.cell === cell);
  const run = known.find((row) => row.regime === "dense")?.run;
  const of = (wanted: RegimeName) => known.filter((row) => row.regime === wanted && row.run === run);
  const [dense, own] = [of("dense"), of(regime)];
  if (own.length === 0) return undefined;
  const seconds = mean(own.map((row) => row.seconds));
  const epochs = mean(own.map((row) => row.epochs));
  return { epochs, seconds, ratio: seconds / mean(dense.map((row) => row.seconds)) };
}
