// The embedding and the read-out of a PyTorch state dict. They are called anything, so they are told by their shapes, their
// biases and only then by their names; where that fails, what there is instead is named.
import { InputError } from "../errors.js";
import { isEqual } from "./equal.js";
import type { StoredEnds } from "./layout.js";
import { quote, type Safetensors } from "./safetensors.js";

/** Names of recurrent tensors: their module's prefix, weight or bias, and the layer. */
export const RECURRENT = /^(.*?)(weight|bias)_(?:ih|hh)(_l\d+(?:_reverse)?)?$/s;

/** A matrix that is not recurrent. */
interface Matrix {
  readonly name: string;
  readonly rows: number;
  readonly columns: number;
  /** A vector with an entry for each row that goes by its name. */
  readonly bias?: string;
}

/** What lies between embedding and read-out. */
export interface Width {
  /** What the first layer reads. */
  readonly inputs: number;
  /** Units of the last layer. */
  readonly units: number;
}

const MOST_MATRICES = 64;
const ONE_OF_EACH = "use an embedding, recurrent layers and one linear read-out";

/**
 * The embedding, if symbols are read, and the read-out around recurrent layers.
 * @throws InputError that names what there is instead.
 */
export function endsOf(file: Safetensors, width: Width, where: string): StoredEnds {
  const matrices = linearMatrices(file);
  if (matrices.length > MOST_MATRICES) {
    throw new InputError({
      where,
      what: `it has ${matrices.length} linear layers or embeddings`,
      hint: ONE_OF_EACH,
    });
  }
  const [embedding, head] =
    tied(file, matrices, width) ?? alone(matrices, width) ?? free(matrices, width, where);
  const readoutBias = head.bias ?? strayBias(file, matrices, head.rows);
  return {
    readout: head.name,
    ...(embedding && { embedding: embedding.name }),
    ...(readoutBias !== undefined && { readoutBias }),
    ...(embedding && isTied(file, embedding, head) && { tied: true }),
  };
}

/** All matrices of a file but those of recurrent modules and masks. */
export function linearMatrices(file: Safetensors): Matrix[] {
  return [...file.tensors].flatMap(([name, { shape }]) => {
    if (shape.length !== 2 || RECURRENT.test(name) || name.endsWith("_mask")) return [];
    const [rows, columns] = shape;
    const bias = name.replace(/weight$/, "bias");
    const hasBias = bias !== name && isEqual(file.tensors.get(bias)?.shape, [rows]);
    return [{ name, rows, columns, ...(hasBias && { bias }) }];
  });
}

/** The only vector of so many entries that is called a bias and belongs to no other matrix. */
function strayBias(file: Safetensors, matrices: readonly Matrix[], rows: number): string | undefined {
  const taken = new Set(matrices.map(({ bias }) => bias));
  const stray = [...file.tensors].filter(
    ([name, { shape }]) =>
      shape.length === 1 &&
      shape[0] === rows &&
      /bias|(^|[._])b([._\d]|$)/i.test(name) &&
      !RECURRENT.test(name) &&
      !taken.has(name),
  );
  return stray.length === 1 ? stray[0][0] : undefined;
}

type Ends = readonly [embedding: Matrix, head: Matrix];

/** A read-out without an embedding: what is read are numbers. */
function alone(matrices: readonly Matrix[], { units }: Width): readonly [undefined, Matrix] | undefined {
  return matrices.length === 1 && matrices[0].columns === units ? [undefined, matrices[0]] : undefined;
}

/**
 * An embedding that is the read-out too: stored once, which safetensors' metadata says (another name, and the name that
 * it stands for) or the lack of a bias tells, or stored twice.
 */
function tied(file: Safetensors, matrices: readonly Matrix[], { inputs, units }: Width): Ends | undefined {
  if (inputs !== units || matrices.some(({ columns }) => columns !== units)) return undefined;
  const [one, two] = matrices;
  if (matrices.length === 1) {
    const isAliased = [...file.metadata.values()].includes(one.name);
    // A matrix with a bias of its own is a read-out, and one of two rows hardly a vocabulary.
    return isAliased || (one.bias === undefined && one.rows > 2) ? [one, one] : undefined;
  }
  if (matrices.length !== 2 || !isTied(file, one, two)) return undefined;
  return one.bias === undefined ? [one, two] : [two, one];
}

