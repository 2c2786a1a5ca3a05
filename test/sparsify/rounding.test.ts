// A training with rounded weights: what it gives out is what int8 holds exactly, its updates are those of the definition, it resumes
// to the same bits, and it brings back what rounding has cost.
import { describe, expect, it } from "vitest";
import { Calibration } from "../../src/engine/calibrate.js";
import { int8Network, roundedParameters } from "../../src/engine/int8.js";
import { programOf } from "../../src/engine/program.js";
import { Network } from "../../src/network/network.js";
import { prune } from "../../src/sparsify/prune.js";
import { rounding } from "../../src/sparsify/rounding.js";
import { evaluateTexts } from "../../src/train/language.js";
import { type Run, type TrainOptions, train } from "../../src/train/train.js";
import { executors, subjects, textOf } from "./subjects.js";

const [ofStrings, , , , ofText] = subjects;
const options = { epochs: 3, seed: 2, learningRate: 0.01, executor: "reference" } as const;

function trained(network: Network, subject = ofText, more: Partial<TrainOptions> = {}): Promise<Network> {
  return train(network, subject.task(network), { ...options, sparsify: rounding, ...more });
}

/** The network with ranges, of which the weights do not depend. */
function ranged(network: Network): Network {
  const calibration = new Calibration(network);
  for (let symbol = 0; symbol < 3; symbol++) calibration.step(symbol);
  const conventions = { ...network.conventions, activations: calibration.ranges(100) };
  return new Network(network.architecture, network.parameters, network.masks, conventions);
}

describe("rounded parameters", () => {
  it("are the weights of int8 times their scales, and everything else as it was", () => {
    for (const subject of [ofStrings, ofText]) {
      const network = prune(subject.network("lstm", 2), { percent: 30 });
      const { architecture, parameters, masks, conventions } = network;
      const rounded = new Network(architecture, roundedParameters(network, parameters), masks, conventions);
      const { program, matrices } = int8Network(ranged(network));
      const after = programOf(rounded);
      const products = ({ operations, readout }: typeof program) => [
        ...operations.flatMap((one) => (one.type === "cell" ? [...one.inputs, one.hidden] : [])),
        ...readout.products,
      ];
      for (const [i, product] of products(program).entries()) {
        const { weights } = matrices.get(product)!;
        const own = products(after)[i];
        for (let r = 0; r < product.rows; r++) {
          const row = product.weights.subarray(r * product.columns, (r + 1) * product.columns);
          const scale = Math.fround(Math.max(...row.map(Math.abs)) / 127);
          for (let c = 0; c < product.columns; c++) {
            const at = r * product.columns + c;
            expect(own.weights[at]).toBe(Math.fround(weights[at] * scale));
          }
        }
      }
      expect(rounded.values("embedding.weight")).toEqual(network.values("embedding.weight"));
      expect(rounded.values("readout.bias")).toEqual(network.values("readout.bias"));
    }
  });
});

describe.each(executors)("a training with rounded weights on %s", (executor) => {
  it("gives out what int8 holds, keeps masks, and goes on to the same bits", async () => {
    const network = prune(ofText.network("gru", 2), { percent: 50 });
    let paused: Run | undefined;
    const whole = await trained(network, ofText, {
      executor,
      onEpoch: (epoch, _, run) => {
        if (epoch === 1) paused = structuredClone(run);
      },
    });
    const again = roundedParameters(whole, whole.parameters);
    // A row's largest weight is 127 times its scale, rounded, which may move the scale by its last bit.
    for (const [i, value] of again.entries()) expect(value).toBeCloseTo(whole.parameters[i], 6);
    expect(whole.masks).toEqual(network.masks);
    expect(whole.parameters).not.toEqual(network.parameters);
    const resumed = await trained(network, ofText, { executor, resume: paused });
    expect(resumed.parameters).toEqual(whole.parameters);
  });
});

it("brings back what rounding has cost", async () => {
  const start = ofText.network("gru", 1);
  const plain = await train(start, ofText.task(start), { ...options, epochs: 40, learningRate: 0.02 });
  // The same function with larger weights for one number of the embedding, beside which int8 has few steps for the others.
  const parameters = plain.parameters.slice();
  const scale = (name: string, factor: number) => {
    const { offset, shape } = plain.tensor(name);
    for (let r = 0; r < shape[0]; r++) parameters[offset + r * shape[1]] *= factor;
  };
  scale("embedding.weight", 1 / 512);
  scale("cells.0.weight_ih", 512);
  const uneven = new Network(plain.architecture, parameters, plain.masks, plain.conventions);
  const lossOf = async (network: Network) => {
    const { validation } = textOf;
    return (await evaluateTexts(network, validation.texts, { executor: "reference" })).nats;
  };
  const rounded = (network: Network) =>
    new Network(
      network.architecture,
      roundedParameters(network, network.parameters),
      network.masks,
      network.conventions,
    );
  const [before, cost] = [await lossOf(uneven), await lossOf(rounded(uneven))];
  expect(before).toBeCloseTo(await lossOf(plain), 4);
  expect(cost - before).toBeGreaterThan(0.1);
  const retrained = await trained(uneven, ofText, { epochs: 20, learningRate: 0.005 });
  expect((await lossOf(rounded(retrained))) - before).toBeLessThan(0.5 * (cost - before));
});
