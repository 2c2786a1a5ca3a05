// A plan says how a network runs: stages of typed operations over one arena of buffers. It is plain data, made once by
// `compile`, and every executor takes the same one. The reference executor is the readable specification of what each
// operation means; this file says what they are.
import type { CellKind } from "../network/architecture.js";

/**
 * A buffer of activations `[step][row][lane]`: element (t, i, l) is at `offset + (t·rows + i)·lanes + l` of the arena.
 * A lane is one example of a tile. Where `initial` is set, one step of state before step 0 lies in front of `offset`.
 * A sequence of so many `held` steps belongs to the chunk of time at work: its step 0 is the first of the chunk.
 */
export interface Sequence {
  offset: number;
  readonly rows: number;
  readonly initial: boolean;
  /** Steps that it has room for; all of them when left out. */
  readonly held: number | undefined;
  /**
   * The examples of a tile that does not fill its lanes, laid out densely: the steps of the chunk at work, one after the
   * other, each with all examples, fill lane after lane, and lanes that are left over at the end hold 0.
   */
  readonly packed: boolean;
}

/** Rows `first` to `first + rows` of every step of a sequence; element (t, i, l) is the sequence's (t, first + i, l). */
export interface Rows {
  readonly of: Sequence;
  readonly first: number;
  readonly rows: number;
}

/** A rectangle of a block: element (row + i, column + j) is parameter[parameter + i·stride + j]. */
export interface Piece {
  readonly row: number;
  readonly column: number;
  readonly rows: number;
  readonly columns: number;
  readonly parameter: number;
  readonly stride: number;
}

/**
 * A matrix as it is multiplied. It is put together from pieces of the network's weights, so that cells which run side
 * by side are one matrix and a GRU may keep its gates as n, r, z, m, with both its matrices acting on adjacent rows.
 * Where no piece is, or the mask is 0, there is no weight.
 */
export interface Block {
  readonly name: string;
  readonly rows: number;
  readonly columns: number;
  readonly pieces: readonly Piece[];
  /** One byte per element, row by row; absent when the pieces exist as a whole. */
  readonly mask: Uint8Array | undefined;
  readonly nonzeros: number;
  /** Held compressed: multiplied, and differentiated, at its nonzeros only. */
  readonly sparse: boolean;
}

/** Rows of a bias and the parameters that belong to them. */
export interface BiasPart {
  readonly first: number;
  readonly rows: number;
  readonly parameter: number;
}

// Offsets named `bias` and `table` point into the prepared buffer, those named `parameter` into the parameter vector,
// and those named `gradient` into the gradient vector, which is the parameter vector followed by the tables' gradients.

/** prepared[to + i] = sum of parameter[part.parameter + i - part.first] over the parts that have row i. */
export interface BiasOp {
  readonly op: "bias";
  readonly rows: number;
  readonly to: number;
  readonly parts: readonly BiasPart[];
}

/** prepared[to + i·width + s] = bias_i + sum over j of block(i, j)·embedding(symbol s, j). */
export interface TableOp {
  readonly op: "table";
  readonly block: number;
  readonly bias: number;
  readonly to: number;
}

/** to(t, i, l) = table(i, symbol(t, l)). */
export interface GatherOp {
  readonly op: "gather";
  readonly table: number;
  readonly to: Rows;
}

/** to(t, i, l) = (accumulate ? to(t, i, l) : bias_i) + sum over j of block(i, j)·from(t, j, l). */
export interface AffineOp {
  readonly op: "affine";
  readonly block: number;
  readonly from: Rows;
  readonly to: Rows;
  readonly bias: number;
  readonly accumulate: boolean;
}

/**
 * Recurrent cells of one kind, side by side, over all steps. `gates` holds the input's share, a gate's rows for all
 * units after the other's; it becomes what the reverse needs. With a `straddle` the block is input and hidden matrix in
 * one, and `gates` holds nothing before: the straddle's row j of step t is row first + j of step t - 1 of its sequence,
 * counted on into step t, which lies behind it.
 */
