// What changes when the protocol is corrected: the same study under both protocols, side by side.
import { differenceOfMeans } from "../../../math/intervals.js";
import { mean } from "../../../math/statistics.js";
import { type Dot, dotChart } from "../../../report/charts/dots.js";
import { stripChart } from "../../../report/charts/strips.js";
import { Figure, Panel, Panels, type Section, Table } from "../../../report/page.js";
import { cellColour, cellNames, ink, quiet } from "../../../report/theme.js";
import { percentage, points, score } from "../../../report/words.js";
import type { Protocol } from "../../../train/protocol.js";
import type { ThesisCell } from "../../published.js";
import type { StructureRow } from "../results.js";
import {
  bestRegressor,
  predictionOf,
  protocolSentences,
  type StructureEvidence,
} from "../structure-findings.js";
import {
  accuraciesOf,
  families,
  familyNames,
  propertyLabel,
  structureCells,
  structuresOf,
} from "../structure-outcomes.js";
import { wholePercent } from "./base.js";

/** The section; nothing unless structures were trained under both protocols. */
export function protocolSections(evidence: StructureEvidence): Section[] {
  const { rows } = evidence;
  const cells = structureCells(rows, "thesis").filter((cell) =>
    structureCells(rows, "corrected").includes(cell),
  );
  if (cells.length === 0) return [];
  return [
    {
      part: "Protocol",
      id: "protocol",
      title: "What changes when the protocol is corrected",
      body: (
        <>
          <p>
            As published, a prediction is read at the last padded step and so depends on the other strings of
            its batch, the gates’ masks follow another order than the gates, skip edges become whole cells of
            their own, and the embedding is as wide as the graph has sources. The corrected protocol reads at
            the last real symbol, wires every gate as the graph says and fixes the embedding’s width. Graphs
            and seeds are the same.
          </p>
          <p>{protocolSentences(evidence).join(" ")}</p>
          <Accuracies rows={rows} cells={cells} />
          <ProtocolTable rows={rows} cells={cells} />
          <CorrelationsUnderBoth evidence={evidence} cells={cells} />
          <ScoresUnderBoth evidence={evidence} cells={cells} />
        </>
      ),
    },
  ];
}

const protocols = ["thesis", "corrected"] as const satisfies readonly Protocol[];

function Accuracies({ rows, cells }: { rows: readonly StructureRow[]; cells: readonly ThesisCell[] }) {
  return (
    <Figure
      title="Accuracy under both protocols."
      caption="One dot per structure; the line is the mean, the shade its 95 % interval. Grey: thesis; coloured: corrected."
    >
      <Panels columns={2}>
        {cells.map((cell) => (
          <Panel
            key={cell}
            heading={cellNames[cell]}
            colour={cellColour(cell)}
            svg={stripChart({
              title: `${cellNames[cell]}: accuracy under both protocols`,
              description: "Test accuracy of every structure by family and protocol.",
              rows: families.flatMap((family) =>
                protocols.map((protocol) => ({
                  label: protocol === "thesis" ? `${familyNames[family]}, thesis` : protocol,
                  values: accuraciesOf(structuresOf(rows, cell, protocol, family)),
                  colour: protocol === "thesis" ? quiet : cellColour(cell),
                })),
              ),
              x: {
                label: "test accuracy",
                domain: [0.4, 1],
                ticks: [0.4, 0.6, 0.8, 1],
                format: wholePercent,
              },
              labelWidth: 148,
              width: 360,
            })}
          />
        ))}
      </Panels>
    </Figure>
  );
}

function ProtocolTable({ rows, cells }: { rows: readonly StructureRow[]; cells: readonly ThesisCell[] }) {
  return (
    <Table
      title="Mean accuracy under both protocols."
      caption="The difference is corrected minus thesis, in points, with its 95 % interval (Welch)."
      columns={[
        { label: "Cell", kind: "text" },
        { label: "Family", kind: "text" },
        { label: "thesis" },
        { label: "corrected" },
        { label: "difference" },
        { label: "interval" },
      ]}
      rows={cells.flatMap((cell) =>
        families.map((family, i) => {
          const [before, after] = protocols.map((protocol) =>
            accuraciesOf(structuresOf(rows, cell, protocol, family)),
          );
          const { value, low, high } = differenceOfMeans(before, after);
          return {
            first: i === 0,
            cells: [
              i === 0 ? cellNames[cell] : "",
              familyNames[family],
              percentage(mean(before)),
              percentage(mean(after)),
              points(value),
              `${points(low)} to ${points(high)}`,
            ],
          };
        }),
      )}
    />
  );
}

interface Compared {
  evidence: StructureEvidence;
  cells: readonly ThesisCell[];
}

function CorrelationsUnderBoth({ evidence, cells }: Compared) {
  const pairs = cells.flatMap((cell) => {
    const [before, after] = protocols.map((protocol) => predictionOf(evidence.prediction, cell, protocol));
    return before && after ? [{ cell, before, after }] : [];
  });
  if (pairs.length === 0) return null;
  return (
    <Figure
      title="Correlation of each property with accuracy under both protocols."
      caption="With 95 % intervals. What holds under both is not an artefact of the protocol."
      legend={[
        { label: "thesis", colour: quiet, dots: "hollow", width: 1.4 },
        { label: "corrected", colour: ink, dots: "filled", width: 1.4 },
      ]}
    >
      <Panels columns={2}>
        {pairs.map(({ cell, before, after }) => (
          <Panel
            key={cell}
            heading={cellNames[cell]}
            colour={cellColour(cell)}
            svg={dotChart({
              title: `${cellNames[cell]}: correlations under both protocols`,
              description:
                "Pearson correlation of each property with test accuracy under the thesis's and the corrected protocol.",
              rows: before.correlations.map(({ feature, pearson }) => {
                const other = after.correlations.find(
                  (correlation) => correlation.feature === feature,
                )?.pearson;
                const dots: Dot[] = [];
                if (pearson) {
                  const [low, high] = pearson.interval;
                  dots.push({ value: pearson.value, low, high, colour: quiet, hollow: true });
                }
                if (other) {
                  const [low, high] = other.interval;
                  dots.push({ value: other.value, low, high, colour: cellColour(cell) });
                }
                return { label: propertyLabel(feature), dots };
              }),
              axis: "correlation with accuracy",
              domain: [-1, 1],
              ticks: [-1, -0.5, 0, 0.5, 1],
              reference: 0,
              width: 360,
              labelWidth: 170,
              rowHeight: 18,
            })}
          />
        ))}
      </Panels>
    </Figure>
  );
}

function ScoresUnderBoth({ evidence, cells }: Compared) {
  const rows = cells.flatMap((cell) => {
    const found = protocols.map((protocol) => {
      const report = predictionOf(evidence.prediction, cell, protocol);
      return report && bestRegressor(report)?.report.crossValidation.r2;
    });
    const [before, after] = found;
    if (!before || !after) return [];
    const spell = ({ mean: r2, interval: [low, high] }: typeof before) =>
      `${score(r2)} [${score(low)}, ${score(high)}]`;
    return [{ cells: [cellNames[cell], spell(before), spell(after)] }];
  });
  if (rows.length === 0) return null;
  return (
    <Table
      title="Best cross-validated R² under both protocols."
      caption="From all properties, with 95 % intervals."
      columns={[{ label: "Cell", kind: "text" }, { label: "thesis" }, { label: "corrected" }]}
      rows={rows}
    />
  );
}
