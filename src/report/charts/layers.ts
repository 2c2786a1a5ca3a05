// A directed acyclic graph drawn in its layers, from left to right: edges between neighbouring layers straight, edges
// that skip layers curved and tinted.
import { type Point, placeLayers } from "../../graph/placement.js";
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

/** The drawing, 336 × 190 unless told otherwise. */
export function layeredDrawing(chart: LayeredDrawing): string {
  const { layers, edges, colour, width = 336, height = 190 } = chart;
  const { nodes, radius, bend } = placeLayers(layers, edges, { width, height });
  const plain: string[] = [];
  const skips: string[] = [];
  for (const [source, target] of edges) {
    const [from, to] = [nodes.get(source), nodes.get(target)];
    if (!from || !to) continue;
    const over = bend(source, target);
    if (over) skips.push(`M${spot(from)}Q${spot(over)},${spot(to)}`);
    else plain.push(`M${spot(from)}L${spot(to)}`);
  }
  const opacity = Math.max(0.25, Math.min(0.8, 60 / Math.max(1, edges.length)));
  const circles = [...nodes.values()].map(
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

function spot({ x, y }: Point): string {
  return `${x.toFixed(1)},${y.toFixed(1)}`;
}
