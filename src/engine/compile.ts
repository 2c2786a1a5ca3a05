// Turns a network into a plan: sets cells that feed one sum side by side, chooses the form of every matrix and lists
// the operations of a training step in order. The outputs of all nodes lie in one sequence, so that whatever a cell
// reads is one matrix on adjacent rows, from however many nodes it comes.
import { InputError } from "../errors.js";
import { type Cell, type CellKind, EMBEDDING, gateCount, type Sum, widths } from "../network/architecture.js";
import { type Network, tensorNames } from "../network/network.js";
import { layOut } from "./arena.js";
import type {
  BackwardOp,
  BiasPart,
  Block,
  ForwardOp,
  Piece,
  Plan,
  PrepareOp,
  Rows,
  Sequence,
  TableBackwardOp,
} from "./plan.js";
import { tableWidth } from "./plan.js";

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

/**
 * The gates of a cell in its gate buffer, in the order of the buffer: by their place among the rows of the input's
 * matrix and of the hidden one, absent where a matrix has no share in them. GRU keeps the hidden share of n apart.
 */
function gatesOf(kind: CellKind): { input: (number | undefined)[]; hidden: (number | undefined)[] } {
  if (kind === "gru") return { input: [2, 0, 1, undefined], hidden: [undefined, 0, 1, 2] };
  const all = Array.from({ length: gateCount(kind) }, (_, gate) => gate);
  return { input: all, hidden: all };
}

/** Cells of one kind that run side by side, each with its first unit among all of theirs. */
interface Team {
  readonly kind: CellKind;
  readonly units: number;
  readonly cells: readonly { cell: Cell; first: number }[];
}

function team(cells: readonly Cell[]): Team {
  let units = 0;
  const placed = cells.map((cell) => {
    const first = units;
    units += cell.size;
    return { cell, first };
  });
  return { kind: cells[0].kind, units, cells: placed };
}

/** A piece of a block before its weights have an offset: rows and columns of a named weight. */
interface Part extends Omit<Piece, "parameter" | "stride"> {
  readonly weight: string;
  readonly fromRow: number;
  readonly fromColumn: number;
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
  /** The sums that cells run side by side for, by the cells' names. */
  private readonly absorbed: Map<string, Sum>;
  /** The rows of every node but the absorbed cells, in the sequence of all outputs and in that of their gradients. */
  private readonly places: Map<string, { first: number; rows: number }>;
  private readonly outputs: Sequence;
  private readonly flows: Sequence;
  /** Nodes whose gradient's rows have been written, and those of them on which something that is read out depends. */
  private readonly written = new Set<string>();
  private readonly reached = new Set<string>();

  constructor(network: Network, options: CompileOptions) {
    const shape = (where: string, value: number, most: number) => {
      if (!Number.isInteger(value) || value < 1 || value > most) {
        throw new InputError({ where, what: `${value} is not a whole number from 1 to ${most}` });
      }
    };
    shape("batch", options.batch, 2 ** 20);
    shape("steps", options.steps, 2 ** 20);
    const { architecture } = network;
    const { vocabulary } = architecture;
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
    this.width = widths(architecture);
    this.lanes = options.batch > 16 ? 32 : 16;
    this.gradients = network.parameters.length;
    this.absorbed = absorbedCells(network);
    this.places = new Map();
    let rows = 0;
    for (const { name } of architecture.nodes) {
      if (this.absorbed.has(name)) continue;
      const own = this.width.get(name)!;
      this.places.set(name, { first: rows, rows: own });
      rows += own;
    }
    this.outputs = { offset: -1, rows, initial: true, once: false };
    this.flows = { offset: -1, rows, initial: false, once: false };
  }

  plan(): Plan {
    const { architecture, parameters } = this.network;
    const { options, lanes, forward, backward } = this;
    const reverses: (() => void)[] = [];
    for (const node of architecture.nodes) {
      if (node.type === "sum") reverses.push(...this.sum(node));
      else if (!this.absorbed.has(node.name)) reverses.push(this.alone(node));
    }
    reverses.push(this.readout());
    for (const reverse of reverses.reverse()) reverse();
    const embedding = this.network.tensor("embedding.weight");
    return {
      lanes,
      steps: options.steps,
      outputs: architecture.readout.outputs,
      parameters: parameters.length,
      embedding: { offset: embedding.offset, width: architecture.embedding, symbols: this.symbols },
      blocks: this.blocks,
      prepared: this.prepared,
      gradients: this.gradients,
      arena: layOut(forward, backward, options.steps, lanes),
      prepare: this.prepare,
      forward,
      backward,
      finish: this.finish,
    };
  }

