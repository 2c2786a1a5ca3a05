// The reading half of a store: what there is, how far it is, what is best. Works beside any number of runners without
// disturbing them; questions about a whole study are answered from indexes, so that a hundred thousand trials are
// counted in well under a second.
import { InputError } from "../errors.js";
import { suggest } from "../suggest.js";
import { Database, type Row } from "./database.js";
import type { StudyDocument } from "./document.js";
import type { JsonObject } from "./json.js";
import { contentOf, deadRunners, fromColumn, type TrialState } from "./store.js";

/** How many trials are in which state. */
export type Counts = Readonly<Record<TrialState, number>>;

export interface StudyStatus {
  readonly name: string;
  readonly kind: string;
  readonly total: number;
  readonly counts: Counts;
  /** Trials outside the study that its trials start from. */
  readonly needed: Counts;
}

export interface TrialRow {
  readonly number: number;
  readonly identity: string;
  readonly kind: string;
  readonly seed: number;
  readonly replicate: number;
  readonly state: TrialState;
  readonly error: string | null;
  readonly parameters: JsonObject;
  readonly summary: Readonly<Record<string, number>>;
}

/** What `show` tells of one trial. */
export interface TrialDetail {
  readonly identity: string;
  readonly kind: string;
  readonly version: number;
  readonly seed: number;
  readonly configuration: JsonObject;
  readonly state: TrialState;
  readonly error: string | null;
  readonly studies: readonly { readonly name: string; readonly number: number }[];
  readonly needs: readonly string[];
  readonly summary: Readonly<Record<string, number>>;
  readonly series: readonly SeriesRow[];
  readonly artifacts: readonly { readonly name: string; readonly size: number; readonly sha256: string }[];
  readonly attempts: readonly Attempt[];
}

/** One epoch: its metrics by name. */
export interface SeriesRow {
  readonly epoch: number;
  readonly metrics: Readonly<Record<string, number>>;
}

/** One time that a trial was begun; times are milliseconds since 1970. */
export interface Attempt {
  readonly machine: string;
  readonly pid: number;
  readonly resumedEpoch: number | null;
  readonly startedAt: number;
  readonly endedAt: number | null;
  readonly seconds: number | null;
  readonly outcome: "finished" | "failed" | "stopped" | "lost" | null;
}

/** One line of `best`: a trial, or the replicates of one combination. */
export interface Ranked {
  readonly number: number;
  readonly identity: string;
  readonly parameters: JsonObject;
  /** The objective, its mean when there are replicates. */
  readonly value: number;
  readonly replicates: number;
}

const chunk = 1_000;

/** A store, opened for looking. */
export class StoreReader {
  private readonly database: Database;

  constructor(database: Database) {
    this.database = database;
  }

  /** Opens a store. @throws FileError, InputError when there is none or it cannot be read. */
  static open(path: string): StoreReader {
    return new StoreReader(Database.open(path, "read"));
  }

  close(): void {
    this.database.close();
  }

  /** All studies, oldest first. */
  list(): StudyStatus[] {
    return this.database.snapshot(() => this.names().map((name) => this.status(name)));
  }

  /** The names of all studies, oldest first. */
  names(): string[] {
    return this.database
      .all("SELECT name FROM study ORDER BY created_at, id")
      .map(({ name }) => name as string);
  }

  /** The name of the only study. @throws InputError when there are none or several. */
  onlyStudy(): string {
    const names = this.names();
    if (names.length === 1) return names[0];
    const what = names.length === 0 ? "it holds no study yet" : `it holds ${names.length} studies`;
    const hint = names.length === 0 ? undefined : `name one: ${names.slice(0, 10).join(", ")}`;
    throw new InputError({ where: this.database.path, what, hint });
  }

