import { h } from "preact";
import { describe, expect, it } from "vitest";
import type { Sequences } from "../../src/data/sequences.js";
import { LearntSequences } from "../../src/report/chapters/sequences.js";
import { renderPage } from "../../src/report/page.js";
import type { SequenceTraining } from "../../src/report/sequence-training.js";
import { noteClasses, noteForecast, noteStepClasses } from "../../src/train/sequence-notes.js";
import { expectSound } from "./sound.js";

const baselines = [
  { name: "majority", rule: "always the most frequent class", correct: 2, total: 5, accuracy: 0.4 },
  { name: "means", rule: "logistic regression on means", correct: 3, total: 5, accuracy: 0.6 },
];

function waves(count: number, channels: number, size = 1): Sequences {
  return {
    channels: Array.from({ length: channels }, (_, c) => `channel <${c}>`),
    values: Array.from({ length: count }, (_, row) =>
      new Float32Array((20 + row) * channels).map(
        (_, i) => Math.sin(i / 9 + row) * (i % channels === 0 ? size : 1),
      ),
    ),
  };
}

function page(training: SequenceTraining): string {
  const html = renderPage("a training", h("div", null, h(LearntSequences, { name: "a training", training })));
  expectSound(html);
  return html.replaceAll("\u00a0", " ");
}

const series = [
  { epoch: 1, metrics: { trainLoss: 1.1, trainAccuracy: 0.5, testAccuracy: 0.4 } },
  { epoch: 2, metrics: { trainLoss: 0.9, trainAccuracy: 0.9, testAccuracy: 0.8 } },
];

describe("what a training on sequences learnt", () => {
  const labels = [0, 1, 2, 0, 2];
  const outcome = { classes: ["a & b", "c", "d", "e"], baselines, labels, predicted: [0, 2, 2, 0, 2] };

  it("shows accuracy beside rules, which classes are taken for which, and sequences", () => {
    const html = page({ series, notes: noteClasses({ ...outcome, sequences: waves(5, 3) }) });
    expect(html).toContain("The network finds the class of 80.0 % of 5 sequences, of 4 classes.");
    expect(html).toContain("(means: logistic regression on means) finds 60.0 %. Never found: c.");
    for (const title of [
      "accuracy beside rules without a network",
      "accuracy over epochs",
      "which classes are taken for which",
      "accuracy of each class",
      "a &amp; b, 1",
    ])
      expect(html).toContain(`<title>a training: ${title}</title>`);
    expect(html).toContain("c, taken for d");
    expect(html).toContain("0 of 1, 1 as d");
    expect(html).not.toContain("own scale");
  });

  it("draws channels of far different sizes each by its own scale, and many as pictures", () => {
    const far = page({ series, notes: noteClasses({ ...outcome, sequences: waves(5, 2, 100) }) });
    expect(far).toContain("Each channel has its own scale");
    const many = page({ series: [], notes: noteClasses({ ...outcome, sequences: waves(5, 12) }) });
    expect(many.match(/<image /g)).toHaveLength(5);
    expect(many).toContain("12 channels from bottom to top");
    expect(many).not.toContain("accuracy over epochs");
  });

  it("shows classes of steps under sequences", () => {
    const sequences = waves(2, 1);
    const of = sequences.values.map((own) => Array.from(own, (_, i) => (i < 9 ? 0 : 1)));
    const notes = noteStepClasses({
      sequences,
      classes: ["rest", "walk"],
      baselines,
      labels: of,
      predicted: of.map((own) => own.map((place, i) => (i === 9 ? 0 : place))),
    });
    const html = page({ series, notes });
    expect(html).toContain("of 41 steps, of 2 classes");
    expect(html).toContain(">said<");
    expect(html).toContain(">walk<");
  });

  it("shows only the worst of very many classes", () => {
    const classes = Array.from({ length: 150 }, (_, i) => `class ${i}`);
    const all = classes.map((_, i) => i);
    const notes = noteClasses({
      ...outcome,
      sequences: waves(150, 1),
      classes,
      labels: all,
      predicted: all.map((place) => (place < 3 ? 5 : place)),
    });
    const html = page({ series: [], notes });
    expect(html).toContain("The worst classes.");
    expect(html).not.toContain("which classes are taken for which");
    expect(html).toContain("Of 12 of the 150 classes.");
  });

  it("shows forecasts over what came beside rules", () => {
    const actual = Float32Array.from({ length: 40 }, (_, i) => Math.sin(i));
    const notes = noteForecast({
      horizon: 2,
      names: ["load"],
      actual: [actual],
      predicted: [actual.map((y, i) => (i < 2 ? Number.NaN : 0.9 * y))],
      naive: [{ name: "last value", values: [actual.map((_, i) => actual[i - 2] ?? Number.NaN)] }],
      network: { meanSquaredError: 0.01, meanAbsoluteError: 0.08 },
      baselines: [
        { name: "last value", rule: "2 steps before", meanSquaredError: 1.5, meanAbsoluteError: 1.1 },
      ],
    });
    const html = page({ series, notes });
    expect(html).toContain("mean squared error is 0.7 % of that of the last value.");
    expect(html).toContain("2 steps ahead");
    expect(html).toContain("<title>a training: forecasts of load</title>");
  });
});
