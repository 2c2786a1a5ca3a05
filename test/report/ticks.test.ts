import { describe, expect, it } from "vitest";
import { dotChart } from "../../src/report/charts/dots.js";
import { lineChart } from "../../src/report/charts/lines.js";
import { scatterPlot } from "../../src/report/charts/scatter.js";
import { ticksOf, widthOf } from "../../src/report/charts/ticks.js";

const written = (domain: [number, number], count = 5, whole = false) => {
  const { ticks, tickFormat } = ticksOf({ domain, whole }, count);
  return (ticks as number[]).map(tickFormat!);
};

describe("ticks", () => {
  it.each<[[number, number], string[]]>([
    [
      [0, 1],
      ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"],
    ],
    [
      [0.47, 0.53],
      ["0.47", "0.48", "0.49", "0.50", "0.51", "0.52", "0.53"],
    ],
    [
      [-30, 30],
      ["−30", "−20", "−10", "0", "10", "20", "30"],
    ],
    [
      [0, 6000],
      ["0", "1,000", "2,000", "3,000", "4,000", "5,000", "6,000"],
    ],
    [
      [1.00041e25, 1.00049e25],
      ["1.00042e25", "1.00044e25", "1.00046e25", "1.00048e25"],
    ],
    [
      [0, 2.1e6],
      ["0", "5e5", "1e6", "1.5e6", "2e6"],
    ],
    [
      [1e-9, 5e-9],
      ["1e−9", "2e−9", "3e−9", "4e−9", "5e−9"],
    ],
  ])("of %j stand at round numbers, written in few characters", (domain, texts) => {
    expect(written(domain)).toEqual(texts);
  });

  it.each<[[number, number], string[]]>([
    [[0.95, 1.05], ["1"]],
    [
      [0, 1],
      ["0", "1"],
    ],
    [
      [0.92, 3.08],
      ["1", "2", "3"],
    ],
    [
      [0, 50],
      ["0", "10", "20", "30", "40", "50"],
    ],
    [[7.5, 8.5], ["8"]],
  ])("of epochs over %j are whole numbers", (domain, texts) => {
    expect(written(domain, 5, true)).toEqual(texts);
  });

  it("are the given ones where there are any", () => {
    const axis = { domain: [0, 1], ticks: [0, 0.7], format: String } as const;
    expect(ticksOf(axis, 5)).toEqual({ ticks: [0, 0.7], tickFormat: String });
  });
});

describe("charts", () => {
  const text = { title: "t", description: "d" };
  const epochs = { label: "epoch", domain: [0.95, 1.05], whole: true } as const;
  const large = { label: "loss", domain: [1.0001e25, 1.0009e25] } as const;
  /** Where each text begins at the left, were a character 6 pixels wide. */
  const lefts = (svg: string) =>
    [...svg.matchAll(/<g[^>]*text-anchor="end"[^>]*aria-label="y-axis tick label"[^>]*>(.*?)<\/g>/g)]
      .flatMap(([, group]) => [...group.matchAll(/translate\(([\d.]+),[^>]*>([^<]+)</g)])
      .map(([, x, label]) => Number(x) - 3 - 5.5 * label.length);

  it("have room for the numbers of their vertical axis", () => {
    const points = [
      { x: 1, y: 1.0002e25 },
      { x: 2, y: 1.0008e25 },
    ];
    for (const svg of [
      lineChart({ ...text, lines: [{ points, colour: "red" }], x: epochs, y: large }),
      scatterPlot({ ...text, series: [{ points, colour: "red" }], x: epochs, y: large }),
    ]) {
      expect(svg).toContain(">1.0002e25<");
      expect(lefts(svg).length).toBeGreaterThan(2);
      for (const left of lefts(svg)) expect(left).toBeGreaterThanOrEqual(0);
    }
    expect(widthOf({ ticks: [1], tickFormat: () => "1.0002e25" })).toBe(64);
  });

  it("have room for the texts beside dots", () => {
    const chart = (dot: string) =>
      dotChart({
        ...text,
        rows: [{ label: "a", dots: [{ value: 1, colour: "red", text: dot }] }],
        axis: "x",
        domain: [0, 1],
      });
    const place = (svg: string) => Number(/translate\(([\d.]+),[\d.]+\)" [^>]*>1\.23/.exec(svg)?.[1]);
    expect(place(chart("1.23"))).toBe(328);
    expect(380 - place(chart("1.234567e+25"))).toBeGreaterThan(12 * 5.5 + 8);
  });

  it("draw a single epoch as a dot with its interval, also between gaps", () => {
    const chart = (points: { x: number; y: number; low?: number; high?: number }[]) =>
      lineChart({
        ...text,
        lines: [{ points, colour: "red" }],
        x: epochs,
        y: { label: "y", domain: [0, 1] },
      });
    const circles = (svg: string) =>
      [...svg.matchAll(/<circle[^>]* r="([\d.]+)"/g)].map(([, r]) => Number(r));
    expect(circles(chart([{ x: 1, y: 0.5 }]))).toEqual([2.2]);
    expect(
      circles(
        chart([
          { x: 0.95, y: 0.5 },
          { x: 1, y: Number.NaN },
          { x: 1.05, y: 0.5 },
        ]),
      ),
    ).toEqual([2.2, 2.2]);
    expect(
      circles(
        chart([
          { x: 0.95, y: 0.5 },
          { x: 1, y: 0.5 },
        ]),
      ),
    ).toEqual([]);
    expect(chart([{ x: 1, y: 0.5, low: 0.4, high: 0.6 }])).toMatch(/aria-label="rule"[^>]*><line/);
  });
});
