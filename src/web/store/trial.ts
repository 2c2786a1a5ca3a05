// Everything about one trial, as its page shows it: configuration, summary, curves, files and attempts with their errors.
// A store from elsewhere may hold anything, so that every text and list has a limit, and what is beyond is said.
import { first, nameOf, numberOf, parsed, type Row, type Rows } from "./rows.js";

export interface TrialPage {
  readonly identity: string;
  readonly kind: string;
  readonly version: number;
  readonly seed: number;
  readonly state: string;
  readonly error?: string;
  /** Undefined when it is too large to show, or no JSON. */
  readonly configuration?: Readonly<Record<string, unknown>>;
  readonly studies: readonly { readonly name: string; readonly number: number }[];
  readonly needs: readonly string[];
  /** Numbers that JSON has no word for are texts. */
  readonly summary: Readonly<Record<string, number | string>>;
  readonly curves: readonly Curve[];
  readonly artifacts: readonly { readonly name: string; readonly size: number }[];
  readonly attempts: readonly AttemptRow[];
  /** What is not shown, in a few words each. */
  readonly leftOut: readonly string[];
}

export interface Curve {
  readonly metric: string;
  readonly epochs: readonly number[];
  readonly values: readonly (number | string)[];
}

export interface AttemptRow {
  readonly machine: string;
  readonly pid: number;
  readonly resumedEpoch?: number;
  readonly started: number;
  readonly ended?: number;
  readonly seconds?: number;
  readonly outcome?: string;
  /** The error with its details. */
  readonly error?: string;
}

const most = {
  configuration: 1_000_000,
  error: 20_000,
  names: 200,
  points: 200_000,
  rows: 200,
  artifact: 64 * 2 ** 20,
} as const;

/** The id of the trial whose identity begins with some digits; undefined when none or several do. */
function find(rows: Rows, prefix: string): number | undefined {
  if (!/^[0-9a-f]{4,64}$/.test(prefix)) return undefined;
  const found = rows.all(
    "SELECT id FROM trial WHERE identity >= ? AND identity < ? LIMIT 2",
    prefix,
    `${prefix}g`,
  );
  return found.length === 1 ? (found[0].id as number) : undefined;
}

/** @param prefix at least 4 digits of its identity. @returns undefined when there is no such trial, or several. */
export function readTrial(rows: Rows, prefix: string): TrialPage | undefined {
  return rows.snapshot(() => {
    const id = find(rows, prefix);
    return id === undefined ? undefined : read(rows, id);
  });
}

