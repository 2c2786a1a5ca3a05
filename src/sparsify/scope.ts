// Which weights compete with each other: the percentage to remove holds for each pool of them alone.
import { gateCount } from "../network/architecture.js";
import type { Network } from "../network/network.js";
import type { Matrix } from "./target.js";

/**
 * `global`: all chosen matrices of all cells together (Darji 2021). `layer`: the chosen matrices of one cell.
 * `matrix`: one matrix. `gate`: the rows of one gate in one matrix.
 */
export const scopes = ["global", "layer", "matrix", "gate"] as const;
export type Scope = (typeof scopes)[number];

/** Consecutive weights of a matrix, `begin` to before `end`, row by row. */
export interface Span {
  readonly name: string;
  readonly begin: number;
  readonly end: number;
}

/** The pools in which weights compete, as spans of their matrices. */
export function poolsOf(network: Network, matrices: readonly Matrix[], scope: Scope): Span[][] {
  const whole = ({ name }: Matrix): Span => ({ name, begin: 0, end: network.tensor(name).length });
  switch (scope) {
    case "global":
      return [matrices.map(whole)];
    case "layer": {
      const cells = new Set(matrices.map(({ cell }) => cell));
      return [...cells].map((cell) => matrices.filter((matrix) => matrix.cell === cell).map(whole));
    }
    case "matrix":
      return matrices.map((matrix) => [whole(matrix)]);
    case "gate":
      return matrices.flatMap(({ cell, name }) => {
        const gates = gateCount(cell.kind);
        const size = network.tensor(name).length / gates;
        return Array.from({ length: gates }, (_, g) => [{ name, begin: g * size, end: (g + 1) * size }]);
      });
  }
}
