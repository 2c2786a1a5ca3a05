// Turns a network into a plan: chooses the form of every matrix, lists the operations of a training step in order and
// lays their buffers out in one arena, where buffers that are never alive together share their place.
import { InputError } from "../errors.js";
import { type Cell, EMBEDDING, gateCount, type Sum, widths } from "../network/architecture.js";
import { type Network, tensorNames } from "../network/network.js";
import {
  type BackwardOp,
  type BiasOp,
  type Block,
  type ForwardOp,
  groups,
  type Plan,
  type PrepareOp,
  type Sequence,
  type TableBackwardOp,
  tableWidth,
} from "./plan.js";

export interface CompileOptions {
  /** The largest batch that will run. */
  batch: number;
  /** The longest sequence that will run. */
  steps: number;
  /** Symbols that occur in the data, 0 (the padding) included or not. */
  symbols: Iterable<number>;
  /** How matrices with a mask are held: by their density when left out. */
  form?: "dense" | "sparse";
}

/** Density below which a masked matrix is held compressed; measured, see docs/performance.md. */
const SPARSE_BELOW = 0.4;

/**
 * Compiles a network for batches of up to `batch` examples and `steps` time steps.
 * @throws InputError when the shape is impossible or a symbol lies outside the vocabulary.
 */
export function compile(network: Network, options: CompileOptions): Plan {
  return new Compiler(network, options).plan();
}

/** Rows of a cell's gate buffer: GRU keeps n, r, z and the hidden share of n apart. */
function gateRows(cell: Cell): number {
  return cell.size * (cell.kind === "gru" ? 4 : gateCount(cell.kind));
}

class Compiler {
  private readonly network: Network;
  private readonly options: CompileOptions;
  private readonly width: Map<string, number>;
  private readonly symbols: number[];
  private readonly lanes: number;
  private readonly blocks: Block[] = [];
  private readonly prepare: PrepareOp[] = [];
  private readonly forward: ForwardOp[] = [];
  private readonly backward: BackwardOp[] = [];
  private readonly finish: TableBackwardOp[] = [];
  private prepared = 0;
  private gradients: number;
  /** The output of each node. */
  private readonly values = new Map<string, Sequence>();
  /** The gradient of each node's output, once something downstream has written to it. */
  private readonly gradientOf = new Map<string, Sequence>();

  constructor(network: Network, options: CompileOptions) {
    const shape = (where: string, value: number, most: number) => {
      if (!Number.isInteger(value) || value < 1 || value > most) {
        throw new InputError({ where, what: `${value} is not a whole number from 1 to ${most}` });
      }
    };
    shape("batch", options.batch, 2 ** 20);
    shape("steps", options.steps, 2 ** 20);
    const { vocabulary } = network.architecture;
    this.symbols = [...new Set([0, ...options.symbols])].sort((a, b) => a - b);
    const stray = this.symbols.find((s) => !Number.isInteger(s) || s < 0 || s >= vocabulary);
    if (stray !== undefined) {
      throw new InputError({
        what: `symbol ${stray} is outside the network's vocabulary of ${vocabulary}`,
        hint: "use data that the network's embedding covers",
      });
    }
    this.network = network;
    this.options = options;
    this.width = widths(network.architecture);
    this.lanes = options.batch > 16 ? 32 : 16;
    this.gradients = network.parameters.length;
  }

  plan(): Plan {
    const { architecture, parameters } = this.network;
    const reverses: (() => void)[] = [];
    for (const node of architecture.nodes) {
      reverses.push(node.type === "cell" ? this.cell(node) : this.sum(node));
    }
    reverses.push(this.readout());
    for (const reverse of reverses.reverse()) reverse();
    const embedding = this.network.tensor("embedding.weight");
    return {
      lanes: this.lanes,
      steps: this.options.steps,
      outputs: architecture.readout.outputs,
      parameters: parameters.length,
      embedding: { offset: embedding.offset, width: architecture.embedding, symbols: this.symbols },
      blocks: this.blocks,
      prepared: this.prepared,
      gradients: this.gradients,
      arena: layOut([...groups(this.forward), ...groups(this.backward)], this.options.steps, this.lanes),
      prepare: this.prepare,
      forward: this.forward,
      backward: this.backward,
      finish: this.finish,
    };
  }

