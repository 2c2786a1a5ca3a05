// Trials are named by the hash of their description, results must come back bit for bit, and both travel as JSON. This
// module holds what that needs: JSON types, one canonical spelling of a value, hashes, and numbers that JSON has no
// word for.
import { createHash } from "node:crypto";

export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: JsonValue;
}

/**
 * The one spelling of a value: no spaces, keys in the order of their UTF-16 code units, numbers as ECMAScript prints
 * them (RFC 8785, JSON Canonicalization Scheme). Members that are `undefined` are left out, -0 is 0.
 * @throws TypeError for what JSON cannot say: NaN, infinities, functions, bigints, class instances.
 */
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value === "boolean" || typeof value === "string") return JSON.stringify(value);
  if (typeof value === "number" && Number.isFinite(value)) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (typeof value === "object" && isPlain(value)) {
    const members = Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`);
    return `{${members.join(",")}}`;
  }
  throw new TypeError(`${String(value)} cannot be written as JSON`);
}

function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** The leaves of an object by dotted path: {a: {b: 1}} as {"a.b": 1}. Lists and empty objects are leaves. */
export function flatten(value: JsonObject, prefix = ""): Record<string, JsonValue> {
  const flat: Record<string, JsonValue> = {};
  for (const [key, inner] of Object.entries(value)) {
    const branch = typeof inner === "object" && inner !== null && !Array.isArray(inner);
    if (branch && Object.keys(inner).length > 0) {
      Object.assign(flat, flatten(inner as JsonObject, `${prefix}${key}.`));
    } else flat[prefix + key] = inner;
  }
  return flat;
}

/** SHA-256 as 64 hexadecimal digits. */
export function sha256(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

/** A number as JSON can carry it: NaN and the infinities become the words that ECMAScript prints for them. */
export function encodeNumber(value: number): number | string {
  return Number.isFinite(value) ? value : String(value);
}

/** The inverse of `encodeNumber`. @throws TypeError for anything else. */
export function decodeNumber(value: unknown): number {
  if (typeof value === "number") return value;
  if (value === "NaN" || value === "Infinity" || value === "-Infinity") return Number(value);
  throw new TypeError(`${JSON.stringify(value)} is not a number`);
}

/** `encodeNumber` over the values of a record. */
export function encodeNumbers(values: Readonly<Record<string, number>>): Record<string, number | string> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, encodeNumber(value)]));
}
