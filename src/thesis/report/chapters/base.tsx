// Figures of base training: accuracy and loss over epochs, one panel per cell, ours beside the published.
import { summarise } from "../../../math/intervals.js";
import { type Line, type LineStyle, lineChart, type Point } from "../../../report/charts/lines.js";
import { Figure, type LegendEntry, Panel, Panels } from "../../../report/page.js";
import { cellColour, cellNames, ink, quiet } from "../../../report/theme.js";
import type { ThesisCell } from "../../published.js";
import type { BaseRun, PruningOutcomes } from "../pruning-outcomes.js";

type Measure = "trainLoss" | "trainAccuracy" | "testLoss" | "testAccuracy";

const styles = {
  test: { width: 1.8 },
  train: { width: 1.2, opacity: 0.5 },
  publishedTest: { colour: quiet, width: 1.2, dash: "4 3" },
  publishedTrain: { colour: quiet, width: 1.2, dash: "1 3" },
} satisfies Record<string, Partial<LineStyle>>;

/** The smallest loss that is drawn; the published ReLU network's is 0 in single precision. */
const SMALLEST_LOSS = 1e-8;

/** One measure up to an epoch, the mean over seeds with its interval; losses are averaged as they are drawn, by their logarithm. */
function curve(runs: readonly BaseRun[], measure: Measure, last: number): Point[] {
  const isLoss = measure === "testLoss" || measure === "trainLoss";
  const epochs = new Map<number, number[]>();
  for (const row of runs.flatMap(({ rows }) => rows)) {
    if (row.epoch > last) continue;
    const value = isLoss ? Math.log(Math.max(SMALLEST_LOSS, row[measure])) : row[measure];
    epochs.set(row.epoch, [...(epochs.get(row.epoch) ?? []), value]);
  }
  const back = (value: number) => (isLoss ? Math.exp(value) : value);
  return [...epochs]
    .sort(([a], [b]) => a - b)
    .map(([x, values]) => {
      const { mean, low = mean, high = mean } = summarise(values);
      return { x, y: back(mean), low: back(low), high: back(high) };
    });
}

function lines(cell: ThesisCell, { ours, published, epochs }: Props, what: "Loss" | "Accuracy"): Line[] {
  const of = ({ base }: PruningOutcomes) => base.filter((run) => run.cell === cell);
  const colour = cellColour(cell);
  return [
    { ...styles.publishedTrain, points: curve(of(published), `train${what}`, epochs) },
    { ...styles.publishedTest, points: curve(of(published), `test${what}`, epochs) },
    { ...styles.train, colour, points: curve(of(ours), `train${what}`, epochs) },
    { ...styles.test, colour, points: curve(of(ours), `test${what}`, epochs) },
  ];
}

const legend: LegendEntry[] = [
  { label: "ours, test strings", colour: ink, ...styles.test },
  { label: "ours, training strings", colour: ink, ...styles.train },
  { label: "published, test", ...styles.publishedTest },
  { label: "published, training", ...styles.publishedTrain },
];

interface Props {
  ours: PruningOutcomes;
  published: PruningOutcomes;
  /** Epochs to show; the published training went on to 50. */
  epochs: number;
}

/** Accuracy over epochs of base training. */
export function BaseAccuracy({ ours, published, epochs }: Props) {
  return (
    <Figure
      title="Accuracy during base training."
      caption="Share of strings classified rightly after each epoch, before anything is pruned."
      legend={legend}
    >
      <Panels columns={4}>
        {ours.cells.map((cell) => (
          <Panel
            key={cell}
            heading={cellNames[cell]}
            colour={cellColour(cell)}
            svg={lineChart({
              title: `${cellNames[cell]}: accuracy during base training`,
              description: `Training and test accuracy over ${epochs} epochs, ours and published.`,
              lines: lines(cell, { ours, published, epochs }, "Accuracy"),
              x: { label: "epoch", domain: [0, epochs], whole: true },
              y: { label: "accuracy", domain: [0.4, 1], ticks: [0.4, 0.6, 0.8, 1], format: wholePercent },
            })}
          />
        ))}
      </Panels>
    </Figure>
  );
}

/** Loss over epochs of base training, on a logarithmic scale. */
export function BaseLoss({ ours, published, epochs }: Props) {
  return (
    <Figure
      title="Loss during base training."
      caption="Mean cross-entropy per batch, in nats, on a logarithmic scale; smaller values than 10⁻⁸ are drawn at the edge."
      legend={legend}
    >
      <Panels columns={4}>
        {ours.cells.map((cell) => (
          <Panel
            key={cell}
            heading={cellNames[cell]}
            colour={cellColour(cell)}
            svg={lineChart({
              title: `${cellNames[cell]}: loss during base training`,
              description: `Training and test loss over ${epochs} epochs, ours and published.`,
              lines: lines(cell, { ours, published, epochs }, "Loss"),
              x: { label: "epoch", domain: [0, epochs], whole: true },
              y: {
                label: "loss",
                type: "log",
                domain: [SMALLEST_LOSS, 2],
                ticks: [1e-8, 1e-6, 1e-4, 1e-2, 1],
                format: powerOfTen,
              },
            })}
          />
        ))}
      </Panels>
    </Figure>
  );
}

/** A share as a tick label: 0.4 is "40 %". */
export function wholePercent(share: number): string {
  return `${Math.round(100 * share)}\u00a0%`;
}

function powerOfTen(value: number): string {
  const exponent = Math.round(Math.log10(value));
  return exponent === 0 ? "1" : `10${superscript(exponent)}`;
}

function superscript(exponent: number): string {
  const digits = [...String(Math.abs(exponent))].map((digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(digit)]).join("");
  return (exponent < 0 ? "⁻" : "") + digits;
}
