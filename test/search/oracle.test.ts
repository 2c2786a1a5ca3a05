// Gates against PyTorch (../fixtures/make/search.py) and against finite differences in double precision, and the native executor
// against the reference.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Batches } from "../../src/data/batches.js";
import { compile } from "../../src/engine/compile.js";
import { createExecutor } from "../../src/engine/engine.js";
import { ReferenceExecutor } from "../../src/engine/reference.js";
import { Network, stack } from "../../src/network/network.js";
import { gateSlopes } from "../../src/search/searchers/hard-concrete.js";
import { mixtureSlopes } from "../../src/search/searchers/mixture.js";
import { softTopK } from "../../src/search/searchers/top-k.js";
import { gateOf, openness, sigmoid } from "../../src/sparsify/gates.js";
import { groupsOf } from "../../src/sparsify/groups.js";
import { partsOf } from "../../src/sparsify/parts.js";
import type { Values } from "../fixtures/cells.js";
import { executors } from "../sparsify/subjects.js";

interface Case {
  readonly searcher: "hard-concrete" | "mixture" | "top-k";
  readonly alphas: readonly number[];
  readonly gates: readonly number[];
  readonly loss: number;
  /** None where gates have no parameters. */
  readonly alphaSlopes: readonly number[] | null;
  readonly weightSlopes: Values;
  /** Of hard concrete gates: the uniform draws, and the price on each that is expected to be open. */
  readonly draws?: readonly number[];
  readonly price?: number;
  /** Of top-k. */
  readonly kept?: number;
  readonly temperature?: number;
}

const file: {
  readonly hidden: number;
  /** [step][example][channel] */
  readonly inputs: readonly number[];
  readonly steps: number;
  readonly labels: readonly number[];
  readonly values: Values;
  readonly cases: readonly Case[];
} = JSON.parse(readFileSync(new URL("../fixtures/search.json", import.meta.url), "utf8"));

const network = new Network(stack({ cell: "gru", hidden: file.hidden, layers: 1, values: 2 }));
for (const [name, values] of Object.entries(file.values)) network.values(name).set(values);
const batch: Batches = {
  count: 1,
  sizes: Int32Array.of(file.labels.length),
  steps: Int32Array.of(file.steps),
  inputs: Float32Array.from(file.inputs),
  lengths: new Int32Array(file.labels.length).fill(file.steps),
  targets: Int32Array.from(file.labels),
};
const plan = compile(network, { batch: file.labels.length, steps: file.steps, symbols: [] });
const groups = groupsOf(network, partsOf(network), { kind: "edge" });
const weights = Float64Array.from(network.parameters);

/** The factors that a case has with these alphas, and what else its slopes need. */
function gatesOf(own: Case, alphas: ArrayLike<number>): { factors: Float64Array; slopes: Float64Array } {
  if (own.searcher === "top-k") {
    const factors = softTopK(groups.norms(weights), own.kept!, own.temperature!);
    return { factors, slopes: new Float64Array(factors.length) };
  }
  const drawn = Array.from(alphas, (alpha, g) =>
    own.searcher === "mixture" ? { gate: sigmoid(alpha), slope: 0 } : gateOf(alpha, own.draws![g]),
  );
  return {
    factors: Float64Array.from(drawn, ({ gate }) => gate),
    slopes: Float64Array.from(drawn, ({ slope }) => slope),
  };
}

/** What the reference executor makes of gated weights in double precision. */
function outcome(factors: Float64Array, values: Float64Array = weights) {
  const gated = values.slice();
  groups.scale(factors, gated);
  const executor = new ReferenceExecutor(plan, gated as unknown as Float32Array, 64);
  const { loss, count, gradient } = executor.gradient(batch, 0, { everywhere: true });
  return { loss: loss / count, gradient: new Float64Array(gradient) };
}

function alphaSlopes(own: Case, slopes: Float64Array, gradient: Float64Array<ArrayBuffer>): Float32Array {
  const flows = groups.products(gradient, weights);
  const alphas = Float64Array.from(own.alphas);
  return own.searcher === "mixture"
    ? mixtureSlopes(alphas, flows)
    : gateSlopes(alphas, slopes, flows, own.price!);
}

describe.each(file.cases)("gates of $searcher", (own) => {
  const { factors, slopes } = gatesOf(own, own.alphas);
  const { loss, gradient } = outcome(factors);

  it("have PyTorch's factors, loss and slopes", () => {
    for (const [g, factor] of factors.entries()) expect(factor).toBeCloseTo(own.gates[g], 10);
    expect(Math.abs(loss - own.loss)).toBeLessThan(1e-10);
    const byWeight = Float64Array.from(gradient);
    if (own.searcher !== "top-k") groups.scale(factors, byWeight);
    for (const [name, expected] of Object.entries(own.weightSlopes)) {
      const { offset } = network.tensor(name);
      for (const [i, slope] of expected.entries())
        expect(Math.abs(byWeight[offset + i] - slope)).toBeLessThan(1e-9);
    }
    if (!own.alphaSlopes) return;
    const found = alphaSlopes(own, slopes, gradient);
    for (const [g, slope] of own.alphaSlopes.entries()) expect(Math.abs(found[g] - slope)).toBeLessThan(1e-6);
  });

  it("have the slopes of finite differences", () => {
    const h = 1e-5;
    const at = (alphas: number[], values: Float64Array) =>
      outcome(gatesOf(own, alphas).factors, values).loss +
      (own.price ?? 0) * alphas.reduce((sum, alpha) => sum + openness(alpha), 0);
    if (own.searcher === "top-k") {
      // Straight through: the slope by the weight as it is used.
      const used = weights.slice();
      groups.scale(factors, used);
      const ones = new Float64Array(groups.count).fill(1);
      for (const place of [0, 7, 20]) {
        const moved = (by: number) => used.map((value, i) => (i === place ? value + by : value));
        const numeric = (outcome(ones, moved(h)).loss - outcome(ones, moved(-h)).loss) / (2 * h);
        expect(Math.abs(gradient[place] - numeric)).toBeLessThan(1e-6);
      }
      return;
    }
    const found = alphaSlopes(own, slopes, gradient);
    for (const [g] of own.alphas.entries()) {
      const moved = (by: number) => own.alphas.map((alpha, i) => (i === g ? alpha + by : alpha));
      const numeric = (at(moved(h), weights) - at(moved(-h), weights)) / (2 * h);
      expect(Math.abs(found[g] - numeric)).toBeLessThan(1e-6);
    }
  });

  it.each(executors)("have the same slopes on %s in single precision", (name) => {
    const gated = network.parameters.slice();
    groups.scale(factors, gated);
    const found = createExecutor(plan, gated, { executor: name }).gradient(batch, 0, { everywhere: true });
    const flows = groups.products(Float32Array.from(found.gradient), network.parameters);
    const expected = groups.products(gradient, weights);
    const size = Math.max(...expected.map(Math.abs));
    for (const [g, flow] of flows.entries()) expect(Math.abs(flow - expected[g])).toBeLessThan(1e-4 * size);
  });
});
