// What happens in a store, from one look to the next: which trials changed, how far each study is, who works and on what.
// A look costs by what has changed and not by how much there is: attempts are numbered, so new ones and those that were
// still open tell which trials to read again. Everything is counted anew only when a runner came or a study changed.
import { first, nameOf, numberOf, parsed, type Rows } from "./rows.js";
import { type State, stateCode, states } from "./table.js";

export interface StudyOverview {
  /** Its row in the store. */
  readonly id: number;
  readonly name: string;
  readonly kind: string;
  readonly objective?: { readonly metric: string; readonly direction: "maximize" | "minimize" };
  readonly replicates: number;
  /** Milliseconds since 1970. */
  readonly created: number;
  readonly total: number;
  readonly counts: Readonly<Record<State, number>>;
  /** Finished trials an hour, of late; missing while fewer than two have finished. */
  readonly perHour?: number;
  /** At that speed; missing when nothing runs or nothing is left. */
  readonly secondsLeft?: number;
}

export interface RunningTrial {
  readonly identity: string;
  readonly study?: string;
  readonly number?: number;
  readonly kind: string;
  /** The last epoch that was saved, of how many, as far as the store says. */
  readonly epoch?: number;
  readonly epochs?: number;
  /** Milliseconds since 1970. */
  readonly started?: number;
}

export interface Runner {
  readonly machine: string;
  readonly pid: number;
  /** When it last said that it lives, in milliseconds since 1970. */
  readonly seen: number;
  readonly alive: boolean;
  /** How many trials it has. */
  readonly running: number;
  /** What it does, some of them. */
  readonly trials: readonly RunningTrial[];
}

export interface Overview {
  readonly studies: readonly StudyOverview[];
  readonly runners: readonly Runner[];
}

/** What a look found: trials that changed, and whether studies have other trials than before. */
export interface Seen {
  readonly trials: ReadonlySet<number>;
  readonly members: boolean;
  /** Whether a run has begun: it may have made failed trials wait again, of which no attempt tells. */
  readonly begun: boolean;
}

const nothing: Seen = { trials: new Set(), members: false, begun: false };

/** Trials that are shown of a runner, and studies and runners of a store. */
const MOST = { trials: 50, studies: 1_000, runners: 500 } as const;
/** How many of the last finished trials the speed is taken of. */
const LATE = 50;
/** A pause that divides runs: so many times the mean distance of trials, and at least so many milliseconds. */
const PAUSE = { times: 20, least: 60_000 } as const;

interface Study {
  readonly id: number;
  readonly overview: Omit<StudyOverview, "counts" | "perHour" | "secondsLeft">;
  readonly counts: number[];
  /** When its last trials were finished, in milliseconds since 1970. */
  readonly finished: number[];
}

/** Follows one store. */
export class StoreWatch {
  private readonly rows: Rows;
  private readonly dead: () => readonly number[];
  private studies = new Map<number, Study>();
  private readonly running = new Set<number>();
  private readonly open = new Set<number>();
  private lastAttempt = 0;
  private version: unknown;
  private members = "";
  private runners: unknown;
  /** Whether the last look found that anything at all was written. */
  hasWritten = false;

  /** @param dead the runners that are taken for dead. */
  constructor(rows: Rows, dead: () => readonly number[]) {
    this.rows = rows;
    this.dead = dead;
    rows.snapshot(() => this.count());
  }

  /** Looks what has changed since the last time. */
  look(): Seen {
    const version = first(this.rows, "PRAGMA data_version")?.data_version;
    this.hasWritten = version !== this.version;
    if (!this.hasWritten) return nothing;
    this.version = version;
    return this.rows.snapshot(() => {
      const [members, runners] = [this.memberKey(), this.runnerKey()];
      const trials = this.changed();
      const seen = { trials, members: members !== this.members, begun: runners !== this.runners };
      if (seen.members || seen.begun) this.count();
      else this.recount(trials);
      return seen;
    });
  }

  // How many trials each study has and which is the last: it changes when a study is entered with others, or deleted.
  private memberKey(): string {
    const studies = this.rows.all(
      `SELECT id, name, length(document) AS size, (SELECT max(number) FROM member WHERE study = study.id) AS last
       FROM study LIMIT ${MOST.studies}`,
    );
    const last = studies.map(({ id, last }) =>
      first(
        this.rows,
        "SELECT trial FROM member WHERE study = ? AND number = ?",
        id as number,
        last as number,
      ),
    );
    return JSON.stringify([studies, last]);
  }

