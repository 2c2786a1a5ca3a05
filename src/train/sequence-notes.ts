// What is kept of a training on sequences of numbers beside the network, for whoever looks at it later without the data:
// which classes are taken for which, a few sequences with what was said of them, forecasts beside what came, and what rules
// without a network reach. Lists are thinned so that the notes stay a few hundred kilobytes, whatever the data.
import { z } from "zod";
import type { ClassBaseline } from "../data/numbers/class-baselines.js";
import type { ForecastErrors } from "../data/numbers/forecast-baselines.js";
import { type Sequences, stepsOf } from "../data/sequences.js";
import { accuraciesOf, confusionOf, worstClasses } from "./confusion.js";

/** null is for what is not known, where JSON has no NaN. */
const perhaps = z.number().nullable();

const example = z.object({
  /** Which sequence of the data it is, from 0. */
  row: z.int().min(0),
  steps: z.int().min(1),
  /** [channel][value], evenly spaced steps. */
  values: z.array(z.array(z.number())),
  /** Places among the classes: of the sequence one, else of each step that is kept; -1 for none. */
  actual: z.array(z.int().min(-1)),
  predicted: z.array(z.int().min(-1)),
});

const classAccuracy = z.object({
  name: z.string(),
  total: z.number(),
  correct: z.number(),
  mistakenFor: z.object({ name: z.string(), count: z.number() }).optional(),
});

const classes = {
  channels: z.array(z.string()),
  classes: z.array(z.string()),
  /** Examples, or steps, that were judged, and those of them that are right. */
  total: z.number(),
  correct: z.number(),
  /** [true class][class that was said]; left out where there are very many classes. */
  confusion: z.array(z.array(z.number())).optional(),
  /** In the order of the classes; of very many the worst. */
  perClass: z.array(classAccuracy),
  examples: z.array(example),
  baselines: z.array(z.object({ name: z.string(), rule: z.string(), accuracy: perhaps })),
};

const errors = { name: z.string(), meanSquaredError: perhaps, meanAbsoluteError: perhaps };

const schema = z.discriminatedUnion("task", [
  z.object({ task: z.literal("classify"), ...classes }),
  z.object({ task: z.literal("label"), ...classes }),
  z.object({
    task: z.literal("forecast"),
    /** How many steps ahead. */
    horizon: z.int().min(1),
    network: z.object({ meanSquaredError: perhaps, meanAbsoluteError: perhaps }),
    baselines: z.array(z.object({ ...errors, rule: z.string() })),
    /** A stretch of what was judged, of one number each. */
    stretches: z.array(
      z.object({
        name: z.string(),
        /** The time of the first value. */
        first: z.int(),
        actual: z.array(perhaps),
        predicted: z.array(perhaps),
        naive: z.array(z.object({ name: z.string(), values: z.array(perhaps) })),
      }),
    ),
  }),
]);

export type SequenceNotes = Readonly<z.output<typeof schema>>;
export type ClassNotes = Extract<SequenceNotes, { task: "classify" | "label" }>;
export type ForecastNotes = Extract<SequenceNotes, { task: "forecast" }>;

/** The name of the notes among a trial's artifacts. */
export const SEQUENCE_NOTES = "sequences.json";

/** Classes of which a confusion matrix is kept, and of which each is told. */
const MOST_CLASSES = 100;
/** Classes of which sequences are kept. */
const MOST_SHOWN = 12;
/** Sequences of a class, where there are few classes and where there are more. */
const MOST_EXAMPLES = 3;
const FEW_CLASSES = 4;
const MOST_STEPS = 200;
/** Numbers of all sequences that are kept. */
const MOST_NUMBERS = 40_000;
/** Sequences of a task with a class at each step. */
const STEP_EXAMPLES = 4;
/** Values of a series that are kept. */
const STRETCH = 300;
const MOST_STRETCHES = 6;

export interface ClassOutcome {
  /** The sequences that were judged. */
  readonly sequences: Sequences;
  readonly classes: readonly string[];
  readonly baselines: readonly ClassBaseline[];
}

