// Seeded random graphs with networkx's definitions, and the structures of Darji (2021) drawn from them. Equal
// parameters and an equal seed give the same graph on every machine, not the one that networkx would give for
// that seed.
import { InputError } from "../errors.js";
import type { Random } from "../math/random.js";
import { adjacencyOf } from "./adjacency.js";
import {
  checkEdgeCount,
  checkNodeCount,
  createGraph,
  type Edge,
  edgesOf,
  type Graph,
  MOST_NODES,
} from "./graph.js";
import { countComponents } from "./shortest-paths.js";

/**
 * Barabási and Albert's preferential attachment: a star of m + 1 nodes, to which n - m - 1 nodes are added
 * one by one, each joined to m different earlier nodes drawn in proportion to their degree. Connected, with m
 * (n - m) edges.
 * @throws InputError unless 1 <= m < n.
 */
export function barabasiAlbert({ n, m }: { n: number; m: number }, random: Random): Graph {
  const where = `barabasi_albert(n=${n}, m=${m})`;
  checkWhole(where, "n", n, 2, MOST_NODES);
  checkWhole(where, "m", m, 1, n - 1);
  checkEdgeCount(m * (n - m), where);
  const edges: Edge[] = [];
  // Each node once for every edge that it has, so that a uniform pick is a pick by degree.
  const ends: number[] = [];
  const join = (a: number, b: number) => {
    edges.push([a, b]);
    ends.push(a, b);
  };
  for (let leaf = 1; leaf <= m; leaf++) join(0, leaf);
  for (let node = m + 1; node < n; node++) {
    const targets = new Set<number>();
    while (targets.size < m) targets.add(random.pick(ends));
    for (const target of targets) join(node, target);
  }
  return createGraph(n, edges);
}

/**
 * Watts and Strogatz's small world: a ring in which every node is joined to its ⌊k / 2⌋ nearest neighbours on
 * either side, and every edge is then, with probability p, turned to a node drawn at random. n ⌊k / 2⌋ edges.
 * Drawn up to `tries` times until it is connected; without `tries` it is drawn once, connected or not.
 * @throws InputError unless 2 <= k < n and 0 <= p <= 1, or when no try gave a connected graph.
 */
export function wattsStrogatz(
  { n, k, p, tries }: { n: number; k: number; p: number; tries?: number },
  random: Random,
): Graph {
  const where = `watts_strogatz(n=${n}, k=${k}, p=${p})`;
  checkWhole(where, "n", n, 3, MOST_NODES);
  checkWhole(where, "k", k, 2, n - 1);
  checkProbability(where, "p", p);
  checkEdgeCount(n * Math.floor(k / 2), where);
  if (tries === undefined) return ring(n, k, p, random);
  checkWhole(where, "tries", tries, 1, 1_000_000);
  for (let attempt = 0; attempt < tries; attempt++) {
    const graph = ring(n, k, p, random);
    if (countComponents(adjacencyOf(n, edgesOf(graph), "both")) === 1) return graph;
  }
  throw new InputError({
    where,
    what: `none of ${tries} graphs was connected`,
    hint: "choose a larger k, a smaller p or more tries",
  });
}

function ring(n: number, k: number, p: number, random: Random): Graph {
  const reach = Math.floor(k / 2);
  const edges: Edge[] = [];
  for (let step = 1; step <= reach; step++)
    for (let node = 0; node < n; node++) edges.push([node, (node + step) % n]);
  const graph = createGraph(n, edges);
  for (const [node, neighbour] of edges) {
    if (random.uniform() >= p || graph.degree(node) >= n - 1) continue;
    let other = random.below(n);
    while (other === node || graph.hasEdge(node, other)) other = random.below(n);
    graph.dropEdge(node, neighbour);
    graph.addEdge(node, other);
  }
  return graph;
}

/**
 * Erdős and Rényi's random graph G(n, p): every pair of nodes is joined with probability p, independently. It
 * can have several components.
 * @throws InputError unless 0 <= p <= 1.
 */
export function erdosRenyi({ n, p }: { n: number; p: number }, random: Random): Graph {
  return createGraph(n, randomPairs(`erdos_renyi(n=${n}, p=${p})`, n, p, random));
}

/**
 * A random directed acyclic graph: of every pair of nodes, the edge from the lower to the higher exists with
 * probability p, independently. It can have several components.
 * @throws InputError unless 0 <= p <= 1.
 */
export function randomDag({ n, p }: { n: number; p: number }, random: Random): Graph {
  return createGraph(n, randomPairs(`random_dag(n=${n}, p=${p})`, n, p, random), { directed: true });
}

