// Networks that PyTorch's exporters wrote, which give batches, times and last steps in many ways: read to the bit of the state dict,
// and said to be what PyTorch says.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { cellsOf } from "../../../src/network/architecture.js";
import { tensorNames } from "../../../src/network/network.js";
import { parseNetwork } from "../../../src/network/weights.js";
import { expectSaid } from "../said.js";

interface Case {
  readonly name: string;
  readonly model: string;
  readonly input: readonly number[];
  readonly parameters: readonly (readonly [name: string, shape: readonly number[], bytes: string])[];
  readonly output: readonly number[];
}

const cases: readonly Case[] = JSON.parse(
  readFileSync(new URL("../../fixtures/onnx-models.json", import.meta.url), "utf8"),
);
const BATCH = 2;
const STEPS = 7;

describe("PyTorch's ONNX", () => {
  it.each(cases)("is read: $name", async ({ model, input, parameters, output }) => {
    const network = parseNetwork(Buffer.from(model, "base64"), "net.onnx");
    const { architecture } = network;
    const stored = new Map(
      parameters.map(([name, , bytes]) => {
        const copy = Uint8Array.from(Buffer.from(bytes, "base64"));
        return [name, new Float32Array(copy.buffer)];
      }),
    );
    const own = new Map([
      ["readout.weight", "out.weight"],
      ["readout.bias", "out.bias"],
      ["embedding.weight", "embedding.weight"],
    ]);
    let layer = -1;
    for (const { name, direction } of cellsOf(architecture)) {
      if (!direction) layer++;
      const suffix = `_l${layer}${direction ? "_reverse" : ""}`;
      const { weightIh, weightHh, biasIh, biasHh } = tensorNames(name);
      own.set(weightIh, `rnn.weight_ih${suffix}`).set(weightHh, `rnn.weight_hh${suffix}`);
      own.set(biasIh, `rnn.bias_ih${suffix}`).set(biasHh, `rnn.bias_hh${suffix}`);
    }
    for (const name of network.tensors.keys()) {
      const expected = stored.get(own.get(name)!) ?? new Float32Array(network.tensor(name).length);
      expect(network.values(name)).toEqual(expected);
    }
    expect([...stored.keys()].every((name) => [...own.values()].includes(name))).toBe(true);

    await expectSaid(network, { input, lengths: new Array(BATCH).fill(STEPS), output });
  });
});