  /** The failed trials of a study by their error, most frequent first, with one trial as an example. */
  failures(name: string): { error: string; trials: number; identity: string }[] {
    return this.database.all(
      `SELECT trial.error, count(*) AS trials, min(trial.identity) AS identity
       FROM member CROSS JOIN trial ON trial.id = member.trial
       WHERE member.study = ? AND trial.state = 'failed' GROUP BY trial.error ORDER BY 2 DESC, 1 LIMIT 20`,
      this.study(name).id,
    ) as { error: string; trials: number; identity: string }[];
  }

  /** How far a study is. @throws InputError when there is no such study. */
  status(name: string): StudyStatus {
    const { id, document } = this.study(name);
    const dead = deadRunners(this.database);
    const counts = this.count("SELECT trial FROM member WHERE study = ?1", id, dead);
    const needed = this.count(
      `WITH RECURSIVE closure (trial) AS (
         SELECT need.needed FROM member JOIN need ON need.trial = member.trial WHERE member.study = ?1
         UNION SELECT need.needed FROM closure JOIN need ON need.trial = closure.trial
       ) SELECT trial FROM closure WHERE trial NOT IN (SELECT trial FROM member WHERE study = ?1)`,
      id,
      dead,
    );
    const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
    return { name, kind: document.kind, total, counts, needed };
  }

  // A trial whose runner is dead waits to be taken up, whatever its row says.
  private count(trials: string, study: number, dead: readonly number[]): Counts {
    const counts = { waiting: 0, running: 0, finished: 0, failed: 0 };
    const rows = this.database.all(
      `SELECT state, count(*) AS n FROM trial WHERE id IN (${trials}) GROUP BY state`,
      study,
    );
    for (const { state, n } of rows) counts[state as TrialState] = n as number;
    for (const runner of dead) {
      const held = this.database.get(
        `SELECT count(*) AS n FROM trial WHERE runner = ?2 AND id IN (${trials})`,
        study,
        runner,
      );
      counts.running -= held?.n as number;
      counts.waiting += held?.n as number;
    }
    return counts;
  }

  /** A study's row and document. @throws InputError that suggests a near name. */
  study(name: string): { id: number; document: StudyDocument } {
    const row = this.database.get("SELECT id, document FROM study WHERE name = ?", name);
    if (row) return { id: row.id as number, document: this.database.parse(row.document) as StudyDocument };
    const names = this.names().slice(0, 20);
    const hint = names.length > 0 ? suggest(name, names) : "it holds no study yet";
    throw new InputError({ where: this.database.path, what: `no study ${name}`, hint });
  }

  /** What a study optimises. @throws InputError when its file does not say. */
  objective(name: string): { metric: string; direction: "maximize" | "minimize" } {
    const { objective } = this.study(name).document;
    if (objective) return objective;
    throw new InputError({
      where: name,
      what: "has no objective",
      hint: "add `objective: {metric: …}` to its file",
    });
  }

  /**
   * For whoever finds nothing to rank: whether the metric is a slip.
   * @throws InputError when trials have results, but none has the metric.
   */
  checkMetric(name: string, metric: string): void {
    const { metrics } = this.columns(name);
    if (metrics.length === 0 || metrics.includes(metric)) return;
    throw new InputError({
      where: name,
      what: `no trial has the metric ${metric} of the objective`,
      hint: suggest(metric, metrics),
    });
  }

  /** The names of a study's varied values and of the metrics in its summaries, both in order. */
  columns(name: string): { parameters: string[]; metrics: string[] } {
    const { id } = this.study(name);
    const parameters = this.database.all(
      `SELECT DISTINCT key.key AS name FROM member, json_each(member.parameters) AS key WHERE member.study = ?`,
      id,
    );
    const metrics = this.database.all(
      `SELECT name FROM metric WHERE EXISTS (
         SELECT 1 FROM summary JOIN member ON member.trial = summary.trial AND member.study = ?
         WHERE summary.metric = metric.id)`,
      id,
    );
    const names = (rows: Row[]) => rows.map((row) => row.name as string).sort();
    return { parameters: names(parameters), metrics: names(metrics) };
  }

