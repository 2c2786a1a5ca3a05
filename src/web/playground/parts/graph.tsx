// The units of a network that is wired as a graph, from the input on the left to the read-out on the right, while it trains: an edge
// is as strong as its weights, a unit shows its state at the step that is read. A click cuts an edge; a line drawn from unit to unit
// makes one.
import { useSignal } from "@preact/signals";
import { useMemo, useRef } from "preact/hooks";
import { type Placement, type Point, placeLayers } from "../../../graph/placement.js";
import { cellsOf } from "../../../network/architecture.js";
import { decimal } from "../../../report/words.js";
import { Canvas } from "../../page/canvas.js";
import { blend, colour, css } from "../../page/colours.js";
import type { Description } from "../protocol.js";
import { change, description, moment, reading, view } from "../store.js";
import { edgeWeights, pairsOf, type UnitEdge, type Units } from "../units.js";

/** Pixels from one unit of a layer to the next, and how near to a line the pointer is on it. */
const APART = 30;
const NEAR = 7;
const RADIUS = 6;
/** Straight pieces that a bent edge is measured by. */
const PIECES = 16;

export function UnitGraph() {
  const { value } = description;
  return value?.units ? <Drawing description={value} units={value.units} /> : null;
}

function Drawing({ description, units }: { description: Description; units: Units }) {
  const { layers } = units;
  const pointed = useSignal<number | UnitEdge | undefined>(undefined);
  const source = useSignal<number | undefined>(undefined);
  const pointer = useSignal<Point | undefined>(undefined);
  const wired = useMemo(() => wiringOf(description, units), [description, units]);
  const placements = useMemo(() => new Map<number, Placement>(), [units]);
  const canvas = useRef<Placement | undefined>(undefined);
  const height = Math.max(150, Math.min(380, APART * Math.max(...layers.map(({ length }) => length)) + 20));
  const placementFor = (width: number): Placement => {
    const known = placements.get(width) ?? placeLayers(layers, units.edges, { width, height, most: RADIUS });
    placements.set(width, known);
    canvas.current = known;
    return known;
  };

  const draw = (context: CanvasRenderingContext2D, width: number) => {
    const { value } = view;
    // A view may still be that of the experiment before.
    if (!value || value.mask.length < description.parameters) return;
    const { nodes, radius, bend } = placementFor(width);
    const [ink, link, accent] = ["ink", "link", "accent-0"].map(css);
    const isPointed = ([from, to]: UnitEdge) =>
      isEdge(pointed.value) && pointed.value[0] === from && pointed.value[1] === to;
    const stroke = (edge: UnitEdge) => {
      const [from, to] = edge.map((unit) => nodes.get(unit)!);
      const over = bend(...edge);
      context.beginPath();
      context.moveTo(from.x, from.y);
      if (over) context.quadraticCurveTo(over.x, over.y, to.x, to.y);
      else context.lineTo(to.x, to.y);
      context.stroke();
    };
    const present = wired.edges.filter(({ weights }) => exists(weights));
    const norms = present.map(({ weights }) => Math.hypot(...weights.map((i) => value.parameters[i])));
    const scale = 2.5 * Math.max(1e-9, Math.sqrt(norms.reduce((sum, n) => sum + n * n, 0) / norms.length));
    for (const [i, { edge }] of present.entries()) {
      const strength = Math.min(1, norms[i] / scale);
      context.globalAlpha = isPointed(edge) ? 1 : 0.12 + 0.88 * strength;
      context.lineWidth = isPointed(edge) ? 3 : 0.7 + 2 * strength;
      context.strokeStyle = isPointed(edge) ? accent : bend(...edge) ? link : ink;
      stroke(edge);
    }
    context.globalAlpha = 1;
    context.lineWidth = 1.5;
    context.strokeStyle = accent;
    context.setLineDash([4, 3]);
    const { value: at } = pointed;
    if (isEdge(at) && !exists(wired.weights(at))) stroke(at);
    const begun = source.value === undefined ? undefined : nodes.get(source.value);
    const goal = typeof at === "number" && at !== source.value ? nodes.get(at) : pointer.value;
    if (begun && goal) {
      context.beginPath();
      context.moveTo(begun.x, begun.y);
      context.lineTo(goal.x, goal.y);
      context.stroke();
    }
    context.setLineDash([]);
    const [none, below, above] = [colour("paper"), colour("accent-1"), colour("accent-0")];
    for (const [unit, { x, y }] of nodes) {
      const state = Math.max(-1, Math.min(1, stateOf(unit) ?? 0));
      context.fillStyle = `rgb(${blend(none, state < 0 ? below : above, Math.abs(state)).join()})`;
      context.strokeStyle = unit === at || unit === source.value ? accent : ink;
      context.lineWidth = unit === at || unit === source.value ? 3 : 1;
      context.beginPath();
      context.arc(x, y, radius, 0, 2 * Math.PI);
      context.fill();
      context.stroke();
    }
  };

  /** The unit or the edge at a place. */
  const at = (event: PointerEvent): number | UnitEdge | undefined => {
    const { nodes, radius, bend } = placementFor((event.currentTarget as HTMLElement).clientWidth);
    const point = { x: event.offsetX, y: event.offsetY };
    for (const [unit, place] of nodes) if (distance(place, point) <= radius + 4) return unit;
    if (source.value !== undefined) return undefined;
    const known = wired.edges.filter(({ edge, weights }) => exists(weights) || edge === pointed.value);
    let [nearest, near]: [UnitEdge | undefined, number] = [undefined, NEAR];
    for (const { edge } of known) {
      const [from, to] = edge.map((unit) => nodes.get(unit)!);
      const away = distanceToCurve(point, from, to, bend(...edge));
      if (away < near) [nearest, near] = [edge, away];
    }
    return nearest;
  };
  const join = (a: number, b: number) => {
    const edge = wired.between(a, b);
    if (!edge) return;
    toggle(wired.weights(edge));
    pointed.value = edge;
  };
  const move = (event: PointerEvent) => {
    pointer.value = { x: event.offsetX, y: event.offsetY };
    pointed.value = at(event);
  };
  const onKey = (event: KeyboardEvent) => {
    const now = typeof pointed.value === "number" ? pointed.value : (source.value ?? layers[0][0]);
    const next = canvas.current && neighbour(canvas.current, layers, now, event.key);
    if (next !== undefined) pointed.value = next;
    else if (event.key === "Escape") source.value = undefined;
    else if (event.key === "Enter" || event.key === " ") {
      const from = source.value;
      source.value = from === undefined ? now : undefined;
      if (from === undefined) pointed.value = now;
      else join(from, now);
    } else return;
    pointer.value = undefined;
    event.preventDefault();
  };

  return (
    <section class="units" aria-label="Graph">
      <h2>
        Graph{" "}
        <span class="quiet">
          {`${wired.edges.filter(({ weights }) => exists(weights)).length} edges between ${layers.flat().length} units in ${layers.length} layers`}
        </span>
      </h2>
      <Canvas
        height={height}
        label="The graph of units: arrows move, Enter begins an edge and ends it at a unit of another layer, where it is cut if it exists"
        draw={draw}
        reachable
        class="unit-graph"
        onPointerDown={(event) => {
          move(event);
          if (typeof pointed.value !== "number") return;
          source.value = pointed.value;
          (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId);
        }}
        onPointerMove={move}
        onPointerUp={(event) => {
          move(event);
          const { value: end } = pointed;
          if (source.value === undefined && isEdge(end)) toggle(wired.weights(end));
          else if (source.value !== undefined && typeof end === "number") join(source.value, end);
          source.value = undefined;
        }}
        onPointerLeave={() => {
          pointed.value = undefined;
          pointer.value = undefined;
        }}
        onKeyDown={onKey}
      />
      <p class="quiet" aria-live="polite">
        {sentence(pointed.value, source.value, wired)}
      </p>
    </section>
  );

  /** The state of a unit after the step that is read. */
  function stateOf(unit: number): number | undefined {
    const [layer, place] = wired.places[unit];
    const cell = reading.value?.cells[layer];
    const step = Math.min(moment.value, (reading.value?.steps.length ?? 0) - 1);
    return cell && step >= 0 ? cell.states[step * cell.units + place] : undefined;
  }

  function sentence(
    place: number | UnitEdge | undefined,
    from: number | undefined,
    { nameOf, gatesOf, weights, between }: ReturnType<typeof wiringOf>,
  ): string {
    if (place === undefined)
      return "The input comes from the left. A click cuts an edge, a line from unit to unit draws one.";
    if (typeof place === "number") {
      if (from !== undefined && from !== place)
        return between(from, place)
          ? `An edge between ${nameOf(from)} and ${nameOf(place)}.`
          : `No edge is possible between ${nameOf(from)} and ${nameOf(place)}: edges lead from layer to layer.`;
      const state = stateOf(place);
      return `${nameOf(place)}${state === undefined ? "" : `: state ${decimal(state, 2)}`}${from === place ? "; an edge begins here" : ""}`;
    }
    const own = weights(place);
    const edge = `From ${nameOf(place[0])} to ${nameOf(place[1])}`;
    if (!exists(own)) return `${edge}: cut; a click brings it back`;
    const { parameters } = view.value!;
    const gates = gatesOf(place[1]);
    return `${edge}: ${own.map((weight, g) => `${gates[g]} ${decimal(parameters[weight], 3)}`).join(", ")}`;
  }
}

