// Datasets, graphs and networks as the verbs take them: by path, or made up on the spot where an option is left out.
import type { CsvForm } from "../data/csv.js";
import { BINARY, type Dataset, keepForTesting } from "../data/dataset.js";
import { generateDataset } from "../data/generate.js";
import { remarksOn } from "../data/remarks.js";
import { InputError } from "../errors.js";
import { readGraph } from "../graph/files.js";
import { layerGraph } from "../graph/layers.js";
import { Random } from "../math/random.js";
import type { NamedGraph } from "../network/formats.js";
import type { Network } from "../network/network.js";
import type { ReadOptions } from "../network/weights.js";
import { readDataset, readDatasets } from "../paths/datasets.js";
import { findGrammar } from "../paths/grammars.js";
import { readNetwork, readStructure } from "../paths/networks.js";
import "../thesis/format.js";
import type { TrainingData } from "../train/classify.js";
import { type Protocol, readAt } from "../train/protocol.js";
import type { ColumnOptions, ModelOptions, Output } from "./command.js";
import { vocabularyOf } from "./vocabulary.js";

/** Where labelled strings are. */
interface StringFiles extends ColumnOptions {
  readonly data?: string;
  readonly test?: string;
  /** The first of them. */
  readonly validation?: readonly string[];
  readonly seed: number;
}

/**
 * Training and test data: two files; one file, of which a quarter is kept for testing; or, without any, the thesis's
 * kind of Reber strings.
 * @param form what the network takes, where there is one already, or strings are made of.
 */
export function trainingData(
  { data, test, validation, seed, stringColumn, labelColumn }: StringFiles,
  output: Output,
  form?: CsvForm,
): TrainingData<Dataset> {
  const columns = { stringColumn, labelColumn };
  if (data === undefined) {
    const [option] = Object.entries({
      "--test": test,
      "--validation": validation?.[0],
      "--string-column": stringColumn,
      "--label-column": labelColumn,
    })
      .filter(([, value]) => value !== undefined)
      .map(([name]) => name);
    if (option !== undefined) {
      throw new InputError({
        where: option,
        what: "there is no training data",
        hint: "name it with --data",
      });
    }
    output.remark("no --data: using 25,000 strings of Reber's grammar, as in the thesis");
    return generateDataset({ grammar: findGrammar("reber") }, new Random(1));
  }
  const sets: TrainingData<Dataset> =
    test === undefined
      ? withoutTest(data, seed, output, { ...form, ...columns })
      : readDatasets(data, test, { ...form, ...columns });
  const { train } = sets;
  for (const line of remarksOn(train, sets.test)) output.remark(line);
  if (!validation) return sets;
  const classes = { classes: train.classes, classesOf: "training data" };
  return { ...sets, validation: readDataset(validation[0], { ...form, ...columns, ...classes }) };
}

function withoutTest(data: string, seed: number, output: Output, form: CsvForm): TrainingData<Dataset> {
  const all = readDataset(data, form);
  const sets = keepForTesting(all, new Random(seed).stream("split"), data);
  output.remark(
    `no --test: keeping ${sets.test.strings.length} of the ${all.strings.length} strings for testing`,
  );
  return sets;
}

/**
 * A network of any format that Filigree reads, with its remarks; the thesis's structures need the file of their graph.
 * A protocol that is given says where it is read.
 */
export function readModel(
  path: string,
  { graph, protocol, vocabulary, ...rest }: ModelOptions & { graph?: string; protocol?: Protocol },
  output: Output,
  { task }: Pick<ReadOptions, "task"> = {},
): Network {
  const options = {
    task,
    cell: rest.cell,
    zerosAsMask: rest.zerosAsMask,
    readAt: protocol && readAt(protocol),
    vocabulary: vocabulary === undefined ? undefined : vocabularyOf(vocabulary),
    remark: (line: string) => output.remark(line),
  };
  return graph === undefined ? readNetwork(path, options) : readStructure(path, namedGraph(graph), options);
}

/** What a network's data may be: strings of its vocabulary, labelled with its classes or their numbers. */
export function formOf({ conventions, architecture }: Network): CsvForm {
  return {
    vocabulary: conventions.vocabulary,
    classes: classesOf({ conventions, architecture }),
    numbered: true,
  };
}

/** The names of a network's classes: its own, or numbers. A network that predicts symbols has those of two. */
export function classesOf({
  conventions,
  architecture,
}: Pick<Network, "conventions" | "architecture">): readonly string[] {
  const { outputs, tied } = architecture.readout;
  if (conventions.labels) return conventions.labels;
  return tied || outputs <= 2 ? BINARY : Array.from({ length: outputs }, (_, i) => String(i));
}

/** A graph file, in layers. */
export function namedGraph(path: string): NamedGraph {
  return { graph: layerGraph(readGraph(path), path), name: path };
}

/** Classes as a line lists them. */
const MOST_CLASSES = 12;

/** The names of a network's classes as the end of a line, where they say more than numbers. */
export function describeClasses(network: Network): string {
  const classes = classesOf(network);
  if (classes.every((name, place) => name === String(place))) return "";
  const more = classes.length > MOST_CLASSES ? `, … (${classes.length} in all)` : "";
  return `; classes ${classes.slice(0, MOST_CLASSES).join(", ")}${more}`;
}
