// The writing half of a store: studies are entered, runners claim trials, and what trials record is kept. Every
// public method is one transaction, so that a process may be killed between any two instructions; and whatever is
// written for a trial is written only while the writer still holds its claim, so that no result is recorded twice.
import { randomBytes } from "node:crypto";
import { FiligreeError } from "../errors.js";
import { bytesOf, Database, type Row } from "./database.js";
import type { Study } from "./expand.js";
import { canonicalJson, sha256 } from "./json.js";
import type { Resume, TrialResult } from "./kind.js";
import { hasEnded, type Process, thisProcess } from "./process.js";
import type { Trial } from "./trial.js";

export type TrialState = "waiting" | "running" | "finished" | "failed";

/** The right to run one trial, until it is finished, failed or given back. */
export interface Claim {
  readonly trial: number;
  readonly runner: number;
  readonly attempt: number;
  /** Where an earlier attempt got to. */
  readonly resume: Resume | undefined;
}

/** A trial was taken over by another runner; whatever this one still computes of it is not wanted. */
export class ClaimLost extends FiligreeError {}

/** A runner that has not been seen for this long, in milliseconds, is taken for dead. */
const lease = 60_000;

/** The runners that are taken for dead: their process has ended, or nothing was heard of them for too long. */
export function deadRunners(database: Database): number[] {
  const dead = database
    .all("SELECT * FROM runner")
    .filter(
      (row) => hasEnded(row as unknown as Process) === true || (row.seen_at as number) < Date.now() - lease,
    );
  return dead.map(({ id }) => id as number);
}

/** SQLite's limit of 1 GB, less the room that a row needs. */
const largestBlob = 999_000_000;

/** A store, opened for writing. */
export class Store {
  readonly database: Database;

  private constructor(database: Database) {
    this.database = database;
  }

  /** Opens or creates a store. @throws FileError, InputError as `Database.open`. */
  static open(path: string): Store {
    const database = Database.open(path, "write");
    database.run(
      "INSERT INTO store (id) SELECT ? WHERE NOT EXISTS (SELECT 1 FROM store)",
      randomBytes(8).toString("hex"),
    );
    return new Store(database);
  }

  /** A random name that this store got when it was created. */
  get id(): string {
    return this.database.get("SELECT id FROM store")?.id as string;
  }

  close(): void {
    this.database.close();
  }

  /**
   * Enters a study: its document, its trials and what they need. A study of the same name is brought up to date;
   * trials that are no longer part of it stay in the store.
   * @returns the row of every trial by identity, with its state.
   */
  enter(study: Study): Map<string, { id: number; state: TrialState }> {
    const { database } = this;
    return database.transaction(() => {
      const rows = new Map<string, { id: number; state: TrialState }>();
      for (const trial of study.trials.values()) rows.set(trial.identity, this.enterTrial(trial, rows));
      database.run(
        `INSERT INTO study (name, document, created_at) VALUES (?, ?, ?)
         ON CONFLICT (name) DO UPDATE SET document = excluded.document WHERE document <> excluded.document`,
        study.document.name,
        canonicalJson(study.document),
        Date.now(),
      );
      const id = database.get("SELECT id FROM study WHERE name = ?", study.document.name)?.id as number;
      const known = database.all("SELECT trial, parameters FROM member WHERE study = ? ORDER BY number", id);
      const members = study.members.map(({ identity, parameters, replicate }) => ({
        trial: (rows.get(identity) as { id: number }).id,
        parameters: canonicalJson(parameters),
        replicate,
      }));
      const same = (member: (typeof members)[0], index: number) =>
        known[index].trial === member.trial && known[index].parameters === member.parameters;
      if (known.length !== members.length || !members.every(same)) {
        database.run("DELETE FROM member WHERE study = ?", id);
        for (const [number, { trial, parameters, replicate }] of members.entries()) {
          database.run("INSERT INTO member VALUES (?, ?, ?, ?, ?)", id, number, trial, parameters, replicate);
        }
      }
      return rows;
    });
  }

  private enterTrial(
    trial: Trial,
    rows: ReadonlyMap<string, { id: number }>,
  ): { id: number; state: TrialState } {
    const { database } = this;
    const { identity, kind, version, seed, text } = trial;
    const find = () => database.get("SELECT id, state FROM trial WHERE identity = ?", identity);
    const known = find();
    if (known) return { id: known.id as number, state: known.state as TrialState };
    database.run(
      "INSERT INTO trial (identity, kind, version, seed, configuration) VALUES (?, ?, ?, ?, ?)",
      identity,
      kind,
      version,
      seed,
      text,
    );
    const id = find()?.id as number;
    for (const [position, needed] of trial.needs.entries()) {
      database.run(
        "INSERT INTO need VALUES (?, ?, ?)",
        id,
        position,
        (rows.get(needed) as { id: number }).id,
      );
    }
    return { id, state: "waiting" };
  }

