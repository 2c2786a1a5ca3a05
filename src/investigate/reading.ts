// From the trials in a store to rows: what every finished training came to, how long it took, and how the densities of a few
// networks went.

import { maskedMatrices } from "../experiments/masks.js";
import { NETWORK } from "../experiments/recording.js";
import type { MaskPicture } from "../report/charts/masks.js";
import type { SeriesRow, StoreReader } from "../study/reading.js";
import { type Entry, entriesOf, keyOf, type Part } from "./plan.js";
import { regimeOf } from "./regimes.js";
import type { Course, Row } from "./row.js";
import { sizeOf } from "./width.js";

const DENSITY = "density ";

/** A finished trial of a part, with what it was meant as. Equal trainings are one trial of several entries. */
interface Ended {
  readonly entry: Entry;
  readonly identity: string;
  readonly seed: number;
  readonly summary: Readonly<Record<string, number>>;
}

function* ended(reader: StoreReader, part: Part): Generator<Ended> {
  if (!reader.names().includes(part.study)) return;
  const entries = new Map<string, Entry[]>();
  for (const entry of entriesOf(part)) {
    const key = keyOf(entry.configuration);
    entries.set(key, [...(entries.get(key) ?? []), entry]);
  }
  for (const { identity, seed, state, parameters, summary } of reader.rows(part.study)) {
    if (state !== "finished") continue;
    for (const entry of entries.get(keyOf(parameters)) ?? []) yield { entry, identity, seed, summary };
  }
}

/** All finished trainings of some parts, each once. */
export function rowsOf(reader: StoreReader, parts: readonly Part[]): Row[] {
  const rows = new Map<string, Row>();
  for (const part of parts) {
    for (const { entry, identity, seed, summary } of ended(reader, part)) {
      const { condition, cell, regime, target, sparsity, hidden } = entry;
      const key = [condition.name, cell, regime, target, sparsity, seed].join();
      if (rows.has(key)) continue;
      const { series, attempts } = reader.trial(identity);
      const { weights } = sizeOf(cell, hidden, condition.widths);
      const { nonzeros = weights } = summary;
      rows.set(key, {
        condition: condition.name,
        cell,
        regime,
        target,
        sparsity,
        hidden,
        seed,
        metric: summary[condition.judge.metric],
        nonzeros,
        weights,
        parameters: summary.parameters - (weights - nonzeros),
        epochs: series.length,
        seconds: attempts.reduce((sum, { seconds }) => sum + (seconds ?? 0), 0),
        gates: gatesOf(series.at(-1)),
        ...(regime === "one-shot" && {
          retraining: pruned(series).map(({ metrics }) => metrics[condition.judge.metric]),
        }),
      });
    }
  }
  return [...rows.values()];
}

/** The epochs from the first on in which weights were missing. Those of a text need not end where a round does. */
function pruned(series: readonly SeriesRow[]): SeriesRow[] {
  const first = series.findIndex(({ metrics }) => metrics.density < 1);
  return first < 0 ? [] : series.slice(first);
}

function gatesOf(row: SeriesRow | undefined): Record<string, number> {
  const metrics = Object.entries(row?.metrics ?? {});
  return Object.fromEntries(
    metrics
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

function* shown(reader: StoreReader, parts: readonly Part[], { condition, sparsity, seed }: Shown) {
  const known = new Set<string>();
  for (const part of parts.filter((own) => own.condition.name === condition)) {
    for (const one of ended(reader, part)) {
      const { cell, regime, target } = one.entry;
      const isMeant = one.entry.sparsity === sparsity && one.seed === seed && target === "both";
      if (!isMeant || !regimeOf(regime).sparsify || known.has(`${cell} ${regime}`)) continue;
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
    epochs: reader.series(identity).map(gatesOf),
  }));
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
