// Sequences of numbers as trainings take them: divided into what trains and what judges, with the task, the evaluation and
// the notes that go with them. The command line and studies share it, so that both do the same.
import {
  type BaselineLimits,
  type ClassBaseline,
  isClassified,
  isLabelled,
  scoreClassBaselines,
  scoreStepBaselines,
} from "../data/numbers/class-baselines.js";
import {
  type ForecastBaseline,
  type ForecastBaselines,
  forecastRules,
  scoreForecastBaselines,
  seriesOf,
} from "../data/numbers/forecast-baselines.js";
import { type Sequences, type SequenceTarget, stepsOf } from "../data/sequences.js";
import { InputError } from "../errors.js";
import type { Random } from "../math/random.js";
import type { Network } from "../network/network.js";
import { type ClassifyOptions, classify, type TrainingData } from "./classify.js";
import { type EvaluateOptions, evaluate } from "./evaluate.js";
import {
  evaluateForecast,
  type ForecastData,
  type ForecastOptions,
  forecast,
  type Held,
  horizonOf,
  splitSeries,
} from "./forecast.js";
import type { NumberTaskName } from "./new-network.js";
import { noteClasses, noteForecast, noteStepClasses, type SequenceNotes } from "./sequence-notes.js";
import type { Task } from "./task.js";

/** Sequences with a task, and what of them trains and judges. */
export type NumberData =
  | { readonly task: "classify" | "label"; readonly data: TrainingData<Sequences> }
  | { readonly task: "forecast"; readonly data: ForecastData };

/** The share of sequences, or of the steps of each series, that trains where no other data are named. */
export const TRAINED = 0.75;

/** The classes of labels; none of other targets. */
export function classesIn({ target }: Sequences): readonly string[] | undefined {
  if (target?.kind === "class") return target.labels.classes;
  return target?.kind === "step-classes" ? target.classes : undefined;
}

/** The task that sequences are for: the one that is asked for, else as their labels tell. @throws InputError when they have none. */
export function taskFor(
  { target }: Sequences,
  asked: NumberTaskName | undefined,
  where: string,
): NumberTaskName {
  if (asked) return asked;
  if (target?.kind === "class") return "classify";
  if (target?.kind === "step-classes") return "label";
  if (target?.kind === "numbers") return "forecast";
  throw new InputError({
    where,
    what: "the sequences have no labels, so what is to be learnt of them is not known",
    hint: "give --labels or --label-column, or say --task forecast",
  });
}

/**
 * Divides sequences: of those with labels a random quarter is kept for testing where no test data are given; of series the
 * last quarter of each judges epochs where nothing else does.
 * @param where names them in messages. @param remark hears what was kept.
 * @throws InputError when there are too few.
 */
export function divide(
  task: NumberTaskName,
  all: Sequences,
  given: { readonly test?: Sequences; readonly validation?: Sequences },
  random: Random,
  where: string,
  remark: (line: string) => void = () => {},
): NumberData {
  const kept = `${100 - 100 * TRAINED} %`;
  if (task === "forecast") {
    const test = given.test && { test: { series: given.test } };
    if (given.validation)
      return { task, data: { train: all, validation: { series: given.validation }, ...test } };
    if (test) return { task, data: { train: all, ...test } };
    remark(
      `no --test and no --validation: the last ${kept} of each series are kept to judge by and do not train`,
    );
    return { task, data: splitSeries(all, TRAINED, where) };
  }
  const validation = given.validation && { validation: given.validation };
  if (given.test) return { task, data: { train: all, test: given.test, ...validation } };
  const count = all.values.length;
  if (count < 4) {
    throw new InputError({
      where,
      what: `${count} sequences are too few to keep some for testing`,
      hint: "name a test file with --test",
    });
  }
  const rows = random.shuffle(Int32Array.from({ length: count }, (_, row) => row));
  const forTest = Math.round(count * (1 - TRAINED));
  remark(`no --test: keeping ${forTest} of the ${count} sequences for testing`);
  const [train, test] = [rows.subarray(forTest), rows.subarray(0, forTest)].map((own) => rowsOf(all, own));
  return { task, data: { train, test, ...validation } };
}

/** The task that a network learns of such data. @throws InputError as `classify` and `forecast`. */
export function taskOn(
  network: Network,
  { task, data }: NumberData,
  options: ClassifyOptions & ForecastOptions,
): Task {
  return task === "forecast" ? forecast(network, data, options) : classify(network, data, options);
}

/** What of series judges: what is held out, else the test data. */
export function heldOut({ validation, test }: ForecastData): Held | undefined {
  return validation ?? test;
}

