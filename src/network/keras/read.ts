// Networks from models of Keras's: what its layers compute becomes the tensors and the layout of a weight file, so that everything after it,
// conventions, masks and checks, is as for any other.
import { isZip, parseZip, type ZipEntry } from "../../data/numbers/zip.js";
import { InputError, type Remark } from "../../errors.js";
import type { Architecture, CellKind, Input } from "../architecture.js";
import { collected } from "../collected.js";
import type { FileFormat } from "../formats.js";
import type { Layout } from "../layout.js";
import { quote, type Safetensors } from "../safetensors.js";
import { bareModel, SAVE_WHOLE } from "./bare.js";
import { type Model, parseConfig } from "./config.js";
import { type Hdf5, isHdf5, type OpenHdf5 } from "./hdf5.js";
import { LAYERS, newStore, oldStore, type Store } from "./stores.js";
import { type Head, type Trace, traceLayers } from "./trace.js";

/** Files in a .keras archive. */
const CONFIG = "config.json";
const WEIGHTS = "model.weights.h5";
/** The attributes of a whole model as HDF5, and of its weights alone, as older versions of Keras save them. */
const MODEL_CONFIG = "model_config";
const LAYER_NAMES = "layer_names";

const MOST_TEXT = 2 ** 24;
/** How much smaller than its content an archive may be; weights of which most are zeros shrink to a twentieth. */
const MOST_RATIO = 100;

/**
 * Models of Keras's: `.keras`, whole models as HDF5, and weights alone as HDF5 where they tell what they are of. Cells are SimpleRNN, LSTM
 * and GRU with PyTorch's equations, in one direction or both.
 */
export function kerasFormat(open: OpenHdf5): FileFormat {
  return {
    name: "keras",
    recognises: (bytes, where) => isHdf5(bytes) || (isZip(bytes) && isKeras(bytes, where)),
    read: (bytes, where, options) => read(bytes, where, open, options),
  };
}

/** Whether a zip archive is Keras's, and not one of PyTorch's: by its name or its directory, which is at its end. */
function isKeras(bytes: Uint8Array, where: string): boolean {
  return /\.keras$/i.test(where) || new TextDecoder("latin1").decode(bytes.subarray(-1024)).includes(WEIGHTS);
}

function read(
  bytes: Uint8Array,
  where: string,
  open: OpenHdf5,
  options: { readonly cell?: CellKind; readonly remark: Remark },
): { layout: Layout; file: Safetensors } {
  const { model, store } = isHdf5(bytes)
    ? hdf5Model(open(bytes, where), where, options)
    : archivedModel(bytes, where, open);
  const trace = traceLayers(model, store, where);
  const { head, isOne } = headOf(trace, where);
  for (const line of trace.remarks) options.remark(`${where}: ${line}`);
  if (isOne) options.remark(`${where}: its one output, a sigmoid, is read as two classes, 0 and 1`);
  const metadata = new Map<string, string>();
  if (trace.standardisation) metadata.set("standardisation", JSON.stringify(trace.standardisation));
  // What is masked is skipped, so that the last step is a sequence's own.
  if (trace.isMasked) metadata.set("readAt", "last-symbol");
  const { embedding } = trace;
  const ends = {
    ...(embedding && { embedding }),
    readout: head.weight,
    ...(head.bias && { readoutBias: head.bias }),
  };
  return collected(architectureOf(trace, head, where), trace.cells, ends, metadata);
}

/** The model of a .keras archive. */
function archivedModel(bytes: Uint8Array, where: string, open: OpenHdf5): { model: Model; store: Store } {
  const entries = parseZip(bytes, where);
  const find = (name: string): ZipEntry => {
    const entry = entries.find((own) => own.name === name);
    if (entry) return entry;
    throw new InputError({
      where,
      what: `there is no ${name} in it`,
      hint: 'save the model with model.save("net.keras"), in one file',
    });
  };
  const content = (entry: ZipEntry, most: number): Uint8Array => {
    if (entry.size <= most) return entry.read();
    throw new InputError({
      where,
      what: `its ${entry.name} says that it holds ${entry.size} bytes, more than ${most}`,
      hint: "save the model again",
    });
  };
  const text = new TextDecoder().decode(
    content(find(CONFIG), Math.min(MOST_TEXT, MOST_RATIO * bytes.length)),
  );
  const model = parseConfig(text, where);
  const own = `${where}, ${WEIGHTS}`;
  const file = open(content(find(WEIGHTS), MOST_RATIO * bytes.length), own);
  return { model, store: newStore(file, model.layers) };
}

/** The model of a file of HDF5. */
function hdf5Model(
  file: Hdf5,
  where: string,
  options: { readonly cell?: CellKind; readonly remark: Remark },
): { model: Model; store: Store } {
  const [config] = file.texts("", MODEL_CONFIG) ?? [];
  if (config !== undefined) return { model: parseConfig(config, where), store: oldStore(file, where) };
  if (file.names("").includes(LAYERS)) {
    const model = bareModel(file, where, options);
    return { model, store: newStore(file, model.layers) };
  }
  const what = file.texts("", LAYER_NAMES)
    ? "it holds weights alone, and not what its layers are"
    : "it is HDF5, but no model of Keras's";
  throw new InputError({ where, what, hint: SAVE_WHOLE });
}

/** The read-out, with an output for each class, and whether it was one output for two. */
function headOf({ head }: Trace, where: string): { head: Head; isOne: boolean } {
  const { layer, weight, bias, activation } = head;
  const fail = (what: string, hint?: string): never => {
    throw new InputError({ where, what: `its read-out ${quote(layer)} ${what}`, hint });
  };
  if (activation === "linear" || activation === "softmax") {
    if (activation === "softmax" && weight.shape[0] === 1) fail("is a softmax over one output, which is 1");
    return { head, isOne: false };
  }
  if (activation !== "sigmoid")
    return fail(`has another activation: ${quote(activation)}`, "train it with softmax, sigmoid or none");
  const [outputs, width] = weight.shape;
  if (outputs !== 1)
    return fail(
      `answers ${outputs} questions at once (sigmoid), and does not choose among classes`,
      "train it with softmax",
    );
  // The softmax of 0 and z is 1 - sigmoid(z) and sigmoid(z).
  const withZeros = (values: Float32Array) =>
    Float32Array.from({ length: 2 * values.length }, (_, i) =>
      i < values.length ? 0 : values[i - values.length],
    );
  return {
    head: {
      ...head,
      weight: { ...weight, shape: [2, width], values: withZeros(weight.values) },
      ...(bias && { bias: { ...bias, shape: [2], values: withZeros(bias.values) } }),
    },
    isOne: true,
  };
}

function architectureOf(
  { nodes, embedding, width, read: inputs, everyStep }: Trace,
  head: Head,
  where: string,
): Architecture {
  const [outputs] = head.weight.shape;
  if (outputs === 1 && embedding) {
    throw new InputError({
      where,
      what: `its read-out ${quote(head.layer)} has one output that is a number, and no classes to choose among`,
      hint: "train it with sigmoid, or with one output for each class",
    });
  }
  const input: Input = embedding
    ? { kind: "symbols", vocabulary: embedding.shape[0], width }
    : { kind: "values", width };
  return {
    input,
    nodes,
    readout: {
      inputs,
      outputs,
      ...(everyStep && { at: "every-step" }),
      ...(outputs === 1 && { predicts: "numbers" }),
    },
  };
}
