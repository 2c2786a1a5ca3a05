// Every method with every cell, task and executor: two tiny epochs end at the density asked for, to the weight, and the network
// that comes back has that mask.
import { describe, expect, it } from "vitest";
import { type CellKind, cellKinds, cellsOf } from "../../src/network/architecture.js";
import { maskVector } from "../../src/network/masks.js";
import type { Network } from "../../src/network/network.js";
import { poolsFor } from "../../src/sparsify/density.js";
import { groupsOf } from "../../src/sparsify/groups.js";
import {
  type MethodName,
  methodNames,
  type Sparsification,
  sparsifying,
} from "../../src/sparsify/methods.js";
import { parsePattern } from "../../src/sparsify/pattern.js";
import { keptOf } from "../../src/sparsify/select.js";
import { keptEpoch } from "../../src/train/kept.js";
import type { EpochMetrics } from "../../src/train/task.js";
import { type Run, type TrainOptions, train } from "../../src/train/train.js";
import { executors, type Subject, subjects } from "./subjects.js";

/** Settings with which a method acts within a few updates. */
const soon: Partial<Record<MethodName, Partial<Sparsification>>> = {
  gradual: { every: 2 },
  set: { every: 2 },
  rigl: { every: 2 },
  iterative: { rounds: 3 },
  "top-kast": { every: 2 },
};

const DENSITY = 0.3;
const sparse = (method: MethodName, more: Partial<Sparsification> = {}): Sparsification => ({
  method,
  density: DENSITY,
  scope: "matrix",
  ...soon[method],
  ...more,
});

async function trained(
  subject: Subject,
  network: Network,
  wanted: Sparsification,
  more: Partial<TrainOptions> = {},
) {
  const history: EpochMetrics[] = [];
  const task = subject.task(network);
  const options = { epochs: 2, seed: 3, learningRate: 0.01, executor: "reference", ...more } as const;
  const result = await train(network, task, {
    ...options,
    sparsify: sparsifying(wanted),
    onEpoch: (_, metrics) => void history.push(metrics),
  });
  return { result, history, task };
}

/** Groups of each pool that exist, and as many as there should be. */
function groups(network: Network, wanted: Sparsification): { there: number[]; asked: number[] } {
  const { pattern = { kind: "weight" } } = wanted;
  const pools = poolsFor(network, wanted, pattern).map(({ parts, density }) => ({
    density,
    own: groupsOf(network, parts, pattern),
  }));
  const mask = maskVector(network);
  return {
    there: pools.map(({ own }) => own.present(mask).reduce((sum, bit) => sum + bit, 0)),
    asked: pools.map(({ own, density }) => keptOf(own.count, density)),
  };
}

describe.each(executors)("on %s", (executor) => {
  describe.each(methodNames)("%s", (method) => {
    it.each(subjects.map((subject) => [subject.name, subject] as const))("%s", async (_, subject) => {
      // Where there are several executors the slower ones have every other cell, for their time.
      const turn = methodNames.indexOf(method) + subjects.indexOf(subject);
      const all = executor === "native" || executors.length === 1;
      for (const cell of cellKinds.filter((_, i) => all || (i + turn) % 2 === 0)) {
        const wanted = sparse(method);
        const network = subject.network(cell);
        const { result, history } = await trained(subject, network, wanted, { executor });
        const { there, asked } = groups(result, wanted);
        expect(there, cell).toEqual(asked);
        const [nonzeros, weights] = [
          asked.reduce((sum, count) => sum + count),
          network.tensor("cells.0.weight_ih").length + network.tensor("cells.0.weight_hh").length,
        ];
        expect(history.at(-1)!.density, cell).toBe(nonzeros / weights);
        expect(result.parameters.every(Number.isFinite)).toBe(true);
        // A mask is not there for nothing, and is that of the cells alone.
        expect([...result.masks.keys()].sort()).toEqual(["cells.0.weight_hh", "cells.0.weight_ih"]);
      }
    });
  });
});

