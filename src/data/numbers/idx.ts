// IDX, the files of MNIST and its successors: four bytes of magic, the sizes, and the values, big-endian. Only bytes are
// read, which is what these data sets have: images, as sequences of their rows, and labels.
// http://yann.lecun.com/exdb/mnist/
import { InputError } from "../../errors.js";
import { MOST_VALUES } from "../sequences.js";
import { elementsOf, type NumberArray } from "./array.js";
import type { NumberFormat } from "./format.js";
import { sequencesOf } from "./labelled.js";

const BYTES = 0x08;
const otherTypes = new Map([
  [0x09, "signed bytes"],
  [0x0b, "integers of 16 bits"],
  [0x0c, "integers of 32 bits"],
  [0x0d, "floating-point numbers"],
  [0x0e, "floating-point numbers of 64 bits"],
]);
const MOST_AXES = 4;

/** Whether bytes begin as an IDX file does; a text has no zeros there. */
export function isIdx(head: Uint8Array): boolean {
  const [zero, other, type, axes] = head;
  return (
    zero === 0 && other === 0 && (type === BYTES || otherTypes.has(type)) && axes >= 1 && axes <= MOST_AXES
  );
}

/**
 * The array of an IDX file of bytes, 0 to 255; a view.
 * @throws InputError when it is truncated, its sizes do not multiply to what it has, or it holds another type.
 */
export function parseIdx(bytes: Uint8Array, where: string): NumberArray & { readonly values: Uint8Array } {
  const fail = (what: string, hint: string) => new InputError({ where, what, hint });
  if (!isIdx(bytes)) throw fail("it is no IDX file", "check the path");
  const [, , type, axes] = bytes;
  if (type !== BYTES)
    throw fail(`it holds ${otherTypes.get(type)}; of IDX only bytes are read`, "save it with numpy.save");
  const start = 4 + 4 * axes;
  if (bytes.length < start) throw fail("it is truncated within its sizes", "copy the file again");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const shape = Array.from({ length: axes }, (_, axis) => view.getUint32(4 + 4 * axis));
  const size = elementsOf(shape);
  const sizes = shape.join(" × ");
  if (size > MOST_VALUES) throw fail(`its sizes ${sizes} are of more than ${MOST_VALUES} values`, "split it");
  const there = bytes.length - start;
  if (there !== size) {
    const what = `its sizes ${sizes} are of ${size} values, ${there} are there`;
    throw fail(what, "copy the file again");
  }
  return { shape, kind: "integer", values: bytes.subarray(start) };
}

export const idxFormat: NumberFormat = {
  name: "IDX",
  recognises: isIdx,
  /** Images [images, rows, columns] as sequences of their rows, with bytes as 0 to 1. */
  sequences({ bytes, where }) {
    const { shape, values } = parseIdx(bytes(), where);
    if (shape.length < 2) {
      const what = "it has one number for each example, as labels do";
      throw new InputError({ where, what, hint: "give the images as the data and this file as the labels" });
    }
    const shares = new Float32Array(values.length);
    for (let i = 0; i < values.length; i++) shares[i] = values[i] / 255;
    return sequencesOf({ shape, kind: "float", values: shares }, where);
  },
  labels: ({ bytes, where }) => parseIdx(bytes(), where),
};
