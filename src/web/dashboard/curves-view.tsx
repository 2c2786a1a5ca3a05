// Curves over epochs of one trial or of several: a small chart for each metric, the smoothed values strong and the recorded ones
// faint behind them. Densities of gates of one network share a chart, as do losses or accuracies of a training and its tests.
import * as Plot from "@observablehq/plot";
import type { Curve } from "../store/trial.js";
import { choose, chosen } from "./address.js";
import { Drawing, Frame, lineColours, tip } from "./chart.js";
import { GATE, isOfGate } from "./columns.js";
import { Switch } from "./controls.js";
import { smoothed } from "./groups.js";
import { short } from "./spoken.js";

/** A trial's curves, under its name. */
export interface Curves {
  readonly name: string;
  readonly curves: readonly Curve[];
}

interface Point {
  readonly epoch: number;
  readonly value: number;
  readonly smooth: number;
  readonly name: string;
}

/** Points of a line that are drawn. */
const MOST_POINTS = 1_000;

/**
 * The charts that metrics are drawn in. Of one trial what ends in the same word shares a chart, and so do the gates of a matrix;
 * several trials share charts of one metric each, and their gates are left to their own pages.
 */
function chartsOf(all: readonly Curves[]): Map<string, string[]> {
  const metrics = [...new Set(all.flatMap(({ curves }) => curves.map(({ metric }) => metric)))];
  const charts = new Map<string, string[]>();
  for (const metric of metrics.filter((name) => all.length === 1 || !isOfGate(name))) {
    const matrix = GATE.exec(metric)?.[1];
    const word = /(Loss|Accuracy|AbsoluteError)$/.exec(metric)?.[1].toLowerCase();
    const chart = matrix ? `density of ${spokenMatrix(matrix)}` : all.length === 1 && word ? word : metric;
    charts.set(chart, [...(charts.get(chart) ?? []), metric]);
  }
  return new Map([...charts].sort(([a], [b]) => placeOf(a) - placeOf(b)));
}

/** What was learnt comes first, then what became of the weights, then of which. */
function placeOf(chart: string): number {
  if (chart.startsWith("density of ")) return 2;
  return /^(density|born|dropped)$/.test(chart) ? 1 : 0;
}

/** "0.weight_ih" is the input matrix of layer 1; other names are taken as they are. */
function spokenMatrix(name: string): string {
  const match = /^(\d+)\.weight_(ih|hh)$/.exec(name);
  return match ? `layer ${Number(match[1]) + 1}, ${match[2] === "ih" ? "input" : "hidden"}` : name;
}

export function CurvesView({ all }: { all: readonly Curves[] }) {
  const weight = Number(chosen("smooth", "0"));
  const log = chosen("logc") === "yes";
  const charts = [...chartsOf(all)];
  if (charts.length === 0) return <p class="quiet">No epoch is recorded yet.</p>;
  return (
    <section>
      <h3>Curves</h3>
      <div class="controls">
        <label>
          smoothing
          <input
            type="range"
            min="0"
            max="0.98"
            step="0.02"
            value={weight}
            onInput={({ currentTarget }) =>
              choose({ smooth: currentTarget.value === "0" ? "" : currentTarget.value })
            }
          />
          <output>{weight}</output>
        </label>
        <Switch name="logc" label="log axis" />
      </div>
      <div class="charts">
        {charts.map(([chart, metrics]) => (
          <CurveChart key={chart} chart={chart} metrics={metrics} all={all} weight={weight} log={log} />
        ))}
      </div>
    </section>
  );
}

function CurveChart(props: {
  readonly chart: string;
  readonly metrics: readonly string[];
  readonly all: readonly Curves[];
  readonly weight: number;
  readonly log: boolean;
}) {
  const { chart, metrics, all, weight, log } = props;
  const points = all.flatMap(({ name, curves }) =>
    curves
      .filter(({ metric }) => metrics.includes(metric))
      .flatMap((curve) => {
        const own = [
          all.length === 1 && metrics.length > 1 ? (GATE.exec(curve.metric)?.[2] ?? curve.metric) : name,
        ];
        return pointsOf(curve, own.filter((part) => part !== "").join(" "), weight);
      }),
  );
  const names = [...new Set(points.map(({ name }) => name))];
  const drawn = points.filter(
    ({ value, smooth }) => Number.isFinite(value) && (!log || (value > 0 && smooth > 0)),
  );
  return (
    <Frame
      title={chart}
      csv={() => ({
        header: ["curve", "epoch", "value", "smoothed"],
        rows: points.map(({ name, epoch, value, smooth }) => [name, epoch, value, smooth]),
      })}
    >
      <Drawing
        label={`${chart} over epochs`}
        depends={[points.length, points.at(-1)?.value, names.join(), weight, log]}
        options={() => ({
          height: 230,
          marginLeft: 52,
          x: {
            label: "epoch",
            tickFormat: (epoch: number) => (Number.isInteger(epoch) ? String(epoch) : ""),
          },
          y: { label: null, grid: true, type: log ? "log" : "linear", tickFormat: short, ...constant(drawn) },
          color: {
            domain: names,
            range: names.map((_, i) => lineColours[i % lineColours.length]),
            legend: names.length > 1,
          },
          marks: [
            weight > 0
              ? Plot.lineY(drawn, { x: "epoch", y: "value", z: "name", stroke: "name", strokeOpacity: 0.25 })
              : null,
            Plot.lineY(drawn, {
              x: "epoch",
              y: "smooth",
              z: "name",
              stroke: "name",
              strokeWidth: 1.8,
              tip: { ...tip, format: { y: short } },
            }),
            drawn.length <= names.length ? Plot.dot(drawn, { x: "epoch", y: "value", fill: "name" }) : null,
          ],
        })}
      />
    </Frame>
  );
}

/** A scale around a curve that stays the same. */
function constant(points: readonly Point[]): { domain?: [number, number] } {
  const [first] = points;
  if (!first || points.some(({ value }) => value !== first.value)) return {};
  const reach = Math.abs(first.value) / 2 || 1;
  return { domain: [first.value - reach, first.value + reach] };
}

function pointsOf({ epochs, values }: Curve, name: string, weight: number): Point[] {
  const numbers = values.map(Number);
  const smooth = smoothed(numbers, weight);
  const step = Math.max(1, Math.ceil(epochs.length / MOST_POINTS));
  return epochs
    .map((epoch, i) => ({ epoch, value: numbers[i], smooth: smooth[i], name }))
    .filter((_, i) => i % step === 0 || i === epochs.length - 1);
}
