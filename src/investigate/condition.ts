// A training condition: what networks are trained on and how, apart from their cell and from how they become sparse, and by what
// they are judged. One condition is the base; each of the others differs from it in one thing.

import type { StudyInput } from "../study/document.js";
import type { Judge } from "./row.js";
import type { Widths } from "./width.js";

/** Settings of a training, as a study file has them. */
export type Settings = NonNullable<StudyInput["fixed"]>;

export interface Condition {
  readonly name: string;
  /** On an axis. */
  readonly label: string;
  /** In a sentence, after "with" or "under". */
  readonly phrase: string;
  readonly judge: Judge;
  readonly hidden: number;
  /** The configuration of kind `train` without `cell`, `hidden` and `sparsify`. */
  readonly training: Settings;
  /** What a network of some width is like here. */
  readonly widths: Widths;
}

/** A condition without the folders of whoever ran it. */
export function shareable(condition: Condition): Condition {
  const { data } = condition.training;
  if (typeof data !== "object" || data === null) return condition;
  const nameOf = (value: unknown) => (typeof value === "string" ? value.replace(/^.*[\\/]/, "") : value);
  const names = Object.fromEntries(Object.entries(data).map(([key, value]) => [key, nameOf(value)]));
  return { ...condition, training: { ...condition.training, data: names as Settings } };
}
