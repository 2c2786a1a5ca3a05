// Weight files of random structures together with their graphs. The thesis's files need theirs, because names alone do
// not tell which layers a skip cell joins; for all files the graph is held against the network, so that the wrong one
// is found at once.
import { isDeepStrictEqual } from "node:util";
import { InputError, type Remark, remarking } from "../errors.js";
import { readBytes } from "../files.js";
import type { LayeredGraph } from "../graph/layers.js";
import { networkxReleases } from "../graph/thesis-order.js";
import { type CellKind, cellsOf, gateCount } from "./architecture.js";
import { kindOf, thesisCell, thesisEnds } from "./foreign.js";
import { withoutBookkeeping } from "./foreign-parts.js";
import { assemble, layoutOf, measureCell } from "./layout.js";
import { type Network, tensorNames } from "./network.js";
import { parse, type Safetensors } from "./safetensors.js";
import { correctedStructure, readouts, recurrences, type Structure, thesisStructure } from "./structure.js";
import { checkKind, conventionsOf, parseNetwork, type ReadOptions } from "./weights.js";

/** A graph and how it is called in messages. */
export interface NamedGraph {
  readonly graph: LayeredGraph;
  readonly name: string;
}

/**
 * The network in a weight file that was built from `graph`: one with the thesis's names, or Filigree's own.
 * @throws FileError when it cannot be read. @throws InputError as `readNetwork`, and when it does not fit the graph.
 */
export function readStructure(path: string, source: NamedGraph, options: ReadOptions = {}): Network {
  const bytes = readBytes(path);
  const file = parse(bytes, path);
  if (file.tensors.has(thesisCell(0, "recurrent_layers").weightHh))
    return remarking(options.remark, (remark) => thesisNetwork(file, path, source, { ...options, remark }));
  return remarking(options.remark, (remark) => {
    const network = parseNetwork(bytes, path, { ...options, remark });
    if (structuresLike(network, source).some((structure) => isOf(structure, network))) return network;
    throw misfit(path, source, "is not wired as");
  });
}

function thesisNetwork(
  stored: Safetensors,
  where: string,
  source: NamedGraph,
  options: ReadOptions & { readonly remark: Remark },
): Network {
  const { cell, remark } = options;
  const file = withoutBookkeeping(stored, where, remark);
  const sizes = cellSizes(file, where, "recurrent_layers");
  const expected = source.graph.layers.map(({ length }) => length);
  if (!isDeepStrictEqual(sizes, expected))
    throw misfit(
      where,
      source,
      `has layers of ${list(sizes)} units, not of ${list(expected)}, and does not fit`,
    );
  const { gates } = measureCell(file, thesisCell(0, "recurrent_layers").weightHh, where);
  const kind = kindOf(gates, file, where, { prefix: "", cell, remark });
  if (cell !== undefined) checkKind(kind, cell, where);
  const structures = thesisStructures(source, kind);
  const [{ architecture }] = structures;
  const names = cellsOf(architecture).map(({ name }) => name);
  const skips = names.filter((name) => name.includes("-"));
  const found = cellSizes(file, where, "skip_layers").length;
  if (found !== skips.length)
    throw misfit(where, source, `has ${found} skip cells, not ${skips.length}, and does not fit`);
  const cells = names.map((name) => {
    const skip = skips.indexOf(name);
    return [
      name,
      skip < 0 ? thesisCell(Number(name), "recurrent_layers") : thesisCell(skip, "skip_layers"),
    ] as const;
  });
  const conventions = conventionsOf(file, architecture, where, { ...options, origin: "thesis" });
  const network = assemble(file, layoutOf(architecture, new Map(cells), thesisEnds), where, conventions);
  const weights = names.map((name) => tensorNames(name).weightIh);
  const isWiredAs = ({ masks }: Structure) =>
    weights.every((name) => isDeepStrictEqual(network.masks.get(name), masks.get(name)));
  if (structures.some(isWiredAs)) return network;
  throw otherConnections(where, source, network, structures[0]);
}

