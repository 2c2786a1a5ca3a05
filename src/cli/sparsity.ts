// What verbs tell of a network that was made sparse.

import { maskVector } from "../network/masks.js";
import type { Network } from "../network/network.js";
import { partDensities } from "../sparsify/density.js";
import { partsOf } from "../sparsify/parts.js";
import { densities } from "../sparsify/prune.js";
import { percent, table } from "./command.js";
import type { SparsifyVerbOptions } from "./sparsify.js";

/** For a JSON document: the method, and how many weights each matrix has. */
export function sparsityOf(network: Network, { sparsify }: SparsifyVerbOptions): object {
  if (sparsify === undefined) return {};
  const nonzeros = Object.fromEntries(densities(network).map(({ name, nonzeros }) => [name, nonzeros]));
  return { sparsify, nonzeros };
}

/** In lines: the densities of every matrix, gate by gate. */
export function describeSparse(network: Network, { sparsify, also, target }: SparsifyVerbOptions): string[] {
  if (sparsify === undefined) return [];
  const parts = partDensities(partsOf(network, target, also), maskVector(network));
  const gates = [...new Set(parts.map(({ part }) => part.gate))];
  const tensors = [...new Set(parts.map(({ part }) => part.tensor))];
  const rows = tensors.map((tensor) => [
    tensor,
    ...gates.map((gate) => {
      const own = parts.find(({ part }) => part.tensor === tensor && part.gate === gate);
      return own ? percent(own.nonzeros / own.weights, 1) : "";
    }),
  ]);
  return [table(["density of", ...gates], rows)];
}
