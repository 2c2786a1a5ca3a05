// The weight files of the thesis's own modules, whose tensors have names of their own and whose networks are read at the
// last padded step. Loading this module registers the format.
import { isDeepStrictEqual } from "node:util";
import { InputError, type Remark } from "../errors.js";
import { cellsOf, gateCount } from "../network/architecture.js";
import { kindOf } from "../network/foreign.js";
import { withoutBookkeeping } from "../network/foreign-parts.js";
import { type ForeignFormat, type NamedGraph, registerFormat } from "../network/formats.js";
import { assemble, layoutOf, measureCell, type StoredCell, type StoredEnds } from "../network/layout.js";
import { type Network, tensorNames } from "../network/network.js";
import type { Safetensors } from "../network/safetensors.js";
import { misfit } from "../network/structure-weights.js";
import { checkKind, conventionsOf, type ReadOptions } from "../network/weights.js";
import type { Structure, Wiring } from "../network/wiring.js";
import { thesisStructure } from "./structure.js";
import { networkxReleases } from "./unit-order.js";

/** With the units in every order that they may be in, the likeliest first. */
const wirings = networkxReleases.map(
  (release): Wiring =>
    (graph, cell, where) =>
      thesisStructure(graph, cell, where, release),
);

const thesisFormat: ForeignFormat = {
  name: "thesis",
  readAt: "last-step",
  reason: "as the thesis's networks are",
  stack(file, where) {
    const cells = thesisCells(file, where);
    return cells && { cells, ends: thesisEnds };
  },
  structure: thesisNetwork,
  wirings,
};

registerFormat(thesisFormat);

/** The thesis's names of the cell of layer `index`, or of skip cell `index`. */
export function thesisCell(index: number, part: "recurrent_layers" | "skip_layers"): StoredCell {
  const prefix = `recurrent.${part}.${index}`;
  return {
    weightIh: `${prefix}.weight_ih`,
    weightHh: `${prefix}.weight_hh`,
    biasIh: `${prefix}.bias_ih`,
    biasHh: `${prefix}.bias_hh`,
    maskIh: `${prefix}.mask_i2h`,
    maskHh: `${prefix}.mask_h2h`,
  };
}

/** The thesis's names of the parts around its cells. */
export const thesisEnds: StoredEnds = {
  embedding: "embedding.weight",
  readout: "out.weight",
  readoutBias: "out.bias",
};

/** The layers of a file with the thesis's names, without skip cells. */
function thesisCells(file: Safetensors, where: string): StoredCell[] | undefined {
  const cells: StoredCell[] = [];
  for (;;) {
    const cell = thesisCell(cells.length, "recurrent_layers");
    if (!file.tensors.has(cell.weightHh)) break;
    cells.push(cell);
  }
  if (cells.length === 0) return undefined;
  if (file.tensors.has(thesisCell(0, "skip_layers").weightHh)) {
    throw new InputError({
      where,
      what: "it is a random structure with skip cells, which its weights alone do not describe",
      hint: "give the graph that it was built from as well",
    });
  }
  return cells;
}

/** The network of a random structure, whose cells are in the order of its graph's layers. */
function thesisNetwork(
  stored: Safetensors,
  where: string,
  source: NamedGraph,
  options: ReadOptions & { readonly remark: Remark },
): Network | undefined {
  if (!stored.tensors.has(thesisCell(0, "recurrent_layers").weightHh)) return undefined;
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
  const structures = wirings.map((wire) => wire(source.graph, kind, source.name));
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
  const conventions = conventionsOf(file, architecture, where, { ...options, origin: thesisFormat });
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

function list(sizes: readonly number[]): string {
  return sizes.length > 12 ? `${sizes.slice(0, 12)},…` : `${sizes}`;
}
