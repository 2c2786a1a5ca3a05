// What a network is and what it takes: its parts with the density of every gate, its bytes, and the operations of one
// step. For people who were given a file, and for choosing between networks.
import { cellsOf, gateNames } from "./architecture.js";
import { type Network, tensorNames } from "./network.js";

/** Weights of some rows of a matrix: all that could be, and those that exist. */
export interface Count {
  readonly weights: number;
  readonly nonzeros: number;
}

export interface GateSize {
  readonly gate: string;
  readonly input: Count;
  readonly hidden: Count;
}

export interface CellSize {
  readonly name: string;
  readonly kind: string;
  readonly size: number;
  readonly inputs: readonly string[];
  readonly gates: readonly GateSize[];
}

export interface NetworkSize {
  readonly task: "classify" | "next";
  readonly readAt: string;
  /** Symbols of the embedding, and its width. */
  readonly vocabulary: number;
  readonly embedding: Count & { readonly width: number };
  /** Names of the classes, where there are classes and they have names. */
  readonly labels: readonly string[] | undefined;
  readonly cells: readonly CellSize[];
  readonly readout: Count & { readonly outputs: number; readonly tied: boolean };
  /** Numbers that exist, biases included, and the bytes that these take as float32. */
  readonly parameters: number;
  readonly bytes: number;
  /** Multiplications and additions for one symbol, first layer and read-out included, counting weights that exist. */
  readonly operations: number;
}

/** What a network is and takes. */
export function sizeOf(network: Network): NetworkSize {
  const { architecture, conventions } = network;
  const { readout, vocabulary, embedding } = architecture;
  const all = (name: string): Count => countOf(network, name, 0, network.tensor(name).shape[0]);
  const cells = cellsOf(architecture).map(({ name, kind, size, inputs }): CellSize => {
    const { weightIh, weightHh } = tensorNames(name);
    const gates = gateNames[kind].map((gate, i) => ({
      gate,
      input: countOf(network, weightIh, i * size, size),
      hidden: countOf(network, weightHh, i * size, size),
    }));
    return { name, kind, size, inputs, gates };
  });
  const read = all(readout.tied ? "embedding.weight" : "readout.weight");
  const recurrent = cells.flatMap(({ gates }) => gates.flatMap(({ input, hidden }) => [input, hidden]));
  const products = [...recurrent, read].reduce((sum, { nonzeros }) => sum + nonzeros, 0);
  const parameters = [...network.tensors.keys()].reduce((sum, name) => sum + network.nonzeros(name), 0);
  return {
    task: readout.at === "every-step" ? "next" : "classify",
    readAt: readout.at ?? conventions.readAt,
    vocabulary,
    embedding: { ...all("embedding.weight"), width: embedding },
    labels: readout.at ? undefined : conventions.labels,
    cells,
    readout: { ...read, outputs: readout.outputs, tied: readout.tied ?? false },
    parameters,
    bytes: 4 * parameters,
    operations: 2 * products,
  };
}

function countOf(network: Network, name: string, first: number, rows: number): Count {
  const columns = network.tensor(name).shape[1];
  const weights = rows * columns;
  const mask = network.masks.get(name)?.subarray(first * columns, first * columns + weights);
  return { weights, nonzeros: mask ? mask.reduce((sum, bit) => sum + bit, 0) : weights };
}
