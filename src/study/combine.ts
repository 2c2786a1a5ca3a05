// Trials that differ in nothing but their seed are replicates of one combination of values, and combinations are what
// is ranked, compared and drawn. This module says what a combination is worth.
import { mean } from "../math/statistics.js";
import type { JsonObject } from "./json.js";
import type { TrialRow } from "./reading.js";

/** Trials with the same varied values. */
export interface Combination {
  readonly parameters: JsonObject;
  readonly trials: readonly TrialRow[];
  /** How many of them are finished and have a finite number. */
  readonly replicates: number;
  /** Its mean over those; NaN when there are none. */
  readonly value: number;
}

/** A number of a finished trial's summary; NaN when it is missing or not finite. `StoreReader.best` has the same rule. */
export function metricOf({ state, summary }: TrialRow, metric: string | undefined): number {
  const value = metric !== undefined && state === "finished" ? summary[metric] : undefined;
  return value !== undefined && Number.isFinite(value) ? value : Number.NaN;
}

/** All combinations with their mean `metric`, in the order of their first trials. */
export function combine(trials: Iterable<TrialRow>, metric: string | undefined): Combination[] {
  const groups = new Map<string, TrialRow[]>();
  for (const trial of trials) {
    const key = JSON.stringify(trial.parameters);
    const group = groups.get(key);
    if (group) group.push(trial);
    else groups.set(key, [trial]);
  }
  return [...groups.values()].map((group) => {
    const values = group.map((trial) => metricOf(trial, metric)).filter((value) => !Number.isNaN(value));
    return {
      parameters: group[0].parameters,
      trials: group,
      replicates: values.length,
      value: mean(values),
    };
  });
}
