// What is no network of Filigree's is refused in one line that names it, and damage with one of Filigree's own errors.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { InputError } from "../../../src/errors.js";
import { Graph, type Value } from "../../../src/export/onnx/model.js";
import { exportOnnx } from "../../../src/export/onnx/onnx.js";
import { Message } from "../../../src/export/onnx/protobuf.js";
import { Random } from "../../../src/math/random.js";
import { initialise, stack } from "../../../src/network/network.js";
import { parseNetwork } from "../../../src/network/weights.js";

type Attributes = NonNullable<Parameters<Graph["node"]>[3]>;

interface Parts {
  /** What is other than in a sound model. */
  readonly operator?: string;
  readonly attributes?: Attributes;
  readonly gates?: number;
  /** Inputs of the cell after its bias. */
  readonly more?: (graph: Graph) => string[];
  /** A node after the read-out. */
  readonly after?: (graph: Graph) => void;
  readonly bias?: readonly number[];
  readonly columns?: number;
  /** Whether another cell has the same weights. */
  readonly twice?: boolean;
  readonly metadata?: readonly (readonly [string, string])[];
}

/** A GRU of two units over an embedding of three columns, read at the last step. */
function model(parts: Parts): Uint8Array {
  const { operator = "GRU", gates = 3, columns = 3, more, after, metadata = [] } = parts;
  const graph = new Graph();
  const numbers = (name: string, shape: readonly number[]) =>
    graph.floats(name, shape, new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(0.5));
  graph.node("Transpose", ["x"], ["turned"], { perm: [1, 0] });
  graph.node("Gather", [numbers("e", [5, 3]), "turned"], ["embedded"]);
  const weights = [
    numbers("w", [1, gates * 2, columns]),
    numbers("r", [1, gates * 2, 2]),
    numbers("b", parts.bias ?? [1, gates * 4]),
  ];
  const attributes = parts.attributes ?? (operator === "GRU" ? { linear_before_reset: 1 } : {});
  graph.node(operator, ["embedded", ...weights, ...(more?.(graph) ?? [])], ["y", "h"], attributes);
  if (parts.twice) graph.node(operator, ["embedded", ...weights], ["", "h2"], attributes);
  if (parts.twice) graph.node("Sum", ["h", "h2"], ["sum"]);
  graph.node("Squeeze", [parts.twice ? "sum" : "h", graph.integers([0])], ["end"]);
  graph.node("MatMul", ["end", numbers("out", [2, 4])], ["said"]);
  if (after) after(graph);
  else graph.node("Identity", ["said"], ["output"]);
  const inputs: Value[] = [{ name: "x", type: "int64", shape: ["batch", "time"] }];
  return graph.finish("net", inputs, [{ name: "output", type: "float", shape: ["batch", 4] }], metadata);
}

const half = (graph: Graph, name: string, shape: readonly number[]) =>
  graph.floats(name, shape, new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(0.5));
const gru = { linear_before_reset: 1 };
const refused: [name: string, parts: Parts, message: RegExp][] = [
  ["linear_before_reset = 0", { attributes: {} }, /GRU has linear_before_reset = 0, another equation/],
  ["layout = 1", { attributes: { ...gru, layout: 1 } }, /GRU has layout = 1/],
  ["clip", { attributes: { ...gru, clip: 1 } }, /GRU clips its gates/],
  [
    "activations",
    { attributes: { ...gru, activations: ["HardSigmoid", "Tanh"] } },
    /other activations: HardSigmoid,Tanh/,
  ],
  [
    "activations of RNN",
    { operator: "RNN", gates: 1, attributes: { activations: ["Sigmoid"] } },
    /RNN has other activations/,
  ],
  [
    "input_forget",
    { operator: "LSTM", gates: 4, attributes: { input_forget: 1 } },
    /LSTM couples its input and forget/,
  ],
  [
    "peepholes",
    { operator: "LSTM", gates: 4, more: (g) => ["", "", "", half(g, "p", [1, 6])] },
    /LSTM has peepholes/,
  ],
  ["a learnt state", { more: (g) => ["", half(g, "h0", [1, 1, 2])] }, /begins with a state that is not zero/],
  ["a direction", { attributes: { ...gru, direction: "sideways" } }, /GRU runs "sideways"/],
  ["hidden_size", { attributes: { ...gru, hidden_size: 7 } }, /hidden_size = 7 and weights of 2 units/],
  ["other columns", { columns: 4 }, /has weights for 4 numbers and reads 3/],
  ["another bias", { bias: [1, 6] }, /"b" of shape \[1,6\], not \[1,12\]/],
  [
    "an operator",
    { after: (g) => g.node("Softmax", ["said"], ["output"]) },
    /its "Softmax" is an operator that/,
  ],
  [
    "a hidden layer",
    { after: (g) => g.node("MatMul", ["said", half(g, "more", [4, 4])], ["output"]) },
    /"MatMul" follows a linear layer/,
  ],
  [
    "no read-out",
    { after: (g) => g.node("Identity", ["end"], ["output"]) },
    /none of its outputs is a linear read-out/,
  ],
  [
    "scaled scores",
    {
      metadata: [["task", "classify"]],
      after: (g) => g.node("Mul", ["said", half(g, "s", [4])], ["output"]),
    },
    /outputs of its read-out are multiplied/,
  ],
  [
    "a reading that is none",
    { metadata: [["task", "label"]] },
    /metadata task is label, and it is read once/,
  ],
  ["a task", { metadata: [["task", "dream"]] }, /metadata task is "dream"; use one of/],
  ["names", { metadata: [["nodes", '["a","a"]']] }, /metadata nodes is no JSON array of different names/],
  [
    "another standardisation",
    { metadata: [["targetStandardisation", '{"mean":[0],"deviation":[1]}']] },
    /is another than what it computes/,
  ],
];

