// From the trials in a store to rows: what every finished training came to, how long it took, and how the densities of a few
// networks went.

import { maskedMatrices } from "../experiments/masks.js";
import { NETWORK } from "../experiments/recording.js";
import { maskVector } from "../network/masks.js";
import { parseNetwork } from "../network/weights.js";
import type { MaskPicture } from "../report/charts/masks.js";
import { densityMetrics } from "../sparsify/density.js";
import { partsOf } from "../sparsify/parts.js";
import type { JsonObject } from "../study/json.js";
import type { Attempt, SeriesRow, StoreReader } from "../study/reading.js";
import { type Entry, entriesOf, keyOf, type Part } from "./plan.js";
import { type RegimeName, regimeOf } from "./regimes.js";
import { type Course, type Row, rowKey } from "./row.js";
import { sizeOf } from "./width.js";

const DENSITY = "density ";

/** A finished trial of a part, with what it was meant as. One trial may be several entries. */
interface Ended {
  readonly entry: Entry;
  readonly identity: string;
  readonly seed: number;
  readonly summary: Readonly<Record<string, number>>;
}

function* ended(reader: StoreReader, part: Part): Generator<Ended> {
  const names = reader.names();
  const entries = new Map<string, Entry[]>();
  const keyIn = (study: string, parameters: JsonObject) => `${study} ${keyOf(parameters)}`;
  for (const entry of entriesOf(part)) {
    const key = keyIn(entry.study, entry.configuration);
    entries.set(key, [...(entries.get(key) ?? []), entry]);
  }
  const studies = new Set([...entries.values()].flatMap((equal) => equal.map(({ study }) => study)));
  for (const study of [...studies].filter((name) => names.includes(name))) {
    for (const { identity, seed, state, parameters, summary } of reader.rows(study)) {
      if (state !== "finished") continue;
      for (const entry of entries.get(keyIn(study, parameters)) ?? [])
        yield { entry, identity, seed, summary };
    }
  }
}

/** All finished trainings of some parts, each once. */
export function rowsOf(reader: StoreReader, parts: readonly Part[]): Omit<Row, "run">[] {
  const rows = new Map<string, Omit<Row, "run">>();
  for (const part of parts) {
    for (const one of ended(reader, part)) {
      const { condition, cell, regime, target, sparsity, hidden } = one.entry;
      const key = rowKey({ ...one.entry, condition: condition.name, seed: one.seed });
      if (rows.has(key)) continue;
      const { parameters, weights } = sizeOf(cell, hidden, condition.widths);
      const { nonzeros = weights } = one.summary;
      rows.set(key, {
        condition: condition.name,
        cell,
        regime,
        target,
        sparsity,
        hidden,
        seed: one.seed,
        nonzeros,
        weights,
        parameters: parameters - (weights - nonzeros),
        ...(regimeOf(regime).pruned ? prunedRow(reader, one) : trainedRow(reader, one)),
      });
    }
  }
  return [...rows.values()];
}

/** What of a row depends on how its network came about. */
type Made = Pick<Row, "metric" | "epochs" | "seconds" | "gates" | "retraining">;

function trainedRow(reader: StoreReader, { entry, identity, summary }: Ended): Made {
  const { series, attempts } = reader.trial(identity);
  return {
    metric: summary[entry.condition.judge.metric],
    epochs: series.length,
    seconds: secondsOf(attempts),
    gates: gatesOf(series.at(-1)?.metrics),
  };
}

