// ONNX models as they are read: nodes, constants, inputs and outputs, of which nothing is believed. Numbers of fields and types are
// those of onnx.proto (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto).
import { InputError } from "../../errors.js";
import { quote } from "../safetensors.js";
import { fields, packed, signed, WireError } from "./wire.js";

/** A whole number, a real one, text, a list, or a constant; undefined of other types, such as graphs. */
export type AttributeValue = number | string | readonly number[] | readonly string[] | Constant | undefined;

/** An operator with the names of what it takes and gives; "" is left out. */
export interface OnnxNode {
  readonly operator: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, AttributeValue>;
}

/** An input: of each dimension its size, or undefined where it is free. */
export interface OnnxInput {
  readonly name: string;
  readonly type: number;
  /** Undefined where the file does not say. */
  readonly shape?: readonly (number | undefined)[];
}

export interface OnnxModel {
  readonly nodes: readonly OnnxNode[];
  readonly constants: ReadonlyMap<string, Constant>;
  readonly inputs: readonly OnnxInput[];
  readonly outputs: readonly string[];
  readonly metadata: ReadonlyMap<string, string>;
}

/** ONNX's numbers of the types that matter here. */
export const FLOAT = 1;
export const INT32 = 6;
export const INT64 = 7;
const typeNames = new Map([
  [1, "float"],
  [2, "uint8"],
  [3, "int8"],
  [6, "int32"],
  [7, "int64"],
  [9, "bool"],
  [10, "float16"],
  [11, "double"],
  [16, "bfloat16"],
]);

// A network of a thousand cells has some ten thousand nodes.
const MOST_NODES = 50_000;
/** The most that one list has: names of a node, dimensions, whole numbers. */
const MOST_LISTED = 4096;

/**
 * The model in a file's bytes.
 * @throws InputError when they are no ONNX model, or truncated, or beyond what a network needs.
 */
export function parseModel(bytes: Uint8Array, where: string): OnnxModel {
  try {
    return modelIn(bytes);
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    throw new InputError({
      where,
      what: `it cannot be read as ONNX: ${error.message}`,
      hint: "copy or export the model again",
    });
  }
}

function modelIn(bytes: Uint8Array): OnnxModel {
  let graph: Uint8Array | undefined;
  const metadata = new Map<string, string>();
  for (const { number, value } of fields(bytes)) {
    if (number === 7) {
      if (graph) throw new WireError("it has two graphs");
      graph = message(value);
    } else if (number === 14) {
      const entry = ["", ""];
      for (const field of fields(message(value))) {
        if (field.number === 1 || field.number === 2) entry[field.number - 1] = text(field.value);
      }
      metadata.set(entry[0], entry[1]);
      limited(metadata.size, MOST_LISTED, "metadata");
    }
  }
  if (!graph) throw new WireError("it has no graph");
  const nodes: OnnxNode[] = [];
  const constants = new Map<string, Constant>();
  const inputs: OnnxInput[] = [];
  const outputs: string[] = [];
  for (const { number, value } of fields(graph)) {
    if (number === 1) {
      nodes.push(nodeIn(message(value)));
      limited(nodes.length, MOST_NODES, "nodes");
    } else if (number === 5) {
      const constant = constantIn(message(value));
      constants.set(constant.name, constant);
      limited(constants.size, MOST_NODES, "constants");
    } else if (number === 11) {
      inputs.push(inputIn(message(value)));
      limited(inputs.length, MOST_NODES, "inputs");
    } else if (number === 12) {
      outputs.push(inputIn(message(value)).name);
      limited(outputs.length, MOST_NODES, "outputs");
    } else if (number === 15) {
      throw new WireError("it has sparse constants, which Filigree does not read");
    }
  }
  return { nodes, constants, inputs, outputs, metadata };
}

