// The wire format of protocol buffers, as far as ONNX needs it written: varints, and bytes with their length before them.
// https://protobuf.dev/programming-guides/encoding

/** A message: its fields in the order in which they are added. */
export class Message {
  private readonly chunks: Uint8Array[] = [];
  private length = 0;

  /** A whole number. */
  integer(field: number, value: number): this {
    return this.push(varint(field * 8)).push(varint(value));
  }

  bytes(field: number, value: Uint8Array): this {
    return this.push(varint(field * 8 + 2))
      .push(varint(value.length))
      .push(value);
  }

  text(field: number, value: string): this {
    return this.bytes(field, new TextEncoder().encode(value));
  }

  message(field: number, { chunks, length }: Message): this {
    this.push(varint(field * 8 + 2)).push(varint(length));
    for (const chunk of chunks) this.push(chunk);
    return this;
  }

  /** The message as bytes. */
  finish(): Uint8Array {
    const whole = new Uint8Array(this.length);
    let at = 0;
    for (const chunk of this.chunks) {
      whole.set(chunk, at);
      at += chunk.length;
    }
    return whole;
  }

  private push(chunk: Uint8Array): this {
    this.chunks.push(chunk);
    this.length += chunk.length;
    return this;
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
