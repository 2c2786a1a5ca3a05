// What `bench/compare.mjs` measured, and its tables: every configuration with every side, the ones that we lose
// included. Ratios are medians of ratios within a round.
import { stringify } from "csv-stringify/sync";
import { breakEven, type DensityTiming } from "../engine/density.js";
import type { Ceilings, KernelTiming } from "../engine/kernel-times.js";
import { median, ratioOf } from "../engine/rounds.js";
import { type CellKind, cellKinds, gateCount } from "../network/architecture.js";
import { cellNames } from "./theme.js";

export type SideName = "torch-loop" | "torch-fused" | "tensorflow" | "filigree";

export interface SideTimes {
  readonly side: SideName;
  /** Share of the weights that exist; below 1 they are held compressed. */
  readonly density: number;
  /** Milliseconds of a training step in every round. */
  readonly times: readonly number[];
}

/** One network and batch, and what each side took. */
export interface Setup {
  readonly cell: CellKind;
  readonly hidden: number;
  readonly layers: number;
  readonly batch: number;
  readonly length: number;
  readonly sides: readonly SideTimes[];
}

export interface Comparison {
  readonly machine: string;
  readonly versions: readonly string[];
  readonly setups: readonly Setup[];
  /** Absent from a quick comparison, like the following two. */
  readonly ceilings?: Ceilings;
  readonly kernels?: readonly { readonly hidden: number; readonly timings: readonly KernelTiming[] }[];
  readonly densities?: readonly DensityTiming[];
}

export const sideNames: Record<SideName, string> = {
  "torch-loop": "PyTorch, loop",
  "torch-fused": "PyTorch, fused",
  tensorflow: "TensorFlow.js",
  filigree: "Filigree",
};

/** The times of a side; undefined when it did not take part. */
export function timesOf(setup: Setup, side: SideName, density = 1): readonly number[] | undefined {
  return setup.sides.find((other) => other.side === side && other.density === density)?.times;
}

/** How many times as long `a` takes as `b`; NaN when either did not take part. */
export function ratio(a: readonly number[] | undefined, b: readonly number[] | undefined): number {
  return a && b ? ratioOf(a, b) : Number.NaN;
}

/** The time of the compressed form beside the dense one by density, ascending, without density 1. */
export function densityCurve(setup: Setup): { density: number; ratio: number }[] {
  const dense = timesOf(setup, "filigree");
  return setup.sides
    .filter(({ side, density }) => side === "filigree" && density < 1)
    .map(({ density, times }) => ({ density, ratio: ratio(times, dense) }))
    .sort((a, b) => a.density - b.density);
}

/** All training steps in milliseconds, a row for each setup, as Markdown. */
export function stepTable({ setups }: Comparison): string {
  const densities = [...new Set(setups.flatMap((setup) => densityCurve(setup).map(({ density }) => density)))]
    .sort((a, b) => b - a)
    .filter((density) => density < 1);
  const peers = (["torch-loop", "torch-fused", "tensorflow"] as const).filter((side) =>
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
export function kernelTable(timings: readonly KernelTiming[]): string {
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
export function ceilingsText({ peak, levels }: Ceilings): string {
  const giga = (perSecond: number) => (perSecond / 1e9).toFixed(0);
  const memory = levels.map(({ name, bandwidth }) => `${giga(bandwidth)} in ${name}`).join(", ");
  return `Peak ${giga(peak)} GFLOP/s; GB/s of memory: ${memory}.`;
}

/** Break-even densities of single matrices, as Markdown. */
export function densityTable(timings: readonly DensityTiming[]): string {
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
export function stepCsv({ setups }: Comparison): string {
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
export function breakEvenOf(setup: Setup): number {
  return breakEven(densityCurve(setup));
}

function markdown(header: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  return [header, header.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");
}

const share = (value: number) => `${Math.round(100 * value)} %`;
const times = (value: number) => (Number.isFinite(value) ? `${value.toFixed(value < 10 ? 1 : 0)}×` : "–");
const milliseconds = (values: readonly number[] | undefined) =>
  values && values.length > 0 ? Number(median(values).toPrecision(3)).toString() : "–";
