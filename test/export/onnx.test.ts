// Exported ONNX, run by ONNX Runtime, says what an evaluation says of whole batches, and as a stream what the engine's stream
// says step by step: for every cell, wiring, direction and length.
import * as ort from "onnxruntime-web";
import { describe, expect, it } from "vitest";
import type { Batches } from "../../src/data/batches.js";
import { standardise, unstandardise } from "../../src/data/standardise.js";
import { compile } from "../../src/engine/compile.js";
import { ReferenceExecutor } from "../../src/engine/reference.js";
import { stream } from "../../src/engine/stream.js";
import { exportOnnx } from "../../src/export/onnx/onnx.js";
import { Random } from "../../src/math/random.js";
import {
  type Architecture,
  type CellKind,
  cellKinds,
  isBidirectional,
} from "../../src/network/architecture.js";
import type { Network } from "../../src/network/network.js";
import {
  batchesOf,
  deadEnds,
  everyStep,
  fitted,
  forecasting,
  layers,
  networkWith,
  over,
  overValues,
  skips,
  standardised,
  twoWay,
  twoWayWeb,
  web,
} from "../engine/setups.js";

ort.env.wasm.numThreads = 1;

const SYMBOLS = 7;
const shapes: { name: string; architecture(kind: CellKind): Architecture; density?: number }[] = [
  { name: "1 unit", architecture: (k) => layers(k, 1, 1) },
  { name: "three layers", architecture: (k) => layers(k, 3, 16, 17, 9) },
  { name: "skips", architecture: skips, density: 0.5 },
  { name: "web", architecture: web },
  { name: "dead ends, every step", architecture: (k) => everyStep(deadEnds(k)) },
  { name: "tied", architecture: (k) => everyStep(over(40, layers(k, 9, 5, 9)), true) },
  { name: "channels", architecture: (k) => overValues(5, layers(k, 1, 12)) },
  { name: "forecast", architecture: (k) => everyStep(forecasting(overValues(3, layers(k, 1, 7)))) },
  { name: "forecast at the end", architecture: (k) => forecasting(overValues(1, skips(k))) },
  { name: "two ways", architecture: (k) => twoWay(k, 4, 5, 3) },
  { name: "two ways, every step", architecture: (k) => everyStep(overValues(2, twoWay(k, 4, 5))) },
  { name: "two-way web", architecture: twoWayWeb },
];

function networkOf(kind: CellKind, { name, architecture, density = 1 }: (typeof shapes)[number]): Network {
  const random = new Random(`${name} ${kind}`);
  return standardised(networkWith(architecture(kind), density, random), random, 1000);
}

/** A batch as ONNX takes it, [batch][time][width], with numbers in their own units, and as the engine does. */
function batchOf(network: Network, size: number, longest: number) {
  const { architecture, conventions } = network;
  const random = new Random(`${size} ${longest}`);
  const own = fitted(random, architecture, batchesOf(random, [size], longest, SYMBOLS));
  const [steps] = own.steps;
  const width = architecture.input.kind === "values" ? architecture.input.width : 1;
  const raw = Float32Array.from(own.inputs);
  const { standardisation } = conventions;
  if (standardisation) {
    const { mean, deviation } = standardisation;
    for (let i = 0; i < raw.length; i++) raw[i] = raw[i] * deviation[i % width] + mean[i % width];
  }
  const standardised = raw.slice();
  if (standardisation) standardise(standardised, standardisation);
  const batches: Batches = architecture.input.kind === "values" ? { ...own, inputs: standardised } : own;
  const turned = new Float32Array(raw.length);
  for (let t = 0; t < steps; t++) {
    for (let l = 0; l < size; l++) {
      turned.set(raw.subarray((t * size + l) * width, (t * size + l + 1) * width), (l * steps + t) * width);
    }
  }
  return { batches, turned, steps, width };
}

function feed(
  network: Network,
  values: Float32Array,
  size: number,
  steps: number,
): Record<string, ort.Tensor> {
  const { input } = network.architecture;
  if (input.kind === "values")
    return { values: new ort.Tensor("float32", values, [size, steps, input.width]) };
  return {
    symbols: new ort.Tensor(
      "int64",
      BigInt64Array.from(values, (x) => BigInt(x)),
      [size, steps],
    ),
  };
}

