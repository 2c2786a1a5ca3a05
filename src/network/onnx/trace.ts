// Follows the data through an ONNX graph and finds the network in it: what each cell reads, and from where the read-out does. Names
// mean nothing; the order of axes, the place of a step and the sizes are followed through whatever moves data between the cells, so
// that exports of PyTorch are read as well as Filigree's own.
import { InputError } from "../../errors.js";
import { inputNames, type Node } from "../architecture.js";
import type { ReadCell } from "../collected.js";
import { quote } from "../safetensors.js";
import { cellsOfNode } from "./cells.js";
import {
  type Constant,
  FLOAT,
  INT32,
  INT64,
  type OnnxInput,
  type OnnxModel,
  type OnnxNode,
} from "./model.js";
import { type Call, operators } from "./operators.js";
import {
  type Axis,
  type Data,
  type Head,
  type Part,
  type Scaling,
  type Size,
  type Traced,
  Untraceable,
  widthOf,
} from "./values.js";

/** What a graph computes. */
export interface Trace {
  /** Cells and sums by numbers as names. */
  readonly nodes: readonly Node[];
  readonly cells: ReadonlyMap<string, ReadCell>;
  /** Left out where numbers are read. */
  readonly embedding?: Constant;
  /** Numbers of a step, where such are read. */
  readonly width?: number;
  readonly standardisation?: Scaling;
  readonly read: readonly Part[];
  readonly head: Head;
  readonly everyStep: boolean;
}

/** Thrown where the first axis of the input turns out to be another one. */
class OtherOrder extends Error {}

/** @throws InputError when the graph is of anything but an input, cells, sums and a linear read-out. */
export function traceModel(model: OnnxModel, where: string): Trace {
  try {
    return new Tracer(model, where, ["batch", "time"]).trace();
  } catch (error) {
    if (!(error instanceof OtherOrder)) throw error;
  }
  try {
    return new Tracer(model, where, ["time", "batch"]).trace();
  } catch (error) {
    if (!(error instanceof OtherOrder)) throw error;
    throw new InputError({ where, what: "its cells do not read its input step by step" });
  }
}

/** A standardisation takes two or three operators, before the cells and behind them. */
const MOST_RESCALINGS = 16;

class Tracer {
  private readonly model: OnnxModel;
  private readonly where: string;
  private readonly order: readonly ["batch" | "time", "batch" | "time"];
  private readonly values = new Map<string, Traced>();
  private readonly known = new Map<Size, number>();
  private readonly nodes: Node[] = [];
  private readonly cells = new Map<string, ReadCell>();
  /** By the nodes that are added: the names of their sums, and how many were met at every step and after the last. */
  private readonly sums = new Map<string, { names: string[]; steps: number; ends: number }>();
  private readonly used = new Set<Constant>();
  private embedding: Constant | undefined;
  private width: number | undefined;
  private scaling: Scaling | undefined;
  private isRead = false;
  private hasInput = false;
  private rescalings = 0;
  /** Whether cells are told how long each sequence is. */
  private lengths: boolean | undefined;

  constructor(model: OnnxModel, where: string, order: readonly ["batch" | "time", "batch" | "time"]) {
    this.model = model;
    this.where = where;
    this.order = order;
  }

  trace(): Trace {
    const { model } = this;
    for (const [name, constant] of model.constants)
      this.values.set(name, { is: "constant", constant, turned: false });
    const { nodes: run, data } = this.needed();
    for (const input of model.inputs) {
      // Old files list their constants as inputs too.
      if (!this.values.has(input.name))
        this.values.set(input.name, this.inputOf(input, data.has(input.name)));
    }
    for (const node of run) this.run(node);
    const heads = model.outputs.flatMap((name) => {
      const value = this.values.get(name);
      return value?.is === "data" && value.head ? [{ ...value, head: value.head }] : [];
    });
    if (heads.length !== 1) {
      return this.fail(
        heads.length === 0 ? "none of its outputs is a linear read-out" : "it has more than one read-out",
        "use an embedding or numbers, recurrent layers and one linear read-out",
      );
    }
    const [{ axes, stack, head }] = heads;
    const essential = axes.filter((axis) => axis !== "one");
    if (axes.includes("stack") || essential.at(-1) !== "units" || !axes.includes("batch"))
      this.fail(`its output has the axes ${axes.join(", ")}`);
    const { nodes, cells, embedding, width, scaling } = this;
    return {
      nodes,
      cells,
      ...(embedding && { embedding }),
      ...(width !== undefined && { width }),
      ...(scaling && { standardisation: scaling }),
      read: stack[0],
      head,
      everyStep: axes.includes("time"),
    };
  }

