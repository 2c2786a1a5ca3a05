// Networks that strangers bring: every way to be sparse, names of every kind, and parts that Filigree does not have.
import { describe, expect, it } from "vitest";
import type { Dataset } from "../../src/data/dataset.js";
import { createDataset } from "../../src/data/dataset.js";
import { InputError } from "../../src/errors.js";
import { Random } from "../../src/math/random.js";
import { type CellKind, gateCount } from "../../src/network/architecture.js";
import type { Network } from "../../src/network/network.js";
import { parse, type StoredTensor, serialise } from "../../src/network/safetensors.js";
import { parseNetwork, type ReadOptions, saveNetwork } from "../../src/network/weights.js";
import "../../src/thesis/format.js";
import { prune } from "../../src/sparsify/prune.js";
import { classify } from "../../src/train/classify.js";
import { evaluate } from "../../src/train/evaluate.js";
import { train } from "../../src/train/train.js";

type Tensors = Record<string, StoredTensor>;

const random = new Random("foreign");
/** Values without an exact zero. */
const floats = (...shape: number[]): StoredTensor => {
  const length = shape.reduce((product, extent) => product * extent, 1);
  return { dtype: "F32", shape, values: Float32Array.from({ length }, () => random.uniform() + 0.01) };
};
const bits = (dtype: "F32" | "U8" | "I64", shape: number[], zeros: number[]): StoredTensor => {
  const length = shape.reduce((product, extent) => product * extent, 1);
  const list = Array.from({ length }, (_, i) => (zeros.includes(i) ? 0 : 1));
  if (dtype === "F32") return { dtype, shape, values: Float32Array.from(list) };
  if (dtype === "U8") return { dtype, shape, values: Uint8Array.from(list) };
  return { dtype, shape, values: BigInt64Array.from(list, BigInt) };
};
const withZeros = (tensor: StoredTensor, ...zeros: number[]): StoredTensor => ({
  ...tensor,
  dtype: "F32",
  values: (tensor.values as Float32Array).map((value, i) => (zeros.includes(i) ? 0 : value)),
});

/** A recurrent module: one layer unless more are given, of `size` units on `inputs` numbers. */
const module = (
  prefix: string,
  kind: CellKind,
  inputs: number,
  size: number,
  { layers = 1, suffix = (layer: number) => `_l${layer}` } = {},
): Tensors => {
  const rows = gateCount(kind) * size;
  return Object.fromEntries(
    Array.from({ length: layers }, (_, layer) => [
      [`${prefix}weight_ih${suffix(layer)}`, floats(rows, layer === 0 ? inputs : size)],
      [`${prefix}weight_hh${suffix(layer)}`, floats(rows, size)],
      [`${prefix}bias_ih${suffix(layer)}`, floats(rows)],
      [`${prefix}bias_hh${suffix(layer)}`, floats(rows)],
    ]).flat(),
  );
};
const gru = (): Tensors => ({
  "embedding.weight": floats(5, 3),
  ...module("rnn.", "gru", 3, 2),
  "fc.weight": floats(2, 2),
  "fc.bias": floats(2),
});
const without = (tensors: Tensors, ...names: string[]): Tensors =>
  Object.fromEntries(Object.entries(tensors).filter(([name]) => !names.includes(name)));

const bytesOf = (tensors: Tensors, metadata: Record<string, string> = {}) =>
  serialise({ tensors: new Map(Object.entries(tensors)), metadata: new Map(Object.entries(metadata)) });

const read = (tensors: Tensors, metadata: Record<string, string> = {}, options: ReadOptions = {}) => {
  const remarks: string[] = [];
  const remark = (line: string) => remarks.push(line);
  const network = parseNetwork(bytesOf(tensors, metadata), "net", { remark, ...options });
  return { network, remarks: remarks.filter((line) => !/: read at |ASCII/.test(line)) };
};
const shapeOf = ({ architecture: { input, nodes, readout } }: Network) => ({
  vocabulary: input.kind === "symbols" ? input.vocabulary : 0,
  embedding: input.width,
  cells: nodes.map((node) => node.type === "cell" && `${node.kind} ${node.size} of ${node.inputs}`),
  outputs: readout.outputs,
  tied: readout.tied ?? false,
});

/** Trains on the same strings that it tests on. */
const trainOn = (network: Network, data: Dataset, epochs: number) =>
  train(network, classify(network, { train: data, test: data }, { batch: 2 }), { epochs, seed: 1 });

