// The tables of a store, one script per version. Scripts are only ever added at the end; docs/store.md describes the
// result for people who open a store with their own tools.

/** Marks an SQLite file as one of ours ("Fili" in ASCII). */
export const applicationId = 0x46696c69;

/** Script number n takes a store from version n to n + 1. */
export const migrations: readonly string[] = [
  `
  CREATE TABLE store (
    id TEXT NOT NULL
  ) STRICT;

  CREATE TABLE study (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    document TEXT NOT NULL,
    created_at REAL NOT NULL
  ) STRICT;

  CREATE TABLE runner (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    machine TEXT NOT NULL,
    process TEXT NOT NULL,
    pid INTEGER NOT NULL,
    seen_at REAL NOT NULL
  ) STRICT;

  CREATE TABLE trial (
    id INTEGER PRIMARY KEY,
    identity TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    version INTEGER NOT NULL,
    seed INTEGER NOT NULL,
    configuration TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'running', 'finished', 'failed')),
    error TEXT,
    runner INTEGER REFERENCES runner (id)
  ) STRICT;
  CREATE INDEX trial_by_runner ON trial (runner) WHERE runner IS NOT NULL;
  CREATE INDEX trial_by_state ON trial (id, state, kind);

  CREATE TABLE member (
    study INTEGER NOT NULL REFERENCES study (id),
    number INTEGER NOT NULL,
    trial INTEGER NOT NULL REFERENCES trial (id),
    parameters TEXT NOT NULL,
    replicate INTEGER NOT NULL,
    PRIMARY KEY (study, number)
  ) STRICT, WITHOUT ROWID;
  CREATE UNIQUE INDEX member_by_trial ON member (trial, study);

  CREATE TABLE need (
    trial INTEGER NOT NULL REFERENCES trial (id),
    position INTEGER NOT NULL,
    needed INTEGER NOT NULL REFERENCES trial (id),
    PRIMARY KEY (trial, position)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX need_by_needed ON need (needed);

  CREATE TABLE attempt (
    id INTEGER PRIMARY KEY,
    trial INTEGER NOT NULL REFERENCES trial (id),
    machine TEXT NOT NULL,
    pid INTEGER NOT NULL,
    resumed_epoch INTEGER,
    started_at REAL NOT NULL,
    ended_at REAL,
    seconds REAL,
    outcome TEXT CHECK (outcome IN ('finished', 'failed', 'stopped', 'lost')),
    error TEXT
  ) STRICT;
  CREATE INDEX attempt_by_trial ON attempt (trial);

  CREATE TABLE metric (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
  ) STRICT;

  CREATE TABLE summary (
    trial INTEGER NOT NULL REFERENCES trial (id),
    metric INTEGER NOT NULL REFERENCES metric (id),
    value REAL,
    PRIMARY KEY (trial, metric)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE series (
    trial INTEGER NOT NULL REFERENCES trial (id),
    metric INTEGER NOT NULL REFERENCES metric (id),
    epoch INTEGER NOT NULL,
    value REAL,
    PRIMARY KEY (trial, metric, epoch)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE checkpoint (
    trial INTEGER PRIMARY KEY REFERENCES trial (id),
    epoch INTEGER NOT NULL,
    state BLOB NOT NULL
  ) STRICT;

  CREATE TABLE content (
    id INTEGER PRIMARY KEY,
    sha256 TEXT NOT NULL UNIQUE,
    size INTEGER NOT NULL,
    bytes BLOB NOT NULL
  ) STRICT;

  CREATE TABLE artifact (
    trial INTEGER NOT NULL REFERENCES trial (id),
    name TEXT NOT NULL,
    content INTEGER NOT NULL REFERENCES content (id),
    PRIMARY KEY (trial, name)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX artifact_by_content ON artifact (content);

  CREATE VIEW results AS
    SELECT study.name AS study, member.number, trial.identity, trial.kind, trial.seed, member.parameters,
      trial.state, metric.name AS metric, summary.value
    FROM study
      JOIN member ON member.study = study.id
      JOIN trial ON trial.id = member.trial
      LEFT JOIN summary ON summary.trial = trial.id
      LEFT JOIN metric ON metric.id = summary.metric;

  CREATE VIEW curves AS
    SELECT study.name AS study, member.number, trial.identity, metric.name AS metric, series.epoch, series.value
    FROM study
      JOIN member ON member.study = study.id
      JOIN trial ON trial.id = member.trial
      JOIN series ON series.trial = trial.id
      JOIN metric ON metric.id = series.metric;
  `,
];
