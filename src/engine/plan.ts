// A plan says how a network runs: a flat list of typed operations over one arena of buffers. It is plain data, made
// once by `compile`, and every executor takes the same one. The reference executor is the readable specification of
// what each operation means; this file says what they are.
import type { CellKind } from "../network/architecture.js";

/**
 * A buffer of activations `[step][row][lane]`: element (t, r, l) is at `offset + (t·rows + r)·lanes + l` of the arena.
 * A lane is one example of a tile. Where `initial` is set, one step of state before step 0 lies in front of `offset`.
 * With `once` the buffer has a single step.
 */
export interface Sequence {
  offset: number;
  readonly rows: number;
  readonly initial: boolean;
  readonly once: boolean;
}

/**
 * A matrix of weights, or the columns of one that belong to one input. Element (i, j) is at
 * `offset + ((i + rotation) mod rows)·stride + j` of the parameter vector: the rotation lets a GRU keep its gates as
 * n, r, z, n_h, so that both of its matrices act on adjacent rows.
 */
export interface Block {
  readonly name: string;
  readonly offset: number;
  readonly stride: number;
  readonly rows: number;
  readonly columns: number;
  readonly rotation: number;
  /** One byte per weight in block order (rotated rows); absent when every weight exists. */
  readonly mask: Uint8Array | undefined;
  readonly nonzeros: number;
  /** Held compressed: multiplied, and differentiated, at its nonzeros only. */
  readonly sparse: boolean;
}

// Offsets named `bias` and `table` point into the prepared buffer, those named `parameter` into the parameter vector,
// and those named `gradient` into the gradient vector, which is the parameter vector followed by the tables' gradients.

/** prepared[to + i] = sum over `parameters` of parameter[offset + (i - first + rotation) mod rows], for first <= i < first + rows. */
export interface BiasOp {
  readonly op: "bias";
  readonly rows: number;
  readonly to: number;
  readonly parts: readonly { parameter: number; first: number; rows: number; rotation: number }[];
}

/** prepared[to + i·width + s] = bias_i + sum over j of block(i, j)·embedding(symbol s, j). */
export interface TableOp {
  readonly op: "table";
  readonly block: number;
  readonly bias: number;
  readonly to: number;
}

/** to(t, i, l) = table(i, symbol(t, l)), for the first `rows` rows. */
export interface GatherOp {
  readonly op: "gather";
  readonly table: number;
  readonly rows: number;
  readonly to: Sequence;
}

/** to(t, i, l) = (accumulate ? to(t, i, l) : bias_i) + sum over j of block(i, j)·from(t, j, l). */
export interface AffineOp {
  readonly op: "affine";
  readonly block: number;
  readonly from: Sequence;
  readonly to: Sequence;
  readonly bias: number;
  readonly accumulate: boolean;
}

/** One recurrent cell over all steps. `gates` holds the input's share; it becomes what the reverse needs. */
export interface CellOp {
  readonly op: "cell";
  readonly kind: CellKind;
  readonly block: number;
  /** GRU: the bias of n's hidden share, `size` values. Otherwise -1. */
  readonly bias: number;
  readonly gates: Sequence;
  readonly output: Sequence;
  /** LSTM: c and tanh c, `2·size` rows. Otherwise absent. */
  readonly state: Sequence | undefined;
}

/** to = from, or to += from. */
export interface CopyOp {
  readonly op: "copy";
  readonly from: Sequence;
  readonly to: Sequence;
  readonly accumulate: boolean;
}

/** to(0, i, l) = from(read step of lane l, i, l). */
export interface SelectOp {
  readonly op: "select";
  readonly from: Sequence;
  readonly to: Sequence;
}

/** Mean cross-entropy of the batch; `logits` becomes its own gradient. */
export interface LossOp {
  readonly op: "loss";
  readonly logits: Sequence;
}

/** The reverse of select: to(t, i, l) = from(0, i, l) at the read step and 0 (accumulate: unchanged) elsewhere. */
export interface ScatterOp {
  readonly op: "scatter";
  readonly from: Sequence;
  readonly to: Sequence;
  readonly accumulate: boolean;
}

/** The reverse of a cell: `gates` becomes the gradient of the pre-activations. Changes `gradient`. */
export interface CellBackwardOp {
  readonly op: "cellBackward";
  readonly kind: CellKind;
  readonly block: number;
  readonly gates: Sequence;
  readonly output: Sequence;
  readonly state: Sequence | undefined;
  /** Gradient of the output. */
  readonly gradient: Sequence;
  /** One step of `size` rows that carries the LSTM's cell gradient. */
  readonly carry: Sequence | undefined;
}

