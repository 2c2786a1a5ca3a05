// What a network does with one sequence: the state of every unit and the outputs after each step. It runs in plain TypeScript,
// beside the executor, because executors keep no states that could be asked for.

import { standardise, unstandardise } from "../../data/standardise.js";
import { encodeText } from "../../data/symbols.js";
import { type Product, programOf } from "../../engine/program.js";
import { ProgramStream } from "../../engine/program-stream.js";
import { exp } from "../../math/exp.js";
import type { Network } from "../../network/network.js";

/** A sequence: symbols, or [step][channel] numbers as they are in files. */
export type Sequence = { readonly text: string } | { readonly values: Float32Array };

export interface Reading {
  /** What each step is called: its symbol, or its number from 1. */
  readonly steps: readonly string[];
  /** Of every cell, [step][unit]. */
  readonly cells: readonly { readonly name: string; readonly units: number; readonly states: Float32Array }[];
  /** [step][class or symbol] probabilities after each step, or [step][target] forecasts in their own units. */
  readonly outputs: Float32Array;
  readonly width: number;
}

/** Steps of which a reading is made at most. */
export const MOST_STEPS = 200;

class States extends ProgramStream {
  readonly kept: ReadonlyMap<string, number[]>;

  constructor(network: Network) {
    super(programOf(network));
    const cells = this.program.operations.filter(({ type }) => type === "cell");
    this.kept = new Map(cells.map(({ name }) => [name, []]));
  }

  protected written(source: string, values: Float32Array): void {
    this.kept.get(source)?.push(...values);
  }

  protected multiply({ source, rows, columns, first, weights }: Product, out: Float32Array): void {
    const from = this.valuesOf(source);
    for (let r = 0, k = 0; r < rows; r++) {
      let sum = out[first + r];
      for (let c = 0; c < columns; c++, k++) sum += weights[k] * from[c];
      out[first + r] = sum;
    }
  }
}

/** Reads a sequence, the first `MOST_STEPS` of it. @throws InputError when it has symbols that the network does not know. */
export function read(network: Network, sequence: Sequence): Reading {
  const { steps, inputs } = inputsOf(network, sequence);
  const states = new States(network);
  const width = network.architecture.readout.outputs;
  const outputs = new Float32Array(inputs.length * width);
  const { architecture, conventions } = network;
  const isForecast = architecture.readout.predicts === "numbers";
  for (const [t, input] of inputs.entries()) {
    const said = states.step(input);
    outputs.set(isForecast ? said : softmax(said), t * width);
  }
  if (conventions.targetStandardisation) unstandardise(outputs, conventions.targetStandardisation);
  const cells = Array.from(states.kept, ([name, values]) => ({
    name,
    units: values.length / Math.max(1, inputs.length),
    states: Float32Array.from(values),
  }));
  return { steps, cells, outputs, width };
}

function inputsOf(
  { architecture, conventions }: Network,
  sequence: Sequence,
): { steps: string[]; inputs: (number | Float32Array)[] } {
  if ("values" in sequence) {
    const { width } = architecture.input;
    const values = sequence.values.slice(0, MOST_STEPS * width);
    if (conventions.standardisation) standardise(values, conventions.standardisation);
    const inputs = Array.from({ length: values.length / width }, (_, t) =>
      values.subarray(t * width, (t + 1) * width),
    );
    return { steps: inputs.map((_, t) => String(t + 1)), inputs };
  }
  const { vocabulary } = conventions;
  const { text } = sequence;
  if (text === "") return { steps: [], inputs: [] };
  const rows =
    architecture.readout.at === "every-step"
      ? encodeText(vocabulary.symbols, text, "the text").symbols
      : vocabulary.encode(text, () => "the string");
  const inputs = Array.from(rows.slice(0, MOST_STEPS));
  return { steps: inputs.map((row) => vocabulary.symbols[row]), inputs };
}

function softmax(logits: Float32Array): Float32Array {
  const most = logits.reduce((a, b) => Math.max(a, b));
  const powers = logits.map((logit) => exp(logit - most));
  const sum = powers.reduce((a, b) => a + b);
  return powers.map((power) => power / sum);
}