// Instead of asking every pair, draws how many pairs to skip to the next edge (Batagelj and Brandes 2005):
// time in proportion to edges.
function* randomPairs(where: string, n: number, p: number, random: Random): Generator<Edge> {
  checkWhole(where, "n", n, 2, MOST_NODES);
  checkProbability(where, "p", p);
  checkEdgeCount((p * n * (n - 1)) / 2, where);
  if (p === 0) return;
  let low = 0;
  let high = 0;
  for (;;) {
    high += 1 + (p === 1 ? 0 : Math.floor(Math.log(1 - random.uniform()) / Math.log1p(-p)));
    while (high >= n) {
      low++;
      if (low === n - 1) return;
      high += low + 1 - n;
    }
    yield [low, high];
  }
}

/**
 * A random graph in which every node has d neighbours (Steger and Wormald's pairing, as networkx has it; for
 * d above half of n, the complement of one with n - 1 - d). n d / 2 edges. It can have several components.
 * @throws InputError unless 1 <= d < n and n d is even.
 */
export function randomRegular({ n, d }: { n: number; d: number }, random: Random): Graph {
  const where = `random_regular(n=${n}, d=${d})`;
  checkWhole(where, "n", n, 2, MOST_NODES);
  checkWhole(where, "d", d, 1, n - 1);
  if ((n * d) % 2 === 1)
    throw new InputError({
      where,
      what: "n d is odd, and every edge has two ends",
      hint: "make n or d even",
    });
  checkEdgeCount((n * d) / 2, where);
  if (2 * d <= n - 1) return createGraph(n, pairUp(n, d, random));
  const absent = createGraph(n, pairUp(n, n - 1 - d, random));
  const edges: Edge[] = [];
  for (let low = 0; low < n; low++)
    for (let high = low + 1; high < n; high++) if (!absent.hasEdge(low, high)) edges.push([low, high]);
  return createGraph(n, edges);
}

/**
 * Pairs the d ends of every node at random, again and again those that cannot be joined; starts anew when
 * none of them can.
 */
function pairUp(n: number, d: number, random: Random): Edge[] {
  for (;;) {
    const edges = new Map<number, Edge>();
    const keyOf = (a: number, b: number) => Math.min(a, b) * n + Math.max(a, b);
    const canJoin = (a: number, b: number) => a !== b && !edges.has(keyOf(a, b));
    let ends = Array.from({ length: n * d }, (_, i) => i % n);
    while (ends.length > 0) {
      random.shuffle(ends);
      const left: number[] = [];
      for (let i = 0; i < ends.length; i += 2) {
        const [a, b] = [ends[i], ends[i + 1]];
        if (canJoin(a, b)) edges.set(keyOf(a, b), [Math.min(a, b), Math.max(a, b)]);
        else left.push(a, b);
      }
      const nodes = [...new Set(left)];
      if (left.length > 0 && !nodes.some((a, i) => nodes.slice(0, i).some((b) => canJoin(a, b)))) break;
      ends = left;
    }
    if (2 * edges.size === n * d) return [...edges.values()];
  }
}

/**
 * Kleinberg's navigable small world on an n × n lattice, directions dropped: every node is joined to all
 * others within lattice distance p, and to q more, each drawn with probability proportional to distance^-r.
 * Node (i, j) has the number n i + j. Connected. (networkx's `navigable_small_world_graph` draws the q nodes
 * with an index that is off by one, which gives self-loops; this follows Kleinberg.)
 * @throws InputError unless 2 <= n <= 316, p >= 1, q >= 0 and r >= 0.
 */
export function kleinberg(
  { n, p = 1, q = 1, r = 2 }: { n: number; p?: number; q?: number; r?: number },
  random: Random,
): Graph {
  const where = `kleinberg(n=${n}, p=${p}, q=${q}, r=${r})`;
  checkWhole(where, "n", n, 2, Math.floor(Math.sqrt(MOST_NODES)));
  checkWhole(where, "p", p, 1, 2 * n);
  checkWhole(where, "q", q, 0, n * n);
  if (!(r >= 0 && r <= 100)) throw new InputError({ where, what: "r is not a number from 0 to 100" });
  const offsets = localOffsets(n, p);
  const local = offsets.reduce((sum, [down, right]) => sum + (n - down) * (n - Math.abs(right)), 0);
  checkEdgeCount(local + n * n * q, where);
  const edges: Edge[] = [];
  for (let node = 0; node < n * n; node++) {
    for (const offset of offsets) {
      const other = shifted(node, offset, n);
      if (other !== undefined) edges.push([node, other]);
    }
  }
  const graph = createGraph(n * n, edges);
  const draw = distantOffsets(n, r, random);
  for (let node = 0; node < n * n; node++) {
    for (let contact = 0; contact < q; contact++) {
      let other: number | undefined;
      while (other === undefined) other = shifted(node, draw(), n);
      if (!graph.hasEdge(node, other)) graph.addEdge(node, other);
    }
  }
  return graph;
}