const [ofStrings, , , , ofText] = subjects;

describe.each(methodNames)("%s", (method) => {
  it.each<[string, Partial<Sparsification>, CellKind]>([
    ["blocks at ragged edges", { pattern: parsePattern("3x2") }, "gru"],
    ["densities by gate", { density: { input: 0.5, forget: 0.25, output: 0.75 }, scope: undefined }, "lstm"],
    ["the diagonal and other matrices", { keepDiagonal: true, also: ["embedding", "readout"] }, "rnn-tanh"],
    ["Erdős–Rényi densities", { distribution: "erdos-renyi" }, "lstm"],
    ["hidden matrices alone", { target: "h2h", scope: "layer" }, "gru"],
  ])("ends with %s as asked for", async (_, more, cell) => {
    const network = ofText.network(cell, 2);
    const wanted = sparse(method, more);
    const { result } = await trained(ofText, network, wanted);
    const { there, asked } = groups(result, wanted);
    expect(there).toEqual(asked);
    if (!more.keepDiagonal) return;
    for (const name of ["cells.0.weight_hh", "cells.1.weight_hh"]) {
      const mask = result.masks.get(name)!;
      expect([0, 5, 10, 15].map((place) => mask[place])).toEqual([1, 1, 1, 1]);
    }
  });

  it("ends with two of every four", async () => {
    const network = ofText.network("gru", 2);
    const wanted = sparse(method, { pattern: parsePattern("2:4"), density: 0.5 });
    const { result } = await trained(ofText, network, wanted);
    for (const name of ["cells.0.weight_ih", "cells.1.weight_hh"]) {
      const columns = network.tensor(name).shape[1];
      const mask = result.masks.get(name)!;
      for (let row = 0; row < mask.length; row += columns) {
        expect(mask.subarray(row, row + 4).reduce((sum, bit) => sum + bit, 0)).toBe(2);
        // The fifth of five is alone.
        if (columns === 5) expect(mask[row + 4]).toBe(1);
      }
    }
  });

  it("keeps the best of the epochs that have the density of the last one", async () => {
    const network = ofText.network("gru");
    const wanted = sparse(method, {
      density: 0.15,
      ...(method === "gradual" && { begin: 0.2, end: 0.7, every: 3 }),
    });
    // So high a rate that the last epoch need not be the best.
    const { result, history, task } = await trained(ofText, network, wanted, {
      epochs: 6,
      learningRate: 0.2,
    });
    const kept = keptEpoch(history, task.judgedBy);
    expect(history[kept].density).toBe(history.at(-1)!.density);
    const { there, asked } = groups(result, wanted);
    expect(there).toEqual(asked);
    const { validationLoss } = await task.evaluate(undefined as never, () => result, true);
    expect(validationLoss).toBe(history[kept].validationLoss);
  });

  it("ends with whole units, and a network that has no others", async () => {
    for (const subject of [ofStrings, ofText]) {
      const network = subject.network("gru", 2);
      const wanted = sparse(method, { pattern: { kind: "unit" }, density: 0.5, scope: "layer" });
      const { result } = await trained(subject, network, wanted);
      expect(cellsOf(result.architecture).map(({ size }) => size)).toEqual([2, 2]);
      expect(result.masks.size).toBe(0);
      expect(result.parameters.every(Number.isFinite)).toBe(true);
    }
  });

  it("ends at the density in a training of very few updates", async () => {
    for (const updates of [1, 2, 3]) {
      const wanted = sparse(method);
      const { result } = await trained(ofStrings, ofStrings.network("gru"), wanted, {
        epochs: undefined,
        updates,
      });
      const { there, asked } = groups(result, wanted);
      expect(there, `${updates}`).toEqual(asked);
    }
  });
});