function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>): void {
  expect(actual.length).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) {
    expect(Math.abs(actual[i] - expected[i]) / Math.max(1, Math.abs(expected[i]))).toBeLessThan(1e-5);
  }
}

describe.each(cellKinds)("exported ONNX of %s", (kind) => {
  it.each(shapes)("says what an evaluation says: $name", async (shape) => {
    const network = networkOf(kind, shape);
    const { outputs, at } = network.architecture.readout;
    const session = await ort.InferenceSession.create(exportOnnx(network, { name: "net", streaming: false }));
    for (const [size, longest] of [
      [5, 9],
      [1, 1],
      [3, 50],
    ]) {
      const { batches, turned, steps } = batchOf(network, size, longest);
      const lengths = new ort.Tensor("int32", batches.lengths.slice(), [size]);
      const { output } = await session.run({ ...feed(network, turned, size, steps), lengths });
      expect(output.dims).toEqual(at ? [size, steps, outputs] : [size, outputs]);
      const plan = compile(network, { batch: size, steps, symbols: batches.inputs, purpose: "evaluate" });
      const said = (await new ReferenceExecutor(plan, network.parameters).evaluate(batches, "outputs"))
        .outputs;
      const { targetStandardisation } = network.conventions;
      if (targetStandardisation) unstandardise(said, targetStandardisation);
      const actual = output.data as Float32Array;
      if (!at) {
        expectClose(actual, said);
        continue;
      }
      // Of every example, the steps that it has. The engine has them [step][example].
      for (let l = 0; l < size; l++) {
        for (let t = 0; t < batches.lengths[l]; t++) {
          const [from, own] = [(l * steps + t) * outputs, (t * size + l) * outputs];
          expectClose(actual.subarray(from, from + outputs), said.subarray(own, own + outputs));
        }
      }
    }
  });

  const oneWay = shapes.filter(({ architecture }) => !isBidirectional(architecture(kind)));
  it.each(oneWay)("says as a stream what the engine's says: $name", async (shape) => {
    const network = networkOf(kind, shape);
    const { outputs } = network.architecture.readout;
    const { standardisation, targetStandardisation } = network.conventions;
    const session = await ort.InferenceSession.create(exportOnnx(network, { name: "net", streaming: true }));
    const own = stream(network);
    const { turned, width } = batchOf(network, 1, 12);
    const states = session.inputMetadata.filter(({ name }) => /^[hc]_/.test(name));
    let carried: Record<string, ort.Tensor> = {};
    for (const state of states) {
      if (!state.isTensor) continue;
      const units = state.shape[2] as number;
      carried[state.name] = new ort.Tensor("float32", new Float32Array(units), [1, 1, units]);
    }
    // Some steps at a time.
    for (let from = 0, count = 1; from < turned.length / width; from += count, count = (count % 3) + 1) {
      const values = turned.slice(from * width, (from + count) * width);
      const steps = values.length / width;
      const { output, ...after } = await session.run({ ...feed(network, values, 1, steps), ...carried });
      expect(output.dims).toEqual([1, steps, outputs]);
      carried = Object.fromEntries(states.map(({ name }) => [name, after[`${name}_out`]]));
      for (let t = 0; t < steps; t++) {
        const step = values.slice(t * width, (t + 1) * width);
        if (standardisation) standardise(step, standardisation);
        const said = own.step(network.architecture.input.kind === "values" ? step : step[0]).slice();
        if (targetStandardisation) unstandardise(said, targetStandardisation);
        expectClose((output.data as Float32Array).subarray(t * outputs, (t + 1) * outputs), said);
      }
    }
  });
});

it("is not a stream of a network that reads both ways", () => {
  const network = networkWith(twoWay("gru", 2, 3), 1, new Random("two ways"));
  expect(() => exportOnnx(network, { name: "net", streaming: true })).toThrow(
    /^the network is bidirectional/,
  );
});
