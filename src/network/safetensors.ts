// The safetensors file format, read as if the file were hostile: every number of the header is checked before
// anything is allocated or copied, and a file that breaks a rule of the format is refused with one line. The format is
// eight bytes of header length, a JSON header that names each tensor's type, shape and byte range, and the bytes.
// https://github.com/huggingface/safetensors#format
import { InputError } from "../errors.js";
import { half } from "../math/half.js";

/** A tensor of a file, row by row. All floating-point types are read as float32. */
export type StoredTensor = { readonly shape: readonly number[] } & (
  | { readonly dtype: "F32"; readonly values: Float32Array }
  | { readonly dtype: "U8" | "BOOL"; readonly values: Uint8Array }
  | { readonly dtype: "I8"; readonly values: Int8Array }
  | { readonly dtype: "U16"; readonly values: Uint16Array }
  | { readonly dtype: "I16"; readonly values: Int16Array }
  | { readonly dtype: "U32"; readonly values: Uint32Array }
  | { readonly dtype: "I32"; readonly values: Int32Array }
  | { readonly dtype: "U64"; readonly values: BigUint64Array }
  | { readonly dtype: "I64"; readonly values: BigInt64Array }
);

/** What a safetensors file holds: tensors by name, and free text by key. */
export interface Safetensors {
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  readonly metadata: ReadonlyMap<string, string>;
}

const METADATA = "__metadata__";
const HEADER_LIMIT = 100_000_000; // that of the reference implementation
const MOST_DIMENSIONS = 32;
const SAVE_AGAIN = "save the model again, for example with safetensors.torch.save_file";

const elementSize: ReadonlyMap<string, number> = new Map([
  ["F64", 8],
  ["I64", 8],
  ["U64", 8],
  ["F32", 4],
  ["I32", 4],
  ["U32", 4],
  ["F16", 2],
  ["BF16", 2],
  ["I16", 2],
  ["U16", 2],
  ["U8", 1],
  ["I8", 1],
  ["BOOL", 1],
]);

interface Entry {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

/**
 * Reads a safetensors file. F32, BOOL and integers keep their type; F64, F16 and BF16 become F32. Values are copied, so
 * tensors may lie at any byte offset.
 * @param where the file's name, for errors.
 * @throws InputError when the file is truncated or breaks a rule of the format: ranges must follow each other without
 *   gap or overlap, fit type and shape, and fill the file; names must be distinct; booleans must be 0 or 1.
 */
export function parse(bytes: Uint8Array, where: string): Safetensors {
  const { header, data } = split(bytes, where);
  let metadata: ReadonlyMap<string, string> = new Map();
  const entries: Entry[] = [];
  for (const [name, description] of Object.entries(header)) {
    if (name === METADATA) metadata = checkMetadata(description, where);
    else entries.push(checkEntry(name, description, where));
  }
  entries.sort((a, b) => a.begin - b.begin || a.end - b.end);
  let end = 0;
  for (const entry of entries) {
    if (entry.begin !== end) {
      const how = entry.begin < end ? "overlaps another tensor" : "leaves a gap before it";
      throw bad(where, `tensor ${quote(entry.name)} ${how} (it begins at byte ${entry.begin}, not ${end})`);
    }
    end = entry.end;
  }
  if (end > data.length) throw truncated(where, end, data.length);
  if (end < data.length) throw bad(where, `${data.length - end} bytes at its end belong to no tensor`);
  const tensors = new Map(entries.map((entry) => [entry.name, decode(entry, data, where)]));
  return { tensors, metadata };
}

/**
 * The bytes of a safetensors file. Equal contents give equal bytes: tensors are laid out by decreasing element size,
 * then in the order given, so that each is aligned to its own type.
 * @throws InputError when a tensor's values do not fill its shape or a name is reserved.
 */
export function serialise({ tensors, metadata }: Safetensors): Uint8Array {
  const stored = [...tensors].sort(([, a], [, b]) => elementSize.get(b.dtype)! - elementSize.get(a.dtype)!);
  const header: [string, unknown][] = metadata.size > 0 ? [[METADATA, Object.fromEntries(metadata)]] : [];
  let end = 0;
  for (const [name, { dtype, shape, values }] of stored) {
    if (name === METADATA || elementsOf(shape) !== values.length) {
      throw new InputError({
        where: `tensor ${quote(name)}`,
        what: `${values.length} values of shape [${shape}] cannot be stored under this name`,
        hint: "give one value for each element",
      });
    }
    header.push([name, { dtype, shape, data_offsets: [end, end + values.byteLength] }]);
    end += values.byteLength;
  }
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)));
  const start = 8 + Math.ceil(json.length / 8) * 8;
  const bytes = new Uint8Array(start + end).fill(0x20, 8, start);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(start - 8), true);
  bytes.set(json, 8);
  let offset = start;
  for (const [, { values }] of stored) {
    bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), offset);
    offset += values.byteLength;
  }
  return bytes;
}

/**
 * Parses JSON from an untrusted source: no key twice in an object, and no nesting deeper than `depth`, so that what
 * it becomes in memory stays in proportion to the text. @throws Error saying what is wrong.
 */
