// Accuracy regained by retraining under the fixed mask: how many epochs it takes, and the curves themselves.
import { summarise } from "../../../math/intervals.js";
import { type HeatmapCell, heatmap } from "../../../report/charts/heatmap.js";
import { type Line, lineChart } from "../../../report/charts/lines.js";
import { Figure, Panel, Panels } from "../../../report/page.js";
import { cellColour, cellNames, quiet, targetNames } from "../../../report/theme.js";
import type { DataFreeCriterion as Criterion } from "../../../sparsify/prune.js";
import type { Target } from "../../../sparsify/target.js";
import type { ThesisCell } from "../../published.js";
import {
  curveOf,
  isWithin,
  medianRegained,
  type Outcome,
  type PrunedRun,
  type PruningOutcomes,
} from "../pruning-outcomes.js";
import { wholePercent } from "./base.js";

interface Both {
  ours: PruningOutcomes;
  published: PruningOutcomes;
  targets: readonly Target[];
}

/** Epochs to regain, for every setting, ours and the control beside the published. */
export function EpochsToRegain({ ours, published, targets, epochs }: Both & { epochs: number }) {
  const percents = [...new Set(ours.outcomes.map(({ percent }) => percent))].sort((a, b) => a - b);
  return (
    <Figure
      title="Epochs of retraining until accuracy is regained."
      caption={`The first epoch after which test accuracy is within 1 point of the unpruned network’s. 0: pruning alone
        did not take it away. ×: not within ${epochs === 1 ? "1 epoch" : `${epochs} epochs`} (published: 10). Empty: not measured.`}
    >
      <Panels columns={3}>
        {targets.map((target) => (
          <Panel
            key={target}
            heading={targetNames[target]}
            svg={heatmap({
              title: `Epochs to regain accuracy after pruning ${targetNames[target].toLowerCase()}`,
              description:
                "One row per cell and source, one column per percentage of weights removed. The same numbers are in the table of results.",
              axis: "% removed",
              columns: percents.map(String),
              rows: ours.cells.flatMap((cell) => [
                row(cell, "by size", cellColour(cell), curveOf(ours, cell, target, "magnitude"), percents),
                ...randomRow(ours, cell, target, percents),
                row(cell, "published", quiet, curveOf(published, cell, target, "magnitude"), percents),
              ]),
            })}
          />
        ))}
      </Panels>
    </Figure>
  );
}

function randomRow(ours: PruningOutcomes, cell: ThesisCell, target: Target, percents: readonly number[]) {
  const curve = curveOf(ours, cell, target, "random");
  return curve.length === 0 ? [] : [row(cell, "random", cellColour(cell), curve, percents)];
}

function row(
  cell: ThesisCell,
  label: string,
  colour: string,
  curve: readonly Outcome[],
  percents: readonly number[],
) {
  const cells = percents.map((percent) => {
    const outcome = curve.find((candidate) => candidate.percent === percent);
    return outcome ? regainedCell(medianRegained(outcome)) : undefined;
  });
  return { group: cellNames[cell], label, colour, cells };
}

function regainedCell(regained: PrunedRun["regained"]): HeatmapCell | undefined {
  if (regained === undefined) return undefined;
  if (regained === "never") return { text: "×", strength: "solid" };
  return { text: String(regained), strength: regained === 0 ? 0.08 : Math.min(0.65, 0.22 + 0.06 * regained) };
}

/** Test accuracy over epochs of retraining, for the percents that lost more than the tolerance. */
export function RetrainingCurves({ ours, published, targets }: Both) {
  const epochs = Math.max(
    1,
    ...ours.outcomes.flatMap(({ runs }) => runs.map(({ accuracy }) => accuracy.length - 1)),
  );
  return (
    <Figure
      title="Accuracy while retraining."
      caption="Each line is one percentage of weights removed by size that cost more than 1 point; the stronger, the more. Dashed grey: published, same percentages."
    >
      {targets.map((target) => (
        <Panels key={target} heading={targetNames[target]} columns={4}>
          {ours.cells.map((cell) => (
            <Panel
              key={cell}
              heading={cellNames[cell]}
              colour={cellColour(cell)}
              svg={retrainingChart(cell, target, retraining(cell, target, ours, published, epochs), epochs)}
            />
          ))}
        </Panels>
      ))}
    </Figure>
  );
}

function retrainingChart(cell: ThesisCell, target: Target, lines: readonly Line[], epochs: number): string {
  return lineChart({
    title: `${cellNames[cell]}: retraining after pruning ${targetNames[target].toLowerCase()}`,
    description: `Test accuracy over ${epochs} epochs of retraining, one line per percentage of weights removed.`,
    lines,
    note: lines.length === 0 ? "none cost more than 1 point" : undefined,
    x: { label: "epoch of retraining", domain: [0, epochs], whole: true },
    y: {
      label: "accuracy",
      domain: [0.4, 1],
      ticks: [0.4, 0.6, 0.8, 1],
      format: wholePercent,
      side: "right",
    },
  });
}

function retraining(
  cell: ThesisCell,
  target: Target,
  ours: PruningOutcomes,
  published: PruningOutcomes,
  epochs: number,
): Line[] {
  const curve = (from: PruningOutcomes, criterion: Criterion) => curveOf(from, cell, target, criterion);
  const lossy = curve(ours, "magnitude").filter(({ runs }) =>
    runs.some(({ unpruned, accuracy }) => !isWithin(unpruned, accuracy[0])),
  );
  const theirs = curve(published, "magnitude").filter(({ percent }) =>
    lossy.some((outcome) => outcome.percent === percent),
  );
  return [
    ...theirs.map(
      ({ runs }): Line => ({
        colour: quiet,
        width: 1,
        dash: "4 3",
        opacity: 0.8,
        points: runs[0].accuracy.slice(0, epochs + 1).map((y, x) => ({ x, y })),
      }),
    ),
    ...lossy.map(
      ({ percent, runs }, i): Line => ({
        colour: cellColour(cell),
        width: 1.7,
        opacity: 0.45 + (0.55 * (i + 1)) / lossy.length,
        points: Array.from({ length: epochs + 1 }, (_, x) => {
          const { mean: y, low, high } = summarise(runs.map(({ accuracy }) => accuracy[x]));
          return { x, y, low, high };
        }),
        label: `${percent} %`,
      }),
    ),
  ];
}
