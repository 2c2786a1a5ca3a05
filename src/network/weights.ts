// Weight files. Filigree writes safetensors with its own tensor names, and the network's description as JSON in the
// metadata; it reads these and, by their names, the state dicts of PyTorch's recurrent modules and of registered formats.
import { z } from "zod";
import { type ReadAt, readings } from "../data/batches.js";
import { ascii, type Vocabulary } from "../data/vocabulary.js";
import { InputError, type Remark, remarking } from "../errors.js";
import { checkWord } from "../suggest.js";
import { type Architecture, type CellKind, cellKinds, cellsOf, type Input } from "./architecture.js";
import {
  type Conventions,
  conventionMetadata,
  conventionsIn,
  defaultConventions,
  fittingVocabulary,
  readingWords,
} from "./conventions.js";
import { readForeign } from "./foreign.js";
import { applyMasks } from "./foreign-masks.js";
import { type ForeignFormat, fileFormatOf } from "./formats.js";
import { assemble, type Layout, layoutOf, soundTensors } from "./layout.js";
import { Network, tensorNames } from "./network.js";
import { isOnnx, readOnnx } from "./onnx/read.js";
import { parse, quote, type Safetensors, type StoredTensor, serialise, strictJson } from "./safetensors.js";
import { readFor, type TaskName, taskOf } from "./tasks.js";
import { torchNames } from "./torch-names.js";

const VERSION = "1";
// Metadata keys of Filigree's own files.
const FORMAT = "filigree";
const ARCHITECTURE = "architecture";

const name = z
  .string()
  .regex(/^[^\p{Cc}]{1,200}$/u, "a name has 1 to 200 characters and no control characters");
const names = z.array(name);
const size = z.int();
const parts = {
  nodes: z.array(
    z.discriminatedUnion("type", [
      z.object({
        type: z.literal("cell"),
        name,
        kind: z.enum(cellKinds),
        size,
        inputs: names,
        direction: z.literal("reverse").optional(),
      }),
      z.object({ type: z.literal("sum"), name, of: names }),
    ]),
  ),
  readout: z.object({
    inputs: names,
    outputs: size,
    at: z.literal("every-step").optional(),
    predicts: z.literal("numbers").optional(),
    tied: z.literal(true).optional(),
  }),
};
/** As files have it: of symbols, how many and the width of their embedding; of numbers, how many a step has. */
const ofSymbols = z.object({ vocabulary: size, embedding: size, ...parts });
const ofNumbers = z.object({ values: size, ...parts });
type Description = z.output<typeof ofSymbols> | z.output<typeof ofNumbers>;

/**
 * The bytes of a weight file: every tensor of the network under its own name as F32, each mask as `<weight>.mask` BOOL, and in
 * the metadata `filigree`, the version of this format, `architecture`, the description as JSON, and the conventions: `readAt`,
 * `vocabulary` and `labels`. Equal networks give equal bytes, and `parseNetwork` gives back every bit.
 * @throws InputError when a node's name has control characters or more than 200 characters.
 */
export function saveNetwork(network: Network): Uint8Array {
  const tensors = new Map<string, StoredTensor>();
  for (const { name, shape } of network.tensors.values()) {
    tensors.set(name, { dtype: "F32", shape, values: network.values(name) });
  }
  for (const { name, shape } of network.tensors.values()) {
    const values = network.masks.get(name);
    if (values) tensors.set(maskName(name), { dtype: "BOOL", shape, values });
  }
  return serialise({ tensors, metadata: new Map([[FORMAT, VERSION], ...networkMetadata(network)]) });
}

/** What a network is and rests on, beside its numbers, as metadata of a file. */
function networkMetadata({ architecture, conventions }: Network): [key: string, text: string][] {
  // Through the schema, so that the text does not depend on the order in which properties were set.
  const { input, nodes, readout } = architecture;
  const { width } = input;
  const own =
    input.kind === "symbols" ? { vocabulary: input.vocabulary, embedding: width } : { values: width };
  const description = soundDescription({ ...own, nodes, readout }, "architecture");
  return [[ARCHITECTURE, JSON.stringify(description)], ...conventionMetadata(conventions, input)];
}

/**
 * The bytes of a safetensors file with PyTorch's names (torch-names.ts), which `parseNetwork` reads back to the same network.
 * @param masked whether a matrix under a mask is stored as `NAME_orig` and `NAME_mask`, as torch.nn.utils.prune has them.
 */