  private alone(cell: Cell): () => void {
    const reverse = this.cells(team([cell]), this.place(this.outputs, cell.name));
    return () => {
      if (this.reached.has(cell.name)) reverse([this.place(this.flows, cell.name)]);
    };
  }

  private sum(sum: Sum): (() => void)[] {
    const own = this.network.architecture.nodes.filter(
      (node): node is Cell => this.absorbed.get(node.name) === sum,
    );
    const rowsOf = new Map<string, Rows>();
    const reverses: (() => void)[] = [];
    for (const kind of new Set(own.map((cell) => cell.kind))) {
      const together = team(own.filter((cell) => cell.kind === kind));
      const output = whole(this.sequence(together.units, { initial: true }));
      const reverse = this.cells(together, output);
      for (const { cell, first } of together.cells)
        rowsOf.set(cell.name, { ...output, first, rows: cell.size });
      reverses.push(() => {
        if (!this.reached.has(sum.name)) return;
        reverse(together.cells.map(() => this.place(this.flows, sum.name)));
      });
    }
    const others = sum.of.filter((name) => !rowsOf.has(name));
    this.forward.push({
      op: "sum",
      from: sum.of.map((name) => rowsOf.get(name) ?? this.place(this.outputs, name)),
      to: this.place(this.outputs, sum.name),
    });
    reverses.push(() => {
      if (!this.reached.has(sum.name)) return;
      const from = this.place(this.flows, sum.name);
      for (const name of others) this.backward.push({ op: "copy", from, ...this.flowInto([name]) });
    });
    return reverses;
  }

  /** Emits the forward operations of cells side by side and returns what emits their reverse. */
  private cells({ kind, units, cells }: Team, output: Rows): (gradients: Rows[]) => void {
    const { input, hidden } = gatesOf(kind);
    const gates = whole(this.sequence(input.length * units));
    const inputRows = this.gateRows(gates, units, input);
    const hiddenRows = this.gateRows(gates, units, hidden);
    const state = kind === "lstm" ? whole(this.sequence(2 * units, { initial: true })) : undefined;
    const biasParts = cells.flatMap(({ cell, first }) => {
      const names = tensorNames(cell.name);
      return input.flatMap((_, gate) =>
        [
          { tensor: names.biasIh, row: input[gate] },
          { tensor: names.biasHh, row: hidden[gate] },
        ].flatMap(({ tensor, row }): BiasPart[] =>
          row === undefined
            ? []
            : [
                {
                  first: gate * units + first,
                  rows: cell.size,
                  parameter: this.network.tensor(tensor).offset + row * cell.size,
                },
              ],
        ),
      );
    });
    const bias = this.bias(gates.rows, biasParts);

    /** The pieces of all cells' weights for some columns: by cell, where they are in its matrix and in the block. */
    const block = (
      name: "weightIh" | "weightHh",
      gateOrder: (number | undefined)[],
      columns: number,
      spans: (cell: Cell, first: number) => { column: number; columns: number; fromColumn: number }[],
    ) => {
      const order = gateOrder.filter((gate) => gate !== undefined);
      const parts = cells.flatMap(({ cell, first }) =>
        spans(cell, first).flatMap((span) =>
          order.map((fromGate, gate) => ({
            ...span,
            row: gate * units + first,
            rows: cell.size,
            weight: tensorNames(cell.name)[name],
            fromRow: fromGate * cell.size,
          })),
        ),
      );
      return this.block(order.length * units, columns, parts);
    };

    // The embedding's share comes first, because its table carries the bias and overwrites the gates.
    const width = this.width.get(EMBEDDING)!;
    let table: { block: number; stride: number; gradient: number } | undefined;
    if (cells.some(({ cell }) => cell.inputs.includes(EMBEDDING))) {
      const index = block("weightIh", input, width, (cell) =>
        this.inputsOf(cell)
          .filter(({ source }) => source === EMBEDDING)
          .map(({ fromColumn }) => ({ column: 0, columns: width, fromColumn })),
      );
      const to = this.reserve(inputRows.rows * tableWidth(this.symbols.length));
      const stride = Math.ceil(inputRows.rows / 16) * 16;
      table = { block: index, stride, gradient: this.gradients };
      this.gradients += this.symbols.length * stride;
      this.prepare.push({ op: "table", block: index, bias, to });
      this.forward.push({ op: "gather", table: to, to: inputRows });
    }
    const sources = [...new Set(cells.flatMap(({ cell }) => cell.inputs))].filter((s) => s !== EMBEDDING);
    const read = sources.length > 0 ? this.span(sources) : undefined;
    let affine: number | undefined;
    if (read) {
      affine = block("weightIh", input, read.rows, (cell) =>
        this.inputsOf(cell)
          .filter(({ source }) => source !== EMBEDDING)
          .map(({ source, fromColumn }) => {
            const { first, rows } = this.places.get(source)!;
            return { column: first - read.first, columns: rows, fromColumn };
          }),
      );
      const from = { of: this.outputs, ...read };
      this.forward.push({
        op: "affine",
        block: affine,
        from,
        to: inputRows,
        bias,
        accumulate: table !== undefined,
      });
    }
    const recurrent = block("weightHh", hidden, units, (cell, first) => [
      { column: first, columns: cell.size, fromColumn: 0 },
    ]);
    const hiddenBias = kind === "gru" ? bias + 3 * units : -1;
    this.forward.push({ op: "cell", kind, block: recurrent, bias: hiddenBias, gates, output, state });

    return (gradients) => {
      const flow = affine === undefined ? undefined : this.flowInto(sources);
      const carry = whole(this.sequence(units * (state ? 2 : 1), { once: true }));
      const { backward } = this;
      backward.push({ op: "cellBackward", kind, block: recurrent, gates, output, state, gradients, carry });
      backward.push({ op: "weightGradient", block: recurrent, from: hiddenRows, input: output, shift: 1 });
      if (affine !== undefined && read && flow) {
        const input = { of: this.outputs, ...read };
        backward.push({ op: "weightGradient", block: affine, from: inputRows, input, shift: 0 });
      }
      backward.push({ op: "biasGradient", from: gates, parts: biasParts });
      if (table) {
        backward.push({
          op: "tableGradient",
          from: inputRows,
          stride: table.stride,
          gradient: table.gradient,
        });
        this.finish.push({ op: "tableBackward", ...table });
      }
      if (affine !== undefined && flow) {
        backward.push({ op: "affineBackward", block: affine, from: inputRows, ...flow });
      }
    };
  }

