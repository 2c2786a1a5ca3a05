// What predictions rest on: permutation importance with its spread over folds, and the trees' own shares beside the
// published ones.
import type { PredictionReport } from "../../../predict/predict-table.js";
import { dotChart } from "../../../report/charts/dots.js";
import { Figure, Panel, Panels } from "../../../report/page.js";
import { cellColour, cellNames, ink, quiet } from "../../../report/theme.js";
import { publishedStructures, type ThesisCell } from "../../published.js";
import { bestRegressor, regressorLabels } from "../structure-findings.js";
import { propertyLabel } from "../structure-outcomes.js";

/** The prediction of one cell. */
export interface CellReport {
  cell: ThesisCell;
  report: PredictionReport;
}

const MOST_IMPORTANCES = 10;

/** Both figures, one panel per cell. */
export function Importances({ reports }: { reports: readonly CellReport[] }) {
  return (
    <>
      <p>
        Two ways to ask: how much R² on unseen structures falls when a property is shuffled (permutation), and
        how much of the trees’ splitting it does (impurity), which is what the thesis reports. Where
        properties resemble each other, each can stand in for the other, and both measures share out what they
        have in common. Where R² is not above zero, importance says nothing.
      </p>
      <Figure
        title="Loss of R² when a property is shuffled."
        caption={`The ${MOST_IMPORTANCES} most important properties to the regressor that predicts best, with 95 % intervals over folds.`}
      >
        <Panels columns={2}>
          {reports.map(({ cell, report }) => {
            const best = bestRegressor(report);
            if (!best) return null;
            const ranked = [...best.report.importances].sort((a, b) => b.permuted.mean - a.permuted.mean);
            const shown = ranked.slice(0, MOST_IMPORTANCES);
            const ends = shown.flatMap(({ permuted }) => permuted.interval);
            return (
              <Panel
                key={cell}
                heading={`${cellNames[cell]}, ${regressorLabels[best.name]}`}
                colour={cellColour(cell)}
                svg={dotChart({
                  title: `${cellNames[cell]}: permutation importance`,
                  description: "Loss of R squared on held-out structures when each property is shuffled.",
                  rows: shown.map(({ feature, permuted }) => ({
                    label: propertyLabel(feature),
                    dots: [
                      {
                        value: permuted.mean,
                        low: permuted.interval[0],
                        high: permuted.interval[1],
                        colour: cellColour(cell),
                      },
                    ],
                  })),
                  axis: "loss of R²",
                  domain: [Math.min(0, ...ends), Math.max(0.1, ...ends)],
                  reference: 0,
                  width: 360,
                  labelWidth: 170,
                  rowHeight: 18,
                })}
              />
            );
          })}
        </Panels>
      </Figure>
      <Figure
        title="Impurity importance in the random forest."
        caption="Shares of all splitting, the properties that have most of it in ours or in the published."
        legend={[
          { label: "ours", colour: ink, dots: "filled", width: 0 },
          { label: "published", colour: quiet, dots: "hollow", width: 0 },
        ]}
      >
        <Panels columns={2}>
          {reports.map(({ cell, report }) => (
            <Panel
              key={cell}
              heading={cellNames[cell]}
              colour={cellColour(cell)}
              svg={impurity(cell, report)}
            />
          ))}
        </Panels>
      </Figure>
    </>
  );
}

function impurity(cell: ThesisCell, report: PredictionReport): string {
  const published = publishedStructures(cell).importance["random-forest"];
  const all = report.featureSets.find(({ name }) => name === "all");
  const rows = (all?.regressors["random-forest"].importances ?? [])
    .map(({ feature, fitted }) => ({
      feature,
      ours: fitted ?? Number.NaN,
      theirs: published[feature] ?? Number.NaN,
    }))
    .sort((a, b) => Math.max(b.ours, b.theirs || 0) - Math.max(a.ours, a.theirs || 0))
    .slice(0, MOST_IMPORTANCES);
  const highest = rows.reduce((most, { ours, theirs }) => Math.max(most, ours, theirs || 0), 0.1);
  return dotChart({
    title: `${cellNames[cell]}: impurity importance`,
    description: "Share of each property in the splits of the random forest, ours and published.",
    rows: rows.map(({ feature, ours, theirs }) => ({
      label: propertyLabel(feature),
      dots: [
        { value: theirs, colour: quiet, hollow: true },
        { value: ours, colour: cellColour(cell) },
      ],
    })),
    axis: "share",
    domain: [0, highest * 1.05],
    width: 360,
    labelWidth: 170,
    rowHeight: 18,
  });
}