  /** A study's trials in order, with their results. */
  *rows(name: string): Generator<TrialRow> {
    const { id } = this.study(name);
    for (let from = 0; ; from += chunk) {
      const [trials, numbers] = this.database.snapshot(() => [
        this.database.all(
          `SELECT member.number, member.replicate, member.parameters, trial.identity, trial.kind, trial.seed,
             trial.state, trial.error
           FROM member JOIN trial ON trial.id = member.trial
           WHERE member.study = ? AND member.number >= ? AND member.number < ? ORDER BY member.number`,
          id,
          from,
          from + chunk,
        ),
        this.database.all(
          `SELECT member.number, metric.name, summary.value
           FROM member JOIN summary ON summary.trial = member.trial JOIN metric ON metric.id = summary.metric
           WHERE member.study = ? AND member.number >= ? AND member.number < ? ORDER BY metric.name`,
          id,
          from,
          from + chunk,
        ),
      ]);
      if (trials.length === 0) return;
      const summaries = groupBy(numbers, "number");
      for (const trial of trials) {
        const summary = (summaries.get(trial.number) ?? []).map((row) => [row.name, fromColumn(row.value)]);
        yield {
          ...(trial as unknown as TrialRow),
          parameters: this.database.parse(trial.parameters) as JsonObject,
          summary: Object.fromEntries(summary),
        };
      }
    }
  }

  /** The saved epochs of a trial. */
  series(identity: string): SeriesRow[] {
    const rows = this.database.all(
      `SELECT series.epoch, metric.name, series.value
       FROM series JOIN metric ON metric.id = series.metric JOIN trial ON trial.id = series.trial
       WHERE trial.identity = ? ORDER BY series.epoch, metric.name`,
      identity,
    );
    return [...groupBy(rows, "epoch")].map(([epoch, values]) => ({
      epoch: epoch as number,
      metrics: Object.fromEntries(values.map(({ name, value }) => [name, fromColumn(value)])),
    }));
  }

  /** The full identity that begins with `prefix`. @throws InputError when none or several do. */
  identity(prefix: string): string {
    const where = this.database.path;
    if (!/^[0-9a-f]{4,64}$/.test(prefix)) {
      throw new InputError({
        where,
        what: `${prefix} is not a trial`,
        hint: "give at least 4 digits of its identity",
      });
    }
    const rows = this.database.all(
      "SELECT identity FROM trial WHERE identity >= ? AND identity < ? LIMIT 2",
      prefix,
      `${prefix}g`,
    );
    if (rows.length === 1) return rows[0].identity as string;
    throw rows.length === 0
      ? new InputError({ where, what: `no trial ${prefix}`, hint: "see `study export` for the identities" })
      : new InputError({ where, what: `several trials begin with ${prefix}`, hint: "give more digits" });
  }

  /** Everything about one trial. @param prefix at least 4 digits of its identity. */
  trial(prefix: string): TrialDetail {
    const identity = this.identity(prefix);
    const { database } = this;
    return database.snapshot(() => {
      const row = database.get("SELECT * FROM trial WHERE identity = ?", identity) as Row;
      const id = row.id as number;
      const summary = database.all(
        "SELECT name, value FROM summary JOIN metric ON metric.id = summary.metric WHERE trial = ? ORDER BY name",
        id,
      );
      return {
        identity,
        kind: row.kind as string,
        version: row.version as number,
        seed: row.seed as number,
        configuration: database.parse(row.configuration) as JsonObject,
        state: row.state as TrialState,
        error: row.error as string | null,
        studies: database.all(
          "SELECT name, number FROM member JOIN study ON study.id = member.study WHERE trial = ? ORDER BY name",
          id,
        ) as unknown as TrialDetail["studies"],
        needs: database
          .all("SELECT identity FROM need JOIN trial ON trial.id = need.needed WHERE need.trial = ?", id)
          .map((need) => need.identity as string),
        summary: Object.fromEntries(summary.map(({ name, value }) => [name, fromColumn(value)])),
        series: this.series(identity),
        artifacts: database.all(
          `SELECT name, size, sha256 FROM artifact JOIN content ON content.id = artifact.content
           WHERE trial = ? ORDER BY name`,
          id,
        ) as unknown as TrialDetail["artifacts"],
        attempts: database.all(
          `SELECT machine, pid, resumed_epoch AS resumedEpoch, started_at AS startedAt, ended_at AS endedAt, seconds,
             outcome FROM attempt WHERE trial = ? ORDER BY id`,
          id,
        ) as unknown as Attempt[],
      };
    });
  }

