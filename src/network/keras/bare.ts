// What a file of weights alone is of (`model.save_weights`): groups are called by the classes of layers and their numbers, so that of a plain
// stack everything can be told but where it is read and what its simple cells are. What cannot be told is refused.
import { InputError, type Remark } from "../../errors.js";
import type { CellKind } from "../architecture.js";
import { kindOf } from "../foreign.js";
import { quote } from "../safetensors.js";
import type { Layer, Model, Settings } from "./config.js";
import type { Hdf5, Hdf5Numbers } from "./hdf5.js";
import { groupNames, LAYERS } from "./stores.js";

/** Groups of layers that do nothing when a trained network is used. */
const IDLE = /^(input_layer|(spatial_|gaussian_|alpha_)?dropout(1d)?|gaussian_noise)(_\d+)?$/;
const RECURRENT = ["SimpleRNN", "LSTM", "GRU", "Bidirectional"];
const HEADS = ["Dense", "TimeDistributed"];
/** Classes in the order in which they stand in a stack. */
const ORDER = ["Embedding", "Normalization", ...RECURRENT, ...HEADS];

export const SAVE_WHOLE = 'save the whole model: model.save("net.keras")';

/**
 * The model that a file of weights is of: at the most one embedding or normalisation, recurrent layers of one class and one linear layer.
 * @param cell what its simple cells are, where the caller knows.
 * @throws InputError when the file does not tell.
 */
export function bareModel(
  file: Hdf5,
  where: string,
  options: { readonly cell?: CellKind; readonly remark: Remark },
): Model {
  const counts = countClasses(file, where);
  const count = (types: readonly string[]) => types.filter((type) => counts.has(type)).length;
  if (count(RECURRENT) !== 1)
    throw untold(where, "which do not tell the order of recurrent layers of several classes, or has none");
  if (count(HEADS) !== 1) throw untold(where, "without one linear read-out");
  const repeated = [...counts].find(([type, times]) => times > 1 && !RECURRENT.includes(type));
  if (repeated) throw untold(where, `with more than one ${repeated[0]}`);
  const layers: Layer[] = [];
  for (const type of ORDER) {
    const times = counts.get(type) ?? 0;
    for (let i = 0; i < times; i++) {
      const name = `${groupNames[type]}${i > 0 ? `_${i}` : ""}`;
      // A layer is read at every step by the next one, and by a linear layer that is applied to each.
      const everyStep = i < times - 1 || counts.has("TimeDistributed");
      const settings = settingsOf(file, { type, name, everyStep }, where, options);
      layers.push({ type, name, settings, inputs: layers.slice(-1).map((layer) => layer.name) });
    }
  }
  return { layers, output: layers[layers.length - 1].name };
}

/** How many layers there are of each class. */
function countClasses(file: Hdf5, where: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const group of file.names(LAYERS)) {
    if (IDLE.test(group)) continue;
    const stem = group.replace(/_\d+$/, "");
    const type = ORDER.find((own) => groupNames[own] === stem);
    if (type === undefined) throw untold(where, `and ${quote(group)} is of a class that needs its settings`);
    counts.set(type, (counts.get(type) ?? 0) + 1);
  }
  return counts;
}

/** A layer's settings as Keras would describe them, by the shapes of its numbers. */
function settingsOf(
  file: Hdf5,
  { type, name, everyStep }: { type: string; name: string; everyStep: boolean },
  where: string,
  options: { readonly cell?: CellKind; readonly remark: Remark },
): Settings {
  switch (type) {
    case "Embedding":
      return {};
    case "Normalization":
      return { axis: -1 };
    case "Dense":
      return denseSettings(file, name, where);
    case "TimeDistributed":
      return { layer: { class_name: "Dense", config: denseSettings(file, `${name}/layer`, where) } };
    case "Bidirectional": {
      const layer = recurrentLayer(file, `${name}/forward_layer`, everyStep, where, options);
      return { layer };
    }
    default: {
      const { class_name: own, config } = recurrentLayer(file, name, everyStep, where, options);
      if (own === type) return config;
      throw untold(where, `and ${quote(name)} is not of the shape of one`);
    }
  }
}

function denseSettings(file: Hdf5, name: string, where: string): Settings {
  const [, outputs] = needed(file, `${name}/vars/0`, where).shape;
  if (outputs === 1)
    throw untold(where, "which do not tell whether its one output is the probability of a class or a number");
  return { use_bias: file.numbers(`${LAYERS}/${name}/vars/1`) !== undefined };
}

function recurrentLayer(
  file: Hdf5,
  name: string,
  everyStep: boolean,
  where: string,
  { cell, remark }: { readonly cell?: CellKind; readonly remark: Remark },
): { class_name: string; config: Settings } {
  const [units, rows] = needed(file, `${name}/cell/vars/1`, where).shape;
  const gates = rows / units;
  if (gates !== 1 && gates !== 3 && gates !== 4)
    throw untold(where, `and ${quote(name)} is not of the shape of one`);
  const bias = file.numbers(`${LAYERS}/${name}/cell/vars/2`);
  if (gates === 3 && !bias) throw untold(where, "which do not tell reset_after of a GRU without biases");
  const nothing = { tensors: new Map(), metadata: new Map() };
  const isRelu = kindOf(gates, nothing, where, { prefix: name, cell, remark }) === "rnn-relu";
  return {
    class_name: gates === 1 ? "SimpleRNN" : gates === 3 ? "GRU" : "LSTM",
    config: {
      units,
      activation: isRelu ? "relu" : "tanh",
      recurrent_activation: "sigmoid",
      use_bias: bias !== undefined,
      reset_after: bias?.shape.length === 2,
      return_sequences: everyStep,
    },
  };
}

function needed(file: Hdf5, path: string, where: string): Hdf5Numbers {
  const numbers = file.numbers(`${LAYERS}/${path}`);
  if (numbers) return numbers;
  throw new InputError({ where, what: `it has no numbers ${quote(path)}`, hint: SAVE_WHOLE });
}

function untold(where: string, what: string): InputError {
  return new InputError({ where, what: `it holds weights alone, ${what}`, hint: SAVE_WHOLE });
}
