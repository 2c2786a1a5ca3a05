// The page of `investigate language`: nats against sparsity before and after retraining, by method, and at equal numbers of weights.
import { mean } from "../../math/statistics.js";
import type { CellKind } from "../../network/architecture.js";
import { dotChart } from "../../report/charts/dots.js";
import { type Line, lineChart, type Point } from "../../report/charts/lines.js";
import { Figure, type LegendEntry, Panel, Panels, type Section, Table } from "../../report/page.js";
import { cellColour, cellNames, ink, quiet, targetNames } from "../../report/theme.js";
import { decimal, level, percentage } from "../../report/words.js";
import { type Target, targets } from "../../sparsify/target.js";
import { type LanguageResults, WIDE } from "../language.js";
import { controls, type RegimeName, regimeNames, regimeOf } from "../regimes.js";
import type { Row } from "../row.js";
import { Evidence, thresholdText, valueText } from "../verdicts/evidence.js";
import { gateMeans, languageFindings } from "../verdicts/language.js";
import { courseSections, investigationPage } from "./frame.js";
import { lookOf } from "./look.js";

const PART = "Language";
const BASE = "base";

/** The report as one HTML document. */
export function languageReport(results: LanguageResults): string {
  const evidence = new Evidence(results);
  const { rows } = results;
  return investigationPage({
    title: "Does pruning of language models go as on strings?",
    lead: (
      <>
        Networks that read <i>{results.text}</i> symbol by symbol, pruned before and after retraining, beside
        methods that train sparsely, random masks, and small dense networks of as many weights.
      </>
    ),
    opening: <Retraining rows={rows} />,
    facts: results.facts,
    earlier: results.earlier,
    findings: languageFindings(results, evidence),
    sections: [
      ...methodSections(rows, evidence),
      ...equalSections(rows),
      ...gateSections(rows),
      ...courseSections(PART, results.courses, results.masks),
    ],
  });
}

function cellsOf(rows: readonly Row[]): CellKind[] {
  return [...new Set(rows.filter(({ condition }) => condition === BASE).map(({ cell }) => cell))];
}

function select(rows: readonly Row[], cell: CellKind, regime: RegimeName, target: Target = "both"): Row[] {
  return rows.filter(
    (row) => row.condition === BASE && row.cell === cell && row.regime === regime && row.target === target,
  );
}

/** The mean over seeds at each place, with a band from the best seed to the worst. */
function pointsOf(rows: readonly Row[], placeOf: (row: Row) => number): Point[] {
  const places = [...new Set(rows.map(placeOf))].sort((a, b) => b - a);
  return places.map((x) => {
    const nats = rows.filter((row) => placeOf(row) === x).map(({ metric }) => metric);
    return {
      x,
      y: mean(nats),
      ...(nats.length > 1 && { low: Math.min(...nats), high: Math.max(...nats) }),
    };
  });
}

const leftOf = ({ sparsity }: Row) => 100 - sparsity;

/** Nats beyond the dense network's that are still drawn. */
const TALLEST = 1;

/** One scale for all panels of a figure. */
function natsAxis(rows: readonly Row[], tallest = TALLEST) {
  const nats = rows.map(({ metric }) => metric).filter(Number.isFinite);
  const least = Math.min(...nats);
  const most = Math.min(Math.max(...nats), least + tallest);
  return { label: "nats", domain: [least - 0.05 * (most - least), most] as const };
}

function leftAxis(rows: readonly Row[]) {
  const left = rows.filter(({ regime }) => regime !== "dense").map(leftOf);
  const [least, most] = [Math.min(...left), Math.max(...left)];
  return {
    label: "weights left, %",
    type: "log" as const,
    domain: [most, least] as const,
    ticks: [50, 30, 20, 10, 5, 2, 1].filter((tick) => tick <= most && tick >= least),
  };
}

