// The matrices whose weights a method decides over, gate by gate. All that methods compute is laid out as a network's
// parameters, and a part says where in them one gate of one matrix lies.
import { type Architecture, cellsOf, gateNames } from "../network/architecture.js";
import type { Network } from "../network/network.js";
import { matricesOf, type Target } from "./target.js";

/** The rows of one gate in one matrix. */
export interface Part {
  /** The tensor's name. */
  readonly tensor: string;
  /** The cell that it belongs to; none of the embedding and the read-out. */
  readonly cell: string | undefined;
  /** The gate's name; of the embedding and the read-out `all`. */
  readonly gate: string;
  /** Whether it multiplies the cell's own last output, so that it has a diagonal. */
  readonly hidden: boolean;
  /** The first of its weights among the parameters; they lie row by row. */
  readonly begin: number;
  readonly rows: number;
  readonly columns: number;
}

/** Matrices that are left alone unless they are asked for. */
export const extras = ["embedding", "readout"] as const;
export type Extra = (typeof extras)[number];

/** The parts of the chosen matrices, cell by cell. A tied read-out is the embedding. */
export function partsOf(
  { architecture, tensors }: Pick<Network, "architecture" | "tensors">,
  target: Target = "both",
  also: readonly Extra[] = [],
): Part[] {
  const parts = matricesOf(architecture, target).flatMap(({ cell, name }) => {
    const { offset, shape, role } = tensors.get(name)!;
    const [rows, columns] = [shape[0] / gateNames[cell.kind].length, shape[1]];
    return gateNames[cell.kind].map((gate, g) => ({
      tensor: name,
      cell: cell.name,
      gate,
      hidden: role === "hidden",
      begin: offset + g * rows * columns,
      rows,
      columns,
    }));
  });
  const whole = also.flatMap((extra) => {
    const tensor = tensors.get(`${extra}.weight`);
    if (!tensor) return [];
    const [rows, columns] = tensor.shape;
    return [
      {
        tensor: tensor.name,
        cell: undefined,
        gate: "all",
        hidden: false,
        begin: tensor.offset,
        rows,
        columns,
      },
    ];
  });
  return [...parts, ...whole];
}

/** Weights of a part. */
export function sizeOf({ rows, columns }: Pick<Part, "rows" | "columns">): number {
  return rows * columns;
}

/** The names of all gates that an architecture has. */
export function gatesOf(architecture: Architecture): string[] {
  return [...new Set(cellsOf(architecture).flatMap(({ kind }) => gateNames[kind]))];
}
