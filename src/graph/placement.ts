// Where the nodes and edges of a layered graph are drawn: layers from left to right, the nodes of a layer in an order in which edges
// cross little, edges between neighbouring layers straight and those that skip layers bent around what they pass.

/** A point of a drawing, in its units, from its upper left corner. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Placement {
  /** By node; `layer` from 0. */
  readonly nodes: ReadonlyMap<number, Point & { readonly layer: number }>;
  /** Of a node's circle. */
  readonly radius: number;
  /** The point that bends the edge between two nodes, as of a quadratic Bézier curve; none where it is straight. */
  bend(source: number, target: number): Point | undefined;
}

const MARGIN = 10;
const SWEEPS = 12;
const LARGEST = 4;

/**
 * Places a layered graph in a drawing of a size.
 * @param layers the nodes of each layer. @param edges from earlier to later layers.
 * @param most radius of a circle where there is room for it.
 */
export function placeLayers(
  layers: ReadonlyArray<readonly number[]>,
  edges: readonly (readonly [source: number, target: number])[],
  { width, height, most = LARGEST }: { width: number; height: number; most?: number },
): Placement {
  const order = reduceCrossings(layers, edges);
  const widest = Math.max(1, ...order.map((layer) => layer.length));
  const margin = Math.max(MARGIN, most + 3);
  const across = (width - 2 * margin) / Math.max(1, layers.length - 1);
  const apart = Math.min(5.5 * most, (height - 2 * margin) / Math.max(1, widest - 1));
  const nodes = new Map<number, Point & { layer: number }>();
  for (const [depth, layer] of order.entries()) {
    const x = layers.length === 1 ? width / 2 : margin + depth * across;
    for (const [i, node] of layer.entries())
      nodes.set(node, { x, y: height / 2 + (i - (layer.length - 1) / 2) * apart, layer: depth });
  }
  return {
    nodes,
    radius: Math.max(1.4, Math.min(most, apart / 3, across / 3)),
    bend(source, target) {
      const [from, to] = [nodes.get(source)!, nodes.get(target)!];
      if (to.layer - from.layer === 1) return undefined;
      // A skip edge leaves the axis it is on, the further the more layers it skips, and stays inside the picture.
      const middle = (from.y + to.y) / 2;
      const side = middle < height / 2 || (middle === height / 2 && (source + target) % 2 === 0) ? -1 : 1;
      const reach = height / 2 + side * (height / 2 - 2 * margin);
      const share = Math.min(1, (to.layer - from.layer) / layers.length + 0.15);
      const y = middle + (2 * reach - 2 * middle) * share;
      return { x: (from.x + to.x) / 2, y: Math.max(-height / 4, Math.min(height * 1.25, y)) };
    },
  };
}

/**
 * Orders the nodes of each layer by the mean place of their neighbours, sweeping forth and back: the barycentre
 * heuristic of Sugiyama, Tagawa and Toda (1981).
 */
function reduceCrossings(
  layers: ReadonlyArray<readonly number[]>,
  edges: readonly (readonly [source: number, target: number])[],
): number[][] {
  const before = new Map<number, number[]>();
  const after = new Map<number, number[]>();
  const add = (map: Map<number, number[]>, from: number, to: number) => {
    const list = map.get(from);
    if (list) list.push(to);
    else map.set(from, [to]);
  };
  for (const [source, target] of edges) {
    add(after, source, target);
    add(before, target, source);
  }
  const order = layers.map((layer) => [...layer]);
  // Places run from 0 to 1 in every layer, so that layers of different sizes are comparable.
  const place = new Map<number, number>();
  const settle = (layer: readonly number[]) => {
    for (const [i, node] of layer.entries()) place.set(node, (i + 0.5) / layer.length);
  };
  order.forEach(settle);
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const neighbours = sweep % 2 === 0 ? before : after;
    for (const layer of sweep % 2 === 0 ? order : [...order].reverse()) {
      const wanted = new Map(
        layer.map((node) => {
          const places = (neighbours.get(node) ?? []).map((other) => place.get(other) ?? 0.5);
          const own = place.get(node) ?? 0.5;
          return [node, places.length > 0 ? places.reduce((sum, at) => sum + at, 0) / places.length : own];
        }),
      );
      layer.sort((a, b) => (wanted.get(a) ?? 0) - (wanted.get(b) ?? 0) || a - b);
      settle(layer);
    }
  }
  return order;
}
