// Any study: its objective over trials, the effect of each varied value, the curves of the best combinations, and tables.
import { summarise } from "../../math/intervals.js";
import type { Combination } from "../../study/combine.js";
import { dotChart } from "../charts/dots.js";
import { type Line, lineChart } from "../charts/lines.js";
import { scatterPlot } from "../charts/scatter.js";
import type { Axis } from "../charts/ticks.js";
import { Figure, Note, Panel, Panels, type Section, Table } from "../page.js";
import { identifier } from "../plot.js";
import type { StudyResults } from "../study-summary.js";
import {
  bestCombinations,
  combinationsOf,
  objectiveOf,
  parametersOf,
  spell,
  variedOf,
} from "../study-summary.js";
import { quiet, series as seriesColours } from "../theme.js";
import { count, decimal, list } from "../words.js";
import { LearntText } from "./language.js";
import { LearntSequences } from "./sequences.js";

/** Dots beyond this many are thinned out evenly; the eye sees no more. */
const MOST_DOTS = 1500;
/** Values of a parameter beyond this many are drawn as a cloud. */
const MOST_LEVELS = 12;
const MOST_ROWS = 50;
const MOST_ERRORS = 20;

/** The sections of one study. */
export function studySections(study: StudyResults): Section[] {
  const { name, objective } = study;
  const part = name;
  const id = (what: string) => `${identifier(name)}-${what}`;
  const scored = study.trials.filter((trial) => Number.isFinite(objectiveOf(study, trial)));
  const sections: Section[] = [
    { part, id: id("overview"), title: "Overview", body: <Overview study={study} scored={scored.length} /> },
  ];
  if (scored.length > 0 && objective) {
    const varied = variedOf(study);
    if (varied.length > 0) {
      sections.push({
        part,
        id: id("effects"),
        title: "What each value does",
        body: <Effects study={study} varied={varied} />,
      });
    }
  }
  const metrics = metricsOf(study);
  if (metrics.length > 0) {
    sections.push({
      part,
      id: id("curves"),
      title: "Curves",
      body: <Curves study={study} metrics={metrics} />,
    });
  }
  if (study.text) {
    sections.push({
      part,
      id: id("text"),
      title: "Loss and samples",
      body: <LearntText name={name} training={study.text} />,
    });
  }
  if (study.sequences) {
    sections.push({
      part,
      id: id("sequences"),
      title: study.sequences.notes.task === "forecast" ? "Forecasts" : "Classes and sequences",
      body: <LearntSequences name={name} training={study.sequences} />,
    });
  }
  sections.push({ part, id: id("table"), title: "Results", body: <Results study={study} /> });
  return sections;
}

function Overview({ study, scored }: { study: StudyResults; scored: number }) {
  const { trials, objective, kind } = study;
  const states = (["finished", "running", "waiting", "failed"] as const).flatMap((state) => {
    const number = trials.filter((trial) => trial.state === state).length;
    return number > 0 ? [`${decimal(number)} ${state}`] : [];
  });
  const combinations = combinationsOf(study);
  const best = combinations[0];
  const varied = Object.entries(best?.parameters ?? {}).map(([name, value]) => `${name} = ${spell(value)}`);
  const of = best && best.replicates > 1 ? `, the mean of ${count(best.replicates, "replicate")}` : "";
  return (
    <>
      <p>
        {count(trials.length, "trial")} of kind <code>{kind}</code> in{" "}
        {count(combinations.length, "combination")}: {list(states)}.
        {objective && best && Number.isFinite(best.value)
          ? ` The best ${objective.metric} is ${number(best.value)}${of}${varied.length > 0 ? `, with ${list(varied)}` : ""}.`
          : ""}
      </p>
      {objective && scored > 0 ? (
        <ObjectiveOverTrials study={study} />
      ) : (
        <Note>
          {objective
            ? `No finished trial has a finite ${objective.metric} yet.`
            : "The study has no objective, so its trials are not ranked."}
        </Note>
      )}
    </>
  );
}

function ObjectiveOverTrials({ study }: { study: StudyResults }) {
  const objective = study.objective!;
  const points = study.trials
    .map((trial) => ({ x: trial.number, y: objectiveOf(study, trial) }))
    .filter(({ y }) => Number.isFinite(y));
  let best = Number.NaN;
  const better = objective.direction === "maximize" ? Math.max : Math.min;
  const steps = points.map(({ x, y }) => {
    best = Number.isNaN(best) ? y : better(best, y);
    return { x, y: best };
  });
  return (
    <Figure
      title={`${objective.metric} over trials.`}
      caption={`One dot per finished trial, in the study’s order; the line is the best so far.${thinned(points.length)}`}
    >
      <Panels columns={1}>
        <Panel
          svg={scatterPlot({
            title: `${study.name}: ${objective.metric} over trials`,
            description: `Objective of ${points.length} finished trials against their number, with the best so far.`,
            series: [{ points: thin(points), colour: seriesColours[0] }],
            steps: { points: thin(steps), colour: quiet },
            x: { label: "trial", domain: extent([0, ...points.map(({ x }) => x)]), whole: true },
            y: { label: objective.metric, domain: extent(points.map(({ y }) => y)) },
            width: 460,
            height: 240,
          })}
        />
      </Panels>
    </Figure>
  );
}

