// How many numbers a network of some width has, from which follow the width of a dense network that has as many as a sparse
// one, and the sparsity at which a wider network has as many as a dense one.
import { type CellKind, tensorsOf } from "../network/architecture.js";
import { stack } from "../network/network.js";
import { matricesOf, type Target } from "../sparsify/target.js";

/** What a network of some width is like besides. */
export interface Widths {
  readonly layers: number;
  /** Of symbols; as wide as a layer when left out. */
  readonly embedding?: number;
  /** Symbols that are read, or numbers. */
  readonly vocabulary?: number;
  readonly values?: number;
  readonly outputs: number;
}

/** The numbers of a network, and those of them in its cells' matrices. */
export interface Size {
  readonly parameters: number;
  readonly weights: number;
}

/** The size of a dense network. @param target of which matrices `weights` tells. */
export function sizeOf(cell: CellKind, hidden: number, widths: Widths, target: Target = "both"): Size {
  const architecture = stack({ cell, hidden, ...widths });
  const { tensors } = tensorsOf(architecture);
  const sum = (lengths: readonly number[]) => lengths.reduce((total, length) => total + length, 0);
  return {
    parameters: sum([...tensors.values()].map(({ length }) => length)),
    weights: sum(matricesOf(architecture, target).map(({ name }) => tensors.get(name)?.length ?? 0)),
  };
}

/** The units of the dense network whose numbers are nearest to those that a sparse one keeps. @param sparsity in percent. */
export function smallWidth(cell: CellKind, hidden: number, widths: Widths, sparsity: number): number {
  const { parameters, weights } = sizeOf(cell, hidden, widths);
  const wanted = parameters - (weights * sparsity) / 100;
  let best = 1;
  for (let units = 1; units <= hidden; units++) {
    const distance = (width: number) => Math.abs(sizeOf(cell, width, widths).parameters - wanted);
    if (distance(units) < distance(best)) best = units;
  }
  return best;
}

/** The sparsity, in percent with one decimal, at which a network of `wide` units has as many numbers as a dense one of `hidden`. */
export function equalSparsity(cell: CellKind, hidden: number, wide: number, widths: Widths): number {
  const { parameters, weights } = sizeOf(cell, wide, widths);
  const removed = parameters - sizeOf(cell, hidden, widths).parameters;
  return Math.round((1000 * removed) / weights) / 10;
}
