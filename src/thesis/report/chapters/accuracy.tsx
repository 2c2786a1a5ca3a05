// Accuracy against pruning: one panel per cell and target, ours beside the published and the random control.
import { summarise } from "../../../math/intervals.js";
import { type Line, type LineStyle, lineChart, type Point } from "../../../report/charts/lines.js";
import { Figure, type LegendEntry, Panel, Panels } from "../../../report/page.js";
import { cellColour, cellNames, ink, quiet, targetNames } from "../../../report/theme.js";
import { percentage } from "../../../report/words.js";
import type { Target } from "../../../sparsify/target.js";
import type { ThesisCell } from "../../published.js";
import { curveOf, type Outcome, type PruningOutcomes } from "../pruning-outcomes.js";
import { wholePercent } from "./base.js";

const styles = {
  ours: { width: 2, dots: "filled" },
  random: { width: 1.2, opacity: 0.65, dots: "hollow" },
  published: { colour: quiet, width: 1.2, dash: "4 3", dots: "ring" },
} satisfies Record<string, Partial<LineStyle>>;

const legend: LegendEntry[] = [
  { label: "smallest weights removed", colour: ink, ...styles.ours },
  { label: "random weights removed (control)", colour: ink, ...styles.random },
  { label: "published (smallest removed)", ...styles.published },
];

/** A curve from the unpruned network at 0 % on, the mean over seeds with its interval. */
function points(curve: readonly Outcome[]): Point[] {
  if (curve.length === 0) return [];
  const point = (x: number, values: number[]): Point => {
    const { mean: y, low, high } = summarise(values);
    return { x, y, low, high };
  };
  return [
    point(
      0,
      curve[0].runs.map(({ unpruned }) => unpruned),
    ),
    ...curve.map(({ percent, runs }) =>
      point(
        percent,
        runs.map(({ accuracy }) => accuracy[0]),
      ),
    ),
  ];
}

function lines(cell: ThesisCell, target: Target, ours: PruningOutcomes, published: PruningOutcomes): Line[] {
  const colour = cellColour(cell);
  return [
    { ...styles.published, points: points(curveOf(published, cell, target, "magnitude")) },
    { ...styles.random, colour, points: points(curveOf(ours, cell, target, "random")) },
    { ...styles.ours, colour, points: points(curveOf(ours, cell, target, "magnitude")) },
  ];
}

/** Test accuracy of pruned networks before any retraining. */
export function AccuracyAgainstPruning(props: {
  ours: PruningOutcomes;
  published: PruningOutcomes;
  targets: readonly Target[];
  /** Accuracy of telling strings by their letters alone, for comparison. */
  foreign: number | undefined;
}) {
  const { ours, published, targets, foreign } = props;
  return (
    <Figure
      title="Accuracy against pruning."
      caption={`Test accuracy right after pruning, without retraining.${foreign === undefined ? "" : ` Dotted: what looking for foreign letters scores (${percentage(foreign)}).`}`}
      legend={legend}
    >
      {targets.map((target) => (
        <Panels key={target} heading={targetNames[target]} columns={4}>
          {ours.cells.map((cell) => (
            <Panel
              key={cell}
              heading={cellNames[cell]}
              colour={cellColour(cell)}
              svg={lineChart({
                title: `${cellNames[cell]}: accuracy after pruning ${targetNames[target].toLowerCase()}`,
                description:
                  "Test accuracy against the percentage of weights removed, by magnitude, at random, and as published.",
                lines: lines(cell, target, ours, published),
                x: { label: "weights removed, %", domain: [0, 100], ticks: [0, 20, 40, 60, 80, 100] },
                y: { label: "accuracy", domain: [0.4, 1], ticks: [0.4, 0.6, 0.8, 1], format: wholePercent },
                reference: foreign,
              })}
            />
          ))}
        </Panels>
      ))}
    </Figure>
  );
}