describe("sparsity made with torch.nn.utils.prune", () => {
  it.each<[string, string, string, number[]]>([
    ["a recurrent matrix", "rnn.weight_hh_l0", "cells.0.weight_hh", [6, 2]],
    ["an input matrix", "rnn.weight_ih_l0", "cells.0.weight_ih", [6, 3]],
    ["the head", "fc.weight", "readout.weight", [2, 2]],
    ["the embedding", "embedding.weight", "embedding.weight", [5, 3]],
  ])("is read as a mask of %s, whatever its type", (_, name, own, shape) => {
    for (const dtype of ["F32", "U8", "I64"] as const) {
      const whole = gru();
      const tensors = {
        ...without(whole, name),
        [`${name}_orig`]: whole[name],
        [`${name}_mask`]: bits(dtype, shape, [0, 3]),
      };
      const { network, remarks } = read(tensors);
      expect([...network.masks.keys()]).toEqual([own]);
      expect(network.nonzeros(own)).toBe(shape[0] * shape[1] - 2);
      expect(network.values(own)).toEqual(withZeros(whole[name], 0, 3).values);
      expect(remarks).toEqual([]);
      // And Filigree's own file keeps it.
      const back = parseNetwork(saveNetwork(network), "own");
      expect(back.masks).toEqual(network.masks);
      expect(back.parameters).toEqual(network.parameters);
    }
  });

  it("is applied to a bias, which keeps no mask", () => {
    const whole = gru();
    const tensors = {
      ...without(whole, "fc.bias"),
      "fc.bias_orig": whole["fc.bias"],
      "fc.bias_mask": bits("F32", [2], [1]),
    };
    const { network, remarks } = read(tensors);
    expect(network.values("readout.bias")).toEqual(withZeros(whole["fc.bias"], 1).values);
    expect(remarks).toEqual(["net: fc.bias is read under its mask, which retraining will not keep"]);
  });

  it.each<[string, Tensors, string]>([
    [
      "without its mask",
      {},
      'tensor "fc.weight_orig" of torch.nn.utils.prune has no "fc.weight_mask" beside it',
    ],
    [
      "with a mask of another shape",
      { "fc.weight_mask": bits("F32", [3], []) },
      'has another shape than "fc.weight_mask"',
    ],
    [
      "with a mask of shares",
      { "fc.weight_mask": floats(2, 2) },
      '"fc.weight_mask" is a mask, but holds more than 0 and 1',
    ],
    [
      "beside the weights that it replaces",
      { "fc.weight": floats(2, 2), "fc.weight_mask": bits("F32", [2, 2], []) },
      'stands beside "fc.weight"',
    ],
  ])("is refused %s", (_, more, message) => {
    const tensors = { ...without(gru(), "fc.weight"), "fc.weight_orig": floats(2, 2), ...more };
    expect(() => read(tensors)).toThrow(message);
  });
});

