// Curves that grow while the reader looks: uPlot on a canvas, in the page's colours, as wide as its place. Figures that stay
// as they are are those of src/report/charts.
import { effect, untracked } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import { css, scheme } from "./colours.js";

export interface Curve {
  readonly label: string;
  /** A colour of src/report/theme.ts. */
  readonly colour: string;
  readonly dash?: readonly number[];
  readonly width?: number;
  /** Points instead of a line. */
  readonly points?: boolean;
}

export interface CurvesProps {
  readonly height: number;
  /** What the axis across is, and what screen readers say of the whole. */
  readonly axis: string;
  readonly label: string;
  readonly curves: readonly Curve[];
  /** Places across, and of each curve the values there, null where there is none; read as signals. */
  data(): uPlot.AlignedData;
  /** How values are written. */
  readonly format?: (value: number) => string;
  /** Of the axis upwards; what the values span when left out. */
  readonly range?: readonly [number | null, number | null];
  readonly logarithmic?: boolean;
  /** Where the axis across, which then begins at 0, ends at least. */
  readonly end?: () => number;
}

export function Curves(props: CurvesProps) {
  const place = useRef<HTMLDivElement>(null);
  const { height, axis, label, curves, data, format = String, range, logarithmic, end } = props;
  const key = JSON.stringify([axis, curves, range, logarithmic]);
  useEffect(() => {
    const element = place.current;
    if (!element) return;
    let plot: uPlot | undefined;
    const make = () => {
      plot?.destroy();
      plot = new uPlot(
        optionsOf({ height, axis, curves, format, range, logarithmic, end }, element.clientWidth),
        data(),
        element,
      );
    };
    const recolour = effect(() => {
      scheme.value;
      untracked(make);
    });
    const refill = effect(() => {
      const values = data();
      plot?.setData(values);
    });
    const observer = new ResizeObserver(([{ contentRect }]) =>
      plot?.setSize({ width: contentRect.width, height }),
    );
    observer.observe(element);
    return () => {
      observer.disconnect();
      refill();
      recolour();
      plot?.destroy();
    };
  }, [key, height]);
  return <div ref={place} class="curves" role="img" aria-label={label} />;
}

/** Ends of an axis, which are never the same: values may be, and there may be none. */
function spanOf(low: number | null, high: number | null): [number, number] {
  if (low === null || high === null) return [low ?? 0, (low ?? 0) + 1];
  return high > low ? [low, high] : [low - Math.max(0.01, 0.1 * Math.abs(low)), low];
}

type Look = Pick<CurvesProps, "height" | "axis" | "curves" | "range" | "logarithmic" | "end"> & {
  readonly format: (value: number) => string;
};

function optionsOf(
  { height, axis, curves, format, range, logarithmic, end }: Look,
  width: number,
): uPlot.Options {
  const [quiet, rule] = [css("quiet"), css("rule")];
  const font = `11px ${css("sans")}`;
  const lines = {
    stroke: quiet,
    font,
    labelFont: font,
    grid: { stroke: rule, width: 1 },
    ticks: { show: false },
  };
  return {
    width,
    height,
    padding: [8, 8, 0, 0],
    cursor: { y: false, points: { size: 5 } },
    legend: { live: true },
    scales: {
      x: {
        time: false,
        ...(end && { range: (_: uPlot, _low: number, high: number) => [0, Math.max(high, end())] }),
      },
      y: {
        ...(logarithmic && { distr: 3 }),
        ...(range && {
          range: (_: uPlot, low: number | null, high: number | null) =>
            spanOf(range[0] ?? low, range[1] ?? high),
        }),
      },
    },
    axes: [
      { ...lines, size: 22, gap: 4 },
      { ...lines, size: 44, gap: 4, values: (_, ticks) => ticks.map((tick) => format(tick)) },
    ],
    series: [
      { label: axis, value: (_, value) => (typeof value === "number" ? String(Math.round(value)) : "") },
      ...curves.map(
        ({ label, colour, dash, width = 1.5, points = false }): uPlot.Series => ({
          label,
          stroke: css(colour),
          width: points ? 0 : width,
          dash: dash && [...dash],
          spanGaps: true,
          points: points ? { show: true, size: 5, fill: css(colour) } : { show: false },
          value: (_, value) => (typeof value === "number" ? format(value) : ""),
        }),
      ),
    ],
  };
}