  private runnerKey(): unknown {
    return first(this.rows, "SELECT seq FROM sqlite_sequence WHERE name = 'runner'")?.seq;
  }

  private changed(): Set<number> {
    const { rows, open } = this;
    const trials = new Set<number>();
    const note = (id: number, trial: number, outcome: unknown) => {
      trials.add(trial);
      if (outcome === null) open.add(id);
      else open.delete(id);
    };
    if (open.size > 0) {
      const ended = rows.all(
        "SELECT id, trial, outcome FROM attempt WHERE outcome IS NOT NULL AND id IN (SELECT value FROM json_each(?))",
        JSON.stringify([...open]),
      );
      for (const { id, trial, outcome } of ended) note(id as number, trial as number, outcome);
    }
    for (const { id, trial, outcome } of rows.all(
      "SELECT id, trial, outcome FROM attempt WHERE id > ? ORDER BY id",
      this.lastAttempt,
    )) {
      note(id as number, trial as number, outcome);
      this.lastAttempt = id as number;
    }
    return trials;
  }

  private count(): void {
    const { rows } = this;
    this.members = this.memberKey();
    this.runners = this.runnerKey();
    this.studies = new Map(
      rows
        .all(
          `SELECT id, name, substr(document, 1, 1000000) AS document, created_at FROM study
           ORDER BY created_at, id LIMIT ${MOST.studies}`,
        )
        .map((row) => [row.id as number, this.study(row)]),
    );
    const counted = rows.all(
      `SELECT member.study, trial.state, count(*) AS n FROM member CROSS JOIN trial INDEXED BY trial_by_state ON trial.id = member.trial
       GROUP BY member.study, trial.state`,
    );
    for (const { study, state, n } of counted) {
      const counts = this.studies.get(study as number)?.counts;
      if (counts) counts[stateCode[state as State] ?? 0] += n as number;
    }
    this.running.clear();
    for (const { id } of rows.all("SELECT id FROM trial WHERE runner IS NOT NULL AND state = 'running'")) {
      this.running.add(id as number);
    }
    this.lastAttempt = numberOf(first(rows, "SELECT max(id) AS id FROM attempt")?.id) || 0;
    this.open.clear();
    for (const { id } of rows.all(
      `SELECT attempt.id FROM trial CROSS JOIN attempt ON attempt.trial = trial.id
       WHERE trial.runner IS NOT NULL AND attempt.outcome IS NULL`,
    )) {
      this.open.add(id as number);
    }
  }

  private study({ id, name, document, created_at: created }: ReturnType<Rows["all"]>[number]): Study {
    const { kind, objective, replicates } = (parsed(document) ?? {}) as {
      kind?: unknown;
      objective?: StudyOverview["objective"];
      replicates?: unknown;
    };
    const finished = this.rows.all(
      `SELECT attempt.ended_at AS ended FROM (SELECT id, trial, ended_at FROM attempt WHERE outcome = 'finished'
         ORDER BY id DESC LIMIT ${20 * LATE}) AS attempt
       CROSS JOIN member ON member.trial = attempt.trial AND member.study = ? LIMIT ${LATE}`,
      id as number,
    );
    return {
      id: id as number,
      overview: {
        id: id as number,
        name: nameOf(name),
        kind: nameOf(kind),
        objective:
          typeof objective?.metric === "string"
            ? {
                metric: nameOf(objective.metric),
                direction: objective.direction === "minimize" ? "minimize" : "maximize",
              }
            : undefined,
        replicates: typeof replicates === "number" ? replicates : 1,
        created: numberOf(created),
        total: numberOf(
          first(this.rows, "SELECT count(*) AS n FROM member WHERE study = ?", id as number)?.n,
        ),
      },
      counts: states.map(() => 0),
      finished: finished.map(({ ended }) => numberOf(ended)).sort((a, b) => a - b),
    };
  }

