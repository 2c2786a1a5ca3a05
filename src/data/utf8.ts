// Bytes to text, strictly: a byte that is no UTF-8 is named by its place. Replaced silently, it would become a symbol
// of the vocabulary that nobody wrote.
import { InputError } from "../errors.js";

/**
 * The text that UTF-8 bytes stand for, without a byte order mark at the beginning.
 * @param where names the bytes in messages.
 * @throws InputError naming the offset, counted from 0, and the line of the first byte that belongs to no character.
 */
export function decodeUtf8(bytes: Uint8Array, where: string): string {
  const offset = invalidOffset(bytes);
  if (offset < 0) return new TextDecoder().decode(bytes);
  const line = countLineBreaks(bytes.subarray(0, offset)) + 1;
  const byte = `0x${bytes[offset].toString(16).padStart(2, "0")}`;
  const isUtf16 = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
  throw new InputError({
    where,
    what: `is not UTF-8: byte ${byte} at offset ${offset}, in line ${line}, belongs to no character`,
    hint: isUtf16
      ? "it looks like UTF-16; save it as UTF-8"
      : "save it as UTF-8, or take bytes as symbols (--symbols bytes)",
  });
}

/** How many bytes are line feeds. */
export function countLineBreaks(bytes: Uint8Array): number {
  let count = 0;
  for (const byte of bytes) if (byte === 0x0a) count++;
  return count;
}

/** The offset of the first byte that begins no well-formed sequence (The Unicode Standard, table 3-7), or -1. */
function invalidOffset(bytes: Uint8Array): number {
  for (let i = 0; i < bytes.length; ) {
    const first = bytes[i];
    if (first < 0x80) {
      i++;
      continue;
    }
    const more = first < 0xc2 ? 0 : first < 0xe0 ? 1 : first < 0xf0 ? 2 : first < 0xf5 ? 3 : 0;
    // Narrower after four of the first bytes: no overlong forms, no surrogates, nothing beyond U+10FFFF.
    const least = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
    const most = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
    if (more === 0 || !(bytes[i + 1] >= least && bytes[i + 1] <= most)) return i;
    for (let k = 2; k <= more; k++) if ((bytes[i + k] & 0xc0) !== 0x80) return i;
    i += more + 1;
  }
  return -1;
}
