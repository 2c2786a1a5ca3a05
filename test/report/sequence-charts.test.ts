import { parseHTML } from "linkedom";
import { describe, expect, it } from "vitest";
import { shareBars } from "../../src/report/charts/bars.js";
import { confusionChart } from "../../src/report/charts/confusion.js";
import { forecastChart, forecastStyles } from "../../src/report/charts/forecast.js";
import { sequenceChart } from "../../src/report/charts/sequence.js";
import { spectrogram } from "../../src/report/charts/spectrogram.js";
import { accents, series } from "../../src/report/theme.js";

const text = { title: "A <title> & more", description: "What it shows." };
const snapshot = (name: string) => `snapshots/${name}.svg`;

/** Classes that are mostly right, the more often mistaken the nearer they are. */
function confusion(classes: number): number[][] {
  return Array.from({ length: classes }, (_, i) =>
    Array.from({ length: classes }, (_, j) => {
      const distance = Math.abs(i - j);
      return distance === 0 ? 40 + 7 * i : (5 * i + 3 * j) % 4 === 0 ? Math.max(0, 5 - distance) : 0;
    }),
  );
}

describe("charts of sequences", () => {
  it("draws channels of a sequence", async () => {
    const wave = (phase: number) => Array.from({ length: 50 }, (_, i) => Math.sin(i / 6 + phase));
    const svg = sequenceChart({
      ...text,
      steps: 99,
      channels: [0, 1, 2].map((i) => ({ colour: series[i], values: wave(i) })),
      domain: [-1.5, 1.5],
    });
    await expect(svg).toMatchFileSnapshot(snapshot("sequence"));
    expect(svg).toContain("<title>A &lt;title&gt; &amp; more</title><desc>What it shows.</desc>");
  });

  it("draws classes of steps under a sequence", async () => {
    const values = Array.from({ length: 60 }, (_, i) => Math.sin(i / 5));
    const actual = values.map((_, i) => (i < 5 ? -1 : Math.floor(i / 20)));
    const predicted = values.map((_, i) => Math.min(2, Math.floor((i + 3) / 20)));
    const svg = sequenceChart({
      ...text,
      steps: 60,
      channels: [{ colour: series[0], values }],
      domain: [-1, 1],
      strips: { classes: ["rest", "walking", "running"], actual, predicted },
      width: 440,
    });
    await expect(svg).toMatchFileSnapshot(snapshot("sequence-steps"));
    const { document } = parseHTML(svg);
    const texts = [...document.querySelectorAll("text")].map(({ textContent }) => textContent);
    expect(texts.filter((own) => own === "walking")).toHaveLength(2);
    expect(texts).toContain("said");
  });

  it("draws a sequence of one step", () => {
    const svg = sequenceChart({
      ...text,
      steps: 1,
      channels: [{ colour: series[0], values: [0.5] }],
      domain: [0.5, 0.5],
      strips: { classes: ["a"], actual: [0], predicted: [0] },
    });
    expect(svg).toContain("<circle");
    expect(svg).not.toContain("NaN");
  });

  it("draws many channels as a picture", async () => {
    const channels = Array.from({ length: 40 }, (_, band) =>
      Array.from({ length: 80 }, (_, step) => Math.exp(-(((band - step / 3) / 5) ** 2)) - 0.1 * (band / 40)),
    );
    const chart = { ...text, steps: 160, channels, domain: [-0.1, 1] as const, colour: series[3] };
    const svg = spectrogram(chart);
    await expect(svg).toMatchFileSnapshot(snapshot("spectrogram"));
    const id = /mask id="([^"]+)"/.exec(svg)?.[1];
    expect(svg).toContain(`url(#${id})`);
    expect(spectrogram({ ...chart, id: "2" })).not.toContain(`id="${id}"`);
  });

  it("draws a few classes against each other with counts and shares", async () => {
    const svg = confusionChart({
      ...text,
      classes: ["Standing", "Running", "Walking", "Badminton"],
      counts: [
        [10, 0, 0, 0],
        [0, 8, 2, 0],
        [0, 0, 1234, 1],
        [1, 3, 0, 0],
      ],
    });
    await expect(svg).toMatchFileSnapshot(snapshot("confusion"));
    const { document } = parseHTML(svg);
    const texts = [...document.querySelectorAll("text")].map(({ textContent }) => textContent);
    for (const label of ["1234", "99 %", "< 1 %", "75 %"]) expect(texts).toContain(label);
    expect(texts).not.toContain("0");
  });

  it("draws many classes against each other", async () => {
    const names = (count: number, name: string) => Array.from({ length: count }, (_, i) => `${name} ${i}`);
    const some = confusionChart({ ...text, classes: names(20, "letter"), counts: confusion(20) });
    await expect(some).toMatchFileSnapshot(snapshot("confusion-20"));
    const many = confusionChart({ ...text, classes: names(50, "class"), counts: confusion(50) });
    await expect(many).toMatchFileSnapshot(snapshot("confusion-50"));
    expect(confusionChart({ ...text, classes: ["0", "1"], counts: confusion(2) })).not.toContain("rotate");
  });

  it("draws bars of shares", async () => {
    const svg = shareBars({
      ...text,
      bars: [
        { label: "walking", value: 0.98, text: "98.0 %  49 of 50" },
        {
          label: "a class with a name that is far too long",
          value: 0.5,
          text: "50.0 %  5 of 10",
          colour: accents[0],
        },
        { label: "none", value: Number.NaN, text: "–" },
      ],
      colour: accents[1],
      reference: 0.74,
    });
    await expect(svg).toMatchFileSnapshot(snapshot("share-bars"));
    expect(svg).not.toContain("NaN");
    expect(svg).toContain("a class with a name that…".slice(0, 23));
  });

  it("draws forecasts over the series", async () => {
    const actual = Array.from({ length: 120 }, (_, i) => 10 + 4 * Math.sin(i / 4) + Math.sin(i * 1.7));
    const predicted = actual.map((y, i) => (i < 1 ? Number.NaN : y + 0.4 * Math.cos(i)));
    const naive = [
      { name: "last value", values: actual.map((_, i) => actual[i - 1] ?? Number.NaN) },
      { name: "seasonal", values: actual.map((_, i) => actual[i - 25] ?? Number.NaN) },
    ];
    const svg = forecastChart({ ...text, name: "kW", first: 901, actual, predicted, naive });
    await expect(svg).toMatchFileSnapshot(snapshot("forecast"));
    expect(forecastStyles(naive).map(({ label }) => label)).toEqual([
      "series",
      "network",
      "last value",
      "seasonal",
    ]);
  });

  it("draws nothing but frames without data", () => {
    expect(sequenceChart({ ...text, steps: 0, channels: [], domain: [0, 0] })).toContain("</svg>");
    expect(spectrogram({ ...text, steps: 0, channels: [], domain: [0, 1], colour: "red" })).toContain(
      "</svg>",
    );
    expect(confusionChart({ ...text, classes: [], counts: [] })).toContain("</svg>");
    expect(shareBars({ ...text, bars: [], colour: "red" })).toContain("</svg>");
    expect(
      forecastChart({ ...text, name: "y", first: 0, actual: [], predicted: [], naive: [] }),
    ).not.toContain("NaN");
  });
});
