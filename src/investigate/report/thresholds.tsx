// The page of `investigate thresholds`: how sparse each cell may be under each regime, the curves that this was read from, what
// other conditions change, and what each regime costs.
import { summarise } from "../../math/intervals.js";
import { mean } from "../../math/statistics.js";
import { type Dot, dotChart } from "../../report/charts/dots.js";
import { type Line, lineChart } from "../../report/charts/lines.js";
import { Figure, Panel, Panels, type Section, Table } from "../../report/page.js";
import { cellColour, cellNames, quiet } from "../../report/theme.js";
import { count, decimal, duration, percentage } from "../../report/words.js";
import { costOf } from "../costs.js";
import { controls, type RegimeName, regimeNames, regimeOf } from "../regimes.js";
import type { Row } from "../row.js";
import { type Curve, fittedExcesses } from "../threshold.js";
import type { ThresholdResults } from "../thresholds.js";
import { Evidence, type Known, sparsityText, thresholdText, valueText } from "../verdicts/evidence.js";
import { BASE, thresholdFindings } from "../verdicts/thresholds.js";
import { courseSections, investigationPage } from "./frame.js";
import { lookOf } from "./look.js";

const PART = "Thresholds";

/** The report as one HTML document. */
export function thresholdsReport(results: ThresholdResults): string {
  const evidence = new Evidence(results);
  const findings = thresholdFindings(results, evidence);
  return investigationPage({
    title: "How sparse may a recurrent network be?",
    lead: (
      <>
        The largest share of weights that can go while a network stays as good as a dense one, for every way
        to come to a sparse network, and whether it depends on how networks are trained.
      </>
    ),
    opening: <Opening evidence={evidence} />,
    facts: results.facts,
    earlier: results.earlier,
    findings,
    sections: [
      ...tableSections(evidence),
      ...curveSections(evidence),
      ...conditionSections(evidence),
      ...costSections(results.rows, evidence),
      ...courseSections(PART, results.courses, results.masks),
    ],
  });
}

/** The grid's ends, as an axis from a round number to 100. */
function axisOf(known: readonly Known[]): [low: number, high: number] {
  const least = Math.min(...known.flatMap(({ curve, threshold }) => [curve.sparsities[0], threshold.value]));
  return [Math.floor(least / 10) * 10, 100];
}

/** The regimes of the base condition, in the order of all figures. */
function baseRegimes(evidence: Evidence): RegimeName[] {
  const base = evidence.known.filter(({ curve }) => curve.condition === BASE);
  return regimeNames.filter((regime) => base.some(({ curve }) => curve.regime === regime));
}

function Opening({ evidence }: { evidence: Evidence }) {
  const regimes = baseRegimes(evidence);
  if (regimes.length === 0) return null;
  const { epsilon } = evidence.judge(BASE);
  const domain = axisOf(evidence.known.filter(({ curve }) => curve.condition === BASE));
  const cells = evidence.cells(BASE);
  return (
    <Figure
      title="The largest sparsity that costs at most ε."
      caption={`Strings of Reber’s grammar; ε is ${pointsText(epsilon)} of accuracy beside the dense network. Bars are 95 % intervals from drawing the seeds anew; “at least” and “less than” say that the grid of sparsities ends there. Grey: the controls.`}
    >
      <Panels columns={2}>
        {cells.map((cell) => (
          <Panel
            key={cell}
            heading={cellNames[cell]}
            colour={cellColour(cell)}
            svg={dotChart({
              title: `${cellNames[cell]}: largest sparsity by regime`,
              description: "For each regime the sparsity that costs at most ε, with its interval.",
              rows: regimes
                .filter((regime) => evidence.of(BASE, cell, regime))
                .map((regime) => ({
                  label: regimeOf(regime).label,
                  dots: dotsOf(
                    evidence.of(BASE, cell, regime),
                    controls.includes(regime) ? quiet : cellColour(cell),
                  ),
                })),
              axis: "weights removed, %",
              domain,
              width: 400,
              labelWidth: 124,
              rowHeight: 24,
            })}
          />
        ))}
      </Panels>
    </Figure>
  );
}

function tableSections(evidence: Evidence): Section[] {
  const regimes = baseRegimes(evidence);
  if (regimes.length === 0) return [];
  const cells = evidence.cells(BASE);
  const body = (
    <Table
      title="Thresholds."
      caption="The numbers of the first figure, with 95 % intervals over seeds."
      columns={[
        { label: "regime", kind: "text" },
        ...cells.map((cell) => ({ label: cellNames[cell] })),
        { label: "what happens", kind: "prose" },
      ]}
      rows={regimes.map((regime) => ({
        cells: [
          regimeOf(regime).label,
          ...cells.map((cell) => {
            const known = evidence.of(BASE, cell, regime);
            return known ? thresholdText(known.threshold) : "–";
          }),
          regimeOf(regime).about,
        ],
      }))}
    />
  );
  return [{ part: PART, id: "thresholds", title: "Thresholds by cell and regime", body }];
}