describe("exact zeros", () => {
  const sparse = () => {
    const tensors = gru();
    tensors["rnn.weight_ih_l0"] = withZeros(tensors["rnn.weight_ih_l0"], 1, 2, 17);
    tensors["rnn.weight_hh_l0"] = withZeros(tensors["rnn.weight_hh_l0"], 5);
    tensors["fc.weight"] = withZeros(tensors["fc.weight"], 0);
    tensors["embedding.weight"] = withZeros(tensors["embedding.weight"], 0, 1, 2);
    return tensors;
  };

  it("of recurrent matrices are a mask, which is said once", () => {
    const { network, remarks } = read(sparse());
    expect([...network.masks.keys()].sort()).toEqual(["cells.0.weight_hh", "cells.0.weight_ih"]);
    expect(network.nonzeros("cells.0.weight_ih")).toBe(15);
    expect(network.nonzeros("cells.0.weight_hh")).toBe(11);
    expect(remarks).toEqual([
      "net: 4 exact zeros in its recurrent matrices are taken for a mask; --no-zeros-as-mask takes them for weights",
    ]);
  });

  it("are weights when the caller says so, and in Filigree's own files", () => {
    const { network, remarks } = read(sparse(), {}, { zerosAsMask: false });
    expect(network.masks.size).toBe(0);
    expect(remarks).toEqual([]);
    expect(parseNetwork(saveNetwork(network), "own").masks.size).toBe(0);
  });

  it("are weights in the thesis's files", () => {
    const renamed = Object.entries(sparse()).map(([name, tensor]) => [
      name.replace(/^rnn\.(.*)_l0$/, "recurrent.recurrent_layers.0.$1").replace(/^fc/, "out"),
      tensor,
    ]);
    expect(read(Object.fromEntries(renamed)).network.masks.size).toBe(0);
  });

  it("are weights beside a mask that the file has", () => {
    const tensors = sparse();
    const zeros = tensors["rnn.weight_hh_l0"];
    const masked = {
      ...without(tensors, "rnn.weight_hh_l0"),
      "rnn.weight_hh_l0_orig": zeros,
      "rnn.weight_hh_l0_mask": bits("F32", [6, 2], [0]),
    };
    expect(read(masked).network.nonzeros("cells.0.weight_hh")).toBe(11);
    expect(read(masked).network.masks.get("cells.0.weight_hh")![5]).toBe(1);
  });

  it("stay zero when the network is retrained", async () => {
    const { network } = read({ ...sparse(), "embedding.weight": floats(128, 3) });
    const data = createDataset(["ab", "ba", "aab", "b"], [1, 0, 1, 0]);
    const retrained = await trainOn(network, data, 2);
    expect(retrained.masks).toEqual(network.masks);
    expect(retrained.values("cells.0.weight_hh")[5]).toBe(0);
    expect(retrained.values("cells.0.weight_hh")[4]).not.toBe(network.values("cells.0.weight_hh")[4]);
  });
});

describe("tied embeddings", () => {
  const stored = (): Tensors => ({
    "encoder.weight": floats(9, 4),
    ...module("rnn.", "lstm", 4, 4),
    "decoder.bias": floats(9),
  });
  const same = floats(9, 4);

  it.each<[string, Tensors, Record<string, string>]>([
    ["stored once", stored(), {}],
    ["stored once, as safetensors' metadata says", stored(), { "decoder.weight": "encoder.weight" }],
    [
      "stored under the read-out's name",
      { "decoder.weight": floats(9, 4), "decoder.bias": floats(9), ...module("rnn.", "lstm", 4, 4) },
      { "encoder.weight": "decoder.weight" },
    ],
    [
      "stored twice",
      { "a.weight": same, "b.weight": same, "b.bias": floats(9), ...module("", "lstm", 4, 4) },
      {},
    ],
    ["without a bias", without(stored(), "decoder.bias"), {}],
  ])("%s are read", (_, tensors, metadata) => {
    const { network, remarks } = read(tensors, metadata);
    expect(shapeOf(network)).toEqual({
      vocabulary: 9,
      embedding: 4,
      cells: ["lstm 4 of embedding"],
      outputs: 9,
      tied: true,
    });
    const table = Object.entries(tensors).find(([, { shape }]) => shape[0] === 9 && shape.length === 2)![1];
    expect(network.values("embedding.weight")).toEqual(table.values);
    expect(network.tensors.has("readout.weight")).toBe(false);
    const bias = Object.entries(tensors).find(([name, { shape }]) => shape[0] === 9 && /bias/.test(name));
    expect(network.values("readout.bias")).toEqual(bias?.[1].values ?? new Float32Array(9));
    expect(remarks).toEqual(["net: its read-out is tied to its embedding, so its classes are its symbols"]);
  });

  it("are stored once in Filigree's own file, pruned or not", () => {
    const { network } = read(stored());
    for (const subject of [network, prune(network, { percent: 50 })]) {
      const bytes = saveNetwork(subject);
      expect(parse(bytes, "own").tensors.has("readout.weight")).toBe(false);
      const back = parseNetwork(bytes, "own");
      expect(back.architecture).toEqual(network.architecture);
      expect(back.parameters).toEqual(subject.parameters);
      expect(back.masks).toEqual(subject.masks);
    }
  });

  it("may be masked", () => {
    const tensors = stored();
    const masked = {
      ...without(tensors, "encoder.weight"),
      "encoder.weight_orig": tensors["encoder.weight"],
      "encoder.weight_mask": bits("F32", [9, 4], [7]),
    };
    const { network } = read(masked);
    expect([...network.masks.keys()].sort()).toEqual(["embedding.weight"]);
    expect(parseNetwork(saveNetwork(network), "own").masks).toEqual(network.masks);
  });
});

