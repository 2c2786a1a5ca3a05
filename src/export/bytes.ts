// Bytes that are written one after the other, with whole numbers as WebAssembly and protocol buffers have them: seven bits in each byte,
// the lowest first (LEB128).

export class Bytes {
  private readonly chunks: Uint8Array[] = [];
  length = 0;

  raw(bytes: Uint8Array): this {
    this.chunks.push(bytes);
    this.length += bytes.length;
    return this;
  }

  /** A whole number from 0 up to 2^32. */
  number(value: number): this {
    const bytes: number[] = [];
    let rest = value;
    for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
    return this.raw(Uint8Array.of(...bytes, rest));
  }

  /** One of 32 bits with a sign, from 0 on: beyond 2^31 it is what its bits are with one. */
  signed(value: number): this {
    const bytes: number[] = [];
    let rest = value | 0;
    for (; rest < -64 || rest > 63; rest >>= 7) bytes.push((rest & 127) + 128);
    return this.raw(Uint8Array.of(...bytes, rest & 127));
  }

  /** Bytes with their number before them. */
  counted(bytes: Uint8Array): this {
    return this.number(bytes.length).raw(bytes);
  }

  text(value: string): this {
    return this.counted(new TextEncoder().encode(value));
  }

  finish(): Uint8Array {
    const whole = new Uint8Array(this.length);
    let at = 0;
    for (const chunk of this.chunks) {
      whole.set(chunk, at);
      at += chunk.length;
    }
    return whole;
  }
}
