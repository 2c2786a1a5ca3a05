// What a network is made of, without its numbers: an embedding, recurrent cells, sums of their outputs and a linear
// read-out. A stack of layers and a random structure with skip cells are both such lists, and nothing downstream
// tells them apart.
import { InputError } from "../errors.js";

/** The four recurrent cells, with PyTorch's equations and gate order. */
export const cellKinds = ["rnn-tanh", "rnn-relu", "lstm", "gru"] as const;
export type CellKind = (typeof cellKinds)[number];

/** Gates of a cell, in the row order of its weights. */
export const gateNames: Readonly<Record<CellKind, readonly string[]>> = {
  "rnn-tanh": ["state"],
  "rnn-relu": ["state"],
  lstm: ["input", "forget", "cell", "output"],
  gru: ["reset", "update", "new"],
};

/** The number of a cell's gates. */
export function gateCount(kind: CellKind): number {
  return gateNames[kind].length;
}

/** The name by which the embedding is referred to as an input. */
export const EMBEDDING = "embedding";

/** A recurrent cell of `size` units whose input is its sources' outputs, concatenated in the order given. */
export interface Cell {
  readonly type: "cell";
  readonly name: string;
  readonly kind: CellKind;
  readonly size: number;
  /** "embedding" or the names of earlier nodes. */
  readonly inputs: readonly string[];
}

/** The element-wise sum of earlier nodes of equal size. */
export interface Sum {
  readonly type: "sum";
  readonly name: string;
  readonly of: readonly string[];
}

export type Node = Cell | Sum;

export interface Architecture {
  /** Symbols of the embedding; symbol 0 is the padding. */
  readonly vocabulary: number;
  /** Width of the embedding. */
  readonly embedding: number;
  /** Cells and sums in an order in which each follows its inputs. */
  readonly nodes: readonly Node[];
  readonly readout: Readout;
}

/** A linear map of the concatenated outputs of `inputs` to `outputs` classes or symbols. */
export interface Readout {
  readonly inputs: readonly string[];
  readonly outputs: number;
  /** "every-step": after every symbol of a sequence, and not only after its last. */
  readonly at?: "every-step";
  /** Its weights are the embedding's: one input as wide as the embedding, and an output for each symbol. */
  readonly tied?: true;
}

/** What a tensor is for: matrices from a cell's inputs, from its own last output and to the outputs, and vectors. */
export type Role = "embedding" | "input" | "hidden" | "head" | "bias";

/** One parameter tensor, and its position in a network's flat parameter vector. */
export interface Tensor {
  readonly name: string;
  readonly role: Role;
  readonly shape: readonly number[];
  /** Index of the first element. */
  readonly offset: number;
  readonly length: number;
}

const limit = 2 ** 28;

/** The width of every source: the embedding and each node. @throws InputError when the architecture is unsound. */
export function widths(architecture: Architecture): Map<string, number> {
  const fail = (where: string, what: string, hint: string): never => {
    throw new InputError({ where, what, hint });
  };
  const whole = (where: string, value: number): number =>
    Number.isInteger(value) && value >= 1 && value <= limit
      ? value
      : fail(where, `${value} is not a size`, "use a whole number of at least 1");
  whole("vocabulary", architecture.vocabulary);
  const width = new Map([[EMBEDDING, whole("embedding", architecture.embedding)]]);
  const known = (where: string, source: string): number =>
    width.get(source) ??
    fail(where, `there is no earlier node "${source}"`, "name the embedding or an earlier node");
  for (const node of architecture.nodes) {
    const where = `node "${node.name}"`;
    if (width.has(node.name)) fail(where, "the name is taken", "give every node a name of its own");
    const sources = node.type === "cell" ? node.inputs : node.of;
    if (sources.length === 0) fail(where, "it has no input", "name at least one source");
    if (new Set(sources).size !== sources.length)
      fail(where, "a source is named twice", "name each source once");
    const sizes = sources.map((source) => known(where, source));
    if (node.type === "cell") {
      whole(where, node.size);
    } else if (sizes.some((size) => size !== sizes[0]) || node.of.includes(EMBEDDING)) {
      fail(where, "a sum needs cells of equal size", "sum outputs of the same size only");
    }
    width.set(node.name, node.type === "cell" ? node.size : sizes[0]);
  }
  whole("readout", architecture.readout.outputs);
  if (architecture.readout.inputs.length === 0) fail("readout", "it reads nothing", "name at least one node");
  for (const input of architecture.readout.inputs) {
    known("readout", input);
    if (input === EMBEDDING) fail("readout", "it reads the embedding", "read the output of a cell or a sum");
  }
  const { tied, inputs, outputs } = architecture.readout;
  const fits = outputs === architecture.vocabulary && totalWidth(width, inputs) === architecture.embedding;
  if (tied && !fits)
    fail("readout", "it is tied to an embedding of another shape", "give it the embedding's shape");
  return width;
}

/** Width of concatenated sources. */
export function totalWidth(width: ReadonlyMap<string, number>, sources: readonly string[]): number {
  return sources.reduce((sum, source) => sum + width.get(source)!, 0);
}

// Every tensor starts at a multiple of 16 floats, one cache line, which is what the vector kernels want.
const ALIGNMENT = 16;

/**
 * The parameter tensors of an architecture, by name, laid out one after the other:
 * `embedding.weight [vocabulary, embedding]`, for each cell `cells.NAME.weight_ih [gates·size, inputs]`,
 * `cells.NAME.weight_hh [gates·size, size]`, `cells.NAME.bias_ih`, `cells.NAME.bias_hh [gates·size]`, and
 * `readout.weight [outputs, inputs]`, `readout.bias [outputs]`. @throws InputError when the architecture is unsound.
 */
export function tensorsOf(architecture: Architecture): { tensors: Map<string, Tensor>; length: number } {
  const width = widths(architecture);
  const tensors = new Map<string, Tensor>();
  let end = 0;
  const add = (name: string, role: Role, ...shape: number[]) => {
    const length = shape.reduce((product, extent) => product * extent, 1);
    if (end + length > limit) {
      throw new InputError({
        where: name,
        what: `the network has more than ${limit} parameters`,
        hint: "make it smaller",
      });
    }
    tensors.set(name, { name, role, shape, offset: end, length });
    end = Math.ceil((end + length) / ALIGNMENT) * ALIGNMENT;
  };
  add("embedding.weight", "embedding", architecture.vocabulary, architecture.embedding);
  for (const node of architecture.nodes) {
    if (node.type !== "cell") continue;
    const rows = gateCount(node.kind) * node.size;
    add(`cells.${node.name}.weight_ih`, "input", rows, totalWidth(width, node.inputs));
    add(`cells.${node.name}.weight_hh`, "hidden", rows, node.size);
    add(`cells.${node.name}.bias_ih`, "bias", rows);
    add(`cells.${node.name}.bias_hh`, "bias", rows);
  }
  const { inputs, outputs, tied } = architecture.readout;
  if (!tied) add("readout.weight", "head", outputs, totalWidth(width, inputs));
  add("readout.bias", "bias", outputs);
  return { tensors, length: end };
}

/** The cells of an architecture, in order. */
export function cellsOf(architecture: Architecture): Cell[] {
  return architecture.nodes.filter((node) => node.type === "cell");
}
