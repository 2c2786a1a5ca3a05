// Densities of pools: how one is shared out, and what is refused.
import { describe, expect, it } from "vitest";
import { Random } from "../../src/math/random.js";
import { maskVector } from "../../src/network/masks.js";
import { initialise, Network, stack } from "../../src/network/network.js";
import {
  type Budget,
  densityMetrics,
  erdosRenyi,
  parseDensity,
  poolsFor,
} from "../../src/sparsify/density.js";
import { type Part, partsOf, sizeOf } from "../../src/sparsify/parts.js";
import { parsePattern } from "../../src/sparsify/pattern.js";
import { keptOf, type Pool } from "../../src/sparsify/select.js";

const gru = new Network(
  stack({ cell: "gru", hidden: 4, layers: 2, embedding: 6, vocabulary: 5, outputs: 3 }),
);
const weight = parsePattern("weight");
const pools = (budget: Budget, pattern = "weight") => poolsFor(gru, budget, parsePattern(pattern));
const namesOf = ({ parts }: Pool) =>
  parts.map(({ tensor, gate }) => `${tensor.replace("cells.", "")} ${gate}`);

describe("a density", () => {
  it.each<[string, ReturnType<typeof parseDensity>]>([
    ["0.1", 0.1],
    ["1", 1],
    ["1e-2", 0.01],
    ["reset=0.3", { reset: 0.3 }],
    ["reset=0.3, update=0.2,new=.5", { reset: 0.3, update: 0.2, new: 0.5 }],
  ])("is read from %s", (text, density) => {
    expect(parseDensity(text)).toEqual(density);
  });

  it.each(["", "a", "0.1,0.2", "reset=", "reset=a", "reset=0.1=0.2", "reset=0.1,", "reset=0.1,0.2"])(
    "is none in %j",
    (text) => {
      expect(() => parseDensity(text)).toThrow(
        /^density: .* is no density; use a number above 0 and up to 1, or one for each gate/,
      );
    },
  );
});

describe("parts", () => {
  it("are the gates of the chosen matrices, where they lie among the parameters", () => {
    const parts = partsOf(gru);
    expect(parts).toHaveLength(12);
    const { offset } = gru.tensor("cells.0.weight_hh");
    expect(parts[4]).toEqual({
      tensor: "cells.0.weight_hh",
      cell: "0",
      gate: "update",
      hidden: true,
      begin: offset + 16,
      rows: 4,
      columns: 4,
    });
    expect(partsOf(gru, "h2h").map(({ hidden }) => hidden)).toEqual(Array(6).fill(true));
    const more = partsOf(gru, "i2h", ["embedding", "readout"]).slice(6);
    expect(more.map(({ tensor, gate, rows, columns }) => [tensor, gate, rows, columns])).toEqual([
      ["embedding.weight", "all", 5, 6],
      ["readout.weight", "all", 3, 4],
    ]);
  });

  it("of a tied read-out are the embedding's, and of numbers there is no embedding", () => {
    const tied = new Network({
      ...stack({ cell: "gru", hidden: 4, layers: 1, vocabulary: 5, outputs: 5 }),
      readout: { inputs: ["0"], outputs: 5, at: "every-step", tied: true },
    });
    expect(
      partsOf(tied, "h2h", ["embedding", "readout"])
        .slice(3)
        .map(({ tensor }) => tensor),
    ).toEqual(["embedding.weight"]);
    const values = new Network(stack({ cell: "gru", hidden: 4, layers: 1, values: 2 }));
    expect(partsOf(values, "h2h", ["embedding"])).toHaveLength(3);
  });
});

describe("one density", () => {
  it.each([
    ["global", 1, 12],
    ["layer", 2, 6],
    ["matrix", 4, 3],
    ["gate", 12, 1],
  ] as const)("in the scope %s is that of %d pools of %d gates", (scope, count, parts) => {
    const own = pools({ density: 0.25, scope });
    expect(own.map((pool) => pool.parts.length)).toEqual(Array(count).fill(parts));
    expect(own.map(({ density }) => density)).toEqual(Array(count).fill(0.25));
  });

  it("has the scope of the method where nothing else is said", () => {
    expect(poolsFor(gru, { density: 0.25 }, weight, "matrix")).toHaveLength(4);
    expect(poolsFor(gru, { density: 0.25, scope: "gate" }, weight, "matrix")).toHaveLength(12);
    expect(pools({ density: 0.25, also: ["embedding", "readout"], scope: "layer" })).toHaveLength(4);
  });
});

describe("densities by gate", () => {
  it("are those of its rows in each matrix; gates that are not named are left alone", () => {
    const own = pools({ density: { reset: 0.25, new: 0.5 }, target: "h2h" });
    expect(own.map((pool) => [namesOf(pool), pool.density])).toEqual([
      [["0.weight_hh reset"], 0.25],
      [["0.weight_hh new"], 0.5],
      [["1.weight_hh reset"], 0.25],
      [["1.weight_hh new"], 0.5],
    ]);
  });
});

