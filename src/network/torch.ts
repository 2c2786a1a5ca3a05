// Which tensor of a PyTorch state dict is which. Recurrent tensors have names of their own; embeddings and linear layers
// are called anything, so they are told by their shapes, their biases and only then by their names.
import { isDeepStrictEqual } from "node:util";
import { InputError, type Remark } from "../errors.js";
import { refuseOtherLayers } from "./foreign-parts.js";
import { measureCell, measureMatrix, type StoredCell, type StoredEnds } from "./layout.js";
import { quote, type Safetensors } from "./safetensors.js";

/** A recurrent module: the common beginning of its names, its layers and their widths. */
interface Module {
  readonly prefix: string;
  readonly cells: readonly StoredCell[];
  /** What its first layer reads and its last one gives. */
  readonly inputs: number;
  readonly outputs: number;
}

/** A matrix that is not recurrent. */
interface Matrix {
  readonly name: string;
  readonly rows: number;
  readonly columns: number;
  /** A vector of its rows' length under its name. */
  readonly bias?: string;
}

const RECURRENT = /^(.*?)(?:weight|bias)_(?:ih|hh)(_l\d+)?$/s;

/**
 * Cells in their order and what is around them.
 * @throws InputError when there is no recurrent module, the order of several cannot be told, or there are other parts,
 *   which are named.
 */
export function torchParts(
  file: Safetensors,
  where: string,
  remark: Remark,
): { cells: readonly StoredCell[]; ends: StoredEnds } {
  const prefixes = new Set<string>();
  for (const name of file.tensors.keys()) {
    const match = RECURRENT.exec(name);
    if (match) prefixes.add(match[1]);
  }
  if (prefixes.size === 0) {
    throw new InputError({
      where,
      what: "it holds no network that Filigree can read",
      hint: "save one state dict with an embedding, an nn.RNN, nn.LSTM or nn.GRU and a linear read-out",
    });
  }
  refuseOtherLayers(file, where);
  const modules = [...prefixes].map((prefix) => moduleOf(file, prefix, where));
  const matrices = matricesOf(file);
  const stacked = modules.length > 1 ? inOrder(modules, matrices, where) : modules;
  if (stacked.length > 1) {
    remark(`${where}: its recurrent modules are read as a stack: ${stacked.map(nameOf).join(", ")}`);
  }
  const width = { inputs: stacked[0].inputs, units: stacked[stacked.length - 1].outputs };
  const ends = tiedEnds(file, matrices, width) ?? freeEnds(matrices, width, where);
  if (ends.tied) remark(`${where}: its read-out is tied to its embedding, so its classes are its symbols`);
  return { cells: stacked.flatMap(({ cells }) => cells), ends };
}

function moduleOf(file: Safetensors, prefix: string, where: string): Module {
  const names = [...file.tensors.keys()];
  const hasBias = names.some(
    (name) => name.startsWith(`${prefix}bias_`) && RECURRENT.exec(name)?.[1] === prefix,
  );
  // nn.LSTMCell and its kin have one layer and no number.
  const single = ["ih", "hh"].some((part) => file.tensors.has(`${prefix}weight_${part}`));
  const cells: StoredCell[] = [];
  do {
    const layer = single ? "" : `_l${cells.length}`;
    const biases = hasBias ? { biasIh: `${prefix}bias_ih${layer}`, biasHh: `${prefix}bias_hh${layer}` } : {};
    cells.push({ weightIh: `${prefix}weight_ih${layer}`, weightHh: `${prefix}weight_hh${layer}`, ...biases });
  } while (!single && file.tensors.has(`${prefix}weight_hh_l${cells.length}`));
  const { size: outputs } = measureCell(file, cells[cells.length - 1].weightHh, where);
  const [, inputs] = measureMatrix(file, cells[0].weightIh, where);
  return { prefix, cells, inputs, outputs };
}

function nameOf({ prefix }: Module): string {
  return quote(prefix.replace(/\.$/, ""));
}

const MOST_UNNUMBERED = 8;

/**
 * Modules one above the other: as they are numbered, or in the only order in which their widths fit the rest.
 * @throws InputError when there is no such order or more than one.
 */
