// What is read of a store is asked in SQL, by the dashboard's server of the file and by its page of a file that was dropped
// on it. Both run the modules of this folder, which know no more of a database than stands here, and no Node module.

/** A row by column names. */
export type Row = Readonly<Record<string, unknown>>;

/** A database that can be asked. `Database` of src/study is one. */
export interface Rows {
  all(sql: string, ...values: (number | string | null)[]): Row[];
  /** Runs questions so that all see the same state of the store. */
  snapshot<T>(work: () => T): T;
}

/** The first row, if any. */
export function first(rows: Rows, sql: string, ...values: (number | string | null)[]): Row | undefined {
  return rows.all(sql, ...values)[0];
}

/** What a column of JSON holds, or undefined: a page shows what it can of a damaged store. */
export function parsed(column: unknown): unknown {
  try {
    return typeof column === "string" ? JSON.parse(column) : undefined;
  } catch {
    return undefined;
  }
}

/** A REAL column as a number: SQLite keeps NaN as NULL. */
export function numberOf(value: unknown): number {
  return typeof value === "number" ? value : Number.NaN;
}

/** Text of a column, as far as it is text. */
export function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** Characters of a name: those of studies and metrics are shorter, and what is longer is nobody's. */
const LONGEST_NAME = 200;

/** A name, cut where it is none. */
export function nameOf(value: unknown): string {
  return textOf(value).slice(0, LONGEST_NAME);
}
