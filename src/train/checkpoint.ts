// Checkpoints: all that a training needs to go on as if nothing had happened, as one safetensors file.

import type { TrainingState } from "../engine/executor.js";
import { InputError } from "../errors.js";
import { parse, type Safetensors, type StoredTensor, serialise } from "../network/safetensors.js";

const FORMAT = "filigree-checkpoint";
const VERSION = "1";

/** A state with what its owner wants to remember beside it: named texts. */
export interface Checkpoint {
  readonly state: TrainingState;
  readonly notes: ReadonlyMap<string, string>;
}

/** The bytes of a checkpoint; equal checkpoints give equal bytes. */
export function encodeCheckpoint({ state, notes }: Checkpoint): Uint8Array {
  const vector = (values: Float32Array): StoredTensor => ({ dtype: "F32", shape: [values.length], values });
  return serialise({
    tensors: new Map([
      ["parameters", vector(state.parameters)],
      ["first_moment", vector(state.firstMoment)],
      ["second_moment", vector(state.secondMoment)],
    ]),
    metadata: new Map([[FORMAT, VERSION], ["step", String(state.step)], ...notes]),
  });
}

/** The checkpoint in some bytes. @throws InputError when they are not one. */
export function decodeCheckpoint(bytes: Uint8Array, where: string): Checkpoint {
  const refuse = (what: string, cause?: unknown): never => {
    throw new InputError({ where, what, hint: "delete it and start again", cause });
  };
  let file: Safetensors;
  try {
    file = parse(bytes, where);
  } catch (error) {
    // The advice for a network, to get or save it again, is of no use here.
    return refuse("the checkpoint is damaged", error);
  }
  if (file.metadata.get(FORMAT) !== VERSION) refuse("it is not a checkpoint of this version");
  const vector = (name: string): Float32Array => {
    const values = file.tensors.get(name)?.values;
    return values instanceof Float32Array ? values : refuse(`the checkpoint lacks ${name}`);
  };
  const step = Number(file.metadata.get("step"));
  if (!Number.isSafeInteger(step) || step < 0) refuse("its number of updates is impossible");
  const state = {
    parameters: vector("parameters"),
    firstMoment: vector("first_moment"),
    secondMoment: vector("second_moment"),
    step,
  };
  return { state, notes: file.metadata };
}
