// New networks for labelled strings, texts and sequences of numbers: an architecture's ends are made to fit the data, with an input
// for its symbols or channels and an output for each class or number, and what travels in the file is found in the data.
import { alphabetOf } from "../data/alphabet.js";
import type { Dataset } from "../data/dataset.js";
import { seriesOf } from "../data/numbers/forecast-baselines.js";
import type { Sequences, SequenceTarget } from "../data/sequences.js";
import { standardisationOf } from "../data/standardise.js";
import { parseVocabulary, type Vocabulary } from "../data/vocabulary.js";
import { InputError } from "../errors.js";
import type { Random } from "../math/random.js";
import type { Architecture, CellKind } from "../network/architecture.js";
import { type Conventions, defaultConventions } from "../network/conventions.js";
import { initialise, Network, stack } from "../network/network.js";
import { readingFor, type TaskName } from "../network/tasks.js";
import { type Ends, withEnds } from "../network/wiring.js";
import type { TrainingData } from "./classify.js";
import { defaults } from "./defaults.js";

export type NumberTaskName = Exclude<TaskName, "next">;

/** A stack of cells for sequences of numbers; what is left out is as in `defaults`. */
export interface NumberNetworkOptions {
  readonly cell?: CellKind;
  readonly hidden?: number;
  readonly layers?: number;
  readonly bidirectional?: boolean;
  /** Of a forecast: steps that it looks ahead. */
  readonly horizon?: number;
  /** Whether channels are put on one scale; they are when left out. */
  readonly standardise?: boolean;
}

/** What a network for some sequences reads and gives out, and what its file says of both. */
export interface NumberEnds extends Ends {
  readonly conventions: Conventions;
}

/**
 * The ends of a network that is to learn a task from these sequences.
 * @throws InputError when they have not the labels of the task, or labels of one class only.
 */
export function endsFor(
  train: Sequences,
  task: NumberTaskName,
  { horizon, standardise = true }: Pick<NumberNetworkOptions, "horizon" | "standardise"> = {},
): NumberEnds {
  const { channels, values } = train;
  const names = task === "forecast" ? undefined : classesFor(train.target, task);
  const input = { kind: "values", width: channels.length } as const;
  const common = {
    ...defaultConventions({ input }),
    channels,
    ...(standardise && { standardisation: standardisationOf(channels.length, values) }),
  };
  if (names) {
    const readout = { outputs: names.length, ...readingFor(task) };
    return { input, readout, conventions: { ...common, labels: names } };
  }
  const series = seriesOf(train);
  const targets = series[0].names;
  if (horizon === 0 && targets.some((name) => channels.includes(name))) {
    throw new InputError({
      where: "horizon",
      what: `of 0 steps ahead the network would read what it is to say: ${targets.filter((name) => channels.includes(name)).join(", ")}`,
      hint: "name channels without it, or look at least one step ahead",
    });
  }
  return {
    input,
    readout: { outputs: targets.length, ...readingFor(task) },
    conventions: {
      ...common,
      targets,
      ...(horizon !== undefined && { horizon }),
      ...(standardise && {
        targetStandardisation: standardisationOf(
          targets.length,
          series.map((own) => own.values),
        ),
      }),
    },
  };
}

/**
 * A network of random weights for the symbols and classes of these strings, which are stored with it. Of an architecture only
 * the ends are made to fit; a mask of the read-out is that of its first output for all.
 * @param vocabulary what strings are made of; found in the data when left out (`alphabetOf`).
 * @throws InputError when there is one class only, or the network would be too large.
 */
