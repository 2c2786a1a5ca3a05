// A network in int8 as the native executor and WebAssembly take it: words that say what it is made of, its weights, and its
// floats. native/int8_stream.cc reads them in the same order, and exported WebAssembly carries them.
import { cellKinds } from "../network/architecture.js";
import type { Int8Network } from "./int8.js";
import type { Product } from "./program.js";

export interface Int8Words {
  readonly words: Int32Array;
  readonly weights: Int8Array;
  readonly floats: Float32Array;
}

/** The words of an int8 network. Nodes are numbered from 1 on in the order of the program; 0 is the input. */
export function int8Words({ program, inverses, matrices }: Int8Network): Int8Words {
  const { input, widths, embedding, operations, readout } = program;
  const [own] = widths.keys();
  const numbers = new Map([own, ...operations.map(({ name }) => name)].map((name, number) => [name, number]));
  const words: number[] = [];
  const weights: Int8Array[] = [];
  const floats: Float32Array[] = [];
  const inverseOf = (name: string) => floats.push(Float32Array.of(inverses.get(name) ?? 0));
  const product = (one: Product) => {
    const matrix = matrices.get(one)!;
    weights.push(matrix.weights);
    floats.push(matrix.scales);
  };
  words.push(input.kind === "symbols" ? input.vocabulary : 0, input.width);
  words.push(readout.bias.length, operations.length);
  if (embedding) floats.push(embedding);
  inverseOf(own);
  for (const operation of operations) {
    const { name, size } = operation;
    inverseOf(name);
    if (operation.type === "sum") {
      words.push(
        cellKinds.length,
        size,
        operation.of.length,
        ...operation.of.map((one) => numbers.get(one)!),
      );
      continue;
    }
    const { kind, bias, inputs, hidden } = operation;
    words.push(cellKinds.indexOf(kind), size, inputs.length);
    words.push(...inputs.map(({ source }) => numbers.get(source)!));
    floats.push(bias);
    for (const one of [...inputs, hidden]) product(one);
  }
  words.push(readout.products.length, ...readout.products.map(({ source }) => numbers.get(source)!));
  floats.push(readout.bias);
  for (const one of readout.products) product(one);
  return {
    words: Int32Array.from(words),
    weights: joined(weights, (length) => new Int8Array(length)),
    floats: joined(floats, (length) => new Float32Array(length)),
  };
}

function joined<A extends Int8Array | Float32Array>(parts: readonly A[], make: (length: number) => A): A {
  const whole = make(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
