// What a network is made of, without its numbers: an input, recurrent cells, sums of their outputs and a linear
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

/** What a step of a sequence is: a symbol, which is looked up in an embedding, or a vector of numbers. */
export type Input = SymbolInput | ValueInput;

export interface SymbolInput {
  readonly kind: "symbols";
  /** Rows of the embedding, of which 0 is the padding. */
  readonly vocabulary: number;
  /** Width of the embedding. */
  readonly width: number;
}

export interface ValueInput {
  readonly kind: "values";
  /** Numbers of a step. */
  readonly width: number;
}

/** The name by which each kind of input is referred to as a source. */
export const inputNames = { symbols: "embedding", values: "values" } as const;

/** The name by which an architecture's nodes refer to its input. */
export function inputName({ input }: Pick<Architecture, "input">): string {
  return inputNames[input.kind];
}

/** A recurrent cell of `size` units whose input is its sources' outputs, concatenated in the order given. */
export interface Cell {
  readonly type: "cell";
  readonly name: string;
  readonly kind: CellKind;
  readonly size: number;
  /** The input or the names of earlier nodes. */
  readonly inputs: readonly string[];
  /** "reverse": from the sequence's own last step to its first. Where it is read once, it is after the first. */
  readonly direction?: "reverse";
}

/** The element-wise sum of earlier nodes of equal size. */
export interface Sum {
  readonly type: "sum";
  readonly name: string;
  readonly of: readonly string[];
}

export type Node = Cell | Sum;

export interface Architecture {
  readonly input: Input;
  /** Cells and sums in an order in which each follows its inputs. */
  readonly nodes: readonly Node[];
  readonly readout: Readout;
}

/** A linear map of the concatenated outputs of `inputs` to `outputs` classes, symbols or numbers. */
export interface Readout {
  readonly inputs: readonly string[];
  readonly outputs: number;
  /** "numbers": its outputs are forecasts, and not scores of classes or symbols. */
  readonly predicts?: "numbers";
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

/** The width of every source: the input and each node. @throws InputError when the architecture is unsound. */
export function widths(architecture: Architecture): Map<string, number> {
  const fail = (where: string, what: string, hint: string): never => {
    throw new InputError({ where, what, hint });
  };
  const whole = (where: string, value: number): number =>
    Number.isInteger(value) && value >= 1 && value <= limit
      ? value
      : fail(where, `${value} is not a size`, "use a whole number of at least 1");
  const { input, readout } = architecture;
  const own = inputName(architecture);
  if (input.kind === "symbols") whole("vocabulary", input.vocabulary);
  const width = new Map([[own, whole(own, input.width)]]);
  const reverse = new Set<string>();
  const known = (where: string, source: string): number =>
    width.get(source) ??
    fail(where, `there is no earlier node "${source}"`, `name ${own} or an earlier node`);
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
      if (node.direction) reverse.add(node.name);
    } else if (sizes.some((size) => size !== sizes[0]) || node.of.includes(own)) {
      fail(where, "a sum needs cells of equal size", "sum outputs of the same size only");
    } else if (node.of.some((name) => reverse.has(name))) {
      fail(where, "a sum cannot add a cell that runs backwards", "let a cell read both");
    }
    width.set(node.name, node.type === "cell" ? node.size : sizes[0]);
  }
  whole("readout", readout.outputs);
  if (readout.inputs.length === 0) fail("readout", "it reads nothing", "name at least one node");
  for (const source of readout.inputs) {
    known("readout", source);
    if (source === own) fail("readout", `it reads ${own}`, "read the output of a cell or a sum");
  }
  if (readout.tied) {
    const { inputs, outputs, predicts } = readout;
    const fits =
      input.kind === "symbols" &&
      !predicts &&
      outputs === input.vocabulary &&
      totalWidth(width, inputs) === input.width;
    if (!fits)
      fail("readout", "it is tied to an embedding of another shape", "give it the embedding's shape");
  }
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
 * `embedding.weight [vocabulary, width]` where there are symbols, for each cell `cells.NAME.weight_ih [gates·size, inputs]`,
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
  const { input } = architecture;
  if (input.kind === "symbols") add("embedding.weight", "embedding", input.vocabulary, input.width);
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

/** Whether some cell runs backwards, so that nothing can be said of a sequence before its end. */
export function isBidirectional(architecture: Architecture): boolean {
  return cellsOf(architecture).some(({ direction }) => direction === "reverse");
}
