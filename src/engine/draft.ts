// A plan in the making: what has been emitted so far, where the outputs of all nodes and their gradients lie, and in how many
// steps at once and with which lanes operations work. `compile` walks over a network's nodes with one.
import { InputError } from "../errors.js";
import { type Architecture, type Cell, inputName, type Sum, widths } from "../network/architecture.js";
import type { Network } from "../network/network.js";
import { checkBuffer, layOut } from "./arena.js";
import { assemble, type Part } from "./blocks.js";
import { DROPOUT_ONE } from "./dropout.js";
import type { CompileOptions } from "./options.js";
import type {
  BackwardOp,
  BiasPart,
  Block,
  DropoutOp,
  FlipOp,
  ForwardOp,
  Plan,
  PrepareOp,
  ReadOp,
  Rows,
  Sequence,
  Stage,
  StageOp,
  TableBackwardOp,
} from "./plan.js";
import { absorbedCells } from "./teams.js";

/** Bytes that the widest buffer of a stage takes in a chunk of time: what one operation writes should still be in the
 * second-level cache when the next reads it. */
const CHUNK_BYTES = 2 ** 18;
/** A weight gradient takes so many steps at once. */
const LEAST_CHUNK = 8;

/** The same where steps and examples are packed: whole lanes come of more steps. */
const LEAST_PACKED_CHUNK = 16;

/** Products are packed where each number that is moved for it saves so many multiplications in idle lanes (measured on Zen 4). */
const PACKED_SAVES = 12;

/** Floats of a table of inputs beyond which a stream multiplies instead of looking up. */
const LARGEST_STREAM_TABLE = 2 ** 26;

/** The numbers, or the embeddings of symbols, where the first layers multiply them. */
export interface Embedded {
  readonly values: Rows;
  /** Their gradient; none of numbers. */
  readonly flow: Rows | undefined;
  /** Whether the gradient's rows have been written. */
  written: boolean;
}

export class Draft {
  readonly network: Network;
  readonly options: CompileOptions;
  /** 16 or 32, or 1 for streaming. */
  readonly lanes: number;
  /** Units of every node, and of the input. */
  readonly width: ReadonlyMap<string, number>;
  /** Those in use, ascending. */
  readonly symbols: readonly number[];
  /** The name of the input. */
  readonly input: string;
  /** The cells that run backwards. */
  readonly reverse: ReadonlySet<string>;
  readonly blocks: Block[] = [];
  readonly prepare: PrepareOp[] = [];
  readonly forward: Stage<ForwardOp>[] = [];
  readonly read: Stage<ReadOp>[] = [];
  readonly backward: Stage<BackwardOp>[] = [];
  readonly finish: TableBackwardOp[] = [];
  /** The sums that cells run side by side for, by the cells' names. */
  readonly absorbed: ReadonlyMap<string, Sum>;
  /** The rows of every node but the absorbed cells, in the sequence of all outputs and in that of their gradients. */
  readonly places: ReadonlyMap<string, { readonly first: number; readonly rows: number }>;
  /** All outputs, those of absorbed cells behind the others. */
  readonly outputs: Sequence;
  readonly flows: Sequence;
  /** What nodes read of each other: the outputs, or a copy of them, at the same places, of which some are dropped. */
  readonly inputs: Sequence;
  /** Undefined where symbols are looked up in a table. */
  readonly embedded: Embedded | undefined;
  /** Nodes on which something that is read out depends, as far as the backward pass has come. */
  readonly reached = new Set<string>();
  /** Those whose gradient's rows have been written. */
  private readonly written = new Set<string>();
  private prepared = 0;
  private gradients: number;
  /** The first row of the next absorbed cells. */
  private unplaced: number;

  constructor(network: Network, options: CompileOptions, lanes: number) {
    const { architecture } = network;
    this.network = network;
    this.options = options;
    this.lanes = lanes;
    this.width = widths(architecture);
    this.symbols = symbolsOf(network, options.symbols);
    this.input = inputName(architecture);
    this.reverse = reverseCells(architecture);
    this.gradients = network.parameters.length;
    // Without lanes, the zeros between the matrices of cells side by side cost more than a cell of its own.
    this.absorbed = lanes === 1 ? new Map() : absorbedCells(network);
    const places = new Map<string, { first: number; rows: number }>();
    let first = 0;
    for (const { name } of architecture.nodes) {
      if (this.absorbed.has(name)) continue;
      const rows = this.width.get(name)!;
      places.set(name, { first, rows });
      first += rows;
    }
    this.places = places;
    this.unplaced = first;
    this.flows = sequence(first);
    const behind = [...this.absorbed.keys()].reduce((sum, name) => sum + this.width.get(name)!, 0);
    this.outputs = sequence(first + behind, { initial: true });
    this.inputs = options.dropout ? sequence(first) : this.outputs;
    const readers = architecture.nodes.flatMap((node) =>
      node.type === "cell" && node.inputs.includes(this.input) ? [node.name] : [],
    );
    if (readers.length > 0 && !this.tabled(readers)) {
      const { kind, width } = architecture.input;
      const flow = kind === "symbols" ? whole(sequence(width)) : undefined;
      this.embedded = { values: whole(sequence(width)), flow, written: false };
    }
  }

