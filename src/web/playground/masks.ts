// What the reader's changes make of a mask: which weights exist, one byte for each parameter.
import { maskVector } from "../../network/masks.js";
import type { Network } from "../../network/network.js";
import { partsOf, sizeOf } from "../../sparsify/parts.js";
import { prune } from "../../sparsify/prune.js";

import type { Change } from "./edits.js";

/**
 * The mask after a change.
 * @param network as it is; its masks are those before.
 */
export function changed(network: Network, change: Change): Uint8Array {
  const mask = maskVector(network);
  const { parameters } = network;
  const parts = partsOf(network);
  switch (change.kind) {
    case "below":
      for (const part of parts) {
        for (let i = part.begin; i < part.begin + sizeOf(part); i++)
          if (Math.abs(parameters[i]) < change.threshold) mask[i] = 0;
      }
      return mask;
    case "prune":
      return maskVector(prune(network, { percent: change.percent }));
    case "regrow-all":
      return mask.fill(1);
    default: {
      const places = new Set(prunable(network));
      for (const i of change.weights) if (places.has(i)) mask[i] = Number(change.kind === "regrow");
      return mask;
    }
  }
}

/** The places of all weights that may go: those of matrices, not of biases. */
function prunable(network: Network): number[] {
  return [...network.tensors.values()]
    .filter(({ role }) => role !== "bias")
    .flatMap(({ offset, length }) => Array.from({ length }, (_, i) => offset + i));
}
