import { describe, expect, it } from "vitest";
import {
  breakEvenOf,
  type Comparison,
  densityTable,
  kernelTable,
  type Setup,
  stepCsv,
  stepTable,
} from "../../bench/comparison.mjs";
import { comparisonFigures } from "../../bench/figures.mjs";
import { rooflineChart } from "../../bench/roofline.mjs";
import { sheet } from "../../bench/sheet.mjs";
import type { Ceilings, KernelTiming } from "../../src/bench/kernels.js";

const ceilings: Ceilings = {
  peak: 1e11,
  levels: [
    { name: "L1", size: 2 ** 14, bandwidth: 2e11 },
    { name: "L2", size: 2 ** 18, bandwidth: 1e11 },
    { name: "L3", size: 2 ** 22, bandwidth: 8e10 },
    { name: "memory", size: 2 ** 27, bandwidth: 2e10 },
  ],
};
const setup: Setup = {
  ...{ cell: "gru", hidden: 50, layers: 3, batch: 32, length: 47 },
  sides: [
    { side: "torch-loop", density: 1, times: [40, 44, 42] },
    { side: "torch-fused", density: 1, times: [8, 10, 9] },
    { side: "filigree", density: 1, times: [4, 5, 3] },
    { side: "filigree", density: 0.7, times: [5, 6.25, 3.75] },
    { side: "filigree", density: 0.1, times: [1, 1.25, 0.75] },
  ],
};
const product: KernelTiming = {
  ...{ kernel: "product", group: "dense", shape: "150 × 50" },
  ...{ operations: 4e6, bytes: 5e5, seconds: 5e-5, ofRoof: 0.8 },
};
const gather: KernelTiming = {
  ...{ kernel: "gather", group: "other", shape: "150" },
  ...{ operations: 0, bytes: 2e4, seconds: 4e-6, ofRoof: 0.025 },
};
const comparison: Comparison = {
  machine: "a machine",
  versions: ["Filigree"],
  setups: [setup],
  ceilings,
  kernels: [{ hidden: 50, timings: [product, gather] }],
};

describe("a comparison", () => {
  it("becomes a table with the ratios of every round's times, absent peers left out", () => {
    expect(stepTable(comparison).split("\n")).toEqual([
      "| cell | layers × units | batch | PyTorch, loop | PyTorch, fused | dense | 70 % | 10 % | fused ÷ dense | fused ÷ 10 % | dense ÷ 10 % |",
      "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
      "| GRU | 3 × 50 | 32 | 42 | 9 | 4 | 5 | 1 | 2.0× | 8.0× | 4.0× |",
    ]);
  });

  it("becomes a CSV file with every side", () => {
    const lines = stepCsv(comparison).trimEnd().split("\n");
    expect(lines).toHaveLength(6);
    expect(lines[0]).toBe("cell,hidden,layers,batch,length,side,density,median,best,rounds,besideDense");
    expect(lines[5]).toBe("gru,50,3,32,47,filigree,0.1,1,0.75,3,0.25");
  });

  it("tells where the compressed form breaks even", () => {
    expect(breakEvenOf(setup)).toBeCloseTo(0.55);
  });

  it("has tables of kernels and of densities", () => {
    expect(kernelTable([product, gather])).toContain(
      "| product | dense | 150 × 50 | 50.00 | 80.0 | 10.0 | 8.00 | 80 % |",
    );
    expect(kernelTable([gather])).toContain("| gather | other | 150 | 4.00 | – | 5.0 | – | 3 % |");
    const points = [{ density: 0.5, ratio: 0.9 }];
    expect(densityTable([{ rows: 150, columns: 50, points, breakEven: 0.56 }])).toContain(
      "| 150 × 50 | GRU | 56 % | 0.90 |",
    );
  });

  it("becomes pictures, without a roofline when no kernel was timed", () => {
    expect(comparisonFigures(comparison).map(({ name }) => name)).toEqual(["density", "pytorch", "roofline"]);
    const { kernels: _, ...quick } = comparison;
    expect(comparisonFigures(quick).map(({ name }) => name)).toEqual(["density", "pytorch"]);
  });
});

describe("its charts", () => {
  it("draw points below their roofs, with labels that keep out of each other's way", async () => {
    const chart = {
      ...{ title: "A roofline", description: "Two points.", ceilings },
      points: [
        { label: "product", colour: "var(--lstm)", intensity: 8, speed: 8e10 },
        { label: "transposed product", colour: "var(--lstm)", intensity: 8.2, speed: 7.9e10 },
      ],
    };
    await expect(rooflineChart(chart)).toMatchFileSnapshot("snapshots/roofline.svg");
  });

  it("stand on a sheet of their own with a legend and both palettes", () => {
    const panel = { title: "A & B", svg: '<svg xmlns="x"></svg>', width: 100, height: 50 };
    const legend = [{ label: "ours", colour: "var(--gru)" }];
    const svg = sheet({ title: "T", description: "D", panels: [panel, panel, panel], columns: 2, legend });
    expect(svg).toContain("A &amp; B</text>");
    expect(svg).toContain("prefers-color-scheme:dark");
    expect(svg.match(/<svg x="14" /g)).toHaveLength(2);
    expect(svg).toContain('width="246" height="208"');
  });
});
