// Streams in int8: their arithmetic against the definition, how near they are to float32, and what they refuse.
import { describe, expect, it } from "vitest";
import { createDataset } from "../../src/data/dataset.js";
import { Calibration } from "../../src/engine/calibrate.js";
import { compile } from "../../src/engine/compile.js";
import { Int8Stream, int8Network, int8Of, inverseScale, roundInto } from "../../src/engine/int8.js";
import type { Product } from "../../src/engine/program.js";
import { ReferenceExecutor } from "../../src/engine/reference.js";
import { evaluateInStream } from "../../src/engine/stepper.js";
import { stream } from "../../src/engine/stream.js";
import { InputError } from "../../src/errors.js";
import { sigmoidAndTanh32, sigmoids32, tanh32 } from "../../src/math/activations.js";
import { Random } from "../../src/math/random.js";
import { type CellKind, cellKinds } from "../../src/network/architecture.js";
import { Network } from "../../src/network/network.js";
import { parseNetwork, saveNetwork } from "../../src/network/weights.js";
import { calibrate, evaluate } from "../../src/train/evaluate.js";
import { calibrateOnTexts, evaluateTexts } from "../../src/train/language.js";
import {
  batchesOf,
  distance,
  everyStep,
  fitted,
  forecasting,
  layers,
  networkWith,
  over,
  overValues,
  skips,
  symbolsTo,
  twoWay,
  web,
} from "./setups.js";

const product = (rows: number, columns: number, weights: number[]): Product => ({
  source: "x",
  first: 0,
  rows,
  columns,
  gates: 1,
  weights: Float32Array.from(weights),
});

it("rounds to the nearest whole number, halves to the even one, and no further than 127", () => {
  const values = [0, -0, 0.5, 1.5, 2.5, -0.5, -1.5, 0.49999997, 126.5, 127.4, 127.6, 1e30, -1e30, 126.49999];
  const rounded = new Int8Array(values.length);
  roundInto(rounded, Float32Array.from(values), inverseScale(127));
  expect([...rounded]).toEqual([0, 0, 0, 2, 2, 0, -2, 0, 126, 127, 127, 127, -127, 126]);
});

it("gives each row of a matrix a scale by its largest weight", () => {
  const { weights, scales } = int8Of(product(3, 2, [1, -0.5, 0, 0, 0.001, 0.002]), 2);
  expect([...weights]).toEqual([127, -64, 0, 0, 64, 127]);
  const scale = (most: number) => Math.fround(Math.fround(most / 127) * Math.fround(2 / 127));
  expect([...scales]).toEqual([scale(1), 0, scale(Math.fround(0.002))]);
});

it("refuses what int8 does not hold usefully", () => {
  const outlier = product(1, 5, [1000, 1, 1, -1, 2]);
  expect(() => int8Of(outlier, 1)).toThrow(InputError);
  expect(() => int8Of(outlier, 1)).toThrow(
    /^weights from "x": 80 % of them would be rounded to 0, because a few/,
  );
  expect(() => int8Of(product(1, 1, [1e-45]), 1)).toThrow(/a row with a weight of .* has no scale/);
  const wide = { ...product(1, 0, []), columns: 140_000, weights: new Float32Array(140_000) };
  expect(() => int8Of(wide, 1)).toThrow(/140000 columns are more than a sum of int8 products holds, 133144/);
});

it("has the activations of the native executor's to their errors", () => {
  let [worst, worstSigmoid] = [0, 0];
  for (let x = -100; x <= 100; x += 0.0137) {
    const at = Math.fround(x);
    worst = Math.max(worst, Math.abs(tanh32(at) - Math.tanh(at)));
    const sigmoid = 1 / (1 + Math.exp(-at));
    const [a, b] = sigmoids32(at, Math.fround(-at));
    const [c, d] = sigmoidAndTanh32(at, at);
    worst = Math.max(worst, Math.abs(d - Math.tanh(at)));
    worstSigmoid = Math.max(worstSigmoid, ...[a - sigmoid, c - sigmoid, b - (1 - sigmoid)].map(Math.abs));
  }
  expect(worst).toBeLessThan(2.5e-7);
  expect(worstSigmoid).toBeLessThan(2e-7);
});

const SYMBOLS = 7;
const shapes = [
  { name: "stack", architecture: (k: CellKind) => layers(k, 9, 40, 30) },
  { name: "skips", architecture: skips },
  { name: "every step", architecture: (k: CellKind) => everyStep(over(SYMBOLS + 1, web(k))) },
  { name: "numbers", architecture: (k: CellKind) => overValues(4, layers(k, 1, 30)) },
  {
    name: "forecasts",
    architecture: (k: CellKind) => everyStep(forecasting(overValues(3, layers(k, 1, 30)))),
  },
];

