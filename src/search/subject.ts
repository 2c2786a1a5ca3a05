// What a search learns from: labelled strings or sequences, series to forecast, or texts. Its test data are never looked at: of the
// training data a part is held out, from which gates that need data of their own learn and by which candidates are compared. Of
// sequences that are any, of a series or a text its end, which is what will be asked for.
import { type Dataset, rowsOf as stringRows } from "../data/dataset.js";
import type { Sequences } from "../data/sequences.js";
import type { SymbolArray } from "../data/symbols.js";
import { InputError } from "../errors.js";
import type { Random } from "../math/random.js";
import type { Network } from "../network/network.js";
import type { Structure } from "../network/wiring.js";
import { classify, type Labelled, type TrainingData } from "../train/classify.js";
import { batchFor, defaults } from "../train/defaults.js";
import { type ForecastData, forecast, HORIZON, heldSteps, splitSeries } from "../train/forecast.js";
import { nextSymbol } from "../train/language.js";
import { newClassifier, newNetworkForNumbers, newNetworkForTexts } from "../train/new-network.js";
import { rowsOf as sequenceRows } from "../train/number-data.js";
import type { Protocol } from "../train/protocol.js";
import type { EpochMetrics, Task } from "../train/task.js";

/**
 * By what candidates are compared on what is held out, and the metric of a training's last epoch that it is: of classes the
 * accuracy, of forecasts the mean squared error, of texts nats.
 */
export const criteria = {
  heldAccuracy: { measured: "testAccuracy", sign: 1 },
  heldLoss: { measured: "testLoss", sign: -1 },
} as const satisfies Readonly<Record<string, { measured: keyof EpochMetrics; sign: 1 | -1 }>>;

export type Criterion = keyof typeof criteria;

export interface Subject {
  readonly criterion: Criterion;
  /** A network of random weights whose ends fit the data. */
  network(structure: Structure, random: Random): Network;
  /** What is learnt; what is held out is its test, read after the last epoch. */
  task(network: Network): Task;
  /** The same of what is held out. */
  held(network: Network): Task;
}

/** The share of the training data that is held out where nothing is said. */
export const HELD = 0.25;

export interface SubjectOptions {
  readonly batch: number;
  /** Of strings; as the network's conventions say when left out. */
  readonly protocol?: Protocol;
  /** The share of the training data that is held out where there is no validation data. */
  readonly held: number;
  /** Draws what is held out. */
  readonly random: Random;
}

/** Strings or sequences with classes, to be searched on. @throws InputError when they are too few to hold some out. */
export function subjectOf(
  data: TrainingData,
  { batch, protocol, held: share, random }: SubjectOptions,
): Subject {
  const [learnt, held] = data.validation ? [data.train, data.validation] : divided(data.train, share, random);
  const options = { batch, protocol, tested: "last-epoch" } as const;
  return {
    criterion: "heldAccuracy",
    network({ architecture, masks }, own) {
      const { train, test } = data;
      if (isDataset(train) && isDataset(test))
        return newClassifier(architecture, { train, test }, own, { masks });
      const sequences = train as Sequences;
      const task = sequences.target?.kind === "step-classes" ? "label" : "classify";
      return newNetworkForNumbers(architecture, sequences, task, own, { masks });
    },
    task: (network) => classify(network, { train: learnt, test: held }, options),
    held: (network) => classify(network, { train: held, test: held }, options),
  };
}

/** Steps of a batch of series or texts, and what is held out of them. */
export interface WindowedOptions {
  /** Streams that each is cut into; as `train` has it when left out. */
  readonly batch?: number;
  /** Steps between two updates; as `train` has it when left out. */
  readonly window?: number;
  /** The share of each, at its end, that is held out where there is nothing else to hold out. */
  readonly held: number;
}

/**
 * Series to be forecast. What only judges because nothing else was named, the end of each series, is not looked at.
 * @param horizon steps that a forecast looks ahead. @param where names the series in messages.
 * @throws InputError when they are too short to hold some out.
 */