describe.each(executors)("on %s", (executor) => {
  it.each(["random", "snip", "gradual", "rigl"] as const)(
    "%s of an embedding trains none of what is absent",
    async (method) => {
      const network = ofText.network("gru");
      const wanted = sparse(method, { also: ["embedding"] });
      let last: Run | undefined;
      const onEpoch = (_: number, __: object, run: Run) => {
        last = run;
      };
      const options = { epochs: 2, seed: 3, executor, sparsify: sparsifying(wanted), onEpoch } as const;
      const result = await train(network, ofText.task(network), options);
      const { parameters, wiring } = last!.state;
      const mask = wiring?.mask ?? maskVector(result);
      const { offset, length } = network.tensor("embedding.weight");
      expect(mask.subarray(offset, offset + length)).toContain(0);
      for (const [i, bit] of mask.entries()) if (bit === 0) expect(parameters[i]).toBe(0);
    },
  );
});

describe("a schedule up to the end", () => {
  it.each(["gradual", "hard-concrete"] as const)(
    "of %s has its last change before the last update",
    async (method) => {
      const wanted = sparse(method, { end: 1 });
      const { result } = await trained(ofStrings, ofStrings.network("gru"), wanted);
      const { there, asked } = groups(result, wanted);
      expect(there).toEqual(asked);
    },
  );
});

describe("a network that is pruned already", () => {
  const start = async () => {
    const network = ofStrings.network("gru");
    return (await trained(ofStrings, network, sparse("random", { density: 0.5 }))).result;
  };

  it.each(["random", "snip", "magnitude", "gradual", "iterative"] as const)(
    "loses more by %s, and nothing comes back",
    async (method) => {
      const network = await start();
      const before = maskVector(network);
      const wanted = sparse(method, { density: 0.25 });
      const { result, history } = await trained(ofStrings, network, wanted);
      expect(maskVector(result).every((bit, i) => bit <= before[i])).toBe(true);
      const { there, asked } = groups(result, wanted);
      expect(there).toEqual(asked);
      for (const { born } of history) expect(born).toBe(0);
      // Not even where more are asked for than there are.
      const { result: same } = await trained(ofStrings, network, sparse(method, { density: 0.75 }));
      expect(maskVector(same)).toEqual(before);
    },
  );

  it.each(["set", "rigl"] as const)(
    "keeps its density under %s, which is the one asked for, and a matrix without a mask gets it",
    async (method) => {
      const network = await start();
      const { result } = await trained(ofStrings, network, sparse(method, { density: 0.5 }));
      const counts = (of: Network) =>
        ["cells.0.weight_ih", "cells.0.weight_hh"].map((name) => of.nonzeros(name));
      expect(counts(result)).toEqual(counts(network));
      expect(maskVector(result)).not.toEqual(maskVector(network));
      const half = network.copy(new Map([...network.masks].filter(([name]) => name === "cells.0.weight_hh")));
      const { result: other } = await trained(ofStrings, half, sparse(method, { density: 0.5 }));
      expect(counts(other)).toEqual([
        keptOf(half.tensor("cells.0.weight_ih").length, 0.5),
        counts(network)[1],
      ]);
      await expect(trained(ofStrings, half, sparse(method, { density: 0.25 }))).rejects.toThrow(
        "density: the network has masks already, of a density of 0.500; ask for that density, or train a new network",
      );
    },
  );

  it.each(["top-k", "top-kast", "hard-concrete"] as const)(
    "may get any of its weights back by %s, but none of other matrices",
    async (method) => {
      const network = await start();
      const before = network.masks.get("cells.0.weight_ih")!;
      const wanted = sparse(method, { target: "h2h", density: 0.75 });
      const { result } = await trained(ofStrings, network, wanted);
      expect(groups(result, wanted).there).toEqual(groups(result, wanted).asked);
      expect(result.masks.get("cells.0.weight_ih")).toEqual(before);
      for (const [i, value] of result.values("cells.0.weight_ih").entries())
        if (before[i] === 0) expect(value).toBe(0);
    },
  );
});
