// A long table: each row is a step, with a value of each channel, and says which sequence it belongs to, when it was and
// what is to be learnt of it, as far as there are columns for these.
import { InputError } from "../../errors.js";
import { classesOf, labelName, labelsAmong } from "../classes.js";
import { columnNames, columnOf, columnsNamed, listed } from "../columns.js";
import { createSequences, MOST_VALUES, type Sequences, type SequenceTarget } from "../sequences.js";
import { hasRepeats, type NamedTable } from "./named-table.js";
import { complaint, hintFor, isMissing, isNumeric } from "./rows.js";
import type { TableOptions } from "./table.js";
import { isTime, TimeOrder } from "./times.js";

/** What the columns of a long table are. */
interface Roles {
  readonly sequence?: number;
  /** More than one where a date and a clock are apart. */
  readonly time: readonly number[];
  /** Classes, or numbers to be forecast. */
  readonly target?: number;
  readonly channels: readonly number[];
}

/** @throws InputError as `parseNumbers`. */
export function parseLong(table: NamedTable, options: TableOptions): Sequences {
  const { where, names, hasHeader, separator, rows } = table;
  const { task = "classify", remark } = options;
  const roles = rolesOf(table, options);
  const { sequence, time, target, channels } = roles;
  const isForecast = task === "forecast";
  const sequences = new Sequenced(table, roles);
  const values = new Growing(channels.length, where);
  const targets: string[] = [];
  const order = new TimeOrder();
  const lines: number[] = [];
  for (const { cells, line } of rows) {
    const whereRow = `${where}:${line}`;
    if (cells.length > names.length) {
      throw new InputError({
        where: whereRow,
        what: `the row has ${cells.length} cells, the ${hasHeader ? "header" : "first row"} ${names.length}`,
        hint: `check for an extra ${separator}, and write decimal points`,
      });
    }
    const own = sequences.add(sequence === undefined ? "" : (cells[sequence] ?? ""), whereRow);
    if (time.length > 0) {
      const cell = time.map((column) => cells[column] ?? "").join(" ");
      if (isMissing(cell.trim())) throw unusable(table, time[0], "", whereRow);
      order.add(own, cell, line);
    }
    for (const column of channels) {
      const cell = cells[column] ?? "";
      if (complaint(cell) !== undefined) throw unusable(table, column, cell, whereRow);
      values.push(Number(cell));
    }
    if (target !== undefined) {
      const cell = cells[target] ?? "";
      if (isForecast && !isMissing(cell) && complaint(cell) !== undefined)
        throw unusable(table, target, cell, whereRow);
      targets.push(cell);
    }
    lines.push(line);
  }
  checkTimes(table, time, order, sequences.count > 1, remark);
  const rowsOf = sequences.rows();
  const whereRow = (row: number) => `${where}:${lines[rowsOf[row][0]]}`;
  const found: SequenceTarget | undefined =
    target === undefined
      ? undefined
      : isForecast
        ? {
            kind: "numbers",
            names: [names[target]],
            of: rowsOf.map((own) =>
              Float32Array.from(own, (row) => (isMissing(targets[row]) ? Number.NaN : Number(targets[row]))),
            ),
          }
        : classTarget(rowsOf, targets, options, where, (row) => `${where}:${lines[row]}`);
  return createSequences(
    {
      channels: channels.map((column) => names[column]),
      values: rowsOf.map((own) => values.rows(own)),
      ...(found && { target: found }),
    },
    where,
    whereRow,
  );
}

function classTarget(
  rowsOf: readonly (readonly number[])[],
  cells: readonly string[],
  { task, classes }: TableOptions,
  where: string,
  whereRow: (row: number) => string,
): SequenceTarget {
  const labels = cells.map((cell) => (isMissing(cell) ? "" : labelName(cell)));
  if (!labels.some((label) => label !== "")) {
    throw new InputError({ where, what: "no row has a label", hint: "add labels" });
  }
  if (task === "label") {
    const known =
      classes ??
      classesOf(
        labels.filter((label) => label !== ""),
        where,
      );
    const given = [...labels.keys()].filter((row) => labels[row] !== "");
    const { of } = labelsAmong(
      given.map((row) => labels[row]),
      known,
      (i) => whereRow(given[i]),
    );
    const places = new Int32Array(labels.length).fill(-1);
    for (const [i, row] of given.entries()) places[row] = of[i];
    return {
      kind: "step-classes",
      classes: known,
      of: rowsOf.map((own) => Int32Array.from(own, (row) => places[row])),
    };
  }
  const first = rowsOf.map((own) => {
    const labelled = own.filter((row) => labels[row] !== "");
    if (labelled.length === 0) {
      throw new InputError({ where: whereRow(own[0]), what: "the sequence has no label", hint: "add one" });
    }
    const other = labelled.find((row) => labels[row] !== labels[labelled[0]]);
    if (other !== undefined) {
      throw new InputError({
        where: whereRow(other),
        what: `the label ${JSON.stringify(labels[other].slice(0, 40))} is not that of the sequence's first row, ${JSON.stringify(labels[labelled[0]].slice(0, 40))}`,
        hint: "use --task label where labels belong to steps",
      });
    }
    return labelled[0];
  });
  const labelled = first.map((row) => labels[row]);
  return { kind: "class", labels: labelsAmong(labelled, classes, (i) => whereRow(first[i])) };
}

