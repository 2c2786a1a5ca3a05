import { parseHTML } from "linkedom";
import { describe, expect, it } from "vitest";
import { groupedBars, histogram } from "../../src/report/charts/bars.js";
import { courseChart, courseScript } from "../../src/report/charts/course.js";
import { dotChart } from "../../src/report/charts/dots.js";
import { heatmap } from "../../src/report/charts/heatmap.js";
import { layeredDrawing } from "../../src/report/charts/layers.js";
import { lineChart } from "../../src/report/charts/lines.js";
import { maskDrawing } from "../../src/report/charts/masks.js";
import { scatterPlot } from "../../src/report/charts/scatter.js";
import { stripChart } from "../../src/report/charts/strips.js";
import { masks } from "../thesis/report/sample.js";

const text = { title: "A <title> & more", description: "What it shows." };
const snapshot = (name: string) => `snapshots/${name}.svg`;

describe("charts", () => {
  it("names levels beside a chart of lines, apart from each other, and leaves out those beyond it", () => {
    const chart = {
      ...text,
      lines: [
        {
          colour: "var(--gru)",
          points: [
            { x: 1, y: 2 },
            { x: 2, y: 1.9 },
          ],
        },
      ],
      x: { label: "epoch", domain: [1, 2] as const, whole: true },
      y: { label: "loss", domain: [1.7, 2.1] as const },
    };
    const svg = lineChart({
      ...chart,
      levels: [1.75, 1.751, 1.752, 3].map((y, i) => ({ y, label: `${i} before` })),
    });
    const { document } = parseHTML(svg);
    const labels = [...document.querySelectorAll("text")].filter(({ textContent }) =>
      / before$/.test(textContent!),
    );
    expect(labels.map(({ textContent }) => textContent)).toEqual(["0 before", "1 before", "2 before"]);
    const heights = labels.map((label) => {
      const moves = [label, label.parentElement!].map((element) =>
        Number(/translate\([^,]+,([^)]+)\)/.exec(element.getAttribute("transform") ?? "")?.[1] ?? 0),
      );
      return moves.reduce((sum, move) => sum + move, 0);
    });
    expect(heights[0] - heights[1]).toBeGreaterThan(10);
    expect(heights[1] - heights[2]).toBeGreaterThan(10);
  });

  it("draws lines with bands, dots, gaps, labels and a reference", async () => {
    const svg = lineChart({
      ...text,
      lines: [
        {
          colour: "var(--gru)",
          dots: "filled",
          points: [
            { x: 0, y: 1, low: 0.9, high: 1.1 },
            { x: 1, y: 0.8, low: 0.7, high: 0.9 },
            { x: 2, y: Number.NaN },
            { x: 3, y: 0.2 },
          ],
          label: "ours",
        },
        {
          colour: "var(--quiet)",
          dash: "4 3",
          dots: "ring",
          points: [
            { x: 0, y: 0.9 },
            { x: 3, y: 0.2 },
          ],
          label: "theirs",
        },
      ],
      x: { label: "epoch", domain: [0, 3], ticks: [0, 1, 2, 3] },
      y: { label: "accuracy", domain: [0, 1], ticks: [0, 0.5, 1], format: (value) => `${100 * value} %` },
      reference: 0.5,
    });
    await expect(svg).toMatchFileSnapshot(snapshot("lines"));
    expect(svg).toContain("<title>A &lt;title&gt; &amp; more</title><desc>What it shows.</desc>");
  });

  it("draws lines on a logarithmic scale with the axis on the right", async () => {
    await expect(
      lineChart({
        ...text,
        lines: [
          {
            colour: "var(--lstm)",
            points: [
              { x: 0, y: 1 },
              { x: 1, y: 0 },
            ],
            label: "loss",
          },
        ],
        x: { label: "epoch", domain: [0, 1] },
        y: { label: "loss", domain: [1e-4, 1], type: "log", ticks: [1e-4, 1e-2, 1], side: "right" },
      }),
    ).toMatchFileSnapshot(snapshot("lines-log"));
  });

  it("draws a heat map with groups, empty and solid cells", async () => {
    await expect(
      heatmap({
        ...text,
        axis: "% removed",
        columns: ["50", "90"],
        rows: [
          {
            group: "LSTM",
            label: "ours",
            colour: "var(--lstm)",
            cells: [
              { text: "0", strength: 0.1 },
              { text: "×", strength: "solid" },
            ],
          },
          {
            group: "LSTM",
            label: "published",
            colour: "var(--quiet)",
            cells: [undefined, { text: "2", strength: 0.5 }],
          },
          { group: "GRU", label: "ours", colour: "var(--gru)", cells: [] },
        ],
      }),
    ).toMatchFileSnapshot(snapshot("heatmap"));
  });

  it("draws a histogram with a bin that does not occur", async () => {
    await expect(
      histogram({
        ...text,
        series: [
          { label: "false", colour: "var(--accent-0)" },
          { label: "true", colour: "var(--accent-1)" },
        ],
        bins: [
          { from: 4, counts: [3, 0] },
          { from: 6, counts: [1, 2] },
        ],
        step: 1,
        x: "letters",
        y: "strings",
      }),
    ).toMatchFileSnapshot(snapshot("histogram"));
  });

  it("draws grouped bars", async () => {
    await expect(
      groupedBars({
        ...text,
        series: [
          { label: "false", colour: "var(--accent-0)" },
          { label: "true", colour: "var(--accent-1)" },
        ],
        groups: [
          { name: "B", values: [0.2, 0.4] },
          { name: "T", values: [0.1, 0] },
        ],
        x: "letter",
        y: "share",
      }),
    ).toMatchFileSnapshot(snapshot("bars"));
  });

  it("draws dots with intervals", async () => {
    await expect(
      dotChart({
        ...text,
        rows: [
          { label: "one", dots: [{ value: 0.5, low: 0.4, high: 0.7, colour: "var(--gru)", text: "0.5" }] },
          {
            label: "two",
            dots: [
              { value: -0.2, colour: "var(--lstm)" },
              { value: 0.1, colour: "var(--quiet)", hollow: true },
              { value: Number.NaN, colour: "var(--quiet)" },
            ],
          },
        ],
        axis: "correlation",
        domain: [-1, 1],
        reference: 0,
      }),
    ).toMatchFileSnapshot(snapshot("dots"));
  });

  it("draws masks by matrix and gate", async () => {
    const svg = maskDrawing(masks[0]);
    await expect(svg).toMatchFileSnapshot(snapshot("masks"));
    expect(svg.match(/<image /g)).toHaveLength(4);
    expect(svg).toContain(">67 %<");
    expect(svg).toContain(">17 %<");
    expect(svg).toContain(">layer 1<");
  });

  it("draws a scatter plot with a fit, steps and points at the edge", async () => {
    const svg = scatterPlot({
      ...text,
      series: [
        {
          points: [
            { x: 0, y: 0 },
            { x: 1, y: 0.9 },
            { x: 2, y: 2.2 },
            { x: 3, y: Number.NaN },
            { x: 9, y: 9 },
          ],
          colour: "var(--gru)",
          fit: true,
        },
      ],
      steps: {
        points: [
          { x: 0, y: 0 },
          { x: 2, y: 2 },
        ],
        colour: "var(--quiet)",
      },
      x: { label: "nodes", domain: [0, 3] },
      y: { label: "accuracy", domain: [0, 3] },
    });
    await expect(svg).toMatchFileSnapshot(snapshot("scatter"));
  });

  it("draws strips of dots with means", async () => {
    await expect(
      stripChart({
        ...text,
        rows: [
          { label: "ours", values: [0.2, 0.4, 0.9, Number.NaN], colour: "var(--gru)" },
          { label: "none", values: [], colour: "var(--quiet)" },
        ],
        x: { label: "accuracy", domain: [0, 1] },
      }),
    ).toMatchFileSnapshot(snapshot("strips"));
  });

  it("draws a graph in layers, skip edges curved", async () => {
    const svg = layeredDrawing({
      ...text,
      layers: [[0, 1], [2], [3, 4]],
      edges: [
        [0, 2],
        [1, 2],
        [2, 3],
        [2, 4],
        [0, 4],
      ],
      colour: "var(--gru)",
    });
    await expect(svg).toMatchFileSnapshot(snapshot("layers"));
    expect(svg.match(/<circle/g)).toHaveLength(5);
    expect(svg.match(/Q/g)).toHaveLength(1);
  });

  it("orders nodes so that edges do not cross where they need not", () => {
    const svg = layeredDrawing({
      ...text,
      layers: [
        [0, 1],
        [2, 3],
      ],
      edges: [
        [0, 3],
        [1, 2],
      ],
      colour: "var(--gru)",
    });
    const [, first, second] = /d="M[\d.]+,([\d.]+)L[\d.]+,([\d.]+)M/.exec(svg) ?? [];
    expect(first).toBe(second);
  });

  it("draws nothing but axes without data", () => {
    const empty = { ...text, x: "x", y: "y", series: [] };
    expect(histogram({ ...empty, bins: [], step: 1 })).toContain("</svg>");
    expect(groupedBars({ ...empty, groups: [] })).toContain("</svg>");
    expect(dotChart({ ...text, rows: [], axis: "x", domain: [0, 1] })).toContain("</svg>");
    expect(stripChart({ ...text, rows: [], x: { label: "", domain: [0, 1] } })).toContain("</svg>");
    expect(layeredDrawing({ ...text, layers: [], edges: [], colour: "red" })).toContain("</svg>");
    expect(heatmap({ ...text, axis: "x", columns: [], rows: [] })).toContain("</svg>");
    expect(
      lineChart({ ...text, lines: [], x: { label: "", domain: [0, 1] }, y: { label: "", domain: [0, 1] } }),
    ).toContain("</svg>");
  });

  const course = {
    ...text,
    colour: "var(--gru)",
    rows: [
      { label: "1 input reset", shares: [1, 0.5, 0.25, 0.123] },
      { label: "1 hidden reset", shares: [1, 0.4, 0.06, 0.031] },
    ],
  };

  it("draws how shares went, and says them at the end", async () => {
    const svg = courseChart(course);
    expect(svg).toContain(">12 %<");
    expect(svg).toContain(">3.1 %<");
    await expect(svg).toMatchFileSnapshot(snapshot("course"));
  });

  it("moves the moment of courses by a slider", () => {
    const { document } = parseHTML(
      `<html><body><div class="scrub"><label hidden><input max="100" value="100"><output></output></label>${courseChart(course)}</div></body></html>`,
    );
    new Function("document", courseScript)(document);
    const [label, input, output] = ["label", "input", "output"].map((name) => document.querySelector(name)!);
    expect(label.hasAttribute("hidden")).toBe(false);
    expect(output.textContent).toBe("at the end");
    input.setAttribute("value", "50");
    input.dispatchEvent(new (document.defaultView as unknown as { Event: typeof Event }).Event("input"));
    expect(output.textContent).toBe("after 50 % of the training");
    const shown = [...document.querySelectorAll("[data-percents] text")].map(
      ({ textContent }) => textContent,
    );
    expect(shown).toEqual(["50 %", "40 %"]);
  });
});