function Retraining({ rows }: { rows: readonly Row[] }) {
  const shown: readonly RegimeName[] = ["magnitude", "one-shot", "random"];
  const base = rows.filter(
    ({ condition, regime }) => condition === BASE && (shown.includes(regime) || regime === "dense"),
  );
  if (!base.some(({ regime }) => regime !== "dense")) return null;
  const [x, y] = [leftAxis(base), natsAxis(base)];
  const legend: LegendEntry[] = [
    { label: "pruned, not retrained", colour: ink, dash: "5 3", dots: "hollow" },
    { label: "retrained as long again", colour: ink, dots: "filled" },
    { label: "random mask before training", colour: quiet, dash: "2 3", dots: "hollow" },
    { label: "dense", colour: quiet, width: 1, dash: "1 3" },
  ];
  return (
    <Figure
      title="Before and after retraining, by what is pruned."
      caption={`Nats per symbol on the part held out, in the mean over seeds; bands run from the best seed to the worst. What needs more than ${decimal(TALLEST, 1)} nats beyond the best is drawn at the edge.`}
      legend={legend}
    >
      {cellsOf(base).map((cell) => (
        <Panels key={cell} heading={cellNames[cell]} columns={3}>
          {targets.map((target) => (
            <Panel
              key={target}
              heading={targetNames[target]}
              svg={lineChart({
                title: `${cellNames[cell]}, ${targetNames[target]}: nats before and after retraining`,
                description: "Nats by the share of weights left, pruned, retrained and with random masks.",
                lines: [
                  { ...lookOf("random"), points: pointsOf(select(base, cell, "random", target), leftOf) },
                  {
                    colour: cellColour(cell),
                    dash: "5 3",
                    dots: "hollow",
                    points: pointsOf(select(base, cell, "magnitude", target), leftOf),
                  },
                  {
                    colour: cellColour(cell),
                    dots: "filled",
                    points: pointsOf(select(base, cell, "one-shot", target), leftOf),
                  },
                ],
                reference: mean(select(base, cell, "dense").map(({ metric }) => metric)),
                x,
                y,
              })}
            />
          ))}
        </Panels>
      ))}
    </Figure>
  );
}

function methodSections(rows: readonly Row[], evidence: Evidence): Section[] {
  const base = rows.filter(({ condition, target }) => condition === BASE && target === "both");
  const regimes = regimeNames.filter(
    (regime) => regime !== "dense" && base.some((row) => row.regime === regime),
  );
  if (regimes.length === 0) return [];
  const drawn = regimes.filter((regime) => regime !== "magnitude");
  const [x, y] = [leftAxis(base), natsAxis(base.filter(({ regime }) => regime !== "magnitude"))];
  const cells = cellsOf(base);
  const known = evidence.known.filter(({ curve }) => curve.target === "both" && curve.condition === BASE);
  const least = Math.min(...known.map(({ curve }) => curve.sparsities[0]));
  const body = (
    <>
      <Figure
        title="Nats against sparsity by method."
        caption="Both kinds of weights, in the mean over seeds. Grey: random masks, and small dense networks with as many weights. Dotted: the dense network."
        legend={drawn.map((regime) => ({ label: regimeOf(regime).label, ...lookOf(regime) }))}
      >
        <Panels columns={cells.length === 2 ? 2 : 3}>
          {cells.map((cell) => (
            <Panel
              key={cell}
              heading={cellNames[cell]}
              svg={lineChart({
                title: `${cellNames[cell]}: nats against sparsity by method`,
                description: "Nats by the share of weights left, a line for each method.",
                lines: drawn.map((regime) => ({
                  ...lookOf(regime),
                  points: pointsOf(select(base, cell, regime), leftOf).map(({ x, y }) => ({ x, y })),
                })),
                reference: mean(select(base, cell, "dense").map(({ metric }) => metric)),
                x,
                y,
                height: 240,
              })}
            />
          ))}
        </Panels>
      </Figure>
      {known.length > 0 ? (
        <Figure
          title="The largest sparsity that costs at most 0.02 nats."
          caption="Bars are 95 % intervals from drawing the seeds anew; “at least” and “less than” say that the grid ends there."
        >
          <Panels columns={cells.length === 2 ? 2 : 3}>
            {cells.map((cell) => (
              <Panel
                key={cell}
                heading={cellNames[cell]}
                svg={dotChart({
                  title: `${cellNames[cell]}: largest sparsity by method`,
                  description:
                    "For each method the sparsity that costs at most 0.02 nats, with its interval.",
                  rows: regimes.map((regime) => {
                    const own = evidence.of(BASE, cell, regime);
                    const colour = controls.includes(regime) ? quiet : cellColour(cell);
                    return {
                      label: regimeOf(regime).label,
                      dots: own
                        ? [
                            {
                              ...own.threshold,
                              colour,
                              hollow: own.threshold.beyond !== undefined,
                              text: valueText(own.threshold),
                            },
                          ]
                        : [],
                    };
                  }),
                  axis: "weights removed, %",
                  domain: [Math.floor(least / 10) * 10, 100],
                  width: 360,
                  labelWidth: 118,
                  rowHeight: 24,
                })}
              />
            ))}
          </Panels>
        </Figure>
      ) : null}
      <Table
        title="Thresholds by what is made sparse."
        caption="The largest sparsity of the chosen weights that costs at most 0.02 nats, with 95 % intervals over seeds."
        columns={[
          { label: "cell", kind: "text" },
          { label: "regime", kind: "text" },
          ...targets.map((target) => ({ label: targetNames[target] })),
        ]}
        rows={cells.flatMap((cell) =>
          regimes.map((regime, i) => ({
            first: i === 0,
            cells: [
              cellNames[cell],
              regimeOf(regime).label,
              ...targets.map((target) => {
                const own = evidence.of(BASE, cell, regime, target);
                return own ? thresholdText(own.threshold) : "–";
              }),
            ],
          })),
        )}
      />
    </>
  );
  return [{ part: PART, id: "methods", title: "Methods beside each other", body }];
}