function isTied(file: Safetensors, embedding: Matrix, head: Matrix): boolean {
  const [one, other] = [embedding, head].map(({ name }) => file.tensors.get(name)!);
  return isEqual(one.shape, other.shape) && isEqual(one.values, other.values);
}

const EMBEDDING_NAME = /emb|encoder|lookup|wte|vectors/i;
const HEAD_NAME = /fc|out|linear|decoder|head|class|dense|tag|logit|proj|pred|label/i;

/** An embedding and a read-out of their own. @throws InputError that names what there is instead. */
function free(matrices: readonly Matrix[], width: Width, where: string): Ends {
  const embeddings = matrices.filter(({ columns, bias }) => columns === width.inputs && bias === undefined);
  const heads = matrices.filter(({ columns }) => columns === width.units);
  let pairs: Ends[] = embeddings.flatMap((embedding) =>
    heads.filter((head) => head !== embedding).map((head) => [embedding, head] as const),
  );
  // Each of these decides only where the ones before have not.
  const preferences: ((pair: Ends) => boolean)[] = [
    ([, head]) => head.bias !== undefined,
    ([embedding, head]) =>
      (EMBEDDING_NAME.test(embedding.name) || !HEAD_NAME.test(embedding.name)) &&
      (HEAD_NAME.test(head.name) || !EMBEDDING_NAME.test(head.name)),
    ([embedding, head]) => embedding.rows > head.rows,
  ];
  for (const preferred of preferences) {
    const better = pairs.filter(preferred);
    if (better.length > 0) pairs = better;
  }
  if (pairs.length === 1 && matrices.length === 2) return pairs[0];
  throw new InputError({ where, what: insteadOf(matrices, width), hint: ONE_OF_EACH });
}

/** What a file has instead of one embedding and one read-out. */
function insteadOf(matrices: readonly Matrix[], { inputs, units }: Width): string {
  const tables = matrices.filter(({ bias, columns }) => bias === undefined && columns === inputs);
  const named = tables.filter(({ name }) => EMBEDDING_NAME.test(name));
  const embeddings = named.length === 1 ? named : tables;
  const readers = matrices.filter((matrix) => matrix.columns === units && !embeddings.includes(matrix));

  if (embeddings.length === 0) {
    const others = matrices.filter(({ bias, columns }) => bias === undefined && columns !== units);
    const before = matrices.find(
      ({ rows, columns }) =>
        rows === inputs && others.some((other) => other.columns === columns && other.rows !== rows),
    );
    if (before) return `a linear layer, ${describe(before)}, stands between its embedding and its cells`;
    return others.length === 0
      ? `it reads ${inputs} numbers at each step, and not one read-out follows: there ${list(matrices)}`
      : `no embedding fits: its first layer reads vectors of ${inputs}, and there ${list(others)}`;
  }
  for (const hidden of readers) {
    // Of two layers of one shape that both fit the cells, neither comes before the other.
    const next = matrices.find(
      (matrix) =>
        matrix.columns === hidden.rows && matrix.rows !== hidden.rows && !embeddings.includes(matrix),
    );
    if (next) return `its head has a hidden layer: ${describe(hidden)} comes before ${describe(next)}`;
  }
  const unread = tables.filter((table) => !readers.includes(table));
  if (unread.length > 1) return `it has more than one embedding: there ${list(unread)}`;
  if (readers.length > 1) return `it has more than one read-out: there ${list(readers)}`;
  const rest = matrices.filter((matrix) => !embeddings.includes(matrix) && !readers.includes(matrix));
  if (readers.length === 1) return `it has more layers than these: there ${list(rest)}`;
  return rest.length === 0
    ? `it has no read-out: no matrix reads the ${units} units of its last layer`
    : `no read-out fits: its last layer has ${units} units, and there ${list(rest)}`;
}

function describe({ name, rows, columns }: Matrix): string {
  return `${quote(name)} [${rows},${columns}]`;
}

/** For example `are "a.weight" [5,3] and "b.weight" [2,3]`. */
function list(matrices: readonly Matrix[]): string {
  const some = matrices.slice(0, 4).map(describe);
  const all = some.length < matrices.length ? [...some, "others"] : some;
  return all.length === 1 ? `is ${all[0]}` : `are ${all.slice(0, -1).join(", ")} and ${all.at(-1)}`;
}
