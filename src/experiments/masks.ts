// The masks of a stored network as a report draws them.
import { cellsOf, gateCount } from "../network/architecture.js";
import { tensorNames } from "../network/network.js";
import { parseNetwork } from "../network/weights.js";
import type { MaskPicture } from "../report/charts/masks.js";

/** The masks of the cells of a network, from the bytes of its file; 1 where a matrix is not masked. */
export function maskedMatrices(weights: Uint8Array): MaskPicture["matrices"] {
  const network = parseNetwork(weights, "a stored network");
  return cellsOf(network.architecture).flatMap((cell) => {
    const { weightIh, weightHh } = tensorNames(cell.name);
    return [weightIh, weightHh].map((name) => {
      const [rows, columns] = network.tensor(name).shape;
      const mask = network.masks.get(name) ?? new Uint8Array(rows * columns).fill(1);
      return { name, rows, columns, gates: gateCount(cell.kind), mask };
    });
  });
}
