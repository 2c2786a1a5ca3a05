// The trials of a study as columns: a hundred thousand rows are some typed arrays, which travel as they are and are
// filtered, sorted and drawn without an object for each row. Values that vary are kept as numbers of words, because a study
// has few different ones. The server keeps one table for each study that is looked at, and a page one for its own.

/** The states of a trial; a row has the place of its state in this list. */
export const states = ["waiting", "running", "finished", "failed"] as const;
export type State = (typeof states)[number];
export const stateCode = { waiting: 0, running: 1, finished: 2, failed: 3 } as const satisfies Record<
  State,
  number
>;

/** A column of texts: `words[codes[row] - 1]`, and nothing where the code is 0. Parameters are texts of JSON. */
export interface WordColumn {
  readonly words: string[];
  readonly codes: Uint32Array<ArrayBuffer>;
}

/** Digits of an identity that a table has; the rest is looked up by them. */
export const DIGITS = 16;
const NO_IDENTITY = "-".repeat(DIGITS);

/** Beyond these a store is not ours, or no table can show it; the rest is left out, and `leftOut` says so. */
export const limits = { rows: 1_000_000, parameters: 200, metrics: 100, word: 500 } as const;

type Numbers = Float64Array<ArrayBuffer>;

/** The trials of one study, in its order. */
export class TrialTable {
  readonly rows: number;
  /** The first digits of all identities, one after the other. */
  identities: string;
  readonly number: Numbers;
  readonly replicate: Numbers;
  readonly seed: Numbers;
  readonly state: Uint8Array<ArrayBuffer>;
  /** Seconds of the last attempt that has ended, and when that was, in milliseconds since 1970; NaN for none. */
  readonly seconds: Numbers;
  readonly ended: Numbers;
  readonly error: WordColumn;
  readonly parameters = new Map<string, WordColumn>();
  /** Summaries by name; NaN where there is no number. */
  readonly metrics = new Map<string, Numbers>();
  /** What the store has and the table has not, in a few words. */
  leftOut = "";
  /** Counts the changes since the table was made. */
  version = 0;

  constructor(rows: number) {
    this.rows = rows;
    this.identities = NO_IDENTITY.repeat(rows);
    const numbers = () => new Float64Array(rows);
    [this.number, this.replicate, this.seed] = [numbers(), numbers(), numbers()];
    [this.seconds, this.ended] = [numbers().fill(Number.NaN), numbers().fill(Number.NaN)];
    this.state = new Uint8Array(rows);
    this.error = { words: [], codes: new Uint32Array(rows) };
  }

  /** The first digits of a row's identity; undefined where the store has none that is one. */
  identity(row: number): string | undefined {
    const digits = this.identities.slice(DIGITS * row, DIGITS * (row + 1));
    return digits === NO_IDENTITY ? undefined : digits;
  }

  /** A column of numbers by its metric's name, made when it is missing; undefined when there are too many. */
  metric(name: string): Numbers | undefined {
    const known = this.metrics.get(name);
    if (known) return known;
    if (this.metrics.size >= limits.metrics) {
      this.leftOut = `metrics beyond ${limits.metrics}`;
      return undefined;
    }
    const column = new Float64Array(this.rows).fill(Number.NaN);
    this.metrics.set(name, column);
    return column;
  }
}

/** Puts texts into a column of words. */
export class WordWriter {
  private readonly column: WordColumn;
  private readonly codes: Map<string, number>;

  constructor(column: WordColumn) {
    this.column = column;
    this.codes = new Map(column.words.map((word, index) => [word, index + 1]));
  }

  set(row: number, text: string | undefined): void {
    const word = text !== undefined && text.length > limits.word ? `${text.slice(0, limits.word)}…` : text;
    let code = word === undefined ? 0 : this.codes.get(word);
    if (code === undefined) {
      code = this.column.words.push(word!);
      this.codes.set(word!, code);
    }
    this.column.codes[row] = code;
  }
}

/** What became of some rows: lists as long as `rows`. Numbers that JSON has no word for are texts. */
export interface Delta {
  /** The version that it takes a table from, and to. */
  readonly from: number;
  readonly to: number;
  readonly rows: readonly number[];
  readonly state: readonly number[];
  readonly seconds: readonly (number | string)[];
  readonly ended: readonly (number | string)[];
  readonly error: readonly (string | null)[];
  readonly metrics: Readonly<Record<string, readonly (number | string)[]>>;
}