function equalSections(rows: readonly Row[]): Section[] {
  const cells = cellsOf(rows);
  const both = rows.filter(({ target }) => target === "both");
  const base = both.filter(({ condition }) => condition === BASE);
  const shown: readonly RegimeName[] = ["one-shot", "gradual", "rigl", "random"];
  const drawn = shown.filter((regime) => base.some((row) => row.regime === regime));
  if (!base.some(({ regime }) => regime === "small")) return [];
  const y = natsAxis(
    base.filter(({ regime }) => regime === "small" || regime === "dense" || drawn.includes(regime)),
  );
  const place = ({ parameters }: Row) => parameters / 1000;
  const body = (
    <Figure
      title="Larger and sparser, or smaller and dense."
      caption="Nats by all numbers that a network has, biases, embedding and read-out among them: dense networks of several widths, and sparse ones of the largest of these widths. Rings: sparse networks of twice that width."
      legend={[
        { label: "dense", colour: ink, dots: "filled" },
        ...drawn.map((regime) => ({ label: regimeOf(regime).label, ...lookOf(regime) })),
      ]}
    >
      <Panels columns={cells.length === 2 ? 2 : 3}>
        {cells.map((cell) => {
          const own = both.filter((row) => row.cell === cell && row.condition === BASE);
          const wide = both.filter(
            (row) => row.cell === cell && row.condition === WIDE && drawn.includes(row.regime),
          );
          const dense = own.filter(({ regime }) => regime === "small" || regime === "dense");
          const lines: Line[] = [
            { colour: ink, dots: "filled", points: pointsOf(dense, place) },
            ...drawn.map((regime) => ({
              ...lookOf(regime),
              points: pointsOf(
                own.filter((row) => row.regime === regime),
                place,
              ).map(({ x, y }) => ({ x, y })),
            })),
            ...[...new Set(wide.map(({ regime }) => regime))].map((regime) => ({
              colour: lookOf(regime).colour,
              dots: "ring" as const,
              points: pointsOf(
                wide.filter((row) => row.regime === regime),
                place,
              ),
            })),
          ];
          const places = [...own, ...wide].map(place);
          return (
            <Panel
              key={cell}
              heading={cellNames[cell]}
              svg={lineChart({
                title: `${cellNames[cell]}: nats by the numbers of a network`,
                description:
                  "Nats of dense networks of several widths and of sparse ones, by how many numbers they have.",
                lines,
                x: {
                  label: "thousand numbers",
                  domain: [0.97 * Math.min(...places), 1.03 * Math.max(...places)],
                },
                y,
                height: 240,
              })}
            />
          );
        })}
      </Panels>
    </Figure>
  );
  return [{ part: PART, id: "equal", title: "At equal numbers of weights", body }];
}

function gateSections(rows: readonly Row[]): Section[] {
  const own = rows.filter(
    ({ condition, regime, target }) =>
      condition === BASE && target === "both" && (regime === "magnitude" || regime === "gradual"),
  );
  const sparsities = [...new Set(own.map(({ sparsity }) => sparsity))].sort((a, b) => a - b);
  const groups = cellsOf(own).flatMap((cell) =>
    (["magnitude", "gradual"] as const).flatMap((regime) => {
      const of = (sparsity: number) =>
        new Map(
          gateMeans(select(own, cell, regime).filter((row) => row.sparsity === sparsity)).map(
            ({ name, share }) => [name, share],
          ),
        );
      const columns = sparsities.map(of);
      return [...(columns.at(-1)?.keys() ?? [])].map((name, i) => ({
        first: i === 0,
        cells: [
          cellNames[cell],
          regimeOf(regime).label,
          name,
          ...columns.map((shares) => percentage(shares.get(name) ?? Number.NaN)),
        ],
      }));
    }),
  );
  if (groups.length === 0) return [];
  const body = (
    <Table
      title="Shares left in each gate, where all weights compete."
      caption="Means over seeds. Gates that keep least at the highest sparsity come first."
      columns={[
        { label: "cell", kind: "text" },
        { label: "regime", kind: "text" },
        { label: "weights", kind: "text" },
        ...sparsities.map((sparsity) => ({ label: `${level(sparsity)} removed` })),
      ]}
      rows={groups}
    />
  );
  return [{ part: PART, id: "gates", title: "Gates", body }];
}