function Effects({ study, varied }: { study: StudyResults; varied: readonly string[] }) {
  const { metric } = study.objective!;
  return (
    <Figure
      title={`${metric} by each varied value.`}
      caption="Over all other values. Few values: mean and 95 % interval over the trials that have them. Many: every trial, with the least-squares line and its 95 % band."
    >
      <Panels columns={3}>
        {varied.map((parameter) => (
          <Panel key={parameter} heading={parameter} svg={effect(study, parameter)} />
        ))}
      </Panels>
    </Figure>
  );
}

function effect(study: StudyResults, parameter: string): string {
  const { metric } = study.objective!;
  const text = {
    title: `${study.name}: ${metric} by ${parameter}`,
    description: `How ${metric} depends on ${parameter}, over all other values.`,
  };
  const observed = study.trials
    .map((trial) => ({ level: trial.parameters[parameter], y: objectiveOf(study, trial) }))
    .filter(({ level, y }) => level !== undefined && Number.isFinite(y));
  const y: Axis = { label: metric, domain: extent(observed.map((point) => point.y)) };
  const numeric = observed.every(({ level }) => typeof level === "number");
  const levels = [...new Set(observed.map(({ level }) => spell(level)))];
  const colour = seriesColours[0];
  if (!numeric) {
    const rows = levels.slice(0, 2 * MOST_LEVELS).map((level) => {
      const { mean, low, high } = summarise(
        observed.filter((point) => spell(point.level) === level).map((point) => point.y),
      );
      return { label: level, dots: [{ value: mean, low, high, colour, text: number(mean) }] };
    });
    const ends = rows.flatMap(({ dots: [{ value, low = value, high = value }] }) => [low, high]);
    return dotChart({ ...text, rows, axis: metric, domain: extent(ends), width: 336, labelWidth: 110 });
  }
  const points = observed.map(({ level, y: value }) => ({ x: level as number, y: value }));
  const x = parameterAxis(
    parameter,
    points.map((point) => point.x),
  );
  if (levels.length > MOST_LEVELS) {
    // A straight line on a logarithmic axis would not be the fit that it looks like.
    return scatterPlot({
      ...text,
      series: [{ points: thin(points), colour, fit: x.type !== "log" }],
      x,
      y,
      width: 336,
    });
  }
  const values = [...new Set(points.map((point) => point.x))].sort((a, b) => a - b);
  const curve = values.map((value) => {
    const { mean, low, high } = summarise(
      points.filter((point) => point.x === value).map((point) => point.y),
    );
    return { x: value, y: mean, low, high };
  });
  const ends = curve.flatMap(({ y: mean, low = mean, high = mean }) => [low, high]);
  return lineChart({
    ...text,
    lines: [{ points: curve, colour, dots: "filled" }],
    x,
    y: { ...y, domain: extent(ends) },
    width: 336,
  });
}

/** Positive values that crowd at the low end of a wide range stand on a logarithmic axis. */
function parameterAxis(label: string, values: readonly number[]): Axis {
  const ascending = [...values].sort((a, b) => a - b);
  const low = ascending[0];
  const high = ascending[ascending.length - 1];
  if (low > 0 && high / low > 30 && ascending[Math.floor(ascending.length / 2)] < high / 10) {
    return {
      label,
      type: "log",
      domain: [low / 1.2, high * 1.2],
      ticks: powersOfTen(low, high),
      format: spell,
    };
  }
  return { label, domain: extent(values), whole: values.every(Number.isInteger) };
}

function powersOfTen(low: number, high: number): number[] {
  const first = Math.ceil(Math.log10(low) - 1e-9);
  const last = Math.floor(Math.log10(high) + 1e-9);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => 10 ** (first + i));
}

function Curves({ study, metrics }: { study: StudyResults; metrics: readonly string[] }) {
  const combinations = bestCombinations(study).filter(({ trials }) =>
    trials.some(({ identity }) => study.series.has(identity)),
  );
  const varied = variedOf(study);
  const legend = combinations.map((combination, i) => ({
    label: nameOf(varied, combination) || "all trials",
    colour: seriesColours[i % seriesColours.length],
    width: 2,
  }));
  const replicated = combinations.some(({ trials }) => trials.length > 1);
  return (
    <Figure
      title="Metrics over epochs."
      caption={`${study.objective ? "The best combinations" : "The first combinations"}${replicated ? "; lines are means over replicates, bands their 95 % intervals" : ""}.`}
      legend={legend}
    >
      <Panels columns={3}>
        {metrics.map((metric) => (
          <Panel key={metric} heading={metric} svg={curves(study, combinations, metric)} />
        ))}
      </Panels>
    </Figure>
  );
}