  private fail(what: string, hint?: string): never {
    throw new InputError({ where: this.where, what, hint });
  }

  /**
   * The nodes that an output needs, in their order, and the names of what data, and not only the states of cells, are made of.
   */
  private needed(): { nodes: OnnxNode[]; data: ReadonlySet<string> } {
    const wanted = new Set(this.model.outputs);
    const data = new Set(this.model.outputs);
    const nodes: OnnxNode[] = [];
    for (const node of this.model.nodes.toReversed()) {
      const gives = (names: ReadonlySet<string>) =>
        node.outputs.some((name) => name !== "" && names.has(name));
      if (!gives(wanted)) continue;
      nodes.push(node);
      for (const name of node.inputs) wanted.add(name);
      if (gives(data))
        for (const name of isCell(node) ? node.inputs.slice(0, 1) : node.inputs) data.add(name);
    }
    return { nodes: nodes.reverse(), data };
  }

  private inputOf({ name, type, shape }: OnnxInput, isData: boolean): Traced {
    const rank = shape?.length;
    const isWhole = type === INT32 || type === INT64;
    if (isWhole && rank === 1) return { is: "lengths" };
    if (!isData) return { is: "state" };
    const width = shape?.[2];
    const isValues = type === FLOAT && rank === 3 && width !== undefined && width >= 1;
    if (!shape || !(isValues || (isWhole && rank === 2))) {
      return this.fail(
        `its input ${quote(name)} is neither symbols, whole numbers [batch, time], nor numbers, float32 [batch, time, width]`,
        "export the model with an input of one of these shapes",
      );
    }
    if (this.hasInput) this.fail("it has more than one input");
    this.hasInput = true;
    for (const [i, axis] of this.order.entries()) {
      const size = shape[i];
      if (size !== undefined && size > 0) this.known.set(axis, size);
    }
    if (!isValues) return { is: "symbols", axes: this.order };
    this.width = width;
    const part: Part = { source: inputNames.values, width, reverse: false };
    return { is: "data", axes: [...this.order, "units"], stack: [[part]] };
  }

  private run(node: OnnxNode): void {
    const operator = operators[node.operator];
    try {
      if (isCell(node)) this.cell(node);
      else if (operator) this.values.set(node.outputs[0], operator(this.caller(node)));
      else throw new Untraceable("is an operator that Filigree's networks do not have");
    } catch (error) {
      if (!(error instanceof Untraceable)) throw error;
      this.fail(
        `its ${quote(node.operator)} ${error.message}`,
        "use an embedding or numbers, recurrent layers and one linear read-out",
      );
    }
  }

  private caller(node: OnnxNode): Call {
    const value = (at: number): Traced | undefined => {
      const name = node.inputs[at];
      if (!name) return undefined;
      const found = this.values.get(name);
      if (found) return found;
      throw new Untraceable(`reads ${quote(name)}, which nothing before it gives`);
    };
    return {
      node,
      where: this.where,
      known: this.known,
      value,
      embed: (constant, axes) => this.embed(constant, axes),
      countRescaling: () => {
        if (++this.rescalings > MOST_RESCALINGS)
          throw new Untraceable(`is one of more than ${MOST_RESCALINGS} that shift or multiply numbers`);
      },
      sum: (parts, everyStep) => this.sum(parts, everyStep),
      sizes: (at) => {
        const own = value(at);
        if (own === undefined || own.is === "sizes") return own;
        if (own.is !== "constant") throw new Untraceable("has a size or place that is not known");
        const { shape } = own.constant;
        return { is: "sizes", sizes: own.constant.integers(this.where), isScalar: shape.length === 0 };
      },
    };
  }