export function newClassifier(
  architecture: Architecture,
  { train, test }: TrainingData<Dataset>,
  random: Random,
  {
    vocabulary = alphabetOf(train, test),
    masks = new Map(),
  }: {
    readonly vocabulary?: Vocabulary;
    readonly masks?: ReadonlyMap<string, Uint8Array>;
  } = {},
): Network {
  const { classes } = train;
  if (classes.length < 2) {
    throw new InputError({
      what: `all ${train.strings.length} training strings have the label ${JSON.stringify(classes[0])}`,
      hint: "give strings of at least two classes",
    });
  }
  const { width } = architecture.input;
  const input = { kind: "symbols", vocabulary: vocabulary.symbols.length, width } as const;
  const fitted = withEnds({ architecture, masks }, { input, readout: { outputs: classes.length } });
  const network = initialise(fitted.architecture, random, fitted.masks);
  return withConventions(network, { ...network.conventions, vocabulary, labels: classes });
}

/** The same for sequences of numbers and a task of theirs. @throws InputError as `endsFor`. */
export function newNetworkForNumbers(
  architecture: Architecture,
  train: Sequences,
  task: NumberTaskName,
  random: Random,
  options: Pick<NumberNetworkOptions, "horizon" | "standardise"> & {
    readonly masks?: ReadonlyMap<string, Uint8Array>;
  } = {},
): Network {
  const { conventions, ...ends } = endsFor(train, task, options);
  const fitted = withEnds({ architecture, masks: options.masks ?? new Map() }, ends);
  return withConventions(initialise(fitted.architecture, random, fitted.masks), conventions);
}

/**
 * A stack of random weights for a task.
 * @throws InputError as `endsFor`, when it would be too large, and of one that reads what it is to forecast.
 */
export function newNumberNetwork(
  train: Sequences,
  task: NumberTaskName,
  options: NumberNetworkOptions,
  random: Random,
): Network {
  const { cell = defaults[task].cell, hidden, layers, bidirectional } = options;
  if (bidirectional && task === "forecast" && options.horizon !== 0) {
    throw new InputError({
      where: "bidirectional",
      what: "a network that has read what follows need not forecast it",
      hint: "leave it out",
    });
  }
  const architecture = stack({
    cell,
    hidden: hidden ?? defaults[task].hidden,
    layers: layers ?? defaults[task].layers,
    bidirectional,
  });
  return newNetworkForNumbers(architecture, train, task, random, options);
}

/**
 * The same for texts of these symbols, of which the next one is predicted.
 * @throws InputError when the network would be too large.
 */
export function newNetworkForTexts(
  architecture: Architecture,
  symbols: readonly string[],
  random: Random,
  { masks = new Map() }: { readonly masks?: ReadonlyMap<string, Uint8Array> } = {},
): Network {
  const input = { kind: "symbols", vocabulary: symbols.length, width: architecture.input.width } as const;
  const readout = { outputs: symbols.length, ...readingFor("next") };
  const fitted = withEnds({ architecture, masks }, { input, readout });
  const network = initialise(fitted.architecture, random, fitted.masks);
  const vocabulary = parseVocabulary(JSON.stringify(symbols), "vocabulary");
  return withConventions(network, { ...network.conventions, vocabulary });
}

/** The same network with other conventions. */
export function withConventions(network: Network, conventions: Conventions): Network {
  return new Network(network.architecture, network.parameters, network.masks, conventions);
}

/** The classes of the training data, of which at least two occur. */
function classesFor(target: SequenceTarget | undefined, task: "classify" | "label"): readonly string[] {
  const [classes, lists] =
    target?.kind === "class" && task === "classify"
      ? [target.labels.classes, [target.labels.of]]
      : target?.kind === "step-classes" && task === "label"
        ? [target.classes, target.of]
        : [undefined, []];
  if (classes === undefined) {
    throw new InputError({
      what: `the sequences have no ${task === "classify" ? "label each" : "label at every step"}`,
      hint: "give labels with --labels or --label-column, or another --task",
    });
  }
  const used = new Set<number>();
  for (const list of lists) for (const label of list) if (label >= 0) used.add(label);
  if (used.size >= 2) return classes;
  const [only] = used;
  throw new InputError({
    what: `all labels of the training data are ${JSON.stringify(classes[only ?? 0])}`,
    hint: "give sequences of at least two classes",
  });
}
