// A directed acyclic graph drawn in its layers, from left to right: edges between neighbouring layers straight, edges
// that skip layers curved and tinted. Nodes of a layer are ordered so that edges cross little.
import { type ChartText, drawing } from "../plot.js";
import { ink, paper, quiet } from "../theme.js";

export interface LayeredDrawing extends ChartText {
  /** The nodes of each layer. */
  layers: ReadonlyArray<readonly number[]>;
  /** From earlier to later layers. */
  edges: readonly (readonly [source: number, target: number])[];
  /** Of skip edges. */
  colour: string;
  width?: number;
  height?: number;
}

const MARGIN = 10;
const SWEEPS = 12;

/** The drawing, 336 × 190 unless told otherwise. */
export function layeredDrawing(chart: LayeredDrawing): string {
  const { layers, edges, colour, width = 336, height = 190 } = chart;
  const order = reduceCrossings(layers, edges);
  const widest = Math.max(1, ...order.map((layer) => layer.length));
  const across = (width - 2 * MARGIN) / Math.max(1, layers.length - 1);
  const apart = Math.min(22, (height - 2 * MARGIN) / Math.max(1, widest - 1));
  const radius = Math.max(1.4, Math.min(4, apart / 3, across / 3));
  const place = new Map<number, { x: number; y: number; layer: number }>();
  order.forEach((layer, depth) => {
    const x = layers.length === 1 ? width / 2 : MARGIN + depth * across;
    layer.forEach((node, i) => {
      place.set(node, { x, y: height / 2 + (i - (layer.length - 1) / 2) * apart, layer: depth });
    });
  });
  const plain: string[] = [];
  const skips: string[] = [];
  for (const [source, target] of edges) {
    const from = place.get(source);
    const to = place.get(target);
    if (!from || !to) continue;
    if (to.layer - from.layer === 1) {
      plain.push(`M${spot(from.x, from.y)}L${spot(to.x, to.y)}`);
      continue;
    }
    // A skip edge leaves the axis it is on, the further the more layers it skips, and stays inside the picture.
    const middle = (from.y + to.y) / 2;
    const side = middle < height / 2 || (middle === height / 2 && (source + target) % 2 === 0) ? -1 : 1;
    const reach = height / 2 + side * (height / 2 - 2 * MARGIN);
    const bend =
      middle + (2 * reach - 2 * middle) * Math.min(1, (to.layer - from.layer) / layers.length + 0.15);
    const control = Math.max(-height / 4, Math.min(height * 1.25, bend));
    skips.push(`M${spot(from.x, from.y)}Q${spot((from.x + to.x) / 2, control)},${spot(to.x, to.y)}`);
  }
  const opacity = Math.max(0.25, Math.min(0.8, 60 / Math.max(1, edges.length)));
  const circles = [...place.values()].map(
    ({ x, y }) => `<circle cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="${radius.toFixed(1)}"/>`,
  );
  return drawing(
    chart,
    width,
    height,
    `<path d="${skips.join("")}" fill="none" stroke="${colour}" stroke-opacity="${opacity}"/>` +
      `<path d="${plain.join("")}" fill="none" stroke="${quiet}" stroke-opacity="${opacity}"/>` +
      `<g fill="${ink}" stroke="${paper}" stroke-width="1">${circles.join("")}</g>`,
  );
}

function spot(x: number, y: number): string {
  return `${x.toFixed(1)},${y.toFixed(1)}`;
}

/**
 * Orders the nodes of each layer by the mean place of their neighbours, sweeping forth and back: the barycentre
 * heuristic of Sugiyama, Tagawa and Toda (1981).
 */
function reduceCrossings(layers: LayeredDrawing["layers"], edges: LayeredDrawing["edges"]): number[][] {
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
