// The columns of a table by their names, as filters, sorting and charts ask for them: what varied, the numbers of summaries,
// and what every trial has. A column gives a number or a text for each row, and knows whether it is made of numbers.
import { states, type TrialTable, type WordColumn } from "../store/table.js";

export interface Column {
  readonly name: string;
  readonly kind: "parameter" | "metric" | "trial";
  /** Whether all its values are numbers. */
  readonly numeric: boolean;
  /** NaN where there is none. */
  number(row: number): number;
  /** Empty where there is none. */
  text(row: number): string;
  /** Where the column has few texts: which of them a row has, 0 for none. */
  readonly words?: { readonly texts: readonly string[]; code(row: number): number };
}

/** Text of a word of JSON as people write it. */
function spoken(word: string): string {
  try {
    const value: unknown = JSON.parse(word);
    return typeof value === "string" ? value : word;
  } catch {
    return word;
  }
}

/** A number with six digits at most. */
export function short(value: number): string {
  if (Number.isNaN(value)) return "";
  return String(Number(value.toPrecision(6))).replace("-", "−");
}

function parameterColumn(name: string, { words, codes }: WordColumn): Column {
  const numbers = words.map((word) => (/^-?\d/.test(word) ? Number(word) : Number.NaN));
  const texts = words.map(spoken);
  const numeric = words.length > 0 && numbers.every((value) => !Number.isNaN(value));
  return {
    name,
    kind: "parameter",
    numeric,
    number: (row) => (codes[row] === 0 ? Number.NaN : numbers[codes[row] - 1]),
    text: (row) => (codes[row] === 0 ? "" : texts[codes[row] - 1]),
    words: { texts, code: (row) => codes[row] },
  };
}

function numberColumn(name: string, kind: Column["kind"], values: ArrayLike<number>): Column {
  return { name, kind, numeric: true, number: (row) => values[row], text: (row) => short(values[row]) };
}

/** A density of one gate: its matrix, such as `0.weight_hh`, and the gate (`densityName` of src/sparsify). */
export const GATE = /^density (\S+) (\S+)$/;

/** Whether a metric is the density of one gate, of which there are many. */
export function isOfGate(metric: string): boolean {
  return GATE.test(metric);
}

/** Tags of trials, by the first digits of their identities. */
export type Tags = ReadonlyMap<string, readonly string[]>;

/**
 * All columns: parameters, then metrics, then what all trials have, which keeps its name. Another one whose name is taken
 * is told apart by what it is.
 */
export function columnsOf(table: TrialTable, tags: Tags): Map<string, Column> {
  const columns = new Map<string, Column>();
  const own = trialColumns(table, tags);
  const taken = new Set(own.map(({ name }) => name));
  const add = (column: Column) => {
    const name =
      columns.has(column.name) || taken.has(column.name) ? `${column.kind}.${column.name}` : column.name;
    columns.set(name, { ...column, name });
  };
  for (const [name, words] of table.parameters) add(parameterColumn(name, words));
  const metrics = [...table.metrics].sort(([a], [b]) => (a < b ? -1 : 1));
  // Those of gates are many, and last.
  for (const ofGate of [false, true]) {
    for (const [name, values] of metrics) {
      if (isOfGate(name) === ofGate) add(numberColumn(name, "metric", values));
    }
  }
  for (const column of own) columns.set(column.name, column);
  return columns;
}

/** The column of a number of the summaries. */
export function metricColumn(columns: ReadonlyMap<string, Column>, metric: string): Column | undefined {
  return [columns.get(`metric.${metric}`), columns.get(metric)].find((column) => column?.kind === "metric");
}

/** The names of the columns of one kind. */
export function namesOf(columns: ReadonlyMap<string, Column>, kind: Column["kind"]): string[] {
  return [...columns.values()].filter((column) => column.kind === kind).map(({ name }) => name);
}

function trialColumns(table: TrialTable, tags: Tags): Column[] {
  const { error } = table;
  const tagTexts = Array.from({ length: table.rows }, (_, row) => {
    const identity = tags.size > 0 ? table.identity(row) : undefined;
    return (identity && tags.get(identity)?.join(" ")) || "";
  });
  return [
    numberColumn("number", "trial", table.number),
    {
      name: "state",
      kind: "trial",
      numeric: false,
      number: (row) => table.state[row],
      text: (row) => states[table.state[row]] ?? "",
      words: { texts: states, code: (row) => table.state[row] + 1 },
    },
    numberColumn("replicate", "trial", table.replicate),
    numberColumn("seed", "trial", table.seed),
    numberColumn("seconds", "trial", table.seconds),
    {
      name: "ended",
      kind: "trial",
      numeric: true,
      number: (row) => table.ended[row],
      text: (row) =>
        Number.isNaN(table.ended[row]) ? "" : new Date(table.ended[row]).toISOString().slice(0, 19),
    },
    {
      name: "trial",
      kind: "trial",
      numeric: false,
      number: () => Number.NaN,
      text: (row) => table.identity(row) ?? "",
    },
    {
      name: "error",
      kind: "trial",
      numeric: false,
      number: () => Number.NaN,
      text: (row) => (error.codes[row] === 0 ? "" : error.words[error.codes[row] - 1]),
      words: { texts: error.words, code: (row) => error.codes[row] },
    },
    {
      name: "tag",
      kind: "trial",
      numeric: false,
      number: () => Number.NaN,
      text: (row) => tagTexts[row],
    },
  ];
}

/** Rows in the order of a column; those without a value come last, and equal ones keep their order. */
export function ordered(
  rows: Uint32Array<ArrayBuffer>,
  column: Column,
  descending: boolean,
): Uint32Array<ArrayBuffer> {
  const sign = descending ? -1 : 1;
  const keys = new Float64Array(rows.length);
  if (column.numeric || column.name === "state") {
    for (let i = 0; i < rows.length; i++) keys[i] = sign * column.number(rows[i]);
  } else {
    const texts = column.words
      ? column.words.texts
      : [...new Set(Array.from(rows, (row) => column.text(row)).filter((text) => text !== ""))];
    const places = new Map([...texts].sort().map((text, place) => [text, place]));
    for (let i = 0; i < rows.length; i++) keys[i] = sign * (places.get(column.text(rows[i])) ?? Number.NaN);
  }
  const order = new Uint32Array(rows.length).map((_, i) => i);
  order.sort((a, b) => {
    const [x, y] = [keys[a], keys[b]];
    if (x < y) return -1;
    if (x > y) return 1;
    if (x === y) return a - b;
    return Number(Number.isNaN(x)) - Number(Number.isNaN(y)) || a - b;
  });
  return order.map((i) => rows[i]);
}