  /** Emits a cell's forward operations and returns what emits its reverse. */
  private cell(cell: Cell): () => void {
    const { kind, size } = cell;
    const names = tensorNames(cell.name);
    const rows = gateCount(kind) * size;
    const rotation = kind === "gru" ? 2 * size : 0;
    const hiddenFirst = kind === "gru" ? size : 0;
    const biasIh = this.network.tensor(names.biasIh).offset;
    const biasHh = this.network.tensor(names.biasHh).offset;
    const gates = this.sequence(gateRows(cell));
    const output = this.sequence(size, { initial: true });
    const state = kind === "lstm" ? this.sequence(2 * size, { initial: true }) : undefined;
    const bias = this.bias(gates.rows, [
      { parameter: biasIh, first: 0, rows, rotation },
      { parameter: biasHh, first: hiddenFirst, rows, rotation: 0 },
    ]);

    // The embedding's share comes first, because its table carries the bias and overwrites the gates.
    const inputs = this.inputs(names.weightIh, cell.inputs, rows, rotation);
    const fromEmbedding = inputs.find((input) => input.source === EMBEDDING);
    const stride = Math.ceil(rows / 16) * 16;
    let tableGradient = 0;
    if (fromEmbedding) {
      const table = this.reserve(rows * tableWidth(this.symbols.length));
      tableGradient = this.gradients;
      this.gradients += this.symbols.length * stride;
      this.prepare.push({ op: "table", block: fromEmbedding.block, bias, to: table });
      this.forward.push({ op: "gather", table, rows, to: gates });
    }
    const others = inputs.filter((input) => input.source !== EMBEDDING);
    for (const [i, { source, block }] of others.entries()) {
      const accumulate = i > 0 || fromEmbedding !== undefined;
      this.forward.push({ op: "affine", block, from: this.values.get(source)!, to: gates, bias, accumulate });
    }
    const hidden = this.block(names.weightHh, 0, size, rows, 0);
    const hiddenBias = kind === "gru" ? bias + 3 * size : -1;
    this.forward.push({ op: "cell", kind, block: hidden, bias: hiddenBias, gates, output, state });
    this.values.set(cell.name, output);

    return () => {
      const gradient = this.gradientOf.get(cell.name);
      if (!gradient) return; // Nothing that is read out depends on this cell.
      const carry = kind === "lstm" ? this.sequence(size, { once: true }) : undefined;
      this.backward.push({ op: "cellBackward", kind, block: hidden, gates, output, state, gradient, carry });
      const from = gates;
      this.backward.push({
        op: "weightGradient",
        block: hidden,
        from,
        first: hiddenFirst,
        input: output,
        shift: 1,
      });
      for (const { source, block } of others) {
        const input = this.values.get(source)!;
        this.backward.push({ op: "weightGradient", block, from, first: 0, input, shift: 0 });
      }
      if (kind === "gru") {
        this.backward.push({ op: "biasGradient", from, first: 0, rows, rotation, to: biasIh, also: -1 });
        this.backward.push({
          op: "biasGradient",
          from,
          first: size,
          rows,
          rotation: 0,
          to: biasHh,
          also: -1,
        });
      } else {
        this.backward.push({
          op: "biasGradient",
          from,
          first: 0,
          rows,
          rotation: 0,
          to: biasIh,
          also: biasHh,
        });
      }
      if (fromEmbedding) {
        this.backward.push({ op: "tableGradient", from, rows, stride, to: tableGradient });
        this.finish.push({
          op: "tableBackward",
          block: fromEmbedding.block,
          stride,
          gradient: tableGradient,
        });
      }
      for (const { source, block } of others) {
        this.backward.push({ op: "affineBackward", block, from, ...this.flowInto(source) });
      }
    };
  }

  private sum(sum: Sum): () => void {
    const to = this.sequence(this.width.get(sum.name)!);
    for (const [i, name] of sum.of.entries()) {
      this.forward.push({ op: "copy", from: this.values.get(name)!, to, accumulate: i > 0 });
    }
    this.values.set(sum.name, to);
    return () => {
      const from = this.gradientOf.get(sum.name);
      if (!from) return;
      for (const name of sum.of) this.backward.push({ op: "copy", from, ...this.flowInto(name) });
    };
  }

