// Where a file keeps the tensors of a network. Every format that Filigree reads differs only in names, so each one
// becomes a layout, and one function turns file and layout into a network and finds everything that does not fit.
import { InputError } from "../errors.js";
import { type Architecture, type Tensor, tensorsOf } from "./architecture.js";
import type { Conventions } from "./conventions.js";
import { Network, tensorNames } from "./network.js";
import { quote, type Safetensors, type StoredTensor } from "./safetensors.js";

/** A network's description and, by the names of its own tensors, the names of these in a file. */
export interface Layout {
  readonly architecture: Architecture;
  /** A tensor that is left out is zero. */
  readonly tensors: ReadonlyMap<string, string>;
  /** Masks, by the name of the weight that each belongs to; those that the file lacks are no masks. */
  readonly masks: ReadonlyMap<string, string>;
}

/** Names in a file of one cell's tensors. Biases that are left out are zero. */
export interface StoredCell {
  /** Runs backwards, beside the cell before it. */
  readonly reverse?: true;
  readonly weightIh: string;
  readonly weightHh: string;
  readonly biasIh?: string;
  readonly biasHh?: string;
  readonly maskIh?: string;
  readonly maskHh?: string;
}

/** Names in a file of the parts around the cells. A bias that is left out is zero. */
export interface StoredEnds {
  /** Left out where numbers are read. */
  readonly embedding?: string;
  readonly readout: string;
  readonly readoutBias?: string;
  /** Whether the read-out has the embedding's weights; both may then have the same name. */
  readonly tied?: boolean;
}

/** The layout of a network whose cells, by their names in the architecture, and ends are stored under these names. */
export function layoutOf(
  architecture: Architecture,
  cells: ReadonlyMap<string, StoredCell>,
  ends: StoredEnds,
): Layout {
  const tensors = new Map([["readout.weight", ends.readout]]);
  if (ends.embedding !== undefined) tensors.set("embedding.weight", ends.embedding);
  if (ends.readoutBias !== undefined) tensors.set("readout.bias", ends.readoutBias);
  const masks = new Map<string, string>();
  for (const [cell, stored] of cells) {
    const own = tensorNames(cell);
    tensors.set(own.weightIh, stored.weightIh).set(own.weightHh, stored.weightHh);
    if (stored.biasIh !== undefined) tensors.set(own.biasIh, stored.biasIh);
    if (stored.biasHh !== undefined) tensors.set(own.biasHh, stored.biasHh);
    if (stored.maskIh !== undefined) masks.set(own.weightIh, stored.maskIh);
    if (stored.maskHh !== undefined) masks.set(own.weightHh, stored.maskHh);
  }
  return { architecture, tensors, masks };
}

/**
 * The size of a stored cell and its number of gates, from its `weight_hh [gates·size, size]`.
 * @throws InputError when there is no such tensor or its shape is not that of a cell.
 */
export function measureCell(
  file: Safetensors,
  weightHh: string,
  where: string,
): { size: number; gates: 1 | 3 | 4 } {
  const { shape } = find(file, weightHh, where);
  const [rows, size] = shape;
  const gates = rows / size;
  if (shape.length === 2 && (gates === 1 || gates === 3 || gates === 4)) return { size, gates };
  throw new InputError({
    where,
    what: `tensor ${quote(weightHh)} of shape [${shape}] is not the hidden weight of a cell`,
    hint: "its rows should be 1, 3 or 4 times its columns",
  });
}

/** Rows and columns of a matrix. @throws InputError when there is no such tensor or it is not a matrix. */
export function measureMatrix(
  file: Safetensors,
  name: string,
  where: string,
): [rows: number, columns: number] {
  const { shape } = find(file, name, where);
  if (shape.length === 2) return [shape[0], shape[1]];
  throw misfit(where, name, `has shape [${shape}], not that of a matrix`);
}

/**
 * The network that `file` holds according to `layout`. A mask of only ones is dropped.
 * @throws InputError when the architecture is unsound, a tensor is missing, of the wrong type or shape, not finite, or
 *   belongs to nothing in the layout.
 */
export function assemble(
  file: Safetensors,
  layout: Layout,
  where: string,
  conventions?: Conventions,
): Network {
  const { architecture } = layout;
  const { tensors, length } = soundTensors(architecture, where);
  // All shapes are checked against the file before the network is allocated, so a file cannot ask for more than it holds.
  const found: [Tensor, Float32Array][] = [];
  const masks = new Map<string, Uint8Array>();
  for (const tensor of tensors.values()) {
    const name = layout.tensors.get(tensor.name);
    if (name !== undefined) found.push([tensor, weightsOf(fitting(file, name, tensor, where), name, where)]);
    const maskName = layout.masks.get(tensor.name);
    if (maskName === undefined || !file.tensors.has(maskName)) continue;
    const mask = maskOf(fitting(file, maskName, tensor, where), maskName, where);
    if (mask.includes(0)) masks.set(tensor.name, mask);
  }
  const used = new Set([...layout.tensors.values(), ...layout.masks.values()]);
  for (const name of file.tensors.keys()) {
    if (!used.has(name)) throw misfit(where, name, "is not a part of this network");
  }
  const parameters = new Float32Array(length);
  for (const [tensor, values] of found) parameters.set(values, tensor.offset);
  return new Network(architecture, parameters, masks, conventions);
}

/** `tensorsOf`, with the file's name in front of what is unsound. */
export function soundTensors(architecture: Architecture, where: string): ReturnType<typeof tensorsOf> {
  try {
    return tensorsOf(architecture);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    throw new InputError({ where, what: `its network is unsound: ${error.message}` });
  }
}

function find(file: Safetensors, name: string, where: string): StoredTensor {
  const stored = file.tensors.get(name);
  if (stored) return stored;
  throw new InputError({ where, what: `there is no tensor ${quote(name)}`, hint: "save the whole model" });
}

function fitting(file: Safetensors, name: string, { shape }: Tensor, where: string): StoredTensor {
  const stored = find(file, name, where);
  if (stored.shape.length === shape.length && stored.shape.every((extent, i) => extent === shape[i]))
    return stored;
  throw misfit(where, name, `has shape [${stored.shape}], but the rest of the network needs [${shape}]`);
}

function weightsOf({ dtype, values }: StoredTensor, name: string, where: string): Float32Array {
  if (dtype !== "F32") throw misfit(where, name, `is of type ${dtype}, not floating point`);
  const bad = values.findIndex((value) => !Number.isFinite(value));
  if (bad < 0) return values;
  const count = values.reduce((sum, value) => sum + Number(!Number.isFinite(value)), 0);
  throw new InputError({
    where,
    what: `tensor ${quote(name)} has values that are not finite: ${count} of ${values.length}, the first is ${values[bad]}`,
    hint: "its training diverged; use an earlier state of it",
  });
}

/** A mask of any type as bytes. @throws InputError when it holds anything but 0 and 1. */
export function maskOf({ values }: StoredTensor, name: string, where: string): Uint8Array {
  const bits = Uint8Array.from(values as ArrayLike<number | bigint>, (bit) => {
    const number = Number(bit);
    return number === 0 || number === 1 ? number : 2;
  });
  if (!bits.includes(2)) return bits;
  throw misfit(where, name, "is a mask, but holds more than 0 and 1");
}

function misfit(where: string, name: string, what: string): InputError {
  return new InputError({
    where,
    what: `tensor ${quote(name)} ${what}`,
    hint: "a model is an embedding, recurrent cells and a linear read-out",
  });
}
