// What one step of a stream computes, written out product by product in the order in which the executors add: for whatever
// runs a network without a plan, such as exported C. Weights lie as the gate buffer has its rows, so that both matrices of a
// cell fill adjacent rows, and what the outputs do not depend on is left out.
import { InputError } from "../errors.js";
import { type Architecture, type Cell, type CellKind, inputName, widths } from "../network/architecture.js";
import { type Network, tensorNames } from "../network/network.js";
import { cells, share } from "./cells.js";
import { checkStreamable } from "./compile.js";

/** A matrix of weights and the node whose output, or the input, it is multiplied by. */
export interface Product {
  /** The name of its source. */
  readonly source: string;
  /** The first row of the buffer that it adds to. */
  readonly first: number;
  readonly rows: number;
  readonly columns: number;
  /** Gates, or 1, that the rows are cut into. */
  readonly gates: number;
  /** Row by row; absent weights are 0. */
  readonly weights: Float32Array;
}

/** buffer = bias; buffer += weights · source for every product in turn; then the cell's equations on its gates. */
export interface CellOperation {
  readonly type: "cell";
  readonly name: string;
  readonly kind: CellKind;
  readonly size: number;
  /** Of the whole gate buffer (cells.ts), both biases in one. */
  readonly bias: Float32Array;
  readonly inputs: readonly Product[];
  /** Reads the cell's own output of the step before. */
  readonly hidden: Product;
}

/** The sum of earlier outputs, in their order. */
export interface SumOperation {
  readonly type: "sum";
  readonly name: string;
  readonly size: number;
  readonly of: readonly string[];
}

export interface ReadoutOperation {
  readonly bias: Float32Array;
  readonly products: readonly Product[];
}

export interface Program {
  readonly input: Network["architecture"]["input"];
  /** By the name of every source, its width. */
  readonly widths: ReadonlyMap<string, number>;
  /** Rows of symbols; none where numbers are read. */
  readonly embedding: Float32Array | undefined;
  readonly operations: readonly (CellOperation | SumOperation)[];
  readonly readout: ReadoutOperation;
}

/**
 * What a step of a network computes.
 * @throws InputError when the network is bidirectional, or a parameter of it is not finite.
 */
export function programOf(network: Network): Program {
  const { architecture } = network;
  checkStreamable(architecture);
  checkFinite(network);
  const { input, nodes, readout } = architecture;
  const width = widths(architecture);
  const own = inputName(architecture);
  const needed = neededNodes(architecture);
  const order = new Map([own, ...nodes.map(({ name }) => name)].map((name, place) => [name, place]));
  let column = 0;
  const products = readout.inputs.map((source): Product => {
    const columns = width.get(source)!;
    const weights = columnsOf(network, readout.tied ? "embedding.weight" : "readout.weight", column, columns);
    column += columns;
    return { source, first: 0, rows: readout.outputs, columns, gates: 1, weights };
  });
  return {
    input,
    widths: width,
    embedding: input.kind === "symbols" ? network.values("embedding.weight").slice() : undefined,
    operations: nodes
      .filter(({ name }) => needed.has(name))
      .map((node) =>
        node.type === "cell"
          ? cellOperation(network, node, width, order)
          : { type: "sum", name: node.name, size: width.get(node.name)!, of: node.of },
      ),
    readout: { bias: network.values("readout.bias").slice(), products },
  };
}

/** The input and nodes on which the outputs depend. */
export function neededNodes({ nodes, readout }: Architecture): Set<string> {
  const needed = new Set(readout.inputs);
  for (const node of nodes.toReversed()) {
    if (!needed.has(node.name)) continue;
    for (const source of node.type === "cell" ? node.inputs : node.of) needed.add(source);
  }
  return needed;
}

function cellOperation(
  network: Network,
  { name, kind, size, inputs }: Cell,
  width: ReadonlyMap<string, number>,
  order: ReadonlyMap<string, number>,
): CellOperation {
  const { input, hidden } = cells[kind];
  const names = tensorNames(name);
  const [biasIh, biasHh] = [network.values(names.biasIh), network.values(names.biasHh)];
  const bias = new Float32Array(input.length * size);
  for (const [gate, from] of input.entries()) {
    for (let u = 0; u < size; u++) {
      const at = gate * size + u;
      if (from !== undefined) bias[at] += biasIh[from * size + u];
      if (hidden[gate] !== undefined) bias[at] += biasHh[hidden[gate] * size + u];
    }
  }
  const product = (
    source: string,
    weight: string,
    gateOrder: readonly (number | undefined)[],
    fromColumn: number,
  ): Product => {
    const columns = source === name ? size : width.get(source)!;
    const { first, count } = share(gateOrder);
    const all = columnsOf(network, weight, fromColumn, columns);
    const weights = new Float32Array(all.length);
    for (const [gate, from] of gateOrder.entries()) {
      if (from === undefined) continue;
      const rows = all.subarray(from * size * columns, (from + 1) * size * columns);
      weights.set(rows, (gate - first) * size * columns);
    }
    return { source, first: first * size, rows: count * size, columns, gates: count, weights };
  };
  let column = 0;
  const read = inputs.map((source) => {
    const own = product(source, names.weightIh, input, column);
    column += own.columns;
    return own;
  });
  return {
    type: "cell",
    name,
    kind,
    size,
    bias,
    // As the executors have them: the input first, then nodes in the order of the architecture.
    inputs: read.sort((a, b) => order.get(a.source)! - order.get(b.source)!),
    hidden: product(name, names.weightHh, hidden, 0),
  };
}

/** Adjacent columns of a weight, row by row. */
function columnsOf(network: Network, weight: string, from: number, columns: number): Float32Array {
  const { shape } = network.tensor(weight);
  const [rows, stride] = shape;
  const values = network.values(weight);
  const own = new Float32Array(rows * columns);
  for (let i = 0; i < rows; i++) {
    own.set(values.subarray(i * stride + from, i * stride + from + columns), i * columns);
  }
  return own;
}

/** @throws InputError when a parameter of a network is not finite. */
export function checkFinite(network: Network): void {
  for (const name of network.tensors.keys()) {
    const bad = network.values(name).find((value) => !Number.isFinite(value));
    if (bad === undefined) continue;
    throw new InputError({
      where: name,
      what: `it holds ${bad}, which is not finite`,
      hint: "use an earlier state of the training",
    });
  }
}