  // Counts without looking at what has not changed: a trial that has an attempt more was waiting or running before.
  private recount(trials: ReadonlySet<number>): void {
    for (const trial of trials) {
      const row = first(this.rows, "SELECT state FROM trial WHERE id = ?", trial);
      const state = stateCode[row?.state as State] ?? 0;
      const before = this.running.has(trial) ? stateCode.running : stateCode.waiting;
      if (state === stateCode.running) this.running.add(trial);
      else this.running.delete(trial);
      if (state === before) continue;
      const last = first(
        this.rows,
        "SELECT ended_at FROM attempt WHERE trial = ? AND outcome = 'finished' ORDER BY id DESC LIMIT 1",
        trial,
      );
      for (const { study } of this.rows.all("SELECT study FROM member WHERE trial = ?", trial)) {
        const known = this.studies.get(study as number);
        if (!known) continue;
        known.counts[before]--;
        known.counts[state]++;
        if (last && state === stateCode.finished) {
          known.finished.push(numberOf(last.ended_at));
          known.finished.sort((a, b) => a - b).splice(0, known.finished.length - LATE);
        }
      }
    }
  }

  /** How far everything is now. */
  overview(): Overview {
    return this.rows.snapshot(() => {
      const dead = new Set(this.dead());
      const runners = this.rows.all(
        `SELECT id, machine, pid, seen_at, (SELECT count(*) FROM trial WHERE trial.runner = runner.id) AS running
         FROM runner ORDER BY id DESC LIMIT ${MOST.runners}`,
      );
      // A trial whose runner is dead waits to be taken up, whatever its row says.
      const idle = new Map<number, number>();
      for (const { id } of runners.filter((runner) => dead.has(runner.id as number))) {
        for (const { study, n } of this.rows.all(
          `SELECT member.study, count(*) AS n FROM trial CROSS JOIN member ON member.trial = trial.id
           WHERE trial.runner = ? GROUP BY member.study`,
          id as number,
        )) {
          idle.set(study as number, (idle.get(study as number) ?? 0) + (n as number));
        }
      }
      return {
        studies: [...this.studies.values()].map((study) => describe(study, idle.get(study.id) ?? 0)),
        runners: runners.map((runner) => ({
          machine: nameOf(runner.machine).split("/")[0],
          pid: numberOf(runner.pid),
          seen: numberOf(runner.seen_at),
          alive: !dead.has(runner.id as number),
          running: numberOf(runner.running),
          trials: dead.has(runner.id as number) ? [] : this.trialsOf(runner.id as number),
        })),
      };
    });
  }

  private trialsOf(runner: number): RunningTrial[] {
    const trials = this.rows.all(
      `SELECT trial.id, trial.identity, trial.kind, checkpoint.epoch,
         CASE WHEN json_valid(trial.configuration) THEN json_extract(trial.configuration, '$.epochs') END AS epochs,
         (SELECT max(started_at) FROM attempt WHERE attempt.trial = trial.id) AS started
       FROM trial LEFT JOIN checkpoint ON checkpoint.trial = trial.id WHERE trial.runner = ? ORDER BY trial.id LIMIT ${MOST.trials}`,
      runner,
    );
    return trials.map(({ id, identity, kind, epoch, epochs, started }) => {
      const member = first(
        this.rows,
        "SELECT name, number FROM member CROSS JOIN study ON study.id = member.study WHERE trial = ? LIMIT 1",
        id as number,
      );
      const whole = (value: unknown) => (typeof value === "number" ? value : undefined);
      return {
        identity: nameOf(identity),
        kind: nameOf(kind),
        study: member && nameOf(member.name),
        number: whole(member?.number),
        epoch: whole(epoch),
        epochs: whole(epochs),
        started: whole(started),
      };
    });
  }
}

function describe({ overview, counts, finished }: Study, idle: number): StudyOverview {
  const [waiting, running, done, failed] = counts;
  const distance = distanceOf(finished);
  const left = waiting + running;
  return {
    ...overview,
    counts: { waiting: waiting + idle, running: running - idle, finished: done, failed },
    perHour: distance === undefined ? undefined : 3_600_000 / distance,
    secondsLeft:
      distance === undefined || left === 0 || running - idle <= 0 ? undefined : (left * distance) / 1_000,
  };
}

/** The mean milliseconds between trials that finished one after the other since the last pause. */
export function distanceOf(finished: readonly number[]): number | undefined {
  const last = finished.length - 1;
  let since = last;
  while (since > 0) {
    const mean =
      since < last ? (finished[last] - finished[since]) / (last - since) : Number.POSITIVE_INFINITY;
    const gap = finished[since] - finished[since - 1];
    if (gap > Math.max(PAUSE.least, PAUSE.times * mean)) break;
    since--;
  }
  if (since >= last) return undefined;
  // Trials that end in the same moment would be infinitely fast.
  return Math.max(finished[last] - finished[since], 1) / (last - since);
}
