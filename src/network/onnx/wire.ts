// The wire format of protocol buffers as it is read: the fields of a message one after the other, none of them longer than what is
// there. Nothing is copied, so a message costs no more than its bytes. https://protobuf.dev/programming-guides/encoding

/** A field of a message: a varint, or the bytes of anything else. */
export interface Field {
  readonly number: number;
  readonly value: bigint | Uint8Array;
}

/** Bytes that are no message, and why. */
export class WireError extends Error {}

const LONGEST_VARINT = 10;

/** The fields of a message in their order. @throws WireError when it is truncated or no message. */
export function* fields(bytes: Uint8Array): Generator<Field> {
  const reader = new Reader(bytes);
  while (!reader.isAtEnd) {
    const tag = Number(reader.varint());
    const number = Math.floor(tag / 8);
    if (number < 1 || number > 2 ** 29) throw new WireError(`it has a field with number ${number}`);
    switch (tag % 8) {
      case 0:
        yield { number, value: reader.varint() };
        break;
      case 1:
        yield { number, value: reader.bytes(8) };
        break;
      case 2:
        yield { number, value: reader.bytes(Number(reader.varint())) };
        break;
      case 5:
        yield { number, value: reader.bytes(4) };
        break;
      default:
        throw new WireError(`field ${number} is of a type that the format does not have`);
    }
  }
}

/** The whole numbers of a packed field, at most so many. @throws WireError when they are truncated or more. */
export function packed(bytes: Uint8Array, most: number): number[] {
  const reader = new Reader(bytes);
  const values: number[] = [];
  while (!reader.isAtEnd) {
    if (values.length === most) throw new WireError(`a list has more than ${most} numbers`);
    values.push(signed(reader.varint()));
  }
  return values;
}

/** A varint as the whole number with a sign that it stands for. */
export function signed(value: bigint): number {
  return Number(BigInt.asIntN(64, value));
}

class Reader {
  private readonly all: Uint8Array;
  private at = 0;

  constructor(all: Uint8Array) {
    this.all = all;
  }

  get isAtEnd(): boolean {
    return this.at === this.all.length;
  }

  varint(): bigint {
    let value = 0n;
    for (let i = 0; i < LONGEST_VARINT; i++) {
      if (this.isAtEnd) throw new WireError("it ends within a number");
      const byte = this.all[this.at++];
      value |= BigInt(byte & 127) << BigInt(7 * i);
      if (byte < 128) return BigInt.asUintN(64, value);
    }
    throw new WireError("it has a number of more than 64 bits");
  }

  bytes(count: number): Uint8Array {
    const left = this.all.length - this.at;
    if (count > left) throw new WireError(`it is truncated: ${count} bytes promised, ${left} there`);
    this.at += count;
    return this.all.subarray(this.at - count, this.at);
  }
}
