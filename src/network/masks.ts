// A network's masks as one vector, laid out as its parameters, which is how the engine takes them and methods change them.
import type { Network } from "./network.js";

/** A network's masks as one mask over its parameters: 1 where there is a weight, or no mask. */
export function maskVector({ parameters, masks, tensors }: Network): Uint8Array {
  const vector = new Uint8Array(parameters.length).fill(1);
  for (const [name, mask] of masks) vector.set(mask, tensors.get(name)!.offset);
  return vector;
}

/** The reverse: a mask for each matrix of which something is absent. */
export function masksOf({ tensors }: Pick<Network, "tensors">, mask: Uint8Array): Map<string, Uint8Array> {
  const masks = [...tensors.values()].map(({ name, offset, length }) => {
    return [name, mask.slice(offset, offset + length)] as const;
  });
  return new Map(masks.filter(([, own]) => own.includes(0)));
}