/** What an edge is made of, where units are, and how they are called. */
function wiringOf({ architecture, parts }: Description, { layers }: Units) {
  const weights = edgeWeights(architecture, parts);
  const places = layers.flatMap((layer, t) => layer.map((_, i) => [t, i] as const));
  const names = cellsOf(architecture).map(({ name }) => name);
  const edges = pairsOf(layers)
    .map((edge) => ({ edge, weights: weights(edge) }))
    .filter((edge) => edge.weights.length > 0);
  const byUnits = new Map(edges.map(({ edge }) => [edge.join(), edge]));
  return {
    weights,
    places,
    edges,
    gatesOf: (unit: number) =>
      parts.filter(({ cell, hidden }) => cell === names[places[unit][0]] && !hidden).map(({ gate }) => gate),
    nameOf: (unit: number) => `unit ${places[unit][1] + 1} of layer ${places[unit][0] + 1}`,
    between: (a: number, b: number) => byUnits.get(`${Math.min(a, b)},${Math.max(a, b)}`),
  };
}

function isEdge(place: number | UnitEdge | undefined): place is UnitEdge {
  return typeof place === "object";
}

function exists(weights: readonly number[]): boolean {
  return weights.some((weight) => view.value?.mask[weight] === 1);
}

function toggle(weights: readonly number[]): void {
  change({ kind: exists(weights) ? "cut" : "regrow", weights });
}

