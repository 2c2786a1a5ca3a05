// Runs a program step by step, in plain TypeScript: its products as a kind of stream has them, everything else in single precision
// with the activations that exported C has.

import { sigmoidAndTanh32, sigmoids32, tanh32 } from "../math/activations.js";
import type { CellKind } from "../network/architecture.js";
import { inputNames } from "../network/architecture.js";
import type { Product, Program } from "./program.js";

const { fround } = Math;

export abstract class ProgramStream {
  readonly program: Program;
  /** The outputs of every node, and the input, after the step at work. */
  private readonly outputs: ReadonlyMap<string, Float32Array>;
  /** LSTM's c. */
  private readonly states = new Map<string, Float32Array>();
  private readonly gates: Float32Array;
  private readonly said: Float32Array;

  constructor(program: Program) {
    this.program = program;
    this.outputs = new Map(Array.from(program.widths, ([name, width]) => [name, new Float32Array(width)]));
    let most = 0;
    for (const one of program.operations) {
      if (one.type !== "cell") continue;
      most = Math.max(most, one.bias.length);
      if (one.kind === "lstm") this.states.set(one.name, new Float32Array(one.size));
    }
    this.gates = new Float32Array(most);
    this.said = new Float32Array(program.readout.bias.length);
  }

  /** Forgets all steps so far. */
  reset(): void {
    for (const values of this.outputs.values()) values.fill(0);
    for (const values of this.states.values()) values.fill(0);
  }

  /** Takes in a symbol or standardised numbers, and returns the outputs after it, in the same array each time. */
  step(input: number | Float32Array): Float32Array {
    const { program, gates, said } = this;
    const { widths, embedding } = program;
    const own = inputNames[program.input.kind];
    const read = this.outputs.get(own)!;
    const width = widths.get(own)!;
    read.set(typeof input === "number" ? embedding!.subarray(input * width, (input + 1) * width) : input);
    this.written(own, read);
    for (const operation of program.operations) {
      const output = this.outputs.get(operation.name)!;
      if (operation.type === "sum") {
        const [first, ...others] = operation.of.map((source) => this.outputs.get(source)!);
        output.set(first);
        for (const other of others) {
          for (let i = 0; i < output.length; i++) output[i] = other[i] + output[i];
        }
      } else {
        gates.set(operation.bias);
        for (const product of operation.inputs) this.multiply(product, gates);
        this.multiply(operation.hidden, gates);
        cells[operation.kind](gates, output, this.states.get(operation.name)!);
      }
      this.written(operation.name, output);
    }
    said.set(program.readout.bias);
    for (const product of program.readout.products) this.multiply(product, said);
    return said;
  }

  /** Is told what a node gives, or the input is, at this step. */
  protected abstract written(source: string, values: Float32Array): void;

  /** Adds a product to the rows of `out` that are its. */
  protected abstract multiply(product: Product, out: Float32Array): void;

  protected valuesOf(source: string): Float32Array {
    return this.outputs.get(source)!;
  }
}

/** The equations of each kind of cell (cells.ts) over all its units, in place of the outputs and states of the step before. */
const cells: Readonly<Record<CellKind, (gates: Float32Array, h: Float32Array, c: Float32Array) => void>> = {
  "rnn-tanh"(gates, h) {
    for (let u = 0; u < h.length; u++) h[u] = tanh32(gates[u]);
  },
  "rnn-relu"(gates, h) {
    for (let u = 0; u < h.length; u++) h[u] = Math.max(0, gates[u]);
  },
  lstm(gates, h, c) {
    const units = h.length;
    for (let u = 0; u < units; u++) {
      const [i, f] = sigmoids32(gates[u], gates[units + u]);
      const [o, g] = sigmoidAndTanh32(gates[3 * units + u], gates[2 * units + u]);
      c[u] = fround(f * c[u]) + fround(i * g);
      h[u] = o * tanh32(c[u]);
    }
  },
  gru(gates, h) {
    const units = h.length;
    for (let u = 0; u < units; u++) {
      const [r, z] = sigmoids32(gates[units + u], gates[2 * units + u]);
      const n = tanh32(fround(fround(r * gates[3 * units + u]) + gates[u]));
      h[u] = fround(z * fround(h[u] - n)) + n;
    }
  },
};
