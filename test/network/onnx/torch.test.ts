// Networks that PyTorch's exporters wrote, which give batches, times and last steps in many ways: read to the bit of the state dict,
// and said to be what PyTorch says.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { compile } from "../../../src/engine/compile.js";
import { ReferenceExecutor } from "../../../src/engine/reference.js";
import { cellsOf } from "../../../src/network/architecture.js";
import { tensorNames } from "../../../src/network/network.js";
import { parseNetwork } from "../../../src/network/weights.js";

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

    const isSymbols = architecture.input.kind === "symbols";
    const width = input.length / BATCH / STEPS;
    const byStep = Array.from({ length: STEPS }, (_, t) =>
      Array.from({ length: BATCH }, (_, l) =>
        input.slice((l * STEPS + t) * width, (l * STEPS + t + 1) * width),
      ),
    ).flat(2);
    const { at, outputs } = architecture.readout;
    const batches = {
      count: 1,
      sizes: Int32Array.of(BATCH),
      steps: Int32Array.of(STEPS),
      inputs: isSymbols ? Uint16Array.from(byStep) : Float32Array.from(byStep),
      lengths: new Int32Array(BATCH).fill(STEPS),
      targets: new Int32Array(at ? BATCH * STEPS : BATCH),
    };
    const plan = compile(network, {
      batch: BATCH,
      steps: STEPS,
      symbols: batches.inputs,
      purpose: "evaluate",
    });
    const { outputs: said } = await new ReferenceExecutor(plan, network.parameters).evaluate(
      batches,
      "outputs",
    );
    expect(said.length).toBe(output.length);
    for (const [i, expected] of output.entries()) {
      const [step, o] = [Math.floor(i / outputs), i % outputs];
      const place = at ? (step % STEPS) * BATCH + Math.floor(step / STEPS) : step;
      expect(said[place * outputs + o]).toBeCloseTo(expected, 5);
    }
  });
});
