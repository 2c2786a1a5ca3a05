// Datasets, graphs and networks as the verbs take them: by path, or made up on the spot where an option is left out.
import { statSync } from "node:fs";
import type { Dataset, DatasetForm } from "../data/dataset.js";
import { generateDataset } from "../data/generate.js";
import { remarksOn } from "../data/remarks.js";
import { parseVocabulary, type Vocabulary } from "../data/vocabulary.js";
import { InputError } from "../errors.js";
import { readBytes } from "../files.js";
import { readGraph } from "../graph/files.js";
import { layerGraph } from "../graph/layers.js";
import { Random } from "../math/random.js";
import type { NamedGraph } from "../network/formats.js";
import type { Network } from "../network/network.js";
import type { ReadOptions } from "../network/weights.js";
import { readDataset } from "../paths/datasets.js";
import { findGrammar } from "../paths/grammars.js";
import { readNetwork, readStructure } from "../paths/networks.js";
import "../thesis/format.js";
import type { TrainingData } from "../train/classify.js";
import { type Protocol, readAt } from "../train/protocol.js";
import type { ModelOptions, Output } from "./command.js";

/**
 * Training and test data: two files; one file, of which a quarter is kept for testing; or, without any, the thesis's
 * kind of Reber strings.
 * @param form what the network takes, where there is one already.
 */
export function trainingData(
  { data, test, seed }: { data?: string; test?: string; seed: number },
  output: Output,
  form?: DatasetForm,
): TrainingData<Dataset> {
  if (data === undefined) {
    if (test !== undefined) {
      throw new InputError({
        where: "--test",
        what: "there is no training data",
        hint: "name it with --data",
      });
    }
    output.remark("no --data: using 25,000 strings of Reber's grammar, as in the thesis");
    return generateDataset({ grammar: findGrammar("reber") }, new Random(1));
  }
  const sets: TrainingData<Dataset> =
    test === undefined
      ? withoutTest(data, seed, output, form)
      : { train: readDataset(data, form), test: readDataset(test, form) };
  for (const line of remarksOn(sets.train, sets.test)) output.remark(line);
  return sets;
}

function withoutTest(data: string, seed: number, output: Output, form?: DatasetForm): TrainingData<Dataset> {
  const all = readDataset(data, form);
  const count = all.strings.length;
  if (count < 4)
    throw new InputError({
      where: data,
      what: `${count} strings are too few to keep some for testing`,
      hint: "name a test file with --test",
    });
  const rows = new Random(seed).stream("split").shuffle(Int32Array.from({ length: count }, (_, row) => row));
  const forTest = Math.round(count / 4);
  output.remark(`no --test: keeping ${forTest} of the ${count} strings for testing`);
  return { train: rowsOf(all, rows.subarray(forTest)), test: rowsOf(all, rows.subarray(0, forTest)) };
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

/** What a network's data may be: strings of its vocabulary, labelled with its classes. */
export function formOf({ conventions, architecture }: Network): DatasetForm {
  const { outputs, tied } = architecture.readout;
  const numbers = Array.from({ length: outputs }, (_, i) => String(i));
  const { vocabulary, labels = tied || outputs <= 2 ? undefined : numbers } = conventions;
  return { vocabulary, labels };
}

/** The vocabulary in a file, or the text itself. */
function vocabularyOf(text: string): Vocabulary {
  if (!statSync(text, { throwIfNoEntry: false })?.isFile()) {
    // A path that is mistyped must not become a vocabulary of its letters.
    if (/\.(txt|json|vocab|csv)$/i.test(text)) readBytes(text);
    return parseVocabulary(text, "--vocabulary");
  }
  try {
    const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    return parseVocabulary(decoder.decode(readBytes(text)), text);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new InputError({ where: text, what: "the vocabulary is not UTF-8", hint: "save it as UTF-8" });
  }
}

/** A graph file, in layers. */
export function namedGraph(path: string): NamedGraph {
  return { graph: layerGraph(readGraph(path), path), name: path };
}

function rowsOf(dataset: Dataset, rows: Int32Array): Dataset {
  return {
    strings: Array.from(rows, (row) => dataset.strings[row]),
    labels: Uint8Array.from(rows, (row) => dataset.labels[row]),
  };
}