/** The unit that an arrow leads to. */
function neighbour(
  { nodes }: Placement,
  layers: Units["layers"],
  unit: number,
  key: string,
): number | undefined {
  const { layer, y } = nodes.get(unit)!;
  const [across, down] =
    { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[key] ?? [];
  if (across === undefined) return undefined;
  const place = (other: number) => nodes.get(other)!.y;
  const others = layers[layer + across]?.filter((other) => down === 0 || (place(other) - y) * down! > 0);
  return others?.toSorted((a, b) => Math.abs(place(a) - y) - Math.abs(place(b) - y))[0] ?? unit;
}

function distance(a: Point, b: Point): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}

/** From a point to an edge, which is straight without a bend. */
function distanceToCurve(point: Point, from: Point, to: Point, bend: Point | undefined): number {
  const over = bend ?? { x: (from.x + to.x) / 2, y: (from.y + to.y) / 2 };
  let [least, before] = [Number.POSITIVE_INFINITY, from];
  for (let i = 1; i <= PIECES; i++) {
    const t = i / PIECES;
    const [a, b, c] = [(1 - t) ** 2, 2 * t * (1 - t), t ** 2];
    const next = { x: a * from.x + b * over.x + c * to.x, y: a * from.y + b * over.y + c * to.y };
    least = Math.min(least, distanceToLine(point, before, next));
    before = next;
  }
  return least;
}

function distanceToLine(point: Point, from: Point, to: Point): number {
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const along = ((point.x - from.x) * dx + (point.y - from.y) * dy) / Math.max(1e-9, dx * dx + dy * dy);
  const share = Math.max(0, Math.min(1, along));
  return distance(point, { x: from.x + share * dx, y: from.y + share * dy });
}