describe("tied and masked embeddings", () => {
  const data = createDataset(["\x01\x02", "\x03"], [1, 0]);
  const masked = () => ({
    ...without(gru(), "embedding.weight"),
    "embedding.weight_orig": floats(5, 3),
    "embedding.weight_mask": bits("F32", [5, 3], [3]),
  });
  const tied = () => ({ "e.weight": floats(5, 2), ...module("", "gru", 2, 2), "d.bias": floats(5) });

  it.each([
    ["masked", masked],
    ["tied", tied],
  ])("are evaluated: %s", async (_, tensors) => {
    const { network } = read(tensors());
    const { total, logits } = await evaluate(network, data, { batch: 2 });
    expect(total).toBe(2);
    expect(logits.every(Number.isFinite)).toBe(true);
  });

  it("keep their mask while they are trained", async () => {
    const { network } = read(masked());
    const mask = network.masks.get("embedding.weight")!;
    expect(mask).toContain(0);
    const trained = await trainOn(network, data, 2);
    const values = trained.values("embedding.weight");
    expect(values).not.toEqual(network.values("embedding.weight"));
    expect([...values].filter((value, i) => mask[i] === 0 && value !== 0)).toEqual([]);
    expect(trained.masks).toEqual(network.masks);
  });

  it("stay tied while they are trained", async () => {
    const { network } = read(tied());
    const trained = await trainOn(network, data, 1);
    expect(trained.values("embedding.weight")).not.toEqual(network.values("embedding.weight"));
    expect(trained.tensors.has("readout.weight")).toBe(false);
  });
});

describe("names of all kinds", () => {
  const around = (embedding: string, head: string, cells = module("m.", "lstm", 3, 2)) => ({
    [embedding]: floats(5, 3),
    ...cells,
    [head]: floats(2, 2),
    [head.replace(/weight$/, "bias")]: floats(2),
  });
  const found = { vocabulary: 5, embedding: 3, cells: ["lstm 2 of embedding"], outputs: 2, tied: false };

  it.each([
    ["word_embeddings.weight", "hidden2tag.weight"],
    ["module.tok.weight", "module.classifier.weight"],
    ["_orig_mod.out.weight", "_orig_mod.embedding.weight"],
    ["0.weight", "2.weight"],
  ])("%s and %s are an embedding and a read-out by their shapes", (embedding, head) => {
    expect(shapeOf(read(around(embedding, head)).network)).toEqual(found);
  });

  it("tell the two apart where their shapes do not: by the bias, the names, the rows", () => {
    const square = (tensors: Tensors) =>
      shapeOf(read({ ...tensors, ...module("rnn.", "gru", 2, 2) }).network);
    const [table, head] = [floats(7, 2), floats(3, 2)];
    const wanted = { vocabulary: 7, embedding: 2, cells: ["gru 2 of embedding"], outputs: 3, tied: false };
    expect(square({ "a.weight": head, "a.bias": floats(3), "b.weight": table })).toEqual(wanted);
    expect(square({ "linear.weight": head, "lookup.weight": table })).toEqual(wanted);
    expect(square({ "emb.weight": head, "fc.weight": table })).toEqual({
      ...wanted,
      vocabulary: 3,
      outputs: 7,
    });
    expect(square({ "a.weight": head, "b.weight": table })).toEqual(wanted);
  });

  it("of parameters without modules are read, a bias among them", () => {
    const bias = floats(2);
    const { network } = read({
      E: floats(5, 3),
      ...module("", "gru", 3, 2),
      W_out: floats(2, 2),
      b_out: bias,
    });
    expect(shapeOf(network)).toEqual({ ...found, cells: ["gru 2 of embedding"] });
    expect(network.values("readout.bias")).toEqual(bias.values);
  });

  it("of nn.LSTMCell, nn.GRUCell and nn.RNNCell are read", () => {
    for (const kind of ["lstm", "gru", "rnn-tanh"] as const) {
      const cell = module("cell.", kind, 3, 2, { suffix: () => "" });
      const { network } = read(around("e.weight", "fc.weight", cell));
      expect(shapeOf(network)).toEqual({ ...found, cells: [`${kind} 2 of embedding`] });
      expect(network.values("cells.0.bias_hh")).toEqual(cell["cell.bias_hh"].values);
    }
  });

  it.each<[string, string[], string[]]>([
    ["numbers", ["lstm2.", "lstm1.", "lstm10."], ["lstm1.", "lstm2.", "lstm10."]],
    ["a number but for the first", ["rnn2.", "rnn."], ["rnn.", "rnn2."]],
    ["places in a list", ["cells.1.", "cells.0."], ["cells.0.", "cells.1."]],
  ])("of one-layer modules with %s are a stack", (_, names, order) => {
    const suffix = (layer: number) => (names[0].startsWith("cells") ? "" : `_l${layer}`);
    const cells = Object.fromEntries(
      names.flatMap((name) => Object.entries(module(name, "lstm", order[0] === name ? 3 : 2, 2, { suffix }))),
    );
    const { network, remarks } = read(around("e.weight", "fc.weight", cells));
    expect(network.architecture.nodes).toHaveLength(names.length);
    for (const [i, name] of order.entries()) {
      expect(network.values(`cells.${i}.weight_hh`)).toEqual(cells[`${name}weight_hh${suffix(0)}`].values);
    }
    const listed = order.map((name) => JSON.stringify(name.slice(0, -1))).join(", ");
    expect(remarks).toEqual([`net: its recurrent modules are read as a stack: ${listed}`]);
  });

  it("of modules that only their widths set in order are a stack, of several cells too", () => {
    const cells = { ...module("top.", "gru", 4, 2), ...module("bottom.", "lstm", 3, 4, { layers: 2 }) };
    const { network } = read(around("e.weight", "fc.weight", cells));
    expect(shapeOf(network).cells).toEqual(["lstm 4 of embedding", "lstm 4 of 0", "gru 2 of 1"]);
  });

  it.each<[string, Tensors, string]>([
    [
      "side by side",
      { ...module("a.", "lstm", 3, 2), ...module("b.", "lstm", 3, 2) },
      'its recurrent modules "a", "b" do not fit one above the other',
    ],
    [
      "in any order",
      { "e.weight": floats(5, 2), ...module("left.", "lstm", 2, 2), ...module("right.", "lstm", 2, 2) },
      'its recurrent modules "left", "right" fit one above the other in more than one order',
    ],
  ])("of modules that stand %s are refused", (_, tensors, message) => {
    expect(() => read({ ...around("e.weight", "fc.weight", {}), ...tensors })).toThrow(message);
  });
});

