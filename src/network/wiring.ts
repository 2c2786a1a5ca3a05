// What every way from a graph to a network shares: which edges lead from layer to layer, the masks that they become, and
// the limits. A way gives an architecture with masks and nothing else, so that a structure is a network like any other.
import { ascii } from "../data/vocabulary.js";
import { InputError } from "../errors.js";
import { adjacencyOf } from "../graph/adjacency.js";
import type { LayeredGraph } from "../graph/layers.js";
import { countComponents } from "../graph/shortest-paths.js";
import { type Architecture, type CellKind, type Input, inputName, type Readout } from "./architecture.js";
import { soundTensors } from "./layout.js";

/** A network without its numbers: what `initialise` takes. */
export interface Structure {
  readonly architecture: Architecture;
  /** By the name of the weight that each belongs to; a matrix without one exists as a whole. */
  readonly masks: ReadonlyMap<string, Uint8Array>;
}

/**
 * A way from a graph to a network of one kind of cells. `where` is how the graph is called in messages.
 * @throws InputError when the graph has several components or would make too large a network.
 */
export type Wiring = (graph: LayeredGraph, cell: CellKind, where?: string) => Structure;

/** Rows of a structure's embedding: ASCII codes in. */
export const STRUCTURE_VOCABULARY = ascii.symbols.length;
/** Classes of a structure: true or false out. */
export const STRUCTURE_OUTPUTS = 2;
const MOST_CELLS = 1000;
const MOST_UNITS = 10_000;

/** Weights that exist, as places within two layers or within a unit's row. */
export type Pairs = readonly (readonly [unit: number, source: number])[];

/** For each layer, by the earlier layers with edges to it in ascending order, these edges. */
export function linksBetween({ edges, layerOf, layers, nodes }: LayeredGraph): ReadonlyMap<number, Pairs>[] {
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

/**
 * Adds the mask of a matrix of `parts` gates (or classes) of `size` rows each, unless it is all ones. `rowOf` says
 * where the row of a unit is within the matrix.
 */
export function addMask(
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

/** @throws InputError when a graph has more units than a network may have, or several components. */
export function checkGraph({ nodes, edges }: LayeredGraph, where?: string): void {
  if (nodes > MOST_UNITS) throw tooLarge(nodes, "units", MOST_UNITS, where);
  const components = countComponents(adjacencyOf(nodes, edges, "both"));
  if (components === 1) return;
  throw new InputError({
    where,
    what: `the graph falls into ${components} components, and a network needs one`,
    hint: "connect them, or keep the largest one",
  });
}

/** @throws InputError when a graph would make more cells than a network may have. */
export function checkCells(cells: number, where?: string): void {
  if (cells > MOST_CELLS) throw tooLarge(cells, "cells", MOST_CELLS, where);
}

/** Call it before anything in proportion to the network is made. @throws InputError when the network would be too large. */
export function checkSize(architecture: Architecture, where?: string): void {
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

/** What a network reads and how it is read out, which depends on the data and not on the graph. */
export interface Ends {
  readonly input: Input;
  readonly readout: Omit<Readout, "inputs" | "tied">;
}

/**
 * A structure with other ends: what of a read-out exists for the first output does for all, and an embedding stays as wide as it
 * is.
 */
export function withEnds({ architecture, masks }: Structure, { input, readout }: Ends): Structure {
  const { outputs, at, predicts } = readout;
  const own = architecture.input;
  const [before, after] = [inputName(architecture), inputName({ input })];
  const nodes = architecture.nodes.map((node) =>
    node.type === "cell" && before !== after
      ? { ...node, inputs: node.inputs.map((source) => (source === before ? after : source)) }
      : node,
  );
  const head = masks.get(READOUT);
  const width = (head?.length ?? 0) / architecture.readout.outputs;
  const mask = head && Uint8Array.from({ length: width * outputs }, (_, i) => head[i % width]);
  return {
    architecture: {
      input: own.kind === "symbols" && input.kind === "symbols" ? { ...input, width: own.width } : input,
      nodes,
      readout: {
        inputs: architecture.readout.inputs,
        outputs,
        ...(at && { at }),
        ...(predicts && { predicts }),
      },
    },
    masks: mask ? new Map([...masks, [READOUT, mask]]) : masks,
  };
}

const READOUT = "readout.weight";
