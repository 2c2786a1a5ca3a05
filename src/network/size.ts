// What a network is and what it takes: its parts with the density of every gate, its bytes, and the operations of one
// step. For people who were given a file, and for choosing between networks.
import { cellsOf, gateNames, type Input } from "./architecture.js";
import { type Network, tensorNames } from "./network.js";
import { type TaskName, taskOf } from "./tasks.js";

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
  readonly task: TaskName;
  readonly readAt: string;
  readonly input: Input;
  /** Symbols, where there are. */
  readonly vocabulary: number | undefined;
  /** Where there are symbols. */
  readonly embedding: (Count & { readonly width: number }) | undefined;
  /** Names of the classes, where there are classes and they have names. */
  readonly labels: readonly string[] | undefined;
  readonly cells: readonly CellSize[];
  readonly readout: Count & { readonly outputs: number; readonly tied: boolean };
  /** Numbers that exist, biases included, and the bytes that these take as float32. */
  readonly parameters: number;
  readonly bytes: number;
  /** Multiplications and additions for one step, first layer and read-out included, counting weights that exist. */
  readonly operations: number;
}

/** What a network is and takes. */
export function sizeOf(network: Network): NetworkSize {
  const { architecture, conventions } = network;
  const { readout, input } = architecture;
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
    task: taskOf(network),
    readAt: readout.at ?? conventions.readAt,
    input,
    vocabulary: input.kind === "symbols" ? input.vocabulary : undefined,
    embedding: input.kind === "symbols" ? { ...all("embedding.weight"), width: input.width } : undefined,
    labels: conventions.labels,
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
