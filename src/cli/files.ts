// Datasets and graphs as the verbs take them: by path, or made up on the spot where an option is left out.
import { readDataset } from "../data/csv.js";
import type { Dataset } from "../data/dataset.js";
import { generateDataset } from "../data/generate.js";
import { findGrammar } from "../data/grammars.js";
import { remarksOn } from "../data/remarks.js";
import { InputError } from "../errors.js";
import { readGraph } from "../graph/files.js";
import { layerGraph } from "../graph/layers.js";
import type { CellKind } from "../network/architecture.js";
import type { Network } from "../network/network.js";
import { type NamedGraph, readStructure } from "../network/structure-weights.js";
import { readNetwork } from "../network/weights.js";
import { Random } from "../random.js";
import type { TrainingData } from "../train/train.js";
import type { Output } from "./command.js";

/**
 * Training and test data: two files; one file, of which a quarter is kept for testing; or, without any, the thesis's
 * kind of Reber strings.
 */
export function trainingData(
  { data, test, seed }: { data?: string; test?: string; seed: number },
  output: Output,
): TrainingData {
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
  const sets =
    test === undefined
      ? withoutTest(data, seed, output)
      : { train: readDataset(data), test: readDataset(test) };
  for (const line of remarksOn(sets.train, sets.test)) output.remark(line);
  return sets;
}

function withoutTest(data: string, seed: number, output: Output): TrainingData {
  const all = readDataset(data);
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

/** A network of any format that Filigree reads; the thesis's structures need the file of their graph. */
export function readModel(path: string, { graph, cell }: { graph?: string; cell?: CellKind }): Network {
  return graph === undefined ? readNetwork(path, { cell }) : readStructure(path, namedGraph(graph), { cell });
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