/**
 * The steps down, or level and right, of at most p that fit into the lattice: each pair of neighbours is one
 * such step apart.
 */
function localOffsets(n: number, p: number): (readonly [down: number, right: number])[] {
  const offsets: (readonly [number, number])[] = [];
  for (let down = 0; down <= Math.min(p, n - 1); down++) {
    const reach = Math.min(p - down, n - 1);
    for (let right = down === 0 ? 1 : -reach; right <= reach; right++) offsets.push([down, right]);
  }
  return offsets;
}

function shifted(node: number, [down, right]: readonly [number, number], n: number): number | undefined {
  const row = Math.floor(node / n) + down;
  const column = (node % n) + right;
  return row >= 0 && row < n && column >= 0 && column < n ? row * n + column : undefined;
}

// Every step that can exist between two nodes, with the weight distance^-r; one that leaves the lattice is
// drawn again, which leaves the others in proportion.
function distantOffsets(n: number, r: number, random: Random): () => readonly [number, number] {
  const width = 2 * n - 1;
  const cumulative = new Float64Array(width * width);
  const offset = (i: number) => [Math.floor(i / width) - n + 1, (i % width) - n + 1] as const;
  let total = 0;
  for (let i = 0; i < cumulative.length; i++) {
    const [down, right] = offset(i);
    const distance = Math.abs(down) + Math.abs(right);
    if (distance > 0) total += distance ** -r;
    cumulative[i] = total;
  }
  return () => {
    const target = random.uniform() * total;
    let low = 0;
    let high = cumulative.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (cumulative[middle] > target) high = middle;
      else low = middle + 1;
    }
    return offset(low);
  };
}

/**
 * Complete layers: every node of a layer has a directed edge to every node of the next, the structure of an
 * ordinary stack of layers.
 * @param sizes the number of nodes of each layer, at least two layers
 * @throws InputError unless every size is a whole number above 0.
 */
export function layeredComplete({ sizes }: { sizes: readonly number[] }): Graph {
  const where = `layered_complete(sizes=${sizes.slice(0, 10)}${sizes.length > 10 ? ",…" : ""})`;
  if (sizes.length < 2)
    throw new InputError({ where, what: "fewer than two layers", hint: "give their sizes" });
  for (const size of sizes) checkWhole(where, "a layer's size", size, 1, MOST_NODES);
  const nodes = sizes.reduce((sum, size) => sum + size, 0);
  checkNodeCount(nodes, where);
  checkEdgeCount(
    sizes.slice(1).reduce((sum, size, layer) => sum + size * sizes[layer], 0),
    where,
  );
  const edges: Edge[] = [];
  let start = 0;
  for (let layer = 1; layer < sizes.length; layer++) {
    const next = start + sizes[layer - 1];
    for (let source = start; source < next; source++)
      for (let target = next; target < next + sizes[layer]; target++) edges.push([source, target]);
    start = next;
  }
  return createGraph(nodes, edges, { directed: true });
}

/** The generators by the names that tables and configurations use. */
export const GRAPH_FAMILIES = {
  barabasi_albert: barabasiAlbert,
  watts_strogatz: wattsStrogatz,
  erdos_renyi: erdosRenyi,
  random_regular: randomRegular,
  kleinberg,
  random_dag: randomDag,
  layered_complete: layeredComplete,
} as const;

export type GraphFamily = keyof typeof GRAPH_FAMILIES;

/** The two families of Darji (2021). */
export type StructureFamily = "barabasi_albert" | "watts_strogatz";

/**
 * A random structure as Darji (2021) draws it: n uniform in [10, 50], then Barabási–Albert with m = ⌊n / 10⌋ or
 * connected Watts–Strogatz with k = ⌊n / 5⌋ and p = 1. His code gave up after 10 tries at a connected
 * graph, which for the smallest n would now and then end a whole study; going on changes nothing else.
 */
export function randomStructureGraph(family: StructureFamily, random: Random): Graph {
  const n = 10 + random.below(41);
  return family === "barabasi_albert"
    ? barabasiAlbert({ n, m: Math.floor(n / 10) }, random)
    : wattsStrogatz({ n, k: Math.floor(n / 5), p: 1, tries: 10_000 }, random);
}

function checkWhole(where: string, name: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw new InputError({
    where,
    what: `${name} must be a whole number from ${least} to ${most}, not ${value}`,
  });
}

function checkProbability(where: string, name: string, value: number): void {
  if (value >= 0 && value <= 1) return;
  throw new InputError({ where, what: `${name} must be a number from 0 to 1, not ${value}` });
}
