// What a network says of a few sequences, beside what the program said that it comes from.
import { expect } from "vitest";
import { standardise } from "../../src/data/standardise.js";
import { compile } from "../../src/engine/compile.js";
import { ReferenceExecutor } from "../../src/engine/reference.js";
import type { Network } from "../../src/network/network.js";

/** Sequences as other programs have them, and their outputs. */
export interface Said {
  /** By sequence, step and channel. */
  readonly input: readonly number[];
  /** Steps of each sequence; the rest up to the longest is padding. */
  readonly lengths: readonly number[];
  /** By sequence, step where every step is read, and output. */
  readonly output: readonly number[];
}

/** Runs the network in the reference executor and compares its outputs. Numbers are standardised as the network says. */
export async function expectSaid(network: Network, { input, lengths, output }: Said): Promise<void> {
  const batch = lengths.length;
  const steps = Math.max(...lengths);
  const width = input.length / batch / steps;
  const byStep = Array.from({ length: steps }, (_, t) =>
    Array.from({ length: batch }, (_, l) =>
      input.slice((l * steps + t) * width, (l * steps + t + 1) * width),
    ),
  ).flat(2);
  const { input: read, readout } = network.architecture;
  const { standardisation } = network.conventions;
  const inputs = read.kind === "symbols" ? Uint16Array.from(byStep) : Float32Array.from(byStep);
  if (standardisation && inputs instanceof Float32Array) standardise(inputs, standardisation);
  const rows = readout.at ? batch * steps : batch;
  const batches = {
    count: 1,
    sizes: Int32Array.of(batch),
    steps: Int32Array.of(steps),
    inputs,
    lengths: Int32Array.from(lengths),
    targets: readout.predicts ? new Float32Array(rows * readout.outputs) : new Int32Array(rows),
  };
  const plan = compile(network, { batch, steps, symbols: inputs, purpose: "evaluate" });
  const { outputs } = await new ReferenceExecutor(plan, network.parameters).evaluate(batches, "outputs");
  expect(outputs.length).toBe(output.length);
  for (const [i, expected] of output.entries()) {
    const [row, o] = [Math.floor(i / readout.outputs), i % readout.outputs];
    const place = readout.at ? (row % steps) * batch + Math.floor(row / steps) : row;
    expect(outputs[place * readout.outputs + o]).toBeCloseTo(expected, 5);
  }
}