describe("tensors beside the weights", () => {
  it("that decide no number are left out with one remark", () => {
    const more: Tensors = {
      epoch: { dtype: "I64", shape: [], values: BigInt64Array.of(3n) },
      "best.loss": floats(),
      "rnn.pos_ids": { dtype: "I32", shape: [4], values: Int32Array.of(0, 1, 2, 3) },
      loss_weight: floats(),
      padding_mask: bits("U8", [3], [1]),
      flags: { dtype: "BOOL", shape: [2], values: Uint8Array.of(0, 1) },
      counts: { dtype: "U16", shape: [2], values: Uint16Array.of(9, 9) },
      empty: floats(0),
      "criterion.weight": floats(2),
    };
    const { network, remarks } = read({ ...gru(), ...more });
    expect(shapeOf(network).cells).toEqual(["gru 2 of embedding"]);
    expect(remarks).toHaveLength(1);
    for (const name of Object.keys(more)) expect(remarks[0]).toContain(JSON.stringify(name));
  });

  it("are left out of the thesis's files too", () => {
    const renamed = Object.entries({ ...gru(), step: floats() }).map(([name, tensor]) => [
      name.replace(/^rnn\.(.*)_l0$/, "recurrent.recurrent_layers.0.$1").replace(/^fc/, "out"),
      tensor,
    ]);
    expect(read(Object.fromEntries(renamed)).remarks).toEqual([
      'net: left out, as no part of the network: "step"',
    ]);
  });
});