  private readout(): () => void {
    const { inputs, outputs } = this.network.architecture.readout;
    const logits = whole(this.sequence(outputs, { once: true }));
    const parameter = this.network.tensor("readout.bias").offset;
    const biasParts = [{ first: 0, rows: outputs, parameter }];
    const bias = this.bias(outputs, biasParts);
    let fromColumn = 0;
    const parts = inputs.map((source) => {
      const columns = this.width.get(source)!;
      const piece = {
        row: 0,
        column: 0,
        rows: outputs,
        columns,
        weight: "readout.weight",
        fromRow: 0,
        fromColumn,
      };
      fromColumn += columns;
      return {
        source,
        block: this.block(outputs, columns, [piece]),
        features: whole(this.sequence(columns, { once: true })),
      };
    });
    for (const [i, { source, block, features }] of parts.entries()) {
      this.forward.push({ op: "select", from: this.place(this.outputs, source), to: features });
      this.forward.push({ op: "affine", block, from: features, to: logits, bias, accumulate: i > 0 });
    }
    this.forward.push({ op: "loss", logits });
    return () => {
      const from = logits;
      this.backward.push({ op: "biasGradient", from, parts: biasParts });
      for (const { source, block, features } of parts) {
        this.backward.push({ op: "weightGradient", block, from, input: features, shift: 0 });
        const flow = whole(this.sequence(features.rows, { once: true }));
        this.backward.push({ op: "affineBackward", block, from, to: flow, accumulate: false });
        const { to, accumulate } = this.flowInto([source]);
        if (!accumulate) this.backward.push({ op: "clear", to });
        this.backward.push({ op: "scatter", from: flow, to });
      }
    };
  }

  private place(of: Sequence, name: string): Rows {
    return { of, ...this.places.get(name)! };
  }

  /** The rows from the first of the named nodes to the last, with what lies between them. */
  private span(names: readonly string[]): { first: number; rows: number } {
    const places = names.map((name) => this.places.get(name)!);
    const first = Math.min(...places.map((place) => place.first));
    return { first, rows: Math.max(...places.map((place) => place.first + place.rows)) - first };
  }

