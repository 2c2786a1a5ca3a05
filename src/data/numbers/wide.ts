// A wide table: each row is a sequence of one channel, its values side by side, and has a label before or after them. Rows
// that are shorter than others end in empty cells, or just end.
import { InputError } from "../../errors.js";
import { labelName, labelsAmong } from "../classes.js";
import { columnNames, columnOf, columnsNamed, listed } from "../columns.js";
import { createSequences, MOST_VALUES, type Sequences } from "../sequences.js";
import { type NamedTable, numberedColumns } from "./named-table.js";
import { complaint, hintFor, isNumber, isNumeric } from "./rows.js";
import type { TableOptions } from "./table.js";

/** The name of the only channel. */
const CHANNEL = "1";

/** @throws InputError as `parseNumbers`. */
export function parseWide(table: NamedTable, options: TableOptions): Sequences {
  const { where, names, hasHeader, whereHeader, rows } = table;
  const { task = "classify", unlabelled, remark } = options;
  if (task === "label") {
    throw new InputError({
      where: whereHeader,
      what: "a row that is a whole sequence has no label at every step",
      hint: "write a row for each step (--layout long), or use --task classify",
    });
  }
  const wantsLabels = task === "classify" && !unlabelled;
  const label = wantsLabels ? labelColumn(table, options) : namedLabel(table, options);
  if (label !== undefined && !wantsLabels)
    remark?.(`${where}: column ${JSON.stringify(names[label])} is not read`);
  const numbered = numberedColumns(names);
  const beside = columnsNamed(names, columnNames.sequence).filter((column) => !numbered.includes(column));
  const others = new Set([label, ...table.index, ...(hasHeader ? beside : [])]);
  const columns = [...names.keys()].filter((column) => !others.has(column));
  if (columns.length === 0) {
    throw new InputError({
      where: whereHeader,
      what: "there is no column of values",
      hint: "write the values of a sequence side by side, or a row for each step (--layout long)",
    });
  }
  if (hasHeader) checkOrder(names, columns, whereHeader);
  // Without a header a row may be longer than the first one, unless a label ends it.
  const isOpen = !hasHeader && (label === undefined || label === 0);
  const values: Float32Array[] = [];
  const labels: string[] = [];
  const lines: number[] = [];
  let total = 0;
  for (const { cells, line } of rows) {
    const whereRow = `${where}:${line}`;
    if (cells.length > names.length && !isOpen) throw tooLong(table, cells.length, whereRow);
    const own = isOpen && cells.length > names.length ? cells.slice(label === 0 ? 1 : 0) : undefined;
    const row = valuesOf(own ?? columns.map((column) => cells[column] ?? ""), (place) => ({
      where: whereRow,
      column: own ? String(place + cells.length - own.length + 1) : names[columns[place]],
    }));
    values.push(row);
    lines.push(line);
    total += row.length;
    if (total > MOST_VALUES) {
      throw new InputError({ where, what: `has more than ${MOST_VALUES} values`, hint: "split it" });
    }
    if (label === undefined || !wantsLabels) continue;
    const name = labelName(cells[label] ?? "");
    if (name === "") {
      throw new InputError({
        where: whereRow,
        what: "the row has no label",
        hint: "add it or leave the row out",
      });
    }
    labels.push(name);
  }
  const whereRow = (row: number) => `${where}:${lines[row]}`;
  const target = wantsLabels && {
    kind: "class" as const,
    labels: labelsAmong(labels, options.classes, whereRow),
  };
  return createSequences({ channels: [CHANNEL], values, ...(target && { target }) }, where, whereRow);
}

/** The values of a row up to the empty cells at its end. */
function valuesOf(
  cells: readonly string[],
  at: (place: number) => { where: string; column: string },
): Float32Array {
  let steps = cells.length;
  while (steps > 0 && cells[steps - 1] === "") steps--;
  // Elsewhere shorter rows are filled up with NaN.
  while (steps > 0 && /^nan$/i.test(cells[steps - 1])) steps--;
  if (steps === 0) {
    throw new InputError({ where: at(0).where, what: "the row has no values", hint: "leave it out" });
  }
  const values = new Float32Array(steps);
  for (let step = 0; step < steps; step++) {
    const problem = complaint(cells[step]);
    if (problem !== undefined) {
      const { where, column } = at(step);
      const what = `column ${JSON.stringify(column.slice(0, 40))} ${problem}`;
      const hint = hintFor(cells[step], "correct the cell, or name the column of labels with --label-column");
      throw new InputError({ where, what, hint });
    }
    values[step] = Number(cells[step]);
  }
  return values;
}

