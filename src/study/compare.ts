// Two trials or two studies side by side: what is different in what went in, and in what came out.
import { combine } from "./combine.js";
import { flatten, type JsonObject, type JsonValue } from "./json.js";
import type { StoreReader } from "./reading.js";

/** One name with its values on both sides; a side that has none is undefined. */
export interface Difference<T> {
  readonly name: string;
  readonly a: T | undefined;
  readonly b: T | undefined;
}

export interface TrialComparison {
  readonly type: "trials";
  readonly a: string;
  readonly b: string;
  /** Configuration values that differ, by path, with kind and seed. */
  readonly configuration: readonly Difference<JsonValue>[];
  /** All numbers of both summaries. */
  readonly summary: readonly Difference<number>[];
}

export interface StudyComparison {
  readonly type: "studies";
  readonly a: string;
  readonly b: string;
  readonly metric: string;
  /** Combinations that both have: the means of the metric over finished replicates where it is finite. */
  readonly rows: readonly { readonly parameters: JsonObject; readonly a: number; readonly b: number }[];
}

/** Compares two trials by the beginnings of their identities. @throws InputError when there is no such trial. */
export function compareTrials(reader: StoreReader, a: string, b: string): TrialComparison {
  const [left, right] = [reader.trial(a), reader.trial(b)];
  const inputs = (trial: typeof left) =>
    flatten({ kind: trial.kind, version: trial.version, seed: trial.seed, ...trial.configuration });
  const configuration = pair(inputs(left), inputs(right)).filter(
    (difference) => JSON.stringify(difference.a) !== JSON.stringify(difference.b),
  );
  const summary = pair(left.summary, right.summary);
  return { type: "trials", a: left.identity, b: right.identity, configuration, summary };
}

/**
 * Compares two studies on the combinations of values that both have.
 * @throws InputError when there is no such study or the first one has no objective, which is what is compared.
 */
export function compareStudies(reader: StoreReader, a: string, b: string): StudyComparison {
  const metric = reader.objective(a).metric;
  reader.study(b);
  const others = means(reader, b, metric);
  const rows = [...means(reader, a, metric)].flatMap(([parameters, value]) => {
    const other = others.get(parameters);
    return other === undefined ? [] : [{ parameters: JSON.parse(parameters), a: value, b: other }];
  });
  return { type: "studies", a, b, metric, rows };
}

function means(reader: StoreReader, study: string, metric: string): Map<string, number> {
  const valued = combine(reader.rows(study), metric).filter(({ replicates }) => replicates > 0);
  return new Map(valued.map(({ parameters, value }) => [JSON.stringify(parameters), value]));
}

function pair<T>(a: Readonly<Record<string, T>>, b: Readonly<Record<string, T>>): Difference<T>[] {
  const names = [...new Set([...Object.keys(a), ...Object.keys(b)])];
  return names.map((name) => ({ name, a: a[name], b: b[name] }));
}
