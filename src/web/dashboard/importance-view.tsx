// How much each varied value matters for the objective, by a random forest on the trials that the filter leaves.
import * as Plot from "@observablehq/plot";
import { useEffect, useState } from "preact/hooks";
import { ask } from "./ask.js";
import { Drawing, Frame, tip } from "./chart.js";
import { namesOf } from "./columns.js";
import { Choice } from "./controls.js";
import { chosenColumn } from "./course.js";
import { type Importances, LEAST_TRIALS } from "./importance.js";
import { columns, filtered, objectiveColumn, varied } from "./model.js";
import { short, whole } from "./spoken.js";

/** Milliseconds between two computations while trials come in. */
const PERIOD = 10_000;

export function ImportanceView() {
  const metrics = namesOf(columns.value, "metric");
  const y = chosenColumn("y", objectiveColumn.value?.name ?? metrics[0]);
  const [found, setFound] = useState<Importances | "few" | undefined>(undefined);
  const rows = filtered.value.rows;
  const [asked, setAsked] = useState(rows);
  useEffect(() => {
    // Another filter is another question; more trials under the same one can wait.
    const timer = setTimeout(
      () => setAsked(rows),
      asked.length === 0 || rows.length < asked.length ? 0 : PERIOD,
    );
    return () => clearTimeout(timer);
  }, [rows, asked]);
  useEffect(() => {
    if (!y) return;
    let isWanted = true;
    const finished = asked.filter((row) => Number.isFinite(y.number(row)));
    const parameters = varied.value.filter((column) => column.name !== y.name);
    setFound(undefined);
    ask("importances", {
      names: parameters.map(({ name }) => name),
      columns: parameters.map((column) =>
        Float64Array.from(finished, (row) =>
          column.numeric ? orZero(column.number(row)) : column.words!.code(row),
        ),
      ),
      target: Float64Array.from(finished, (row) => y.number(row)),
    }).then((importances) => {
      if (isWanted) setFound(importances ?? "few");
    });
    return () => {
      isWanted = false;
    };
  }, [asked, y?.name]);
  if (!y) return <p class="quiet">No trial has finished yet.</p>;
  const values = typeof found === "object" ? found.values : [];
  return (
    <Frame
      title={`What matters for ${y.name}`}
      note={
        found === undefined
          ? "computing …"
          : found === "few"
            ? `At least ${LEAST_TRIALS} finished trials and one varied value are needed.`
            : `How much worse a random forest predicts ${y.name} when one value is shuffled among the trials: the decrease of R², mean and range of five shuffles. On trials that it has not seen the forest reaches an R² of ${short(Number(found.r2.toPrecision(3)))} (${whole(found.trials)} trials).${found.r2 < 0.5 ? " That is little, and so say these bars." : ""}`
      }
      controls={
        <Choice name="y" label="metric" otherwise={y.name} options={metrics.map((name) => [name, name])} />
      }
      csv={() => ({
        header: ["value", "importance", "low", "high"],
        rows: values.map(({ name, mean, low, high }) => [name, mean, low, high]),
      })}
    >
      <Drawing
        label={`importance of ${values.length} varied values for ${y.name}`}
        depends={[found]}
        options={() => ({
          height: 60 + 30 * values.length,
          marginLeft: Math.min(220, 24 + 7 * Math.max(4, ...values.map(({ name }) => name.length))),
          x: { label: "decrease of R²", grid: true },
          y: { label: null, domain: values.map(({ name }) => name) },
          marks: [
            Plot.barX(values, {
              x: "mean",
              y: "name",
              fill: "var(--rnn-tanh)",
              tip: { ...tip, format: { x: short } },
            }),
            Plot.ruleY(values, { x1: "low", x2: "high", y: "name", stroke: "var(--ink)" }),
            Plot.ruleX([0], { stroke: "var(--quiet)" }),
          ],
        })}
      />
    </Frame>
  );
}

function orZero(value: number): number {
  return Number.isNaN(value) ? 0 : value;
}