function unusable({ names }: NamedTable, column: number, cell: string, where: string): InputError {
  const name = JSON.stringify(names[column].slice(0, 40));
  return new InputError({
    where,
    what: `column ${name} ${complaint(cell) ?? "is empty"}`,
    hint: hintFor(cell, "correct the cell, or name the columns of values with --channels"),
  });
}

function checkTimes(
  { where, names }: NamedTable,
  time: readonly number[],
  order: TimeOrder,
  several: boolean,
  remark: TableOptions["remark"],
): void {
  if (time.length === 0) return;
  const name = time.map((column) => JSON.stringify(names[column])).join(" and ");
  const { disorder, repeated, unknown } = order.found();
  if (unknown) remark?.(`${where}: ${name} is in no form that can be compared; rows are taken as they stand`);
  if (disorder !== undefined) {
    throw new InputError({
      where: `${where}:${disorder}`,
      what: `by column ${name} the row is earlier than the one before${several ? " in its sequence" : ""}`,
      hint: several
        ? "sort the rows"
        : "sort the rows, or name the column that tells sequences apart with --sequence-column",
    });
  }
  if (repeated > 0) {
    remark?.(
      `${where}: ${repeated} rows have the same ${name} as the row before${several ? " in their sequence" : "; are these several sequences? then name the column that tells them apart with --sequence-column"}`,
    );
  }
}

function rolesOf(table: NamedTable, options: TableOptions): Roles {
  const { names, whereHeader, index, hasHeader, first } = table;
  const { task = "classify", unlabelled, sequenceColumn, timeColumn, targetColumn, labelColumn } = options;
  const asked = options.channels?.map((name) => columnOf(names, name, whereHeader, "--channels"));
  const taken = new Set([...index, ...(asked ?? [])]);
  const free = (known: ReadonlySet<string>) =>
    hasHeader ? columnsNamed(names, known).filter((column) => !taken.has(column)) : [];
  const take = (column: number) => {
    taken.add(column);
    return column;
  };
  const askedFor = (name: string | undefined, option: string) =>
    name === undefined ? undefined : take(columnOf(names, name, whereHeader, option));

  const wantsClasses = task !== "forecast" && !unlabelled;
  let sequence = askedFor(sequenceColumn, "--sequence-column");
  let time = [askedFor(timeColumn, "--time-column")].filter((column) => column !== undefined);
  let target =
    askedFor(targetColumn, "--target-column") ??
    (task === "forecast" ? undefined : askedFor(labelColumn, "--label-column"));
  if (sequence === undefined) {
    const named = free(columnNames.sequence);
    const repeating = named.filter((column) => hasRepeats(table, column));
    if (repeating.length > 1)
      throw uncertain(
        "says which sequence a row belongs to",
        "--sequence-column",
        names,
        repeating,
        whereHeader,
      );
    if (repeating.length === 1) sequence = take(repeating[0]);
    // A number of each row is neither a sequence nor a channel.
    for (const column of named) taken.add(column);
  }
  if (time.length === 0) {
    time = [
      ...new Set([
        ...free(columnNames.time),
        ...[...names.keys()].filter((column) => !taken.has(column) && isTime(first.cells[column] ?? "")),
      ]),
    ].filter((column) => column !== target);
    for (const column of time) taken.add(column);
    time = together(time, table);
  }
  if (target === undefined) {
    const named = free(columnNames.target);
    if (named.length > 1 && !unlabelled)
      throw uncertain(
        "has the labels",
        wantsClasses ? "--label-column" : "--target-column",
        names,
        named,
        whereHeader,
      );
    const rest = [...names.keys()].filter((column) => !taken.has(column));
    const words = rest.filter((column) => first.cells[column] && !isNumeric(first.cells[column]));
    // What alone is there to be forecast is a channel, whatever its name.
    if (task === "forecast") target = rest.length > 1 && named.length === 1 ? take(named[0]) : undefined;
    else if (named.length === 1) target = take(named[0]);
    else if (wantsClasses && words.length === 1) target = take(words[0]);
    else if (wantsClasses)
      throw uncertain(
        "has the labels",
        "--label-column, or say --task forecast where there are none",
        names,
        words.length > 0 ? words : rest,
        whereHeader,
      );
  }
  // What a target was is read to say what it will be.
  const readsTarget = task === "forecast" && (options.horizon ?? 1) > 0;
  const channels =
    asked ?? [...names.keys()].filter((column) => !taken.has(column) || (readsTarget && column === target));
  const twice = channels.find((column, i) => channels.indexOf(column) < i);
  const isTarget = !readsTarget && channels.includes(target ?? -1);
  if (twice !== undefined || isTarget || channels.includes(sequence ?? -1)) {
    throw new InputError({
      where: "--channels",
      what: "a column is named twice, or is the target or the sequence too",
      hint: "name each column once",
    });
  }
  if (channels.length === 0) {
    throw new InputError({
      where: whereHeader,
      what: `there is no column of values: ${listed(names)}`,
      hint: "name them with --channels",
    });
  }
  return { sequence, time, target: unlabelled && task !== "forecast" ? undefined : target, channels };
}