describe("what cannot be read is named for what it is", () => {
  it.each<[string, Tensors, string]>([
    [
      "a normalisation",
      { "norm.weight": floats(2), "norm.bias": floats(2) },
      '"norm.weight" is of a normalisation such as LayerNorm',
    ],
    [
      "a batch normalisation",
      { "bn.running_mean": floats(2) },
      '"bn.running_mean" is of a batch normalisation',
    ],
    ["a convolution", { "conv.weight": floats(3, 3, 5) }, '"conv.weight" is of a convolution'],
    ["attention", { "att.in_proj_weight": floats(6, 2) }, '"att.in_proj_weight" is of an attention layer'],
    [
      "weight norm",
      { "fc.parametrizations.weight.original0": floats(2, 1) },
      "parametrised layer such as weight",
    ],
    [
      "weight norm of cells",
      { "rnn.weight_hh_l0_g": floats(6, 1), "rnn.weight_hh_l0_v": floats(6, 2) },
      '"rnn.weight_hh_l0_g" is of a parametrised layer',
    ],
    [
      "spectral norm",
      { "fc.weight_orig": floats(2, 2), "fc.weight_u": floats(2) },
      '"fc.weight_u" is of a parametrised layer',
    ],
    ["PReLU", { "act.weight": floats(1) }, "an activation with a weight"],
    ["a projection", { "rnn.weight_hr_l0": floats(2, 2) }, "of an LSTM with projections"],
    [
      "a hidden head layer",
      { "fc1.weight": floats(4, 2), "fc1.bias": floats(4), "fc.weight": floats(2, 4) },
      "its head has a hidden layer",
    ],
    [
      "a hidden head layer as wide as the cells",
      { "mlp.weight": floats(2, 2), "mlp.bias": floats(2), "fc.weight": floats(3, 2), "fc.bias": floats(3) },
      "its head has a hidden layer",
    ],
    [
      "a layer before the cells",
      { "embedding.weight": floats(5, 7), "proj.weight": floats(3, 7), "proj.bias": floats(3) },
      "stands between its embedding and its cells",
    ],
    ["two read-outs", { "aux.weight": floats(2, 2), "aux.bias": floats(2) }, "more than one read-out"],
    ["two embeddings", { "chars.weight": floats(9, 3) }, "more than one embedding"],
    ["one output", { "fc.weight": floats(1, 2), "fc.bias": floats(1) }, '"fc.weight" has one output'],
    [
      "a read-out of another width",
      { "fc.weight": floats(2, 4) },
      "no read-out fits: its last layer has 2 units",
    ],
  ])("%s", (_, more, message) => {
    const heard: string[] = [];
    const reading = () => read({ ...gru(), ...more }, {}, { remark: (line) => heard.push(line) });
    expect(reading).toThrow(InputError);
    expect(reading).toThrow(message);
    expect(reading).not.toThrow("embeddings");
    expect(heard).toEqual([]);
  });

  it.each<[string, Tensors, string]>([
    [
      "a hidden head layer without biases",
      { "fc1.weight": floats(3, 3), "fc.weight": floats(2, 3) },
      "its head has a hidden layer",
    ],
    [
      "a hidden head layer that is wide",
      { "a.weight": floats(9, 3), "b.weight": floats(2, 9), "b.bias": floats(2) },
      "its head has a hidden layer",
    ],
    ["a CRF", { "fc.weight": floats(2, 3), "crf.transitions": floats(2, 2) }, "a conditional random field"],
    [
      "a learnt state",
      { "fc.weight": floats(2, 3), h0: floats(1, 1, 3) },
      '"h0" is of a learnt initial state',
    ],
    [
      "a normalisation by another name",
      { "fc.weight": floats(2, 3), "ln.gamma": floats(3) },
      "a normalisation such as LayerNorm",
    ],
  ])("%s, where embedding and cells are as wide", (_, more, message) => {
    const square = { "embedding.weight": floats(5, 3), ...module("rnn.", "lstm", 3, 3) };
    expect(() => read({ ...square, ...more })).toThrow(message);
  });

  it("layers between cells that read numbers and the read-out", () => {
    const hidden = {
      "a.weight": floats(4, 2),
      "a.bias": floats(4),
      "b.weight": floats(2, 4),
      "b.bias": floats(2),
    };
    expect(() => read({ ...without(gru(), "embedding.weight", "fc.weight", "fc.bias"), ...hidden })).toThrow(
      "it reads 3 numbers at each step, and not one read-out follows",
    );
  });

  it.each([
    [Number.NaN, "1 of 4, the first is NaN"],
    [Number.NEGATIVE_INFINITY, "1 of 4, the first is -Infinity"],
  ])("%d among the weights", (value, message) => {
    const tensors = gru();
    (tensors["fc.weight"].values as Float32Array)[2] = value;
    expect(() => read(tensors)).toThrow(`tensor "fc.weight" has values that are not finite: ${message}`);
  });
});
