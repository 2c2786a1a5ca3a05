import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { FileError, InputError } from "../../src/errors.js";
import { Random } from "../../src/math/random.js";
import { type Architecture, type CellKind, gateCount, inputNames } from "../../src/network/architecture.js";
import { initialise, type Network, stack } from "../../src/network/network.js";
import { parse, type StoredTensor, serialise } from "../../src/network/safetensors.js";
import { parseNetwork, saveNetwork } from "../../src/network/weights.js";
import { readNetwork } from "../../src/paths/networks.js";
import "../../src/thesis/format.js";

const reference = fileURLToPath(new URL("../../../shared/reference/", import.meta.url));
const noReference = !existsSync(reference);

type Tensors = Map<string, StoredTensor>;
type Shapes = Record<string, number[]>;

const floats = (shape: number[], values?: number[]): StoredTensor => {
  const length = shape.reduce((product, extent) => product * extent, 1);
  return {
    dtype: "F32",
    shape,
    values: Float32Array.from({ length }, (_, i) => values?.[i] ?? (i % 7) - 2.5),
  };
};

const tensorsOf = (shapes: Shapes): Tensors =>
  new Map(Object.entries(shapes).map(([name, shape]) => [name, floats(shape)]));

const read = (tensors: Tensors, cell?: CellKind, where = "model.safetensors", metadata = {}): Network =>
  parseNetwork(serialise({ tensors, metadata: new Map(Object.entries(metadata)) }), where, { cell });

/** Shapes of a PyTorch model: vocabulary 5, embedding 3, two layers of 2, two classes. */
const torch = (kind: CellKind, { prefix = "rnn.", embedding = "embedding", head = "fc" } = {}): Shapes => {
  const rows = 2 * gateCount(kind);
  return {
    [`${embedding}.weight`]: [5, 3],
    [`${prefix}weight_ih_l0`]: [rows, 3],
    [`${prefix}weight_hh_l0`]: [rows, 2],
    [`${prefix}bias_ih_l0`]: [rows],
    [`${prefix}bias_hh_l0`]: [rows],
    [`${prefix}weight_ih_l1`]: [rows, 2],
    [`${prefix}weight_hh_l1`]: [rows, 2],
    [`${prefix}bias_ih_l1`]: [rows],
    [`${prefix}bias_hh_l1`]: [rows],
    [`${head}.weight`]: [2, 2],
    [`${head}.bias`]: [2],
  };
};

const without = (shapes: Shapes, pattern: RegExp): Shapes =>
  Object.fromEntries(Object.entries(shapes).filter(([name]) => !pattern.test(name)));

const two = (kind: CellKind): Architecture =>
  stack({ cell: kind, hidden: 2, layers: 2, embedding: 3, vocabulary: 5 });