export interface CellOp {
  readonly op: "cell";
  readonly kind: CellKind;
  /** The hidden matrix, or both. */
  readonly block: number;
  /** With a straddle that of all gates; GRU without one: of n's hidden share, a value for each unit. Otherwise -1. */
  readonly bias: number;
  readonly straddle: Rows | undefined;
  readonly gates: Rows;
  readonly output: Rows;
  /** LSTM: c and tanh c, twice as many rows as there are units. Otherwise absent. */
  readonly state: Rows | undefined;
}

/** to = the sum of `from`, in their order. */
export interface SumOp {
  readonly op: "sum";
  readonly from: readonly Rows[];
  readonly to: Rows;
}

/** to(t, j, l) = embedding(symbol(t, l), j). */
export interface EmbedOp {
  readonly op: "embed";
  readonly to: Rows;
}

/** to(t, j, l) = value(t, l, j), the batch's numbers; 0 after an example's end. */
export interface ValuesOp {
  readonly op: "values";
  readonly to: Rows;
}

/**
 * Turns every example round about its own end: to(t, i, l) = from(n - 1 - t, i, l), or to += it, where lane l has n steps;
 * after the end it is 0, or to as it was. Its own reverse.
 */
export interface FlipOp {
  readonly op: "flip";
  readonly from: Rows;
  readonly to: Rows;
  readonly accumulate: boolean;
}

/**
 * to(t, i, l) = from(t, i, l)·d, where d is 0 with probability `rate` and 1/(1 - rate) otherwise: see dropout.ts. In
 * evaluations d is 1. `from` and `to` may be the same rows; the reverse is the same operation on the gradient.
 */
export interface DropoutOp {
  readonly op: "dropout";
  /** Tells what is dropped here from what is dropped elsewhere. */
  readonly layer: number;
  /** The rate in units of 2^-24. */
  readonly rate: number;
  readonly from: Rows;
  readonly to: Rows;
}

/** to = from(t - shift) of every step t and example of the chunk, packed. */
export interface PackOp {
  readonly op: "pack";
  readonly from: Rows;
  readonly to: Rows;
  readonly shift: 0 | 1;
}

/**
 * The reverse: to = from, or to += from. Lanes without an example do as the first one, but in a `gradient` they are 0.
 */
export interface UnpackOp {
  readonly op: "unpack";
  readonly from: Rows;
  readonly to: Rows;
  readonly gradient: boolean;
  readonly accumulate: boolean;
}

/** to(0, i, l) = from(last step of lane l, i, l), or from(0, i, l) where what is read is the `first` step. */
export interface SelectOp {
  readonly op: "select";
  readonly from: Rows;
  readonly to: Rows;
  readonly first: boolean;
}

/**
 * Softmax cross-entropy in every lane and step that has a target. Where `gradient` is set, the logits become the gradient
 * of the sum divided by the batch's number of targets, and 0 where there is no target.
 */
export interface SoftmaxOp {
  readonly op: "softmax";
  readonly logits: Rows;
  readonly gradient: boolean;
}

/**
 * The squared error of every output that has a target. Where `gradient` is set, the outputs become the gradient of the sum
 * divided by the batch's number of targets, and 0 where there is no target.
 */
export interface SquaresOp {
  readonly op: "squares";
  readonly outputs: Rows;
  readonly gradient: boolean;
}

/** to = 0. */
export interface ClearOp {
  readonly op: "clear";
  readonly to: Rows;
}

/** The reverse of select: adds from(0, i, l) to to(t, i, l) at the step t that select reads of lane l. */
export interface ScatterOp {
  readonly op: "scatter";
  readonly from: Rows;
  readonly to: Rows;
  readonly first: boolean;
}

/** A share of a sum's reverse: to = from, or to += from. */
export interface CopyOp {
  readonly op: "copy";
  readonly from: Rows;
  readonly to: Rows;
  readonly accumulate: boolean;
}