describe("Erdős–Rényi densities", () => {
  const part = (tensor: string, rows: number, columns: number): Part => ({
    tensor,
    cell: undefined,
    gate: "all",
    hidden: false,
    begin: 0,
    rows,
    columns,
  });

  it("go with (r + c)/(rc)", () => {
    // ε·(10 + 10) + ε·(20 + 5) = 0.2·200, so ε = 40/45.
    const own = erdosRenyi([part("a", 10, 10), part("b", 20, 5)], 0.2);
    expect(own.get("a")).toBeCloseTo((40 / 45) * (20 / 100), 14);
    expect(own.get("b")).toBeCloseTo((40 / 45) * (25 / 100), 14);
  });

  it("are those of one gate's rows, whatever the number of gates", () => {
    const gates = [part("a", 10, 10), part("a", 10, 10), part("a", 10, 10), part("b", 10, 5)];
    // ε·3·20 + ε·15 = 0.2·350.
    const own = erdosRenyi(gates, 0.2);
    expect(own.get("a")).toBeCloseTo((70 / 75) * 0.2, 14);
    expect(own.get("b")).toBeCloseTo((70 / 75) * 0.3, 14);
  });

  it("are at most 1, and the others have the rest", () => {
    // At first ε = 0.5·410/43 = 4.77, which would give b 6.2: it is dense, and a has the other 195 of 400.
    const own = erdosRenyi([part("a", 20, 20), part("b", 2, 5)], 0.5);
    expect(own.get("b")).toBe(1);
    expect(own.get("a")).toBeCloseTo(195 / 400, 14);
    // One capped matrix raises ε so far that the next one is capped.
    const three = erdosRenyi([part("a", 30, 30), part("b", 3, 3), part("c", 4, 5)], 0.5);
    expect([three.get("b"), three.get("c")]).toEqual([1, 1]);
    expect(three.get("a")).toBeCloseTo((0.5 * 929 - 29) / 900, 14);
    expect([...erdosRenyi([part("a", 3, 3), part("b", 2, 9)], 1).values()]).toEqual([1, 1]);
  });

  it("keep the whole budget, to within rounding", () => {
    const own = pools({ density: 0.3, scope: "matrix", distribution: "erdos-renyi" });
    const size = ({ parts }: Pool) => parts.reduce((sum, each) => sum + sizeOf(each), 0);
    const total = own.reduce((sum, pool) => sum + size(pool), 0);
    const kept = own.reduce((sum, pool) => sum + keptOf(size(pool), pool.density), 0);
    expect(Math.abs(kept - 0.3 * total)).toBeLessThanOrEqual(own.length / 2);
    expect(new Set(own.map(({ density }) => density)).size).toBe(2);
  });
});

describe("what is refused", () => {
  it.each<[Budget, string, string?]>([
    [
      { density: 0 },
      "density: 0 is not above 0 and up to 1; use the share of weights that are kept, for example 0.1",
    ],
    [{ density: -0.1 }, "density: -0.1 is not above 0 and up to 1"],
    [{ density: 1.5 }, "density: 1.5 is not above 0 and up to 1"],
    [{ density: Number.NaN }, "density: NaN is not above 0 and up to 1"],
    [{ density: 1e-4 }, "density: 0.0001 leaves none of 216 weights; use a larger density or a wider scope"],
    [{ density: 0.005, scope: "matrix" }, "density: 0.005 leaves none of 72 weights"],
    [
      { density: 0.02, scope: "gate" },
      "density of reset in cells.0.weight_ih: 0.02 leaves none of 24 weights",
    ],
    [
      { density: 0.02, scope: "gate" },
      "density of reset in cells.0.weight_ih: 0.02 leaves none of 2 blocks",
      "4x4",
    ],
    [{ density: { reset: 0 } }, "density of reset in cells.0.weight_ih: 0 is not above 0 and up to 1"],
    [{ density: { reset: 1.1 } }, "density of reset in cells.0.weight_ih: 1.1 is not above 0 and up to 1"],
    [{ density: { reset: 0.01 } }, "density of reset in cells.0.weight_ih: 0.01 leaves none of 24 weights"],
    [{ density: { rest: 0.1 } }, "density: there is no gate rest; the gates are reset, update, new"],
    [{ density: { forget: 0.1 } }, "density: there is no gate forget; the gates are reset, update, new"],
    [
      { density: { reset: 0.1 }, scope: "matrix" },
      "scope: densities by gate leave nothing to compete for in the scope matrix; leave it out, or use gate",
    ],
    [
      { density: 0.1, distribution: "erdos-renyi" },
      "distribution: weights of several matrices compete in the scope global, so that none has a density of its own; use the scope matrix or gate",
    ],
    [
      { density: 0.1 },
      "density: 2:4 keeps 0.5 of the weights, not 0.1; use a density of 0.5, or another pattern",
      "2:4",
    ],
    [{ density: 0.1, scope: "gates" as "gate" }, 'scope: "gates" is none of its values; did you mean gate?'],
  ])("%j", (budget, line, pattern) => {
    expect(() => pools(budget, pattern)).toThrow(line);
  });
});

it("an epoch's history has the density of all, and of each gate by its matrix", () => {
  const network = initialise(gru.architecture, new Random(1));
  const mask = maskVector(network);
  const [first, second] = partsOf(network, "h2h");
  mask.fill(0, first.begin, first.begin + 12);
  mask.fill(0, second.begin, second.begin + 4);
  const metrics = densityMetrics(partsOf(network, "h2h"), mask);
  expect(metrics).toMatchObject({
    density: 80 / 96,
    "density 0.weight_hh reset": 0.25,
    "density 0.weight_hh update": 0.75,
    "density 1.weight_hh new": 1,
  });
});
