// NumPy's .npy files, read as if they were hostile: type, order and shape are checked before anything is allocated, and
// what would have to be unpickled is never read, because a pickle runs code. Ten bytes and a Python dictionary of three
// entries are followed by the values.
// https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
import { InputError } from "../../errors.js";
import { half } from "../../math/half.js";
import { MOST_VALUES } from "../sequences.js";
import { elementsOf, type NumberArray, type Numbers, shapeText } from "./array.js";
import type { NumberFormat } from "./format.js";
import { sequencesOf } from "./labelled.js";

const MAGIC = "\x93NUMPY";
/** Bytes of a header; NumPy itself reads 10,000. */
const LONGEST_HEADER = 100_000;
const MOST_AXES = 32;

/** Whether bytes begin as a .npy file does. */
export function isNpy(head: Uint8Array): boolean {
  return head.length >= MAGIC.length && [...MAGIC].every((letter, i) => head[i] === letter.charCodeAt(0));
}

/**
 * The array of a .npy file: floating-point numbers of 16, 32 or 64 bits, integers of any size, booleans, or texts of
 * fixed width (`<U`). Values are views of `bytes` where these are aligned.
 * @param where the file's name, for errors.
 * @throws InputError when the file is damaged, truncated or longer than its array, is big-endian or in Fortran order, or
 *   holds anything else; when an integer is beyond 2^53.
 */
export function parseNpy(bytes: Uint8Array, where: string): NumberArray {
  const { descr, fortran, shape, start } = parseHeader(bytes, where);
  const type = typeOf(descr, where);
  const count = elementsOf(shape);
  if (shape.length > MOST_AXES || count > MOST_VALUES) {
    throw bad(
      where,
      `its shape ${shapeText(shape)} is of more than ${MOST_VALUES} values`,
      "split it into several files",
    );
  }
  if (fortran && shape.filter((extent) => extent > 1).length > 1)
    throw bad(where, "it is in Fortran order", "save numpy.ascontiguousarray(x)");
  const size = count * type.bytes;
  const there = bytes.length - start;
  if (there < size) {
    const what = `it is truncated: ${shapeText(shape)} of ${descr} takes ${size} bytes, ${there} are there`;
    throw bad(where, what, "copy the file again");
  }
  if (there > size) {
    throw bad(
      where,
      `${there - size} bytes at its end belong to no array`,
      "save one array in a file, several as .npz",
    );
  }
  const data = bytes.subarray(start);
  if (type.kind === "text") return { shape, kind: "text", values: texts(data, count, type.bytes, where) };
  return { shape, kind: type.kind, values: type.decode(data, count, where) };
}

/**
 * The bytes of a .npy file of float32, int32 or text.
 * @throws InputError when the values do not fill the shape.
 */