export function strictJson(text: string, depth: number): unknown {
  const open: Set<unknown>[] = [];
  for (let i = 0; i < text.length; i++) {
    const character = text[i];
    if (character === "{" || character === "[") {
      if (open.push(new Set()) > depth) throw new Error(`it is nested deeper than ${depth} levels`);
    } else if (character === "}" || character === "]") {
      open.pop();
    } else if (character === '"') {
      const begin = i++;
      while (i < text.length && text[i] !== '"') i += text[i] === "\\" ? 2 : 1;
      let next = i + 1;
      while (" \t\r\n".includes(text[next] ?? ":")) next++;
      if (text[next] !== ":") continue;
      const key: unknown = JSON.parse(text.slice(begin, i + 1));
      if (open.at(-1)?.has(key)) throw new Error(`the name ${quote(String(key))} is there twice`);
      open.at(-1)?.add(key);
    }
  }
  return JSON.parse(text);
}

/** A name from a file as it may stand in a message: quoted, escaped and short. */
export function quote(name: string): string {
  return JSON.stringify(name.length > 80 ? `${name.slice(0, 80)}…` : name);
}

function bad(where: string, what: string, hint = SAVE_AGAIN): InputError {
  return new InputError({ where, what, hint });
}

function truncated(where: string, promised: number, found: number): InputError {
  return bad(where, `it is truncated: ${promised} bytes promised, ${found} there`, "copy the file again");
}

function split(bytes: Uint8Array, where: string): { header: object; data: Uint8Array } {
  if (bytes.length < 8) throw bad(where, "it is too short for a safetensors file", "check the path");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = view.getBigUint64(0, true);
  const looks = bytes[8] === 0x7b; // {
  if (length > HEADER_LIMIT || (bytes.length > 8 && !looks)) {
    throw bad(
      where,
      "it is not a safetensors file",
      "save the model as safetensors, not as a pickle (.pt, .pth)",
    );
  }
  const start = 8 + Number(length);
  if (start > bytes.length) throw truncated(where, start, bytes.length);
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(8, start));
    const header = strictJson(text, 3);
    if (isRecord(header)) return { header, data: bytes.subarray(start) };
  } catch (error) {
    const why = error instanceof SyntaxError ? "it is not JSON" : (error as Error).message;
    throw bad(where, `its header cannot be read: ${why}`);
  }
  throw bad(where, "its header is not a JSON object");
}

function checkMetadata(value: unknown, where: string): ReadonlyMap<string, string> {
  if (!isRecord(value)) throw bad(where, "its metadata is not a JSON object");
  const metadata = new Map<string, string>();
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== "string") throw bad(where, `its metadata ${quote(key)} is not text`);
    metadata.set(key, text);
  }
  return metadata;
}

function checkEntry(name: string, description: unknown, where: string): Entry {
  const fail = (what: string): never => {
    throw bad(where, `tensor ${quote(name)} ${what}`);
  };
  if (!isRecord(description)) return fail("is not described by a JSON object");
  const { dtype, shape, data_offsets: range } = description;
  const size = elementSize.get(String(dtype));
  if (typeof dtype !== "string" || size === undefined) {
    return fail(`is of type ${quote(String(dtype))}, not one of ${[...elementSize.keys()].join(", ")}`);
  }
  if (!isSizes(shape) || shape.length > MOST_DIMENSIONS) return fail("has no valid shape");
  if (!isSizes(range) || range.length !== 2) return fail("has no valid byte range");
  const [begin, end] = range;
  if (begin > end) return fail(`ends at byte ${end}, before its beginning at ${begin}`);
  const expected = elementsOf(shape) * size;
  if (!Number.isSafeInteger(expected)) return fail(`is too large: [${shape}]`);
  if (end - begin !== expected) {
    return fail(`has ${end - begin} bytes, but ${dtype} [${shape}] takes ${expected}`);
  }
  return { name, dtype, shape, begin, end };
}

function decode({ name, dtype, shape, begin, end }: Entry, data: Uint8Array, where: string): StoredTensor {
  // A copy of its own is aligned for every type; typed arrays are little-endian on all platforms of Node's.
  const bytes = new Uint8Array(data.subarray(begin, end));
  const { buffer } = bytes;
  const count = elementsOf(shape);
  switch (dtype) {
    case "F32":
      return { dtype, shape, values: new Float32Array(buffer, 0, count) };
    case "F64":
      return { dtype: "F32", shape, values: Float32Array.from(new Float64Array(buffer, 0, count)) };
    case "F16":
      return {
        dtype: "F32",
        shape,
        values: Float32Array.from(new Uint16Array(buffer, 0, count), half),
      };
    case "BF16": {
      const words = Uint32Array.from(new Uint16Array(buffer, 0, count), (word) => word << 16);
      return { dtype: "F32", shape, values: new Float32Array(words.buffer) };
    }
    case "I64":
      return { dtype, shape, values: new BigInt64Array(buffer, 0, count) };
    case "U64":
      return { dtype, shape, values: new BigUint64Array(buffer, 0, count) };
    case "I32":
      return { dtype, shape, values: new Int32Array(buffer, 0, count) };
    case "U32":
      return { dtype, shape, values: new Uint32Array(buffer, 0, count) };
    case "I16":
      return { dtype, shape, values: new Int16Array(buffer, 0, count) };
    case "U16":
      return { dtype, shape, values: new Uint16Array(buffer, 0, count) };
    case "I8":
      return { dtype, shape, values: new Int8Array(buffer, 0, count) };
    case "BOOL":
      if (bytes.some((byte) => byte > 1)) throw bad(where, `tensor ${quote(name)} holds more than 0 and 1`);
      return { dtype, shape, values: bytes };
    default:
      return { dtype: "U8", shape, values: bytes };
  }
}

function elementsOf(shape: readonly number[]): number {
  return shape.reduce((product, extent) => product * extent, 1);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}
