// From a graph to a network, in two ways: as the thesis's code does it, errors included, and as its text describes it.
// Both give an architecture with masks and nothing else, so that a random structure is a network like any other.
import { ascii } from "../data/vocabulary.js";
import { InputError } from "../errors.js";
import { adjacencyOf } from "../graph/adjacency.js";
import type { LayeredGraph } from "../graph/layers.js";
import { countComponents } from "../graph/shortest-paths.js";
import { inThesisOrder } from "../thesis/unit-order.js";
import { type Architecture, type CellKind, EMBEDDING, gateCount, type Node } from "./architecture.js";
import { soundTensors } from "./layout.js";
import { tensorNames } from "./network.js";

/** A network without its numbers: what `initialise` takes. */
export interface Structure {
  readonly architecture: Architecture;
  /** By the name of the weight that each belongs to; a matrix without one exists as a whole. */
  readonly masks: ReadonlyMap<string, Uint8Array>;
}

/** Where a structure's hidden-to-hidden weights are: between all units of a layer, or from each unit to itself. */
export const recurrences = ["layer", "unit"] as const;
/** What is read out: all units of the last layer, or every unit that no edge leaves, in whichever layer it is. */
export const readouts = ["last-layer", "sinks"] as const;

export interface CorrectedOptions {
  readonly recurrence?: (typeof recurrences)[number];
  readonly readout?: (typeof readouts)[number];
  /** Width of the embedding, the same for all graphs, so that it cannot be mistaken for a property of one. */
  readonly embedding?: number;
}

/** The width of a corrected structure's embedding when nothing else is said. */
export const STRUCTURE_EMBEDDING = 16;

// ASCII codes in, true or false out, as in the thesis.
const VOCABULARY = ascii.symbols.length;
const OUTPUTS = 2;
const MOST_CELLS = 1000;
const MOST_UNITS = 10_000;

/**
 * The network that the thesis's code makes of a graph. Units of a layer are in `inThesisOrder`. Layer t is the cell
 * `t` on the layer before it; every further layer s with an edge to it adds a cell `s-t` of the same size with
 * recurrence of its own, and the sum `t+` of all their outputs is what later layers see. Masks let through the edges
 * from layer to layer, but for LSTM and GRU they repeat each unit's row once per gate, although the rows of a weight
 * are ordered by gate, so that **such a network is not wired as its graph**. The first layer reads an embedding as
 * wide as itself through a full matrix, every cell is fully recurrent, and the last layer is read out.
 * @param where how the graph is called in messages
 * @throws InputError when the graph has several components or would make too large a network.
 */
export function thesisStructure(graph: LayeredGraph, cell: CellKind, where?: string): Structure {
  checkGraph(graph, where);
  const links = linksBetween(graph);
  const skips = links.map((sources, t) => [...sources.keys()].filter((s) => s < t - 1));
  checkCells(
    skips.reduce((sum, { length }) => sum + 1 + length, 0),
    where,
  );
  const sizes = graph.layers.map(({ length }) => length);
  const output = (t: number) => (skips[t].length > 0 ? `${t}+` : `${t}`);
  const nodes = sizes.flatMap((size, t): Node[] => {
    const reading = (name: string, source: string): Node => ({
      type: "cell",
      name,
      kind: cell,
      size,
      inputs: [source],
    });
    const main = reading(`${t}`, t === 0 ? EMBEDDING : output(t - 1));
    const cells = [main, ...skips[t].map((s) => reading(`${s}-${t}`, output(s)))];
    const sum: Node = { type: "sum", name: `${t}+`, of: cells.map(({ name }) => name) };
    return skips[t].length > 0 ? [...cells, sum] : cells;
  });
  const readout = { inputs: [output(sizes.length - 1)], outputs: OUTPUTS };
  const architecture = { vocabulary: VOCABULARY, embedding: sizes[0], nodes, readout };
  checkSize(architecture, where);

  const gates = gateCount(cell);
  const masks = new Map<string, Uint8Array>();
  // `repeat` where `tile` is right: the published error.
  const rowOf = (unit: number, gate: number) => unit * gates + gate;
  for (const [t, sources] of linksBetween(inThesisOrder(graph)).entries()) {
    for (const [s, pairs] of sources) {
      const { weightIh } = tensorNames(s === t - 1 ? `${t}` : `${s}-${t}`);
      addMask(masks, weightIh, { parts: gates, size: sizes[t], columns: sizes[s], pairs, rowOf });
    }
  }
  return { architecture, masks };
}

/**
 * The network that a graph describes: layer t is one cell `t` that reads all layers with an edge to it, and every edge
 * is a weight into each gate of the unit that it leads to, however many layers it skips. The first layer reads the
 * embedding through a full matrix. Units of a layer are in ascending order of their nodes.
 * @param where how the graph is called in messages
 * @throws InputError when the graph has several components or would make too large a network.
 */
