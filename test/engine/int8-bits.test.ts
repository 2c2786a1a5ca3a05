// Streams in int8 on every executor and instruction set say the bits of the reference, whatever the cells, the wiring and the form
// that a matrix is held in; and the border to C++ takes no network that is not whole.
import { describe, expect, it } from "vitest";
import type { Pattern } from "../../src/bench/patterns.js";
import { Calibration } from "../../src/engine/calibrate.js";
import { Int8Stream, int8Network } from "../../src/engine/int8.js";
import { int8Stepper } from "../../src/engine/int8-executors.js";
import { int8Words } from "../../src/engine/int8-words.js";
import { loadNative } from "../../src/engine/native.js";
import { Random } from "../../src/math/random.js";
import { type Architecture, type CellKind, cellKinds } from "../../src/network/architecture.js";
import { Network } from "../../src/network/network.js";
import {
  everyStep,
  executorOf,
  forecasting,
  instructionSets,
  layers,
  networkWith,
  over,
  overValues,
  skips,
  web,
  withInstructionSet,
} from "./setups.js";

const SYMBOLS = 12;
const shapes: { name: string; architecture(kind: CellKind): Architecture; tied?: boolean }[] = [
  { name: "1 unit", architecture: (k) => layers(k, 1, 1) },
  { name: "16, 17", architecture: (k) => layers(k, 3, 16, 17) },
  { name: "131", architecture: (k) => layers(k, 9, 131) },
  { name: "skips", architecture: skips },
  { name: "web", architecture: web },
  { name: "tied", architecture: (k) => layers(k, 20, 20), tied: true },
  { name: "a channel", architecture: (k) => overValues(1, layers(k, 1, 17, 5)) },
  {
    name: "28 channels, forecasts",
    architecture: (k) => everyStep(forecasting(overValues(28, layers(k, 1, 40)))),
  },
];
const forms: { name: string; density: number; pattern?: Pattern }[] = [
  { name: "dense", density: 1 },
  { name: "single weights", density: 0.1 },
  { name: "16 x 1", density: 0.2, pattern: { rows: 16, columns: 1 } },
  { name: "8 x 1", density: 0.2, pattern: { rows: 8, columns: 1 } },
  { name: "4 x 4", density: 0.1, pattern: { rows: 4, columns: 4 } },
  { name: "16 x 4", density: 0.2, pattern: { rows: 16, columns: 4 } },
  { name: "hardly any", density: 0.01 },
];

/** A network that random inputs have calibrated, and more of such inputs, some of them beyond its ranges. */
function setUp(
  { name, architecture, tied = false }: (typeof shapes)[number],
  kind: CellKind,
  { density, pattern }: (typeof forms)[number],
): { network: Network; inputs: (number | Float32Array)[] } {
  const random = new Random(`${name} ${kind} ${density}`);
  const own = over(SYMBOLS, architecture(kind));
  const plain = networkWith(tied ? everyStep(own, true) : own, density, random, density, pattern);
  const { input } = plain.architecture;
  const draw = (spread: number) =>
    input.kind === "symbols"
      ? random.below(SYMBOLS)
      : Float32Array.from({ length: input.width }, () => spread * random.normal());
  const calibration = new Calibration(plain);
  for (let t = 0; t < 100; t++) calibration.step(draw(1));
  const network = new Network(plain.architecture, plain.parameters, plain.masks, {
    ...plain.conventions,
    activations: calibration.ranges(99),
  });
  return { network, inputs: Array.from({ length: 70 }, () => draw(2)) };
}

/** What comes out of the inputs, with a new start in their middle. */
function outputsOf(stepper: ReturnType<typeof int8Stepper>, inputs: (number | Float32Array)[]): number[][] {
  return inputs.map((input, t) => {
    if (t === inputs.length >> 1) stepper.reset();
    return [...stepper.step(input)];
  });
}

describe.each(cellKinds)("int8 streams of %s say the reference's bits", (kind) => {
  it.each(shapes)("$name", (shape) => {
    for (const form of forms) {
      const { network, inputs } = setUp(shape, kind, form);
      const expected = outputsOf(new Int8Stream(int8Network(network)), inputs);
      // The best one, which FILIGREE_ISA need not have a name for, and all others.
      const steppers = [
        ["the best", int8Stepper(network)] as const,
        ...instructionSets.map(
          (isa) => [isa, withInstructionSet(isa, () => int8Stepper(network, executorOf(isa)))] as const,
        ),
      ];
      for (const [isa, stepper] of steppers)
        expect(outputsOf(stepper, inputs), `${form.name}, ${isa}`).toEqual(expected);
    }
  });
});

const { addon } = loadNative();

describe.skipIf(!addon)("the border to C++", () => {
  const { network } = setUp(shapes[3], "lstm", forms[0]);
  const whole = int8Words(int8Network(network));

  it("takes a network that is whole, and steps that fit it", () => {
    const stream = new addon!.NativeInt8Stream(whole.words, whole.weights, whole.floats);
    const outputs = new Float32Array(3);
    stream.step(1, outputs);
    for (const bad of [-1, SYMBOLS, 0.5, Number.NaN])
      expect(() => stream.step(bad, outputs)).toThrow("the symbol is not a row of the stream's tables");
    expect(() => stream.step(Float32Array.of(1), outputs)).toThrow(/symbol is not/);
    expect(() => stream.step(1, new Float32Array(2))).toThrow(/of another length/);
  });

  it("refuses arrays that are too short or too long, and words that are none of a network", () => {
    const { NativeInt8Stream } = addon!;
    const { words, weights, floats } = whole;
    const refused = (words: Int32Array, weights: Int8Array, floats: Float32Array) =>
      expect(() => new NativeInt8Stream(words, weights, floats)).toThrow(/^the network cannot be run: /);
    for (let end = 0; end < words.length; end++) refused(words.subarray(0, end), weights, floats);
    refused(words, weights.subarray(1), floats);
    refused(words, weights, floats.subarray(1));
    refused(Int32Array.of(...words, 0), weights, floats);
    refused(words, new Int8Array(weights.length + 1), floats);
    refused(words, weights, new Float32Array(floats.length + 1));
    for (const place of words.keys()) {
      for (const bad of [-1, 2 ** 24, 2 ** 30, 2 ** 31 - 1]) refused(words.with(place, bad), weights, floats);
    }
    for (const bad of [-1, Number.NaN, Number.POSITIVE_INFINITY])
      refused(words, weights, floats.with(SYMBOLS * words[1], bad));
  });
});
