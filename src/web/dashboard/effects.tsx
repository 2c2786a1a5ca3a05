// A metric against density or anything else: means with 95 % intervals over the trials that share a value (seeds and whatever else
// varies), a line for each value of a second column; a cloud of trials where values are many.
import * as Plot from "@observablehq/plot";
import { chosen } from "./address.js";
import { Drawing, Frame, lineColours, tip } from "./chart.js";
import { type Column, namesOf, short } from "./columns.js";
import { Choice, Switch } from "./controls.js";
import { chosenColumn, open } from "./course.js";
import { levels, type MeanPoint, MOST_LEVELS, MOST_LINES, meanLines, thin, wantsLog } from "./groups.js";
import { columns, filtered, objectiveColumn, trials, varied } from "./model.js";
import { whole } from "./spoken.js";

const MOST_DOTS = 4_000;
const NONE = "–";

export function Effects() {
  const { table, tick } = trials.value!;
  const metrics = namesOf(columns.value, "metric");
  const parameters = varied.value.map(({ name }) => name);
  const density = [...parameters, ...metrics].find((name) => /(^|\.)(density|percent)$/.test(name));
  const y = chosenColumn("y", objectiveColumn.value?.name ?? metrics[0]);
  const x = chosenColumn("x", density ?? parameters[0] ?? "number");
  if (!x || !y) return <p class="quiet">No trial has finished yet.</p>;
  const categories = varied.value.filter(
    (column) => column !== x && (column.words?.texts.length ?? 0) <= MOST_LINES,
  );
  const by = chosenColumn("by", categories[0]?.name ?? NONE);
  const { rows } = filtered.value;
  const isCloud = x.numeric && levels(rows, x) > MOST_LEVELS;
  const values = isCloud || x.numeric ? thin(rows, 2_000).map((row) => x.number(row)) : [];
  const logX = chosen("logx", wantsLog(values) ? "yes" : "no") === "yes" && x.numeric;
  const logY = chosen("logy") === "yes";
  const lines = isCloud ? [] : meanLines(rows, x, y, by);
  const points = lines.flatMap(({ name, points }) => points.map((point) => ({ ...point, name })));
  const dots = isCloud ? cloud(rows, x, y, by, logX, logY) : [];
  const names = [...new Set([...points, ...dots].map(({ name }) => name))];
  return (
    <Frame
      title={`${y.name} by ${x.name}`}
      note={
        isCloud
          ? `A dot for each trial${dots.length < rows.length ? `; ${whole(dots.length)} of ${whole(rows.length)} are drawn` : ""}. A click on a dot opens it.`
          : "Means over the trials that share a value, seeds among them; bands and bars are 95 % intervals of the mean."
      }
      controls={
        <>
          <Choice name="y" label="metric" otherwise={y.name} options={metrics.map((name) => [name, name])} />
          <Choice
            name="x"
            label="by"
            otherwise={x.name}
            options={[...new Set([...parameters, ...metrics, "number", "seed"])].map((name) => [name, name])}
          />
          <Choice
            name="by"
            label="lines"
            otherwise={by?.name ?? NONE}
            options={[NONE, ...parameters].map((name) => [name, name])}
          />
          {x.numeric ? <Switch name="logx" label="log across" otherwise={wantsLog(values)} /> : null}
          <Switch name="logy" label="log upwards" />
        </>
      }
      csv={() =>
        isCloud
          ? {
              header: ["trial", x.name, y.name, by?.name ?? "lines"],
              rows: Array.from(rows, (row) => [
                table.identity(row),
                x.number(row),
                y.number(row),
                by?.text(row),
              ]),
            }
          : {
              header: [by?.name ?? "lines", x.name, `mean ${y.name}`, "low", "high", "trials"],
              rows: points.map((point) => [
                point.name,
                point.x,
                point.mean,
                point.low,
                point.high,
                point.trials,
              ]),
            }
      }
    >
      <Drawing
        label={`${y.name} by ${x.name}${by ? `, lines by ${by.name}` : ""}`}
        depends={[tick, filtered.value, x, y, by, logX, logY]}
        onPick={isCloud ? (dot) => open(table.identity((dot as Dot).row)) : undefined}
        options={(width) => ({
          height: Math.min(460, Math.max(260, width * 0.5)),
          marginLeft: 58,
          x: { type: logX ? "log" : x.numeric ? "linear" : "point", label: x.name, nice: x.numeric },
          y: { type: logY ? "log" : "linear", label: y.name, grid: true },
          color: {
            domain: names,
            range: names.map((_, i) => lineColours[i % lineColours.length]),
            legend: names.length > 1,
            label: by?.name,
          },
          marks: isCloud ? cloudMarks(dots) : meanMarks(points, logX, logY, x.numeric),
        })}
      />
    </Frame>
  );
}

interface Dot {
  readonly row: number;
  readonly x: number;
  readonly y: number;
  readonly name: string;
}

function cloud(
  rows: Uint32Array,
  x: Column,
  y: Column,
  by: Column | undefined,
  logX: boolean,
  logY: boolean,
): Dot[] {
  const dots: Dot[] = [];
  for (const row of rows) {
    const [at, value] = [x.number(row), y.number(row)];
    if (!Number.isFinite(at) || !Number.isFinite(value) || (logX && at <= 0) || (logY && value <= 0))
      continue;
    dots.push({ row, x: at, y: value, name: by?.text(row) ?? "" });
  }
  return thin(dots, MOST_DOTS);
}

function cloudMarks(dots: readonly Dot[]): Plot.Markish[] {
  return [
    Plot.dot(dots, {
      x: "x",
      y: "y",
      fill: "name",
      r: dots.length > 500 ? 1.8 : 3,
      fillOpacity: 0.55,
      tip: { ...tip, format: { x: short, y: short } },
    }),
  ];
}

function meanMarks(
  all: readonly (MeanPoint & { name: string })[],
  logX: boolean,
  logY: boolean,
  numeric: boolean,
): Plot.Markish[] {
  const points = all.filter(({ x, mean }) => (!logX || (x as number) > 0) && (!logY || mean > 0));
  const low = logY ? (point: MeanPoint) => Math.max(point.low, point.mean / 10) : "low";
  return [
    numeric
      ? Plot.areaY(points, { x: "x", y1: low, y2: "high", z: "name", fill: "name", fillOpacity: 0.14 })
      : Plot.ruleX(points, { x: "x", y1: low, y2: "high", stroke: "name", strokeOpacity: 0.6 }),
    numeric ? Plot.lineY(points, { x: "x", y: "mean", z: "name", stroke: "name", strokeWidth: 1.8 }) : null,
    Plot.dot(points, {
      x: "x",
      y: "mean",
      fill: "name",
      r: 3,
      channels: {
        interval: (point: MeanPoint) => `${short(point.low)} to ${short(point.high)}`,
        trials: "trials",
      },
      tip: { ...tip, format: { y: short, z: false } },
    }),
  ];
}