/** Of a network that was trained dense and pruned: its epochs and seconds are those of both trials. */
function prunedRow(reader: StoreReader, { entry, identity, summary }: Ended): Made {
  const { metric } = entry.condition.judge;
  const { series, attempts, needs } = reader.trial(identity);
  const base = reader.trial(needs[0]);
  const made = {
    epochs: base.series.length,
    seconds: secondsOf(base.attempts),
    gates: gatesLeft(reader, identity, entry),
  };
  if (regimeOf(entry.regime).pruned === "at-once")
    return { ...made, metric: summary[metric === "testAccuracy" ? "prunedAccuracy" : "prunedLoss"] };
  // Epoch 0 is before retraining.
  const retraining = series.filter(({ epoch }) => epoch > 0).map(({ metrics }) => metrics[metric]);
  return {
    ...made,
    metric: summary[metric],
    epochs: made.epochs + retraining.length,
    seconds: made.seconds + secondsOf(attempts),
    retraining,
  };
}

function secondsOf(attempts: readonly Attempt[]): number {
  return attempts.reduce((sum, { seconds }) => sum + (seconds ?? 0), 0);
}

/** The shares that are left in the gates of a pruned network, from its masks. */
function gatesLeft(reader: StoreReader, identity: string, { target }: Entry): Record<string, number> {
  const network = parseNetwork(reader.artifact(identity, NETWORK), "a stored network");
  return gatesOf(densityMetrics(partsOf(network, target), maskVector(network)));
}

function gatesOf(metrics: SeriesRow["metrics"] = {}): Record<string, number> {
  return Object.fromEntries(
    Object.entries(metrics)
      .filter(([name]) => name.startsWith(DENSITY))
      .map(([name, share]) => [name.slice(DENSITY.length), share]),
  );
}

/** Which networks are shown: of both kinds of weights, at one sparsity, of the first seed. */
interface Shown {
  readonly condition: string;
  readonly sparsity: number;
  readonly seed: number;
}

/** Whether weights of a network are missing, and not just units. */
function isSparse(name: RegimeName): boolean {
  const { sparsify, pruned } = regimeOf(name);
  return sparsify !== undefined || pruned !== undefined;
}

function* shown(reader: StoreReader, parts: readonly Part[], { condition, sparsity, seed }: Shown) {
  const known = new Set<string>();
  for (const part of parts.filter((own) => own.condition.name === condition)) {
    for (const one of ended(reader, part)) {
      const { cell, regime, target } = one.entry;
      const isMeant = one.entry.sparsity === sparsity && one.seed === seed && target === "both";
      if (!isMeant || !isSparse(regime) || known.has(`${cell} ${regime}`)) continue;
      known.add(`${cell} ${regime}`);
      yield one;
    }
  }
}

/** How the densities of the shown networks went. */
export function coursesOf(reader: StoreReader, parts: readonly Part[], which: Shown): Course[] {
  return [...shown(reader, parts, which)].map(({ entry, identity, seed }) => ({
    condition: which.condition,
    cell: entry.cell,
    regime: entry.regime,
    target: entry.target,
    sparsity: entry.sparsity,
    seed,
    epochs: courseOf(reader, identity, entry),
  }));
}

function courseOf(reader: StoreReader, identity: string, entry: Entry): Course["epochs"] {
  const { pruned } = regimeOf(entry.regime);
  const { series, needs } = reader.trial(identity);
  if (!pruned) return series.map(({ metrics }) => gatesOf(metrics));
  const gates = gatesLeft(reader, identity, entry);
  const dense = Object.fromEntries(Object.keys(gates).map((name) => [name, 1]));
  const before = reader.series(needs[0]).map(() => dense);
  // Without retraining everything goes at the end.
  if (pruned === "at-once") return [...before.slice(1), gates];
  return [...before, ...series.filter(({ epoch }) => epoch > 0).map(() => gates)];
}

/** The masks that the shown networks end with. */
export function masksOf(reader: StoreReader, parts: readonly Part[], which: Shown): MaskPicture[] {
  return [...shown(reader, parts, which)].map(({ entry, identity }) => ({
    cell: entry.cell,
    target: entry.target,
    percent: entry.sparsity,
    label: regimeOf(entry.regime).label,
    matrices: maskedMatrices(reader.artifact(identity, NETWORK)),
  }));
}