  /** Makes failed trials wait again. */
  retry(trials: readonly number[]): void {
    this.database.transaction(() => {
      for (const trial of trials) {
        this.database.run(
          "UPDATE trial SET state = 'waiting', error = NULL WHERE id = ? AND state = 'failed'",
          trial,
        );
      }
    });
  }

  /** Enters this process as a runner. */
  addRunner(): number {
    const { machine, process, pid } = thisProcess();
    const insert = "INSERT INTO runner (machine, process, pid, seen_at) VALUES (?, ?, ?, ?) RETURNING id";
    return this.database.transaction(
      () => this.database.get(insert, machine, process, pid, Date.now())?.id as number,
    );
  }

  /** Says that a runner lives. @returns false when it was taken for dead and has lost its trials. */
  seen(runner: number): boolean {
    const update = "UPDATE runner SET seen_at = ? WHERE id = ?";
    return this.database.transaction(() => this.database.run(update, Date.now(), runner) === 1);
  }

  /** Removes a runner that has given back its trials. */
  removeRunner(runner: number): void {
    this.database.transaction(() => this.bury(runner));
  }

  /** Gives the trials of dead runners back to those who live, among them the caller, `self`. @returns how many. */
  takeBack(self?: number): number {
    const dead = deadRunners(this.database).filter((runner) => runner !== self);
    if (dead.length === 0) return 0;
    return this.database.transaction(() => dead.reduce((count, runner) => count + this.bury(runner), 0));
  }

  private bury(runner: number): number {
    const { database } = this;
    database.run(
      `UPDATE attempt SET outcome = 'lost', ended_at = (SELECT seen_at FROM runner WHERE id = ?)
       WHERE outcome IS NULL AND trial IN (SELECT id FROM trial WHERE runner = ?)`,
      runner,
      runner,
    );
    const count = database.run("UPDATE trial SET state = 'waiting', runner = NULL WHERE runner = ?", runner);
    database.run("DELETE FROM runner WHERE id = ?", runner);
    return count;
  }

  /**
   * Tries to claim trials for a runner.
   * @returns for each either the claim, or the state that it is in instead (`running`: elsewhere).
   */
  claim(trials: readonly number[], runner: number): (Claim | TrialState)[] {
    const { machine, pid } = thisProcess();
    return this.database.transaction(() =>
      trials.map((trial) => {
        const { database } = this;
        const claimed = database.run(
          "UPDATE trial SET state = 'running', runner = ? WHERE id = ? AND state = 'waiting'",
          runner,
          trial,
        );
        if (claimed === 0) return this.state(trial);
        const saved = database.get("SELECT epoch, state FROM checkpoint WHERE trial = ?", trial);
        const resume = saved && { epoch: saved.epoch as number, state: bytesOf(saved.state) };
        const insert = `INSERT INTO attempt (trial, machine, pid, resumed_epoch, started_at) VALUES (?, ?, ?, ?, ?)
          RETURNING id`;
        const attempt = database.get(insert, trial, machine, pid, resume?.epoch ?? null, Date.now())
          ?.id as number;
        return { trial, runner, attempt, resume };
      }),
    );
  }

  /** The state of a trial; `failed` for one that was deleted meanwhile. */
  state(trial: number): TrialState {
    return (this.database.get("SELECT state FROM trial WHERE id = ?", trial)?.state ??
      "failed") as TrialState;
  }

  /** Why a trial failed. */
  error(trial: number): string {
    return (this.database.get("SELECT error FROM trial WHERE id = ?", trial)?.error ??
      "it was deleted") as string;
  }

  /** Records an epoch: its metrics and, when given, the state to resume from. @throws ClaimLost */
  saveEpoch(
    claim: Claim,
    epoch: number,
    metrics: Readonly<Record<string, number>>,
    state?: Uint8Array,
  ): void {
    this.whileHeld(claim, () => {
      for (const [name, value] of Object.entries(metrics)) {
        this.database.run(
          "INSERT OR REPLACE INTO series VALUES (?, ?, ?, ?)",
          claim.trial,
          this.metric(name),
          epoch,
          toColumn(value, name),
        );
      }
      if (state === undefined) return;
      refuseLarge(state, "the state of an epoch");
      this.database.run("INSERT OR REPLACE INTO checkpoint VALUES (?, ?, ?)", claim.trial, epoch, state);
    });
  }