/** "1 point", "0.3 points". */
function pointsText(share: number): string {
  return `${Number((100 * share).toFixed(1))} ${share === 0.01 ? "point" : "points"}`;
}

/** A threshold as a dot with its interval and its value. */
function dotsOf(known: Known | undefined, colour: string, text = true): Dot[] {
  if (!known) return [];
  const { threshold } = known;
  const { value, low, high, beyond } = threshold;
  return [
    {
      value,
      ...(low !== undefined && high !== undefined && { low, high }),
      colour,
      hollow: beyond !== undefined,
      ...(text && { text: valueText(threshold) }),
    },
  ];
}

function curveSections(evidence: Evidence): Section[] {
  const conditions = [...new Set(evidence.known.map(({ curve }) => curve.condition))];
  const body = (
    <>
      {conditions.map((name) => {
        const known = evidence.known.filter(({ curve }) => curve.condition === name);
        const regimes = regimeNames.filter(
          (regime) => !controls.includes(regime) && known.some(({ curve }) => curve.regime === regime),
        );
        const { label, judge } = evidence.condition(name);
        const isLoss = judge.metric === "validationLoss";
        const drawing = (
          <Figure
            key={name}
            title={name === BASE ? "What removing weights costs." : `The same: ${label}.`}
            caption={`${isLoss ? "Nats" : "Points of accuracy"} lost beside the dense network, in the mean over seeds; the band runs from the best seed to the worst. Thin: the rising fit that thresholds are read from. Dashed: random masks of the same cell; dashed and dotted: small dense networks of as many weights. Dotted in grey: ε. What is beyond the axis is drawn at its edge.`}
          >
            <Panels columns={4}>
              {regimes.map((regime) => (
                <Panel
                  key={regime}
                  heading={regimeOf(regime).label}
                  svg={curvesDrawing(evidence, name, regime)}
                />
              ))}
            </Panels>
          </Figure>
        );
        return name === BASE ? (
          drawing
        ) : (
          <details key={name}>
            <summary>{label}</summary>
            {drawing}
          </details>
        );
      })}
    </>
  );
  return conditions.length === 0
    ? []
    : [{ part: PART, id: "curves", title: "Accuracy against sparsity", body }];
}

/** Losses beyond this many ε are drawn at the edge. */
const TALLEST = 12;

function curvesDrawing(evidence: Evidence, condition: string, regime: RegimeName): string {
  const { label, judge } = evidence.condition(condition);
  const scale = judge.metric === "validationLoss" ? 1 : 100;
  const known = evidence.cells(condition).flatMap((cell) => {
    const own = evidence.of(condition, cell, regime);
    return own ? [{ cell, curve: own.curve }] : [];
  });
  const beside = known.flatMap(({ cell }) =>
    controls.flatMap((control): Line[] => {
      const own = evidence.of(condition, cell, control);
      if (!own) return [];
      const dash = control === "random" ? "4 3" : "7 3 1 3";
      return [
        { colour: cellColour(cell), width: 1, dash, opacity: 0.8, points: pointsOf(own.curve, scale, false) },
      ];
    }),
  );
  const fits = known.map(({ cell, curve }): Line => {
    const fitted = fittedExcesses(curve);
    return {
      colour: cellColour(cell),
      width: 0.8,
      points: curve.sparsities.map((sparsity, i) => ({ x: 100 - sparsity, y: scale * fitted[i] })),
    };
  });
  const own = known.map(
    ({ cell, curve }): Line => ({
      colour: cellColour(cell),
      dots: "filled",
      points: pointsOf(curve, scale, true),
    }),
  );
  // One axis for all regimes, of which one may not have come to all sparsities yet.
  const left = evidence.known
    .filter(({ curve }) => curve.condition === condition)
    .flatMap(({ curve }) => curve.sparsities.map((sparsity) => 100 - sparsity));
  return lineChart({
    title: `${regimeOf(regime).label}, ${label}: cost against sparsity`,
    description: "What is lost beside the dense network, by the share of weights left, for each cell.",
    lines: [...beside, ...fits, ...own],
    reference: scale * judge.epsilon,
    x: {
      label: "weights left, %",
      type: "log",
      domain: [Math.max(...left), Math.min(...left)],
      ticks: [50, 20, 10, 5, 2, 1].filter((tick) => tick <= Math.max(...left) && tick >= Math.min(...left)),
    },
    y: {
      label: scale === 1 ? "nats lost" : "points lost",
      domain: [-2 * scale * judge.epsilon, TALLEST * scale * judge.epsilon],
    },
    width: 250,
  });
}

function pointsOf({ sparsities, values, dense, judge }: Curve, scale: number, banded: boolean) {
  const sign = judge.metric === "testAccuracy" ? -1 : 1;
  return sparsities.map((sparsity, i) => {
    const lost = values[i].map((value, seed) => scale * sign * (value - dense[seed]));
    return {
      x: 100 - sparsity,
      y: mean(lost),
      ...(banded && lost.length > 1 && { low: Math.min(...lost), high: Math.max(...lost) }),
    };
  });
}

