// Results that a study had and that are no longer those of its trials: an earlier version of their kind made them, or
// another arithmetic. They stay in the store, and their trials are run again.
import type { Database } from "./database.js";
import type { Study } from "./expand.js";

/** One line on the finished trials under a study's name that do not count any more; undefined when there are none. */
export function describeOutdated(database: Database, { document, trials }: Study): string | undefined {
  const versions = new Map(Array.from(trials.values(), ({ kind, version }) => [kind, version]));
  const described = (kind: unknown, seed: unknown, text: unknown) => `${kind} ${seed} ${text}`;
  const ours = new Set(Array.from(trials.values(), ({ kind, seed, text }) => described(kind, seed, text)));
  const finished = database.all(
    `SELECT trial.identity, trial.kind, trial.version, trial.seed, trial.configuration
     FROM member JOIN study ON study.id = member.study JOIN trial ON trial.id = member.trial
     WHERE study.name = ? AND trial.state = 'finished'`,
    document.name,
  );
  const count = finished.filter(({ identity, kind, version, seed, configuration }) => {
    if (trials.has(identity as string)) return false;
    const current = versions.get(kind as string);
    return current !== undefined && (current !== version || ours.has(described(kind, seed, configuration)));
  }).length;
  if (count === 0) return undefined;
  return `${count} finished ${count === 1 ? "trial is" : "trials are"} of another version or executor and ${count === 1 ? "is" : "are"} run again`;
}
