// The units of a network as the nodes of a graph, where its cells are wired with edges that skip layers: which edges there are, and
// which weights an edge is made of, one of each gate.
import { type Architecture, cellsOf, widths } from "../../network/architecture.js";
import { maskVector } from "../../network/masks.js";
import type { Network } from "../../network/network.js";
import { type Part, partsOf } from "../../sparsify/parts.js";

/** From a unit to one of a later cell. Units are numbered cell by cell. */
export type UnitEdge = readonly [source: number, target: number];

export interface Units {
  /** The units of each cell, in their order. */
  readonly layers: readonly (readonly number[])[];
  /** Those that exist before the first update. */
  readonly edges: readonly UnitEdge[];
}

/** Pairs of units up to which a graph is drawn: more of them are a blot. */
const MOST_PAIRS = 8192;

/** The units of a network; nothing where no cell reads more than one other, so that its matrices say as much. */
export function unitsOf(network: Network): Units | undefined {
  const { architecture } = network;
  const cells = cellsOf(architecture);
  const names = new Set(cells.map(({ name }) => name));
  const isWired = cells.some(({ inputs }) => inputs.filter((source) => names.has(source)).length > 1);
  const isForward = architecture.nodes.every((node) => node.type === "cell" && !node.direction);
  if (!isWired || !isForward) return undefined;
  let total = 0;
  const layers = cells.map(({ size }) => Array.from({ length: size }, () => total++));
  const weights = edgeWeights(architecture, partsOf(network, "i2h"));
  const pairs = pairsOf(layers);
  if (pairs.length > MOST_PAIRS) return undefined;
  const mask = maskVector(network);
  return { layers, edges: pairs.filter((pair) => weights(pair).some((weight) => mask[weight] === 1)) };
}

/** All pairs of units of which the second is in a later layer. */
export function pairsOf(layers: Units["layers"]): UnitEdge[] {
  return layers.flatMap((targets, t) =>
    layers.slice(0, t).flatMap((sources) => sources.flatMap((s) => targets.map((u): UnitEdge => [s, u]))),
  );
}

/**
 * How to find the weights of an edge among the parameters, one of each gate; none where the target's cell does not read the
 * source's.
 * @param parts of the matrices from the cells' inputs, others among them.
 */
export function edgeWeights(
  architecture: Architecture,
  parts: readonly Part[],
): (edge: UnitEdge) => readonly number[] {
  const width = widths(architecture);
  const places = cellsOf(architecture).flatMap(({ name, size, inputs }) => {
    const columns = new Map<string, number>();
    let column = 0;
    for (const source of inputs) {
      columns.set(source, column);
      column += width.get(source)!;
    }
    const own = parts.filter(({ cell, hidden }) => cell === name && !hidden);
    return Array.from({ length: size }, (_, unit) => ({ name, unit, columns, own }));
  });
  return ([source, target]) => {
    const [from, to] = [places[source], places[target]];
    const first = to.columns.get(from.name);
    if (first === undefined) return [];
    return to.own.map(({ begin, columns }) => begin + to.unit * columns + first + from.unit);
  };
}