function conditionSections(evidence: Evidence): Section[] {
  const names = [...new Set(evidence.known.map(({ curve }) => curve.condition))];
  if (names.length < 2) return [];
  const others = evidence.known.filter(({ curve }) => curve.condition !== BASE);
  const regimes = regimeNames.filter((regime) => others.some(({ curve }) => curve.regime === regime));
  const cells = [...new Set(others.map(({ curve }) => curve.cell))];
  const domain = axisOf(evidence.known);
  const body = (
    <Figure
      title="Thresholds under other conditions."
      caption={`Each condition differs from the base in one thing; other data have networks and an ε of their own (${epsilonText(evidence, names)}). Bars are 95 % intervals over seeds; hollow: beyond the grid.`}
      legend={regimes.map((regime) => ({
        label: regimeOf(regime).label,
        shape: "square" as const,
        colour: colourOf(regime),
      }))}
    >
      <Panels columns={2}>
        {cells.map((cell) => (
          <Panel
            key={cell}
            heading={cellNames[cell]}
            svg={dotChart({
              title: `${cellNames[cell]}: thresholds by condition`,
              description:
                "For each training condition the largest sparsity that costs at most ε, by regime.",
              rows: names.map((name) => ({
                label: evidence.condition(name).label,
                dots: regimes.flatMap((regime) =>
                  dotsOf(evidence.of(name, cell, regime), colourOf(regime), false),
                ),
              })),
              axis: "weights removed, %",
              domain,
              width: 400,
              labelWidth: 112,
              rowHeight: 40,
              apart: true,
            })}
          />
        ))}
      </Panels>
    </Figure>
  );
  return [{ part: PART, id: "conditions", title: "Other conditions", body }];
}

function epsilonText(evidence: Evidence, names: readonly string[]): string {
  const texts = names.map((name) => {
    const { metric, epsilon } = evidence.judge(name);
    return metric === "validationLoss" ? `${epsilon} nats` : pointsText(epsilon);
  });
  return [...new Set(texts)].join(", ");
}

/** Four regimes side by side need four colours. */
function colourOf(regime: RegimeName): string {
  return regime === "magnitude" ? lookOf("top-k").colour : lookOf(regime).colour;
}

function costSections(rows: readonly Row[], evidence: Evidence): Section[] {
  const base = rows.filter(({ condition }) => condition === BASE);
  const cells = [...new Set(base.map(({ cell }) => cell))];
  const regimes = regimeNames.filter((regime) => base.some((row) => row.regime === regime));
  if (regimes.length === 0) return [];
  const sparsest = Math.max(...base.map(({ sparsity }) => sparsity));
  const body = (
    <>
      <p>
        Training budgets are not equal. One shot with retraining trains twice and iterative pruning several
        times, and what they gain over others they gain with that. Wall times are those of trainings that ran
        side by side on one machine, the one of the dense networks; a network that is sparse from its
        beginning trains faster.
      </p>
      <Table
        title="Seconds of a training."
        caption={`Means over sparsities up to ${sparsityText(sparsest)} and seeds, of the base condition.`}
        groups={[{ label: "", span: 1 }, ...cells.map((cell) => ({ label: cellNames[cell], span: 3 }))]}
        columns={[
          { label: "regime", kind: "text" },
          ...cells.flatMap(() => [{ label: "epochs" }, { label: "time" }, { label: "× dense" }]),
        ]}
        rows={regimes.map((regime) => ({
          cells: [
            regimeOf(regime).label,
            ...cells.flatMap((cell) => {
              const cost = costOf(base, cell, regime);
              if (!cost) return ["–", "–", "–"];
              const { epochs, seconds, ratio } = cost;
              return [
                decimal(epochs),
                seconds < 60 ? `${decimal(seconds, 1)}\u00a0s` : duration(seconds),
                decimal(ratio, 2),
              ];
            }),
          ],
        }))}
      />
      <Table
        title="Dense networks."
        caption="Which others are compared with."
        columns={[
          { label: "condition", kind: "text" },
          { label: "cell", kind: "text" },
          { label: "units" },
          { label: "metric" },
          { label: "networks" },
        ]}
        rows={denseRows(rows, evidence)}
      />
    </>
  );
  return [{ part: PART, id: "cost", title: "What each regime costs", body }];
}

function denseRows(rows: readonly Row[], evidence: Evidence) {
  const dense = rows.filter(({ regime }) => regime === "dense");
  const groups = [...new Set(dense.map(({ condition, cell }) => `${condition} ${cell}`))];
  return groups.map((group) => {
    const own = dense.filter(({ condition, cell }) => `${condition} ${cell}` === group);
    const [{ condition, cell, hidden }] = own;
    const { mean: value, low, high } = summarise(own.map(({ metric }) => metric));
    const { label, judge } = evidence.condition(condition);
    const write = (number: number) =>
      judge.metric === "validationLoss" ? `${decimal(number, 3)} nats` : percentage(Math.min(1, number));
    const text =
      low === undefined || high === undefined || low === high
        ? write(value)
        : `${write(value)} (${write(low)} to ${write(high)})`;
    return { cells: [label, cellNames[cell], decimal(hidden), text, count(own.length, "seed")] };
  });
}
