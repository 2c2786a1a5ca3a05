// The directory of a zip archive, read as if it were hostile: every offset is checked, and only the entries that are asked
// for are inflated. fflate's own reader trusts offsets and knows no checksums.
// https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
import { InputError } from "../../errors.js";
import { crc32, inflate, type Promised } from "./inflate.js";

/** A file in an archive. */
export interface ZipEntry {
  readonly name: string;
  /** Bytes of its content. */
  readonly size: number;
  /** Its content. @throws InputError when it is damaged, encrypted or compressed in an unusual way. */
  read(): Uint8Array;
}

const END = 0x06054b50;
const CENTRAL = 0x02014b50;
const LOCAL = 0x04034b50;
const END_SIZE = 22;
const CENTRAL_SIZE = 46;
const LOCAL_SIZE = 30;
const LONGEST_COMMENT = 65_535;

/** Whether bytes begin as a zip archive does. */
export function isZip(head: Uint8Array): boolean {
  return head[0] === 0x50 && head[1] === 0x4b && (head[2] === 3 || head[2] === 5);
}

/**
 * The files of a zip archive.
 * @throws InputError when its directory is damaged or missing, a name is there twice, or it is one of 4 GB or more (zip64).
 */
export function parseZip(bytes: Uint8Array, where: string): readonly ZipEntry[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const end = endOf(view, where);
  const [count, size, start] = [
    view.getUint16(end + 10, true),
    view.getUint32(end + 12, true),
    view.getUint32(end + 16, true),
  ];
  if (start === 0xffffffff || count === 0xffff) {
    throw new InputError({
      where,
      what: "is a zip64 archive, of 4 GB or more or of very many files",
      hint: "split it",
    });
  }
  if (start + size > end) throw damaged(where, "its directory is cut off");
  const entries = new Map<string, ZipEntry>();
  for (let at = start, i = 0; i < count; i++) {
    if (at + CENTRAL_SIZE > end || view.getUint32(at, true) !== CENTRAL)
      throw damaged(where, "its directory is cut off");
    const nameLength = view.getUint16(at + 28, true);
    const nameAt = at + CENTRAL_SIZE;
    const next = nameAt + nameLength + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
    if (next > end) throw damaged(where, "its directory is cut off");
    const name = new TextDecoder().decode(bytes.subarray(nameAt, nameAt + nameLength));
    if (entries.has(name))
      throw damaged(where, `the name ${JSON.stringify(name.slice(0, 80))} is there twice`);
    const [flags, method] = [view.getUint16(at + 8, true), view.getUint16(at + 10, true)];
    const promised = { checksum: view.getUint32(at + 16, true), size: view.getUint32(at + 24, true) };
    const place = { at: view.getUint32(at + 42, true), size: view.getUint32(at + 20, true) };
    const own = `${where}, ${name}`;
    entries.set(name, {
      name,
      size: promised.size,
      read() {
        if (flags & 1) throw new InputError({ where: own, what: "is encrypted", hint: "save it without" });
        return content(contentBytes(view, bytes, place, own), method, promised, own);
      },
    });
    at = next;
  }
  return [...entries.values()];
}

/** Where the record at the end begins; a comment may follow it. */
function endOf(view: DataView, where: string): number {
  const last = view.byteLength - END_SIZE;
  for (let at = last; at >= Math.max(0, last - LONGEST_COMMENT); at--)
    if (view.getUint32(at, true) === END) return at;
  throw damaged(where, "it is cut off");
}

function contentBytes(
  view: DataView,
  bytes: Uint8Array,
  { at, size }: { at: number; size: number },
  where: string,
): Uint8Array {
  if (at + LOCAL_SIZE > bytes.length || view.getUint32(at, true) !== LOCAL)
    throw damaged(where, "it is not where the archive's directory says");
  const begin = at + LOCAL_SIZE + view.getUint16(at + 26, true) + view.getUint16(at + 28, true);
  if (begin + size > bytes.length) throw damaged(where, "it is cut off");
  return bytes.subarray(begin, begin + size);
}

const STORED = 0;
const DEFLATED = 8;

function content(bytes: Uint8Array, method: number, promised: Promised, where: string): Uint8Array {
  if (method === DEFLATED) return inflate(bytes, promised, where);
  if (method !== STORED) {
    throw new InputError({
      where,
      what: `is compressed by method ${method} of zip`,
      hint: "compress it by deflate, as is usual",
    });
  }
  if (bytes.length !== promised.size || crc32(bytes) !== promised.checksum)
    throw damaged(where, "its checksum differs");
  return bytes;
}

function damaged(where: string, what: string): InputError {
  return new InputError({ where, what: `${what}: the zip archive is damaged`, hint: "copy it again" });
}
