// Loss and accuracy over the updates, beside what rules without a network reach.
import type uPlot from "uplot";
import { percentage } from "../../../report/words.js";
import { type Curve, Curves } from "../../page/curves.js";
import type { Rule } from "../protocol.js";
import { accuracies, course, courseLength, description, measurements, rules, view } from "../store.js";

/** Rules that are drawn, the best ones; of n-grams, which are all alike, one. */
const MOST_RULES = 2;

export function LossCurves() {
  const { task = "classify", channels = 0 } = description.value ?? {};
  const one = {
    next: "a symbol",
    label: "a step",
    forecast: "",
    classify: channels ? "a sequence" : "a string",
  }[task];
  const training: Curve = { label: "training", colour: "quiet", width: 1 };
  const held = (label: string): Curve => ({ label, colour: "accent-0", width: 2, points: true });
  const isForecast = task === "forecast";
  return (
    <section class="curves-panel" aria-label={isForecast ? "Loss and error" : "Loss and accuracy"}>
      <h2>
        Loss <span class="quiet">{isForecast ? "squared error of standardised numbers" : `nats ${one}`}</span>
      </h2>
      <Curves
        height={150}
        axis="update"
        label="Loss over the updates, of training and held out"
        curves={[
          training,
          ...(isForecast ? [] : [held("held out")]),
          ...rulesWith("nats").map(({ name }) => ({ label: name, colour: "accent-1", dash: [4, 4] })),
        ]}
        data={lossData}
        end={lastUpdate}
        format={written}
        range={[0, null]}
      />
      {isForecast ? (
        <>
          <h2>
            Squared error, held out <Latest />
          </h2>
          <Curves
            height={150}
            axis="update"
            label="Mean squared error of forecasts that are held out, beside rules without a network"
            curves={[held("network"), ...dashed("squaredError")]}
            data={errorData}
            end={lastUpdate}
            format={written}
            range={[0, null]}
          />
        </>
      ) : (
        <>
          <h2>
            Accuracy <Latest />
          </h2>
          <Curves
            height={150}
            axis="update"
            label="Accuracy over the updates, of training and held out, beside rules without memory"
            curves={[training, held(task === "next" ? "held out" : "test"), ...dashed("accuracy")]}
            data={accuracyData}
            end={lastUpdate}
            format={(value) => percentage(value, 0)}
            range={[null, 1]}
          />
        </>
      )}
    </section>
  );
}

function written(value: number): string {
  return value === 0 || (value >= 0.1 && value < 1e4) ? value.toFixed(2) : value.toPrecision(3);
}

type Reached = "accuracy" | "nats" | "squaredError";

/** The best rules of those that reach something of a kind; of n-grams, which are all alike, one. */
function rulesWith(kind: Reached): readonly (Rule & Readonly<Record<Reached, number>>)[] {
  const sign = kind === "accuracy" ? -1 : 1;
  return rules.value
    .filter((rule): rule is Rule & Record<Reached, number> => rule[kind] !== undefined)
    .sort((a, b) => sign * (a[kind] - b[kind]))
    .slice(0, kind === "nats" ? 1 : MOST_RULES);
}

function dashed(kind: Reached): Curve[] {
  return rulesWith(kind).map(({ name }, i) => ({
    label: name,
    colour: i === 0 ? "accent-1" : "quiet",
    dash: [4, 4],
  }));
}

function Latest() {
  const last = measurements.value.at(-1);
  if (!last) return <span class="quiet">not measured yet</span>;
  return (
    <output class="quiet">
      <strong>{last.accuracy === undefined ? last.loss.toPrecision(4) : percentage(last.accuracy)}</strong> at
      update {last.step}
    </output>
  );
}

/** Points of several curves on one axis. */
function joined(
  curves: readonly { steps: readonly number[]; values: readonly number[] }[],
): [number[], (number | null)[][]] {
  const steps = [...new Set(curves.flatMap((one) => one.steps))].sort((a, b) => a - b);
  const place = new Map(steps.map((step, i) => [step, i]));
  const values = curves.map(({ steps: own, values }) => {
    const line = new Array<number | null>(steps.length).fill(null);
    for (const [i, step] of own.entries()) line[place.get(step)!] = values[i];
    return line;
  });
  return [steps, values];
}

/** The last update of the experiment, or the present one beyond it. */
function lastUpdate(): number {
  return Math.max(1, view.peek()?.step ?? 0, description.value?.updates ?? 0);
}

/** A line of the same height from the first update to the last. */
function level(value: number): { steps: number[]; values: number[] } {
  return { steps: [0, lastUpdate()], values: [value, value] };
}

/** What was measured of data that do not train. */
function measured(kind: "loss" | "accuracy"): { steps: number[]; values: number[] } {
  const known = measurements.value.filter((one) => one[kind] !== undefined);
  return { steps: known.map(({ step }) => step), values: known.map((one) => one[kind]!) };
}

function lossData(): uPlot.AlignedData {
  courseLength.value;
  const isForecast = description.value?.task === "forecast";
  const [steps, values] = joined([
    course.points(),
    ...(isForecast ? [] : [measured("loss")]),
    ...rulesWith("nats").map(({ nats }) => level(nats)),
  ]);
  return [steps, ...values];
}

function errorData(): uPlot.AlignedData {
  courseLength.value;
  const [steps, values] = joined([
    measured("loss"),
    ...rulesWith("squaredError").map(({ squaredError }) => level(squaredError)),
  ]);
  return [steps, ...values];
}

function accuracyData(): uPlot.AlignedData {
  courseLength.value;
  const [steps, values] = joined([
    {
      steps: accuracies.value.map(({ step }) => step),
      values: accuracies.value.map(({ accuracy }) => accuracy),
    },
    measured("accuracy"),
    ...rulesWith("accuracy").map(({ accuracy }) => level(accuracy)),
  ]);
  return [steps, ...values];
}
