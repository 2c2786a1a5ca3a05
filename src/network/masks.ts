// A network's masks as one vector, laid out as its parameters, which is how the engine takes them.
import type { Network } from "./network.js";

/** A network's masks as one mask over its parameters: 1 where there is a weight, or no mask. */
export function maskVector({ parameters, masks, tensors }: Network): Uint8Array {
  const vector = new Uint8Array(parameters.length).fill(1);
  for (const [name, mask] of masks) vector.set(mask, tensors.get(name)!.offset);
  return vector;
}