/** to(t, j, l) = (accumulate ? to(t, j, l) : 0) + sum over i of block(i, j)·from(t, i, l). */
export interface AffineBackwardOp {
  readonly op: "affineBackward";
  readonly block: number;
  readonly from: Sequence;
  readonly to: Sequence;
  readonly accumulate: boolean;
}

/** gradient(block (i, j)) += sum over t and l of from(t, first + i, l)·input(t - shift, j, l). */
export interface WeightGradientOp {
  readonly op: "weightGradient";
  readonly block: number;
  readonly from: Sequence;
  readonly first: number;
  readonly input: Sequence;
  readonly shift: 0 | 1;
}

/** gradient[to + (i + rotation) mod rows] += sum over t and l of from(t, first + i, l); the same to `also` unless -1. */
export interface BiasGradientOp {
  readonly op: "biasGradient";
  readonly from: Sequence;
  readonly first: number;
  readonly rows: number;
  readonly rotation: number;
  readonly to: number;
  readonly also: number;
}

/** gradient[to + s·stride + i] += sum over (t, l) with symbol(t, l) = s of from(t, i, l). */
export interface TableGradientOp {
  readonly op: "tableGradient";
  readonly from: Sequence;
  readonly rows: number;
  readonly stride: number;
  readonly to: number;
}

/** The reverse of a table: adds to the gradients of the block and of the embedding. */
export interface TableBackwardOp {
  readonly op: "tableBackward";
  readonly block: number;
  readonly stride: number;
  readonly gradient: number;
}

export type PrepareOp = BiasOp | TableOp;
export type ForwardOp = GatherOp | AffineOp | CellOp | CopyOp | SelectOp | LossOp;
export type BackwardOp =
  | ScatterOp
  | CopyOp
  | CellBackwardOp
  | AffineBackwardOp
  | WeightGradientOp
  | BiasGradientOp
  | TableGradientOp;

export interface Plan {
  /** Examples that run side by side; a batch is cut into tiles of this many. 16 or 32. */
  readonly lanes: number;
  /** The longest sequence the arena has room for. */
  readonly steps: number;
  /** Classes. */
  readonly outputs: number;
  /** Length of the parameter vector. */
  readonly parameters: number;
  /** The embedding's place in the parameter vector, its width, and the symbols in use (rows, ascending). */
  readonly embedding: {
    readonly offset: number;
    readonly width: number;
    readonly symbols: readonly number[];
  };
  readonly blocks: readonly Block[];
  /** Floats of the prepared buffer. */
  readonly prepared: number;
  /** Floats of the gradient vector: the parameters, then the tables. */
  readonly gradients: number;
  /** Floats of the arena. */
  readonly arena: number;
  /** Once after every change of the parameters. */
  readonly prepare: readonly PrepareOp[];
  /** Once per tile. */
  readonly forward: readonly ForwardOp[];
  /** Once per tile, when training. */
  readonly backward: readonly BackwardOp[];
  /** Once per batch, before clipping and the optimiser. */
  readonly finish: readonly TableBackwardOp[];
}

/**
 * Cuts operations into groups. Those that fill a cell's gates and the cell itself work step by step, and so do the
 * reverse of a cell and all that follows from its gates; an executor may run such a group in chunks of time, forward
 * from the first and backward from the last. The buffers of a group therefore share no memory.
 */
export function groups<Op extends ForwardOp | BackwardOp>(ops: readonly Op[]): Op[][] {
  const all: Op[][] = [];
  let open = false;
  for (const op of ops) {
    if (open || joinsPrevious(op)) all.at(-1)!.push(op);
    else all.push([op]);
    open = op.op === "gather" || (op.op === "affine" && !op.to.once);
  }
  return all;
}

function joinsPrevious(op: ForwardOp | BackwardOp): boolean {
  switch (op.op) {
    case "weightGradient":
    case "biasGradient":
    case "tableGradient":
    case "affineBackward":
      return !op.from.once;
    default:
      return false;
  }
}

/** Symbols of a table, padded to whole vectors. */
export function tableWidth(symbols: number): number {
  return Math.ceil(symbols / 16) * 16;
}