  /**
   * Where the gradient goes that flows into these nodes: to all rows of their span. The first to arrive writes, later
   * ones add; rows that have not been written yet are cleared where others have been.
   */
  private flowInto(names: readonly string[]): { to: Rows; accumulate: boolean } {
    const span = this.span(names);
    for (const name of names) this.reached.add(name);
    const within = [...this.places].filter(
      ([, { first, rows }]) => first < span.first + span.rows && first + rows > span.first,
    );
    const fresh = within.filter(([name]) => !this.written.has(name));
    const accumulate = fresh.length < within.length;
    for (const [name] of fresh) {
      if (accumulate) this.backward.push({ op: "clear", to: this.place(this.flows, name) });
      this.written.add(name);
    }
    return { to: { of: this.flows, ...span }, accumulate };
  }

  /** A cell's sources, each with its first column in the cell's matrix. */
  private inputsOf(cell: Cell): { source: string; fromColumn: number }[] {
    let column = 0;
    return cell.inputs.map((source) => {
      const fromColumn = column;
      column += this.width.get(source)!;
      return { source, fromColumn };
    });
  }

  /** The rows of those gates in which a matrix has a share; they are adjacent. */
  private gateRows(gates: Rows, units: number, shares: (number | undefined)[]): Rows {
    const first = shares.findIndex((share) => share !== undefined);
    const count = shares.filter((share) => share !== undefined).length;
    return { of: gates.of, first: first * units, rows: count * units };
  }

  private block(rows: number, columns: number, parts: readonly Part[]): number {
    const pieces: Piece[] = [];
    let mask: Uint8Array | undefined;
    let nonzeros = 0;
    for (const { row, column, rows, columns: width, weight, fromRow, fromColumn } of parts) {
      const { offset, shape } = this.network.tensor(weight);
      const stride = shape[1];
      const parameter = offset + fromRow * stride + fromColumn;
      const last = pieces.at(-1);
      // Gates that are adjacent in both are one piece.
      if (
        last?.column === column &&
        last.columns === width &&
        last.row + last.rows === row &&
        last.parameter + last.rows * stride === parameter
      ) {
        pieces[pieces.length - 1] = { ...last, rows: last.rows + rows };
      } else {
        pieces.push({ row, column, rows, columns: width, parameter, stride });
      }
      nonzeros += rows * width;
    }
    const masked = parts.filter(({ weight }) => this.network.masks.has(weight));
    if (masked.length > 0) {
      const own = new Uint8Array(rows * columns).fill(1);
      for (const part of masked) {
        const full = this.network.masks.get(part.weight)!;
        const stride = this.network.tensor(part.weight).shape[1];
        for (let i = 0; i < part.rows; i++) {
          const from = (part.fromRow + i) * stride + part.fromColumn;
          for (let j = 0; j < part.columns; j++) {
            if (full[from + j] !== 0) continue;
            own[(part.row + i) * columns + part.column + j] = 0;
            nonzeros--;
          }
        }
      }
      if (own.includes(0)) mask = own;
    }
    const { form } = this.options;
    const full = nonzeros === rows * columns;
    const sparse = !full && (form ? form === "sparse" : nonzeros < SPARSE_BELOW * rows * columns);
    this.blocks.push({ name: parts[0].weight, rows, columns, pieces, mask, nonzeros, sparse });
    return this.blocks.length - 1;
  }

  private bias(rows: number, parts: BiasPart[]): number {
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

function whole(of: Sequence): Rows {
  return { of, first: 0, rows: of.rows };
}

/** Cells that only one sum reads, and beside others of their kind: by name, with the sum. */
function absorbedCells({ architecture }: Network): Map<string, Sum> {
  const readers = new Map<string, number>();
  const count = (names: readonly string[]) => {
    for (const name of names) readers.set(name, (readers.get(name) ?? 0) + 1);
  };
  for (const node of architecture.nodes) count(node.type === "cell" ? node.inputs : node.of);
  count(architecture.readout.inputs);
  const cells = new Map<string, Cell>();
  const absorbed = new Map<string, Sum>();
  for (const node of architecture.nodes) {
    if (node.type === "cell") {
      cells.set(node.name, node);
      continue;
    }
    const own = node.of.flatMap((name) => (readers.get(name) === 1 ? (cells.get(name) ?? []) : []));
    for (const { name, kind } of own) {
      if (own.filter((other) => other.kind === kind).length > 1) absorbed.set(name, node);
    }
  }
  return absorbed;
}