function nodeIn(bytes: Uint8Array): OnnxNode {
  const inputs: string[] = [];
  const outputs: string[] = [];
  const attributes = new Map<string, AttributeValue>();
  let operator = "";
  let domain = "";
  for (const { number, value } of fields(bytes)) {
    if (number === 1) inputs.push(text(value));
    else if (number === 2) outputs.push(text(value));
    else if (number === 4) operator = text(value);
    else if (number === 5) attributes.set(...attributeIn(message(value)));
    else if (number === 7) domain = text(value);
    limited(inputs.length + outputs.length + attributes.size, MOST_LISTED, "inputs of a node");
  }
  const isOwn = domain === "" || domain === "ai.onnx";
  return { operator: isOwn ? operator : `${domain}.${operator}`, inputs, outputs, attributes };
}

function attributeIn(bytes: Uint8Array): [name: string, value: AttributeValue] {
  let name = "";
  let type = 0;
  let single: AttributeValue;
  const numbers: number[] = [];
  const texts: string[] = [];
  for (const { number, value } of fields(bytes)) {
    if (number === 1) name = text(value);
    else if (number === 2) single = floatIn(value);
    else if (number === 3) single = whole(value);
    else if (number === 4) single = text(value);
    else if (number === 5) single = constantIn(message(value));
    else if (number === 7) numbers.push(...(isPacked(value) ? floatsIn(message(value)) : [floatIn(value)]));
    else if (number === 8) numbers.push(...wholes(value));
    else if (number === 9) texts.push(text(value));
    else if (number === 20) type = whole(value);
    limited(numbers.length + texts.length, MOST_LISTED, "values of an attribute");
  }
  // A single value that is 0 or empty may have been left out.
  const empty: Readonly<Record<number, AttributeValue>> = {
    1: 0,
    2: 0,
    3: "",
    6: numbers,
    7: numbers,
    8: texts,
  };
  return [
    name,
    single ?? empty[type] ?? (texts.length > 0 ? texts : numbers.length > 0 ? numbers : undefined),
  ];
}

function inputIn(bytes: Uint8Array): OnnxInput {
  let name = "";
  let type = 0;
  let shape: (number | undefined)[] | undefined;
  for (const field of fields(bytes)) {
    if (field.number === 1) name = text(field.value);
    if (field.number !== 2) continue;
    for (const kind of fields(message(field.value))) {
      if (kind.number !== 1) continue;
      for (const { number, value } of fields(message(kind.value))) {
        if (number === 1) type = whole(value);
        if (number === 2) shape = shapeIn(message(value));
      }
    }
  }
  return { name, type, ...(shape && { shape }) };
}

function shapeIn(bytes: Uint8Array): (number | undefined)[] {
  const shape: (number | undefined)[] = [];
  for (const { number, value } of fields(bytes)) {
    if (number !== 1) continue;
    let size: number | undefined;
    for (const field of fields(message(value))) if (field.number === 1) size = whole(field.value);
    shape.push(size);
    limited(shape.length, MOST_LISTED, "dimensions");
  }
  return shape;
}

/** A constant as its message has it. */
interface Stored {
  readonly name: string;
  readonly shape: readonly number[];
  readonly type: number;
  /** Its numbers as they lie in memory; else they are in one of the lists. */
  readonly raw?: Uint8Array;
  readonly floatParts: readonly Uint8Array[];
  readonly whole: readonly number[];
  /** Whether they are in another file. */
  readonly isExternal: boolean;
}

/** A constant tensor, whose numbers are only decoded when they are asked for. */
export class Constant {
  readonly name: string;
  readonly shape: readonly number[];
  readonly type: number;
  private readonly stored: Stored;
  private decoded: Float32Array | undefined;
  private zero: boolean | undefined;

  constructor(stored: Stored) {
    this.name = stored.name;
    this.shape = stored.shape;
    this.type = stored.type;
    this.stored = stored;
  }

  /** Its numbers, row by row. @throws InputError when they are of another type or not as many as its shape says. */
  floats(where: string): Float32Array {
    if (this.decoded) return this.decoded;
    this.check(where, [FLOAT]);
    const { raw, floatParts } = this.stored;
    const parts = raw ? [raw] : floatParts;
    const bytes = new Uint8Array(this.counted(where, sum(parts.map(({ length }) => length)) / 4) * 4);
    let at = 0;
    for (const part of parts) {
      bytes.set(part, at);
      at += part.length;
    }
    this.decoded = new Float32Array(bytes.buffer);
    return this.decoded;
  }

