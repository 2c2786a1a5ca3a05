// Typed arrays of the same bytes are equal at once. Vitest goes through them element by element, which took more time than
// the engine whose results were compared; what differs is still left to it, so that it says where.
import { expect } from "vitest";

expect.addEqualityTesters([
  (a: unknown, b: unknown) =>
    ArrayBuffer.isView(a) && ArrayBuffer.isView(b) && a.constructor === b.constructor && sameBytes(a, b)
      ? true
      : undefined,
]);

function sameBytes(a: ArrayBufferView, b: ArrayBufferView): boolean {
  const [one, other] = [a, b].map(({ buffer, byteOffset, byteLength }) =>
    Buffer.from(buffer, byteOffset, byteLength),
  );
  return one.equals(other);
}
