// The pruning experiment as tables: published beside ours with the difference, what each cell tolerates, and all results.
import { mean } from "../../../math/statistics.js";
import { type Row, Table } from "../../../report/page.js";
import { cellNames, targetNames } from "../../../report/theme.js";
import { capital, level, percentage, points } from "../../../report/words.js";
import type { Target } from "../../../sparsify/target.js";
import { publishedSafePercent, type ThesisCell } from "../../published.js";
import { FAR, type PruningEvidence, toleranceTable } from "../pruning-evidence.js";
import { curveOf, medianRegained, type Outcome, type PruningOutcomes } from "../pruning-outcomes.js";

/** Accuracy right after pruning, published, ours and the difference: one table per cell. */
export function ComparisonTable(props: {
  cell: ThesisCell;
  ours: PruningOutcomes;
  published: PruningOutcomes;
  targets: readonly Target[];
}) {
  const { cell, ours, published, targets } = props;
  const at = (from: PruningOutcomes, target: Target, percent: number) =>
    curveOf(from, cell, target, "magnitude").find((outcome) => outcome.percent === percent)?.accuracy ??
    Number.NaN;
  const base = (from: PruningOutcomes) =>
    mean(from.base.filter((run) => run.cell === cell).map(({ accuracy }) => accuracy));
  const percents = [
    ...new Set(
      targets.flatMap((target) => curveOf(ours, cell, target, "magnitude").map(({ percent }) => percent)),
    ),
  ].sort((a, b) => a - b);
  const triple = (theirs: number, own: number) => {
    const difference = own - theirs;
    const far = Math.abs(difference) > FAR;
    return [
      percentage(theirs),
      percentage(own),
      far ? <strong>{points(difference)}</strong> : points(difference),
    ];
  };
  const rows: Row[] = [
    { cells: ["none", ...targets.flatMap(() => triple(base(published), base(ours)))] },
    ...percents.map((percent) => ({
      cells: [
        level(percent),
        ...targets.flatMap((target) => triple(at(published, target, percent), at(ours, target, percent))),
      ],
    })),
  ];
  return (
    <Table
      title={`${cellNames[cell]}: accuracy right after pruning, published and ours.`}
      caption="The difference is ours minus published, in points; more than 5 points in bold."
      groups={[{ label: "", span: 1 }, ...targets.map((target) => ({ label: targetNames[target], span: 3 }))]}
      columns={[
        { label: "Removed" },
        ...targets.flatMap(() => [{ label: "published" }, { label: "ours" }, { label: "difference" }]),
      ]}
      rows={rows}
    />
  );
}

/** The largest percentage that costs at most 1 point, beside the control, the published networks and the thesis's text. */
export function ToleranceTable(evidence: Pick<PruningEvidence, "ours" | "published">) {
  const optional = (percent: number | undefined) =>
    percent === undefined ? "–" : percent === 0 ? "none" : level(percent);
  const table = toleranceTable(evidence);
  return (
    <Table
      title="How much can go."
      caption="The largest percentage up to which every percentage tried costs at most 1 point of accuracy, without retraining. The last column is what the thesis’s text calls safe, judged by eye."
      columns={[
        { label: "Cell", kind: "text" },
        { label: "Pruned", kind: "text" },
        { label: "ours" },
        { label: "ours, at random" },
        { label: "published, same rule" },
        { label: "thesis’s text" },
      ]}
      rows={table.map(({ cell, target, magnitude, random, published }, i) => ({
        first: table[i - 1]?.cell !== cell,
        cells: [
          table[i - 1]?.cell === cell ? "" : cellNames[cell],
          targetNames[target],
          optional(magnitude),
          optional(random),
          optional(published),
          level(publishedSafePercent[cell][target]),
        ],
      }))}
    />
  );
}

/** Every setting with its numbers. */
export function ResultsTable({ outcomes }: PruningOutcomes) {
  return (
    <Table
      title="All results."
      caption="Means over seeds. Best: the best epoch of retraining, which after random pruning ends where accuracy is regained. Epochs: until within 1 point of the unpruned accuracy, in the median seed."
      columns={[
        { label: "Cell", kind: "text" },
        { label: "Pruned", kind: "text" },
        { label: "By", kind: "text" },
        { label: "Removed" },
        { label: "Unpruned" },
        { label: "After pruning" },
        { label: "After 1 epoch" },
        { label: "After the last" },
        { label: "Best" },
        { label: "Epochs" },
      ]}
      rows={outcomes.map((outcome, i) => ({
        first: outcomes[i - 1]?.cell !== outcome.cell || outcomes[i - 1]?.target !== outcome.target,
        cells: resultCells(outcome),
      }))}
    />
  );
}

function resultCells(outcome: Outcome): string[] {
  const { cell, target, criterion, percent, runs, accuracy } = outcome;
  const over = (pick: (retrained: readonly number[]) => number | undefined) =>
    percentage(mean(runs.map((run) => pick(run.accuracy.slice(1)) ?? Number.NaN)));
  const regained = medianRegained(outcome);
  return [
    cellNames[cell],
    targetNames[target],
    capital(criterion),
    level(percent),
    percentage(mean(runs.map(({ unpruned }) => unpruned))),
    percentage(accuracy),
    over((epochs) => epochs[0]),
    over((epochs) => epochs.at(-1)),
    over((epochs) => (epochs.length > 0 ? Math.max(...epochs) : undefined)),
    regained === undefined ? "–" : String(regained),
  ];
}