describe("Filigree's own files", () => {
  const skip: Architecture = {
    input: { kind: "symbols", vocabulary: 6, width: 3 },
    nodes: [
      { type: "cell", name: "a", kind: "gru", size: 2, inputs: [inputNames.symbols] },
      { type: "cell", name: "b", kind: "lstm", size: 4, inputs: ["a", inputNames.symbols] },
      { type: "cell", name: "ü 1", kind: "rnn-relu", size: 4, inputs: [inputNames.symbols] },
      { type: "sum", name: "s", of: ["b", "ü 1"] },
    ],
    readout: { inputs: ["s", "a"], outputs: 3 },
  };
  const masks = new Map([
    ["cells.a.weight_hh", Uint8Array.from({ length: 12 }, (_, i) => i % 2)],
    ["readout.weight", Uint8Array.from({ length: 18 }, (_, i) => (i === 4 ? 0 : 1))],
  ]);
  const network = initialise(skip, new Random(1), masks);
  const bytes = saveNetwork(network);
  const changed = (change: (tensors: Tensors, metadata: Map<string, string>) => void): Uint8Array => {
    const { tensors, metadata } = parse(bytes, "x");
    const copy = { tensors: new Map(tensors), metadata: new Map(metadata) };
    change(copy.tensors, copy.metadata);
    return serialise(copy);
  };

  it("give back every bit", () => {
    const back = parseNetwork(bytes, "x");
    expect(back.architecture).toEqual(skip);
    expect(Buffer.from(back.parameters.buffer)).toEqual(Buffer.from(network.parameters.buffer));
    expect(back.masks).toEqual(masks);
    expect(saveNetwork(back)).toEqual(bytes);
  });

  it("hold each tensor and mask under its name, and the description", () => {
    const { tensors, metadata } = parse(bytes, "x");
    const masked = ["cells.a.weight_hh.mask", "readout.weight.mask"];
    expect([...tensors.keys()].sort()).toEqual([...network.tensors.keys(), ...masked].sort());
    expect(tensors.get("cells.a.weight_hh.mask")!.dtype).toBe("BOOL");
    expect(metadata.get("filigree")).toBe("1");
    const { input: _, ...parts } = skip;
    expect(JSON.parse(metadata.get("architecture")!)).toEqual({ vocabulary: 6, embedding: 3, ...parts });
  });

  it("do not depend on the order in which a description or its masks were written down", () => {
    const { readout, nodes, input } = skip;
    const [a, ...rest] = nodes;
    const reordered = {
      readout,
      nodes: [Object.fromEntries(Object.entries(a).reverse()), ...rest],
      input,
    };
    const same = initialise(reordered as Architecture, new Random(1), new Map([...masks].reverse()));
    expect(saveNetwork(same)).toEqual(bytes);
  });

  it("lose masks of only ones", () => {
    const full = network.copy(new Map([["cells.b.weight_ih", new Uint8Array(16 * 5).fill(1)]]));
    expect(parseNetwork(saveNetwork(full), "x").masks.size).toBe(0);
  });

  it.each<[string, Uint8Array, string]>([
    ["of a newer version", changed((_, m) => m.set("filigree", "2")), 'its format is version "2"'],
    ["without a description", changed((_, m) => m.delete("architecture")), "is not valid JSON"],
    [
      "with a description that is not JSON",
      changed((_, m) => m.set("architecture", "{")),
      "is not valid JSON",
    ],
    [
      "with a nested description",
      changed((_, m) => m.set("architecture", "[".repeat(1e5))),
      "is not valid JSON",
    ],
    [
      "with an unknown cell",
      changed((_, m) => m.set("architecture", m.get("architecture")!.replace("gru", "grue"))),
      "wrong at nodes.0.kind",
    ],
    [
      "with control characters in a name",
      changed((_, m) => m.set("architecture", m.get("architecture")!.replaceAll('"s"', '"\\u001b"'))),
      "wrong at nodes.3.name",
    ],
    [
      "with an unsound description",
      changed((_, m) => m.set("architecture", m.get("architecture")!.replace('"of":["b"', '"of":["c"'))),
      'its network is unsound: node "s": there is no earlier node "c"',
    ],
    [
      "with a description larger than the file",
      changed((_, m) => m.set("architecture", m.get("architecture")!.replace('lary":6', 'lary":60000000'))),
      'tensor "embedding.weight" has shape [6,3], but the rest of the network needs [60000000,3]',
    ],
    [
      "with a description beyond all limits",
      changed((_, m) => m.set("architecture", m.get("architecture")!.replace('lary":6', 'lary":200000000'))),
      "its network is unsound: embedding.weight: the network has more than",
    ],
    ["without a bias", changed((t) => t.delete("cells.b.bias_hh")), 'there is no tensor "cells.b.bias_hh"'],
    ["with a tensor more", changed((t) => t.set("more", floats([1]))), 'tensor "more" is not a part'],
    [
      "with a mask that does not fit",
      changed((t) =>
        t.set("readout.weight.mask", { dtype: "BOOL", shape: [6, 3], values: new Uint8Array(18) }),
      ),
      'tensor "readout.weight.mask" has shape [6,3]',
    ],
    [
      "with a mask of floats",
      changed((t) => t.set("readout.weight.mask", floats([3, 6]))),
      'tensor "readout.weight.mask" is a mask, but holds more than 0 and 1',
    ],
    [
      "with integers for weights",
      changed((t) => t.set("readout.bias", { dtype: "I64", shape: [3], values: new BigInt64Array(3) })),
      'tensor "readout.bias" is of type I64',
    ],
    [
      "with a weight that is not a number",
      changed((t) => t.set("readout.bias", floats([3], [0, Number.NaN, 0]))),
      'tensor "readout.bias" has values that are not finite',
    ],
  ])("%s are refused", (_, file, message) => {
    expect(() => parseNetwork(file, "m.safetensors")).toThrow(InputError);
    expect(() => parseNetwork(file, "m.safetensors")).toThrow(`m.safetensors: `);
    expect(() => parseNetwork(file, "m.safetensors")).toThrow(message);
  });

  it("raise nothing but an InputError, whatever byte of the header is changed", () => {
    const end = 8 + Number(Buffer.from(bytes).readBigUInt64LE());
    for (let i = 8; i < end; i++) {
      const damaged = bytes.slice();
      damaged[i] ^= 1;
      try {
        parseNetwork(damaged, "x");
      } catch (error) {
        expect(error).toBeInstanceOf(InputError);
      }
    }
  });

  it("are refused when the caller asks for another cell", () => {
    expect(() => parseNetwork(bytes, "x", { cell: "gru" })).toThrow("its cells are lstm, not gru");
  });

  it("are read from disk, with one line for what cannot be read", () => {
    const folder = mkdtempSync(join(tmpdir(), "filigree-"));
    try {
      const path = join(folder, "net.safetensors");
      writeFileSync(path, bytes);
      expect(readNetwork(path).parameters).toEqual(network.parameters);
      writeFileSync(path, bytes.subarray(0, -1));
      expect(() => readNetwork(path)).toThrow(`${path}: it is truncated`);
      expect(() => readNetwork(folder)).toThrow(FileError);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe("PyTorch's state dicts", () => {
  it.each<CellKind>(["rnn-tanh", "lstm", "gru"])("of %s are read as they are", (kind) => {
    const tensors = tensorsOf(torch(kind));
    const network = read(tensors);
    expect(network.architecture).toEqual(two(kind));
    expect(network.masks.size).toBe(0);
    expect(network.values("embedding.weight")).toEqual(tensors.get("embedding.weight")!.values);
    for (const layer of [0, 1]) {
      for (const part of ["weight_ih", "weight_hh", "bias_ih", "bias_hh"]) {
        expect(network.values(`cells.${layer}.${part}`)).toEqual(
          tensors.get(`rnn.${part}_l${layer}`)!.values,
        );
      }
    }
    expect(network.values("readout.weight")).toEqual(tensors.get("fc.weight")!.values);
    expect(network.values("readout.bias")).toEqual(tensors.get("fc.bias")!.values);
  });

  it.each([
    { prefix: "", embedding: "encoder", head: "decoder" },
    { prefix: "model.lstm.", embedding: "model.emb", head: "model.out" },
    { prefix: "0.", embedding: "words", head: "linear" },
    { prefix: "r.weight_x.", embedding: "e.weight_ih", head: "head" },
  ])("are read under the names $prefix, $embedding, $head", (names) => {
    expect(read(tensorsOf(torch("lstm", names))).architecture).toEqual(two("lstm"));
  });

  it("have zeros for the biases that bias=False leaves out", () => {
    const network = read(tensorsOf(without(torch("gru"), /bias/)));
    expect(network.values("cells.1.bias_hh")).toEqual(new Float32Array(6));
    expect(network.values("readout.bias")).toEqual(new Float32Array(2));
    expect(network.values("cells.1.weight_hh")[1]).toBe(-1.5);
  });

  it("of simple cells are relu when the option, the metadata or the name says so, in this order", () => {
    const tensors = tensorsOf(torch("rnn-tanh"));
    const kind = (network: Network) => (network.architecture.nodes[0] as { kind: CellKind }).kind;
    expect(kind(read(tensors))).toBe("rnn-tanh");
    expect(kind(read(tensors, undefined, "relu/model.safetensors"))).toBe("rnn-tanh");
    expect(kind(read(tensors, undefined, "/a/RNN_RELU.safetensors"))).toBe("rnn-relu");
    expect(kind(read(tensorsOf(torch("rnn-tanh", { prefix: "relu1." }))))).toBe("rnn-relu");
    expect(kind(read(tensors, undefined, "relu.st", { nonlinearity: "tanh" }))).toBe("rnn-tanh");
    expect(kind(read(tensors, undefined, "x", { nonlinearity: "relu" }))).toBe("rnn-relu");
    expect(kind(read(tensors, "rnn-relu", "x", { nonlinearity: "tanh" }))).toBe("rnn-relu");
    expect(() => read(tensors, "gru")).toThrow(
      "model.safetensors: its cells are rnn-tanh, not gru; read it as rnn-tanh",
    );
  });

  const plain = torch("gru");
  it.each<[string, Shapes, string]>([
    ["no recurrent module", { "fc.weight": [2, 2] }, "no network that Filigree can read"],
    [
      "half a second direction",
      { ...plain, "rnn.weight_hh_l0_reverse": [6, 2] },
      'there is no tensor "rnn.weight_hh_l1_reverse"',
    ],
    ["projections", { ...plain, "rnn.weight_hr_l0": [2, 2] }, "proj_size=0"],
    ["two modules", { ...plain, "rnn2.weight_ih_l0": [6, 3] }, 'there is no tensor "rnn2.weight_hh_l0"'],
    [
      "no read-out",
      without(plain, /^fc/),
      "it has no read-out: no matrix reads the 2 units of its last layer",
    ],
    [
      "two read-outs",
      { ...plain, "a.out.weight": [2, 2] },
      'it has more than one read-out: there are "fc.weight" [2,2] and "a.out.weight" [2,2]',
    ],
    [
      "another matrix",
      { ...plain, "attention.weight": [2, 2] },
      'tensor "attention.weight" is of an attention layer',
    ],
    [
      "another vector",
      { ...plain, "more.values": [2] },
      'tensor "more.values" is not a part of this network',
    ],
    ["a missing first layer", without(plain, /_l0/), 'there is no tensor "rnn.weight_ih_l0"'],
    ["a missing layer", { ...plain, "rnn.weight_hh_l3": [6, 2] }, 'tensor "rnn.weight_hh_l3" is not a part'],
    ["a missing matrix", without(plain, /weight_ih_l1/), 'there is no tensor "rnn.weight_ih_l1"'],
    ["a missing bias", without(plain, /bias_hh_l1/), 'there is no tensor "rnn.bias_hh_l1"'],
    ["a cell of two gates", { ...plain, "rnn.weight_hh_l0": [4, 2] }, "not the hidden weight of a cell"],
    ["a cell of no units", { ...plain, "rnn.weight_hh_l0": [0, 0] }, "not the hidden weight of a cell"],
    ["mixed cells", { ...plain, "rnn.weight_hh_l1": [8, 2] }, "needs [8,2]"],
    [
      "an embedding that is too wide",
      { ...plain, "embedding.weight": [5, 4] },
      "no embedding fits: its first layer reads vectors of 3",
    ],
    ["an embedding that is a vector", { ...plain, "embedding.weight": [5] }, "is of a normalisation"],
    [
      "a read-out that does not fit",
      { ...plain, "fc.weight": [2, 9] },
      "no read-out fits: its last layer has 2 units",
    ],
    ["no symbols", { ...plain, "embedding.weight": [0, 3] }, "vocabulary: 0 is not a size"],
  ])("with %s are refused", (_, shapes, message) => {
    expect(() => read(tensorsOf(shapes))).toThrow(InputError);
    expect(() => read(tensorsOf(shapes))).toThrow(message);
  });
});

describe("the thesis's state dicts", () => {
  const thesis = (): Tensors => {
    const prefix = "recurrent.recurrent_layers";
    const tensors = tensorsOf({
      "embedding.weight": [5, 3],
      [`${prefix}.0.weight_ih`]: [6, 3],
      [`${prefix}.0.weight_hh`]: [6, 2],
      [`${prefix}.0.bias_ih`]: [6],
      [`${prefix}.0.bias_hh`]: [6],
      [`${prefix}.1.weight_ih`]: [3, 2],
      [`${prefix}.1.weight_hh`]: [3, 1],
      [`${prefix}.1.bias_ih`]: [3],
      [`${prefix}.1.bias_hh`]: [3],
      "out.weight": [2, 1],
      "out.bias": [2],
    });
    const mask = (name: string, shape: number[], zero: number) => {
      const values = new Uint8Array(shape[0] * shape[1]).fill(1);
      if (zero >= 0) values[zero] = 0;
      tensors.set(name, { dtype: "BOOL", shape, values });
    };
    mask(`${prefix}.0.mask_i2h`, [6, 3], 4);
    mask(`${prefix}.0.mask_h2h`, [6, 2], -1);
    mask(`${prefix}.1.mask_i2h`, [3, 2], -1);
    mask(`${prefix}.1.mask_h2h`, [3, 1], 2);
    return tensors;
  };

  it("are read with their masks, layers of different sizes included", () => {
    const tensors = thesis();
    const network = read(tensors);
    expect(network.architecture.nodes).toEqual([
      { type: "cell", name: "0", kind: "gru", size: 2, inputs: [inputNames.symbols] },
      { type: "cell", name: "1", kind: "gru", size: 1, inputs: ["0"] },
    ]);
    expect([...network.masks.keys()]).toEqual(["cells.0.weight_ih", "cells.1.weight_hh"]);
    expect(network.nonzeros("cells.0.weight_ih")).toBe(17);
    const weights = tensors.get("recurrent.recurrent_layers.0.weight_ih")!.values as Float32Array;
    expect(network.values("cells.0.weight_ih")).toEqual(weights.with(4, 0));
  });

  it("need a graph when they have skip cells", () => {
    const tensors = thesis().set("recurrent.skip_layers.0.weight_hh", floats([3, 1]));
    expect(() => read(tensors)).toThrow("model.safetensors: it is a random structure with skip cells");
  });

  it.skipIf(noReference).each(["rnn_tanh", "gru"])(
    "of the published %s model are read bit for bit",
    (model) => {
      const path = join(reference, "pruning", `${model}.safetensors`);
      const network = readNetwork(path);
      const cell = model === "gru" ? "gru" : "rnn-tanh";
      expect(network.architecture).toEqual(stack({ cell, hidden: 50, layers: 3 }));
      expect(network.masks.size).toBe(0);
      const { tensors } = parse(readFileSync(path), path);
      const stored = tensors.get("recurrent.recurrent_layers.2.weight_hh")!;
      expect(network.values("cells.2.weight_hh")).toEqual(stored.values);
      expect(parseNetwork(saveNetwork(network), "x").parameters).toEqual(network.parameters);
    },
  );

  it.skipIf(noReference)("of published structures ask for the graph", () => {
    const path = join(reference, "structures", "gru_barabasi_albert_6.safetensors");
    expect(() => readNetwork(path)).toThrow("give the graph that it was built from");
  });
});
