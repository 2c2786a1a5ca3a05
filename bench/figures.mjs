// The pictures of a comparison: what sparsity saves, how fast each network trains beside PyTorch, and the roofline.
import { cellKinds } from "../dist/network/architecture.js";
import { dotChart } from "../dist/report/charts/dots.js";
import { lineChart } from "../dist/report/charts/lines.js";
import { accents, cellColour, cellNames, quiet, series } from "../dist/report/theme.js";
import { breakEvenOf, densityCurve, ratio, timesOf } from "./comparison.mjs";
import { rooflineChart } from "./roofline.mjs";
import { sheet } from "./sheet.mjs";

/**
 * All pictures that the comparison has the numbers for, as files without their ending.
 * @param {import("./comparison.mjs").Comparison} comparison
 */
export function comparisonFigures(comparison) {
  return [densityFigure(comparison), peerFigure(comparison), rooflineFigure(comparison)].filter(
    (figure) => figure !== undefined,
  );
}

/** Setups of one size and batch together, in the order of the comparison. */
function sizes({ setups }) {
  const groups = new Map();
  for (const setup of setups) {
    const { layers, hidden, batch } = setup;
    const title = `${layers === 1 ? "" : `${layers} layers of `}${hidden} units, batch ${batch}`;
    groups.set(title, [...(groups.get(title) ?? []), setup]);
  }
  return [...groups].map(([title, setups]) => ({ title, setups }));
}

function densityFigure(comparison) {
  const [width, height] = [270, 210];
  const panels = sizes(comparison).map(({ title, setups }) => {
    const svg = lineChart({
      title: `Time of a step by density: ${title}`,
      description:
        "Compressed beside dense, one line for each cell; rings mark where the two take equally long.",
      lines: [...setups.map(curve), ...setups.flatMap(breakEvenMark)],
      x: { label: "density", domain: [0, 0.75], ticks: [0.1, 0.3, 0.5, 0.7], format: percentText },
      y: { label: "time ÷ dense", domain: [0, 1.8], ticks: [0, 0.5, 1, 1.5] },
      reference: 1,
      width,
      height,
    });
    return { title, svg, width, height };
  });
  const svg = sheet({
    title: "What sparsity saves",
    description: "Time of a training step with compressed matrices, beside the dense one, by density.",
    panels,
    columns: Math.min(3, panels.length),
    legend: cellKinds.map((cell) => ({ label: cellNames[cell], colour: cellColour(cell) })),
  });
  return { name: "density", svg };
}

function curve(setup) {
  const points = densityCurve(setup).map(({ density, ratio }) => ({ x: density, y: ratio }));
  return { colour: cellColour(setup.cell), dots: "filled", points };
}

function breakEvenMark(setup) {
  const density = breakEvenOf(setup);
  if (density <= 0 || density >= 1) return [];
  return [{ colour: cellColour(setup.cell), dots: "ring", points: [{ x: density, y: 1 }] }];
}

const peerSeries = [
  { label: "PyTorch's loop ÷ our dense", colour: quiet, over: "torch-loop", density: 1, hollow: true },
  { label: "PyTorch fused ÷ our dense", colour: accents[1], over: "torch-fused", density: 1, hollow: false },
  {
    label: "PyTorch fused ÷ ours at 10 %",
    colour: accents[0],
    over: "torch-fused",
    density: 0.1,
    hollow: false,
  },
];

function peerFigure(comparison) {
  if (!comparison.setups.some((setup) => timesOf(setup, "torch-fused"))) return undefined;
  const rows = comparison.setups.map((setup) => ({
    label: `${cellNames[setup.cell]}, ${setup.layers} × ${setup.hidden}, batch ${setup.batch}`,
    dots: peerSeries.map(({ over, density, colour, hollow }) => ({
      value: ratio(timesOf(setup, over), timesOf(setup, "filigree", density)),
      colour,
      hollow,
    })),
  }));
  const values = rows.flatMap(({ dots }) => dots.map(({ value }) => value)).filter(Number.isFinite);
  const [low, high] = [Math.min(0.7, 0.9 * Math.min(...values)), 1.15 * Math.max(...values)];
  const ticks = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100].filter((tick) => tick >= low && tick <= high);
  const chart = {
    title: "Training steps beside PyTorch",
    description:
      "How many times as long PyTorch takes, on a logarithmic scale; left of 1 it is the faster one.",
    rows,
    axis: "times as long",
    domain: [low, high],
    ticks,
    format: (value) => `${value}×`,
    scale: "log",
    width: 640,
    labelWidth: 190,
    rowHeight: 18,
    reference: 1,
  };
  const panel = {
    title: "Training steps: how many times as long as Filigree",
    svg: dotChart(chart),
    width: 640,
    height: rows.length * 18 + 44,
  };
  const svg = sheet({ ...chart, panels: [panel], columns: 1, legend: peerSeries });
  return { name: "pytorch", svg };
}

const groupColours = {
  dense: series[0],
  compressed: series[1],
  cell: series[2],
  other: quiet,
};

const groupNames = {
  dense: "dense matrix",
  compressed: "compressed matrix",
  cell: "steps of cells",
  other: "moving, summing, Adam",
};

const kernelNames = {
  transposedProduct: "transposed product",
  scatterRows: "scatter",
  rowSums: "row sums",
  ...Object.fromEntries(
    ["tanh", "relu", "lstm", "gru"].flatMap((cell) => {
      const kind = cell === "tanh" || cell === "relu" ? `rnn-${cell}` : cell;
      const name = cellNames[kind].replace("RNN-", "");
      return [
        [`${cell}Forward`, `${name} →`],
        [`${cell}Backward`, `${name} ←`],
      ];
    }),
  ),
};

function rooflineFigure({ ceilings, kernels }) {
  if (!ceilings || !kernels) return undefined;
  const [width, height] = [760, 420];
  const panels = kernels.map(({ hidden, timings }) => {
    const shape = timings.find(({ group }) => group === "dense")?.shape ?? "";
    const title = `${hidden} units; matrices of ${shape}`;
    const points = timings
      .filter(({ operations }) => operations > 0)
      .map(({ kernel, group, operations, bytes, seconds }) => ({
        label: kernelNames[kernel] ?? kernel,
        colour: groupColours[group],
        intensity: operations / bytes,
        speed: operations / seconds,
      }));
    const description = "GFLOP/s of every kernel over its operations per byte, below what one core can do.";
    return {
      title,
      svg: rooflineChart({ title, description, ceilings, points, width, height }),
      width,
      height,
    };
  });
  const svg = sheet({
    title: "Roofline of one core",
    description: "What each kernel reaches against the arithmetic and the memories of one core.",
    panels,
    columns: 1,
    legend: Object.entries(groupNames).map(([group, label]) => ({
      label,
      colour: groupColours[group],
    })),
  });
  return { name: "roofline", svg };
}

function percentText(share) {
  return `${Math.round(100 * share)} %`;
}
