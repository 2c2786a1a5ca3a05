// The space of a layered graph's edges: units in layers, and an edge from every unit to every unit of every later layer. A
// topology keeps so many of the edges, and its graph is connected and has the same layers: every unit but those of the first layer
// has an edge from the layer before, and every unit but those of the last has one to a later layer. So a topology wired as a structure is the
// super-network under masks, and a found graph is trained as any other.
import { InputError } from "../errors.js";
import { createGraph, type Edge, type Graph } from "../graph/graph.js";
import { type LayeredGraph, layerGraph } from "../graph/layers.js";
import type { Network } from "../network/network.js";
import { tensorNames } from "../network/network.js";
import { groupsOf } from "../sparsify/groups.js";
import { partsOf } from "../sparsify/parts.js";
import { highest } from "../sparsify/ranking.js";
import type { Space } from "./space.js";

/** Units of each layer. */
export type Layers = readonly number[];

/** Layers of as equal sizes as there can be, the first ones larger. @throws InputError unless there is a unit for each. */
export function layersOf(units: number, layers: number): number[] {
  if (!(Number.isInteger(layers) && layers >= 2 && Number.isInteger(units) && units >= layers)) {
    throw new InputError({
      where: "layers",
      what: `${units} units in ${layers} layers are no graph with edges`,
      hint: "use two layers or more, and a unit for each at least",
    });
  }
  return Array.from({ length: layers }, (_, t) => Math.floor(units / layers) + (t < units % layers ? 1 : 0));
}

/** The graph of all edges: every forward edge, also those that skip layers. Units are numbered layer by layer. */
export function superGraph(sizes: Layers): LayeredGraph {
  const { starts, total } = placesOf(sizes);
  return layerGraph(createGraph(total, edgesBetween(sizes, starts), { directed: true }));
}

/** The largest space that is searched. */
const MOST_EDGES = 100_000;

/** Edges that there can be, and the fewest that connect every unit. @throws InputError when there would be too many. */
export function rangeOf(sizes: Layers): { least: number; most: number } {
  let [most, before] = [0, 0];
  for (const size of sizes) {
    most += size * before;
    before += size;
  }
  if (most > MOST_EDGES) {
    throw new InputError({
      where: "units",
      what: `between ${before.toLocaleString("en")} units in ${sizes.length} layers there are ${most.toLocaleString("en")} edges, more than ${MOST_EDGES.toLocaleString("en")}`,
      hint: "use fewer units",
    });
  }
  const all = edgesOfSpace(sizes);
  const order = all.map((_, e) => e);
  return { least: joined(all, order, plainest(sizes, all)).size, most };
}

/** @throws InputError when so many edges are more than there are, or too few to connect every unit. */
export function checkEdges(sizes: Layers, edges: number): void {
  const { least, most } = rangeOf(sizes);
  if (Number.isInteger(edges) && edges >= least && edges <= most) return;
  const layers = `${sizes.join(", ")} units in layers`;
  throw new InputError({
    where: "budget",
    what:
      edges > most
        ? `${edges} edges are more than the ${most} that there are between ${layers}`
        : `${edges} edges do not connect ${layers} from input to output`,
    hint: edges > most ? `use at most ${most}` : `use at least ${least}`,
  });
}

/**
 * The space of a super-network's edges.
 * @param network of `superGraph(sizes)`, wired as a structure is. @param edges that a topology has.
 * @throws InputError as `checkEdges`.
 */
export function edgeSpace(network: Network, sizes: Layers, edges: number): Space {
  checkEdges(sizes, edges);
  const first = tensorNames("0").weightIh;
  const pattern = { kind: "edge" } as const;
  const budget = {
    density: edges / rangeOf(sizes).most,
    scope: "global",
    target: "i2h",
    except: [first],
  } as const;
  const parts = partsOf(network, "i2h").filter(({ tensor }) => tensor !== first);
  const groups = groupsOf(network, parts, pattern);
  return {
    network,
    groups,
    kept: edges,
    budget,
    pattern,
    choose: (scores) => chooseEdges(sizes, edges, scores),
  };
}

/** The edges of a layered graph in the order of an edge space's groups: by target, and by source within it. */
export function edgesOfSpace(sizes: Layers): Edge[] {
  return edgesBetween(sizes, placesOf(sizes).starts);
}