function curves(study: StudyResults, combinations: readonly Combination[], metric: string): string {
  const lines = combinations.map(({ trials }, i): Line => {
    const epochs = new Map<number, number[]>();
    for (const { identity } of trials) {
      for (const { epoch, metrics } of study.series.get(identity) ?? []) {
        if (metrics[metric] === undefined) continue;
        epochs.set(epoch, [...(epochs.get(epoch) ?? []), metrics[metric]]);
      }
    }
    const points = [...epochs].map(([x, values]) => {
      const { mean, low, high } = summarise(values);
      return { x, y: mean, low, high };
    });
    return { points: points.sort((a, b) => a.x - b.x), colour: seriesColours[i % seriesColours.length] };
  });
  const points = lines.flatMap((line) => line.points);
  return lineChart({
    title: `${study.name}: ${metric} over epochs`,
    description: `${metric} over epochs of ${count(combinations.length, "combination")}.`,
    lines,
    x: { label: "epoch", domain: extent(points.map(({ x }) => x)), whole: true },
    y: { label: metric, domain: extent(points.flatMap(({ y, low = y, high = y }) => [low, high])) },
    width: 336,
    height: 210,
  });
}

function Results({ study }: { study: StudyResults }) {
  const parameters = parametersOf(study);
  const combinations = combinationsOf(study);
  const metrics = [...new Set(study.trials.flatMap(({ summary }) => Object.keys(summary)))].sort(
    (a, b) => Number(b === study.objective?.metric) - Number(a === study.objective?.metric),
  );
  const failed = study.trials.filter(({ state }) => state === "failed");
  const hidden = combinations.length - MOST_ROWS;
  return (
    <>
      <Table
        title={study.objective ? `Combinations by ${study.objective.metric}.` : "Combinations."}
        caption={`Means over the finished replicates of each.${hidden > 0 ? ` The first ${MOST_ROWS} of ${decimal(combinations.length)}.` : ""}`}
        columns={[
          ...parameters.map((label) => ({ label, kind: "text" as const })),
          { label: "finished" },
          ...metrics.map((label) => ({ label })),
        ]}
        rows={combinations.slice(0, MOST_ROWS).map((combination) => {
          const finished = combination.trials.filter(({ state }) => state === "finished");
          return {
            cells: [
              ...parameters.map((name) => spell(combination.parameters[name])),
              `${finished.length} of ${combination.trials.length}`,
              ...metrics.map((metric) =>
                number(summarise(finished.map(({ summary }) => summary[metric] ?? Number.NaN)).mean),
              ),
            ],
          };
        })}
      />
      {failed.length > 0 ? (
        <Table
          title="Failed trials."
          caption={
            failed.length > MOST_ERRORS ? `The first ${MOST_ERRORS} of ${decimal(failed.length)}.` : ""
          }
          columns={[{ label: "trial" }, { label: "values", kind: "text" }, { label: "error", kind: "prose" }]}
          rows={failed.slice(0, MOST_ERRORS).map((trial) => ({
            cells: [String(trial.number), nameOf(parameters, trial) || "–", trial.error ?? "–"],
          }))}
        />
      ) : null}
    </>
  );
}

function nameOf(varied: readonly string[], { parameters }: Pick<Combination, "parameters">): string {
  return varied.map((name) => `${name} ${spell(parameters[name])}`).join(", ");
}

function metricsOf({ series }: StudyResults): string[] {
  const names = new Set<string>();
  for (const rows of series.values())
    for (const { metrics } of rows) for (const name of Object.keys(metrics)) names.add(name);
  return [...names].sort();
}

/** The ends of an axis that holds all values, a little wider than they are; [0, 1] for none. */
function extent(values: readonly number[]): [number, number] {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (low > high) return [0, 1];
  const margin = low === high ? Math.abs(low) * 0.05 || 0.5 : (high - low) * 0.04;
  return [low - margin, high + margin];
}

function thin<T>(items: readonly T[]): readonly T[] {
  if (items.length <= MOST_DOTS) return items;
  const step = items.length / MOST_DOTS;
  return Array.from({ length: MOST_DOTS }, (_, i) => items[Math.floor(i * step)]);
}

function thinned(points: number): string {
  return points > MOST_DOTS ? ` ${decimal(MOST_DOTS)} of ${decimal(points)} are drawn.` : "";
}

function number(value: number): string {
  return Number.isFinite(value) ? spell(value).replace("-", "−") : "–";
}