export function forecastSubject(
  { train, validation }: Pick<ForecastData, "train" | "validation">,
  {
    batch = defaults.forecast.batch,
    window = defaults.forecast.window,
    held: share,
    horizon = HORIZON,
    where = "the series",
  }: WindowedOptions & { readonly horizon?: number; readonly where?: string },
): Subject {
  const named = validation && validation.from === undefined ? validation : undefined;
  const parts = named ? { train, validation: named } : splitSeries(train, 1 - share, where, HOLD_OUT);
  const options = { batch, window };
  const learning = (network: Network) =>
    forecast(network, { train: parts.train, test: parts.validation }, options);
  const held = (network: Network) =>
    forecast(network, { train: heldSteps(parts.validation, horizon) }, options);
  return {
    criterion: "heldLoss",
    network: ({ architecture, masks }, own) =>
      newNetworkForNumbers(architecture, train, "forecast", own, { masks, horizon }),
    // One executor has room for the batches of both.
    task(network) {
      const [own, other] = [learning(network), held(network)];
      return {
        ...own,
        batch: Math.max(own.batch, other.batch),
        steps: Math.max(own.steps, other.steps),
      };
    },
    held,
  };
}

/** Texts that a search may learn from. */
export interface LearntTexts {
  readonly vocabulary: readonly string[];
  readonly texts: readonly SymbolArray[];
  /** What messages call them. */
  readonly names: readonly string[];
  /** Others to hold out. */
  readonly validation?: { readonly texts: readonly SymbolArray[]; readonly names: readonly string[] };
}

/** Texts of which the next symbol is predicted. @throws InputError when they are too short to hold some out. */
export function textSubject(
  { vocabulary, texts, names, validation }: LearntTexts,
  { window = defaults.next.window, held: share, ...options }: WindowedOptions,
): Subject {
  const ends = texts.map(({ length }) => (validation ? length : Math.round((1 - share) * length)));
  const learnt = texts.map((text, i) => text.subarray(0, ends[i]));
  const held = validation ?? { texts: texts.map((text, i) => text.subarray(ends[i])), names };
  const shortest = Math.min(...[...learnt, ...held.texts].map(({ length }) => length));
  if (shortest <= window) {
    const all = [...texts, ...(validation?.texts ?? [])];
    const short = [...learnt, ...held.texts].findIndex(({ length }) => length === shortest) % all.length;
    throw new InputError({
      where: [...names, ...(validation?.names ?? [])][short],
      what: `its ${all[short].length} symbols are too few to ${HOLD_OUT.what}: what is learnt and what is held out take ${window + 1} each`,
      hint: validation ? "give more text" : HOLD_OUT.hint,
    });
  }
  const { batch = batchFor(shortest, window) } = options;
  const taskOn = (of: typeof held) =>
    nextSymbol(
      { vocabulary, train: of, validation: held },
      { batch, window, names: [...of.names], tested: "last-epoch" },
    );
  return {
    criterion: "heldLoss",
    network: ({ architecture, masks }, own) => newNetworkForTexts(architecture, vocabulary, own, { masks }),
    task: () => taskOn({ texts: learnt, names }),
    held: () => taskOn(held),
  };
}

const HOLD_OUT = { what: "hold some out for a search", hint: "give more, or validation data" };

function isDataset(data: Labelled): data is Dataset {
  return "strings" in data;
}

function divided(data: Labelled, share: number, random: Random): [Labelled, Labelled] {
  const count = isDataset(data) ? data.strings.length : data.values.length;
  const rows = random.shuffle(Int32Array.from({ length: count }, (_, row) => row));
  const first = Math.round(share * count);
  if (first < 1 || first >= count) {
    throw new InputError({
      what: `${count} sequences are too few to hold some out for a search`,
      hint: "give more, or validation data",
    });
  }
  const of = (own: Int32Array) => (isDataset(data) ? stringRows(data, own) : sequenceRows(data, own));
  return [of(rows.subarray(first)), of(rows.subarray(0, first))];
}
