// Reads the trials of a study into a table, and some of them again when they have changed. A large study is read in
// pieces, each a short transaction of its own, so that neither a writer's log nor whoever else asks has to wait.
import { first, nameOf, numberOf, parsed, type Rows, textOf } from "./rows.js";
import { DIGITS, limits, type State, stateCode, TrialTable, WordWriter } from "./table.js";

/** Trials read in one transaction; tens of milliseconds. */
const PIECE = 4_000;
/** Of an error's line, as much as a table shows. */
const ERROR_LENGTH = 160;

/** A table, and which rows the trials of the store are in. */
export interface StudyTable {
  readonly table: TrialTable;
  readonly rowOf: ReadonlyMap<number, number>;
}

/** @param breathe awaited between two pieces. */
export async function readTable(
  rows: Rows,
  study: number,
  breathe: () => Promise<void>,
): Promise<StudyTable> {
  const count = numberOf(first(rows, "SELECT count(*) AS n FROM member WHERE study = ?", study)?.n);
  const table = new TrialTable(Math.min(count, limits.rows));
  if (count > limits.rows) table.leftOut = `trials beyond ${limits.rows}`;
  const identities: string[] = [];
  const rowOf = new Map<number, number>();
  const writers = new Map<string, WordWriter>();
  const metrics = metricNames(rows);
  let text: unknown;
  let words: [name: string, word: string][] = [];
  for (let last = -1, row = 0; row < table.rows; ) {
    const piece = rows.snapshot(() => {
      const members = rows.all(
        `SELECT member.number, member.replicate, member.parameters, trial.id, substr(trial.identity, 1, ${DIGITS}) AS digits,
           trial.seed, trial.state, substr(trial.error, 1, ${ERROR_LENGTH}) AS error
         FROM member CROSS JOIN trial ON trial.id = member.trial
         WHERE member.study = ? AND member.number > ? ORDER BY member.number LIMIT ${PIECE}`,
        study,
        last,
      );
      for (const { id } of members) rowOf.set(id as number, rowOf.size);
      if (members.length > 0) {
        last = members[members.length - 1].number as number;
        const range = [study, members[0].number as number, last] as const;
        readResults(rows, { table, rowOf }, metrics, range);
      }
      return members;
    });
    // Trials were deleted meanwhile; whoever watches the store hears of that and reads again.
    if (piece.length === 0) break;
    const errors = new WordWriter(table.error);
    for (const member of piece) {
      table.number[row] = numberOf(member.number);
      table.replicate[row] = numberOf(member.replicate);
      table.seed[row] = numberOf(member.seed);
      table.state[row] = stateCode[member.state as State] ?? stateCode.waiting;
      errors.set(row, typeof member.error === "string" ? member.error : undefined);
      identities.push(
        /^[0-9a-f]{16}$/.test(textOf(member.digits)) ? (member.digits as string) : "-".repeat(DIGITS),
      );
      // Replicates stand beside each other.
      if (member.parameters !== text) {
        text = member.parameters;
        words = Object.entries((parsed(text) ?? {}) as object).map(([name, value]) => [
          name,
          JSON.stringify(value),
        ]);
      }
      for (const [name, word] of words) parameterWriter(table, writers, nameOf(name))?.set(row, word);
      row++;
    }
    await breathe();
  }
  while (identities.length < table.rows) identities.push("-".repeat(DIGITS));
  table.identities = identities.join("");
  return { table, rowOf };
}

function parameterWriter(
  table: TrialTable,
  writers: Map<string, WordWriter>,
  name: string,
): WordWriter | undefined {
  const known = writers.get(name);
  if (known) return known;
  if (writers.size >= limits.parameters) {
    table.leftOut = `parameters beyond ${limits.parameters}`;
    return undefined;
  }
  const column = { words: [], codes: new Uint32Array(table.rows) };
  table.parameters.set(name, column);
  const writer = new WordWriter(column);
  writers.set(name, writer);
  return writer;
}

/** Names of metrics by their row. */
function metricNames(rows: Rows): Map<number, string> {
  return new Map(rows.all("SELECT id, name FROM metric").map(({ id, name }) => [id as number, nameOf(name)]));
}

/** A number in JSON with all its digits, where SQLite's own JSON has fifteen; an infinity is 9e999. */
const EXACT = `CASE WHEN summary.value IS NULL THEN 'null' WHEN summary.value = 9e999 THEN '9e999'
  WHEN summary.value = -9e999 THEN '-9e999' ELSE printf('%!.17g', summary.value) END`;

