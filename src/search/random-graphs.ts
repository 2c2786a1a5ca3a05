// Random graphs with exactly so many nodes and edges, which is what a found graph is to be compared with. Families that have not
// that number of edges of their own are drawn with the next larger one, and lose any of those without which they stay connected.
import { InputError } from "../errors.js";
import { adjacencyOf } from "../graph/adjacency.js";
import { barabasiAlbert, erdosRenyi, wattsStrogatz } from "../graph/generators.js";
import { createGraph, type Edge, edgesOf, type Graph } from "../graph/graph.js";
import { countComponents } from "../graph/shortest-paths.js";
import type { Random } from "../math/random.js";

export const randomFamilies = ["watts-strogatz", "barabasi-albert", "erdos-renyi"] as const;
export type RandomFamily = (typeof randomFamilies)[number];

/** Draws of a connected graph after which it is said that there is hardly one. */
const TRIES = 1000;

/**
 * A connected random graph with so many nodes and edges; edges run from lower to higher nodes.
 * @throws InputError when a family has none.
 */
export function randomGraph(family: RandomFamily, nodes: number, edges: number, random: Random): Graph {
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const drawn = edgesOf(draw(family, nodes, edges, random)).map(
      ([a, b]): Edge => (a < b ? [a, b] : [b, a]),
    );
    const kept = thinned(nodes, drawn, edges, random);
    if (kept) return createGraph(nodes, kept, { directed: true });
  }
  throw new InputError({
    where: family,
    what: `there is none, or hardly one, that connects ${nodes} nodes with ${edges} edges`,
    hint: "use another budget or another family",
  });
}

function draw(family: RandomFamily, n: number, edges: number, random: Random): Graph {
  if (family === "watts-strogatz") {
    const k = 2 * Math.ceil(edges / n);
    return wattsStrogatz({ n, k: Math.min(Math.max(2, k), n - 1), p: 1, tries: TRIES }, random);
  }
  if (family === "erdos-renyi") return exactly(n, edges, random);
  let m = 1;
  while (m * (n - m) < edges && m + 1 < n / 2) m++;
  return barabasiAlbert({ n, m }, random);
}

/** G(n, m): so many pairs of all, each set of them as likely as any other. */
function exactly(n: number, edges: number, random: Random): Graph {
  const all = edgesOf(erdosRenyi({ n, p: 1 }, random));
  return createGraph(n, random.shuffle(all).slice(0, edges));
}

/** So many of some edges that connect all nodes; nothing where there are too few or they do not. */
function thinned(nodes: number, edges: readonly Edge[], wanted: number, random: Random): Edge[] | undefined {
  const connects = (some: readonly Edge[]) => countComponents(adjacencyOf(nodes, some, "both")) === 1;
  if (edges.length < wanted || !connects(edges)) return undefined;
  let kept = [...edges];
  for (const edge of random.shuffle([...edges])) {
    if (kept.length === wanted) break;
    const others = kept.filter((own) => own !== edge);
    if (connects(others)) kept = others;
  }
  return kept.length === wanted ? kept : undefined;
}
