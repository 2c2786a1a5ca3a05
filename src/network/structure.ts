// From a graph to the network that it describes: every edge is a weight.
import type { LayeredGraph } from "../graph/layers.js";
import { type CellKind, gateCount, inputNames } from "./architecture.js";
import { tensorNames } from "./network.js";
import {
  addMask,
  checkCells,
  checkGraph,
  checkSize,
  linksBetween,
  type Pairs,
  STRUCTURE_OUTPUTS,
  STRUCTURE_VOCABULARY,
  type Structure,
} from "./wiring.js";

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

/**
 * The network that a graph describes: layer t is one cell `t` that reads all layers with an edge to it, and every edge
 * is a weight into each gate of the unit that it leads to, however many layers it skips. The first layer reads the
 * input through a full matrix. Units of a layer are in ascending order of their nodes.
 * @param where how the graph is called in messages
 * @throws InputError when the graph has several components or would make too large a network.
 */
export function correctedStructure(
  graph: LayeredGraph,
  cell: CellKind,
  options: CorrectedOptions = {},
  where?: string,
): Structure {
  const { recurrence = "layer", readout = "last-layer", embedding = STRUCTURE_EMBEDDING } = options;
  const input = { kind: "symbols", vocabulary: STRUCTURE_VOCABULARY, width: embedding } as const;
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
    inputs: t === 0 ? [inputNames.symbols] : [...links[t].keys()].map(String),
  }));
  const inputs = sinks ? [...sinks.keys()].map(String) : [`${sizes.length - 1}`];
  const architecture = { input, nodes, readout: { inputs, outputs: STRUCTURE_OUTPUTS } };
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
  if (sinks)
    addMask(masks, "readout.weight", { parts: STRUCTURE_OUTPUTS, size: 1, ...concatenated(sinks, sizes) });
  return { architecture, masks };
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
