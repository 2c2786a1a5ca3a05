// Which trials are looked at, as a line of text that people write and brushes on axes write too: terms with blanks between,
// all of which must hold. `cell=lstm|gru density=0.01..0.1 testAccuracy>0.9 state=failed error~finite top=5%`; a word alone is
// looked for in all texts. Names and values with blanks stand in double quotes.
import { suggest } from "../../suggest.js";
import type { TrialTable } from "../store/table.js";
import { type Column, metricColumn, ordered } from "./columns.js";

export interface Term {
  /** Undefined for a word alone. */
  readonly name?: string;
  readonly operator: "=" | "!=" | "<" | "<=" | ">" | ">=" | "~";
  readonly value: string;
}

const TERM = /(?:("(?:[^"]*)"|[^\s"=<>!~]+)(!=|<=|>=|=|<|>|~))?((?:"[^"]*"|[^\s"]+)+)/g;

/** The terms of a line. */
export function parseFilter(line: string): Term[] {
  return [...line.matchAll(TERM)].map(([, name, operator, value]) => ({
    name: name === undefined ? undefined : name.replaceAll('"', ""),
    operator: (operator ?? "~") as Term["operator"],
    value: value.replaceAll('"', ""),
  }));
}

/** The line of some terms. */
export function formatFilter(terms: readonly Term[]): string {
  return terms
    .map(({ name, operator, value }) =>
      name === undefined ? quoted(value) : `${quoted(name)}${operator}${quoted(value)}`,
    )
    .join(" ");
}

function quoted(text: string): string {
  const plain = text.replaceAll('"', "");
  return plain === "" || /[\s=<>!~]/.test(plain) ? `"${plain}"` : plain;
}

/** A line with the term of equality about a name exchanged, or taken away. */
export function withTerm(line: string, name: string, value: string | undefined): string {
  const others = parseFilter(line).filter((term) => term.name !== name || term.operator !== "=");
  return formatFilter(value === undefined ? others : [...others, { name, operator: "=", value }]);
}

/** The value that a line wants a name to be equal to. */
export function termOf(line: string, name: string): string | undefined {
  return parseFilter(line).find((term) => term.name === name && term.operator === "=")?.value;
}

/** The ends of "1..5", "1.." or "..5". */
export function rangeOf(value: string): readonly [low: number, high: number] | undefined {
  const match = /^(-?[\d.]*\d(?:e[-+]?\d+)?|)\.\.(-?[\d.]*\d(?:e[-+]?\d+)?|)$/i.exec(
    value.replaceAll("−", "-"),
  );
  if (!match || match[0] === "..") return undefined;
  const [low, high] = [match[1], match[2]];
  return [
    low === "" ? Number.NEGATIVE_INFINITY : Number(low),
    high === "" ? Number.POSITIVE_INFINITY : Number(high),
  ];
}

export interface Filtered {
  /** In the study's order. */
  readonly rows: Uint32Array<ArrayBuffer>;
  /** What of the line means nothing, in one sentence each. */
  readonly remarks: readonly string[];
}

export interface Objective {
  readonly metric: string;
  readonly direction: "maximize" | "minimize";
}

type Test = (row: number) => boolean;

/** The rows that a line asks for; terms that mean nothing are passed over and remarked on. */
export function filterRows(
  line: string,
  table: TrialTable,
  columns: ReadonlyMap<string, Column>,
  objective: Objective | undefined,
): Filtered {
  const remarks: string[] = [];
  const tests: Test[] = [];
  let share: number | undefined;
  for (const term of parseFilter(line)) {
    if (term.name === "top") {
      share = Number.parseFloat(term.value) / 100;
      if (!(share > 0) || objective === undefined) {
        remarks.push(
          objective
            ? `top=${term.value} is no share; write top=5%`
            : "the study has no objective to be top of",
        );
        share = undefined;
      }
      continue;
    }
    const test = term.name === undefined ? wordTest(term.value, columns) : columnTest(term, columns, remarks);
    if (test) tests.push(test);
  }
  const rows = new Uint32Array(table.rows);
  let count = 0;
  for (let row = 0; row < table.rows; row++) if (tests.every((test) => test(row))) rows[count++] = row;
  const kept = rows.slice(0, count);
  const ranked = objective && metricColumn(columns, objective.metric);
  return { rows: share !== undefined && ranked ? best(kept, ranked, objective, share) : kept, remarks };
}