export function saveForTorch(network: Network, { masked = false } = {}): Uint8Array {
  const { cells, ends } = torchNames(network.architecture);
  const names = layoutOf(network.architecture, cells, ends).tensors;
  const tensors = new Map<string, StoredTensor>();
  for (const [own, name] of names) {
    // A tied read-out is in a state dict twice.
    const from = own === "readout.weight" && ends.tied ? "embedding.weight" : own;
    const { shape } = network.tensor(from);
    const values = network.values(from);
    const mask = masked && !ends.tied ? network.masks.get(from) : undefined;
    tensors.set(mask ? `${name}_orig` : name, { dtype: "F32", shape, values });
    if (mask) tensors.set(`${name}_mask`, { dtype: "F32", shape, values: Float32Array.from(mask) });
  }
  return serialise({ tensors, metadata: new Map(networkMetadata(network)) });
}

/** What a caller knows of a weight file that it may not tell itself. What is given goes before what the file says. */
export interface ReadOptions {
  /** The kind that all cells must have; it decides between tanh and relu, which PyTorch's files do not tell apart. */
  readonly cell?: CellKind;
  /** Where sequences are read out. */
  readonly readAt?: ReadAt;
  /** What the rows of the embedding are for. */
  readonly vocabulary?: Vocabulary;
  /**
   * Whether exact zeros in the recurrent matrices of PyTorch's files are a mask: they are when left out. In registered
   * formats and in Filigree's own files they never are.
   */
  readonly zerosAsMask?: boolean;
  /** What it is to be read for, where its file does not say. */
  readonly task?: TaskName;
  /** Hears, line by line, what was assumed where the file does not say, and where it is contradicted. */
  readonly remark?: Remark;
}

/**
 * The network in a weight file's bytes: Filigree's own, a state dict with PyTorch's nn.RNN, nn.LSTM or nn.GRU or their
 * cells (under any names, between an embedding and a linear read-out; parameters that `bias=False` left out are zero), an ONNX
 * model of such cells (onnx/read.ts), in Node.js a model of Keras's (keras/read.ts), or one of a registered format. Masks of
 * only ones are dropped. A file that does not say where it is read is read where its format says, and PyTorch's at its own last
 * step; one that names no vocabulary has ASCII codes.
 * @param where the file's name, for errors and for telling relu from tanh.
 * @throws InputError when it is malformed or its parts do not fit each other or the options.
 */
export function parseNetwork(bytes: Uint8Array, where: string, options: ReadOptions = {}): Network {
  checkWord("cell", options.cell, cellKinds);
  checkWord("readAt", options.readAt, readings);
  return remarking(options.remark, (remark) => readWith(bytes, where, { ...options, remark }));
}

function readWith(
  bytes: Uint8Array,
  where: string,
  options: ReadOptions & { readonly remark: Remark },
): Network {
  const { cell, zerosAsMask = true, remark } = options;
  const { origin, layout, file } = readFile(bytes, where, { cell, remark });
  const conventions = conventionsOf(file, layout.architecture, where, { ...options, origin });
  const read = assemble(file, layout, where, conventions);
  const network = options.task ? readAs(read, options.task, origin === "filigree", where) : read;
  if (cell !== undefined) for (const { kind } of cellsOf(network.architecture)) checkKind(kind, cell, where);
  return origin === "torch" && zerosAsMask ? withZerosAsMask(network, where, remark) : network;
}

/** What a file holds. Those that are no safetensors are of PyTorch's equations, and are taken as PyTorch's are. */
function readFile(
  bytes: Uint8Array,
  where: string,
  options: { cell?: CellKind; remark: Remark },
): ReturnType<typeof readSafetensors> {
  if (isOnnx(bytes, where)) return { origin: "torch", ...readOnnx(bytes, where) };
  const format = fileFormatOf(bytes, where);
  if (format) return { origin: "torch", ...format.read(bytes, where, options) };
  return readSafetensors(parse(bytes, where), where, options);
}

function readSafetensors(
  source: Safetensors,
  where: string,
  { cell, remark }: { cell?: CellKind; remark: Remark },
): { origin: "filigree" | "torch" | ForeignFormat; layout: Layout; file: Safetensors } {
  if (source.metadata.has(FORMAT))
    return { origin: "filigree", layout: ownLayout(source, where), file: source };
  if (source.metadata.has(ARCHITECTURE)) return describedLayout(source, where, remark);
  return readForeign(source, where, { cell, remark });
}

/** The network read for a task. Filigree's own files say what theirs is, but for language models of the first edition. */
function readAs(network: Network, task: TaskName, isOwn: boolean, where: string): Network {
  const own = taskOf(network);
  if (own === task || !isOwn || task === "next") return readFor(network, task, where);
  throw new InputError({
    where,
    what: `the network is for the task ${own}, not ${task}`,
    hint: `leave --task out, or use a network that was trained for ${task}`,
  });
}

/**
 * The conventions of a file's network: as the options say, else as the file does, else those of its origin. What is
 * assumed, and what an option contradicts, is said.
 * @throws InputError when they do not fit the network.
 */
