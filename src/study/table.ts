// A study as a table: one row for each trial, or one for each epoch, with a column for every varied value and every
// metric. The same study gives the same bytes whenever and wherever it was run: times, machines and attempts stay out.
import { stringify } from "csv-stringify/sync";
import { type ColumnSource, parquetWriteBuffer } from "hyparquet-writer";
import { encodeNumber, type JsonValue } from "./json.js";
import type { StoreReader, TrialRow } from "./reading.js";

export type Cell = JsonValue | undefined;

/** Columns of equal length; a missing value is undefined. */
export type Table = ReadonlyMap<string, readonly Cell[]>;

export const formats = ["csv", "jsonl", "parquet"] as const;
export type Format = (typeof formats)[number];

/** The trials of a study: number, identity, kind, seed, replicate, state, error, varied values, summary numbers. */
export function resultsTable(reader: StoreReader, study: string): Table {
  const { parameters, metrics } = reader.columns(study);
  const table = new Columns(
    ["number", "identity", "kind", "seed", "replicate", "state", "error"],
    parameters,
    metrics,
  );
  for (const row of reader.rows(study)) {
    // A trial that is under way is, for this purpose, not finished like any other.
    const state = row.state === "running" ? "waiting" : row.state;
    table.add(
      [row.number, row.identity, row.kind, row.seed, row.replicate, state, row.error ?? undefined],
      row,
      row.summary,
    );
  }
  return table.columns;
}

/** The epochs of a study's trials: number, identity, seed, replicate, varied values, epoch, metrics. */
export function seriesTable(reader: StoreReader, study: string): Table {
  const rows = [...reader.rows(study)].map((row) => ({ row, series: reader.series(row.identity) }));
  const names = new Set(rows.flatMap(({ series }) => series.flatMap(({ metrics }) => Object.keys(metrics))));
  const { parameters } = reader.columns(study);
  const table = new Columns(
    ["number", "identity", "seed", "replicate", "epoch"],
    parameters,
    [...names].sort(),
  );
  for (const { row, series } of rows) {
    for (const { epoch, metrics } of series) {
      table.add([row.number, row.identity, row.seed, row.replicate, epoch], row, metrics);
    }
  }
  return table.columns;
}

class Columns {
  readonly columns = new Map<string, Cell[]>();
  private readonly leading: readonly string[];
  private readonly parameters: readonly (readonly [string, string])[];
  private readonly metrics: readonly (readonly [string, string])[];

  constructor(leading: readonly string[], parameters: readonly string[], metrics: readonly string[]) {
    for (const name of leading) this.columns.set(name, []);
    this.leading = leading;
    // A name that is taken is told apart by what it is.
    const name = (prefix: string) => (path: string) => {
      const column = this.columns.has(path) ? `${prefix}.${path}` : path;
      this.columns.set(column, []);
      return [path, column] as const;
    };
    this.parameters = parameters.map(name("parameter"));
    this.metrics = metrics.map(name("metric"));
  }

  add(leading: readonly Cell[], { parameters }: TrialRow, metrics: Readonly<Record<string, number>>): void {
    for (const [index, name] of this.leading.entries()) this.columns.get(name)?.push(leading[index]);
    for (const [path, column] of this.parameters) this.columns.get(column)?.push(parameters[path]);
    for (const [name, column] of this.metrics) this.columns.get(column)?.push(metrics[name]);
  }
}

/** A table as bytes. CSV writes `NaN` and `Infinity` as such, JSON lines as strings; a missing value stays empty. */
export function encodeTable(table: Table, format: Format): Uint8Array {
  if (format === "parquet")
    return new Uint8Array(parquetWriteBuffer({ columnData: [...table].map(parquetColumn) }));
  const names = [...table.keys()];
  const columns = [...table.values()];
  const rows = (columns[0] ?? []).map((_, index) => columns.map((column) => column[index]));
  const text =
    format === "csv"
      ? stringify([names, ...rows.map((row) => row.map(csvCell))])
      : rows
          .map(
            (row) =>
              `${JSON.stringify(Object.fromEntries(row.map((cell, at) => [names[at], jsonCell(cell)])))}\n`,
          )
          .join("");
  return Buffer.from(text);
}

function csvCell(cell: Cell): string {
  return cell === undefined || cell === null
    ? ""
    : typeof cell === "object"
      ? JSON.stringify(cell)
      : String(cell);
}

function jsonCell(cell: Cell): Cell {
  return typeof cell === "number" ? encodeNumber(cell) : cell;
}

function parquetColumn([name, data]: [string, readonly Cell[]]): ColumnSource {
  const all = (type: string) => data.every((cell) => cell === undefined || typeof cell === type);
  const nulled = data.map((cell) => cell ?? null);
  // Others may be called so too, and be of any type.
  const counts = name === "number" || name === "epoch" || name === "replicate";
  if (counts && data.every(isInt32)) return { name, data: nulled, type: "INT32" };
  if (all("number")) return { name, data: nulled, type: "DOUBLE" };
  if (all("boolean")) return { name, data: nulled, type: "BOOLEAN" };
  const texts = data.map((cell) =>
    cell === undefined ? null : typeof cell === "string" ? cell : JSON.stringify(cell),
  );
  return { name, data: texts, type: "STRING" };
}

function isInt32(cell: Cell): boolean {
  return typeof cell === "number" && (cell | 0) === cell;
}