/** The reverse of cells side by side: `gates` becomes the gradient of the pre-activations. */
export interface CellBackwardOp {
  readonly op: "cellBackward";
  readonly kind: CellKind;
  readonly block: number;
  readonly gates: Rows;
  readonly output: Rows;
  readonly state: Rows | undefined;
  /** Gradients of the outputs, one after the other for all units. */
  readonly gradients: readonly Rows[];
  /** One step, which hands the gradient of the output to the step before, and LSTM's also that of c: `flow`, then c's. */
  readonly backflow: Rows;
}

/** to(t, j, l) = (accumulate ? to(t, j, l) : 0) + sum over i of block(i, j)·from(t, i, l). */
export interface AffineBackwardOp {
  readonly op: "affineBackward";
  readonly block: number;
  readonly from: Rows;
  readonly to: Rows;
  readonly accumulate: boolean;
}

/** gradient(block (i, j)) += sum over t and l of from(t, i, l)·input(t - shift, j, l). */
export interface WeightGradientOp {
  readonly op: "weightGradient";
  readonly block: number;
  readonly from: Rows;
  readonly input: Rows;
  readonly shift: 0 | 1;
}

/** gradient[part.parameter + i - part.first] += sum over t and l of from(t, i, l), for the rows i of every part. */
export interface BiasGradientOp {
  readonly op: "biasGradient";
  readonly from: Rows;
  readonly parts: readonly BiasPart[];
}

/** gradient[gradient + s·stride + i] += sum over (t, l) with symbol(t, l) = s of from(t, i, l). */
export interface TableGradientOp {
  readonly op: "tableGradient";
  readonly from: Rows;
  readonly stride: number;
  readonly gradient: number;
}

/** gradient[embedding(symbol(t, l), j)] += from(t, j, l), for all t and l. */
export interface EmbedGradientOp {
  readonly op: "embedGradient";
  readonly from: Rows;
}

/** The reverse of a table: adds to the gradients of the block and of the embedding. */
export interface TableBackwardOp {
  readonly op: "tableBackward";
  readonly block: number;
  readonly stride: number;
  readonly gradient: number;
}

export type PrepareOp = BiasOp | TableOp;
export type ForwardOp =
  | GatherOp
  | EmbedOp
  | ValuesOp
  | FlipOp
  | AffineOp
  | CellOp
  | SumOp
  | DropoutOp
  | SelectOp
  | PackOp
  | UnpackOp;
export type ReadOp = AffineOp | SoftmaxOp | SquaresOp | PackOp;
export type BackwardOp =
  | ReadOp
  | UnpackOp
  | FlipOp
  | ClearOp
  | ScatterOp
  | CopyOp
  | DropoutOp
  | CellBackwardOp
  | AffineBackwardOp
  | WeightGradientOp
  | BiasGradientOp
  | TableGradientOp
  | EmbedGradientOp;
export type StageOp = ForwardOp | BackwardOp;
export type Op = PrepareOp | StageOp | TableBackwardOp;

/**
 * Operations that run together. In time "forward" and "backward" they take turns over chunks of so many steps, from the
 * first chunk on or from the last one on, so that what one operation has written is still in the cache when the next
 * reads it; each of them works step by step. In time "once" they run once for a tile, on sequences of one step.
 */
export interface Stage<O extends StageOp = StageOp> {
  readonly time: "forward" | "backward" | "once";
  readonly chunk: number;
  readonly ops: readonly O[];
}

/** What a step of an example is. */
export type PlanInput =
  | {
      readonly kind: "symbols";
      /** The embedding's place in the parameter vector, and its width. */
      readonly offset: number;
      readonly width: number;
      /** Those in use (rows of the embedding), ascending. */
      readonly symbols: readonly number[];
    }
  | { readonly kind: "values"; readonly width: number };

