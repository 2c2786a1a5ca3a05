// Made-up rows: cells whose accuracy falls by a rule, so that every threshold is known.
import type { Condition } from "../../src/investigate/condition.js";
import type { RegimeName } from "../../src/investigate/regimes.js";
import type { Row } from "../../src/investigate/row.js";
import type { Facts } from "../../src/investigate/sitting.js";
import type { CellKind } from "../../src/network/architecture.js";
import type { Target } from "../../src/sparsify/target.js";

export const strings: Condition = {
  name: "base",
  label: "base",
  phrase: "the base condition",
  judge: { metric: "testAccuracy", epsilon: 0.01, guess: 0.5 },
  hidden: 8,
  training: {},
  widths: { layers: 1, vocabulary: 128, outputs: 2 },
};

export const text: Condition = {
  ...strings,
  judge: { metric: "validationLoss", epsilon: 0.02 },
};

export const facts: Facts = {
  command: "filigree investigate",
  scale: "full",
  executor: "native (avx2)",
  machine: "a machine, 2 cores",
  date: "2026-11-29",
  versions: { Filigree: "0.1.0" },
  seeds: [1, 2, 3],
  seconds: 60,
  total: 10,
  finished: 10,
  failed: 0,
};

/** One row. */
export function row(
  cell: CellKind,
  regime: RegimeName,
  sparsity: number,
  seed: number,
  metric: number,
  more: Partial<Row> = {},
): Row {
  return {
    condition: "base",
    cell,
    regime,
    target: "both" as Target,
    sparsity,
    hidden: 8,
    seed,
    metric,
    nonzeros: 100 - sparsity,
    weights: 100,
    parameters: 200 - sparsity,
    epochs: 2,
    seconds: 1,
    run: 0,
    gates: {},
    ...more,
  };
}

/** Rows of three seeds; the metric of a seed is what `metricOf` says, shifted by a little. */
export function rowsOf(
  cell: CellKind,
  regime: RegimeName,
  sparsities: readonly number[],
  metricOf: (sparsity: number) => number,
  more: Partial<Row> = {},
): Row[] {
  return [1, 2, 3].flatMap((seed) =>
    sparsities.map((sparsity) =>
      row(cell, regime, sparsity, seed, metricOf(sparsity) + 0.0001 * (seed - 2), more),
    ),
  );
}