/** Names the first cell with other connections than the graph gives it, and what differs there. */
function otherConnections(
  where: string,
  source: NamedGraph,
  network: Network,
  { architecture, masks }: Structure,
): InputError {
  const pairs = cellsOf(architecture).map(({ name, kind }) => {
    const { weightIh } = tensorNames(name);
    const { shape, length } = network.tensor(weightIh);
    const full = new Uint8Array(length).fill(1);
    const [own, wanted] = [network.masks, masks].map((all) => all.get(weightIh) ?? full);
    const counts = [own, wanted].map((mask) => mask.reduce((sum, bit) => sum + bit, 0) / gateCount(kind));
    return { name, columns: shape[1], own, wanted, counts };
  });
  const uneven = pairs.find(({ counts: [own, wanted] }) => own !== wanted);
  if (uneven) {
    const [own, wanted] = uneven.counts;
    const what = `has other connections in cell ${uneven.name} than`;
    return misfit(where, source, what, { but: `${own} and not ${wanted}` });
  }
  const { name, columns, own, wanted } = pairs.find(({ own, wanted }) => !isDeepStrictEqual(own, wanted))!;
  const row = Math.floor(own.findIndex((bit, i) => bit !== wanted[i]) / columns);
  const [read, asked] = [own, wanted].map((mask) =>
    list(
      [...mask.subarray(row * columns, (row + 1) * columns).entries()].flatMap(([i, bit]) =>
        bit ? [i] : [],
      ),
    ),
  );
  return misfit(where, source, `has other connections in cell ${name} than`, {
    but: `as many, but row ${row} of its mask lets through columns ${read || "none"} and not ${asked || "none"}`,
    hint: "give the graph that it was built from, with its numbers of nodes and its order of edges",
  });
}

/** Units of the file's layers or skip cells, in order. */
function cellSizes(file: Safetensors, where: string, part: "recurrent_layers" | "skip_layers"): number[] {
  const sizes: number[] = [];
  for (;;) {
    const { weightHh } = thesisCell(sizes.length, part);
    if (!file.tensors.has(weightHh)) return sizes;
    sizes.push(measureCell(file, weightHh, where).size);
  }
}

/** All structures of a graph that could have become `network`. */
function structuresLike({ architecture }: Network, { graph, name }: NamedGraph): Structure[] {
  const { kind } = cellsOf(architecture)[0];
  const { embedding } = architecture;
  const corrected = recurrences.flatMap((recurrence) =>
    readouts.map((readout) => correctedStructure(graph, kind, { recurrence, readout, embedding }, name)),
  );
  return [...thesisStructures({ graph, name }, kind), ...corrected];
}

/** The thesis's structure with its units in every order that they may be in, the likeliest first. */
function thesisStructures({ graph, name }: NamedGraph, kind: CellKind): Structure[] {
  return networkxReleases.map((release) => thesisStructure(graph, kind, name, release));
}

/** Whether a network has the structure's parts, and no weight outside its masks; pruning may have left fewer. */
function isOf({ architecture, masks }: Structure, network: Network): boolean {
  return (
    isDeepStrictEqual(architecture, network.architecture) &&
    [...masks].every(([name, mask]) => {
      const own = network.masks.get(name);
      return own?.every((bit, i) => bit <= mask[i]) ?? false;
    })
  );
}

function list(sizes: readonly number[]): string {
  return sizes.length > 12 ? `${sizes.slice(0, 12)},…` : `${sizes}`;
}

function misfit(
  where: string,
  { name }: NamedGraph,
  what: string,
  { but, hint = "give the graph that it was built from" }: { but?: string; hint?: string } = {},
): InputError {
  const difference = but === undefined ? "" : `: ${but}`;
  return new InputError({ where, what: `the network ${what} the graph ${name}${difference}`, hint });
}