function tooLong({ names, hasHeader, separator }: NamedTable, cells: number, where: string): InputError {
  return new InputError({
    where,
    what: `the row has ${cells} cells, the ${hasHeader ? "header" : "first row"} ${names.length}`,
    hint: `check for an extra ${separator}, and write decimal points`,
  });
}

// A program that sorts names puts t10 before t2.
function checkOrder(names: readonly string[], columns: readonly number[], where: string): void {
  const numbered = numberedColumns(names).filter((column) => columns.includes(column));
  if (numbered.length < columns.length) return;
  const numbers = numbered.map((column) => Number(/\d+/.exec(names[column])?.[0]));
  const wrong = numbers.findIndex((number, i) => i > 0 && number < numbers[i - 1]);
  if (wrong < 0) return;
  throw new InputError({
    where,
    what: `column ${JSON.stringify(names[numbered[wrong - 1]])} stands before ${JSON.stringify(names[numbered[wrong]])}`,
    hint: "put the columns in the order of the steps",
  });
}

/** The column of labels that was asked for or has a name of one. @throws InputError when several have. */
function namedLabel(
  { names, hasHeader, whereHeader }: NamedTable,
  options: TableOptions,
): number | undefined {
  const { labelColumn: wanted } = options;
  const last = names.length - 1;
  if (wanted !== undefined) {
    if (!hasHeader && wanted === "first") return 0;
    if (!hasHeader && wanted === "last") return last;
    return columnOf(names, wanted, whereHeader, "--label-column");
  }
  if (!hasHeader) return undefined;
  const named = columnsNamed(names, columnNames.label);
  if (named.length > 1) throw uncertain(names, named, whereHeader);
  return named[0];
}

/** The column of labels: the one named so, of words, not numbered as all others are, or of few whole numbers at one end. */
function labelColumn(table: NamedTable, options: TableOptions): number {
  const named = namedLabel(table, options);
  if (named !== undefined) return named;
  const { names, hasHeader, whereHeader, first, index } = table;
  const rest = [...names.keys()].filter((column) => !index.has(column));
  const sequences = new Set(hasHeader ? columnsNamed(names, columnNames.sequence) : []);
  const free = rest.filter((column) => !sequences.has(column));
  const words = free.filter((column) => first.cells[column] && !isNumeric(first.cells[column]));
  if (words.length === 1) return words[0];
  if (words.length > 1) throw uncertain(names, words, whereHeader);
  const numbered = hasHeader ? numberedColumns(names) : [];
  const odd = free.filter((column) => !numbered.includes(column));
  if (numbered.length >= 3 && odd.length === 1) return odd[0];
  const ends = [...new Set([free[0], free[free.length - 1]])];
  const whole = ends.length === 2 ? ends.filter((column) => isFewWholeNumbers(table, column)) : [];
  if (whole.length === 1) return whole[0];
  throw uncertain(names, free, whereHeader, hasHeader);
}

function isFewWholeNumbers({ rows }: NamedTable, column: number): boolean {
  const seen = new Set<string>();
  let count = 0;
  for (const { cells } of rows) {
    const cell = cells[column] ?? "";
    if (!isNumber(cell) || !Number.isInteger(Number(cell))) return false;
    seen.add(labelName(cell));
    count++;
  }
  return 2 * seen.size <= count;
}

function uncertain(
  names: readonly string[],
  columns: readonly number[],
  where: string,
  hasHeader = true,
): InputError {
  return new InputError({
    where,
    what: hasHeader
      ? `which column has the labels is not certain: ${listed(names, columns)}`
      : "whether labels stand in the first or the last column is not certain",
    hint:
      names.length === 1
        ? "say --task forecast if it is a series"
        : `name it with --label-column${hasHeader ? "" : " first or --label-column last"}`,
  });
}