  private readout(): () => void {
    const { inputs, outputs } = this.network.architecture.readout;
    const logits = this.sequence(outputs, { once: true });
    const biasOffset = this.network.tensor("readout.bias").offset;
    const bias = this.bias(outputs, [{ parameter: biasOffset, first: 0, rows: outputs, rotation: 0 }]);
    const parts = this.inputs("readout.weight", inputs, outputs, 0).map(({ source, block }) => {
      const value = this.values.get(source)!;
      return { source, block, value, features: this.sequence(value.rows, { once: true }) };
    });
    for (const [i, { block, value, features }] of parts.entries()) {
      this.forward.push({ op: "select", from: value, to: features });
      this.forward.push({ op: "affine", block, from: features, to: logits, bias, accumulate: i > 0 });
    }
    this.forward.push({ op: "loss", logits });
    return () => {
      const from = logits;
      this.backward.push({
        op: "biasGradient",
        from,
        first: 0,
        rows: outputs,
        rotation: 0,
        to: biasOffset,
        also: -1,
      });
      for (const { source, block, features } of parts) {
        this.backward.push({ op: "weightGradient", block, from, first: 0, input: features, shift: 0 });
        const flow = this.sequence(features.rows, { once: true });
        this.backward.push({ op: "affineBackward", block, from, to: flow, accumulate: false });
        this.backward.push({ op: "scatter", from: flow, ...this.flowInto(source) });
      }
    };
  }

  /** Where a gradient that flows into a node goes: the first to arrive writes, later ones add. */
  private flowInto(name: string): { to: Sequence; accumulate: boolean } {
    const known = this.gradientOf.get(name);
    const to = known ?? this.sequence(this.width.get(name)!);
    this.gradientOf.set(name, to);
    return { to, accumulate: known !== undefined };
  }

  /** A block for each source of a matrix whose columns are its concatenated inputs. */
  private inputs(weight: string, sources: readonly string[], rows: number, rotation: number) {
    let column = 0;
    return sources.map((source) => {
      const columns = this.width.get(source)!;
      const block = this.block(weight, column, columns, rows, rotation);
      column += columns;
      return { source, block };
    });
  }

  private block(weight: string, column: number, columns: number, rows: number, rotation: number): number {
    const { offset, shape } = this.network.tensor(weight);
    const stride = shape[1];
    const full = this.network.masks.get(weight);
    let mask: Uint8Array | undefined;
    let nonzeros = rows * columns;
    if (full) {
      mask = new Uint8Array(rows * columns);
      for (let i = 0; i < rows; i++) {
        const from = ((i + rotation) % rows) * stride + column;
        mask.set(full.subarray(from, from + columns), i * columns);
      }
      nonzeros = mask.reduce((sum, bit) => sum + bit, 0);
      if (nonzeros === mask.length) mask = undefined;
    }
    const { form } = this.options;
    const sparse =
      mask !== undefined && (form ? form === "sparse" : nonzeros < SPARSE_BELOW * rows * columns);
    this.blocks.push({
      name: weight,
      offset: offset + column,
      stride,
      rows,
      columns,
      rotation,
      mask,
      nonzeros,
      sparse,
    });
    return this.blocks.length - 1;
  }

  private bias(rows: number, parts: BiasOp["parts"]): number {
    const to = this.reserve(rows);
    this.prepare.push({ op: "bias", rows, to, parts });
    return to;
  }

  private reserve(floats: number): number {
    const at = this.prepared;
    this.prepared = Math.ceil((at + floats) / 16) * 16;
    return at;
  }

  private sequence(rows: number, { initial = false, once = false } = {}): Sequence {
    return { offset: -1, rows, initial, once };
  }
}

/**
 * Gives every buffer of the operations its offset and returns the size of the arena in floats. A buffer lives from the
 * first to the last group that names it; each takes the lowest place that is free for all of that time.
 */
function layOut(groups: readonly (ForwardOp | BackwardOp)[][], steps: number, lanes: number): number {
  const lives = new Map<Sequence, { first: number; last: number }>();
  for (const [index, group] of groups.entries()) {
    for (const value of group.flatMap((op) => Object.values(op))) {
      if (typeof value !== "object" || !("rows" in value)) continue;
      const life = lives.get(value);
      if (life) life.last = index;
      else lives.set(value, { first: index, last: index });
    }
  }
  const placed: { start: number; end: number; first: number; last: number }[] = [];
  let size = 0;
  for (const [sequence, { first, last }] of lives) {
    const step = sequence.rows * lanes;
    const floats = (sequence.once ? 1 : steps + (sequence.initial ? 1 : 0)) * step;
    let start = 0;
    for (const other of placed) {
      if (other.last < first || other.first > last) continue;
      if (other.start < start + floats && start < other.end) start = other.end;
    }
    sequence.offset = start + (sequence.initial ? step : 0);
    placed.push({ start, end: start + floats, first, last });
    placed.sort((a, b) => a.start - b.start);
    size = Math.max(size, start + floats);
  }
  if (size > 2 ** 30) {
    throw new InputError({
      what: `one step needs ${Math.round(size / 2 ** 28)} GiB of activations`,
      hint: "use shorter sequences or a smaller network",
    });
  }
  return size;
}
