// Grey and black-and-white pictures as PNG data URIs, because a mask of a few thousand weights is far smaller as an image
// than as anything else a page can hold. The whole format that this needs is four chunks.
import { crc32, deflateSync } from "node:zlib";

/**
 * A PNG (one bit per pixel, greyscale) as a data URI: white where `bits` is 1, black where it is 0.
 * @param bits row by row, `width` × `height`.
 */
export function bitmap(bits: Uint8Array, width: number, height: number): string {
  const stride = 1 + Math.ceil(width / 8); // a row begins with its filter, 0
  const rows = Buffer.alloc(stride * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (bits[y * width + x]) rows[y * stride + 1 + (x >> 3)] |= 0x80 >> (x & 7);
    }
  }
  return uri(rows, width, height, 1);
}

/**
 * A PNG (a byte per pixel, greyscale) as a data URI.
 * @param shades row by row, `width` × `height`; 0 is black and 255 white.
 */
export function greyscale(shades: Uint8Array, width: number, height: number): string {
  const stride = 1 + width;
  const rows = Buffer.alloc(stride * height);
  for (let y = 0; y < height; y++) rows.set(shades.subarray(y * width, (y + 1) * width), y * stride + 1);
  return uri(rows, width, height, 8);
}

function uri(rows: Buffer, width: number, height: number, bits: number): string {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = bits; // per pixel; the rest stays 0: greyscale, deflate, no filter, not interlaced
  const png = Buffer.concat([
    Buffer.from("\x89PNG\r\n\x1a\n", "latin1"),
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(rows, { level: 9 })),
    chunk("IEND", Buffer.alloc(0)),
  ]);
  return `data:image/png;base64,${png.toString("base64")}`;
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const result = Buffer.alloc(body.length + 8);
  result.writeUInt32BE(data.length, 0);
  body.copy(result, 4);
  result.writeUInt32BE(crc32(body), body.length + 4);
  return result;
}