/**
 * Notes on a network that says a class of each sequence.
 * @param outcome with, for each sequence, its class (-1 for none, which is not judged) and the one that was said.
 * @throws InputError when the lists do not fit.
 */
export function noteClasses(
  outcome: ClassOutcome & { readonly labels: ArrayLike<number>; readonly predicted: ArrayLike<number> },
): ClassNotes {
  const { sequences, labels, predicted, classes } = outcome;
  const chosen = chooseExamples(sequences, labels, predicted, classes.length);
  const examples = chosen.map((row) =>
    exampleOf(
      sequences,
      row,
      () => [labels[row]],
      () => [predicted[row]],
    ),
  );
  return { task: "classify", ...noteConfusion(outcome, labels, predicted), examples };
}

/**
 * Notes on a network that says a class at each step.
 * @param outcome with, for each sequence and step, its class (-1 for none, which is not judged) and the one that was said.
 * @throws InputError when the lists do not fit.
 */
export function noteStepClasses(
  outcome: ClassOutcome & {
    readonly labels: readonly ArrayLike<number>[];
    readonly predicted: readonly ArrayLike<number>[];
  },
): ClassNotes {
  const { sequences, labels, predicted } = outcome;
  const flat = (lists: readonly ArrayLike<number>[]) => lists.flatMap((list) => Array.from(list));
  const [all, said] = [flat(labels), flat(predicted)];
  const rows = evenly(sequences.values.length, STEP_EXAMPLES);
  const examples = rows.map((row) =>
    exampleOf(
      sequences,
      row,
      (steps) => steps.map((step) => labels[row][step]),
      (steps) => steps.map((step) => predicted[row][step]),
    ),
  );
  return { task: "label", ...noteConfusion(outcome, all, said), examples };
}

export interface ForecastOutcome {
  readonly horizon: number;
  /** What the numbers are. */
  readonly names: readonly string[];
  /** Of each series [time][name]: what came, what the network foretold and what each rule did; NaN where there is nothing. */
  readonly actual: readonly ArrayLike<number>[];
  readonly predicted: readonly ArrayLike<number>[];
  readonly naive: readonly { readonly name: string; readonly values: readonly ArrayLike<number>[] }[];
  /** The time of the first value of each series; 1 when left out. */
  readonly first?: readonly number[];
  readonly network: Pick<ForecastErrors, "meanSquaredError" | "meanAbsoluteError">;
  readonly baselines: readonly (Pick<ForecastErrors, "meanSquaredError" | "meanAbsoluteError"> & {
    readonly name: string;
    readonly rule: string;
  })[];
}

/** Notes on a network that forecasts: of up to six numbers of the first series the last 300 values. */
export function noteForecast(outcome: ForecastOutcome): ForecastNotes {
  const { horizon, names, actual, predicted, naive, first, network, baselines } = outcome;
  const width = names.length;
  const length = actual[0].length / width;
  const from = Math.max(0, length - STRETCH);
  const column = (values: ArrayLike<number>, c: number) =>
    Array.from({ length: length - from }, (_, i) => known(values[(from + i) * width + c]));
  return {
    task: "forecast",
    horizon,
    network: errorsOf(network),
    baselines: baselines.map((one) => ({ name: one.name, rule: one.rule, ...errorsOf(one) })),
    stretches: names.slice(0, MOST_STRETCHES).map((name, c) => ({
      name,
      first: (first?.[0] ?? 1) + from,
      actual: column(actual[0], c),
      predicted: column(predicted[0], c),
      naive: naive.map(({ name: rule, values }) => ({ name: rule, values: column(values[0], c) })),
    })),
  };
}

