// What a foreign file holds beside the network that Filigree can run: either nothing that decides its numbers, which is
// left out, or a part that Filigree does not have, which is named for what it is.
import { InputError, type Remark } from "../errors.js";
import { quote, type Safetensors, type StoredTensor } from "./safetensors.js";

const MOST_NAMED = 12;

/**
 * The file without what decides no number of the network: scalars, counters and other integers, tensors without
 * elements, and what belongs to a loss. One remark names them.
 */
export function withoutBookkeeping(file: Safetensors, where: string, remark: Remark): Safetensors {
  const kept = new Map<string, StoredTensor>();
  const left: string[] = [];
  for (const [name, tensor] of file.tensors) {
    if (isBookkeeping(name, tensor, file)) left.push(quote(name));
    else kept.set(name, tensor);
  }
  if (left.length === 0) return file;
  const named = left.slice(0, MOST_NAMED).join(", ") + (left.length > MOST_NAMED ? ", …" : "");
  remark(`${where}: left out, as no part of the network: ${named}`);
  return { ...file, tensors: kept };
}

function isBookkeeping(name: string, { dtype, shape, values }: StoredTensor, file: Safetensors): boolean {
  if (shape.length === 0 || /(^|\.)(loss|criterion)(_fn)?\./.test(name)) return true;
  const isMask = /\.mask_[ih]2h$/.test(name) || file.tensors.has(name.replace(/_mask$/, ""));
  if (/weight|bias/.test(name) || (isMask && name.includes("mask"))) return false;
  return values.length === 0 || dtype !== "F32";
}

/** @throws InputError naming the first tensor that is of a layer other than an embedding, a cell or a linear one. */
export function refuseOtherLayers(file: Safetensors, where: string): void {
  for (const [name, tensor] of file.tensors) {
    const [layer, hint] = otherLayer(name, tensor) ?? [];
    if (layer === undefined) continue;
    throw new InputError({
      where,
      what: `tensor ${quote(name)} is of ${layer}, which Filigree does not have`,
      hint,
    });
  }
}

const TRAIN_WITHOUT = "train a model without it";

function otherLayer(name: string, { shape }: StoredTensor): [layer: string, hint: string] | undefined {
  if (/weight_hr(_|$)/.test(name)) return ["an LSTM with projections", "train it with proj_size=0"];
  if (/parametrizations\.|weight(_\w+)?_[guv]$/.test(name)) {
    return [
      "a parametrised layer such as weight or spectral norm",
      "remove the parametrisation before saving the model",
    ];
  }
  if (/running_(mean|var)$/.test(name)) return ["a batch normalisation (BatchNorm)", TRAIN_WITHOUT];
  if (/in_proj_weight$|(^|[._])(attn|attention|self_attn)([._]|$)/i.test(name))
    return ["an attention layer", TRAIN_WITHOUT];
  if (/(^|[._])crf([._]|$)|transitions$/i.test(name))
    return ["a conditional random field (CRF)", TRAIN_WITHOUT];
  if (/(^|[._])[hc]_?0$|init(ial)?_(hidden|state|[hc])([._\d]|$)/i.test(name))
    return ["a learnt initial state", "train a model that begins with zeros"];
  if (shape.length > 2) return [`a convolution or another layer of shape [${shape}]`, TRAIN_WITHOUT];
  if (shape.length === 1 && /(^|\.)(weight|gamma|gain|scale)$/.test(name)) {
    return shape[0] === 1
      ? ["an activation with a weight, such as PReLU", TRAIN_WITHOUT]
      : ["a normalisation such as LayerNorm", TRAIN_WITHOUT];
  }
  return undefined;
}