describe.each(cellKinds)("int8 streams of %s", (kind) => {
  it.each(shapes)("are near to float32: $name", async ({ name, architecture }) => {
    const random = new Random(`${name} ${kind}`);
    const network = networkWith(architecture(kind), 0.6, random);
    const batches = fitted(random, network.architecture, batchesOf(random, [5, 4, 3], 9, SYMBOLS));
    const plan = compile(network, { batch: 5, steps: 9, symbols: symbolsTo(SYMBOLS), purpose: "evaluate" });
    const expected = await new ReferenceExecutor(plan, network.parameters).evaluate(batches, "outputs");
    const calibration = new Calibration(network);
    const own = await evaluateInStream(calibration, plan, batches);
    // In float32 it is the same, sums of losses, counts and what is right included.
    expect(distance(own.outputs, expected.outputs)).toBeLessThan(1e-6);
    expect(own.counts).toEqual(expected.counts);
    expect(own.correct).toEqual(expected.correct);
    expect(distance(own.losses, expected.losses)).toBeLessThan(1e-5);
    const calibrated = new Network(network.architecture, network.parameters, network.masks, {
      ...network.conventions,
      activations: calibration.ranges(100),
    });
    const rounded = await evaluateInStream(new Int8Stream(int8Network(calibrated)), plan, batches);
    const error = distance(rounded.outputs, expected.outputs);
    expect(error).toBeLessThan(0.05);
    expect(error).toBeGreaterThan(1e-5);
  });
});

describe("a calibration", () => {
  const random = new Random("calibration");
  const network = networkWith(overValues(2, layers("gru", 1, 5)), 1, random);

  it("tells the largest magnitude, or what a share does not exceed to within a percent", () => {
    const calibration = new Calibration(network);
    const magnitudes: number[] = [];
    for (let t = 0; t < 2000; t++) {
      const values = Float32Array.from([random.normal(), 3 * random.normal()]);
      magnitudes.push(...values.map(Math.abs));
      calibration.step(values);
    }
    magnitudes.sort((a, b) => a - b);
    expect(calibration.ranges(100).values).toBe(magnitudes.at(-1));
    for (const percent of [50, 90, 99.9]) {
      const exact = magnitudes[Math.ceil((percent / 100) * magnitudes.length) - 1];
      const range = calibration.ranges(percent).values;
      expect(range).toBeGreaterThanOrEqual(exact);
      expect(range).toBeLessThan(1.01 * exact);
    }
    expect(Object.keys(calibration.ranges(100))).toEqual(["0", "values"]);
  });

  it("travels in the network's file, and is needed", async () => {
    expect(() => stream(network, { int8: true })).toThrow(
      "the network has not been calibrated for int8; filigree quantize does so, on data",
    );
    const activations = { values: 2.5, "0": 0.75 };
    const conventions = { ...network.conventions, activations };
    const calibrated = new Network(network.architecture, network.parameters, network.masks, conventions);
    const back = parseNetwork(saveNetwork(calibrated), "net");
    expect(back.conventions.activations).toEqual(activations);
    const one = stream(calibrated, { int8: true });
    const other = stream(back, { int8: true });
    for (const values of [Float32Array.of(1, 2), Float32Array.of(-3, 0.1)]) {
      expect(one.step(values)).toEqual(other.step(values));
    }
    for (const bad of ["{}", '{"values":0}', '{"elsewhere":1}', '{"values":"2"}', "[1]", "no"]) {
      const text = Buffer.from(saveNetwork(calibrated)).toString("latin1");
      const own = JSON.stringify(JSON.stringify(activations)).slice(1, -1);
      const damaged = text.replace(own, JSON.stringify(bad).slice(1, -1).padEnd(own.length));
      expect(damaged).not.toBe(text);
      expect(() => parseNetwork(Buffer.from(damaged, "latin1"), "net")).toThrow(
        /^net: its metadata activations is /,
      );
    }
  });

  it("is refused of a network that reads both ways", () => {
    expect(() => new Calibration(networkWith(twoWay("gru", 2, 3), 1, random))).toThrow(/is bidirectional/);
  });
});

it("evaluates strings and texts as a stream says them", async () => {
  const random = new Random("evaluate");
  const classifier = networkWith(layers("lstm", 4, 12), 1, random);
  const strings = Array.from({ length: 20 }, () =>
    Array.from({ length: 1 + random.below(9) }, () => String.fromCharCode(33 + random.below(15))).join(""),
  );
  const labels = Int32Array.from(strings, () => random.below(2));
  const data = createDataset(strings, labels, "strings");
  const calibrated = await calibrate(classifier, data, { percentile: 100 });
  const result = await evaluate(calibrated, data, { batch: 7, as: "stream-int8" });
  const own = stream(calibrated, { int8: true });
  const logits = strings.flatMap((string) => {
    own.reset();
    let last = new Float32Array() as Float32Array;
    for (const letter of string) last = own.step(letter.charCodeAt(0));
    return [...last];
  });
  expect([...result.logits]).toEqual(logits);
  const plain = await evaluate(calibrated, data, { batch: 7 });
  expect(distance(result.logits, plain.logits)).toBeLessThan(0.05);
  expect(result.loss).toBeCloseTo(plain.loss, 2);

  const writer = networkWith(everyStep(over(12, layers("gru", 4, 4)), true), 1, random);
  const text = Uint16Array.from({ length: 300 }, () => random.below(12));
  const ready = calibrateOnTexts(writer, [text], { percentile: 100 });
  const [whole, float] = [
    await evaluateTexts(ready, [text], { as: "stream-int8" }),
    await evaluateTexts(ready, [text]),
  ];
  expect(whole.symbols).toBe(299);
  expect(whole.nats).toBeCloseTo(float.nats, 2);
  expect(whole.nats).not.toBe(float.nats);
});