export function correctedStructure(
  graph: LayeredGraph,
  cell: CellKind,
  { recurrence = "layer", readout = "last-layer", embedding = STRUCTURE_EMBEDDING }: CorrectedOptions = {},
  where?: string,
): Structure {
  checkGraph(graph, where);
  checkCells(graph.layers.length, where);
  const links = linksBetween(graph);
  const sizes = graph.layers.map(({ length }) => length);
  const sinks = readout === "sinks" ? sinksOf(graph) : undefined;
  const nodes = sizes.map((size, t) => ({
    type: "cell" as const,
    name: `${t}`,
    kind: cell,
    size,
    inputs: t === 0 ? [EMBEDDING] : [...links[t].keys()].map(String),
  }));
  const inputs = sinks ? [...sinks.keys()].map(String) : [`${sizes.length - 1}`];
  const architecture = {
    vocabulary: VOCABULARY,
    embedding,
    nodes,
    readout: { inputs, outputs: OUTPUTS },
  };
  checkSize(architecture, where);

  const masks = new Map<string, Uint8Array>();
  const parts = gateCount(cell);
  for (const [t, sources] of links.entries()) {
    const size = sizes[t];
    const { weightIh, weightHh } = tensorNames(`${t}`);
    if (t > 0) addMask(masks, weightIh, { parts, size, ...concatenated(sources, sizes) });
    if (recurrence === "unit") {
      const pairs = Array.from({ length: size }, (_, unit) => [unit, unit] as const);
      addMask(masks, weightHh, { parts, size, columns: size, pairs });
    }
  }
  if (sinks) addMask(masks, "readout.weight", { parts: OUTPUTS, size: 1, ...concatenated(sinks, sizes) });
  return { architecture, masks };
}

/** Weights that exist, as places within two layers or within a unit's row. */
type Pairs = readonly (readonly [unit: number, source: number])[];

/** For each layer, by the earlier layers with edges to it in ascending order, these edges. */
function linksBetween({ edges, layerOf, layers, nodes }: LayeredGraph): ReadonlyMap<number, Pairs>[] {
  const place = new Int32Array(nodes);
  for (const layer of layers) for (const [i, node] of layer.entries()) place[node] = i;
  const links = layers.map(() => new Map<number, [number, number][]>());
  const ascending = edges.toSorted(([a], [b]) => layerOf[a] - layerOf[b]);
  for (const [source, target] of ascending) {
    const into = links[layerOf[target]];
    const pairs = into.get(layerOf[source]) ?? [];
    pairs.push([place[target], place[source]]);
    into.set(layerOf[source], pairs);
  }
  return links;
}

/** By layer in ascending order, its units that no edge leaves, each as the source of the one row of a read-out. */
function sinksOf({ edges, layers }: LayeredGraph): ReadonlyMap<number, Pairs> {
  const inner = new Set(edges.map(([source]) => source));
  const sinks = layers.map((layer) => layer.flatMap((node, i) => (inner.has(node) ? [] : [[0, i] as const])));
  return new Map([...sinks.entries()].filter(([, units]) => units.length > 0));
}

/** The pairs of several layers, as columns of their concatenated outputs. */
function concatenated(sources: ReadonlyMap<number, Pairs>, sizes: readonly number[]) {
  const pairs: [number, number][] = [];
  let columns = 0;
  for (const [layer, own] of sources) {
    for (const [unit, source] of own) pairs.push([unit, columns + source]);
    columns += sizes[layer];
  }
  return { columns, pairs };
}

/**
 * Adds the mask of a matrix of `parts` gates (or classes) of `size` rows each, unless it is all ones. `rowOf` says
 * where the row of a unit is within the matrix.
 */
function addMask(
  masks: Map<string, Uint8Array>,
  name: string,
  {
    parts,
    size,
    columns,
    pairs,
    rowOf = (unit, part) => part * size + unit,
  }: {
    parts: number;
    size: number;
    columns: number;
    pairs: Pairs;
    rowOf?: (unit: number, part: number) => number;
  },
): void {
  if (pairs.length === size * columns) return;
  const mask = new Uint8Array(parts * size * columns);
  for (const [unit, source] of pairs)
    for (let part = 0; part < parts; part++) mask[rowOf(unit, part) * columns + source] = 1;
  masks.set(name, mask);
}

function checkGraph({ nodes, edges }: LayeredGraph, where?: string): void {
  if (nodes > MOST_UNITS) throw tooLarge(nodes, "units", MOST_UNITS, where);
  const components = countComponents(adjacencyOf(nodes, edges, "both"));
  if (components === 1) return;
  throw new InputError({
    where,
    what: `the graph falls into ${components} components, and a network needs one`,
    hint: "connect them, or keep the largest one",
  });
}

function checkCells(cells: number, where?: string): void {
  if (cells > MOST_CELLS) throw tooLarge(cells, "cells", MOST_CELLS, where);
}

// Before anything in proportion to the network is made.
function checkSize(architecture: Architecture, where?: string): void {
  soundTensors(architecture, where ?? "the graph");
}

function tooLarge(count: number, what: string, most: number, where?: string): InputError {
  const [is, limit] = [count, most].map((n) => n.toLocaleString("en"));
  return new InputError({
    where,
    what: `the graph would make a network of ${is} ${what}, more than ${limit}`,
    hint: "use a smaller graph",
  });
}