function inOrder(modules: readonly Module[], matrices: readonly Matrix[], where: string): readonly Module[] {
  const fail = (what: string): never => {
    throw new InputError({
      where,
      what: `its recurrent modules ${modules.slice(0, 4).map(nameOf).join(", ")} ${what}`,
      hint: "save a model with one, or with several above each other and numbered in their order",
    });
  };
  const fits = (list: readonly Module[]) =>
    list.every((module, i) => i === 0 || module.inputs === list[i - 1].outputs);
  const patterns = new Set(modules.map(({ prefix }) => prefix.replace(/\d+/g, "#")));
  if (patterns.size === 1 || (patterns.size === 2 && isFirstUnnumbered(modules))) {
    const numbered = modules.toSorted((a, b) => a.prefix.localeCompare(b.prefix, "en", { numeric: true }));
    return fits(numbered) ? numbered : fail("do not fit one above the other");
  }
  if (modules.length > MOST_UNNUMBERED) fail("have no numbers that tell their order");
  const orders = ordersOf(modules).filter(
    (order) =>
      matrices.some(({ columns }) => columns === order[0].inputs) &&
      matrices.some(({ columns }) => columns === order[order.length - 1].outputs),
  );
  if (orders.length === 0) fail("do not fit one above the other");
  return orders.length === 1 ? orders[0] : fail("fit one above the other in more than one order");
}

/** Whether names are as `rnn`, `rnn2`, `rnn3`: all numbered but one, the first. */
function isFirstUnnumbered(modules: readonly Module[]): boolean {
  const stems = modules.map(({ prefix }) => prefix.replace(/\d*\.?$/, ""));
  return new Set(stems).size === 1;
}

/** All orders in which each module reads what the one before it gives. */
function ordersOf(modules: readonly Module[], last?: Module): Module[][] {
  if (modules.length === 0) return [[]];
  return modules
    .filter(({ inputs }) => last === undefined || inputs === last.outputs)
    .flatMap((next) => {
      const rest = modules.filter((module) => module !== next);
      return ordersOf(rest, next).map((order) => [next, ...order]);
    });
}

function matricesOf(file: Safetensors): Matrix[] {
  return [...file.tensors].flatMap(([name, { shape }]) => {
    if (shape.length !== 2 || RECURRENT.test(name) || name.endsWith("_mask")) return [];
    const [rows, columns] = shape;
    const bias = biasOf(file, name, rows);
    return [{ name, rows, columns, ...(bias !== undefined && { bias }) }];
  });
}

function biasOf(file: Safetensors, weight: string, rows: number): string | undefined {
  const bias = weight.replace(/weight$/, "bias");
  return bias !== weight && isDeepStrictEqual(file.tensors.get(bias)?.shape, [rows]) ? bias : undefined;
}

interface Width {
  /** What the first layer reads. */
  readonly inputs: number;
  /** Units of the last layer. */
  readonly units: number;
}

/**
 * An embedding that is the read-out too: stored once, under a name that safetensors' metadata says stands for another or
 * with the other's bias left, or stored twice with the same values.
 */
function tiedEnds(
  file: Safetensors,
  matrices: readonly Matrix[],
  { inputs, units }: Width,
): StoredEnds | undefined {
  const candidates = matrices.filter(({ columns }) => columns === inputs && columns === units);
  const [first, second] = candidates;
  if (first === undefined || matrices.length > 2) return undefined;
  if (matrices.length === 1) {
    const aliases = [...file.metadata].flatMap(([alias, name]) => (name === first.name ? [alias] : []));
    const unbiased = first.bias === undefined && first.rows > 2;
    if (aliases.length === 0 && !unbiased) return undefined;
    const bias =
      first.bias ??
      [...file.tensors].find(
        ([name, { shape }]) =>
          isDeepStrictEqual(shape, [first.rows]) && !RECURRENT.test(name) && /bias$/.test(name),
      )?.[0];
    return {
      embedding: first.name,
      readout: first.name,
      tied: true,
      ...(bias !== undefined && { readoutBias: bias }),
    };
  }
  if (second === undefined || first.rows !== second.rows) return undefined;
  const [one, other] = candidates.map(({ name }) => file.tensors.get(name)!.values);
  if (!isDeepStrictEqual(one, other)) return undefined;
  const [embedding, readout] = first.bias === undefined ? [first, second] : [second, first];
  return {
    embedding: embedding.name,
    readout: readout.name,
    tied: true,
    ...(readout.bias !== undefined && { readoutBias: readout.bias }),
  };
}