export function conventionsOf(
  file: Safetensors,
  architecture: Architecture,
  where: string,
  options: ReadOptions & { origin: "filigree" | "torch" | ForeignFormat },
): Conventions {
  const { origin, remark = () => {} } = options;
  // A vocabulary that is given makes that of the file irrelevant, which may be in nobody's format.
  const metadata = new Map(file.metadata);
  const named = metadata.get("vocabulary");
  if (options.vocabulary) metadata.delete("vocabulary");
  const said = conventionsIn(metadata, architecture, where);

  const format = typeof origin === "object" ? origin : undefined;
  const trained = said.readAt ?? format?.readAt;
  const readAt = options.readAt ?? trained ?? "last-symbol";
  const { input, readout } = architecture;
  // Where sequences are read does not concern what is read at every step.
  const isReadOnce = options.task === undefined ? !readout.at : options.task === "classify";
  const remarkOnReading: Remark = isReadOnce ? remark : () => {};
  if (options.readAt === undefined && (said.readAt === undefined || origin !== "filigree")) {
    const assumed = format?.reason ?? "because the file does not say where";
    const why = said.readAt === undefined ? assumed : "as the file says";
    remarkOnReading(`${where}: read ${readingWords[readAt]}, ${why}; --protocol chooses`);
  } else if (trained !== undefined && trained !== readAt) {
    remarkOnReading(
      `${where}: read ${readingWords[readAt]}, although it was trained to be read ${readingWords[trained]}`,
    );
  }

  if (input.kind === "values") return { ...defaultConventions({ input }), ...said, readAt };
  const { vocabulary: rows } = input;
  const given = options.vocabulary && fittingVocabulary(options.vocabulary, rows, where);
  if (given && named !== undefined && given.format() !== named)
    remark(`${where}: the vocabulary is the one asked for, although the file names another`);
  const vocabulary = given ?? said.vocabulary ?? ascii.first(rows);
  const { length } = vocabulary.symbols;
  if (!given && !said.vocabulary && origin === "torch") {
    remark(
      `${where}: its symbols are taken for ASCII codes, because the file names none; --vocabulary names others`,
    );
  } else if (length < rows) {
    const last = rows - length === 1 ? "its last row stands" : `its last ${rows - length} rows stand`;
    remark(
      `${where}: the vocabulary has ${length} symbols and the embedding ${rows} rows, so ${last} for nothing`,
    );
  }
  return { ...said, readAt, vocabulary };
}

/** The network with a mask for each recurrent matrix that has exact zeros and no mask yet. */
function withZerosAsMask(network: Network, where: string, remark: Remark): Network {
  const masks = new Map(network.masks);
  let zeros = 0;
  for (const { name } of cellsOf(network.architecture)) {
    const { weightIh, weightHh } = tensorNames(name);
    for (const weight of [weightIh, weightHh]) {
      const mask = Uint8Array.from(network.values(weight), (value) => Number(value !== 0));
      if (masks.has(weight) || !mask.includes(0)) continue;
      masks.set(weight, mask);
      zeros += mask.reduce((sum, bit) => sum + 1 - bit, 0);
    }
  }
  if (zeros === 0) return network;
  remark(
    `${where}: ${zeros} exact zeros in its recurrent matrices are taken for a mask; --no-zeros-as-mask takes them for weights`,
  );
  return new Network(network.architecture, network.parameters, masks, network.conventions);
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
  const architecture = architectureIn(file, where);
  const own = [...soundTensors(architecture, where).tensors.values()];
  const weights = own.filter(({ role }) => role !== "bias");
  return {
    architecture,
    tensors: new Map(own.map(({ name }) => [name, name])),
    masks: new Map(weights.map(({ name }) => [name, maskName(name)])),
  };
}

/** The layout of a file with PyTorch's names that says what its network is, as `filigree export --to torch` writes it. */
function describedLayout(
  source: Safetensors,
  where: string,
  remark: Remark,
): { origin: "torch"; layout: Layout; file: Safetensors } {
  const { file, masks: found } = applyMasks(source, where, remark);
  const architecture = architectureIn(file, where);
  soundTensors(architecture, where);
  const { cells, ends } = torchNames(architecture);
  const layout = layoutOf(architecture, cells, ends);
  const masks = new Map(
    [...layout.tensors].flatMap(([own, stored]) => {
      const mask = found.get(stored);
      return mask === undefined ? [] : [[own, mask] as const];
    }),
  );
  return { origin: "torch", layout: { ...layout, masks }, file };
}

function architectureIn(file: Safetensors, where: string): Architecture {
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
  return architectureOf(soundDescription(description, where));
}

function architectureOf({ nodes, readout, ...own }: Description): Architecture {
  const input: Input =
    "values" in own
      ? { kind: "values", width: own.values }
      : { kind: "symbols", vocabulary: own.vocabulary, width: own.embedding };
  return { input, nodes, readout };
}

function soundDescription(value: unknown, where: string): Description {
  const checked = ("values" in Object(value) ? ofNumbers : ofSymbols).safeParse(value);
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
