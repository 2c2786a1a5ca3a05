// What the page is told of an experiment before it is trained, and what rules without a network reach on its data.
import { scoreBaselines } from "../../data/baselines.js";
import { scoreNgrams } from "../../data/ngrams.js";
import { seriesOf } from "../../data/numbers/forecast-baselines.js";
import { type Sequences, stepsOf } from "../../data/sequences.js";
import { decodeSymbols } from "../../data/symbols.js";
import { taskOf } from "../../network/tasks.js";
import { partsOf } from "../../sparsify/parts.js";
import { horizonOf } from "../../train/forecast.js";
import { heldOut, numberBaselines } from "../../train/number-data.js";
import type { Description, Example, Rule } from "./protocol.js";
import { MOST_STEPS } from "./reading.js";
import type { Subject, SubjectData } from "./subject.js";
import { unitsOf } from "./units.js";

/** Examples that the reader may choose from, of each class, and symbols of a text. */
const EXAMPLES = 12;
const STRETCH = 44;
/** Multiplications that comparing a sequence with all others may take: about a second. */
const NEIGHBOURS = 1e8;

export function describe({ data, network, task, epoch, updates, openEnded }: Subject): Description {
  const { architecture } = network;
  const conventions = task.conventions(network);
  const [trained, tested] = sizesOf(data);
  return {
    architecture,
    task: taskOf(network),
    parts: partsOf(network, "both", ["embedding", "readout"]),
    units: unitsOf(network),
    parameters: network.size,
    classes: isOfClasses(data) ? (conventions.labels ?? ["0", "1"]) : [],
    symbols: data.kind === "numbers" ? [] : conventions.vocabulary.symbols,
    channels: data.kind === "numbers" ? architecture.input.width : 0,
    targets: conventions.targets ?? [],
    horizon: horizonOf(network),
    trained,
    tested,
    examples: examplesOf(data, conventions.vocabulary.symbols),
    epoch,
    updates,
    openEnded,
  };
}

function isOfClasses(data: SubjectData): boolean {
  return data.kind === "strings" || (data.kind === "numbers" && data.numbers.task !== "forecast");
}

/** What trains and what does not: strings, sequences, symbols of a text or steps of series. */
function sizesOf(data: SubjectData): [number, number] {
  if (data.kind === "strings") return [data.sets.train.strings.length, data.sets.test.strings.length];
  if (data.kind === "text") {
    const count = (texts: readonly { readonly length: number }[]) =>
      texts.reduce((sum, { length }) => sum + length, 0);
    return [count(data.text.train.texts), count(data.text.validation.texts)];
  }
  const { numbers } = data;
  if (numbers.task !== "forecast") return [numbers.data.train.values.length, numbers.data.test.values.length];
  const count = (series: Sequences, from: readonly number[] = []) =>
    series.values.reduce((sum, _, row) => sum + stepsOf(series, row) - (from[row] ?? 0), 0);
  const held = heldOut(numbers.data)!;
  return [count(numbers.data.train), count(held.series, held.from)];
}

function examplesOf(data: SubjectData, symbols: readonly string[]): Example[] {
  if (data.kind === "text") {
    const [text] = data.text.validation.texts;
    return [{ sequence: { text: decodeSymbols(symbols, text.subarray(0, STRETCH)) } }];
  }
  if (data.kind === "strings") {
    const { strings, labels, classes } = data.sets.test;
    return firstOfEach(labels, classes.length).map((row) => ({
      sequence: { text: strings[row] },
      label: classes[labels[row]],
    }));
  }
  return data.numbers.task === "forecast"
    ? stretchesOf(heldOut(data.numbers.data)!.series)
    : labelledOf(data.numbers.data.test);
}

function labelledOf({ values, target }: Sequences): Example[] {
  if (target?.kind === "step-classes")
    return values
      .slice(0, EXAMPLES)
      .map((own, row) => ({ sequence: { values: own }, classes: target.of[row] }));
  if (target?.kind !== "class") return [];
  const { classes, of } = target.labels;
  return firstOfEach(of, classes.length).map((row) => ({
    sequence: { values: values[row] },
    label: classes[of[row]],
  }));
}

/** The ends of series, as far as they are read. */
function stretchesOf(series: Sequences): Example[] {
  const numbers = seriesOf(series);
  return series.values.slice(0, EXAMPLES).map((own, row) => {
    const [channels, targets] = [series.channels.length, numbers[row].names.length];
    return {
      sequence: { values: own.slice(-MOST_STEPS * channels) },
      numbers: numbers[row].values.slice(-MOST_STEPS * targets),
    };
  });
}

/** Rows of the first examples of each class, one class after the other in turn. */
function firstOfEach(labels: ArrayLike<number>, classes: number): number[] {
  const rows = Array.from({ length: Math.min(classes, EXAMPLES) }, (): number[] => []);
  for (let row = 0; row < labels.length; row++) {
    const own = rows[labels[row]];
    if (own && own.length < EXAMPLES / rows.length) own.push(row);
  }
  const most = Math.max(...rows.map(({ length }) => length));
  return Array.from({ length: most }, (_, i) => rows.flatMap((own) => own.slice(i, i + 1))).flat();
}

/** What a network has to beat. */
export function rulesFor({ data, network }: Subject): Rule[] {
  if (data.kind === "strings") return scoreBaselines(data.sets.train, data.sets.test);
  if (data.kind === "numbers") {
    const found = numberBaselines(data.numbers, horizonOf(network), { neighbours: NEIGHBOURS });
    return found.kind === "classes"
      ? found.baselines.map(({ name, rule, accuracy }) => ({ name, rule, accuracy }))
      : found.baselines.map(({ name, rule, meanSquaredError }) => ({
          name,
          rule,
          squaredError: meanSquaredError,
        }));
  }
  const { train, validation, vocabulary } = data.text;
  return scoreNgrams(train.texts, validation.texts, vocabulary.length).map(({ context, nats }) => ({
    name: context === 0 ? "frequencies" : `${context + 1}-grams`,
    rule: `the next symbol from ${context === 0 ? "none" : context} before it, interpolated after Witten and Bell`,
    nats,
  }));
}
