// The chapter on prediction: which properties go with accuracy, how well it can be predicted from them, and on what the
// predictions rest, each beside the published numbers.
import type { PredictionReport } from "../../../predict/predict-table.js";
import { type RegressorName, regressorNames } from "../../../predict/regressors.js";
import { type Dot, dotChart } from "../../../report/charts/dots.js";
import {
  Figure,
  type LegendEntry,
  Note,
  Panel,
  Panels,
  Questions,
  type Section,
  Table,
} from "../../../report/page.js";
import { cellColour, cellNames, ink, quiet } from "../../../report/theme.js";
import { decimal, score } from "../../../report/words.js";
import { publishedStructures, type ThesisCell } from "../../published.js";
import {
  correlationAnswer,
  predictionAnswer,
  predictionOf,
  regressorLabels,
  type StructureEvidence,
  structureQuestions,
} from "../structure-findings.js";
import { propertyLabel, structureCells } from "../structure-outcomes.js";
import { type CellReport, Importances } from "./importances.js";

const setLabels: Record<string, string> = {
  all: "all properties",
  only_node_edge: "only counts of nodes and edges",
  without_node_edge: "without these counts",
  only_var: "only variances",
};

/** The sections on correlation and prediction. */
export function predictionSections(evidence: StructureEvidence): Section[] {
  const { rows, prediction, protocol } = evidence;
  const part = "Prediction";
  const reports = structureCells(rows, protocol).flatMap((cell): CellReport[] => {
    const report = predictionOf(prediction, cell, protocol);
    return report ? [{ cell, report }] : [];
  });
  const questions = (
    <Questions
      questions={structureQuestions.map((question, i) => {
        const answer = i === 0 ? correlationAnswer(evidence) : predictionAnswer(evidence);
        return {
          number: 4 + i,
          question,
          answer: answer.length > 0 ? answer : ["This run has no results that answer it."],
        };
      })}
    />
  );
  const last: Section = { part, id: "more-questions", title: "Research questions 4 and 5", body: questions };
  if (reports.length === 0) {
    const body = (
      <Note>There are too few structures yet to relate accuracy to properties: 20 per cell are needed.</Note>
    );
    return [{ part, id: "correlation", title: "Which properties go with accuracy", body }, last];
  }
  return [
    {
      part,
      id: "correlation",
      title: "Which properties go with accuracy",
      body: <Correlations reports={reports} />,
    },
    {
      part,
      id: "prediction",
      title: "How well accuracy can be predicted",
      body: <Scores reports={reports} />,
    },
    { part, id: "importance", title: "What predictions rest on", body: <Importances reports={reports} /> },
    last,
  ];
}

const besidePublished: LegendEntry[] = [
  { label: "ours, with 95 % interval", colour: ink, dots: "filled", width: 1.4 },
  { label: "published", colour: quiet, dots: "hollow", width: 0 },
];

function Correlations({ reports }: { reports: readonly CellReport[] }) {
  return (
    <>
      <p>
        Pearson’s correlation of each property with test accuracy, with bootstrap intervals. Many of the 23
        properties are functions of each other, so they do not speak independently.
      </p>
      <Figure
        title="Correlation of each property with accuracy."
        caption="Right of zero: more of it goes with higher accuracy."
        legend={besidePublished}
      >
        <Panels columns={2}>
          {reports.map(({ cell, report }) => (
            <Panel
              key={cell}
              heading={cellNames[cell]}
              colour={cellColour(cell)}
              svg={dotChart({
                title: `${cellNames[cell]}: correlation of properties with accuracy`,
                description:
                  "Pearson correlation of each graph property with test accuracy, ours and published.",
                rows: report.correlations.map(({ feature, pearson }) => {
                  const published = publishedStructures(cell).pearson[feature];
                  const dots: Dot[] = [];
                  if (published !== undefined) dots.push({ value: published, colour: quiet, hollow: true });
                  if (pearson) {
                    const [low, high] = pearson.interval;
                    dots.push({ value: pearson.value, low, high, colour: cellColour(cell) });
                  }
                  return { label: propertyLabel(feature), dots };
                }),
                axis: "correlation with accuracy",
                domain: [-1, 1],
                ticks: [-1, -0.5, 0, 0.5, 1],
                reference: 0,
                width: 360,
                labelWidth: 170,
                rowHeight: 17,
              })}
            />
          ))}
        </Panels>
      </Figure>
      <details>
        <summary>All correlations as tables</summary>
        {reports.map(({ cell, report }) => (
          <CorrelationTable key={cell} cell={cell} report={report} />
        ))}
      </details>
    </>
  );
}

function CorrelationTable({ cell, report }: CellReport) {
  return (
    <Table
      title={`${cellNames[cell]}: correlation with accuracy.`}
      caption="p after Holm’s correction for the number of properties; 95 % bootstrap intervals."
      columns={[
        { label: "Property", kind: "text" },
        { label: "Pearson" },
        { label: "interval" },
        { label: "p" },
        { label: "published" },
        { label: "Spearman" },
        { label: "interval" },
      ]}
      rows={report.correlations.map(({ feature, pearson, spearman }) => ({
        cells: [
          propertyLabel(feature),
          decimal(pearson?.value ?? Number.NaN, 2),
          interval(pearson?.interval),
          probability(pearson?.pHolm),
          decimal(publishedStructures(cell).pearson[feature] ?? Number.NaN, 2),
          decimal(spearman?.value ?? Number.NaN, 2),
          interval(spearman?.interval),
        ],
      }))}
    />
  );
}

