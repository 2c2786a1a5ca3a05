// Turns a network into a plan: sets cells that feed one sum side by side, chooses the form of every matrix and lists
// the operations of a training step in order, in stages. The outputs of all nodes lie in one sequence, so that whatever a cell
// reads is one matrix on adjacent rows, from however many nodes it comes.
import { InputError } from "../errors.js";
import {
  type Architecture,
  type Cell,
  inputName,
  isBidirectional,
  type Sum,
  widths,
} from "../network/architecture.js";
import { type Network, tensorNames } from "../network/network.js";
import { checkBuffer, layOut } from "./arena.js";
import { assemble, type Part } from "./blocks.js";
import { cells, share } from "./cells.js";
import { DROPOUT_ONE } from "./dropout.js";
import type {
  AffineOp,
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
import { tableWidth } from "./plan.js";
import { absorbedCells, type Team, team } from "./teams.js";

export interface CompileOptions {
  /** The largest batch that will run. */
  batch: number;
  /** The longest sequence that will run. */
  steps: number;
  /** Symbols that occur in the data, 0 (the padding) included or not; none where numbers are read. */
  symbols?: Iterable<number>;
  /** "evaluate": without a backward pass and its buffers. */
  purpose?: "train" | "evaluate";
  /** What is dropped while training; nothing when left out. */
  dropout?: Dropout;
  /** How matrices with a mask are held: by their density when left out. */
  form?: "dense" | "sparse";
  /**
   * Steps whose activations are held at once; the backward pass computes the others anew, which takes a third more time
   * and less memory. All of them when left out.
   */
  recompute?: number;
}

/** Shares of units, from 0 up to 1, that dropout (Srivastava et al. 2014) drops, each place's own. */
export interface Dropout {
  /** Of the embedding, or of the numbers that are read. */
  readonly embedding: number;
  /** Of what one layer hands to the next. */
  readonly layers: number;
  /** Of what is read out. */
  readonly readout: number;
}

export interface CompileStreamOptions {
  /** Symbols that will occur; all of the vocabulary when left out. A stream has a table row for each. */
  symbols?: Iterable<number>;
  /** How matrices with a mask are held: by their density when left out. */
  form?: "dense" | "sparse";
}

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

/** Columns of a straddle up to which two compressed matrices are one: what they read stays in the first-level cache. */
const STRADDLE = 512;

/**
 * Compiles a network for batches of up to `batch` examples and `steps` time steps.
 * @throws InputError when the shape is impossible, a symbol lies outside the vocabulary or a buffer would be too large.
 */
export function compile(network: Network, options: CompileOptions): Plan {
  return new Compiler(network, options, options.batch > 16 ? 32 : 16).plan();
}

/**
 * Compiles a network for streaming: a plan of one lane and one step without a backward pass.
 * @throws InputError when the network is bidirectional, a symbol lies outside the vocabulary or a buffer would be too large.
 */
export function compileStream(network: Network, { symbols, form }: CompileStreamOptions = {}): Plan {
  const { input } = network.architecture;
  checkStreamable(network.architecture);
  const all = Array.from({ length: input.kind === "symbols" ? input.vocabulary : 0 }, (_, row) => row);
  return new Compiler(network, { batch: 1, steps: 1, symbols: symbols ?? all, form }, 1).streamPlan();
}

/** @throws InputError when a network is bidirectional. */
export function checkStreamable(architecture: Architecture): void {
  if (!isBidirectional(architecture)) return;
  throw new InputError({
    what: "the network is bidirectional: what it says of a step depends on those after it, and a stream has not seen them",
    hint: "evaluate whole sequences, or train a network without --bidirectional",
  });
}

class Compiler {
  private readonly network: Network;
  private readonly options: CompileOptions;
  private readonly width: Map<string, number>;
  private readonly symbols: number[];
  private readonly lanes: number;
  private readonly blocks: Block[] = [];
  private readonly prepare: PrepareOp[] = [];
  private readonly forward: Stage<ForwardOp>[] = [];
  private readonly read: Stage<ReadOp>[] = [];
  private readonly backward: Stage<BackwardOp>[] = [];
  private readonly finish: TableBackwardOp[] = [];
  private prepared = 0;
  private gradients: number;
  /** The sums that cells run side by side for, by the cells' names. */
  private readonly absorbed: Map<string, Sum>;
  /** The rows of every node but the absorbed cells, in the sequence of all outputs and in that of their gradients. */
  private readonly places: Map<string, { first: number; rows: number }>;
  /** All outputs, those of absorbed cells behind the others, and the first row of the next of them. */
  private readonly outputs: Sequence;
  private unplaced: number;
  private readonly flows: Sequence;
  /** What nodes read of each other: the outputs, or a copy of them, at the same places, of which some are dropped. */
  private readonly inputs: Sequence;
  /** The name of the input, and the cells that run backwards. */
  private readonly input: string;
  private readonly reverse: ReadonlySet<string>;
  /** The numbers, or the embeddings of symbols where they are multiplied and not looked up in a table, and their gradient. */
  private readonly embedded: { values: Rows; flow: Rows | undefined; written: boolean } | undefined;
  /** Nodes whose gradient's rows have been written, and those of them on which something that is read out depends. */
  private readonly written = new Set<string>();
  private readonly reached = new Set<string>();

  /** @param lanes 16 or 32, or 1 for streaming. */
  constructor(network: Network, options: CompileOptions, lanes: number) {
    const shape = (where: string, value: number, most: number) => {
      if (!Number.isInteger(value) || value < 1 || value > most) {
        throw new InputError({ where, what: `${value} is not a whole number from 1 to ${most}` });
      }
    };
    shape("batch", options.batch, 2 ** 20);
    shape("steps", options.steps, 2 ** 20);
    if (options.recompute !== undefined) shape("recompute", options.recompute, 2 ** 20);
    for (const [where, rate] of Object.entries(options.dropout ?? {})) {
      if (rate >= 0 && rate < 1) continue;
      throw new InputError({ where: `dropout, ${where}`, what: `${rate} is not a share from 0 up to 1` });
    }
    const { architecture } = network;
    this.input = inputName(architecture);
    this.reverse = new Set(
      architecture.nodes.flatMap((node) => (node.type === "cell" && node.direction ? [node.name] : [])),
    );
    this.symbols = symbolsOf(network, options.symbols);
    if (this.reverse.size > 0 && options.recompute !== undefined && options.recompute < options.steps) {
      throw new InputError({
        where: "recompute",
        what: "a bidirectional network has to see a sequence as a whole",
        hint: "leave it out, or use shorter sequences or batches",
      });
    }
    this.network = network;
    this.options = options;
    this.width = widths(architecture);
    this.lanes = lanes;
    this.gradients = network.parameters.length;
    // Without lanes, the zeros between the matrices of cells side by side cost more than a cell of its own.
    this.absorbed = lanes === 1 ? new Map() : absorbedCells(network);
    this.places = new Map();
    let rows = 0;
    for (const { name } of architecture.nodes) {
      if (this.absorbed.has(name)) continue;
      const own = this.width.get(name)!;
      this.places.set(name, { first: rows, rows: own });
      rows += own;
    }
    this.flows = this.sequence(rows);
    const dropped = this.sequence(rows);
    this.unplaced = rows;
    for (const name of this.absorbed.keys()) rows += this.width.get(name)!;
    this.outputs = this.sequence(rows, { initial: true });
    this.inputs = options.dropout ? dropped : this.outputs;
    const wide = architecture.nodes.filter(
      (node) => node.type === "cell" && node.inputs.includes(this.input),
    );
    if (wide.length > 0 && !this.tabled(wide.map(({ name }) => name))) {
      const { kind, width } = architecture.input;
      const flow = kind === "symbols" ? whole(this.sequence(width)) : undefined;
      this.embedded = { values: whole(this.sequence(width)), flow, written: false };
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

  plan(): Plan {
    const reverses = this.emitForward().reverse();
    const { steps, purpose, recompute = steps } = this.options;
    if (purpose !== "evaluate") for (const reverse of reverses) reverse();
    const stages = [...this.forward, ...this.read, ...this.backward].map(({ ops }) => ops);
    // Where the forward pass runs again between reverses, no two sequences may share a place.
    const again = purpose !== "evaluate" && recompute < steps;
    return this.planOf(again ? [stages.flat()] : stages, this.gradients);
  }

  streamPlan(): Plan {
    this.emitForward();
    // Together, so that no two sequences share a place: state lives on from step to step.
    const ops = [...this.forward, ...this.read].flatMap((stage): readonly StageOp[] => stage.ops);
    return this.planOf([ops], this.network.parameters.length);
  }

  /** Emits all forward operations and returns what emits their reverses. */
  private emitForward(): (() => void)[] {
    const reverses: (() => void)[] = [];
    if (this.embedded) reverses.push(this.embed(this.embedded));
    for (const node of this.network.architecture.nodes) {
      if (node.type === "sum") reverses.push(...this.sum(node));
      else if (!this.absorbed.has(node.name)) reverses.push(this.alone(node));
      if (!this.absorbed.has(node.name)) this.drop(node.name);
    }
    reverses.push(this.readout());
    return reverses;
  }

  private planOf(laidOut: (readonly StageOp[])[], gradients: number): Plan {
    const { architecture, parameters } = this.network;
    const { options, lanes, forward, read, backward, segment } = this;
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

  /** Looks up the embedding of every symbol, or takes in the numbers. */
  private embed({ values, flow }: { values: Rows; flow: Rows | undefined }): () => void {
    const { dropout } = this.options;
    const drop = dropout && dropout.embedding > 0 ? [this.dropping(this.input, dropout.embedding)] : [];
    const of = (rows: Rows) => drop.map((settings) => ({ ...settings, from: rows, to: rows }));
    const chunk = this.chunkOf(values.rows);
    const op = flow ? "embed" : "values";
    this.forward.push(this.stage("forward", [{ op, to: values }, ...of(values)], chunk));
    return () => {
      if (!flow || !this.embedded?.written) return;
      const gradient = { op: "embedGradient", from: flow } as const;
      this.backward.push(this.stage("backward", [...of(flow), gradient], chunk));
    };
  }

  /** Emits the copy of a node's output of which some is dropped. */
  private drop(name: string): void {
    const settings = this.droppingOf(name);
    if (!settings) return;
    const [from, to] = [this.place(this.outputs, name), this.place(this.inputs, name)];
    this.forward.push(this.stage("forward", [{ ...settings, from, to }], this.chunkOf(to.rows)));
  }

  /** The reverse of `drop`. */
  private dropBack(name: string): DropoutOp[] {
    const settings = this.droppingOf(name);
    const rows = this.place(this.flows, name);
    return settings ? [{ ...settings, from: rows, to: rows }] : [];
  }

  /** What a node's readers read: its output as it is, or the copy of it. */
  private sourceOf(name: string): Sequence {
    return this.droppingOf(name) ? this.inputs : this.outputs;
  }

  /** Nothing is dropped of what sums alone read: it is of the sum. */
  private droppingOf(name: string): Omit<DropoutOp, "from" | "to"> | undefined {
    const { dropout } = this.options;
    if (!dropout) return undefined;
    const { nodes, readout } = this.network.architecture;
    if (readout.inputs.includes(name)) return this.dropping(name, dropout.readout);
    const isInput = nodes.some((node) => node.type === "cell" && node.inputs.includes(name));
    return isInput ? this.dropping(name, dropout.layers) : undefined;
  }

  private dropping(name: string, rate: number): Omit<DropoutOp, "from" | "to"> {
    const layer = 1 + this.network.architecture.nodes.findIndex((node) => node.name === name);
    return { op: "dropout", layer, rate: Math.round(rate * DROPOUT_ONE) };
  }

  private get segment(): number {
    const { steps, recompute = steps } = this.options;
    return Math.min(recompute, steps);
  }

  /** Steps of a chunk when the widest buffer has so many rows. */
  private chunkOf(rows: number, packs = false): number {
    const least = packs ? LEAST_PACKED_CHUNK : LEAST_CHUNK;
    const most = Math.max(least, Math.floor(CHUNK_BYTES / (4 * rows * this.lanes)));
    return Math.min(most, this.segment);
  }

  private stage<O extends StageOp>(time: Stage["time"], ops: readonly O[], chunk = this.segment): Stage<O> {
    return { time, chunk: time === "once" ? 1 : chunk, ops };
  }

  /** Whether the lanes that batches leave idle would cost more in products with these blocks than packing does. */
  private packs(blocks: readonly (number | undefined)[]): boolean {
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
  private pack(ops: (ForwardOp | ReadOp | BackwardOp)[], from: Rows, chunk: number, shift: 0 | 1 = 0): Rows {
    const to = this.packed(from.rows, chunk);
    ops.push({ op: "pack", from, to, shift });
    return to;
  }

  private packed(rows: number, chunk: number): Rows {
    return whole(this.sequence(rows, { held: chunk, packed: true }));
  }

  private alone(cell: Cell): () => void {
    if (this.reverse.has(cell.name)) return this.backwards(cell);
    const reverse = this.team(team([cell]), this.place(this.outputs, cell.name));
    return () => {
      if (!this.reached.has(cell.name)) return;
      reverse([this.place(this.flows, cell.name)], this.dropBack(cell.name));
    };
  }

  /** A cell that runs backwards is one that runs forwards over sequences that are turned round, as is what it gives. */
  private backwards(cell: Cell): () => void {
    const output = whole(this.sequence(cell.size, { initial: true }));
    const reverse = this.team(team([cell]), output);
    this.flip("forward", { from: output, to: this.place(this.outputs, cell.name), accumulate: false });
    return () => {
      if (!this.reached.has(cell.name)) return;
      const from = this.place(this.flows, cell.name);
      const dropped = this.dropBack(cell.name);
      if (dropped.length > 0) this.backward.push(this.stage("backward", dropped));
      const flow = whole(this.sequence(cell.size));
      this.flip("backward", { from, to: flow, accumulate: false });
      reverse([flow], []);
    };
  }

  /** Emits a flip, in a stage of its own, because it reads a sequence from its other end. */
  private flip(time: "forward" | "backward", op: Omit<FlipOp, "op">): Rows {
    const stage = this.stage<FlipOp>(time, [{ op: "flip", ...op }]);
    if (time === "forward") this.forward.push(stage);
    else this.backward.push(stage);
    return op.to;
  }

  /** The same rows turned round. */
  private turned(from: Rows): Rows {
    return this.flip("forward", { from, to: whole(this.sequence(from.rows)), accumulate: false });
  }

  private sum(sum: Sum): (() => void)[] {
    const own = this.network.architecture.nodes.filter(
      (node): node is Cell => this.absorbed.get(node.name) === sum,
    );
    const rowsOf = new Map<string, Rows>();
    const reverses: (() => void)[] = [];
    for (const kind of new Set(own.map((cell) => cell.kind))) {
      const together = team(own.filter((cell) => cell.kind === kind));
      const output = { of: this.outputs, first: this.unplaced, rows: together.units };
      this.unplaced += together.units;
      const reverse = this.team(together, output);
      for (const { cell, first } of together.members) {
        rowsOf.set(cell.name, { of: this.outputs, first: output.first + first, rows: cell.size });
      }
      reverses.push(() => {
        if (!this.reached.has(sum.name)) return;
        reverse(
          together.members.map(() => this.place(this.flows, sum.name)),
          [],
        );
      });
    }
    const others = sum.of.filter((name) => !rowsOf.has(name));
    const from = sum.of.map((name) => rowsOf.get(name) ?? this.place(this.sourceOf(name), name));
    const to = this.place(this.outputs, sum.name);
    this.forward.push(this.stage("forward", [{ op: "sum", from, to }]));
    reverses.push(() => {
      if (!this.reached.has(sum.name)) return;
      const dropped = this.dropBack(sum.name);
      if (dropped.length > 0) this.backward.push(this.stage("backward", dropped));
      const from = this.place(this.flows, sum.name);
      for (const name of others) {
        this.backward.push(this.stage("backward", [{ op: "copy", from, ...this.flowInto([name]) }]));
      }
    });
    return reverses;
  }

  /** Emits the forward operations of cells side by side and returns what emits their reverse. */
  private team(
    { kind, units, members }: Team,
    output: Rows,
  ): (gradients: Rows[], before: readonly DropoutOp[]) => void {
    const ops: ForwardOp[] = [];
    const { input, hidden, hasState } = cells[kind];
    const gates = whole(this.sequence(input.length * units));
    const rowsOf = (gateOrder: readonly (number | undefined)[]): Rows => {
      const { first, count } = share(gateOrder);
      return { of: gates.of, first: first * units, rows: count * units };
    };
    const inputRows = rowsOf(input);
    const hiddenRows = rowsOf(hidden);
    const state = hasState ? whole(this.sequence(2 * units, { initial: true })) : undefined;
    const biasParts = members.flatMap(({ cell, first }) => {
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

    /** The pieces of all cells' weights: by cell, which columns of its matrix are which of the block. */
    const parts = (
      name: "weightIh" | "weightHh",
      gateOrder: readonly (number | undefined)[],
      spans: (cell: Cell, first: number) => { column: number; columns: number; fromColumn: number }[],
    ): Part[] =>
      members.flatMap(({ cell, first }) =>
        spans(cell, first).flatMap((span) =>
          gateOrder.flatMap((fromGate, gate) =>
            fromGate === undefined
              ? []
              : {
                  ...span,
                  row: gate * units + first,
                  rows: cell.size,
                  weight: tensorNames(cell.name)[name],
                  fromRow: fromGate * cell.size,
                },
          ),
        ),
      );
    const block = ({ first, rows }: Rows, columns: number, own: Part[]) =>
      this.block(
        rows,
        columns,
        own.map((part) => ({ ...part, row: part.row - first })),
      );

    const width = this.width.get(this.input)!;
    let looked: number | undefined;
    if (members.some(({ cell }) => cell.inputs.includes(this.input))) {
      const own = parts("weightIh", input, (cell) =>
        this.inputsOf(cell)
          .filter(({ source }) => source === this.input)
          .map(({ fromColumn }) => ({ column: 0, columns: width, fromColumn })),
      );
      looked = block(inputRows, width, own);
    }
    const isReverse = members.some(({ cell }) => this.reverse.has(cell.name));
    const { embedded } = this;
    const direct =
      looked === undefined || !embedded
        ? undefined
        : { block: looked, of: embedded, values: isReverse ? this.turned(embedded.values) : embedded.values };
    let table: { block: number; stride: number } | undefined;
    const sources = [...new Set(members.flatMap(({ cell }) => cell.inputs))].filter(
      (source) => source !== this.input,
    );
    const span = sources.length > 0 ? { of: this.inputs, ...this.span(sources) } : undefined;
    const read = span && isReverse ? this.turned(span) : span;
    const inputParts = (shift: number) =>
      parts("weightIh", input, (cell) =>
        this.inputsOf(cell)
          .filter(({ source }) => source !== this.input)
          .map(({ source, fromColumn }) => {
            const { first, rows } = this.places.get(source)!;
            return { column: first + shift, columns: rows, fromColumn };
          }),
      );
    const hiddenParts = parts("weightHh", hidden, (cell, first) => [
      { column: first, columns: cell.size, fromColumn: 0 },
    ]);
    const affine = span && block(inputRows, span.rows, inputParts(-span.first));
    const recurrent = block(hiddenRows, units, hiddenParts);
    const columns = span ? this.outputs.rows + span.first + span.rows - output.first : 0;
    const compressed = [affine, recurrent].every((index) => index !== undefined && this.blocks[index].sparse);
    // Streams know no straddles: a cell's state is not beside what it reads, and neither is it where that is dropped.
    const adjacent = this.lanes > 1 && this.inputs === this.outputs && !isReverse;
    const straddles = compressed && looked === undefined && columns <= STRADDLE && adjacent;
    const packs = !straddles && this.packs([direct?.block, affine]);
    const chunk = this.chunkOf(gates.rows, packs);
    // Where the products of inputs are packed, they are unpacked all at once.
    let sums = packs ? this.packed(inputRows.rows, chunk) : inputRows;
    // The embedding's share comes first, because it carries the bias and overwrites the gates.
    if (direct) {
      const from = packs ? this.pack(ops, direct.values, chunk) : direct.values;
      ops.push({ op: "affine", block: direct.block, from, to: sums, bias, accumulate: false });
    } else if (looked !== undefined) {
      const to = this.reserve(inputRows.rows * tableWidth(this.symbols.length));
      table = { block: looked, stride: Math.ceil(inputRows.rows / 16) * 16 };
      this.prepare.push({ op: "table", block: looked, bias, to });
      ops.push({ op: "gather", table: to, to: inputRows });
      if (packs) sums = this.pack(ops, inputRows, chunk);
    }
    if (straddles) {
      const both = [...inputParts(this.outputs.rows - output.first), ...hiddenParts];
      const straddle = { of: this.outputs, first: output.first, rows: columns };
      const joint = block(gates, columns, both);
      ops.push({ op: "cell", kind, block: joint, bias, straddle, gates, output, state });
    } else {
      if (read && affine !== undefined) {
        const from = packs ? this.pack(ops, read, chunk) : read;
        ops.push({ op: "affine", block: affine, from, to: sums, bias, accumulate: looked !== undefined });
      }
      if (packs) ops.push({ op: "unpack", from: sums, to: inputRows, gradient: false, accumulate: false });
      // A gate without an input's share, GRU's last, starts from its bias.
      const hiddenBias = input.at(-1) === undefined ? bias + gates.rows - units : -1;
      const straddle = undefined;
      ops.push({ op: "cell", kind, block: recurrent, bias: hiddenBias, straddle, gates, output, state });
    }
    this.forward.push(this.stage("forward", ops, chunk));

    return (gradients, before) => {
      // What turned sequences are given back is turned round again once it is there as a whole.
      const after: Omit<FlipOp, "op">[] = [];
      const turnedBack = (into: { to: Rows; accumulate: boolean }) => {
        if (!isReverse) return into;
        const from = whole(this.sequence(into.to.rows));
        after.push({ from, ...into });
        return { to: from, accumulate: false };
      };
      const flow = affine === undefined ? undefined : turnedBack(this.flowInto(sources));
      const backflow = whole(this.sequence(units * (state ? 2 : 1), { held: 1 }));
      const backward: BackwardOp[] = [...before];
      backward.push({
        op: "cellBackward",
        kind,
        block: recurrent,
        gates,
        output,
        state,
        gradients,
        backflow,
      });
      const packs = this.packs([direct?.block, affine, recurrent]);
      const chunk = this.chunkOf(gates.rows, packs);
      const pack = (rows: Rows, shift: 0 | 1 = 0) => (packs ? this.pack(backward, rows, chunk, shift) : rows);
      const { of } = pack(gates);
      const [all, ofHidden, ofInput] = [gates, hiddenRows, inputRows].map((rows) => ({ ...rows, of }));
      const into = (block: number, { to, accumulate }: { to: Rows; accumulate: boolean }) => {
        const [op, from] = ["affineBackward", ofInput] as const;
        if (!packs) {
          backward.push({ op, block, from, to, accumulate });
          return;
        }
        const sums = this.packed(to.rows, chunk);
        backward.push({ op, block, from, to: sums, accumulate: false });
        backward.push({ op: "unpack", from: sums, to, gradient: true, accumulate });
      };
      const previous = pack(output, 1);
      const shift = packs ? 0 : 1;
      backward.push({ op: "weightGradient", block: recurrent, from: ofHidden, input: previous, shift });
      if (affine !== undefined && read) {
        backward.push({ op: "weightGradient", block: affine, from: ofInput, input: pack(read), shift: 0 });
      }
      backward.push({ op: "biasGradient", from: all, parts: biasParts });
      if (table) {
        const gradient = this.gradients;
        this.gradients += this.symbols.length * table.stride;
        backward.push({ op: "tableGradient", from: inputRows, stride: table.stride, gradient });
        this.finish.push({ op: "tableBackward", ...table, gradient });
      }
      if (direct) {
        const { block, of: embedded, values } = direct;
        const input = pack(values);
        backward.push({ op: "weightGradient", block, from: ofInput, input, shift: 0 });
        if (embedded.flow) {
          into(block, turnedBack({ to: embedded.flow, accumulate: embedded.written }));
          embedded.written = true;
        }
      }
      if (affine !== undefined && flow) into(affine, flow);
      this.backward.push(this.stage("backward", backward, chunk));
      for (const op of after) this.flip("backward", op);
    };
  }

  private readout(): () => void {
    const { inputs, outputs, at, predicts, tied } = this.network.architecture.readout;
    const everyStep = at === "every-step";
    const widest = Math.max(outputs, ...inputs.map((source) => this.width.get(source)!));
    const parameter = this.network.tensor("readout.bias").offset;
    const biasParts = [{ first: 0, rows: outputs, parameter }];
    const bias = this.bias(outputs, biasParts);
    let fromColumn = 0;
    const blocks = inputs.map((source) => {
      const columns = this.width.get(source)!;
      const weight = tied ? "embedding.weight" : "readout.weight";
      const piece = { row: 0, column: 0, rows: outputs, columns, weight, fromRow: 0, fromColumn };
      fromColumn += columns;
      return this.block(outputs, columns, [piece]);
    });
    const packs = everyStep && this.packs(blocks);
    const chunk = everyStep ? this.chunkOf(widest, packs) : 1;
    // Of a large vocabulary only the chunk at work has logits.
    const logits = whole(this.sequence(outputs, { held: chunk, packed: packs }));
    const reads: ReadOp[] = [];
    const affines = inputs.map((source, i): AffineOp => {
      const outputsOf = this.place(this.inputs, source);
      let from = outputsOf;
      if (packs) from = this.pack(reads, outputsOf, chunk);
      // A stream is at its last step at any time.
      if (!everyStep && this.lanes > 1) {
        from = whole(this.sequence(outputsOf.rows, { held: 1 }));
        const first = this.reverse.has(source);
        this.forward.push(this.stage("forward", [{ op: "select", from: outputsOf, to: from, first }]));
      }
      const affine = { op: "affine", block: blocks[i], from, to: logits, bias, accumulate: i > 0 } as const;
      reads.push(affine);
      return affine;
    });
    const time = everyStep && this.lanes > 1 ? "forward" : "once";
    const compared = (gradient: boolean): ReadOp =>
      predicts === "numbers"
        ? { op: "squares", outputs: logits, gradient }
        : { op: "softmax", logits, gradient };
    this.read.push(this.stage(time, [...reads, compared(false)], chunk));
    return () => {
      const from = logits;
      const ops: BackwardOp[] = [...reads, compared(true)];
      ops.push({ op: "biasGradient", from, parts: biasParts });
      const scatters: Stage<BackwardOp>[] = [];
      for (const [i, { block, from: input }] of affines.entries()) {
        ops.push({ op: "weightGradient", block, from, input, shift: 0 });
        const { to, accumulate } = this.flowInto([inputs[i]]);
        if (everyStep && !packs) {
          ops.push({ op: "affineBackward", block, from, to, accumulate });
          continue;
        }
        const flow = packs ? this.packed(to.rows, chunk) : whole(this.sequence(to.rows, { held: 1 }));
        ops.push({ op: "affineBackward", block, from, to: flow, accumulate: false });
        if (packs) {
          ops.push({ op: "unpack", from: flow, to, gradient: true, accumulate });
          continue;
        }
        if (!accumulate) scatters.push(this.stage("backward", [{ op: "clear", to }]));
        const first = this.reverse.has(inputs[i]);
        scatters.push(this.stage("backward", [{ op: "scatter", from: flow, to, first }]));
      }
      this.backward.push(this.stage(everyStep ? "backward" : "once", ops, chunk), ...scatters);
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
      if (accumulate) {
        const to = this.place(this.flows, name);
        this.backward.push(this.stage("backward", [{ op: "clear", to }]));
      }
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

  private block(rows: number, columns: number, parts: readonly Part[]): number {
    const held = { form: this.options.form, streaming: this.lanes === 1 };
    this.blocks.push(assemble(this.network, rows, columns, parts, held));
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

  private sequence(
    rows: number,
    { initial = false, held, packed = false }: Partial<Sequence> = {},
  ): Sequence {
    return { offset: -1, rows, initial, held, packed };
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

function whole(of: Sequence): Rows {
  return { of, first: 0, rows: of.rows };
}