  private embed(constant: Constant, axes: readonly Axis[]): Data {
    if (this.embedding && this.embedding !== constant) throw new Untraceable("is a second embedding");
    if (constant.shape.length !== 2) throw new Untraceable("looks symbols up in no matrix");
    this.embedding = constant;
    const part: Part = { source: inputNames.symbols, width: constant.shape[1], reverse: false };
    return { is: "data", axes: [...axes, "units"], stack: [[part]] };
  }

  /**
   * The sum of the outputs of nodes. One that is added up at every step and once more after the last is one node; where several
   * are of the same nodes, they are told apart by their order.
   */
  private sum(parts: readonly Part[], everyStep: boolean): Part {
    const of = parts.map(({ source }) => source);
    const key = of.join(" ");
    const sums = this.sums.get(key) ?? { names: [], steps: 0, ends: 0 };
    this.sums.set(key, sums);
    const at = everyStep ? sums.steps++ : sums.ends++;
    if (at === sums.names.length) {
      sums.names.push(String(this.nodes.length));
      this.nodes.push({ type: "sum", name: sums.names[at], of });
    }
    const some = (property: "reverse" | "isPadded") => parts.some((part) => part[property]);
    const { width } = parts[0];
    return { source: sums.names[at], width, reverse: some("reverse"), isPadded: some("isPadded") };
  }

  private cell(node: OnnxNode): void {
    const call = this.caller(node);
    const x = call.value(0);
    if (x?.is !== "data") throw new Untraceable("reads no data");
    if (x.head) throw new Untraceable("reads what a linear layer gives");
    const axes = x.axes.join(" ");
    if (axes === "batch time units") throw new OtherOrder();
    if (axes !== "time batch units")
      throw new Untraceable(`reads data with the axes ${axes}, not time, batch and units`);
    const lengths = call.value(4);
    if (lengths && lengths.is !== "lengths") throw new Untraceable("has sequence_lens that are no input");
    this.lengths ??= lengths !== undefined;
    if (this.lengths !== (lengths !== undefined))
      throw new Untraceable("has sequence_lens where others have none, or none where others have");
    for (const at of [5, 6]) {
      const state = call.value(at);
      const isZero =
        state === undefined ||
        state.is === "zeros" ||
        state.is === "state" ||
        (state.is === "constant" && state.constant.isZero(this.where));
      if (!isZero) throw new Untraceable("begins with a state that is not zero");
    }
    const constant = (at: number) => {
      const value = call.value(at);
      return value?.is === "constant" && !value.turned ? value.constant : undefined;
    };
    for (const at of [1, 2]) {
      const weight = constant(at);
      if (weight && this.used.has(weight)) throw new Untraceable("has the weights of another cell");
      if (weight) this.used.add(weight);
    }
    const [parts] = x.stack;
    const width = widthOf(parts);
    const inputs = parts.map(({ source }) => source);
    this.readInput(parts);
    const own = cellsOfNode(node, constant, this.where).map((cell): Part => {
      const name = String(this.nodes.length);
      const [, columns] = cell.weightIh.shape;
      if (columns !== width) throw new Untraceable(`has weights for ${columns} numbers and reads ${width}`);
      const { kind, size, reverse } = cell;
      this.nodes.push({ type: "cell", name, kind, size, inputs, ...(reverse && { direction: "reverse" }) });
      this.cells.set(name, cell);
      return { source: name, width: size, reverse };
    });
    const stack = own.map((part) => [part]);
    const padded = own.map((part) => [{ ...part, ...(lengths && { isPadded: true }) }]);
    const [y, h, c] = node.outputs;
    if (y) this.values.set(y, { is: "data", axes: ["time", "stack", "batch", "units"], stack: padded });
    if (h) this.values.set(h, { is: "data", axes: ["stack", "batch", "units"], stack });
    if (c) this.values.set(c, { is: "state" });
  }

  /** Takes note of how numbers are standardised, which must be the same for every cell. */
  private readInput(parts: readonly Part[]): void {
    for (const { source, scaling } of parts) {
      if (source !== inputNames.values) continue;
      if (this.isRead && this.scaling !== scaling)
        throw new Untraceable("reads numbers standardised in another way");
      this.isRead = true;
      this.scaling = scaling;
    }
  }
}

function isCell({ operator }: OnnxNode): boolean {
  return operator === "RNN" || operator === "LSTM" || operator === "GRU";
}