  /** The bytes of a trial's artifact. @throws InputError when it has none of that name, StoreError when damaged. */
  artifact(identity: string, name: string): Uint8Array {
    const row = this.database.get(
      `SELECT content.bytes, content.sha256 FROM trial JOIN artifact ON artifact.trial = trial.id
         JOIN content ON content.id = artifact.content
       WHERE trial.identity = ? AND artifact.name = ?`,
      identity,
      name,
    );
    if (row) return contentOf(this.database, row);
    throw new InputError({
      where: this.database.path,
      what: `trial ${identity.slice(0, 12)} has no artifact ${name}`,
    });
  }

  /**
   * The best trials of a study by its objective; with replicates, the best combinations by the mean over those of
   * their replicates that are finished. Trials whose objective is not finite are left out, as by `combine`.
   * @throws InputError when the study has no objective.
   */
  best(name: string, count: number): Ranked[] {
    const { id, document } = this.study(name);
    const objective = this.objective(name);
    const order = objective.direction === "maximize" ? "DESC" : "ASC";
    const grouped = document.replicates > 1;
    // NaN is NULL, and 9e999 infinity.
    // CROSS JOIN keeps SQLite from turning the join around: one walk over the study, one look-up for each trial.
    const rows = this.database.all(
      `SELECT top.number, trial.identity, member.parameters, top.value, top.replicates FROM (
         SELECT min(member.number) AS number, ${grouped ? "avg" : "min"}(summary.value) AS value, count(*) AS replicates
         FROM member CROSS JOIN summary ON summary.trial = member.trial
         WHERE member.study = ?1 AND summary.metric = (SELECT id FROM metric WHERE name = ?2)
           AND abs(summary.value) < 9e999
         GROUP BY ${grouped ? "member.parameters" : "member.number"}
         ORDER BY 2 ${order}, 1 LIMIT ?3
       ) AS top CROSS JOIN member ON member.study = ?1 AND member.number = top.number
         CROSS JOIN trial ON trial.id = member.trial
       ORDER BY top.value ${order}, top.number`,
      id,
      objective.metric,
      count,
    );
    return rows.map((row) => ({
      ...(row as unknown as Ranked),
      parameters: this.database.parse(row.parameters) as JsonObject,
    }));
  }
}

function groupBy(rows: readonly Row[], column: string): Map<unknown, Row[]> {
  const groups = new Map<unknown, Row[]>();
  for (const row of rows) {
    const group = groups.get(row[column]);
    if (group) group.push(row);
    else groups.set(row[column], [row]);
  }
  return groups;
}

/** The mean seconds that trials of each kind took, of those that were run in one go. */
export function meanSeconds(database: Database): Map<string, number> {
  const rows = database.all(
    `SELECT trial.kind, avg(attempt.seconds) AS seconds FROM attempt JOIN trial ON trial.id = attempt.trial
     WHERE attempt.outcome = 'finished' AND attempt.resumed_epoch IS NULL GROUP BY trial.kind`,
  );
  return new Map(rows.map(({ kind, seconds }) => [kind as string, seconds as number]));
}