export function encodeSequenceNotes(notes: SequenceNotes): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(notes)}\n`);
}

/** The notes in some bytes; undefined when they hold none. */
export function decodeSequenceNotes(bytes: Uint8Array): SequenceNotes | undefined {
  try {
    return schema.safeParse(JSON.parse(new TextDecoder().decode(bytes))).data;
  } catch {
    return undefined;
  }
}

function noteConfusion(
  { sequences, classes, baselines }: ClassOutcome,
  labels: ArrayLike<number>,
  predicted: ArrayLike<number>,
): Omit<ClassNotes, "task" | "examples"> {
  const all = accuraciesOf(classes, labels, predicted);
  const told = all.length <= MOST_CLASSES ? all : worstClasses(all, MOST_CLASSES);
  return {
    channels: [...sequences.channels],
    classes: [...classes],
    total: all.reduce((sum, { total }) => sum + total, 0),
    correct: all.reduce((sum, { correct }) => sum + correct, 0),
    ...(classes.length <= MOST_CLASSES && { confusion: confusionOf(classes.length, labels, predicted) }),
    perClass: told.map(({ name, total, correct, mistakenFor }) => ({
      name,
      total,
      correct,
      ...(mistakenFor && { mistakenFor: { ...mistakenFor } }),
    })),
    baselines: baselines.map(({ name, rule, accuracy }) => ({ name, rule, accuracy: known(accuracy) })),
  };
}

/** A few sequences of each of the first classes: the first that are right and, where there is one, a mistaken one. */
function chooseExamples(
  sequences: Sequences,
  labels: ArrayLike<number>,
  predicted: ArrayLike<number>,
  classes: number,
): number[] {
  const rowsOf = Array.from({ length: classes }, (): { right: number[]; wrong: number[] } => ({
    right: [],
    wrong: [],
  }));
  for (let row = 0; row < labels.length; row++) {
    if (labels[row] < 0) continue;
    const { right, wrong } = rowsOf[labels[row]];
    (labels[row] === predicted[row] ? right : wrong).push(row);
  }
  const shown = rowsOf.filter(({ right, wrong }) => right.length + wrong.length > 0).slice(0, MOST_SHOWN);
  const steps = Math.max(...sequences.values.map((_, row) => Math.min(MOST_STEPS, stepsOf(sequences, row))));
  const affordable = Math.floor(
    MOST_NUMBERS / (steps * sequences.channels.length * Math.max(1, shown.length)),
  );
  const each = Math.max(1, Math.min(shown.length > FEW_CLASSES ? 2 : MOST_EXAMPLES, affordable));
  return shown.flatMap(({ right, wrong }) => {
    const mistaken = wrong.slice(0, right.length === 0 ? each : each > 1 ? 1 : 0);
    return [...right.slice(0, each - mistaken.length), ...mistaken];
  });
}

/** @param actual of some steps, from 0; of the sequence, whatever the steps. */
function exampleOf(
  sequences: Sequences,
  row: number,
  actual: (steps: readonly number[]) => number[],
  predicted: (steps: readonly number[]) => number[],
): ClassNotes["examples"][number] {
  const width = sequences.channels.length;
  const own = sequences.values[row];
  const steps = stepsOf(sequences, row);
  const most = Math.max(2, Math.min(MOST_STEPS, Math.floor(MOST_NUMBERS / width)));
  const kept = evenly(steps, most);
  return {
    row,
    steps,
    values: sequences.channels.map((_, c) => kept.map((step) => rounded(own[step * width + c]))),
    actual: actual(kept),
    predicted: predicted(kept),
  };
}

/** Some of `count` places, evenly spaced from the first to the last; all where there are no more than `most`. */
function evenly(count: number, most: number): number[] {
  if (count <= most) return Array.from({ length: count }, (_, i) => i);
  return Array.from({ length: most }, (_, i) => Math.round((i * (count - 1)) / (most - 1)));
}

function errorsOf({ meanSquaredError, meanAbsoluteError }: ForecastOutcome["network"]) {
  return { meanSquaredError: known(meanSquaredError), meanAbsoluteError: known(meanAbsoluteError) };
}

function known(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

/** Four digits are more than a drawing shows. */
function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
