// The library checks its options as the command line does: a slip is one line, and no network of NaN.
import { describe, expect, it } from "vitest";
import { createDataset } from "../../src/data/dataset.js";
import { Random } from "../../src/math/random.js";
import type { CellKind } from "../../src/network/architecture.js";
import { initialise, Network, stack } from "../../src/network/network.js";
import { parseNetwork, type ReadOptions, saveNetwork } from "../../src/network/weights.js";
import { type PruneOptions, prune } from "../../src/sparsify/prune.js";
import { type ClassifyOptions, classify } from "../../src/train/classify.js";
import { evaluate } from "../../src/train/evaluate.js";
import { type TrainOptions, train } from "../../src/train/train.js";

const network = initialise(stack({ cell: "gru", hidden: 3, layers: 1 }), new Random(1));
const strings = createDataset(["ab", "b", "aaab", "ba"], [1, 0, 1, 0]);
const data = { train: strings, test: strings };
const good = { epochs: 1, batch: 2, seed: 1 };

const trainOn = async (subject: Network, options: Partial<ClassifyOptions> & TrainOptions) =>
  train(subject, classify(subject, data, { batch: 2, ...options }), options);

describe("train", () => {
  it.each<[object, string]>([
    [
      { learningRate: Number.NaN },
      "learningRate: NaN is not a learning rate; use a positive number, for example 0.001",
    ],
    [{ learningRate: 0 }, "learningRate: 0 is not a learning rate"],
    [{ learningRate: -1e-3 }, "learningRate: -0.001 is not a learning rate"],
    [{ learningRate: Number.POSITIVE_INFINITY }, "learningRate: Infinity is not a learning rate"],
    [{ learningRate: "0.1" }, "learningRate: 0.1 is not a learning rate"],
    [{ protocol: "thesi" }, 'protocol: "thesi" is none of its values; did you mean thesis?'],
    [{ protocol: null }, "protocol: null is none of its values; use thesis or corrected"],
    [{ tested: "never" }, 'tested: "never" is none of its values; use every-epoch or last-epoch'],
    [{ epochs: 1.5 }, "epochs: 1.5 is not a whole number of at least 0"],
    [{ epochs: Number.NaN }, "epochs: NaN is not a whole number of at least 0"],
    [{ batch: 0 }, "batch: 0 is not a whole number of at least 1"],
    [{ executor: "gpu" }, 'executor: "gpu" is none of its values; use native, wasm or reference'],
    [{ updates: 0 }, "updates: 0 is not a whole number of at least 1"],
    [{ patience: 1.5 }, "patience: 1.5 is not a whole number of at least 1"],
    [{ patience: 2 }, "patience: there is nothing to judge epochs by"],
    [{ optimiser: "adma" }, 'optimiser: "adma" is none of its values; use sgd, rmsprop, adam or adamw'],
    [{ schedule: "linear" }, 'schedule: "linear" is none of its values; use constant or cosine'],
    [
      { dropout: { embedding: 0, layers: 1, readout: 0 } },
      "dropout, layers: 1 is not a share from 0 up to 1",
    ],
    [{ threads: 0 }, "threads: 0 is not a whole number of at least 1"],
    [{ recompute: 0 }, "recompute: 0 is not a whole number of at least 1"],
  ])("refuses %j", async (options, message) => {
    const bad = { ...good, ...options } as TrainOptions;
    await expect(trainOn(network, bad)).rejects.toThrow(message);
  });

  it("reads strings where the network is read, and says so in what it makes", async () => {
    const trained = await trainOn(network, good);
    expect(trained.conventions.readAt).toBe("last-symbol");
    expect(trained.conventions.labels).toEqual(["0", "1"]);
    const thesis = await trainOn(network, { ...good, protocol: "thesis" });
    expect(thesis.conventions.readAt).toBe("last-step");
    const again = await trainOn(thesis, good);
    expect(again.conventions.readAt).toBe("last-step");
    expect(again.parameters).toEqual((await trainOn(thesis, { ...good, protocol: "thesis" })).parameters);
    expect(parseNetwork(saveNetwork(thesis), "x").conventions).toMatchObject({
      readAt: "last-step",
      labels: ["0", "1"],
    });
  });
});

describe("evaluate", () => {
  it.each<[object, string]>([
    [{ protocol: "none" }, 'protocol: "none" is none of its values'],
    [{ batch: Number.NaN }, "batch: NaN is not a whole number of at least 1"],
  ])("refuses %j", async (options, message) => {
    await expect(evaluate(network, strings, { batch: 2, ...options })).rejects.toThrow(message);
  });

  it("reads strings where the network is read, unless a protocol says where", async () => {
    const { architecture, parameters, conventions } = network;
    const padded = new Network(architecture, parameters, undefined, { ...conventions, readAt: "last-step" });
    const logits = async (subject: Network, protocol?: "thesis" | "corrected") =>
      (await evaluate(subject, strings, { batch: 4, protocol })).logits;
    expect(await logits(padded)).toEqual(await logits(network, "thesis"));
    expect(await logits(padded, "corrected")).toEqual(await logits(network));
    expect(await logits(padded)).not.toEqual(await logits(network));
  });

  it("refuses labels beyond the network's classes", async () => {
    const three = createDataset(["ab"], [2], undefined, undefined, { classes: ["0", "1", "2"] });
    await expect(evaluate(network, three, { batch: 2 })).rejects.toThrow(
      "the network has 2 classes and the data have labels up to 2; use a network with a read-out of 3 classes",
    );
  });
});

it.each<[object, string]>([
  [{ target: "h2i" }, 'target: "h2i" is none of its values; did you mean h2h?'],
  [{ scope: "layers" }, 'scope: "layers" is none of its values; did you mean layer?'],
  [{ criterion: "size" }, 'criterion: "size" is none of its values; use magnitude, random or snip'],
  [{ percent: Number.NaN }, "percent: NaN is not a percentage"],
])("prune refuses %j", (options, message) => {
  expect(() => prune(network, { percent: 50, ...options } as PruneOptions)).toThrow(message);
});

it("a cell that does not exist is refused, of a new network and of one that is read", () => {
  expect(() => stack({ cell: "gruu" as CellKind, hidden: 3, layers: 1 })).toThrow(
    'cell: "gruu" is none of its values; did you mean gru?',
  );
  const options = { cell: "lstms", readAt: "end" } as unknown as ReadOptions;
  expect(() => parseNetwork(saveNetwork(network), "x", options)).toThrow(
    'cell: "lstms" is none of its values',
  );
});