/** The present values of some rows, as a step from the version before. */
export function deltaOf(table: TrialTable, rows: readonly number[]): Delta {
  const numbers = (column: Float64Array) =>
    rows.map((row) => (Number.isFinite(column[row]) ? column[row] : String(column[row])));
  const metrics = [...table.metrics].map(([name, column]) => [name, numbers(column)] as const);
  return {
    from: table.version - 1,
    to: table.version,
    rows,
    state: rows.map((row) => table.state[row]),
    seconds: numbers(table.seconds),
    ended: numbers(table.ended),
    error: rows.map((row) => wordOf(table.error, row) ?? null),
    metrics: Object.fromEntries(metrics),
  };
}

/** Brings a table up to date. @returns false, and does nothing, when a step between is missing. */
export function applyDelta(table: TrialTable, delta: Delta): boolean {
  if (delta.to <= table.version) return true;
  if (delta.from !== table.version) return false;
  const errors = new WordWriter(table.error);
  const { rows } = delta;
  for (const [index, row] of rows.entries()) {
    table.state[row] = delta.state[index];
    table.seconds[row] = Number(delta.seconds[index]);
    table.ended[row] = Number(delta.ended[index]);
    errors.set(row, delta.error[index] ?? undefined);
  }
  for (const [name, values] of Object.entries(delta.metrics)) {
    const column = table.metric(name);
    for (const [index, row] of rows.entries()) if (column) column[row] = Number(values[index]);
  }
  table.version = delta.to;
  return true;
}

/** The text of a row; undefined where it has none. */
export function wordOf({ words, codes }: WordColumn, row: number): string | undefined {
  const code = codes[row];
  return code === 0 ? undefined : words[code - 1];
}

interface Header {
  readonly rows: number;
  readonly version: number;
  readonly leftOut: string;
  readonly identities: string;
  readonly errors: string[];
  readonly parameters: { name: string; words: string[] }[];
  readonly metrics: string[];
}

const ALIGNMENT = 8;
const aligned = (bytes: number) => ALIGNMENT * Math.ceil(bytes / ALIGNMENT);

/**
 * A table as bytes: the length of a header in JSON (4 bytes, padded to 8), the header, and the columns in the order in
 * which `decodeTable` reads them, each from a multiple of 8 bytes on; numbers are little-endian, as on all machines that
 * Node.js and browsers run on.
 */
export function encodeTable(table: TrialTable): Uint8Array<ArrayBuffer> {
  const header: Header = {
    rows: table.rows,
    version: table.version,
    leftOut: table.leftOut,
    identities: table.identities,
    errors: table.error.words,
    parameters: [...table.parameters].map(([name, { words }]) => ({ name, words })),
    metrics: [...table.metrics.keys()],
  };
  const text = new TextEncoder().encode(JSON.stringify(header));
  const columns = columnsOf(table);
  const size = columns.reduce(
    (sum, column) => sum + aligned(column.byteLength),
    ALIGNMENT + aligned(text.length),
  );
  const bytes = new Uint8Array(size);
  new DataView(bytes.buffer).setUint32(0, text.length, true);
  bytes.set(text, ALIGNMENT);
  let at = ALIGNMENT + aligned(text.length);
  for (const column of columns) {
    bytes.set(new Uint8Array(column.buffer, column.byteOffset, column.byteLength), at);
    at += aligned(column.byteLength);
  }
  return bytes;
}

/** The inverse of `encodeTable`. */
export function decodeTable(buffer: ArrayBuffer): TrialTable {
  const length = new DataView(buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, ALIGNMENT, length))) as Header;
  const table = new TrialTable(header.rows);
  table.identities = header.identities;
  table.version = header.version;
  table.leftOut = header.leftOut;
  table.error.words.push(...header.errors);
  for (const { name, words } of header.parameters) {
    table.parameters.set(name, { words, codes: new Uint32Array(header.rows) });
  }
  for (const name of header.metrics) table.metric(name);
  let at = ALIGNMENT + aligned(length);
  for (const column of columnsOf(table)) {
    const bytes = new Uint8Array(buffer, at, column.byteLength);
    new Uint8Array(column.buffer, column.byteOffset, column.byteLength).set(bytes);
    at += aligned(column.byteLength);
  }
  return table;
}

function columnsOf(table: TrialTable): (Numbers | Uint32Array<ArrayBuffer> | Uint8Array<ArrayBuffer>)[] {
  return [
    table.number,
    table.replicate,
    table.seed,
    table.seconds,
    table.ended,
    ...table.metrics.values(),
    table.error.codes,
    ...[...table.parameters.values()].map(({ codes }) => codes),
    table.state,
  ];
}
