// From the bytes of a file to its text. People bring files from spreadsheets, editors and other systems, so every text
// that Filigree reads comes through here: encodings that are certain are read (UTF-8, UTF-16 of either order, each also
// compressed by gzip), and anything else is refused by the name of what it is.
import { isUtf8 } from "node:buffer";
import { gunzipSync } from "node:zlib";
import { InputError } from "./errors.js";

/** Bytes; the longest string of V8 is a little longer. */
export const MOST_TEXT = 2 ** 29 - 64;

/** What files that are no text have in their first bytes, as Latin-1, and where. */
const SIGNATURES: readonly (readonly [at: number, text: string, what: string])[] = [
  [0, "PK\x03\x04", "a zip archive, as Excel's workbooks are"],
  [0, "\xd0\xcf\x11\xe0", "an old Excel workbook"],
  [4, "1AY&SY", "compressed by bzip2"],
  [0, "\xfd7zXZ\0", "compressed by xz"],
  [0, "\x28\xb5\x2f\xfd", "compressed by zstd"],
  [0, "PAR1\x15", "a Parquet file"],
  [0, "ARROW1\0\0", "an Arrow file"],
  [0, "\x93NUMPY", "an array of NumPy"],
  [0, "\x89HDF", "an HDF5 file"],
  [0, "SQLite format 3\0", "an SQLite database"],
  [0, "\x80", "a Python pickle"],
  [7, '\0{"', "a safetensors file"],
  [0, "\xff\xfe\0\0", "text in UTF-32"],
  [0, "\0\0\xfe\xff", "text in UTF-32"],
];

const HINT = "save it as text in UTF-8";

/**
 * The text of a file, without a byte order mark.
 * @param where how the file is called in messages.
 * @param largest how many bytes the file may have, and the text when it is decompressed.
 * @throws InputError when it is too large, damaged, not text, or in an encoding that is not certain.
 */
export function decodeText(bytes: Buffer, where: string, largest = MOST_TEXT): string {
  const plain = bytes.length >= 2 && bytes.readUInt16BE() === 0x1f8b ? gunzip(bytes, where, largest) : bytes;
  if (plain.length > largest) throw tooLarge(where, largest);
  const head = plain.toString("latin1", 0, 16);
  const signature = SIGNATURES.find(([at, text]) => head.startsWith(text, at));
  if (signature) throw new InputError({ where, what: `is ${signature[2]}`, hint: HINT });
  const order = orderOfUtf16(plain, head);
  const text = order ? decodeUtf16(plain, order, where) : decodeUtf8(plain, where);
  const zero = text.indexOf("\0");
  if (zero >= 0) {
    throw new InputError({
      where: `${where}:${text.slice(0, zero).split("\n").length}`,
      what: "has a zero character, so it is not text, or in an encoding that is not certain",
      hint: HINT,
    });
  }
  return text.replace(/^\uFEFF/, "");
}

function tooLarge(where: string, largest: number): InputError {
  return new InputError({
    where,
    what: `is too large to be read: more than ${Math.ceil(largest / 2 ** 20)} MiB of text`,
    hint: "split it",
  });
}

function gunzip(bytes: Buffer, where: string, largest: number): Buffer {
  try {
    return gunzipSync(bytes, { maxOutputLength: largest });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") throw tooLarge(where, largest);
    throw new InputError({
      where,
      what: "is compressed by gzip, and damaged or cut off",
      hint: "compress or copy it again",
      cause: error,
    });
  }
}

function decodeUtf8(bytes: Buffer, where: string): string {
  if (isUtf8(bytes)) return bytes.toString("utf8");
  // A line feed is never part of a longer character.
  let line = 1;
  for (let start = 0, end = bytes.indexOf(10); end >= 0; line++) {
    if (!isUtf8(bytes.subarray(start, end))) break;
    start = end + 1;
    end = bytes.indexOf(10, start);
  }
  throw new InputError({ where: `${where}:${line}`, what: "is not in UTF-8", hint: HINT });
}

type ByteOrder = "little" | "big";

/**
 * The order of UTF-16 as its mark says or, without one, where it is certain: most characters are ASCII, of which one
 * byte is 0, and the other byte is 0 in none.
 */
function orderOfUtf16(bytes: Buffer, head: string): ByteOrder | undefined {
  if (head.startsWith("\xff\xfe")) return "little";
  if (head.startsWith("\xfe\xff")) return "big";
  const zeros = [0, 0];
  for (let at = bytes.indexOf(0); at >= 0; at = bytes.indexOf(0, at + 1)) zeros[at % 2]++;
  const half = bytes.length / 4;
  if (zeros[0] === 0 && zeros[1] > half) return "little";
  if (zeros[1] === 0 && zeros[0] > half) return "big";
  return undefined;
}

function decodeUtf16(bytes: Buffer, order: ByteOrder, where: string): string {
  try {
    const little = order === "little" ? bytes : Buffer.from(bytes).swap16();
    return new TextDecoder("utf-16le", { fatal: true }).decode(little);
  } catch (error) {
    throw new InputError({
      where,
      what: "is in UTF-16, and damaged or cut off",
      hint: HINT,
      cause: error,
    });
  }
}