const EMBEDDING_NAME = /emb|encoder|lookup|wte|vectors/i;
const HEAD_NAME = /fc|out|linear|decoder|head|class|dense|tag|logit|proj|pred|label/i;

/** The embedding and the read-out among matrices. @throws InputError that names what else there is. */
function freeEnds(matrices: readonly Matrix[], width: Width, where: string): StoredEnds {
  const embeddings = matrices.filter(({ columns, bias }) => columns === width.inputs && bias === undefined);
  const heads = matrices.filter(({ columns }) => columns === width.units);
  let pairs = embeddings.flatMap((embedding) =>
    heads.filter((head) => head !== embedding).map((head) => ({ embedding, head })),
  );
  // Each of these decides only where the ones before have not.
  const preferences: ((pair: { embedding: Matrix; head: Matrix }) => boolean)[] = [
    ({ head }) => head.bias !== undefined,
    ({ embedding, head }) =>
      (EMBEDDING_NAME.test(embedding.name) || !HEAD_NAME.test(embedding.name)) &&
      (HEAD_NAME.test(head.name) || !EMBEDDING_NAME.test(head.name)),
    ({ embedding, head }) => embedding.rows > head.rows,
  ];
  for (const preferred of preferences) {
    const better = pairs.filter(preferred);
    if (better.length > 0) pairs = better;
  }
  if (pairs.length !== 1 || matrices.length !== 2) throw otherParts(matrices, width, where);
  const [{ embedding, head }] = pairs;
  return {
    embedding: embedding.name,
    readout: head.name,
    ...(head.bias !== undefined && { readoutBias: head.bias }),
  };
}

/** Why these matrices are not an embedding and a read-out. */
function otherParts(matrices: readonly Matrix[], { inputs, units }: Width, where: string): InputError {
  const because = (what: string, hint: string) => new InputError({ where, what, hint });
  const say = ({ name, rows, columns }: Matrix) => `${quote(name)} [${rows},${columns}]`;
  const list = (some: readonly Matrix[]) => some.slice(0, 4).map(say).join(", ");
  const linear = matrices.filter(({ bias }) => bias !== undefined);
  const tables = matrices.filter(({ bias }) => bias === undefined);
  const before = linear.find(
    ({ rows, columns }) => rows === inputs && tables.some((table) => table.columns === columns),
  );
  const embeddings = tables.filter(({ columns }) => columns === inputs);
  const readers = matrices.filter(
    (matrix) => matrix.columns === units && !(embeddings.length === 1 && matrix === embeddings[0]),
  );
  const one = "use an embedding, recurrent layers and one linear read-out";

  // Of two layers of one shape that both fit the cells, neither comes before the other.
  const follows = (hidden: Matrix, next: Matrix) =>
    next.columns === hidden.rows && next.rows !== hidden.rows && !embeddings.includes(next);
  for (const hidden of embeddings.length > 0 ? readers : []) {
    const next = matrices.find((matrix) => follows(hidden, matrix));
    if (next) return because(`its head has a hidden layer: ${say(hidden)} comes before ${say(next)}`, one);
  }
  if (before && embeddings.length === 0)
    return because(`a linear layer, ${say(before)}, stands between its embedding and its cells`, one);
  if (embeddings.length === 0 && tables.length === 0 && matrices.length <= 1) {
    return because(
      `it takes numbers as inputs, ${inputs} at each step: there is no embedding`,
      "Filigree reads symbols, through an embedding",
    );
  }
  if (embeddings.length === 0)
    return because(
      `no embedding fits: its first layer reads vectors of ${inputs}, and there are ${list(matrices)}`,
      one,
    );
  if (readers.length === 0) {
    const rest = matrices.filter((matrix) => !embeddings.includes(matrix));
    return because(
      rest.length === 0
        ? `it has no read-out: no matrix reads the ${units} units of its last layer`
        : `no read-out fits: its last layer has ${units} units, and there ${rest.length === 1 ? "is" : "are"} ${list(rest)}`,
      one,
    );
  }
  if (embeddings.length > 1 && readers.length > 0)
    return because(`it has more than one embedding: ${list(embeddings)}`, one);
  if (readers.length > 1) return because(`it has more than one read-out: ${list(readers)}`, one);
  const others = matrices.filter((matrix) => !embeddings.includes(matrix) && !readers.includes(matrix));
  return because(`it has further layers: ${list(others)}`, one);
}
