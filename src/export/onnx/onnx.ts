// A network as ONNX: once for whole sequences of a batch, and once as a stream that takes its state in and gives it out. Cells
// are ONNX's RNN, LSTM and GRU, one operator each, so that structures with skips are as plain as stacks.

import { checkStreamable } from "../../engine/compile.js";
import { checkFinite, neededNodes } from "../../engine/program.js";
import {
  type Architecture,
  type Cell,
  type CellKind,
  gateCount,
  inputName,
} from "../../network/architecture.js";
import { conventionMetadata } from "../../network/conventions.js";
import { type Network, tensorNames } from "../../network/network.js";
import { GATES } from "../../network/onnx/cells.js";
import { NODES, TASK } from "../../network/onnx/read.js";
import { taskOf } from "../../network/tasks.js";
import { Graph, type Value } from "./model.js";

const OPERATORS: Readonly<Record<CellKind, string>> = {
  "rnn-tanh": "RNN",
  "rnn-relu": "RNN",
  lstm: "LSTM",
  gru: "GRU",
};

export interface OnnxOptions {
  readonly name: string;
  /** Whether states come in and go out, and every step is read. */
  readonly streaming: boolean;
}

/**
 * The bytes of an ONNX file.
 *
 * For sequences: `symbols [batch, time]` int64 or `values [batch, time, width]` float32, and `lengths [batch]` int32, the steps of
 * each, become `output`: `[batch, outputs]` where a network is read once, at each sequence's own last step, else
 * `[batch, time, outputs]`. As a stream it has no lengths and always the latter, and the state of every cell, `h_NAME [1, batch, units]`
 * and of LSTMs `c_NAME`, comes in (zeros at first) and goes out as `h_NAME_out`.
 * @throws InputError when a parameter is not finite, or a stream is asked of a bidirectional network.
 */
export function exportOnnx(network: Network, { name, streaming }: OnnxOptions): Uint8Array {
  if (streaming) checkStreamable(network.architecture);
  checkFinite(network);
  return new Writer(network, streaming).write(name);
}

/** Some nodes, and those that they are sums of. */
function withSums({ nodes }: Architecture, names: readonly string[]): ReadonlySet<string> {
  const all = new Set(names);
  for (const node of nodes.toReversed())
    if (node.type === "sum" && all.has(node.name)) for (const source of node.of) all.add(source);
  return all;
}

class Writer {
  private readonly graph = new Graph();
  private readonly network: Network;
  private readonly streaming: boolean;
  private readonly inputs: Value[] = [];
  private readonly outputs: Value[] = [];
  /** Of the nodes whose steps are read, their outputs [time, batch, units], and of others [batch, units] after their last step. */
  private readonly sequences = new Map<string, string>();
  private readonly finals = new Map<string, string>();
  private readonly needed: ReadonlySet<string>;
  private readonly readAtSteps: ReadonlySet<string>;
  private readonly readAtEnd: ReadonlySet<string>;

  constructor(network: Network, streaming: boolean) {
    const { architecture } = network;
    this.network = network;
    this.streaming = streaming;
    this.needed = neededNodes(architecture);
    const { inputs } = architecture.readout;
    const read = architecture.nodes.flatMap((node) =>
      node.type === "cell" && this.needed.has(node.name) ? node.inputs : [],
    );
    this.readAtSteps = withSums(architecture, this.readsOnce ? read : [...read, ...inputs]);
    this.readAtEnd = withSums(architecture, this.readsOnce ? inputs : []);
  }

  write(name: string): Uint8Array {
    const { architecture, conventions } = this.network;
    this.input();
    if (!this.streaming) this.inputs.push({ name: "lengths", type: "int32", shape: ["batch"] });
    for (const node of architecture.nodes) {
      if (!this.needed.has(node.name)) continue;
      if (node.type === "cell") this.cell(node);
      else this.sum(node.name, node.of);
    }
    this.readout();
    const names = architecture.nodes.map(({ name }) => name).filter((name) => this.needed.has(name));
    const { activations, ...others } = conventions;
    const ranges = Object.entries(activations ?? {}).filter(([source]) => this.needed.has(source));
    return this.graph.finish(name, this.inputs, this.outputs, [
      [TASK, taskOf(this.network)],
      [NODES, JSON.stringify(names)],
      ...conventionMetadata(
        { ...others, ...(ranges.length > 0 && { activations: Object.fromEntries(ranges) }) },
        architecture.input,
      ),
    ]);
  }

  private get readsOnce(): boolean {
    return !this.streaming && this.network.architecture.readout.at === undefined;
  }

  /** A result of a node with one. */
  private result(
    name: string,
    operator: string,
    inputs: readonly string[],
    attributes: Parameters<Graph["node"]>[3] = {},
  ): string {
    const own = this.graph.fresh(name);
    this.graph.node(operator, inputs, [own], attributes);
    return own;
  }

  /** Dimension 0 and 1 exchanged. `dimensions` are how many there are. */
  private transposed(name: string, of: string, dimensions: 2 | 3): string {
    return this.result(name, "Transpose", [of], { perm: dimensions === 2 ? [1, 0] : [1, 0, 2] });
  }