describe("an ONNX file", () => {
  it("is read where it is sound", () => {
    for (const [operator, gates] of [
      ["RNN", 1],
      ["LSTM", 4],
      ["GRU", 3],
    ] as const)
      expect(parseNetwork(model({ operator, gates }), "net.onnx").architecture.readout.outputs).toBe(4);
  });

  it.each(refused)("is refused for %s", (_, parts, message) => {
    const read = () => parseNetwork(model(parts), "net.onnx");
    expect(read).toThrow(InputError);
    expect(read).toThrow(message);
    expect(read).toThrow(/^net\.onnx: [^\n]+$/);
  });

  it("is refused for data in another file, and constants that promise more than is there", () => {
    const withConstant = (constant: Message) => {
      const whole = new Message().message(5, constant).finish();
      const graph = new Message().bytes(
        1,
        new Message().text(1, "c").text(2, "y").text(4, "Expand").finish(),
      );
      const output = new Message().message(12, new Message().text(1, "y"));
      const bytes = Buffer.concat([graph.finish(), whole, output.finish()]);
      return new Message().integer(1, 8).bytes(7, bytes).finish();
    };
    const constant = () =>
      new Message()
        .integer(1, 2 ** 40)
        .integer(2, 1)
        .text(8, "c");
    expect(() => parseNetwork(withConstant(constant().integer(14, 1)), "net.onnx")).toThrow(
      /"c" is in another file/,
    );
    expect(() => parseNetwork(withConstant(constant().bytes(9, new Uint8Array(8))), "net.onnx")).toThrow(
      /"c" has shape \[1099511627776\] and 2 numbers/,
    );
  });

  it("cannot make more of what it holds than it holds", () => {
    const numbers = (operators: (graph: Graph) => void, width: number) => {
      const graph = new Graph();
      graph.floats("one", [1], Float32Array.of(1));
      operators(graph);
      const inputs: Value[] = [{ name: "x", type: "float", shape: ["batch", "time", width] }];
      return graph.finish("net", inputs, [{ name: "y", type: "float", shape: ["batch", width] }], []);
    };
    const read = (operators: (graph: Graph) => void, width: number) => () =>
      parseNetwork(numbers(operators, width), "net.onnx");
    // A width that no weight has, sources that double with every node, and standardisation upon standardisation.
    expect(read((graph) => graph.node("Sub", ["x", "one"], ["y"]), 2 ** 40)).toThrow(
      /standardises more than 65536 numbers/,
    );
    const chain =
      (operator: string, other: (before: string) => string, attributes?: Attributes) => (graph: Graph) => {
        for (let i = 0; i < 60; i++) {
          const before = i === 0 ? "x" : `y${i}`;
          graph.node(operator, [before, other(before)], [i === 59 ? "y" : `y${i + 1}`], attributes);
        }
      };
    expect(
      read(
        chain("Concat", (before) => before, { axis: 2 }),
        3,
      ),
    ).toThrow(/joins more than 4096 cells/);
    expect(
      read(
        chain("Div", () => "one"),
        3,
      ),
    ).toThrow(/more than 16 that shift or multiply/);
    expect(() => parseNetwork(model({ twice: true }), "net.onnx")).toThrow(/has the weights of another cell/);
  });

  it("is refused wherever it ends before its graph does", () => {
    const network = initialise(stack({ cell: "lstm", hidden: 2, layers: 1, vocabulary: 5 }), new Random(1));
    const whole = exportOnnx(network, { name: "net", streaming: false });
    for (let length = 0; length < whole.length; length += length < 200 ? 1 : 13) {
      const read = () => parseNetwork(whole.subarray(0, length), "net.onnx");
      // Behind the graph, which is most of it, are only the opset and metadata.
      try {
        read();
      } catch (error) {
        expect(error).toBeInstanceOf(InputError);
        continue;
      }
      expect(length).toBeGreaterThan(0.6 * whole.length);
    }
  });

  it("says what it assumes where it does not say", () => {
    const lines: string[] = [];
    const [{ model: bytes }] = JSON.parse(
      readFileSync(new URL("../../fixtures/onnx-models.json", import.meta.url), "utf8"),
    );
    parseNetwork(Buffer.from(bytes, "base64"), "net.onnx", { remark: (line) => lines.push(line) });
    expect(lines).toEqual([
      "net.onnx: read at its own last step, because the file does not say where; --protocol chooses",
      "net.onnx: its symbols are taken for ASCII codes, because the file names none; --vocabulary names others",
    ]);
  });
});
