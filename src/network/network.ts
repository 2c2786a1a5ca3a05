// A network: an architecture with its numbers. All parameters live in one flat vector, so that copying, hashing,
// checkpointing and handing them to an executor are each one operation; tensors are named windows into it. A mask is
// part of the network: where it is 0 the weight is zero and stays zero.
import { InputError } from "../errors.js";
import type { Random } from "../math/random.js";
import { checkWord } from "../suggest.js";
import {
  type Architecture,
  type CellKind,
  cellKinds,
  cellsOf,
  type Input,
  inputName,
  type Tensor,
  tensorsOf,
  totalWidth,
  widths,
} from "./architecture.js";
import { type Conventions, defaultConventions } from "./conventions.js";

/** An architecture with its parameters, masks and conventions. */
export class Network {
  readonly architecture: Architecture;
  /** Tensors by name; see `tensorsOf` for names and shapes. */
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** All parameters. Between tensors lies padding, which stays zero. */
  readonly parameters: Float32Array;
  /** Masks by the name of the weight they belong to: one byte per weight, 1 where the weight exists. */
  readonly masks: ReadonlyMap<string, Uint8Array>;
  readonly conventions: Conventions;

  /**
   * @param parameters a vector laid out as `tensorsOf(architecture)`; zeros when left out.
   *   It becomes the network's own, without a copy, unless a masked weight in it is not zero: the caller's stay as they are.
   * @param masks by weight name; masked weights are set to zero.
   * @param conventions ASCII strings, read at their own last symbols, when left out.
   * @throws InputError when the architecture is unsound or a length does not fit it.
   */
  constructor(
    architecture: Architecture,
    parameters?: Float32Array,
    masks: ReadonlyMap<string, Uint8Array> = new Map(),
    conventions: Conventions = defaultConventions(architecture),
  ) {
    const { tensors, length } = tensorsOf(architecture);
    this.architecture = architecture;
    this.tensors = tensors;
    let own = parameters ?? new Float32Array(length);
    if (own.length !== length) {
      throw new InputError({
        what: `the network has ${length} parameters, not ${own.length}`,
        hint: "use the parameters of the same architecture",
      });
    }
    for (const [name, mask] of masks) {
      const { role, length } = this.tensor(name);
      if (role === "bias" || length !== mask.length) {
        throw new InputError({
          where: `mask of ${name}`,
          what: `${mask.length} entries do not fit a weight matrix of this network`,
          hint: "give one entry for each weight of one of its matrices",
        });
      }
      const { offset } = this.tensor(name);
      for (let i = 0; i < mask.length; i++) {
        if (mask[i] !== 0 || Object.is(own[offset + i], 0)) continue;
        if (own === parameters) own = own.slice();
        own[offset + i] = 0;
      }
    }
    this.parameters = own;
    this.masks = masks;
    this.conventions = conventions;
  }

  /** @throws InputError when there is no such tensor. */
  tensor(name: string): Tensor {
    const tensor = this.tensors.get(name);
    if (!tensor) {
      throw new InputError({
        where: name,
        what: "the network has no such tensor",
        hint: `choose one of ${[...this.tensors.keys()].join(", ")}`,
      });
    }
    return tensor;
  }

  /** The values of a tensor, row by row: a window into `parameters`, not a copy. */
  values(name: string): Float32Array {
    const { offset, length } = this.tensor(name);
    return this.parameters.subarray(offset, offset + length);
  }

  /** Number of parameters, masked ones included. */
  get size(): number {
    return [...this.tensors.values()].reduce((sum, { length }) => sum + length, 0);
  }

  /** A network of its own with the same numbers, under `masks` instead of its own where given. */
  copy(masks: ReadonlyMap<string, Uint8Array> = this.masks): Network {
    return new Network(this.architecture, this.parameters.slice(), masks, this.conventions);
  }

  /** Weights that exist in a matrix: its ones under the mask, or all of it. */
  nonzeros(name: string): number {
    const mask = this.masks.get(name);
    return mask ? mask.reduce((sum, bit) => sum + bit, 0) : this.tensor(name).length;
  }
}