/** How a network does on what judges: the mean loss or squared error, and of classes the accuracy, else NaN. */
export async function measure(
  network: Network,
  { task, data }: NumberData,
  options: EvaluateOptions,
): Promise<{ loss: number; accuracy: number }> {
  if (task !== "forecast") return evaluate(network, data.test, options);
  const held = heldOut(data);
  if (!held) return { loss: Number.NaN, accuracy: Number.NaN };
  const { meanSquaredError } = await evaluateForecast(network, held, options);
  return { loss: meanSquaredError, accuracy: Number.NaN };
}

/** What rules without a network reach on what judges. */
export function forecastBaselines(data: ForecastData, horizon: number): ForecastBaselines | undefined {
  const held = heldOut(data);
  return held && scoreForecastBaselines(seriesOf(data.train), aheadIn(held, horizon), { horizon });
}

/** What rules without a network reach on what judges: of classes, of steps or of a forecast; nothing where nothing judges. */
export type NumberBaselines =
  | { readonly kind: "classes"; readonly baselines: readonly ClassBaseline[] }
  | { readonly kind: "forecast"; readonly baselines: readonly ForecastBaseline[] };

/** @param horizon of a forecast. @param limits of what may take long. */
export function numberBaselines(
  { task, data }: NumberData,
  horizon: number,
  limits?: BaselineLimits,
): NumberBaselines {
  if (task === "forecast")
    return { kind: "forecast", baselines: forecastBaselines(data, horizon)?.baselines ?? [] };
  const { train, test } = data;
  if (isClassified(train) && isClassified(test))
    return { kind: "classes", baselines: scoreClassBaselines(train, test, limits).baselines };
  const ofSteps = isLabelled(train) && isLabelled(test);
  return { kind: "classes", baselines: ofSteps ? scoreStepBaselines(train, test, limits).baselines : [] };
}

/**
 * What is kept of a training for whoever looks at it later without the data.
 * @param found what rules without a network reach.
 */
export async function noteNumbers(
  network: Network,
  { task, data }: NumberData,
  found: NumberBaselines,
  options: EvaluateOptions,
): Promise<SequenceNotes | undefined> {
  if (task === "forecast") {
    const held = heldOut(data);
    if (!held) return undefined;
    const horizon = horizonOf(network);
    const said = await evaluateForecast(network, held, options);
    const series = seriesOf(held.series);
    const { rules } = forecastRules(seriesOf(data.train), { horizon });
    const [{ names }] = series;
    // A forecast stands at the step at which it was made.
    const shifted = said.outputs.map((own) => {
      const later = new Float32Array(own.length).fill(Number.NaN);
      later.set(own.subarray(0, own.length - horizon * names.length), horizon * names.length);
      return later;
    });
    return noteForecast({
      horizon,
      names,
      actual: series.map(({ values }) => values),
      predicted: shifted,
      naive: rules.map((rule) => ({ name: rule.name, values: series.map(rule.forecast) })),
      network: said,
      baselines: found.kind === "forecast" ? found.baselines : [],
    });
  }
  const { test: sequences } = data;
  const baselines = found.kind === "classes" ? found.baselines : [];
  const { expected, predicted } = await evaluate(network, sequences, options);
  const classes = network.conventions.labels ?? [];
  if (task === "classify") return noteClasses({ sequences, classes, baselines, labels: expected, predicted });
  const bySequence = (all: Int32Array) => {
    let at = 0;
    return sequences.values.map((_, row) => {
      const steps = stepsOf(sequences, row);
      at += steps;
      return all.subarray(at - steps, at);
    });
  };
  return noteStepClasses({
    sequences,
    classes,
    baselines,
    labels: bySequence(expected),
    predicted: bySequence(predicted),
  });
}

function aheadIn({ series, from }: Held, horizon: number) {
  return seriesOf(series).map((own, row) => ({ ...own, from: from?.[row] ?? horizon }));
}

/** Some sequences, in this order. */
export function rowsOf({ channels, values, target }: Sequences, rows: Int32Array): Sequences {
  const of = <T>(list: readonly T[]) => Array.from(rows, (row) => list[row]);
  return { channels, values: of(values), ...(target && { target: targetOf(target) }) };

  function targetOf(target: SequenceTarget): SequenceTarget {
    switch (target.kind) {
      case "class":
        return { ...target, labels: { ...target.labels, of: rows.map((row) => target.labels.of[row]) } };
      case "step-classes":
        return { ...target, of: of(target.of) };
      case "numbers":
        return { ...target, of: of(target.of) };
    }
  }
}
