// What `bench/compare.mjs` measured, and its tables: every configuration with every side, the ones that we lose
// included. Ratios are medians of ratios within a round.
import { stringify } from "csv-stringify/sync";
import { breakEven } from "../dist/bench/density.js";
import { median, ratioOf } from "../dist/bench/rounds.js";
import { cellKinds, gateCount } from "../dist/network/architecture.js";
import { cellNames } from "../dist/report/theme.js";

/**
 * What one side took: milliseconds of a training step in every round. Below a density of 1 weights are held compressed.
 * @typedef {{ side: "torch-loop" | "torch-fused" | "tensorflow" | "filigree", density: number, times: number[] }} SideTimes
 *
 * One network and batch.
 * @typedef {{ cell: import("../dist/network/architecture.js").CellKind, hidden: number, layers: number, batch: number,
 *   length: number, sides: SideTimes[] }} Setup
 *
 * A quick comparison has only the first three.
 * @typedef {{ machine: string, versions: string[], setups: Setup[], ceilings?: import("../dist/bench/kernels.js").Ceilings,
 *   kernels?: { hidden: number, timings: import("../dist/bench/kernels.js").KernelTiming[] }[],
 *   densities?: import("../dist/bench/density.js").DensityTiming[] }} Comparison
 */

const sideNames = {
  "torch-loop": "PyTorch, loop",
  "torch-fused": "PyTorch, fused",
  tensorflow: "TensorFlow.js",
  filigree: "Filigree",
};

/** The times of a side; undefined when it did not take part. */
export function timesOf(setup, side, density = 1) {
  return setup.sides.find((other) => other.side === side && other.density === density)?.times;
}

/** How many times as long `a` takes as `b`; NaN when either did not take part. */
export function ratio(a, b) {
  return a && b ? ratioOf(a, b) : Number.NaN;
}

/** The time of the compressed form beside the dense one by density, ascending, without density 1. */
export function densityCurve(setup) {
  const dense = timesOf(setup, "filigree");
  return setup.sides
    .filter(({ side, density }) => side === "filigree" && density < 1)
    .map(({ density, times }) => ({ density, ratio: ratio(times, dense) }))
    .sort((a, b) => a.density - b.density);
}

/** All training steps in milliseconds, a row for each setup, as Markdown. */
export function stepTable({ setups }) {
  const densities = [...new Set(setups.flatMap((setup) => densityCurve(setup).map(({ density }) => density)))]
    .sort((a, b) => b - a)
    .filter((density) => density < 1);
  const peers = ["torch-loop", "torch-fused", "tensorflow"].filter((side) =>
    setups.some((setup) => timesOf(setup, side)),
  );
  const header = [
    ...["cell", "layers × units", "batch", ...peers.map((side) => sideNames[side]), "dense"],
    ...densities.map(share),
    ...["fused ÷ dense", "fused ÷ 10 %", "dense ÷ 10 %"],
  ];
  const rows = setups.map((setup) => {
    const [fused, dense, sparse] = [
      timesOf(setup, "torch-fused"),
      timesOf(setup, "filigree"),
      timesOf(setup, "filigree", 0.1),
    ];
    return [
      ...[cellNames[setup.cell], `${setup.layers} × ${setup.hidden}`, setup.batch],
      ...peers.map((side) => milliseconds(timesOf(setup, side))),
      milliseconds(dense),
      ...densities.map((density) => milliseconds(timesOf(setup, "filigree", density))),
      ...[ratio(fused, dense), ratio(fused, sparse), ratio(dense, sparse)].map(times),
    ];
  });
  return markdown(header, rows);
}

/** The kernels at one size of layer against the roofline, as Markdown. */
export function kernelTable(timings) {
  const header = ["kernel", "kind", "shape", "µs", "GFLOP/s", "GB/s", "FLOP/byte", "of the roof"];
  const rows = timings.map(({ kernel, group, shape, operations, bytes, seconds, ofRoof }) => [
    ...[kernel, group, shape, (1e6 * seconds).toFixed(2)],
    operations > 0 ? (operations / seconds / 1e9).toFixed(1) : "–",
    (bytes / seconds / 1e9).toFixed(1),
    operations > 0 ? (operations / bytes).toFixed(2) : "–",
    share(ofRoof),
  ]);
  return markdown(header, rows);
}

/** The ceilings of the machine, as a sentence. */
export function ceilingsText({ peak, levels }) {
  const giga = (perSecond) => (perSecond / 1e9).toFixed(0);
  const memory = levels.map(({ name, bandwidth }) => `${giga(bandwidth)} in ${name}`).join(", ");
  return `Peak ${giga(peak)} GFLOP/s; GB/s of memory: ${memory}.`;
}

/** Break-even densities of single matrices, as Markdown. */
export function densityTable(timings) {
  const densities = timings[0]?.points.map(({ density }) => share(density)) ?? [];
  const rows = timings.map(({ rows, columns, points, breakEven }) => [
    `${rows} × ${columns}`,
    cellKinds
      .filter((kind) => gateCount(kind) * columns === rows)
      .map((kind) => cellNames[kind])
      .join(", "),
    share(breakEven),
    ...points.map(({ ratio }) => ratio.toFixed(2)),
  ]);
  return markdown(["matrix", "cell", "break-even", ...densities], rows);
}

/** Every side of every setup in a line: medians, bests and the time beside our own dense one. */
export function stepCsv({ setups }) {
  const rows = setups.flatMap(({ sides, ...setup }) =>
    sides.map(({ side, density, times }) => ({
      ...setup,
      side,
      density,
      median: median(times),
      best: Math.min(...times),
      rounds: times.length,
      besideDense: ratio(times, timesOf({ ...setup, sides }, "filigree")),
    })),
  );
  return stringify(rows, { header: true });
}

/** Where the compressed form of a whole network breaks even; see `breakEven`. */
export function breakEvenOf(setup) {
  return breakEven(densityCurve(setup));
}

function markdown(header, rows) {
  return [header, header.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");
}

const share = (value) => `${Math.round(100 * value)} %`;
const times = (value) => (Number.isFinite(value) ? `${value.toFixed(value < 10 ? 1 : 0)}×` : "–");
const milliseconds = (values) =>
  values && values.length > 0 ? Number(median(values).toPrecision(3)).toString() : "–";
