// The experiment with random structures, before it is drawn or told: accuracies by cell, protocol and family, and how
// sure a difference of two means is.
import type { StructureFamily } from "../../graph/generators.js";
import type { PropertyName } from "../../graph/properties.js";
import type { Protocol } from "../../train/protocol.js";
import { type ThesisCell, thesisCells } from "../published.js";
import type { StructureRow } from "./results.js";

export const families = ["barabasi_albert", "watts_strogatz"] as const satisfies readonly StructureFamily[];

export const familyNames: Record<StructureFamily, string> = {
  barabasi_albert: "Barabási–Albert",
  watts_strogatz: "Watts–Strogatz",
};

/** A property's name as a reader sees it: the thesis's, with blanks. */
export function propertyLabel(name: string): string {
  return name.replaceAll("_", " ");
}

/** Cells that have structures under a protocol, in the order of `thesisCells`. */
export function structureCells(rows: readonly StructureRow[], protocol: Protocol): ThesisCell[] {
  return thesisCells.filter((cell) => rows.some((row) => row.cell === cell && row.protocol === protocol));
}

/** The structures of one cell under one protocol, of one family or of both. */
export function structuresOf(
  rows: readonly StructureRow[],
  cell: ThesisCell,
  protocol: Protocol,
  family?: StructureFamily,
): StructureRow[] {
  return rows.filter(
    (row) =>
      row.cell === cell && row.protocol === protocol && (family === undefined || row.family === family),
  );
}

/** Networks of one graph, cell and protocol, which differ by their seeds, together. */
export function byGraph<Row extends Pick<StructureRow, "cell" | "protocol" | "family" | "index">>(
  rows: readonly Row[],
): Row[][] {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const key = `${row.cell} ${row.protocol} ${row.family} ${row.index}`;
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  return [...groups.values()];
}

/** Test accuracies of structures. */
export function accuraciesOf(rows: readonly StructureRow[]): number[] {
  return rows.map(({ testAccuracy }) => testAccuracy);
}

/** Equal bins over the values of a property, as the share of each group's values in each bin. */
export function binned(
  groups: readonly (readonly number[])[],
  whole: boolean,
): { bins: { from: number; counts: number[] }[]; step: number } {
  const all = groups.flat().filter((value) => Number.isFinite(value));
  if (all.length === 0) return { bins: [], step: 1 };
  const low = all.reduce((a, b) => Math.min(a, b));
  const high = all.reduce((a, b) => Math.max(a, b));
  const step = whole ? Math.ceil((high - low + 1) / BINS) : (high - low || Math.abs(low) || 1) / BINS;
  const start = whole ? low - 0.5 : low;
  // Of fractions the highest value ends the last bin; of whole numbers every bin holds as many.
  const count = whole ? Math.floor((high - start) / step) + 1 : high > low ? BINS : 1;
  const bins = Array.from({ length: count }, (_, i) => ({
    from: start + i * step,
    counts: groups.map(() => 0),
  }));
  groups.forEach((values, g) => {
    for (const value of values) {
      const bin = bins[Math.min(count - 1, Math.floor((value - start) / step))];
      if (bin) bin.counts[g] += 1 / values.length;
    }
  });
  return { bins, step };
}

const BINS = 18;

/** Properties that are whole numbers. */
const whole: readonly PropertyName[] = ["layers", "nodes", "edges", "source_nodes", "sink_nodes", "diameter"];

/** Whether a property is counted. */
export function isWhole(property: PropertyName): boolean {
  return whole.includes(property);
}
