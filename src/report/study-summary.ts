// What a report draws of a study: its combinations of values, the best first, and the values that vary.
import { type Combination, combine, metricOf } from "../study/combine.js";
import type { JsonValue } from "../study/json.js";
import type { SeriesRow, StoreReader, TrialRow } from "../study/reading.js";
import { decodeSequenceNotes, SEQUENCE_NOTES, type SequenceNotes } from "../train/sequence-notes.js";
import { decodeNotes, TEXT_NOTES, type TextNotes } from "../train/text-notes.js";
import type { SequenceTraining } from "./sequence-training.js";
import type { TextTraining } from "./text-training.js";

/** A study out of a store, with as many curves as shall be drawn. */
export interface StudyResults {
  name: string;
  /** What every trial does. */
  kind: string;
  objective?: { metric: string; direction: "maximize" | "minimize" };
  /** In the study's order. */
  trials: readonly TrialRow[];
  /** Epochs of some trials, by the trial's identity. */
  series: ReadonlyMap<string, readonly SeriesRow[]>;
  /** Of the first finished trial of the best combination, where it was trained on a text. */
  text?: TextTraining;
  /** Likewise, where it was trained on sequences of numbers. */
  sequences?: SequenceTraining;
}

/** More curves than this in one figure cannot be told apart. */
const MOST_CURVES = 5;

/** Reads what a report draws of a study: all trials, and the epochs of its best few combinations. */
export function readStudyResults(reader: StoreReader, name: string): StudyResults {
  const { document } = reader.study(name);
  const study: StudyResults = {
    name,
    kind: document.kind,
    objective: document.objective,
    trials: [...reader.rows(name)],
    series: new Map(),
  };
  const best = bestCombinations(study);
  const drawn = best.flatMap(({ trials }) => trials);
  const series = new Map(drawn.map(({ identity }) => [identity, reader.series(identity)]));
  const shown = best[0]?.trials.find(({ state }) => state === "finished");
  if (!shown) return { ...study, series };
  const own = series.get(shown.identity) ?? [];
  const text = readNotes(reader, shown.identity);
  const sequences = readSequenceNotes(reader, shown.identity);
  return {
    ...study,
    series,
    text: text && { series: own, notes: text },
    sequences: sequences && { series: own, notes: sequences },
  };
}

/** What a training on a text left beside its network; undefined for any other trial. */
export function readNotes(reader: StoreReader, identity: string): TextNotes | undefined {
  const bytes = artifactOf(reader, identity, TEXT_NOTES);
  return bytes && decodeNotes(bytes);
}

/** What a training on sequences of numbers left beside its network; undefined for any other trial. */
export function readSequenceNotes(reader: StoreReader, identity: string): SequenceNotes | undefined {
  const bytes = artifactOf(reader, identity, SEQUENCE_NOTES);
  return bytes && decodeSequenceNotes(bytes);
}

function artifactOf(reader: StoreReader, identity: string, wanted: string): Uint8Array | undefined {
  const { artifacts } = reader.trial(identity);
  return artifacts.some(({ name }) => name === wanted) ? reader.artifact(identity, wanted) : undefined;
}

/** A trial's objective; NaN when it has none or it is not finite. */
export function objectiveOf({ objective }: StudyResults, trial: TrialRow): number {
  return metricOf(trial, objective?.metric);
}

/** All combinations: the best first where there is an objective, else in the study's order. */
export function combinationsOf({ trials, objective }: StudyResults): Combination[] {
  const sign = objective?.direction === "minimize" ? 1 : -1;
  const rank = ({ value }: Combination) => (Number.isNaN(value) ? Number.POSITIVE_INFINITY : sign * value);
  // Infinity minus infinity is not a number, and combinations without a value keep their order.
  return combine(trials, objective?.metric).sort((a, b) => (rank(a) === rank(b) ? 0 : rank(a) - rank(b)));
}

/** The best combinations, as many as curves can be told apart. */
export function bestCombinations(study: StudyResults): Combination[] {
  return combinationsOf(study).slice(0, MOST_CURVES);
}

/** The names of all values that trials have of their own, in order of first appearance. */
export function parametersOf({ trials }: StudyResults): string[] {
  return [...new Set(trials.flatMap(({ parameters }) => Object.keys(parameters)))];
}

/** Those of them that differ between trials. */
export function variedOf(study: StudyResults): string[] {
  return parametersOf(study).filter(
    (name) => new Set(study.trials.map(({ parameters }) => spell(parameters[name]))).size > 1,
  );
}

const LONGEST = 60;

/** A varied value as a reader sees it: numbers with four digits, long texts cut. */
export function spell(value: JsonValue | undefined): string {
  if (value === undefined || value === null) return "–";
  if (typeof value === "number") return String(Number(value.toPrecision(4)));
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text;
}