  /** Records the result of a trial. @throws ClaimLost */
  finish(claim: Claim, result: TrialResult, seconds: number): void {
    const { database } = this;
    this.whileHeld(claim, () => {
      for (const [name, value] of Object.entries(result.summary)) {
        database.run(
          "INSERT INTO summary VALUES (?, ?, ?)",
          claim.trial,
          this.metric(name),
          toColumn(value, name),
        );
      }
      for (const [name, bytes] of Object.entries(result.artifacts)) {
        refuseLarge(bytes, name);
        const hash = sha256(bytes);
        const find = () =>
          database.get("SELECT id FROM content WHERE sha256 = ?", hash)?.id as number | undefined;
        if (find() === undefined) {
          database.run(
            "INSERT INTO content (sha256, size, bytes) VALUES (?, ?, ?)",
            hash,
            bytes.length,
            bytes,
          );
        }
        database.run("INSERT INTO artifact VALUES (?, ?, ?)", claim.trial, name, find() as number);
      }
      database.run("DELETE FROM checkpoint WHERE trial = ?", claim.trial);
      this.end(claim, "finished", "finished", seconds);
    });
  }

  /**
   * Records that a trial failed: one line for everyone, and what a developer needs to know.
   * @returns false, and does nothing, when the claim is lost.
   */
  fail(claim: Claim, line: string, details: string, seconds: number): boolean {
    return this.database.transaction(() => {
      const held = this.holds(claim);
      if (held) this.end(claim, "failed", "failed", seconds, line, details);
      return held;
    });
  }

  /** Gives back a trial that was stopped. Does nothing when the claim is lost. */
  giveBack(claim: Claim, seconds: number): void {
    this.database.transaction(() => {
      if (this.holds(claim)) this.end(claim, "waiting", "stopped", seconds);
    });
  }

  private end(
    claim: Claim,
    state: TrialState,
    outcome: string,
    seconds: number,
    line: string | null = null,
    details: string | null = null,
  ): void {
    this.database.run(
      "UPDATE trial SET state = ?, runner = NULL, error = ? WHERE id = ?",
      state,
      toText(line),
      claim.trial,
    );
    this.database.run(
      "UPDATE attempt SET outcome = ?, ended_at = ?, seconds = ?, error = ? WHERE id = ?",
      outcome,
      Date.now(),
      seconds,
      toText(details),
      claim.attempt,
    );
  }

  private whileHeld(claim: Claim, work: () => void): void {
    this.database.transaction(() => {
      if (!this.holds(claim)) throw new ClaimLost({ what: "the trial was taken over by another runner" });
      work();
    });
  }

  private holds({ trial, runner }: Claim): boolean {
    return (
      this.database.get("SELECT 1 AS held FROM trial WHERE id = ? AND runner = ?", trial, runner) !==
      undefined
    );
  }

  private metric(name: string): number {
    const find = () =>
      this.database.get("SELECT id FROM metric WHERE name = ?", name)?.id as number | undefined;
    const known = find();
    if (known !== undefined) return known;
    this.database.run("INSERT INTO metric (name) VALUES (?)", name);
    return find() as number;
  }

  /** The result of a finished trial. */
  result(trial: number): TrialResult {
    const numbers = this.database.all(
      `SELECT metric.name, summary.value FROM summary JOIN metric ON metric.id = summary.metric
       WHERE summary.trial = ? ORDER BY metric.name`,
      trial,
    );
    const files = this.database.all(
      `SELECT artifact.name, content.bytes, content.sha256 FROM artifact JOIN content ON content.id = artifact.content
       WHERE artifact.trial = ? ORDER BY artifact.name`,
      trial,
    );
    return {
      summary: Object.fromEntries(numbers.map(({ name, value }) => [name, fromColumn(value)])),
      artifacts: Object.fromEntries(files.map((row) => [row.name, contentOf(this.database, row)])),
    };
  }
}

/** A REAL column as a number: SQLite keeps NaN as NULL. */
export function fromColumn(value: unknown): number {
  return value === null ? Number.NaN : (value as number);
}

/** What a row of `content` holds. @throws StoreError when that is not what was recorded. */
export function contentOf(database: Database, row: Row): Uint8Array {
  const bytes = bytesOf(row.bytes);
  if (sha256(bytes) !== row.sha256) throw database.damaged();
  return bytes;
}

function toColumn(value: number, name: string): number | null {
  if (typeof value !== "number") throw new TypeError(`${name} is not a number: ${JSON.stringify(value)}`);
  return Number.isNaN(value) ? null : value;
}

// SQLite's text ends at the first zero character.
function toText(value: string | null): string | null {
  return value === null ? null : value.replaceAll("\0", "").slice(0, 10_000);
}

function refuseLarge(bytes: Uint8Array, name: string): void {
  if (!(bytes instanceof Uint8Array)) throw new TypeError(`${name} is not a Uint8Array`);
  if (bytes.length <= largestBlob) return;
  throw new TypeError(`${name} has ${bytes.length} bytes; a store keeps at most ${largestBlob} in one piece`);
}