/** The graph of marked edges. */
export function graphOfEdges(sizes: Layers, marked: Uint8Array): Graph {
  const { total } = placesOf(sizes);
  const edges = edgesOfSpace(sizes).filter((_, e) => marked[e] === 1);
  return createGraph(total, edges, { directed: true });
}

/** Marks so many edges of the highest scores among which every unit is connected. */
export function chooseEdges(sizes: Layers, edges: number, scores: Float64Array): Uint8Array {
  const all = edgesOfSpace(sizes);
  const layerOf = sizes.flatMap((size, t) => new Array<number>(size).fill(t));
  const order = all.map((_, e) => e).sort((a, b) => scores[b] - scores[a] || a - b);
  const isNext = (e: number) => layerOf[all[e][1]] === layerOf[all[e][0]] + 1;
  const ways = [
    () => bestOfEach(all, order, isNext, layerOf, sizes.length),
    () => paired(all, order.filter(isNext)),
    () => plainest(sizes, all),
  ];
  let needed = new Set<number>();
  for (const way of ways) {
    needed = joined(all, order, way());
    if (needed.size <= edges) break;
  }
  const first = Uint8Array.from(all, (_, e) => Number(needed.has(e)));
  return highest(scores, edges, { first });
}

/** For every unit that needs one the best edge from the layer before, and the best onwards where there is none among these. */
function bestOfEach(
  all: readonly Edge[],
  order: readonly number[],
  isNext: (edge: number) => boolean,
  layerOf: readonly number[],
  layers: number,
): Set<number> {
  const chosen = new Set<number>();
  const reached = new Set<number>();
  const left = new Set<number>();
  const take = (e: number) => {
    chosen.add(e);
    left.add(all[e][0]);
    if (isNext(e)) reached.add(all[e][1]);
  };
  for (const e of order) if (isNext(e) && !reached.has(all[e][1])) take(e);
  for (const e of order) if (!left.has(all[e][0]) && layerOf[all[e][0]] < layers - 1) take(e);
  return chosen;
}

/** As few edges between neighbouring layers as reach every unit: pairs of units first, then one for each that is left over. */
function paired(all: readonly Edge[], order: readonly number[]): Set<number> {
  const chosen = new Set<number>();
  const left = new Set<number>();
  const reached = new Set<number>();
  const take = (e: number) => {
    chosen.add(e);
    left.add(all[e][0]);
    reached.add(all[e][1]);
  };
  for (const e of order) if (!left.has(all[e][0]) && !reached.has(all[e][1])) take(e);
  for (const e of order) if (!left.has(all[e][0]) || !reached.has(all[e][1])) take(e);
  return chosen;
}

/** The same with as many units in rows: those of the same number in neighbouring layers, the last one with all that are left over. */
function plainest(sizes: Layers, all: readonly Edge[]): Set<number> {
  const { starts } = placesOf(sizes);
  const numbers = new Map(all.map(([source, target], e) => [`${source} ${target}`, e]));
  const chosen = new Set<number>();
  for (let t = 1; t < sizes.length; t++) {
    for (let i = 0; i < Math.max(sizes[t - 1], sizes[t]); i++) {
      const [source, target] = [t - 1, t].map((layer) => starts[layer] + Math.min(i, sizes[layer] - 1));
      chosen.add(numbers.get(`${source} ${target}`) ?? 0);
    }
  }
  return chosen;
}

/** With the first edges of an order that join what was apart. */
function joined(all: readonly Edge[], order: readonly number[], chosen: Set<number>): Set<number> {
  const parent = new Map<number, number>();
  const rootOf = (unit: number): number => {
    const up = parent.get(unit) ?? unit;
    return up === unit ? unit : rootOf(up);
  };
  const join = (e: number): boolean => {
    const [a, b] = all[e].map(rootOf);
    parent.set(a, b);
    return a !== b;
  };
  for (const e of chosen) join(e);
  const more = order.filter(join);
  return new Set([...chosen, ...more]);
}

function placesOf(sizes: Layers): { starts: number[]; total: number } {
  let total = 0;
  const starts = sizes.map((size) => {
    const start = total;
    total += size;
    return start;
  });
  return { starts, total };
}

function edgesBetween(sizes: Layers, starts: readonly number[]): Edge[] {
  return sizes.flatMap((size, t) =>
    Array.from({ length: size }, (_, i) => starts[t] + i).flatMap((target) =>
      Array.from({ length: starts[t] }, (_, source): Edge => [source, target]),
    ),
  );
}
