// Sparsity made by torch.nn.utils.prune: a pruned tensor is stored as `NAME_orig` and `NAME_mask`, and PyTorch computes
// with their product. Here the product takes the tensor's name, so that nothing else need know how it was stored.
import { InputError, type Remark } from "../errors.js";
import { maskOf } from "./layout.js";
import { quote, type Safetensors, type StoredTensor } from "./safetensors.js";

/**
 * The file with each `NAME_orig` multiplied by its `NAME_mask` under the name itself, and by these names those of the
 * masks, which stay. A bias is multiplied too, but keeps no mask, which is said.
 * @throws InputError when one of the two is missing or they do not fit.
 */
export function applyMasks(
  file: Safetensors,
  where: string,
  remark: Remark,
): { file: Safetensors; masks: ReadonlyMap<string, string> } {
  const tensors = new Map<string, StoredTensor>(file.tensors);
  const masks = new Map<string, string>();
  for (const [original, stored] of file.tensors) {
    const name = /^(.*)_orig$/s.exec(original)?.[1];
    // Spectral norm stores an original too, beside vectors.
    if (name === undefined || file.tensors.has(`${name}_u`)) continue;
    const maskName = `${name}_mask`;
    const fail = (what: string): never => {
      throw new InputError({
        where,
        what: `tensor ${quote(original)} of torch.nn.utils.prune ${what}`,
        hint: "save the whole state dict, or make pruning permanent with prune.remove",
      });
    };
    const mask = file.tensors.get(maskName) ?? fail(`has no ${quote(maskName)} beside it`);
    if (file.tensors.has(name)) fail(`stands beside ${quote(name)}, which it should replace`);
    const bits = maskOf(mask, maskName, where);
    if (bits.length !== stored.values.length) fail(`has another shape than ${quote(maskName)}`);
    if (stored.dtype !== "F32") return fail(`is of type ${stored.dtype}, not floating point`);
    tensors.delete(original);
    tensors.set(name, { ...stored, values: stored.values.map((value, i) => (bits[i] === 0 ? 0 : value)) });
    if (stored.shape.length === 2) {
      masks.set(name, maskName);
    } else {
      tensors.delete(maskName);
      if (bits.includes(0))
        remark(`${where}: ${name} is read under its mask, which retraining will not keep`);
    }
  }
  return { file: { ...file, tensors }, masks };
}