  /**
   * Whether the first layers' inputs are looked up in a table with a row for each symbol: where that takes fewer products
   * than multiplying the embedding of every step of every example, or, in a stream, where the table is not too large.
   * @param cells those that read the input.
   */
  private tabled(cells: readonly string[]): boolean {
    const { batch, steps, dropout } = this.options;
    if (this.network.architecture.input.kind === "values") return false;
    // Embeddings are turned round, table rows are not.
    if (cells.some((name) => this.reverse.has(name))) return false;
    const units = cells.map((name) => this.width.get(name)!);
    if (dropout && dropout.embedding > 0) return false;
    if (this.lanes > 1) return this.symbols.length <= Math.ceil(batch / this.lanes) * this.lanes * steps;
    return 4 * Math.max(...units) * this.symbols.length <= LARGEST_STREAM_TABLE;
  }

  /** Steps whose activations are held at once. */
  get segment(): number {
    const { steps, recompute = steps } = this.options;
    return Math.min(recompute, steps);
  }

  /**
   * The plan of all that has been emitted.
   * @param laidOut its operations in groups, of which those apart share places in the arena.
   * @throws InputError when a buffer would be too large.
   */
  planOf(laidOut: (readonly StageOp[])[]): Plan {
    const { architecture, parameters } = this.network;
    const { options, lanes, forward, read, backward, segment, gradients } = this;
    const { input } = architecture;
    const tables = `tables of ${this.symbols.length} symbols`;
    const hint = "name only the symbols that occur, or use fewer or smaller layers";
    checkBuffer(tables, this.prepared, hint);
    checkBuffer(`the gradients of the parameters and of ${tables}`, gradients, hint);
    return {
      lanes,
      steps: options.steps,
      segment,
      outputs: architecture.readout.outputs,
      everyStep: architecture.readout.at === "every-step",
      predictsNumbers: architecture.readout.predicts === "numbers",
      parameters: parameters.length,
      input:
        input.kind === "values"
          ? input
          : {
              kind: "symbols",
              offset: this.network.tensor("embedding.weight").offset,
              width: input.width,
              symbols: this.symbols,
            },
      blocks: this.blocks,
      form: options.form,
      prepared: this.prepared,
      gradients,
      arena: layOut(laidOut, segment, lanes),
      prepare: this.prepare,
      forward,
      read,
      backward,
      finish: this.finish,
    };
  }

  /** What a node's readers read: its output as it is, or the copy of it. */
  sourceOf(name: string): Sequence {
    return this.droppingOf(name) ? this.inputs : this.outputs;
  }

  /** Nothing is dropped of what sums alone read: it is of the sum. */
  droppingOf(name: string): Omit<DropoutOp, "from" | "to"> | undefined {
    const { dropout } = this.options;
    if (!dropout) return undefined;
    const { nodes, readout } = this.network.architecture;
    if (readout.inputs.includes(name)) return this.dropping(name, dropout.readout);
    const isInput = nodes.some((node) => node.type === "cell" && node.inputs.includes(name));
    return isInput ? this.dropping(name, dropout.layers) : undefined;
  }

  dropping(name: string, rate: number): Omit<DropoutOp, "from" | "to"> {
    const layer = 1 + this.network.architecture.nodes.findIndex((node) => node.name === name);
    return { op: "dropout", layer, rate: Math.round(rate * DROPOUT_ONE) };
  }

  /** Steps of a chunk when the widest buffer has so many rows. */
  chunkOf(rows: number, packs = false): number {
    const least = packs ? LEAST_PACKED_CHUNK : LEAST_CHUNK;
    const most = Math.max(least, Math.floor(CHUNK_BYTES / (4 * rows * this.lanes)));
    return Math.min(most, this.segment);
  }

  /** Operations that run together, in chunks of so many steps; all at once when left out. */
  stage<O extends StageOp>(time: Stage["time"], ops: readonly O[], chunk = this.segment): Stage<O> {
    return { time, chunk: time === "once" ? 1 : chunk, ops };
  }

  /** Whether the lanes that batches leave idle would cost more in products with these blocks than packing does. */
  packs(blocks: readonly (number | undefined)[]): boolean {
    if (this.lanes === 1 || this.segment < LEAST_CHUNK) return false;
    const { batch } = this.options;
    const idle = 1 - batch / (Math.ceil(batch / this.lanes) * this.lanes);
    return blocks.some((index) => {
      if (index === undefined) return false;
      const { rows, columns, nonzeros } = this.blocks[index];
      return idle * nonzeros >= PACKED_SAVES * (rows + columns);
    });
  }

