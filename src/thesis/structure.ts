// From a graph to a network as the thesis's code does it, errors included.
import type { LayeredGraph } from "../graph/layers.js";
import { type CellKind, gateCount, inputNames, type Node } from "../network/architecture.js";
import { tensorNames } from "../network/network.js";
import {
  addMask,
  checkCells,
  checkGraph,
  checkSize,
  linksBetween,
  STRUCTURE_OUTPUTS,
  STRUCTURE_VOCABULARY,
  type Structure,
} from "../network/wiring.js";
import { inThesisOrder, type NetworkxRelease } from "./unit-order.js";

/**
 * The network that the thesis's code makes of a graph. Units of a layer are in `inThesisOrder`. Layer t is the cell
 * `t` on the layer before it; every further layer s with an edge to it adds a cell `s-t` of the same size with
 * recurrence of its own, and the sum `t+` of all their outputs is what later layers see. Masks let through the edges
 * from layer to layer, but for LSTM and GRU they repeat each unit's row once per gate, although the rows of a weight
 * are ordered by gate, so that **such a network is not wired as its graph**. The first layer reads an embedding as
 * wide as itself through a full matrix, every cell is fully recurrent, and the last layer is read out.
 * @param where how the graph is called in messages
 * @param networkx see `inThesisOrder`
 * @throws InputError when the graph has several components or would make too large a network.
 */
export function thesisStructure(
  graph: LayeredGraph,
  cell: CellKind,
  where?: string,
  networkx?: NetworkxRelease,
): Structure {
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
    const main = reading(`${t}`, t === 0 ? inputNames.symbols : output(t - 1));
    const cells = [main, ...skips[t].map((s) => reading(`${s}-${t}`, output(s)))];
    const sum: Node = { type: "sum", name: `${t}+`, of: cells.map(({ name }) => name) };
    return skips[t].length > 0 ? [...cells, sum] : cells;
  });
  const readout = { inputs: [output(sizes.length - 1)], outputs: STRUCTURE_OUTPUTS };
  const input = { kind: "symbols", vocabulary: STRUCTURE_VOCABULARY, width: sizes[0] } as const;
  const architecture = { input, nodes, readout };
  checkSize(architecture, where);

  const gates = gateCount(cell);
  const masks = new Map<string, Uint8Array>();
  // `repeat` where `tile` is right: the published error.
  const rowOf = (unit: number, gate: number) => unit * gates + gate;
  for (const [t, sources] of linksBetween(inThesisOrder(graph, networkx)).entries()) {
    for (const [s, pairs] of sources) {
      const { weightIh } = tensorNames(s === t - 1 ? `${t}` : `${s}-${t}`);
      addMask(masks, weightIh, { parts: gates, size: sizes[t], columns: sizes[s], pairs, rowOf });
    }
  }
  return { architecture, masks };
}
