// Whole hidden units. A unit is its rows in every gate, its column in its own cell's hidden matrix and its columns wherever its
// output is read, so that a weight exists where the units of its row and of its column do. What is left of a network is
// then a smaller one, dense where it was dense.
import { InputError } from "../errors.js";
import { type Architecture, type Cell, cellsOf, gateCount, widths } from "../network/architecture.js";
import { maskVector } from "../network/masks.js";
import { Network, tensorNames } from "../network/network.js";
import { growing } from "./ranking.js";

/** A matrix whose rows are units of a cell in every gate, or outputs, and whose columns are those of its sources. */
interface Matrix {
  readonly offset: number;
  readonly rows: readonly number[];
  readonly columns: readonly number[];
}

/** The units of some cells as groups; weights have two, those of their row and column, or one of these. */
export class UnitGroups {
  readonly count: number;
  private readonly matrices: readonly Matrix[];

  /** @throws InputError when a sum or a tied read-out ties units to others. */
  constructor(
    { architecture, tensors }: Pick<Network, "architecture" | "tensors">,
    chosen: ReadonlySet<string>,
  ) {
    checkFree(architecture);
    const width = widths(architecture);
    const firsts = new Map<string, number>();
    let count = 0;
    for (const { name, size } of cellsOf(architecture)) {
      if (!chosen.has(name)) continue;
      firsts.set(name, count);
      count += size;
    }
    this.count = count;
    const units = (name: string, size: number) => {
      const first = firsts.get(name);
      return Array.from({ length: size }, (_, unit) => (first === undefined ? NONE : first + unit));
    };
    this.matrices = axesOf(architecture)
      .filter(({ tensor }) => tensors.get(tensor)?.role !== "bias")
      .map(({ tensor, cell, sources }) => {
        const { offset, shape } = tensors.get(tensor)!;
        const rows = cell
          ? Array.from({ length: gateCount(cell.kind) }, () => units(cell.name, cell.size)).flat()
          : new Array<number>(shape[0]).fill(NONE);
        return { offset, rows, columns: sources.flatMap((source) => units(source, width.get(source)!)) };
      });
  }

  norms(scores: Float32Array | Float64Array): Float64Array {
    const squares = new Float64Array(this.count);
    this.each((row, column, at) => {
      const square = scores[at] * scores[at];
      if (row !== NONE) squares[row] += square;
      // On the diagonal of a hidden matrix it is the same unit.
      if (column !== NONE && column !== row) squares[column] += square;
    });
    return squares.map(Math.sqrt);
  }

  /** By a unit's rows: another may read nothing of it. */
  present(mask: Uint8Array): Uint8Array {
    const present = new Uint8Array(this.count);
    this.each((row, _, at) => {
      if (row !== NONE) present[row] |= mask[at];
    });
    return present;
  }

  mark(marked: Uint8Array, mask: Uint8Array): void {
    const isMarked = (unit: number) => unit !== NONE && marked[unit] === 1;
    this.each((row, column, at) => {
      if (isMarked(row) || isMarked(column)) mask[at] = 1;
    });
  }

  clear(present: Uint8Array, mask: Uint8Array): void {
    const isThere = (unit: number) => unit === NONE || present[unit] === 1;
    this.each((row, column, at) => {
      if (!isThere(row) || !isThere(column)) mask[at] = 0;
    });
  }

  grow(kept: Uint8Array, worth: Float64Array, count: number): Uint8Array {
    return growing(kept, worth, count);
  }

  scale(factors: Float64Array, values: Float32Array | Float64Array): void {
    const of = (unit: number) => (unit === NONE ? 1 : factors[unit]);
    this.each((row, column, at) => {
      values[at] *= row === column ? of(row) : of(row) * of(column);
    });
  }

  products(some: Float32Array | Float64Array, others: Float32Array | Float64Array): Float64Array {
    const sums = new Float64Array(this.count);
    this.each((row, column, at) => {
      const product = some[at] * others[at];
      if (row !== NONE) sums[row] += product;
      if (column !== NONE && column !== row) sums[column] += product;
    });
    return sums;
  }

  /** Every unit has one. */
  diagonal(): Uint8Array {
    return new Uint8Array(this.count);
  }

  private each(visit: (row: number, column: number, at: number) => void): void {
    for (const { offset, rows, columns } of this.matrices) {
      let at = offset;
      for (const row of rows) {
        for (const column of columns) {
          if (row !== NONE || column !== NONE) visit(row, column, at);
          at++;
        }
      }
    }
  }
}

/** What is no unit of the chosen cells: an input, an output, or a unit of another cell. */
const NONE = -1;

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
    what: "it has the weights of the embedding, which is as wide as the last layer",
    hint: "use another pattern, or a network without --tie",
  });
}

/** Every tensor with units: the cell that its rows are of, for each gate, and the sources that its columns are of. */
function axesOf(architecture: Architecture): { tensor: string; cell?: Cell; sources: readonly string[] }[] {
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

/**
 * The network without the units of which no row exists. It computes what the given one does as long as nothing reads them.
 * @throws InputError when a cell would have none left.
 */
export function withoutAbsentUnits(network: Network): Network {
  const { architecture, conventions } = network;
  const mask = maskVector(network);
  const kept = new Map(
    cellsOf(architecture).map(({ name }) => [name, new UnitGroups(network, new Set([name])).present(mask)]),
  );
  for (const [name, units] of kept) {
    if (units.includes(1)) continue;
    throw new InputError({
      where: `cell "${name}"`,
      what: `none of its ${units.length} units is left`,
      hint: "use a larger density, or the scope layer, in which every cell keeps as many",
    });
  }
  const width = widths(architecture);
  const nodes = architecture.nodes.map((node) => {
    const units = kept.get(node.name);
    return node.type === "cell" && units ? { ...node, size: indices(units).length } : node;
  });
  const smaller = new Network({ ...architecture, nodes }, undefined, new Map(), conventions);
  const masks = new Map<string, Uint8Array>();
  const places = new Map(axesOf(architecture).map(({ tensor, ...axes }) => [tensor, axes]));
  for (const { name, shape } of network.tensors.values()) {
    const { cell, sources = [] } = places.get(name) ?? {};
    const columns = shape[1] ?? 1;
    const rowBits = cell
      ? Array.from({ length: gateCount(cell.kind) }, () => [...kept.get(cell.name)!]).flat()
      : ones(shape[0]);
    const columnBits =
      sources.length > 0
        ? sources.flatMap((source) => [...(kept.get(source) ?? ones(width.get(source)!))])
        : ones(columns);
    const [keptRows, keptColumns] = [indices(rowBits), indices(columnBits)];
    const pick = <T extends Float32Array | Uint8Array>(from: T, to: T): T => {
      let at = 0;
      for (const i of keptRows) for (const j of keptColumns) to[at++] = from[i * columns + j];
      return to;
    };
    pick(network.values(name), smaller.values(name));
    const own = network.masks.get(name);
    if (own) masks.set(name, pick(own, new Uint8Array(keptRows.length * keptColumns.length)));
  }
  return smaller.copy(new Map([...masks].filter(([, own]) => own.includes(0))));
}

const ones = (length: number) => new Array<number>(length).fill(1);
const indices = (bits: ArrayLike<number>) => Array.from(bits).flatMap((bit, i) => (bit === 1 ? [i] : []));
