// Where Keras keeps the numbers of each layer: Keras 3 by the class of a layer and its number among those of the class, files of old by its
// name, with a list of what it has.
import { InputError } from "../../errors.js";
import { quote } from "../safetensors.js";
import type { Layer } from "./config.js";
import type { Hdf5, Hdf5Numbers } from "./hdf5.js";

/** Parts of a layer that have numbers of their own, as Keras 3 calls them. */
export type Part = "" | "cell" | "layer" | "forward_layer/cell" | "backward_layer/cell";

/** The numbers of layers. */
export interface Store {
  /**
   * The numbers that are `at` among those of a part of a layer; undefined where there are not so many.
   * @throws InputError when they are no floating-point numbers.
   */
  read(layer: Layer, part: Part, at: number): Hdf5Numbers | undefined;
}

/** The classes that have numbers, and what their groups are called. */
export const groupNames: Readonly<Record<string, string>> = {
  Embedding: "embedding",
  Normalization: "normalization",
  SimpleRNN: "simple_rnn",
  LSTM: "lstm",
  GRU: "gru",
  Bidirectional: "bidirectional",
  TimeDistributed: "time_distributed",
  Dense: "dense",
};

/** The group of the layers of a file of Keras 3. */
export const LAYERS = "layers";

/** The store of Keras 3. @param layers all, in the model's order. */
export function newStore(file: Hdf5, layers: readonly Layer[]): Store {
  const groups = new Map<Layer, string>();
  const counts = new Map<string, number>();
  for (const layer of layers) {
    const count = counts.get(layer.type) ?? 0;
    counts.set(layer.type, count + 1);
    groups.set(layer, `${groupNames[layer.type]}${count > 0 ? `_${count}` : ""}`);
  }
  return {
    read: (layer, part, at) =>
      file.numbers([LAYERS, groups.get(layer), part, "vars", at].filter((name) => name !== "").join("/")),
  };
}

/** The group and attribute of whole models as HDF5, as older versions of Keras save them. */
const WEIGHTS = "model_weights";
const NAMES = "weight_names";

/** The store of a whole model as HDF5. */
export function oldStore(file: Hdf5, where: string): Store {
  return {
    read(layer, part, at) {
      const group = `${WEIGHTS}/${layer.name}`;
      const names = file.texts(group, NAMES) ?? [];
      // Both directions are one list.
      const half = names.length / 2;
      const isPair = part.includes("/");
      const own = isPair ? names.slice(...(part.startsWith("forward") ? [0, half] : [half])) : names;
      if (isPair && !Number.isInteger(half))
        throw new InputError({
          where,
          what: `its directions of ${quote(layer.name)} differ in their weights`,
        });
      return own[at] === undefined ? undefined : file.numbers(`${group}/${own[at]}`);
    },
  };
}
