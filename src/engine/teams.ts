// Cells that run side by side: those of one kind that one sum adds up, such as a layer of a random structure and its skip
// cells, are one wide cell with block-diagonal recurrence, so that many tiny cells cost hardly more than one.
import type { Cell, CellKind, Sum } from "../network/architecture.js";
import type { Network } from "../network/network.js";

/** Cells of one kind that run side by side, each with its first unit among all of theirs. */
export interface Team {
  readonly kind: CellKind;
  readonly units: number;
  readonly members: readonly { cell: Cell; first: number }[];
}

/** Numbers the units of cells of one kind one after the other. */
export function team(cells: readonly Cell[]): Team {
  let units = 0;
  const placed = cells.map((cell) => {
    const first = units;
    units += cell.size;
    return { cell, first };
  });
  return { kind: cells[0].kind, units, members: placed };
}

/** Cells that only one sum reads, and beside others of their kind: by name, with the sum. */
export function absorbedCells({ architecture }: Network): Map<string, Sum> {
  const readers = new Map<string, number>();
  const count = (names: readonly string[]) => {
    for (const name of names) readers.set(name, (readers.get(name) ?? 0) + 1);
  };
  for (const node of architecture.nodes) count(node.type === "cell" ? node.inputs : node.of);
  count(architecture.readout.inputs);
  const cells = new Map<string, Cell>();
  const absorbed = new Map<string, Sum>();
  for (const node of architecture.nodes) {
    if (node.type === "cell") {
      cells.set(node.name, node);
      continue;
    }
    const own = node.of.flatMap((name) => (readers.get(name) === 1 ? (cells.get(name) ?? []) : []));
    for (const { name, kind } of own) {
      if (own.filter((other) => other.kind === kind).length > 1) absorbed.set(name, node);
    }
  }
  return absorbed;
}