function read(rows: Rows, id: number): TrialPage {
  const leftOut: string[] = [];
  const row = first(
    rows,
    `SELECT identity, kind, version, seed, state, substr(error, 1, ${most.error}) AS error, length(error) AS errorLength,
       CASE WHEN length(configuration) <= ${most.configuration} THEN configuration END AS configuration
     FROM trial WHERE id = ?`,
    id,
  ) as Row;
  if (numberOf(row.errorLength) > most.error) leftOut.push(`the error beyond ${most.error} characters`);
  const configuration = parsed(row.configuration);
  if (typeof configuration !== "object" || configuration === null) {
    leftOut.push(`the configuration, which is no JSON or larger than ${most.configuration} characters`);
  }
  const limited = <T>(list: T[], what: string, limit: number = most.rows): T[] => {
    if (list.length > limit) leftOut.push(`${what} beyond ${limit}`);
    return list.slice(0, limit);
  };
  const studies = rows.all(
    `SELECT name, number FROM member JOIN study ON study.id = member.study WHERE trial = ? ORDER BY name LIMIT ${most.rows + 1}`,
    id,
  );
  const needs = rows.all(
    `SELECT identity FROM need JOIN trial ON trial.id = need.needed WHERE need.trial = ? ORDER BY position LIMIT ${most.rows + 1}`,
    id,
  );
  const summary = rows.all(
    `SELECT name, value FROM summary JOIN metric ON metric.id = summary.metric WHERE trial = ? ORDER BY name LIMIT ${most.names + 1}`,
    id,
  );
  const artifacts = rows.all(
    `SELECT name, size FROM artifact JOIN content ON content.id = artifact.content WHERE trial = ? ORDER BY name
     LIMIT ${most.rows + 1}`,
    id,
  );
  const attempts = rows.all(
    `SELECT machine, pid, resumed_epoch, started_at, ended_at, seconds, outcome, substr(error, 1, ${most.error}) AS error
     FROM attempt WHERE trial = ? ORDER BY id DESC LIMIT ${most.rows + 1}`,
    id,
  );
  return {
    identity: nameOf(row.identity),
    kind: nameOf(row.kind),
    version: numberOf(row.version),
    seed: numberOf(row.seed),
    state: nameOf(row.state),
    error: optionalText(row.error),
    configuration: (configuration ?? undefined) as TrialPage["configuration"],
    studies: limited(studies, "studies").map(({ name, number }) => ({
      name: nameOf(name),
      number: numberOf(number),
    })),
    needs: limited(needs, "trials that it starts from").map(({ identity }) => nameOf(identity)),
    summary: Object.fromEntries(
      limited(summary, "metrics of the summary", most.names).map(({ name, value }) => [
        nameOf(name),
        asJson(numberOf(value)),
      ]),
    ),
    curves: readCurves(rows, id, leftOut),
    artifacts: limited(artifacts, "files").map(({ name, size }) => ({
      name: nameOf(name),
      size: numberOf(size),
    })),
    attempts: limited(attempts, "attempts")
      .reverse()
      .map((attempt) => ({
        machine: nameOf(attempt.machine).split("/")[0],
        pid: numberOf(attempt.pid),
        resumedEpoch: optional(attempt.resumed_epoch),
        started: numberOf(attempt.started_at),
        ended: optional(attempt.ended_at),
        seconds: optional(attempt.seconds),
        outcome: optionalText(attempt.outcome),
        error: optionalText(attempt.error),
      })),
    leftOut,
  };
}

function readCurves(rows: Rows, id: number, leftOut: string[]): Curve[] {
  const names = new Map(
    rows.all("SELECT id, name FROM metric").map((metric) => [metric.id as number, nameOf(metric.name)]),
  );
  const points = rows.all(
    `SELECT metric, epoch, value FROM series WHERE trial = ? ORDER BY metric, epoch LIMIT ${most.points + 1}`,
    id,
  );
  if (points.length > most.points) leftOut.push(`points of the curves beyond ${most.points}`);
  const curves = new Map<number, { metric: string; epochs: number[]; values: (number | string)[] }>();
  for (const { metric, epoch, value } of points.slice(0, most.points)) {
    let curve = curves.get(metric as number);
    if (!curve) {
      curve = { metric: names.get(metric as number) ?? "", epochs: [], values: [] };
      curves.set(metric as number, curve);
    }
    curve.epochs.push(numberOf(epoch));
    curve.values.push(asJson(numberOf(value)));
  }
  const all = [...curves.values()].sort((a, b) => (a.metric < b.metric ? -1 : 1));
  if (all.length > most.names) leftOut.push(`curves beyond ${most.names}`);
  return all.slice(0, most.names);
}

function asJson(value: number): number | string {
  return Number.isFinite(value) ? value : String(value);
}

function optional(value: unknown): number | undefined {
  return typeof value === "number" ? value : undefined;
}

function optionalText(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/**
 * The bytes of a file of a trial.
 * @returns undefined when there is none of that name, or it is larger than 64 MB; `study show --artifacts` writes those.
 */
export function readArtifact(rows: Rows, prefix: string, name: string): Uint8Array<ArrayBuffer> | undefined {
  return rows.snapshot(() => {
    const id = find(rows, prefix);
    const row =
      id === undefined
        ? undefined
        : first(
            rows,
            `SELECT content.bytes FROM artifact JOIN content ON content.id = artifact.content
             WHERE artifact.trial = ? AND artifact.name = ? AND length(content.bytes) <= ${most.artifact}`,
            id,
            name,
          );
    return row && new Uint8Array(row.bytes as ArrayBuffer);
  });
}
