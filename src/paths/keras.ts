// Keras's files, which are HDF5 inside. jsfive reads that, and is loaded when there is one. It believes what a file says, so that the file
// is given to it as a buffer that counts what is taken out of it, and sizes are looked at before numbers are read.
import { createRequire } from "node:module";
import { InputError } from "../errors.js";
import { registerFileFormat } from "../network/formats.js";
import { type Hdf5, type Hdf5Numbers, isHdf5 } from "../network/keras/hdf5.js";
import { kerasFormat } from "../network/keras/read.js";
import { quote } from "../network/safetensors.js";

/** What is used of jsfive. */
interface Jsfive {
  readonly File: new (buffer: ArrayBuffer, name: string) => Group;
  readonly Group: new (...parts: never) => Group;
  readonly Dataset: new (...parts: never) => Dataset;
}

interface Group {
  readonly keys: readonly string[];
  readonly attrs: Readonly<Record<string, unknown>>;
  get(name: string): Group | Dataset;
}

interface Dataset {
  readonly shape: readonly number[];
  readonly dtype: unknown;
  readonly value: readonly number[];
  readonly _dataobjects: { readonly chunks: readonly number[] | null };
}

registerFileFormat(kerasFormat(openHdf5));

/** Numbers that jsfive makes a list of; it becomes slow beyond. */
const MOST_NUMBERS = 2 ** 25;
const FLOATS = /^[<>]f([248])$/;

/** Opens HDF5. @throws InputError when it is damaged, or of a kind that jsfive does not read. */
function openHdf5(bytes: Uint8Array, where: string): Hdf5 {
  if (isHdf5(bytes)) checkEnd(bytes, where);
  const jsfive: Jsfive = createRequire(import.meta.url)("jsfive");
  /** What jsfive throws is text or any error, and it warns of what it skips. */
  const guarded = <Result>(work: () => Result): Result => {
    const { warn } = console;
    console.warn = () => {};
    try {
      return work();
    } catch (cause) {
      if (cause instanceof InputError) throw cause;
      throw new InputError({
        where,
        what: "its HDF5 is damaged, or of a kind that Filigree does not read",
        hint: "copy or save the model again",
        cause,
      });
    } finally {
      console.warn = warn;
    }
  };
  const root = guarded(() => new jsfive.File(CountingBuffer.of(bytes), where));
  /** Every group is read once. */
  const known = new Map<string, Group | Dataset | undefined>([["", root]]);
  const find = (path: string): Group | Dataset | undefined => {
    if (known.has(path)) return known.get(path);
    const cut = path.lastIndexOf("/");
    const parent = find(path.slice(0, Math.max(cut, 0)));
    const name = path.slice(cut + 1);
    const found = parent instanceof jsfive.Group && parent.keys.includes(name) ? parent.get(name) : undefined;
    known.set(path, found);
    return found;
  };
  return {
    names: (path) =>
      guarded(() => {
        const group = find(path);
        return group instanceof jsfive.Group ? group.keys : [];
      }),
    texts: (path, attribute) =>
      guarded(() => {
        const group = find(path);
        if (!(group instanceof jsfive.Group) || !Object.hasOwn(group.attrs, attribute)) return undefined;
        const value = group.attrs[attribute];
        // Texts of one length are filled up with zeros.
        return [value].flat().map((text) => String(text).replace(/\0+$/, ""));
      }),
    numbers: (path) =>
      guarded(() => {
        const dataset = find(path);
        return dataset instanceof jsfive.Dataset ? numbersOf(dataset, bytes.length, path, where) : undefined;
      }),
  };
}

/** Where a superblock of the versions 0 and 1, and of later ones, says where the file ends. */
const END = [40, 28] as const;

/** @throws InputError when the file ends before it says. */
function checkEnd(bytes: Uint8Array, where: string): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const at = END[bytes[8] < 2 ? 0 : 1];
  const end = bytes.length < at + 8 ? BigInt(at + 8) : view.getBigUint64(at, true);
  if (end <= bytes.length) return;
  throw new InputError({
    where,
    what: `it is truncated: ${end} bytes promised, ${bytes.length} there`,
    hint: "copy the file again",
  });
}

/** @param most bytes that there can be. */
function numbersOf(dataset: Dataset, most: number, path: string, where: string): Hdf5Numbers {
  const fail = (what: string, hint = "save the model again"): never => {
    throw new InputError({ where, what: `its numbers ${quote(path)} ${what}`, hint });
  };
  const { shape, dtype } = dataset;
  const [, size] = FLOATS.exec(String(dtype)) ?? [];
  if (size === undefined) return fail("are no floating-point numbers", "save a model in float32");
  const length = shape.reduce((product, extent) => product * extent, 1);
  if (!(length <= MOST_NUMBERS))
    return fail(`are more than ${MOST_NUMBERS}, which is not read of Keras's files`);
  if (!(length * Number(size) <= most))
    return fail(`are truncated: [${shape}] is more than the file`, "copy the file again");
  if (dataset._dataobjects.chunks) return fail("are stored in chunks", "save it without compression");
  return { shape, values: Float32Array.from(dataset.value) };
}

/** Beyond these it is no file, but a trap. */
const MOST_PIECES = 2 ** 21;
const MOST_TIMES = 64;

/**
 * A buffer of which only so many pieces are given: every structure that jsfive reads has a name or a signature, which it takes out with
 * `slice`, so that a file whose structures refer to each other in a circle comes to an end.
 */
class CountingBuffer extends ArrayBuffer {
  private pieces = 0;
  private taken = 0;

  static of(bytes: Uint8Array): CountingBuffer {
    const buffer = new CountingBuffer(bytes.length);
    new Uint8Array(buffer).set(bytes);
    return buffer;
  }

  static override get [Symbol.species](): ArrayBufferConstructor {
    return ArrayBuffer;
  }

  override slice(begin?: number, end?: number): ArrayBuffer {
    const piece = super.slice(begin ?? 0, end);
    this.taken += piece.byteLength;
    if (++this.pieces > Math.min(this.byteLength, MOST_PIECES) || this.taken > MOST_TIMES * this.byteLength)
      throw new RangeError("its structures refer to each other without an end");
    return piece;
  }
}
