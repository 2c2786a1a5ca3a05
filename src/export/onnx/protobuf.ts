// The wire format of protocol buffers, as far as ONNX needs it written: varints, and bytes with their length before them.
// https://protobuf.dev/programming-guides/encoding
import { Bytes } from "../bytes.js";

/** A message: its fields in the order in which they are added. */
export class Message {
  private readonly written = new Bytes();

  /** A whole number. */
  integer(field: number, value: number): this {
    this.written.number(field * 8).raw(varint(value));
    return this;
  }

  bytes(field: number, value: Uint8Array): this {
    this.written.number(field * 8 + 2).counted(value);
    return this;
  }

  text(field: number, value: string): this {
    return this.bytes(field, new TextEncoder().encode(value));
  }

  message(field: number, value: Message): this {
    return this.bytes(field, value.finish());
  }

  /** The message as bytes. */
  finish(): Uint8Array {
    return this.written.finish();
  }
}

/** Seven bits in each byte, the lowest first; a negative number as if it had 64 bits. */
function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  do {
    const low = Number(rest & 127n);
    rest >>= 7n;
    bytes.push(rest > 0n ? low + 128 : low);
  } while (rest > 0n);
  return Uint8Array.from(bytes);
}