function columnTest(term: Term, columns: ReadonlyMap<string, Column>, remarks: string[]): Test | undefined {
  const column = columns.get(term.name!);
  if (!column) {
    const hint = suggest(term.name!, [...columns.keys(), "top"]);
    remarks.push(`there is no column ${term.name}${hint ? `; ${hint}` : ""}`);
    return undefined;
  }
  const { operator, value } = term;
  if (operator === "~") return textTest(column, contains(value));
  if (operator === "=") return equality(column, value);
  if (operator === "!=") {
    const isEqual = equality(column, value);
    return (row) => !isEqual(row);
  }
  const bound = Number(value.replace("−", "-"));
  if (Number.isNaN(bound)) {
    remarks.push(`${term.name}${operator}${value}: ${value} is no number`);
    return undefined;
  }
  const holds = comparisons[operator];
  return (row) => holds(column.number(row), bound);
}

const comparisons: Readonly<Record<"<" | "<=" | ">" | ">=", (value: number, bound: number) => boolean>> = {
  "<": (value, bound) => value < bound,
  "<=": (value, bound) => value <= bound,
  ">": (value, bound) => value > bound,
  ">=": (value, bound) => value >= bound,
};

function contains(part: string): (text: string) => boolean {
  const low = part.toLowerCase();
  return (text) => text.toLowerCase().includes(low);
}

function equality(column: Column, value: string): Test {
  const range = rangeOf(value);
  if (range) {
    const [low, high] = range;
    return (row) => column.number(row) >= low && column.number(row) <= high;
  }
  const texts = new Set(value.split("|"));
  if (column.name === "tag")
    return (row) =>
      column
        .text(row)
        .split(" ")
        .some((tag) => texts.has(tag));
  if (column.name === "trial") {
    // A table has the first digits of identities, and a reader may give fewer, or all.
    const given = [...texts].filter((text) => text !== "");
    return (row) => {
      const own = column.text(row);
      return own !== "" && given.some((digits) => own.startsWith(digits) || digits.startsWith(own));
    };
  }
  if (column.numeric) {
    const numbers = new Set([...texts].map((text) => Number(text.replace("−", "-"))));
    return (row) => numbers.has(column.number(row)) || texts.has(column.text(row));
  }
  return textTest(column, (text) => texts.has(text));
}

// Where a column has few texts, each of them is looked at once.
function textTest(column: Column, test: (text: string) => boolean): Test {
  if (!column.words) return (row) => test(column.text(row));
  const { texts, code } = column.words;
  const held = Uint8Array.from(["", ...texts], (text) => Number(test(text)));
  return (row) => held[code(row)] === 1;
}

function wordTest(word: string, columns: ReadonlyMap<string, Column>): Test {
  const part = contains(word);
  const tests = [...columns.values()]
    .filter(({ numeric, kind }) => !numeric && kind !== "metric")
    .map((column) => textTest(column, part));
  return (row) => tests.some((test) => test(row));
}

// So many to the trial: of equal ones those that come first in the study.
function best(
  rows: Uint32Array<ArrayBuffer>,
  column: Column,
  { direction }: Objective,
  share: number,
): Uint32Array<ArrayBuffer> {
  const scored = rows.filter((row) => Number.isFinite(column.number(row)));
  const count = Math.max(1, Math.round(Math.min(1, share) * scored.length));
  return ordered(scored, column, direction === "maximize")
    .slice(0, count)
    .sort();
}