/** Names of a cell's four tensors. */
export function tensorNames(cell: string) {
  const prefix = `cells.${cell}`;
  return {
    weightIh: `${prefix}.weight_ih`,
    weightHh: `${prefix}.weight_hh`,
    biasIh: `${prefix}.bias_ih`,
    biasHh: `${prefix}.bias_hh`,
  };
}

/**
 * The architecture of PyTorch's `nn.RNN`, `nn.LSTM` and `nn.GRU` with a read-out after it and, for symbols, an embedding before.
 * A bidirectional layer is two cells, N and N.reverse, and what reads it reads both, in this order.
 * @throws InputError when there is no such cell or there are not 1 to 1000 layers.
 */
export function stack(options: {
  cell: CellKind;
  /** Units of each layer, and of a bidirectional one in each direction. */
  hidden: number;
  layers: number;
  bidirectional?: boolean;
  /** Numbers of a step; symbols are read when left out. */
  values?: number;
  /** Width of the embedding; `hidden` when left out. */
  embedding?: number;
  /** Symbols of the embedding; 128, the ASCII codes, when left out. */
  vocabulary?: number;
  /** Classes or numbers; 2 when left out. */
  outputs?: number;
  /** "every-step": outputs after every step, and not only after the last. */
  at?: "every-step";
  /** "numbers": the outputs are forecasts. */
  predicts?: "numbers";
  /** Whether the read-out has the embedding's weights. */
  tied?: boolean;
}): Architecture {
  const { cell, hidden, layers, embedding = hidden, vocabulary = 128, values, outputs = 2 } = options;
  checkWord("cell", cell, cellKinds);
  if (!Number.isInteger(layers) || layers < 1 || layers > 1000) {
    throw new InputError({
      where: "layers",
      what: `${layers} is not a number of layers`,
      hint: "use 1 to 1000",
    });
  }
  const input: Input =
    values === undefined
      ? { kind: "symbols", vocabulary, width: embedding }
      : { kind: "values", width: values };
  const namesOf = (layer: number) => [
    String(layer),
    ...(options.bidirectional ? [`${layer}${REVERSE}`] : []),
  ];
  const nodes = Array.from({ length: layers }, (_, i) =>
    namesOf(i).map((name, direction) => ({
      type: "cell" as const,
      name,
      kind: cell,
      size: hidden,
      inputs: i === 0 ? [inputName({ input })] : namesOf(i - 1),
      ...(direction === 1 && { direction: "reverse" as const }),
    })),
  ).flat();
  const { at, predicts, tied } = options;
  const readout = {
    inputs: namesOf(layers - 1),
    outputs,
    ...(at && { at }),
    ...(predicts && { predicts }),
    ...(tied && { tied: true as const }),
  };
  return { input, nodes, readout };
}

/** What the name of a cell that runs backwards ends with, beside the other of its layer. */
export const REVERSE = ".reverse";

/**
 * Draws every parameter as PyTorch does: the embedding from N(0, 1), a cell's tensors from U(-1/√size, 1/√size), the
 * read-out, and an embedding that it is tied to, from U(-1/√inputs, 1/√inputs). Each tensor has a random stream of its own, so a mask or another cell moves
 * none of the others.
 * @throws InputError when the architecture is unsound or a mask does not fit it.
 */
export function initialise(
  architecture: Architecture,
  random: Random,
  masks?: ReadonlyMap<string, Uint8Array>,
): Network {
  const network = new Network(architecture);
  const uniform = (name: string, fanIn: number) => {
    const stream = random.stream(name);
    const bound = 1 / Math.sqrt(fanIn);
    const values = network.values(name);
    for (let i = 0; i < values.length; i++) values[i] = bound * (2 * stream.uniform() - 1);
  };
  const { input, readout } = architecture;
  if (readout.tied) {
    uniform("embedding.weight", input.width);
  } else if (input.kind === "symbols") {
    const embedding = random.stream("embedding.weight");
    const rows = network.values("embedding.weight");
    for (let i = 0; i < rows.length; i++) rows[i] = embedding.normal();
  }
  for (const cell of cellsOf(architecture)) {
    for (const name of Object.values(tensorNames(cell.name))) uniform(name, cell.size);
  }
  const fanIn = totalWidth(widths(architecture), readout.inputs);
  if (!readout.tied) uniform("readout.weight", fanIn);
  uniform("readout.bias", fanIn);
  return masks ? network.copy(masks) : network;
}