  /** Emits the packing of some rows in chunks of so many steps. */
  pack(ops: (ForwardOp | ReadOp | BackwardOp)[], from: Rows, chunk: number, shift: 0 | 1 = 0): Rows {
    const to = this.packed(from.rows, chunk);
    ops.push({ op: "pack", from, to, shift });
    return to;
  }

  /** Rows for so many steps, packed. */
  packed(rows: number, chunk: number): Rows {
    return whole(sequence(rows, { held: chunk, packed: true }));
  }

  /** Emits a flip, in a stage of its own, because it reads a sequence from its other end. */
  flip(time: "forward" | "backward", op: Omit<FlipOp, "op">): Rows {
    const stage = this.stage<FlipOp>(time, [{ op: "flip", ...op }]);
    if (time === "forward") this.forward.push(stage);
    else this.backward.push(stage);
    return op.to;
  }

  /** The same rows turned round. */
  turned(from: Rows): Rows {
    return this.flip("forward", { from, to: whole(sequence(from.rows)), accumulate: false });
  }

  /** A node's rows in the sequence of outputs, of inputs or of flows. */
  place(of: Sequence, name: string): Rows {
    return { of, ...this.places.get(name)! };
  }

  /** The rows from the first of the named nodes to the last, with what lies between them. */
  span(names: readonly string[]): { first: number; rows: number } {
    const places = names.map((name) => this.places.get(name)!);
    const first = Math.min(...places.map((place) => place.first));
    return { first, rows: Math.max(...places.map((place) => place.first + place.rows)) - first };
  }

  /**
   * Where the gradient goes that flows into these nodes: to all rows of their span. The first to arrive writes, later
   * ones add; rows that have not been written yet are cleared where others have been.
   */
  flowInto(names: readonly string[]): { to: Rows; accumulate: boolean } {
    const span = this.span(names);
    for (const name of names) this.reached.add(name);
    const within = [...this.places].filter(
      ([, { first, rows }]) => first < span.first + span.rows && first + rows > span.first,
    );
    const fresh = within.filter(([name]) => !this.written.has(name));
    const accumulate = fresh.length < within.length;
    for (const [name] of fresh) {
      if (accumulate) {
        const to = this.place(this.flows, name);
        this.backward.push(this.stage("backward", [{ op: "clear", to }]));
      }
      this.written.add(name);
    }
    return { to: { of: this.flows, ...span }, accumulate };
  }

  /** A cell's sources, each with its first column in the cell's matrix. */
  inputsOf(cell: Cell): { source: string; fromColumn: number }[] {
    let column = 0;
    return cell.inputs.map((source) => {
      const fromColumn = column;
      column += this.width.get(source)!;
      return { source, fromColumn };
    });
  }

  /** A matrix of some parts of the network's weights. @returns its place in the plan. */
  block(rows: number, columns: number, parts: readonly Part[]): number {
    const held = { form: this.options.form, streaming: this.lanes === 1 };
    this.blocks.push(assemble(this.network, rows, columns, parts, held));
    return this.blocks.length - 1;
  }

  /** A bias that is put together before each step. @returns its place in the prepared buffer. */
  bias(rows: number, parts: readonly BiasPart[]): number {
    const to = this.reserve(rows);
    this.prepare.push({ op: "bias", rows, to, parts });
    return to;
  }

  /** Room in the prepared buffer. */
  reserve(floats: number): number {
    const at = this.prepared;
    this.prepared = Math.ceil((at + floats) / 16) * 16;
    return at;
  }

  /** Room behind the parameters' gradients. @returns its place in the gradient vector. */
  reserveGradient(floats: number): number {
    const at = this.gradients;
    this.gradients += floats;
    return at;
  }

  /** Rows of all outputs for absorbed cells. */
  placeAbsorbed(rows: number): Rows {
    const first = this.unplaced;
    this.unplaced += rows;
    return { of: this.outputs, first, rows };
  }
}

/** The symbols in use, ascending. @throws InputError when one is not in the network's vocabulary. */
function symbolsOf({ architecture: { input } }: Network, symbols: Iterable<number> = []): number[] {
  if (input.kind === "values") return [];
  const { vocabulary } = input;
  const all = [...new Set([0, ...symbols])].sort((a, b) => a - b);
  const stray = all.find((s) => !Number.isInteger(s) || s < 0 || s >= vocabulary);
  if (stray === undefined) return all;
  throw new InputError({
    what: `symbol ${stray} is outside the network's vocabulary of ${vocabulary}`,
    hint: "use data that the network's embedding covers",
  });
}

/** The cells that run backwards. */
function reverseCells({ nodes }: Architecture): Set<string> {
  return new Set(nodes.flatMap((node) => (node.type === "cell" && node.direction ? [node.name] : [])));
}

/** A sequence without a place yet. */
export function sequence(
  rows: number,
  { initial = false, held, packed = false }: Partial<Sequence> = {},
): Sequence {
  return { offset: -1, rows, initial, held, packed };
}

/** All rows of a sequence. */
export function whole(of: Sequence): Rows {
  return { of, first: 0, rows: of.rows };
}