/** A date and the clock that goes with it are one time; of other times the first is looked at. */
function together(time: readonly number[], { first }: NamedTable): number[] {
  const isClock = (column: number) => /^\d{1,2}:\d{2}/.test(first.cells[column] ?? "");
  const date = time.find((column) => isTime(first.cells[column] ?? "") && !isClock(column));
  const clock = time.find(isClock);
  if (date !== undefined && clock !== undefined) return [date, clock];
  const one = date ?? time[0];
  return one === undefined ? [] : [one];
}

function uncertain(
  what: string,
  option: string,
  names: readonly string[],
  columns: readonly number[],
  where: string,
): InputError {
  return new InputError({
    where,
    what: `which column ${what} is not certain: ${listed(names, columns)}`,
    hint: `name it with ${option}`,
  });
}

/** Which rows belong to which sequence, by the order in which sequences begin. */
class Sequenced {
  readonly #places = new Map<string, number>();
  readonly #rows: number[][] = [];
  readonly #mayMix: boolean;
  readonly #name: string;
  #count = 0;
  #last = -1;

  constructor({ names }: NamedTable, { sequence, time }: Roles) {
    this.#mayMix = time.length > 0;
    this.#name = sequence === undefined ? "" : JSON.stringify(names[sequence].slice(0, 40));
  }

  get count(): number {
    return this.#rows.length;
  }

  /** Takes in the next row. @returns the number of its sequence. */
  add(cell: string, where: string): number {
    if (this.#name !== "" && isMissing(cell)) {
      throw new InputError({
        where,
        what: `column ${this.#name} is empty`,
        hint: "say which sequence it is",
      });
    }
    let place = this.#places.get(cell);
    if (place === undefined) {
      place = this.#rows.length;
      this.#places.set(cell, place);
      this.#rows.push([]);
    } else if (place !== this.#last && !this.#mayMix) {
      throw new InputError({
        where,
        what: `${this.#name} ${JSON.stringify(cell.slice(0, 40))} goes on after rows of another sequence, and no column says when`,
        hint: "put the rows of a sequence together, or name the column of times with --time-column",
      });
    }
    this.#rows[place].push(this.#count++);
    this.#last = place;
    return place;
  }

  rows(): readonly (readonly number[])[] {
    return this.#rows;
  }
}

/** Numbers row by row, of a table whose length is not known. */
class Growing {
  readonly #width: number;
  readonly #where: string;
  #values = new Float32Array(1024);
  #count = 0;

  constructor(width: number, where: string) {
    this.#width = width;
    this.#where = where;
  }

  push(value: number): void {
    if (this.#count === this.#values.length) {
      if (this.#count >= MOST_VALUES) {
        throw new InputError({
          where: this.#where,
          what: `has more than ${MOST_VALUES} values`,
          hint: "split it",
        });
      }
      const more = new Float32Array(2 * this.#count);
      more.set(this.#values);
      this.#values = more;
    }
    this.#values[this.#count++] = value;
  }

  /** [row][column] of some rows. */
  rows(rows: readonly number[]): Float32Array {
    const width = this.#width;
    const values = new Float32Array(rows.length * width);
    for (const [i, row] of rows.entries()) {
      values.set(this.#values.subarray(row * width, (row + 1) * width), i * width);
    }
    return values;
  }
}