export interface Plan {
  /** Examples that run side by side; a batch is cut into tiles of this many. 16 or 32, or 1 for streaming. */
  readonly lanes: number;
  /** The longest sequence that can run. */
  readonly steps: number;
  /**
   * Steps that the arena has room for. A longer sequence runs in segments of so many: of each, forward, only the states
   * before it are kept, and backward it is run forward once more (Chen et al. 2016, arXiv 1604.06174).
   */
  readonly segment: number;
  /** Classes, symbols that may come next, or numbers. */
  readonly outputs: number;
  /** Whether there is a target for every step of an example, or one for the example. */
  readonly everyStep: boolean;
  /** Whether targets are numbers, one for each output, and not classes. */
  readonly predictsNumbers: boolean;
  /** Length of the parameter vector. */
  readonly parameters: number;
  readonly input: PlanInput;
  readonly blocks: readonly Block[];
  /** How blocks with a mask are held: by their density when left out. */
  readonly form?: "dense" | "sparse";
  /** Floats of the prepared buffer. */
  readonly prepared: number;
  /** Floats of the gradient vector: the parameters, then the tables. */
  readonly gradients: number;
  /** Floats of the arena. */
  readonly arena: number;
  /** Once after every change of the parameters. */
  readonly prepare: readonly PrepareOp[];
  /** A tile's outputs. */
  readonly forward: readonly Stage<ForwardOp>[];
  /** What is read of them and its loss, when evaluating: with the forward stages, or once after them. */
  readonly read: readonly Stage<ReadOp>[];
  /** When training, after the forward stages: reads, and goes back. None in a plan that only evaluates. */
  readonly backward: readonly Stage<BackwardOp>[];
  /** Once per batch, before clipping and the optimiser. */
  readonly finish: readonly TableBackwardOp[];
}

/** How an operation's fields go over the border of the native executor, in their order; see encode.ts and native/plan.cc. */
type Field = "number" | "flag" | "kind" | "rows" | "optional" | "list" | "parts" | "straddle";
type Fields<O> = O extends Op ? Readonly<Record<Exclude<keyof O, "op">, Field>> : never;

/** Every operation with its fields. Its place in this table is its code in native/plan.h. */
export const operations: { readonly [Name in Op["op"]]: Fields<Extract<Op, { op: Name }>> } = {
  bias: { rows: "number", to: "number", parts: "parts" },
  table: { block: "number", bias: "number", to: "number" },
  gather: { table: "number", to: "rows" },
  embed: { to: "rows" },
  values: { to: "rows" },
  flip: { from: "rows", to: "rows", accumulate: "flag" },
  affine: { block: "number", from: "rows", to: "rows", bias: "number", accumulate: "flag" },
  cell: {
    kind: "kind",
    block: "number",
    bias: "number",
    gates: "rows",
    output: "rows",
    state: "optional",
    straddle: "straddle",
  },
  sum: { from: "list", to: "rows" },
  dropout: { layer: "number", rate: "number", from: "rows", to: "rows" },
  pack: { from: "rows", to: "rows", shift: "number" },
  unpack: { from: "rows", to: "rows", gradient: "flag", accumulate: "flag" },
  select: { from: "rows", to: "rows", first: "flag" },
  softmax: { logits: "rows", gradient: "flag" },
  squares: { outputs: "rows", gradient: "flag" },
  clear: { to: "rows" },
  scatter: { from: "rows", to: "rows", first: "flag" },
  copy: { from: "rows", to: "rows", accumulate: "flag" },
  cellBackward: {
    kind: "kind",
    block: "number",
    gates: "rows",
    output: "rows",
    state: "optional",
    gradients: "list",
    backflow: "rows",
  },
  affineBackward: { block: "number", from: "rows", to: "rows", accumulate: "flag" },
  weightGradient: { block: "number", from: "rows", input: "rows", shift: "number" },
  biasGradient: { from: "rows", parts: "parts" },
  tableGradient: { from: "rows", stride: "number", gradient: "number" },
  embedGradient: { from: "rows" },
  tableBackward: { block: "number", stride: "number", gradient: "number" },
};

/** Symbols of a table, padded to whole vectors. */
export function tableWidth(symbols: number): number {
  return Math.ceil(symbols / 16) * 16;
}
