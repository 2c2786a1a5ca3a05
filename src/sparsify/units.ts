// Whole hidden units: what comes out is a smaller network, dense where it was dense. A unit is its rows in every gate, its
// column in its own cell's hidden matrix, its columns wherever its output is read, and its biases.
import { InputError } from "../errors.js";
import { type Architecture, type Cell, cellsOf, gateCount, widths } from "../network/architecture.js";
import { Network, tensorNames } from "../network/network.js";
import { highest, keptOf, type Scores } from "./select.js";

/** Cells whose units compete, by name, with the units that each keeps. */
type Kept = ReadonlyMap<string, Uint8Array>;

export interface UnitOptions {
  /** The share of units that is kept. */
  readonly density: number;
  /** Whether the units of all cells compete, or those of each cell for themselves. */
  readonly together: boolean;
}

/**
 * The network without its least units.
 * @param scores one for each parameter, of which a unit has the norm over its weights.
 * @throws InputError when a sum or a tied read-out ties units to others, or a cell would lose all of its units.
 */
export function keepUnits(network: Network, scores: Scores, { density, together }: UnitOptions): Network {
  checkFree(network.architecture);
  if (!(density > 0 && density <= 1)) {
    throw new InputError({
      where: "density",
      what: `${density} is not above 0 and up to 1`,
      hint: "try 0.5",
    });
  }
  const norms = unitNorms(network, scores);
  const cells = cellsOf(network.architecture);
  const kept = new Map<string, Uint8Array>();
  for (const pool of together ? [cells] : cells.map((cell) => [cell])) {
    const all = Float64Array.from(pool.flatMap(({ name }) => [...norms.get(name)!]));
    const marked = highest(all, keptOf(all.length, density));
    let first = 0;
    for (const { name, size } of pool) {
      kept.set(name, marked.subarray(first, first + size));
      first += size;
    }
  }
  for (const [name, units] of kept) {
    if (units.includes(1)) continue;
    throw new InputError({
      where: `cell "${name}"`,
      what: `a density of ${density} leaves none of its ${units.length} units`,
      hint: "use a larger density, or the scope layer, in which every cell keeps as many",
    });
  }
  return shrink(network, kept);
}

function checkFree({ nodes, readout }: Architecture): void {
  const sum = nodes.find((node) => node.type === "sum");
  if (sum) {
    throw new InputError({
      where: `node "${sum.name}"`,
      what: "it adds up units of several cells, which cannot go one by one",
      hint: "use another pattern for a structure with skips",
    });
  }
  if (!readout.tied) return;
  throw new InputError({
    where: "readout",
    what: "it has the weights of the embedding, as wide as the last layer",
    hint: "use another pattern, or a network without --tie",
  });
}

/** The rows and columns of every tensor that units of cells are: the sources of its columns, and the cell of its rows. */
function axesOf({ architecture }: Network): { tensor: string; cell?: Cell; sources: readonly string[] }[] {
  return [
    ...cellsOf(architecture).flatMap((cell) => {
      const { weightIh, weightHh, biasIh, biasHh } = tensorNames(cell.name);
      return [
        { tensor: weightIh, cell, sources: cell.inputs },
        { tensor: weightHh, cell, sources: [cell.name] },
        { tensor: biasIh, cell, sources: [] },
        { tensor: biasHh, cell, sources: [] },
      ];
    }),
    { tensor: "readout.weight", sources: architecture.readout.inputs },
  ];
}

function unitNorms(network: Network, scores: Scores): Map<string, Float64Array> {
  const width = widths(network.architecture);
  const squares = new Map(
    cellsOf(network.architecture).map(({ name, size }) => [name, new Float64Array(size)]),
  );
  for (const { tensor, cell, sources } of axesOf(network)) {
    const { offset, shape, role } = network.tensor(tensor);
    if (role === "bias") continue;
    const [rows, columns] = shape;
    const ofColumns = sources.flatMap((source) =>
      Array.from({ length: width.get(source)! }, (_, unit) => ({ own: squares.get(source), unit })),
    );
    const ofRows = cell && squares.get(cell.name);
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < columns; j++) {
        const square = scores[offset + i * columns + j] ** 2;
        if (ofRows && cell) ofRows[i % cell.size] += square;
        const { own, unit } = ofColumns[j];
        // On the diagonal of a hidden matrix it is the same unit.
        if (own && !(own === ofRows && cell && unit === i % cell.size)) own[unit] += square;
      }
    }
  }
  return new Map([...squares].map(([name, own]) => [name, own.map(Math.sqrt)]));
}

/** The network of the units that are kept. */
function shrink(network: Network, kept: Kept): Network {
  const { architecture, conventions } = network;
  const width = widths(architecture);
  const countOf = (units: Uint8Array) => units.reduce((sum, bit) => sum + bit, 0);
  const nodes = architecture.nodes.map((node) => {
    const units = kept.get(node.name);
    return node.type === "cell" && units ? { ...node, size: countOf(units) } : node;
  });
  const smaller = new Network({ ...architecture, nodes }, undefined, new Map(), conventions);
  const masks = new Map<string, Uint8Array>();
  const places = new Map(axesOf(network).map(({ tensor, ...axes }) => [tensor, axes]));
  for (const { name, shape } of network.tensors.values()) {
    const axes = places.get(name);
    const columns = shape[1] ?? 1;
    const keptRows = indices(
      axes?.cell ? repeated(kept.get(axes.cell.name)!, gateCount(axes.cell.kind)) : ones(shape[0]),
    );
    const keptColumns = indices(
      axes && axes.sources.length > 0
        ? axes.sources.flatMap((source) => [...(kept.get(source) ?? ones(width.get(source)!))])
        : ones(columns),
    );
    const pick = <T extends Float32Array | Uint8Array>(from: T, to: T): T => {
      let at = 0;
      for (const i of keptRows) for (const j of keptColumns) to[at++] = from[i * columns + j];
      return to;
    };
    pick(network.values(name), smaller.values(name));
    const mask = network.masks.get(name);
    if (mask) masks.set(name, pick(mask, new Uint8Array(keptRows.length * keptColumns.length)));
  }
  return smaller.copy(new Map([...masks].filter(([, mask]) => mask.includes(0))));
}

const ones = (length: number) => new Uint8Array(length).fill(1);
const repeated = (units: Uint8Array, times: number) => Array.from({ length: times }, () => [...units]).flat();
const indices = (bits: ArrayLike<number>) => Array.from(bits).flatMap((bit, i) => (bit === 1 ? [i] : []));
