// Networks that Keras saved are read, and say what Keras says.
import { describe, expect, it } from "vitest";
import { cellsOf } from "../../../src/network/architecture.js";
import { parseNetwork, saveNetwork } from "../../../src/network/weights.js";
import "../../../src/paths/keras.js";
import { expectSaid } from "../said.js";
import { kerasModels } from "./models.js";

function read(name: string, file?: string) {
  const model = kerasModels.find((own) => own.name === name && (file ?? own.file) === own.file)!;
  const remarks: string[] = [];
  const network = parseNetwork(model.bytes, model.file, { remark: (line) => remarks.push(line) });
  return { ...model, network, remarks: remarks.join("\n") };
}

describe("Keras's models", () => {
  it.each(kerasModels)("are read: $name, $file", async ({ bytes, file, output, ...said }) => {
    // Weights alone do not tell what simple cells are.
    const network = parseNetwork(bytes, file, { cell: said.name.includes("relu") ? "rnn-relu" : undefined });
    // The softmax of 0 and z is what a sigmoid says of z.
    const isOne = said.name === "one sigmoid";
    await expectSaid(network, { ...said, output: isOne ? output.flatMap((z) => [0, z]) : output });
    expect(saveNetwork(parseNetwork(saveNetwork(network), "net.safetensors"))).toEqual(saveNetwork(network));
  });

  it("are of the same network in every format", () => {
    const [one, other] = kerasModels.filter(({ name }) => name === "skips and a sum");
    const [first, second] = [one, other].map(({ bytes, file }) => saveNetwork(parseNetwork(bytes, file)));
    expect(one.file).not.toBe(other.file);
    expect(first).toEqual(second);
  });

  it("keep what their layers are", () => {
    const kinds = (name: string) =>
      cellsOf(read(name).network.architecture).map(({ kind, direction }) => direction ?? kind);
    expect(kinds("layers of every class, masked")).toEqual(["gru", "lstm", "rnn-tanh", "gru"]);
    expect(kinds("both ways twice, masked")).toEqual(["lstm", "reverse", "gru", "reverse"]);
    expect(kinds("SimpleRNN with relu")).toEqual(["rnn-relu"]);
    const { nodes } = read("skips and a sum").network.architecture;
    expect(nodes).toMatchObject([
      { name: "0", inputs: ["embedding"] },
      { name: "1", inputs: ["embedding", "0"] },
      { name: "2", of: ["0", "1"] },
      { name: "3", inputs: ["2"] },
    ]);
  });

  it("say what was assumed", () => {
    const { remarks } = read("LSTM");
    expect(remarks).toMatch(/own last step, because the file does not say where/);
    expect(remarks).toMatch(/symbols are taken for ASCII codes/);
    expect(read("layers of every class, masked").remarks).toMatch(/own last step, as the file says/);
    expect(read("masked numbers").remarks).toMatch(/its Masking skips are taken for the padding/);
    expect(read("SimpleRNN with relu, twice").remarks).toMatch(/simple cells are taken for tanh/);
    expect(read("one sigmoid").remarks).toMatch(/a sigmoid, is read as two classes, 0 and 1/);
  });

  it("are standardised and forecast as they say", () => {
    const { network } = read("standardised numbers, one forecast at every step");
    const { standardisation } = network.conventions;
    expect(standardisation!.mean).toHaveLength(3);
    expect(standardisation!.mean[1]).toBeGreaterThan(5);
    expect(network.architecture.readout).toMatchObject({ outputs: 1, at: "every-step", predicts: "numbers" });
  });

  it("are recognised by their bytes, whatever they are called", () => {
    for (const { bytes } of kerasModels) expect(() => parseNetwork(bytes, "net")).not.toThrow();
  });
});