function Scores({ reports }: { reports: readonly CellReport[] }) {
  // The same for all cells.
  const { folds, repeats } = reports[0].report.crossValidation;
  return (
    <>
      <p>
        R² on structures that a regressor has not seen: 1 is perfect, 0 is as good as predicting the mean. The
        thesis splits once, with few test rows; here every structure is tested{" "}
        {repeats === 1 ? "once" : `${repeats} times`}, in {`${folds}-fold`} cross-validation.
      </p>
      <Figure
        title="R² of each regressor."
        caption="From all properties. Filled: cross-validation with the 95 % interval of the mean. Hollow: the thesis’s one split, in colour ours (mean over seeds), in grey as published. Below −0.5 at the edge."
      >
        <Panels columns={2}>
          {reports.map(({ cell, report }) => (
            <Panel
              key={cell}
              heading={cellNames[cell]}
              colour={cellColour(cell)}
              svg={dotChart({
                title: `${cellNames[cell]}: R² of each regressor`,
                description:
                  "R squared of every regressor under cross-validation and on the thesis's one split.",
                rows: regressorNames.map((name) => ({
                  label: regressorLabels[name],
                  dots: scoreDots(cell, report, name),
                })),
                axis: "R²",
                domain: [-0.5, 1],
                ticks: [-0.5, 0, 0.5, 1],
                reference: 0,
                width: 360,
                labelWidth: 130,
                rowHeight: 30,
              })}
            />
          ))}
        </Panels>
      </Figure>
      <ScoreTable reports={reports} />
      <FeatureSetTable reports={reports} />
    </>
  );
}

function scoreDots(cell: ThesisCell, report: PredictionReport, name: RegressorName): Dot[] {
  const scored = report.featureSets.find((set) => set.name === "all")?.regressors[name];
  const published = publishedStructures(cell).rSquared[name];
  const colour = cellColour(cell);
  return [
    ...(published === undefined ? [] : [{ value: published, colour: quiet, hollow: true }]),
    ...(scored
      ? [
          {
            value: scored.crossValidation.r2.mean,
            low: scored.crossValidation.r2.interval[0],
            high: scored.crossValidation.r2.interval[1],
            colour,
          },
          { value: scored.split.r2.mean, colour, hollow: true },
        ]
      : []),
  ];
}

function ScoreTable({ reports }: { reports: readonly CellReport[] }) {
  return (
    <Table
      title="R² of each regressor, ours and published."
      caption="On the thesis’s one split: mean and standard deviation over seeds. Folds: where 95 % of the single folds’ scores lie."
      columns={[
        { label: "Cell", kind: "text" },
        { label: "Regressor", kind: "text" },
        { label: "published" },
        { label: "same split" },
        { label: "sd" },
        { label: "cross-validated" },
        { label: "interval" },
        { label: "folds" },
      ]}
      rows={reports.flatMap(({ cell, report }) =>
        regressorNames.flatMap((name, i) => {
          const scored = report.featureSets.find((set) => set.name === "all")?.regressors[name];
          if (!scored) return [];
          const { split, crossValidation } = scored;
          return [
            {
              first: i === 0,
              cells: [
                i === 0 ? cellNames[cell] : "",
                regressorLabels[name],
                decimal(publishedStructures(cell).rSquared[name] ?? Number.NaN, 2),
                score(split.r2.mean),
                decimal(split.r2.sd, 2),
                score(crossValidation.r2.mean),
                scores(crossValidation.r2.interval),
                scores(crossValidation.r2.folds),
              ],
            },
          ];
        }),
      )}
    />
  );
}

function FeatureSetTable({ reports }: { reports: readonly CellReport[] }) {
  const names = regressorNames.filter((name) => name !== "mean");
  return (
    <Table
      title="Cross-validated R² from parts of the properties."
      caption="The four sets of the thesis’s appendix."
      columns={[
        { label: "Cell", kind: "text" },
        { label: "Predicted from", kind: "text" },
        ...names.map((name) => ({ label: regressorLabels[name] })),
      ]}
      rows={reports.flatMap(({ cell, report }) =>
        report.featureSets.map((set, i) => ({
          first: i === 0,
          cells: [
            i === 0 ? cellNames[cell] : "",
            setLabels[set.name] ?? set.name,
            ...names.map((name) => score(set.regressors[name].crossValidation.r2.mean)),
          ],
        })),
      )}
    />
  );
}

function scores([low, high]: readonly [number, number]): string {
  return `${score(low)} to ${score(high)}`;
}

function interval(ends: readonly [number, number] | undefined): string {
  return ends ? `${decimal(ends[0], 2)} to ${decimal(ends[1], 2)}` : "–";
}

function probability(p: number | undefined): string {
  if (p === undefined || Number.isNaN(p)) return "–";
  return p < 0.001 ? "< 0.001" : decimal(p, 3);
}
