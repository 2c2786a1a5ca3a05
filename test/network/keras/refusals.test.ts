// What is no network of Filigree's is refused in one line that names it, and damage with one of Filigree's own errors.
import { unzipSync, zipSync } from "fflate";
import { describe, expect, it } from "vitest";
import { InputError } from "../../../src/errors.js";
import { Random } from "../../../src/math/random.js";
import { parseNetwork, saveNetwork } from "../../../src/network/weights.js";
import "../../../src/paths/keras.js";
import { compressedModel, kerasModels } from "./models.js";

type Json = Record<string, unknown>;

interface LayerJson {
  class_name: string;
  name?: string;
  config: Json;
  inbound_nodes?: unknown;
}

const CONFIG = "config.json";
const WEIGHTS = "model.weights.h5";

function bytesOf(name: string, file = "net.keras"): Uint8Array {
  return kerasModels.find((model) => model.name === name && model.file === file)!.bytes;
}

/** A .keras archive with another description of its model. */
function described(name: string, change: (model: { class_name: string; config: Json }) => void): Uint8Array {
  const files = unzipSync(bytesOf(name));
  const model = JSON.parse(new TextDecoder().decode(files[CONFIG]));
  change(model);
  return zipSync({ ...files, [CONFIG]: new TextEncoder().encode(JSON.stringify(model)) });
}

/** A .keras archive of which the settings of the first layer of a class are others. */
function settings(name: string, type: string, change: Json): Uint8Array {
  return described(name, ({ config }) => {
    const found = (config.layers as LayerJson[]).find((own) => own.class_name === type)!;
    Object.assign(found.config, change);
  });
}

/** A .keras archive with a layer of another class, called x, in the place of the first of one. */
function replaced(name: string, type: string, other: string): Uint8Array {
  return described(name, (model) => {
    const layers = model.config.layers as LayerJson[];
    layers[layers.findIndex((own) => own.class_name === type)] = { class_name: other, config: { name: "x" } };
  });
}

/** Bytes of which all occurrences of some are others, of the same length. */
function overwritten(bytes: Uint8Array, from: Uint8Array, to: Uint8Array): Uint8Array {
  const copy = Buffer.from(bytes);
  let found = 0;
  for (let at = copy.indexOf(from); at >= 0; at = copy.indexOf(from, at + 1), found++) copy.set(to, at);
  expect(found).toBeGreaterThan(0);
  return new Uint8Array(copy);
}

/** A .keras archive with other bytes in its weights. */
function patched(name: string, from: Uint8Array, to: Uint8Array): Uint8Array {
  const files = unzipSync(bytesOf(name));
  return zipSync({ ...files, [WEIGHTS]: overwritten(files[WEIGHTS], from, to) });
}

const text = (words: string) => new TextEncoder().encode(words);
const sizes = (...list: number[]) => new Uint8Array(BigUint64Array.from(list, BigInt).buffer);
const floats = (...list: number[]) => new Uint8Array(Float32Array.from(list).buffer);
const firstBias = () => parseNetwork(bytesOf("GRU"), "net.keras").values("readout.bias")[0];

