// New networks for sequences of numbers: as wide as the data, with an output for each class or number, and with what travels
// in its file so that it takes raw numbers.
import { seriesOf } from "../data/numbers/forecast-baselines.js";
import type { Sequences, SequenceTarget } from "../data/sequences.js";
import { standardisationOf } from "../data/standardise.js";
import { InputError } from "../errors.js";
import type { Random } from "../math/random.js";
import type { Architecture, CellKind, Readout } from "../network/architecture.js";
import { type Conventions, defaultConventions } from "../network/conventions.js";
import { initialise, Network, stack } from "../network/network.js";
import { readingFor, type TaskName } from "../network/tasks.js";
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
export interface Ends {
  readonly values: number;
  readonly readout: Omit<Readout, "inputs" | "tied">;
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
): Ends {
  const { channels, values } = train;
  const names = task === "forecast" ? undefined : classesFor(train.target, task);
  const common = {
    ...defaultConventions({ input: { kind: "values", width: channels.length } }),
    channels,
    ...(standardise && { standardisation: standardisationOf(channels.length, values) }),
  };
  if (names) {
    const readout = { outputs: names.length, ...readingFor(task) };
    return { values: channels.length, readout, conventions: { ...common, labels: names } };
  }
  const series = seriesOf(train);
  const targets = series[0].names;
  return {
    values: channels.length,
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

/** A stack of random weights for a task. @throws InputError as `endsFor`, and when it would be too large. */
export function newNumberNetwork(
  train: Sequences,
  task: NumberTaskName,
  options: NumberNetworkOptions,
  random: Random,
): Network {
  const { cell = defaults[task].cell, hidden, layers, bidirectional } = options;
  const { values, readout, conventions } = endsFor(train, task, options);
  const architecture: Architecture = stack({
    cell,
    hidden: hidden ?? defaults[task].hidden,
    layers: layers ?? defaults[task].layers,
    bidirectional,
    values,
    ...readout,
  });
  return withConventions(initialise(architecture, random), conventions);
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
