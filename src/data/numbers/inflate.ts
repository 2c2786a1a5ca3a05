// What is compressed, to the size that its container promises and no further: a small file may claim to hold gigabytes, or
// hold them without saying so. Checksums are compared, because damage to numbers is else not seen.
import { Gunzip, Inflate } from "fflate";
import { InputError } from "../../errors.js";

/** How many bytes a byte can become in deflate's format, at the most. */
const MOST_RATIO = 1032;
/** Bytes inflated at a time, after each of which the size is looked at. */
const SLICE = 2 ** 14;

/** Whether bytes begin as a file of gzip does. */
export function isGzip(head: Uint8Array): boolean {
  return head[0] === 0x1f && head[1] === 0x8b;
}

/**
 * The content of a file of gzip.
 * @param most bytes that it may have.
 * @throws InputError when it is damaged or larger.
 */
export function gunzip(bytes: Uint8Array, where: string, most: number): Uint8Array {
  if (bytes.length < 18) throw damaged(where);
  const end = new DataView(bytes.buffer, bytes.byteOffset + bytes.length - 8, 8);
  const size = end.getUint32(4, true);
  if (size > most) throw tooLarge(where, size, most);
  return inflateWith(new Gunzip(), bytes, { size, checksum: end.getUint32(0, true) }, where);
}

/** The first bytes of the content of a file of gzip; fewer when it is damaged. */
export function gunzipHead(bytes: Uint8Array): Uint8Array {
  const stream = new Gunzip();
  let head = new Uint8Array(0);
  stream.ondata = (chunk) => {
    if (head.length === 0) head = chunk.slice(0, SLICE);
  };
  try {
    for (let at = 0; at < bytes.length && head.length === 0; at += SLICE)
      stream.push(bytes.subarray(at, at + SLICE), at + SLICE >= bytes.length);
  } catch {
    // Whoever reads all of it will say so.
  }
  return head;
}

/** What a container says of compressed content. */
export interface Promised {
  readonly size: number;
  /** CRC-32 of the content. */
  readonly checksum: number;
}

/** Inflates deflate's raw format. @throws InputError when the content is not as promised. */
export function inflate(bytes: Uint8Array, promised: Promised, where: string): Uint8Array {
  return inflateWith(new Inflate(), bytes, promised, where);
}

function inflateWith(stream: Gunzip | Inflate, bytes: Uint8Array, promised: Promised, where: string) {
  const { size, checksum } = promised;
  if (size > MOST_RATIO * bytes.length) throw damaged(where);
  const content = new Uint8Array(size);
  let done = 0;
  stream.ondata = (chunk) => {
    if (done + chunk.length > size) throw damaged(where);
    content.set(chunk, done);
    done += chunk.length;
  };
  try {
    for (let at = 0; at < bytes.length; at += SLICE)
      stream.push(bytes.subarray(at, at + SLICE), at + SLICE >= bytes.length);
  } catch (error) {
    throw error instanceof InputError ? error : damaged(where, error);
  }
  if (done !== size || crc32(content) !== checksum) throw damaged(where);
  return content;
}

/** The CRC-32 of gzip and zip. */
export function crc32(bytes: Uint8Array): number {
  let sum = -1;
  for (let i = 0; i < bytes.length; i++) sum = TABLE[(sum ^ bytes[i]) & 255] ^ (sum >>> 8);
  return ~sum >>> 0;
}

const TABLE = Int32Array.from({ length: 256 }, (_, byte) => {
  let sum = byte;
  for (let bit = 0; bit < 8; bit++) sum = sum & 1 ? (sum >>> 1) ^ 0xedb88320 : sum >>> 1;
  return sum;
});

function tooLarge(where: string, size: number, most: number): InputError {
  const what = `it is compressed and says that it holds ${size} bytes, more than ${most}`;
  return new InputError({ where, what, hint: "split it" });
}

function damaged(where: string, cause?: unknown): InputError {
  return new InputError({
    where,
    what: "is compressed, and damaged or cut off",
    hint: "compress or copy it again",
    cause,
  });
}