  /** Its whole numbers. @throws InputError when they are of another type, or not as many as its shape says. */
  integers(where: string): readonly number[] {
    this.check(where, [INT32, INT64]);
    const { raw, whole, type } = this.stored;
    if (!raw) {
      this.counted(where, whole.length);
      return whole;
    }
    const count = this.counted(where, raw.length / (type === INT64 ? 8 : 4));
    if (count > MOST_LISTED) throw this.misfit(where, `has more than ${MOST_LISTED} whole numbers`);
    const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
    return Array.from({ length: count }, (_, i) =>
      type === INT64 ? Number(view.getBigInt64(8 * i, true)) : view.getInt32(4 * i, true),
    );
  }

  /** Whether it is of floats, and all of them are 0. */
  isZero(where: string): boolean {
    this.zero ??= this.type === FLOAT && this.floats(where).every((value) => value === 0);
    return this.zero;
  }

  private check(where: string, types: readonly number[]): void {
    if (this.stored.isExternal)
      throw this.misfit(where, "is in another file", "export the model with its weights inside");
    if (types.includes(this.type)) return;
    const name = typeNames.get(this.type) ?? `number ${this.type}`;
    throw this.misfit(
      where,
      `is of type ${name}, not ${types.map((type) => typeNames.get(type)).join(" or ")}`,
    );
  }

  private counted(where: string, there: number): number {
    const count = this.shape.reduce((product, extent) => product * extent, 1);
    if (count === there && this.shape.every((extent) => extent >= 0)) return count;
    throw this.misfit(where, `has shape [${this.shape}] and ${there} numbers`, "export the model again");
  }

  private misfit(where: string, what: string, hint?: string): InputError {
    return new InputError({ where, what: `the constant ${quote(this.name)} ${what}`, hint });
  }
}

function constantIn(bytes: Uint8Array): Constant {
  const shape: number[] = [];
  const floatParts: Uint8Array[] = [];
  const integers: number[] = [];
  let name = "";
  let type = 0;
  let raw: Uint8Array | undefined;
  let isExternal = false;
  for (const { number, value } of fields(bytes)) {
    if (number === 1) shape.push(...wholes(value));
    else if (number === 2) type = whole(value);
    else if (number === 4) floatParts.push(message(value));
    else if (number === 5 || number === 7) integers.push(...wholes(value));
    else if (number === 8) name = text(value);
    else if (number === 9) raw = message(value);
    else if (number === 13) isExternal = true;
    else if (number === 14) isExternal ||= whole(value) === 1;
    limited(shape.length + integers.length, MOST_LISTED, "dimensions or whole numbers of a constant");
  }
  return new Constant({ name, shape, type, ...(raw && { raw }), floatParts, whole: integers, isExternal });
}

function limited(count: number, most: number, things: string): void {
  if (count > most) throw new WireError(`it has more than ${most} ${things}`);
}

function message(value: bigint | Uint8Array): Uint8Array {
  if (typeof value === "bigint") throw new WireError("it has a number where a message should be");
  return value;
}

function text(value: bigint | Uint8Array): string {
  const bytes = message(value);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new WireError("it has a text that is not UTF-8");
  }
}

function whole(value: bigint | Uint8Array): number {
  if (typeof value !== "bigint") throw new WireError("it has a message where a number should be");
  return signed(value);
}

function isPacked(value: bigint | Uint8Array): boolean {
  return typeof value !== "bigint" && value.length !== 4;
}

function wholes(value: bigint | Uint8Array): number[] {
  return typeof value === "bigint" ? [signed(value)] : packed(value, MOST_LISTED);
}

function floatIn(value: bigint | Uint8Array): number {
  const bytes = message(value);
  if (bytes.length !== 4) throw new WireError("it has a float of another size than four bytes");
  return new DataView(bytes.buffer, bytes.byteOffset).getFloat32(0, true);
}

function floatsIn(bytes: Uint8Array): number[] {
  limited(bytes.length / 4, MOST_LISTED, "values of an attribute");
  return Array.from({ length: Math.ceil(bytes.length / 4) }, (_, i) =>
    floatIn(bytes.subarray(4 * i, 4 * i + 4)),
  );
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
