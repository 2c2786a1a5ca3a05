// What a model of Keras's says that it is made of: its layers, what each reads, and their settings, of which nothing is believed. Keras 3
// and 2 write the same JSON but for how a layer names those that it reads.
import { InputError } from "../../errors.js";
import { quote, strictJson } from "../safetensors.js";

export type Settings = Readonly<Record<string, unknown>>;

/** A layer in its place. */
export interface Layer {
  /** Its class in Keras. */
  readonly type: string;
  readonly name: string;
  readonly settings: Settings;
  /** The names of the layers that it reads. */
  readonly inputs: readonly string[];
}

/** Layers, each after those that it reads, where the model says so, and the name of the one that is its output. */
export interface Model {
  readonly layers: readonly Layer[];
  readonly output: string;
}

const DEEPEST = 32;
const MOST_LAYERS = 4096;
const LONGEST_NAME = 200;
const AGAIN = "save the model again";

/**
 * The layers of a model by its description, Sequential or Functional.
 * @throws InputError when it is no such description.
 */
export function parseConfig(text: string, where: string): Model {
  let model: unknown;
  try {
    model = strictJson(text, DEEPEST);
  } catch {
    throw new InputError({ where, what: "its description of the model is no sound JSON", hint: AGAIN });
  }
  const { class_name: type, config } = recordOf(model);
  const isChain = type === "Sequential";
  if (!isChain && type !== "Functional" && type !== "Model") {
    throw new InputError({
      where,
      what: `it is a model of the class ${quote(String(type))}, which does not say what it computes`,
      hint: "build it as a Sequential or a Functional model",
    });
  }
  // The first versions of Keras have no more of a Sequential model than the list.
  const settings = recordOf(config);
  const list: unknown = isChain && Array.isArray(config) ? config : settings.layers;
  if (!Array.isArray(list) || list.length === 0 || list.length > MOST_LAYERS)
    throw new InputError({ where, what: "its description of the model has no list of layers", hint: AGAIN });
  const layers: Layer[] = [];
  const names = new Set<string>();
  for (const entry of list) {
    const layer = layerOf(recordOf(entry), isChain ? layers.at(-1) : undefined, isChain, where);
    if (names.has(layer.name))
      throw new InputError({ where, what: `it has two layers ${quote(layer.name)}`, hint: AGAIN });
    names.add(layer.name);
    layers.push(layer);
  }
  return { layers, output: isChain ? layers[layers.length - 1].name : outputOf(settings, where) };
}

function layerOf(entry: Settings, before: Layer | undefined, isChain: boolean, where: string): Layer {
  const settings = recordOf(entry.config);
  const type = textOf(entry.class_name);
  const name = textOf(entry.name) ?? textOf(settings.name);
  if (type === undefined || name === undefined)
    throw new InputError({ where, what: "its description of the model has a layer without class or name" });
  if (isChain) return { type, name, settings, inputs: before ? [before.name] : [] };
  const calls = Array.isArray(entry.inbound_nodes) ? entry.inbound_nodes : [];
  if (calls.length > 1)
    throw new InputError({ where, what: `its ${type} ${quote(name)} is used more than once` });
  const [call] = calls;
  const inputs = Array.isArray(call) ? call.map(oldReference) : references(recordOf(call).args);
  // Files of old have what else a layer is called with beside each layer that it reads.
  const more = Array.isArray(call)
    ? call.map((own) => recordOf(Array.isArray(own) ? own[3] : undefined))
    : [recordOf(call).kwargs];
  for (const [argument, value] of more.flatMap((own) => Object.entries(recordOf(own)))) {
    const isUsual = argument === "mask" || value === null || (argument === "training" && value !== true);
    if (isUsual) continue;
    throw new InputError({
      where,
      what: `its ${type} ${quote(name)} is called with ${quote(argument)}, which Filigree's networks do not have`,
      hint: "call it with what it reads alone",
    });
  }
  return { type, name, settings, inputs: inputs.filter((input) => input !== undefined) };
}

/** The layers whose outputs are among the arguments of a layer, one by one or in a list. */
function references(args: unknown): (string | undefined)[] {
  const flat: unknown[] = Array.isArray(args) ? args.flat() : [];
  return flat.slice(0, MOST_LAYERS).map((argument) => {
    const { class_name: type, config } = recordOf(argument);
    return type === "__keras_tensor__" ? oldReference(recordOf(config).keras_history) : undefined;
  });
}

/** A layer by its name, one of its uses and one of its outputs. */
function oldReference(value: unknown): string | undefined {
  return Array.isArray(value) ? textOf(value[0]) : undefined;
}

function outputOf({ output_layers: outputs }: Settings, where: string): string {
  const list: unknown[] = Array.isArray(outputs) ? outputs : [];
  const all = Array.isArray(list[0]) ? list : [list];
  const name = oldReference(all[0]);
  if (name !== undefined && all.length === 1) return name;
  throw new InputError({
    where,
    what: all.length > 1 ? "it has more than one output" : "its description of the model names no output",
    hint: "use a model with one output",
  });
}

/** An object's properties; none of anything else. */
export function recordOf(value: unknown): Settings {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Settings) : {};
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value.length > 0 && value.length <= LONGEST_NAME ? value : undefined;
}
