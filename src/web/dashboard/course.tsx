// The objective over time: a dot for each finished trial, and a line where the best so far became better.
import * as Plot from "@observablehq/plot";
import { address, chosen, linkTo } from "./address.js";
import { Drawing, Frame, tip } from "./chart.js";
import { type Column, metricColumn, namesOf, short } from "./columns.js";
import { Choice, Switch } from "./controls.js";
import { type CoursePoint, courseOf, thin } from "./groups.js";
import { columns, filtered, objective, objectiveColumn, trials } from "./model.js";
import { moment, whole } from "./spoken.js";

/** Dots that are drawn; the best ones are always among them. */
const MOST_DOTS = 4_000;

export function Course() {
  const { table, tick } = trials.value!;
  const metrics = namesOf(columns.value, "metric");
  const metric = chosen("y", objectiveColumn.value?.name ?? metrics[0] ?? "");
  const y = columns.value.get(metric);
  if (!y) return <p class="quiet">No trial has finished yet.</p>;
  const byTime = chosen("over", "time") === "time";
  const x = columns.value.get(byTime ? "ended" : "number")!;
  const isObjective = y === objectiveColumn.value;
  const direction = isObjective
    ? objective.value!.direction
    : /loss|error/i.test(metric)
      ? "minimize"
      : "maximize";
  const log = chosen("log") === "yes";
  const { points, best } = courseOf(filtered.value.rows, x, y, { metric, direction });
  const drawn = points.length > MOST_DOTS ? [...thin(points, MOST_DOTS), ...best] : points;
  const at = (point: CoursePoint) => (byTime ? new Date(point.x) : point.x);
  return (
    <Frame
      title={`${metric} over ${byTime ? "time" : "trials"}`}
      note={`A dot for each finished trial; the line is the best so far (${direction === "maximize" ? "highest" : "lowest"}).${points.length > MOST_DOTS ? ` ${whole(MOST_DOTS)} of ${whole(points.length)} dots are drawn.` : ""} A click on a dot opens its trial.`}
      controls={
        <>
          <Choice name="y" label="metric" otherwise={metric} options={metrics.map((name) => [name, name])} />
          <Choice
            name="over"
            label="over"
            otherwise="time"
            options={[
              ["time", "the time of its end"],
              ["number", "its number in the study"],
            ]}
          />
          <Switch name="log" label="log axis" />
        </>
      }
      csv={() => ({
        header: ["trial", "number", byTime ? "ended" : "position", metric],
        rows: points.map(({ row, x, y }) => [
          table.identity(row),
          table.number[row],
          byTime ? moment(x) : x,
          y,
        ]),
      })}
    >
      <Drawing
        label={`${metric} of ${points.length} trials, with the best so far`}
        depends={[tick, filtered.value, metric, byTime, log]}
        onPick={(point) => open(table.identity((point as CoursePoint).row))}
        options={(width) => ({
          height: Math.min(460, Math.max(260, width * 0.5)),
          marginLeft: 58,
          x: { type: byTime ? "time" : "linear", label: byTime ? "ended" : "number", nice: true },
          y: { type: log ? "log" : "linear", label: metric, grid: true },
          marks: [
            Plot.dot(positive(drawn, log), {
              x: at,
              y: "y",
              r: drawn.length > 500 ? 1.8 : 3,
              fill: "var(--rnn-tanh)",
              fillOpacity: 0.55,
              channels: { trial: { value: (point: CoursePoint) => label(point), label: "trial" } },
              tip: {
                ...tip,
                format: { x: byTime ? (date: Date) => moment(date.getTime()) : true, y: short },
              },
            }),
            Plot.lineY(positive(best, log), {
              x: at,
              y: "y",
              curve: "step-after",
              stroke: "var(--rnn-relu)",
              strokeWidth: 2,
            }),
          ],
        })}
      />
    </Frame>
  );

  function label({ row }: CoursePoint): string {
    return `#${table.number[row]} ${table.identity(row)?.slice(0, 12) ?? ""}`;
  }
}

/** What a logarithmic axis can show. */
export function positive<Point extends { readonly y: number }>(
  points: readonly Point[],
  log: boolean,
): readonly Point[] {
  return log ? points.filter(({ y }) => y > 0) : points;
}

/** Opens a trial's page. */
export function open(identity: string | undefined): void {
  if (identity !== undefined) location.hash = linkTo(["trial", identity]);
}

/** The column that is chosen under a name, as far as there is one. */
export function chosenColumn(name: string, otherwise: string | undefined): Column | undefined {
  const value = address.value.chosen.get(name) ?? otherwise;
  return value === undefined ? undefined : (columns.value.get(value) ?? metricColumn(columns.value, value));
}
