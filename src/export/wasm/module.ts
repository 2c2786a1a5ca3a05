// A module of WebAssembly with a network inside: the project's own, wasm/standalone.wasm, with the network's numbers behind its memory,
// a start that makes the network of them, and of its exports only those that a page calls. The format is that of
// https://webassembly.github.io/spec/core/binary
import type { Standardisation } from "../../data/standardise.js";
import { Bytes } from "../bytes.js";

/** What native/standalone/interface.cc is given. */
export interface Contents {
  readonly int8: boolean;
  /** Of a plan, or, in int8, of a network (engine/int8-words.ts). */
  readonly words: Int32Array;
  /** Masks, or whole weights. */
  readonly bytes: Uint8Array | Int8Array;
  /** Parameters, or what int8 has besides weights. */
  readonly floats: Float32Array;
  /** Of what is read and of what is said, where it is standardised. */
  readonly input: Standardisation | undefined;
  readonly output: Standardisation | undefined;
}

const PAGE = 65536;
const sections = { custom: 0, memory: 5, global: 6, export: 7, start: 8, code: 10, data: 11, count: 12 };
const kept = ["memory", "input", "output", "step", "reset"];

interface Section {
  readonly id: number;
  readonly bytes: Uint8Array;
}

/**
 * The module with a network.
 * @param module wasm/standalone.wasm.
 * @param about the text of a custom section, "filigree".
 */
export function moduleOf(module: Uint8Array, contents: Contents, about: string): Uint8Array {
  const parts = sectionsOf(module);
  const bytesOf = (id: number) => parts.find((part) => part.id === id)!.bytes;
  const pages = new Reader(bytesOf(sections.memory)).after(2).number();
  const exported = exportsOf(bytesOf(sections.export));
  const network = constantOf(
    bytesOf(sections.global),
    exported.find(({ name }) => name === "network")!.index,
  );
  const { data, structure } = layOut(contents, pages * PAGE);
  const more = Math.ceil(data.length / PAGE);
  const replaced: Readonly<Record<number, (bytes: Uint8Array) => Uint8Array>> = {
    [sections.memory]: () =>
      new Bytes()
        .number(1)
        .number(0)
        .number(pages + more)
        .finish(),
    [sections.count]: (bytes) => new Bytes().number(new Reader(bytes).number() + 2).finish(),
    [sections.data]: (bytes) => {
      const reader = new Reader(bytes);
      const count = reader.number();
      const own = new Bytes().number(count + 2).raw(reader.rest());
      // The second one writes over the zeros of the module's own.
      segment(own, pages * PAGE, data);
      segment(own, network, structure);
      return own.finish();
    },
    [sections.export]: () => {
      const names = exported.filter(({ name }) => kept.includes(name));
      const own = new Bytes().number(names.length);
      for (const { name, kind, index } of names) own.text(name).raw(Uint8Array.of(kind)).number(index);
      return own.finish();
    },
  };
  const whole = new Bytes().raw(module.subarray(0, 8));
  const put = (id: number, bytes: Uint8Array) => whole.raw(Uint8Array.of(id)).counted(bytes);
  for (const { id, bytes } of parts) {
    if (id === sections.custom) continue;
    put(id, replaced[id]?.(bytes) ?? bytes);
    if (id !== sections.export) continue;
    put(
      sections.start,
      new Bytes().number(exported.find(({ name }) => name === "_initialize")!.index).finish(),
    );
  }
  put(sections.custom, new Bytes().text("filigree").raw(new TextEncoder().encode(about)).finish());
  return whole.finish();
}

function segment(to: Bytes, at: number, data: Uint8Array): void {
  // Of memory 0, from an i32.const on.
  to.number(0).raw(Uint8Array.of(0x41)).signed(at).raw(Uint8Array.of(0x0b)).counted(data);
}

/** Everything of a network from a place of memory on, and `Network` of native/standalone/interface.cc, which says where. */
function layOut(contents: Contents, from: number): { data: Uint8Array; structure: Uint8Array } {
  const data = new Bytes();
  const place = (array: ArrayBufferView | undefined): number => {
    if (!array || array.byteLength === 0) return 0;
    while (data.length % 8 !== 0) data.raw(Uint8Array.of(0));
    const at = from + data.length;
    data.raw(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
    return at;
  };
  const sparse = (all: Uint8Array | Int8Array | Float32Array): number[] => {
    const bits = new Uint8Array(Math.ceil(all.length / 8));
    for (let i = 0; i < all.length; i++) if (all[i] !== 0) bits[i >> 3] |= 1 << (i & 7);
    return [place(bits), place(all.filter((value) => value !== 0)), all.length];
  };
  const scaling = (own: Standardisation | undefined): number[] =>
    [own?.mean, own?.deviation].map((values) => place(values && Float64Array.from(values)));
  const { int8, words, bytes, floats, input, output } = contents;
  const fields = [
    Number(int8),
    place(words),
    words.length,
    ...sparse(bytes),
    ...sparse(floats),
    ...scaling(input),
    ...scaling(output),
  ];
  return { data: data.finish(), structure: new Uint8Array(Uint32Array.from(fields).buffer) };
}

class Reader {
  private readonly bytes: Uint8Array;
  private at = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  get ended(): boolean {
    return this.at === this.bytes.length;
  }

  after(count: number): this {
    this.at += count;
    return this;
  }

  byte(): number {
    return this.bytes[this.at++];
  }

  take(count: number): Uint8Array {
    this.at += count;
    return this.bytes.subarray(this.at - count, this.at);
  }

  rest(): Uint8Array {
    return this.bytes.subarray(this.at);
  }

  /** A number in LEB128, without a sign. */
  number(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.byte();
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
  }
}

function sectionsOf(module: Uint8Array): Section[] {
  const reader = new Reader(module).after(8);
  const all: Section[] = [];
  while (!reader.ended) {
    const id = reader.byte();
    all.push({ id, bytes: reader.take(reader.number()) });
  }
  return all;
}

function exportsOf(section: Uint8Array): { name: string; kind: number; index: number }[] {
  const reader = new Reader(section);
  return Array.from({ length: reader.number() }, () => {
    const name = new TextDecoder().decode(reader.take(reader.number()));
    return { name, kind: reader.byte(), index: reader.number() };
  });
}

/** The value of a constant global of type i32; its address, of one that the linker has made for a variable. */
function constantOf(section: Uint8Array, index: number): number {
  const reader = new Reader(section);
  reader.number();
  for (let i = 0; ; i++) {
    // Its type, whether it may change, and i32.const; an address is positive, and so are its bits.
    reader.after(3);
    const value = reader.number();
    reader.after(1);
    if (i === index) return value;
  }
}
