// Loss and accuracy over the updates, beside what rules without a network reach.
import type uPlot from "uplot";
import { percentage } from "../../../report/words.js";
import { type Curve, Curves } from "../../page/curves.js";
import {
  accuracies,
  course,
  courseLength,
  description,
  experiment,
  measurements,
  rules,
  view,
} from "../store.js";

/** Rules that are drawn, the best ones; of n-grams, which are all alike, one. */
const MOST_RULES = 2;

export function LossCurves() {
  const isText = experiment.value.task === "text";
  const one = isText ? "a symbol" : description.value?.channels ? "a sequence" : "a string";
  const best = bestRules();
  const lossCurves: Curve[] = [
    { label: "training", colour: "quiet", width: 1 },
    { label: "held out", colour: "accent-0", width: 2, points: true },
    ...best
      .filter(({ nats }) => nats !== undefined)
      .map(({ name }) => ({ label: name, colour: "accent-1", dash: [4, 4] })),
  ];
  const accuracyCurves: Curve[] = [
    { label: "training", colour: "quiet", width: 1 },
    { label: isText ? "held out" : "test", colour: "accent-0", width: 2, points: true },
    ...best
      .filter(({ accuracy }) => accuracy !== undefined)
      .map(({ name }, i) => ({ label: name, colour: i === 0 ? "accent-1" : "quiet", dash: [4, 4] })),
  ];
  return (
    <section class="curves-panel" aria-label="Loss and accuracy">
      <h2>
        Loss <span class="quiet">nats {one}</span>
      </h2>
      <Curves
        height={150}
        axis="update"
        label="Loss over the updates, of training and held out"
        curves={lossCurves}
        data={lossData}
        end={lastUpdate}
        format={(value) => value.toFixed(value < 0.1 ? 3 : 2)}
        range={[0, null]}
      />
      <h2>
        Accuracy <Latest />
      </h2>
      <Curves
        height={150}
        axis="update"
        label="Accuracy over the updates, of training and held out, beside rules without memory"
        curves={accuracyCurves}
        data={accuracyData}
        end={lastUpdate}
        format={(value) => percentage(value, 0)}
        range={[null, 1]}
      />
    </section>
  );
}

function bestRules() {
  return [...rules.value]
    .sort((a, b) => (b.accuracy ?? 0) - (a.accuracy ?? 0) || (a.nats ?? 0) - (b.nats ?? 0))
    .slice(0, experiment.value.task === "text" ? 1 : MOST_RULES);
}

function Latest() {
  const last = measurements.value.at(-1);
  if (!last) return <span class="quiet">not measured yet</span>;
  return (
    <output class="quiet">
      <strong>{percentage(last.accuracy)}</strong> at update {last.step}
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

function lossData(): uPlot.AlignedData {
  courseLength.value;
  const [steps, values] = joined([
    course.points(),
    { steps: measurements.value.map(({ step }) => step), values: measurements.value.map(({ loss }) => loss) },
    ...bestRules().flatMap(({ nats }) => (nats === undefined ? [] : [level(nats)])),
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
    {
      steps: measurements.value.map(({ step }) => step),
      values: measurements.value.map(({ accuracy }) => accuracy),
    },
    ...bestRules().flatMap(({ accuracy }) => (accuracy === undefined ? [] : [level(accuracy)])),
  ]);
  return [steps, ...values];
}