export function formatNpy({
  shape,
  values,
}: {
  shape: readonly number[];
  values: Float32Array | Int32Array | readonly string[];
}): Uint8Array {
  const count = elementsOf(shape);
  if (count !== values.length) {
    throw new InputError({
      where: "array",
      what: `${values.length} values do not fill ${shapeText(shape)}`,
      hint: "give one value for each element",
    });
  }
  const points =
    values instanceof Float32Array || values instanceof Int32Array
      ? undefined
      : values.map((text) => Array.from(text, (letter) => letter.codePointAt(0)!));
  const width = points?.reduce((most, own) => Math.max(most, own.length), 1) ?? 1;
  const descr = points ? `<U${width}` : values instanceof Float32Array ? "<f4" : "<i4";
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${shapeText(shape)}, }`;
  // The header ends with a line feed, at a multiple of 64 bytes.
  const start = Math.ceil((11 + text.length) / 64) * 64;
  const bytes = new Uint8Array(start + 4 * width * count);
  bytes.set(Array.from(MAGIC, (letter) => letter.charCodeAt(0)));
  bytes.set([1, 0], 6);
  new DataView(bytes.buffer).setUint16(8, start - 10, true);
  bytes.set(new TextEncoder().encode(text.padEnd(start - 11)), 10);
  bytes[start - 1] = 10;
  if (points) {
    const words = new Uint32Array(bytes.buffer, start);
    for (const [row, own] of points.entries()) words.set(own, row * width);
  } else if (values instanceof Float32Array) new Float32Array(bytes.buffer, start).set(values);
  else new Int32Array(bytes.buffer, start).set(values as Int32Array);
  return bytes;
}

export const npyFormat: NumberFormat = {
  name: "NumPy's .npy",
  recognises: isNpy,
  sequences: ({ bytes, where }) => sequencesOf(parseNpy(bytes(), where), where),
  labels: ({ bytes, where }) => parseNpy(bytes(), where),
};

function bad(where: string, what: string, hint = "save it again with numpy.save"): InputError {
  return new InputError({ where, what, hint });
}

// ---- The header -------------------------------------------------------------------------------------------------

interface Header {
  readonly descr: string;
  readonly fortran: boolean;
  readonly shape: readonly number[];
  /** Where the values begin. */
  readonly start: number;
}

function parseHeader(bytes: Uint8Array, where: string): Header {
  if (!isNpy(bytes)) throw bad(where, "it is no .npy file", "check the path");
  const [major] = bytes.subarray(6);
  const lengthBytes = major === 1 ? 2 : 4;
  const begin = 8 + lengthBytes;
  if (bytes.length < begin) throw bad(where, "it is truncated", "copy the file again");
  if (major < 1 || major > 3) throw bad(where, `it is of version ${major} of the format, not 1 to 3`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const length = lengthBytes === 2 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (length > LONGEST_HEADER)
    throw bad(where, `its header has ${length} bytes, more than ${LONGEST_HEADER}`);
  const start = begin + length;
  if (bytes.length < start) throw bad(where, "it is truncated within its header", "copy the file again");
  const text = new TextDecoder("latin1").decode(bytes.subarray(begin, start));
  const entries = dictionary(text);
  const [descr, order, shape] = ["descr", "fortran_order", "shape"].map((key) => entries?.get(key));
  if (descr?.startsWith("["))
    throw bad(where, "it holds records of several fields", "save one field, as an array of numbers");
  if (
    entries?.size !== 3 ||
    descr?.[0] !== "'" ||
    (order !== "True" && order !== "False") ||
    shape?.[0] !== "("
  )
    throw bad(where, "its header cannot be read");
  const extents = [...shape.matchAll(/\d+/g)].map(([digits]) => Number(digits));
  return { descr: descr.slice(1, -1), fortran: order === "True", shape: extents, start };
}

// An entry of the dictionary: a name, and a text, a truth value, a tuple of whole numbers (of Python 2 with an L) or a list.
const ENTRY =
  /\s*(['"])(\w+)\1\s*:\s*(?:(['"])([^'"\\]*)\3|(True|False)|(\((?:\s*\d+L?\s*,)*(?:\s*\d+L?)?\s*\))|(\[[^{}]*\]))\s*(?:,|(?=\}))/y;

/** The entries of a header, texts in single quotes; undefined when it is no dictionary of such entries or one comes twice. */
function dictionary(text: string): Map<string, string> | undefined {
  const trimmed = text.trim();
  if (!trimmed.startsWith("{") || !trimmed.endsWith("}")) return undefined;
  const entries = new Map<string, string>();
  ENTRY.lastIndex = 1;
  for (let at = 1; ; at = ENTRY.lastIndex) {
    const entry = ENTRY.exec(trimmed);
    if (entry === null) return /^\s*\}$/.test(trimmed.slice(at)) ? entries : undefined;
    const [, , key, quoted, value, truth, tuple, list] = entry;
    if (entries.has(key)) return undefined;
    entries.set(key, quoted === undefined ? (truth ?? tuple ?? list) : `'${value}'`);
  }
}

// ---- Types ------------------------------------------------------------------------------------------------------

type Type =
  | { readonly kind: "text"; readonly bytes: number }
  | {
      readonly kind: "float" | "integer" | "boolean";
      readonly bytes: number;
      readonly decode: (data: Uint8Array, count: number, where: string) => Numbers;
    };

interface Maker<T> {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBufferLike, offset: number, length: number): T;
}

/** Values as they lie in a file; typed arrays are little-endian on all platforms of Node's and of browsers. */
function view<T>(of: Maker<T>): (data: Uint8Array, count: number) => T {
  return (data, count) => {
    // Node's Buffer has a slice() that copies nothing.
    const { buffer, byteOffset } = data.byteOffset % of.BYTES_PER_ELEMENT === 0 ? data : new Uint8Array(data);
    return new of(buffer, byteOffset, count);
  };
}

function wide(of: Maker<BigInt64Array | BigUint64Array>) {
  const words = view(of);
  return (data: Uint8Array, count: number, where: string): Numbers => {
    const values = new Float64Array(count);
    const own = words(data, count);
    for (let i = 0; i < count; i++) {
      values[i] = Number(own[i]);
      if (Number.isSafeInteger(values[i])) continue;
      throw bad(where, `its element ${i + 1}, ${own[i]}, is beyond 2^53`, "save it as float64");
    }
    return values;
  };
}

function halves(data: Uint8Array, count: number): Numbers {
  const words = view(Uint16Array)(data, count);
  const values = new Float32Array(count);
  for (let i = 0; i < count; i++) values[i] = half(words[i]);
  return values;
}

function truths(data: Uint8Array, count: number, where: string): Numbers {
  const values = view(Uint8Array)(data, count);
  if (values.some((value) => value > 1)) throw bad(where, "its booleans are more than 0 and 1");
  return values;
}

const types: ReadonlyMap<string, Type> = new Map<string, Type>([
  ["f2", { kind: "float", bytes: 2, decode: halves }],
  ["f4", { kind: "float", bytes: 4, decode: view<Numbers>(Float32Array) }],
  ["f8", { kind: "float", bytes: 8, decode: view<Numbers>(Float64Array) }],
  ["i1", { kind: "integer", bytes: 1, decode: view<Numbers>(Int8Array) }],
  ["u1", { kind: "integer", bytes: 1, decode: view<Numbers>(Uint8Array) }],
  ["i2", { kind: "integer", bytes: 2, decode: view<Numbers>(Int16Array) }],
  ["u2", { kind: "integer", bytes: 2, decode: view<Numbers>(Uint16Array) }],
  ["i4", { kind: "integer", bytes: 4, decode: view<Numbers>(Int32Array) }],
  ["u4", { kind: "integer", bytes: 4, decode: view<Numbers>(Uint32Array) }],
  ["i8", { kind: "integer", bytes: 8, decode: wide(BigInt64Array) }],
  ["u8", { kind: "integer", bytes: 8, decode: wide(BigUint64Array) }],
  ["b1", { kind: "boolean", bytes: 1, decode: truths }],
]);

const otherTypes: Readonly<Record<string, readonly [what: string, hint: string]>> = {
  O: ["Python objects, which are a pickle and are not read", "save numbers, ragged ones padded with NaN"],
  S: ["texts of bytes", 'save x.astype("U")'],
  V: ["raw bytes or records", "save an array of numbers"],
  c: ["complex numbers", "save their parts as channels"],
  M: ["dates", 'save them as numbers, x.astype("int64")'],
  m: ["spans of time", 'save them as numbers, x.astype("int64")'],
  f: ["floating-point numbers of an unusual size", 'save x.astype("float32")'],
};

function typeOf(descr: string, where: string): Type {
  const [, order, letter, size] = /^([<>|=])?([A-Za-z])(\d{0,9})/.exec(descr) ?? [];
  if (order === ">" && size !== "1")
    throw bad(where, `it is big-endian (${descr})`, 'save x.astype(x.dtype.newbyteorder("<"))');
  const width = Number(size);
  if (letter === "U" && width > 0 && width <= 1e6) return { kind: "text", bytes: 4 * width };
  const known = types.get(`${letter}${size}`);
  if (known && descr.length <= 3) return known;
  const [what, hint] = otherTypes[letter ?? ""] ?? [
    `values of an unknown type, ${JSON.stringify(descr.slice(0, 40))}`,
    "save an array of numbers",
  ];
  throw bad(where, `it holds ${what}`, hint);
}

/** Texts of code points of 32 bits, filled up with zeros. */
function texts(data: Uint8Array, count: number, size: number, where: string): string[] {
  const points = view(Uint32Array)(data, (count * size) / 4);
  return Array.from({ length: count }, (_, row) => {
    const own = points.subarray((row * size) / 4, ((row + 1) * size) / 4);
    const end = own.findLastIndex((point) => point !== 0) + 1;
    if (own.some((point) => point > 0x10ffff || (point >= 0xd800 && point < 0xe000)))
      throw bad(where, `its text ${row + 1} has something that is no character`);
    return Array.from(own.subarray(0, end), (point) => String.fromCodePoint(point)).join("");
  });
}