const refused: [what: string, bytes: () => Uint8Array, message: RegExp][] = [
  [
    "reset_after=False",
    () => settings("GRU", "GRU", { reset_after: false }),
    /its GRU "gru\w*" has reset_after = False, another equation than PyTorch's and Filigree's; train it with reset_after=True/,
  ],
  [
    "another activation",
    () => settings("LSTM", "LSTM", { activation: "relu" }),
    /its LSTM "lstm\w*" has another activation: "relu"/,
  ],
  [
    "an activation of its own",
    () => settings("LSTM", "LSTM", { activation: { class_name: "function", config: "mine" } }),
    /another activation: "a function of its own"/,
  ],
  [
    "another recurrent activation",
    () => settings("LSTM", "LSTM", { recurrent_activation: "hard_sigmoid" }),
    /its LSTM "lstm\w*" has another recurrent_activation: "hard_sigmoid"/,
  ],
  ["its state", () => settings("LSTM", "LSTM", { return_state: true }), /gives its state too/],
  ["time first", () => settings("LSTM", "LSTM", { time_major: true }), /time before the batch/],
  [
    "backwards step by step",
    () => settings("backwards", "GRU", { return_sequences: true }),
    /gives its steps in reverse \(go_backwards\)/,
  ],
  [
    "a sum of directions",
    () => settings("both ways at every step", "Bidirectional", { merge_mode: "sum" }),
    /its Bidirectional "bidirectional\w*" has merge_mode "sum", and not concat/,
  ],
  [
    "directions the wrong way round",
    () =>
      described("both ways at every step", ({ config }) => {
        const [, { config: own }] = config.layers as LayerJson[];
        [own.layer, own.backward_layer] = [own.backward_layer, own.layer];
      }),
    /does not run once forwards and once backwards/,
  ],
  [
    "a convolution",
    () => replaced("GRU", "GRU", "Conv1D"),
    /its Conv1D "x" is of a class that Filigree's networks do not have; use an embedding or numbers/,
  ],
  [
    "a name of JavaScript's",
    () => replaced("GRU", "GRU", "constructor"),
    /its constructor "x" is of a class that Filigree's networks do not have/,
  ],
  [
    "a normalisation between",
    () => replaced("GRU", "Dropout", "LayerNormalization"),
    /its LayerNormalization "x" is of a class/,
  ],
  [
    "a layer that returns one step below another",
    () => settings("layers of every class, masked", "GRU", { return_sequences: false }),
    /its LSTM "lstm\w*" reads one step of a layer before it; let that return_sequences/,
  ],
  [
    "a hidden layer",
    () => replaced("GRU", "Dropout", "Dense"),
    /its head has a hidden layer: "x" comes before "dense\w*"/,
  ],
  [
    "a linear layer before the cells",
    () => replaced("both ways at every step", "Bidirectional", "Dense"),
    /stands before the recurrent layers/,
  ],
  ["no read-out", () => replaced("GRU", "Dense", "Dropout"), /its output, of the Dropout "x", is no linear/],
  [
    "another activation of the read-out",
    () => settings("GRU", "Dense", { activation: "tanh" }),
    /its read-out "dense\w*" has another activation: "tanh"; train it with softmax, sigmoid or none/,
  ],
  [
    "several answers",
    () => settings("GRU", "Dense", { activation: "sigmoid" }),
    /answers 3 questions at once \(sigmoid\)/,
  ],
  [
    "one number of symbols",
    () => settings("one sigmoid", "Dense", { activation: "linear" }),
    /its read-out "dense\w*" has one output that is a number, and no classes/,
  ],
  [
    "a softmax over one",
    () => settings("one sigmoid", "Dense", { activation: "softmax" }),
    /is a softmax over one output/,
  ],
  [
    "a model of its own class",
    () => described("GRU", (model) => Object.assign(model, { class_name: "MyModel" })),
    /a model of the class "MyModel", which does not say what it computes; build it as a Sequential/,
  ],
  [
    "an inverted normalisation",
    () => settings("standardised numbers, one forecast at every step", "Normalization", { invert: true }),
    /goes back to what was before it \(invert\)/,
  ],
  [
    "a normalisation over time",
    () => settings("standardised numbers, one forecast at every step", "Normalization", { axis: [1] }),
    /is over other axes than the last/,
  ],
  [
    "a normalisation that is not finite",
    () =>
      settings("standardised numbers, one forecast at every step", "Normalization", {
        mean: [[["NaN", 0, 0]]],
        variance: [1, 1, 1],
      }),
    /means or variances that are not finite/,
  ],
  [
    "a layer that is used twice",
    () =>
      described("skips and a sum", ({ config }) => {
        const gru = (config.layers as LayerJson[]).find((layer) => layer.class_name === "GRU")!;
        gru.inbound_nodes = [gru.inbound_nodes, gru.inbound_nodes].flat();
      }),
    /its GRU "gru\w*" is used more than once/,
  ],
  [
    "a first state",
    () =>
      described("skips and a sum", ({ config }) => {
        const layers = config.layers as LayerJson[];
        const [call] = layers.find((layer) => layer.class_name === "GRU")!.inbound_nodes as {
          args: unknown[];
          kwargs: Json;
        }[];
        call.kwargs.initial_state = call.args;
      }),
    /its GRU "gru\w*" is called with "initial_state", which Filigree's networks do not have/,
  ],
  [
    "dropout that goes on",
    () =>
      described("skips and a sum", ({ config }) => {
        const layers = config.layers as LayerJson[];
        const [call] = layers.find((layer) => layer.class_name === "Dropout")!.inbound_nodes as {
          kwargs: Json;
        }[];
        call.kwargs.training = true;
      }),
    /its Dropout "dropout\w*" is called with "training"/,
  ],
  [
    "the sum of a layer and a number",
    () =>
      described("skips and a sum", ({ config }) => {
        const layers = config.layers as LayerJson[];
        const [call] = layers.find((layer) => layer.class_name === "Add")!.inbound_nodes as {
          args: unknown[];
        }[];
        call.args = [(call.args[0] as unknown[])[0], 1];
      }),
    /its Add "add\w*" adds something that no layer gives/,
  ],
  ["a mask between", () => replaced("GRU", "Dropout", "Masking"), /stands elsewhere than behind the input/],
  [
    "an activation behind the read-out",
    () => settings("both ways twice, masked", "Activation", { activation: "elu" }),
    /its read-out "dense\w*" has another activation: "elu"/,
  ],
  [
    "two outputs",
    () =>
      described("skips and a sum", ({ config }) => {
        config.output_layers = [config.output_layers, config.output_layers];
      }),
    /more than one output/,
  ],
  [
    "other units",
    () => settings("LSTM", "LSTM", { units: 5 }),
    /its LSTM "lstm\w*" has a kernel of shape \[3,16\], not \[3,20\]; save the model again/,
  ],
  ["no units", () => settings("LSTM", "LSTM", { units: "many" }), /does not say how many units/],
  [
    "units beyond all measure",
    () => settings("LSTM", "LSTM", { units: 2 ** 50 }),
    /has a kernel of shape \[3,16\], not \[3,4503599627370496\]/,
  ],
  [
    "biases that are not there",
    () => settings("three layers without biases, every step", "LSTM", { use_bias: true }),
    /its LSTM "lstm\w*" has no bias in the file; save the whole model/,
  ],
  [
    "weights that are not there",
    () => patched("LSTM", text("lstm\0"), text("lstn\0")),
    /its LSTM "lstm\w*" has no kernel in the file; save the whole model/,
  ],
  [
    "weights that are not finite",
    () => patched("GRU", floats(firstBias()), floats(Number.NaN)),
    /tensor "dense_1\/bias" has values that are not finite: 1 of 3/,
  ],
  [
    "a dimension beyond the file",
    () => patched("LSTM", sizes(5, 3), sizes(2 ** 30, 3)),
    /its numbers "layers\/embedding\/vars\/0" are more than 33554432/,
  ],
  [
    "more than the file has",
    () => patched("LSTM", sizes(5, 3), sizes(2 ** 20, 3)),
    /are truncated: \[1048576,3\] is more than the file/,
  ],
  [
    "another shape",
    () => patched("LSTM", sizes(5, 3), sizes(3, 5)),
    /its LSTM "lstm\w*" has a kernel of shape \[3,16\], not \[5,16\]/,
  ],
  ["compressed numbers", () => compressedModel, /are stored in chunks; save it without compression/],
  [
    "an archive without weights",
    () => {
      const { [WEIGHTS]: _, ...rest } = unzipSync(bytesOf("GRU"));
      return zipSync(rest);
    },
    /there is no model.weights.h5 in it; save the model with model.save\("net.keras"\), in one file/,
  ],
  [
    "a bomb of weights",
    () => zipSync({ ...unzipSync(bytesOf("GRU")), [WEIGHTS]: new Uint8Array(2 ** 26) }),
    /its model.weights.h5 says that it holds 67108864 bytes, more than \d+/,
  ],
  [
    "a bomb of text",
    () => zipSync({ ...unzipSync(bytesOf("GRU")), [CONFIG]: new Uint8Array(2 ** 25) }),
    /its config.json says that it holds 33554432 bytes, more than \d+/,
  ],
  [
    "weights that are no HDF5",
    () => zipSync({ ...unzipSync(bytesOf("GRU")), [WEIGHTS]: text("hello, this is no HDF5 at all") }),
    /net.keras, model.weights.h5: its HDF5 is damaged, or of a kind/,
  ],
  [
    "a description that is nested",
    () => zipSync({ ...unzipSync(bytesOf("GRU")), [CONFIG]: text(`${"[".repeat(9999)}${"]".repeat(9999)}`) }),
    /its description of the model is no sound JSON/,
  ],
  [
    "no layers",
    () => described("GRU", ({ config }) => Object.assign(config, { layers: {} })),
    /has no list of layers/,
  ],
  [
    "two layers of one name",
    () =>
      described("GRU", ({ config }) => {
        for (const layer of config.layers as LayerJson[]) layer.config.name = "x";
      }),
    /it has two layers "x"/,
  ],
  [
    "HDF5 of something else",
    () => overwritten(bytesOf("GRU twice", "net.weights.h5"), text("layers\0"), text("other\0\0")),
    /is HDF5, but no model of Keras's; save the whole model: model.save\("net.keras"\)/,
  ],
  [
    "weights alone of several classes",
    () => overwritten(bytesOf("GRU twice", "net.weights.h5"), text("gru_1\0"), text("lstm\0\0")),
    /holds weights alone, which do not tell the order of recurrent layers of several classes/,
  ],
  [
    "weights alone of a class that needs settings",
    () => overwritten(bytesOf("GRU twice", "net.weights.h5"), text("embedding\0"), text("conv1d\0\0\0\0")),
    /holds weights alone, and "conv1d" is of a class that needs its settings/,
  ],
  [
    "weights alone of an output that may mean two things",
    () => unzipSync(bytesOf("one sigmoid"))[WEIGHTS],
    /do not tell whether its one output is the probability of a class or a number/,
  ],
];