// As lists in JSON, which cost a third of what as many rows would.
function readResults(
  rows: Rows,
  { table, rowOf }: StudyTable,
  metrics: ReadonlyMap<number, string>,
  range: readonly [study: number, low: number, high: number],
): void {
  const columns = new Map<number, Float64Array | undefined>();
  const lists = first(
    rows,
    `SELECT json_group_array(summary.trial) AS trials, json_group_array(summary.metric) AS metrics,
       '[' || group_concat(${EXACT}) || ']' AS vals
     FROM member CROSS JOIN summary ON summary.trial = member.trial
     WHERE member.study = ? AND member.number BETWEEN ? AND ?`,
    ...range,
  );
  const [trials, names, values] = [lists?.trials, lists?.metrics, lists?.vals].map(list);
  for (const [index, trial] of trials.entries()) {
    const metric = names[index] as number;
    if (!columns.has(metric)) columns.set(metric, table.metric(metrics.get(metric) ?? ""));
    const column = columns.get(metric);
    if (column) column[rowOf.get(trial as number)!] = numberOf(values[index]);
  }
  const attempts = first(
    rows,
    `SELECT json_group_array(attempt.trial) AS trials, json_group_array(attempt.ended_at) AS ended,
       json_group_array(attempt.seconds) AS seconds
     FROM member CROSS JOIN attempt ON attempt.trial = member.trial
     WHERE member.study = ? AND member.number BETWEEN ? AND ? AND attempt.ended_at IS NOT NULL`,
    ...range,
  );
  const [of, ended, seconds] = [attempts?.trials, attempts?.ended, attempts?.seconds].map(list);
  for (const [index, trial] of of.entries()) {
    const row = rowOf.get(trial as number)!;
    if (table.ended[row] > numberOf(ended[index])) continue;
    table.ended[row] = numberOf(ended[index]);
    table.seconds[row] = numberOf(seconds[index]);
  }
}

function list(column: unknown): unknown[] {
  return (parsed(column) ?? []) as unknown[];
}

/** Trials whose ids stand in one statement. */
const ASKED = 500;

/** Reads some trials again, within the caller's snapshot. @returns their rows; trials of other studies are passed over. */
export function refresh(rows: Rows, { table, rowOf }: StudyTable, trials: Iterable<number>): number[] {
  const own = [...trials].filter((trial) => rowOf.has(trial));
  const metrics = metricNames(rows);
  const errors = new WordWriter(table.error);
  for (let from = 0; from < own.length; from += ASKED) {
    const asked = own.slice(from, from + ASKED);
    const ids = asked.map(() => "?").join(",");
    const trialRows = rows.all(
      `SELECT id, state, substr(error, 1, ${ERROR_LENGTH}) AS error FROM trial WHERE id IN (${ids})`,
      ...asked,
    );
    for (const { id, state, error } of trialRows) {
      const row = rowOf.get(id as number)!;
      table.state[row] = stateCode[state as State] ?? stateCode.waiting;
      errors.set(row, typeof error === "string" ? error : undefined);
    }
    for (const { trial, metric, value } of rows.all(
      `SELECT trial, metric, value FROM summary WHERE trial IN (${ids})`,
      ...asked,
    )) {
      const column = table.metric(metrics.get(metric as number) ?? "");
      if (column) column[rowOf.get(trial as number)!] = numberOf(value);
    }
    for (const { trial, ended_at: ended, seconds } of rows.all(
      `SELECT trial, ended_at, seconds FROM attempt WHERE ended_at IS NOT NULL AND trial IN (${ids}) ORDER BY ended_at`,
      ...asked,
    )) {
      const row = rowOf.get(trial as number)!;
      table.ended[row] = numberOf(ended);
      table.seconds[row] = numberOf(seconds);
    }
  }
  return own.map((trial) => rowOf.get(trial)!);
}

/** The trials of a table whose state in the store is another than in the table. */
export function changedStates(rows: Rows, study: number, { table, rowOf }: StudyTable): number[] {
  const trials = rows.all(
    `SELECT trial.id, trial.state FROM member CROSS JOIN trial INDEXED BY trial_by_state ON trial.id = member.trial
     WHERE member.study = ?`,
    study,
  );
  return trials
    .filter(({ id, state }) => table.state[rowOf.get(id as number) ?? -1] !== stateCode[state as State])
    .map(({ id }) => id as number);
}