  private input(): void {
    const { architecture, conventions } = this.network;
    const { input } = architecture;
    const source = inputName(architecture);
    if (input.kind === "symbols") {
      this.inputs.push({ name: "symbols", type: "int64", shape: ["batch", "time"] });
      const embedding = this.weight("embedding.weight");
      const symbols = this.transposed("symbols by time", "symbols", 2);
      this.sequences.set(source, this.result("embedded", "Gather", [embedding, symbols]));
      return;
    }
    this.inputs.push({ name: "values", type: "float", shape: ["batch", "time", input.width] });
    let values = this.transposed("values by time", "values", 3);
    const { standardisation } = conventions;
    if (standardisation) {
      const { mean, deviation } = standardisation;
      // A mean that is large beside its deviation needs more digits than a float has.
      const rest = mean.map((value) => value - Math.fround(value));
      values = this.result("shifted", "Sub", [values, this.scale("mean", mean)]);
      values = this.result("shifted by the rest", "Sub", [values, this.scale("mean's rest", rest)]);
      values = this.result("standardised", "Div", [values, this.scale("deviation", deviation)]);
    }
    this.sequences.set(source, values);
  }

  private scale(name: string, values: readonly number[]): string {
    return this.graph.floats(name, [values.length], Float32Array.from(values));
  }

  private weight(name: string): string {
    return this.graph.floats(name, this.network.tensor(name).shape, this.network.values(name).slice());
  }

  private concatenated(name: string, sources: readonly string[], axis: 1 | 2): string {
    return sources.length === 1 ? sources[0] : this.result(name, "Concat", sources, { axis });
  }

  private cell({ name, kind, size, inputs, direction }: Cell): void {
    const { graph } = this;
    const sources = inputs.map((source) => this.sequences.get(source)!);
    const x = this.concatenated(`${name} reads`, sources, 2);
    const own = tensorNames(name);
    const gates = gateCount(kind);
    const gated = (tensor: string): Float32Array => {
      const values = this.network.values(tensor);
      const part = values.length / gates;
      const ordered = new Float32Array(values.length);
      for (const [to, from] of GATES[kind].entries()) {
        ordered.set(values.subarray(from * part, (from + 1) * part), to * part);
      }
      return ordered;
    };
    const columns = this.network.tensor(own.weightIh).shape[1];
    const bias = new Float32Array(2 * gates * size);
    bias.set(gated(own.biasIh));
    bias.set(gated(own.biasHh), gates * size);
    const parts = kind === "lstm" ? ["h", "c"] : ["h"];
    const states = this.streaming ? parts.map((part) => graph.fresh(`${part}_${name}`)) : [];
    const after = parts.map((part) => graph.fresh(`${part}_${name}_out`));
    const shape = [1, "batch", size];
    for (const state of states) this.inputs.push({ name: state, type: "float", shape });
    if (this.streaming) for (const state of after) this.outputs.push({ name: state, type: "float", shape });
    const all = [
      x,
      graph.floats(own.weightIh, [1, gates * size, columns], gated(own.weightIh)),
      graph.floats(own.weightHh, [1, gates * size, size], gated(own.weightHh)),
      graph.floats(`cells.${name}.bias`, [1, 2 * gates * size], bias),
      this.streaming ? "" : "lengths",
      ...states,
    ];
    const y = graph.fresh(`${name} in its direction`);
    graph.node(OPERATORS[kind], all, [y, ...after], {
      hidden_size: size,
      ...(direction === "reverse" && { direction: "reverse" }),
      ...(kind === "rnn-relu" && { activations: ["Relu"] }),
      ...(kind === "gru" && { linear_before_reset: 1 }),
    });
    if (this.readAtSteps.has(name))
      this.sequences.set(name, this.result(`outputs of ${name}`, "Squeeze", [y, graph.integers([1])]));
    if (this.readAtEnd.has(name))
      this.finals.set(name, this.result(`end of ${name}`, "Squeeze", [after[0], graph.integers([0])]));
  }

  private sum(name: string, of: readonly string[]): void {
    const add = (list: ReadonlyMap<string, string>, called: string) =>
      this.result(
        called,
        "Sum",
        of.map((source) => list.get(source)!),
      );
    if (this.readAtSteps.has(name)) this.sequences.set(name, add(this.sequences, `outputs of ${name}`));
    if (this.readAtEnd.has(name)) this.finals.set(name, add(this.finals, `end of ${name}`));
  }

  private readout(): void {
    const { architecture, conventions } = this.network;
    const { inputs, outputs, tied } = architecture.readout;
    const { graph, readsOnce } = this;
    const from = readsOnce ? this.finals : this.sequences;
    const read = this.concatenated(
      "read",
      inputs.map((source) => from.get(source)!),
      readsOnce ? 1 : 2,
    );
    const weight = this.weight(tied ? "embedding.weight" : "readout.weight");
    const turned = this.transposed("readout by column", weight, 2);
    let said = this.result("weighed", "MatMul", [read, turned]);
    said = this.result("said", "Add", [said, this.weight("readout.bias")]);
    const { targetStandardisation } = conventions;
    if (targetStandardisation) {
      const { mean, deviation } = targetStandardisation;
      said = this.result("scaled", "Mul", [said, this.scale("target deviation", deviation)]);
      said = this.result("unstandardised", "Add", [said, this.scale("target mean", mean)]);
    }
    if (readsOnce) graph.node("Identity", [said], ["output"]);
    else graph.node("Transpose", [said], ["output"], { perm: [1, 0, 2] });
    const shape = readsOnce ? ["batch", outputs] : ["batch", "time", outputs];
    this.outputs.unshift({ name: "output", type: "float", shape });
  }
}
