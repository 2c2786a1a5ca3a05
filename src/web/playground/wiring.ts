// The architecture of an experiment: a stack of layers, or the units of a random graph. A graph's network has a weight for every edge
// that leads forward, also for those that the graph has not, so that any of them can be drawn while it trains.
import { layerGraph } from "../../graph/layers.js";
import type { Random } from "../../math/random.js";
import { gateCount } from "../../network/architecture.js";
import { stack, tensorNames } from "../../network/network.js";
import { correctedStructure } from "../../network/structure.js";
import { addMask, linksBetween, type Structure } from "../../network/wiring.js";
import { superGraph } from "../../search/edges.js";
import { type RandomFamily, randomFamilies, randomGraph } from "../../search/random-graphs.js";
import type { Experiment } from "./experiment.js";

/** "stack": layers, each of which reads the one before. */
export const wiringChoices = ["stack", ...randomFamilies] as const;

/** Whether the units of an experiment are wired as a graph. */
export function isGraph({ wiring, task }: Pick<Experiment, "wiring" | "task">): boolean {
  return wiring !== "stack" && task !== "text";
}

/**
 * What the network of an experiment is before it has ends and numbers.
 * @throws InputError when no graph has so many units and edges.
 */
export function structureOf(experiment: Experiment, random: Random): Structure {
  const { wiring, units, edges, cell } = experiment;
  if (!isGraph(experiment)) return { architecture: stack(experiment), masks: new Map() };
  const layered = layerGraph(randomGraph(wiring as RandomFamily, units, edges, random));
  const sizes = layered.layers.map(({ length }) => length);
  const { architecture } = correctedStructure(superGraph(sizes), cell);
  const masks = new Map<string, Uint8Array>();
  const starts = sizes.map((_, t) => sizes.slice(0, t).reduce((sum, size) => sum + size, 0));
  for (const [t, sources] of linksBetween(layered).entries()) {
    if (t === 0) continue;
    const pairs = [...sources].flatMap(([s, own]) =>
      own.map(([unit, source]) => [unit, starts[s] + source] as const),
    );
    const shape = { parts: gateCount(cell), size: sizes[t], columns: starts[t] };
    addMask(masks, tensorNames(`${t}`).weightIh, { ...shape, pairs });
  }
  return { architecture, masks };
}