describe("Keras's models", () => {
  it.each(refused)("are refused with %s", (_, bytes, message) => {
    const file = bytes();
    let error: unknown;
    try {
      parseNetwork(file, "net.keras");
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(InputError);
    expect((error as Error).message).toMatch(message);
    expect((error as Error).message).not.toContain("\n");
  });

  it("are read where the description is that of an older version", () => {
    const old = described("skips and a sum", ({ config }) => {
      for (const layer of config.layers as LayerJson[]) {
        const [call] = layer.inbound_nodes as { args: unknown[] }[];
        const args = (call?.args ?? []).flat() as { config?: { keras_history: unknown[] } }[];
        const read = args.flatMap(({ config }) => (config ? [[...config.keras_history, {}]] : []));
        layer.inbound_nodes = read.length > 0 ? [read] : [];
      }
      config.output_layers = [config.output_layers];
    });
    const [found, own] = [old, bytesOf("skips and a sum")].map((bytes) => parseNetwork(bytes, "net.keras"));
    expect(saveNetwork(found)).toEqual(saveNetwork(own));
  });

  it("are refused wherever they end too early", () => {
    for (const { bytes, file } of kerasModels.filter(({ file }) => file !== "net.keras")) {
      for (let end = 8; end < bytes.length; end += 997)
        expect(() => parseNetwork(bytes.subarray(0, end), file)).toThrow(InputError);
    }
    const archive = bytesOf("GRU");
    for (let end = 4; end < archive.length; end += 997)
      expect(() => parseNetwork(archive.subarray(0, end), "net.keras")).toThrow(InputError);
  });

  it("come to an end where structures refer to each other", () => {
    // Every address of a child becomes that of a structure before it.
    const random = new Random(1);
    const bytes = bytesOf("GRU twice", "net.weights.h5");
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    const addresses = Array.from({ length: bytes.length / 8 - 1 }, (_, i) => 8 * i).filter((at) => {
      const value = view.getBigUint64(at, true);
      return value > 0 && value < bytes.length;
    });
    for (let i = 0; i < 300; i++) {
      const copy = bytes.slice();
      const own = new DataView(copy.buffer);
      const from = view.getBigUint64(random.pick(addresses), true);
      for (let j = 0; j < 3; j++) own.setBigUint64(random.pick(addresses), from, true);
      try {
        parseNetwork(copy, "net.h5");
      } catch (error) {
        expect(error).toBeInstanceOf(InputError);
      }
    }
  });

  it("leave the console as it is", () => {
    const { warn } = console;
    expect(() => parseNetwork(compressedModel, "net.h5")).toThrow(InputError);
    expect(console.warn).toBe(warn);
  });
});

it("leaves archives of other programs to be called what they are", () => {
  const archive = zipSync({ "archive/data.pkl": text("a pickle") });
  expect(() => parseNetwork(archive, "net.pt")).toThrow(/save the model as safetensors, not as a pickle/);
});
