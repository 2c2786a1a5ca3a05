// Weight files of random structures together with their graphs. Some formats need theirs, because names alone do not
// tell which layers a cell joins; for all files the graph is held against the network, so that the wrong one is found at
// once.
import { InputError, remarking } from "../errors.js";
import { cellsOf } from "./architecture.js";
import { isEqual } from "./equal.js";
import { foreignFormats, type NamedGraph } from "./formats.js";
import type { Network } from "./network.js";
import { parse } from "./safetensors.js";
import { correctedStructure, readouts, recurrences } from "./structure.js";
import { parseNetwork, type ReadOptions } from "./weights.js";
import { type Structure, withEnds } from "./wiring.js";

/**
 * The network in a weight file that was built from a graph: one of a registered format, or Filigree's own.
 * @param path how the file is called in messages.
 * @throws InputError as `parseNetwork`, and when it does not fit the graph.
 */
export function parseStructure(
  bytes: Uint8Array,
  path: string,
  source: NamedGraph,
  options: ReadOptions = {},
): Network {
  const file = parse(bytes, path);
  return remarking(options.remark, (remark) => {
    for (const format of foreignFormats()) {
      const foreign = format.structure(file, path, source, { ...options, remark });
      if (foreign) return foreign;
    }
    const network = parseNetwork(bytes, path, { ...options, remark });
    if (structuresLike(network, source).some((structure) => isOf(structure, network))) return network;
    throw misfit(path, source, "is not wired as");
  });
}

/** All structures of a graph that could have become `network`. */
function structuresLike({ architecture }: Network, { graph, name }: NamedGraph): Structure[] {
  const { kind } = cellsOf(architecture)[0];
  const embedding = architecture.input.width;
  const corrected = recurrences.flatMap((recurrence) =>
    readouts.map((readout) => correctedStructure(graph, kind, { recurrence, readout, embedding }, name)),
  );
  const foreign = Array.from(foreignFormats(), ({ wirings }) =>
    wirings.map((wire) => wire(graph, kind, name)),
  );
  return [...foreign.flat(), ...corrected].map((structure) => withEnds(structure, architecture));
}

/** Whether a network has the structure's parts, and no weight outside its masks; pruning may have left fewer. */
function isOf({ architecture, masks }: Structure, network: Network): boolean {
  return (
    isEqual(architecture, network.architecture) &&
    [...masks].every(([name, mask]) => {
      const own = network.masks.get(name);
      return own?.every((bit, i) => bit <= mask[i]) ?? false;
    })
  );
}

/** The complaint that a network `what` the graph, and how. */
export function misfit(
  where: string,
  { name }: NamedGraph,
  what: string,
  { but, hint = "give the graph that it was built from" }: { but?: string; hint?: string } = {},
): InputError {
  const difference = but === undefined ? "" : `: ${but}`;
  return new InputError({ where, what: `the network ${what} the graph ${name}${difference}`, hint });
}
