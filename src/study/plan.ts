// What a run would do, before it does it: how many trials there are, how many are done, and roughly how long the rest
// will take.
import { existsSync } from "node:fs";
import { Database } from "./database.js";
import type { Study } from "./expand.js";
import { meanSeconds } from "./reading.js";
import type { TrialState } from "./store.js";

export interface Plan {
  readonly study: string;
  readonly kind: string;
  /** Distinct trials of the study. */
  readonly trials: number;
  /** Further trials that those start from. */
  readonly needed: number;
  /** States of all of them; trials the store does not know are waiting. */
  readonly states: Readonly<Record<TrialState, number>>;
  /** What varies, in order, with the number of different values. */
  readonly parameters: Readonly<Record<string, number>>;
  /** Seconds until all are done, from the mean times of finished trials of the same kinds; undefined without any. */
  readonly seconds: number | undefined;
}

/**
 * Plans a study against a store, which need not exist yet and is not changed.
 * @param jobs how many trials will run at once
 */
export function planStudy(study: Study, storePath: string, jobs: number): Plan {
  const states = { waiting: 0, running: 0, finished: 0, failed: 0 };
  const left = new Map<string, number>();
  let means = new Map<string, number>();
  const store = existsSync(storePath) ? Database.open(storePath, "read") : undefined;
  try {
    for (const { identity, kind } of study.trials.values()) {
      const known = store?.get("SELECT state FROM trial WHERE identity = ?", identity)?.state;
      const state = (known ?? "waiting") as TrialState;
      states[state]++;
      if (state === "waiting" || state === "running") left.set(kind, (left.get(kind) ?? 0) + 1);
    }
    if (store) means = meanSeconds(store);
  } finally {
    store?.close();
  }
  return {
    study: study.document.name,
    kind: study.document.kind,
    trials: study.members.length,
    needed: study.trials.size - study.members.length,
    states,
    parameters: variety(study),
    seconds: estimate(left, means, jobs),
  };
}

function estimate(left: Map<string, number>, means: Map<string, number>, jobs: number): number | undefined {
  let seconds = 0;
  for (const [kind, count] of left) {
    const mean = means.get(kind);
    if (mean === undefined) return undefined;
    seconds += (count * mean) / jobs;
  }
  return seconds;
}

function variety({ members }: Study): Record<string, number> {
  const values = new Map<string, Set<string>>();
  for (const { parameters } of members) {
    for (const [path, value] of Object.entries(parameters)) {
      const seen = values.get(path) ?? new Set();
      values.set(path, seen.add(JSON.stringify(value)));
    }
  }
  return Object.fromEntries([...values].map(([path, seen]) => [path, seen.size]));
}
