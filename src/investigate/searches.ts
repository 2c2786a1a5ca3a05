// From the trials in a store to rows: what every training of a found topology came to, what its search cost, and the graphs and
// courses of a few searches to be drawn.
import { GRAPH } from "../experiments/structures.js";
import { COURSE, searchKind } from "../experiments/topologies.js";
import { parseGraph } from "../graph/files.js";
import { type Edge, edgesOf } from "../graph/graph.js";
import { layerGraph } from "../graph/layers.js";
import { PROPERTY_NAMES } from "../graph/properties.js";
import type { CellKind } from "../network/architecture.js";
import { decodeCourse } from "../search/course.js";
import { edgesOfSpace, layersOf } from "../search/edges.js";
import type { Way } from "../search/ways.js";
import { canonicalJson, type JsonObject } from "../study/json.js";
import type { StoreReader, TrialDetail } from "../study/reading.js";
import type { Judge } from "./row.js";

/** One training of what a search found. */
export interface SearchRow {
  readonly task: string;
  readonly cell: CellKind;
  readonly way: Way;
  /** What it was found with, where that is something else. */
  readonly foundOn?: string;
  readonly foundWith?: CellKind;
  readonly searchSeed: number;
  readonly seed: number;
  /** What its task judges by: an accuracy in [0, 1] or a loss in nats. */
  readonly metric: number;
  readonly edges: number;
  readonly parameters: number;
  /** Of the search, and of this training. */
  readonly searchSeconds: number;
  readonly seconds: number;
  /** The same of the best candidate on held-out data after each of them, where there are some. */
  readonly best?: readonly number[];
  readonly properties: Readonly<Record<string, number>>;
}

/** A graph to be drawn, and of a differentiable search how its gates went. */
export interface ShownGraph {
  readonly task: string;
  readonly cell: CellKind;
  readonly way: Way;
  readonly layers: readonly (readonly number[])[];
  readonly edges: readonly Edge[];
  /** For each layer that is read and each that reads it: of each moment the mean gate of the edges between them. */
  readonly course?: readonly { readonly label: string; readonly shares: readonly number[] }[];
}

interface Described {
  readonly name: string;
  readonly data: object;
  readonly judge: Judge["metric"];
}

/** Rows of all finished trainings of some studies, and the graphs of the first search seed. */
export function readSearches(
  reader: StoreReader,
  tasks: readonly Described[],
  studies: readonly string[],
): { rows: SearchRow[]; shown: ShownGraph[] } {
  const rows: SearchRow[] = [];
  const shown = new Map<string, ShownGraph>();
  const names = new Set(reader.names());
  const judges = new Map(tasks.map(({ name, judge }) => [name, judge]));
  const searches = new Map<string, TrialDetail>();
  const searchOf = (trial: TrialDetail): TrialDetail => {
    const [identity] = trial.needs;
    const known = searches.get(identity) ?? reader.trial(identity);
    searches.set(identity, known);
    return known;
  };
  for (const study of studies.filter((own) => names.has(own))) {
    for (const { identity, state, summary } of reader.rows(study)) {
      if (state !== "finished") continue;
      const trial = reader.trial(identity);
      const found = searchOf(trial);
      if (found.kind !== searchKind.name) continue;
      const { search, data, cell, searchSeed } = trial.configuration as unknown as Configuration;
      const [own, from] = [taskOf(tasks, data ?? search.data), taskOf(tasks, search.data)];
      const row: SearchRow = {
        task: own,
        cell: cell ?? search.cell,
        way: search.searcher,
        ...(own !== from && { foundOn: from }),
        ...(cell && cell !== search.cell && { foundWith: search.cell }),
        searchSeed,
        seed: trial.seed,
        metric: summary[judges.get(own) ?? "testAccuracy"],
        edges: summary.edges,
        parameters: summary.parameters,
        searchSeconds: secondsOf(found),
        seconds: secondsOf(trial),
        ...bestOf(found),
        properties: Object.fromEntries(PROPERTY_NAMES.map((name) => [name, summary[name]])),
      };
      rows.push(row);
      const key = `${row.task} ${row.cell} ${row.way}`;
      const isOwn = row.foundOn === undefined && row.foundWith === undefined;
      if (isOwn && !shown.has(key)) shown.set(key, graphIn(reader, found, row, search));
    }
  }
  return { rows, shown: [...shown.values()] };
}

/** What of a configuration is looked at here. */
interface Configuration {
  readonly search: {
    readonly cell: CellKind;
    readonly searcher: Way;
    readonly data: JsonObject;
    readonly units: number;
    readonly layers: number;
  };
  readonly searchSeed: number;
  readonly cell?: CellKind;
  readonly data?: JsonObject;
}

/** The task whose data these are: a configuration has what was left out as well. */
function taskOf(tasks: readonly Described[], data: JsonObject): string {
  const isOf = ({ data: own }: Described) =>
    Object.entries(own).every(([key, value]) => canonicalJson(data[key] ?? null) === canonicalJson(value));
  return tasks.find(isOf)?.name ?? "another";
}

function secondsOf({ attempts }: TrialDetail): number {
  return attempts.reduce((sum, { seconds }) => sum + (seconds ?? 0), 0);
}

function bestOf({ series }: TrialDetail): { best: number[] } | undefined {
  const best = series.flatMap(({ metrics }) => metrics.bestHeldAccuracy ?? metrics.bestHeldLoss ?? []);
  return best.length === 0 ? undefined : { best };
}

function graphIn(
  reader: StoreReader,
  found: TrialDetail,
  { task, cell, way }: SearchRow,
  { units, layers }: Configuration["search"],
): ShownGraph {
  const text = new TextDecoder().decode(reader.artifact(found.identity, GRAPH));
  const graph = parseGraph(text, GRAPH);
  const layered = layerGraph(graph);
  const hasCourse = found.artifacts.some(({ name }) => name === COURSE);
  return {
    task,
    cell,
    way,
    layers: layered.layers,
    edges: edgesOf(graph),
    ...(hasCourse && { course: courseOf(reader.artifact(found.identity, COURSE), layersOf(units, layers)) }),
  };
}

function courseOf(bytes: Uint8Array, sizes: readonly number[]): ShownGraph["course"] {
  const { gates } = decodeCourse(bytes);
  const layer = sizes.flatMap((size, t) => new Array<number>(size).fill(t));
  const edges = edgesOfSpace(sizes);
  const pairs = sizes.flatMap((_, to) => Array.from({ length: to }, (_, from) => [from, to] as const));
  return pairs.map(([from, to]) => {
    const own = [...edges.keys()].filter((e) => layer[edges[e][0]] === from && layer[edges[e][1]] === to);
    return {
      label: `${from + 1} to ${to + 1}`,
      shares: gates.map((moment) => own.reduce((sum, e) => sum + moment[e], 0) / own.length),
    };
  });
}
