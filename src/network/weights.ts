// Weight files. Filigree writes safetensors with its own tensor names, and the network's description as JSON in the
// metadata; it reads these and, by their names, the state dicts of PyTorch's recurrent modules and of the thesis.
import { z } from "zod";
import { InputError } from "../errors.js";
import { readBytes } from "../files.js";
import { type Architecture, type CellKind, cellKinds, cellsOf } from "./architecture.js";
import { foreignLayout } from "./foreign.js";
import { assemble, type Layout, soundTensors } from "./layout.js";
import type { Network } from "./network.js";
import { parse, quote, type Safetensors, type StoredTensor, serialise, strictJson } from "./safetensors.js";

const VERSION = "1";
// Metadata keys of Filigree's own files.
const FORMAT = "filigree";
const ARCHITECTURE = "architecture";

const name = z
  .string()
  .regex(/^[^\p{Cc}]{1,200}$/u, "a name has 1 to 200 characters and no control characters");
const names = z.array(name);
const size = z.int();
const architectureSchema = z.object({
  vocabulary: size,
  embedding: size,
  nodes: z.array(
    z.discriminatedUnion("type", [
      z.object({ type: z.literal("cell"), name, kind: z.enum(cellKinds), size, inputs: names }),
      z.object({ type: z.literal("sum"), name, of: names }),
    ]),
  ),
  readout: z.object({ inputs: names, outputs: size }),
});

/**
 * The bytes of a weight file: every tensor of the network under its own name as F32, each mask as `<weight>.mask`
 * BOOL, and in the metadata `filigree`, the version of this format, and `architecture`, the description as JSON. Equal
 * networks give equal bytes, and `parseNetwork` gives back every bit.
 * @throws InputError when a node's name has control characters or more than 200 characters.
 */
export function saveNetwork(network: Network): Uint8Array {
  const tensors = new Map<string, StoredTensor>();
  for (const { name, shape } of network.tensors.values()) {
    tensors.set(name, { dtype: "F32", shape, values: network.values(name) });
  }
  for (const name of network.tensors.keys()) {
    const values = network.masks.get(name);
    if (values) tensors.set(maskName(name), { dtype: "BOOL", shape: network.tensor(name).shape, values });
  }
  // Through the schema, so that the text does not depend on the order in which properties were set.
  const architecture = JSON.stringify(soundArchitecture(network.architecture, "architecture"));
  const metadata = new Map([
    [FORMAT, VERSION],
    [ARCHITECTURE, architecture],
  ]);
  return serialise({ tensors, metadata });
}

/** What a caller knows of a weight file that it may not tell itself. */
export interface ReadOptions {
  /** The kind that all cells must have; it decides between tanh and relu, which PyTorch's files do not tell apart. */
  readonly cell?: CellKind;
}

/**
 * The network in a weight file: Filigree's own, a state dict with PyTorch's nn.RNN, nn.LSTM or nn.GRU (under any
 * prefix, between an embedding and a linear read-out; parameters that `bias=False` left out are zero), or one with the
 * thesis's names. Masks of only ones are dropped.
 * @throws FileError when it cannot be read. @throws InputError when it is malformed or its parts do not fit each other
 *   or the options.
 */
export function readNetwork(path: string, options?: ReadOptions): Network {
  return parseNetwork(readBytes(path), path, options);
}

/** As `readNetwork`, from a file's bytes. @param where the file's name, for errors and for telling relu from tanh. */
export function parseNetwork(bytes: Uint8Array, where: string, { cell }: ReadOptions = {}): Network {
  const file = parse(bytes, where);
  const layout = file.metadata.has(FORMAT) ? ownLayout(file, where) : foreignLayout(file, where, cell);
  const network = assemble(file, layout, where);
  if (cell !== undefined) for (const { kind } of cellsOf(network.architecture)) checkKind(kind, cell, where);
  return network;
}

/** @throws InputError unless the kind in a file is the one that the caller asked for. */
export function checkKind(kind: CellKind, asked: CellKind, where: string): void {
  if (kind === asked) return;
  throw new InputError({ where, what: `its cells are ${kind}, not ${asked}`, hint: `read it as ${kind}` });
}

function ownLayout(file: Safetensors, where: string): Layout {
  const version = file.metadata.get(FORMAT);
  if (version !== VERSION) {
    throw new InputError({
      where,
      what: `its format is version ${quote(String(version))}, and this Filigree reads version ${VERSION}`,
      hint: "use the version of Filigree that wrote it",
    });
  }
  let description: unknown;
  try {
    description = strictJson(file.metadata.get(ARCHITECTURE) ?? "", 4);
  } catch {
    throw new InputError({
      where,
      what: "its description of the network is not valid JSON",
      hint: "save the model again",
    });
  }
  const architecture = soundArchitecture(description, where);
  const own = [...soundTensors(architecture, where).tensors.values()];
  const weights = own.filter(({ name, shape }) => shape.length === 2 && name !== "embedding.weight");
  return {
    architecture,
    tensors: new Map(own.map(({ name }) => [name, name])),
    masks: new Map(weights.map(({ name }) => [name, maskName(name)])),
  };
}

function soundArchitecture(value: unknown, where: string): Architecture {
  const checked = architectureSchema.safeParse(value);
  if (checked.success) return checked.data;
  const { path, message } = checked.error.issues[0];
  throw new InputError({
    where,
    what: `its description of the network is wrong at ${path.join(".") || "the top"}: ${message}`,
    hint: "save the model again",
  });
}

function maskName(weight: string): string {
  return `${weight}.mask`;
}
