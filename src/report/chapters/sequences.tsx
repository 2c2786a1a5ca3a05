// Sequences of numbers: how often a network is right, which classes it takes for which, what the sequences look like, and
// forecasts over what came. Rules without a network stand beside it everywhere.
import type { ComponentChildren } from "preact";
import { quantile } from "../../math/statistics.js";
import type { ClassNotes, ForecastNotes } from "../../train/sequence-notes.js";
import { shareBars } from "../charts/bars.js";
import { confusionChart } from "../charts/confusion.js";
import { forecastChart, forecastStyles } from "../charts/forecast.js";
import { lineChart } from "../charts/lines.js";
import { sequenceChart } from "../charts/sequence.js";
import { spectrogram } from "../charts/spectrogram.js";
import { Figure, type LegendEntry, Panel, Panels, Table } from "../page.js";
import type { SequenceTraining } from "../sequence-training.js";
import { accents, quiet, series as seriesColours } from "../theme.js";
import { count, decimal, list, percentage, shortened } from "../words.js";

const lineColours = [...seriesColours, ...accents, quiet];
/** More lines than these hide each other; the sequence is a picture then. */
const MOST_LINES = lineColours.length;
/** More classes than these cannot be told apart in a square. */
const MOST_IN_SQUARE = 60;
const MOST_BARS = 60;

/** What there is to see of a training on sequences; `name` is in the titles of its drawings. */
export function LearntSequences({ name, training }: { name: string; training: SequenceTraining }) {
  const { notes, series } = training;
  if (notes.task === "forecast") return <Forecasts name={name} notes={notes} />;
  return (
    <>
      <p>{summaryOf(notes)}</p>
      <AccuracyBesideRules name={name} notes={notes} />
      <AccuracyOverEpochs name={name} notes={notes} series={series} />
      <ClassByClass name={name} notes={notes} />
      <Examples name={name} notes={notes} />
    </>
  );
}

function summaryOf({ task, total, correct, perClass, baselines, classes }: ClassNotes): string {
  const what = task === "classify" ? "sequence" : "step";
  const best = bestOf(baselines);
  const never = perClass.filter((one) => one.total > 0 && one.correct === 0).map((one) => one.name);
  const beside = best
    ? ` The best rule without a network (${best.name}: ${best.rule}) finds ${percentage(best.accuracy ?? Number.NaN)}.`
    : "";
  const unfound =
    never.length > 0
      ? ` Never found: ${list(never.slice(0, 8))}${never.length > 8 ? ` and ${never.length - 8} more` : ""}.`
      : "";
  return `The network finds the class of ${percentage(correct / total)} of ${count(total, what)}, of ${count(classes.length, "class", "classes")}.${beside}${unfound}`;
}

function AccuracyBesideRules({ name, notes }: { name: string; notes: ClassNotes }) {
  const { total, correct, baselines } = notes;
  const known = baselines.flatMap(({ name: rule, accuracy }) =>
    accuracy === null ? [] : [{ label: rule, value: accuracy, text: percentage(accuracy), colour: quiet }],
  );
  return (
    <Figure
      title="Beside rules without a network."
      caption={known.length > 0 ? sentences(baselines) : "The share whose class is found."}
    >
      <Panels columns={1}>
        <Panel
          svg={shareBars({
            title: `${name}: accuracy beside rules without a network`,
            description: "The share that the network and each rule finds the class of.",
            bars: [
              { label: "network", value: correct / total, text: percentage(correct / total) },
              ...known.reverse(),
            ],
            colour: seriesColours[0],
          })}
        />
      </Panels>
    </Figure>
  );
}

function sentences(baselines: ClassNotes["baselines"]): string {
  const rules = baselines.map(({ name, rule }) => `${name}: ${rule}`);
  return `The share whose class is found. ${rules.join("; ")}.`;
}

const curves = [
  { metric: "trainAccuracy", label: "training", colour: seriesColours[0], dash: "4 3" },
  { metric: "validationAccuracy", label: "held out", colour: seriesColours[1] },
  { metric: "testAccuracy", label: "test", colour: seriesColours[2] },
] as const;

function AccuracyOverEpochs({
  name,
  notes,
  series,
}: { name: string } & SequenceTraining & { notes: ClassNotes }) {
  const lines = curves
    .map(({ metric, ...style }) => ({
      ...style,
      dots: "filled" as const,
      points: series.map(({ epoch, metrics }) => ({ x: epoch, y: metrics[metric] ?? Number.NaN })),
    }))
    .filter(({ points }) => points.some(({ y }) => Number.isFinite(y)));
  if (lines.length === 0) return null;
  const best = bestOf(notes.baselines);
  const values = [
    ...lines.flatMap(({ points }) => points.map(({ y }) => y)),
    best?.accuracy ?? Number.NaN,
  ].filter(Number.isFinite);
  const low = Math.min(...values);
  const epochs = series.map(({ epoch }) => epoch);
  return (
    <Figure
      title="Accuracy over epochs."
      caption={best ? "Dotted: the best rule without a network." : ""}
      legend={lines}
    >
      <Panels columns={1}>
        <Panel
          svg={lineChart({
            title: `${name}: accuracy over epochs`,
            description: "The share whose class is found after each epoch.",
            lines: lines.map(({ label: _, ...line }) => line),
            ...(best?.accuracy != null && {
              levels: [{ y: best.accuracy, label: shortened(best.name, 18) }],
            }),
            x: { label: "epoch", domain: [Math.min(1, ...epochs), Math.max(2, ...epochs)], whole: true },
            y: {
              label: "accuracy",
              domain: [Math.max(0, low - 0.04), 1],
              format: (value) => percentage(value, 0),
            },
            width: 520,
            height: 240,
          })}
        />
      </Panels>
    </Figure>
  );
}

function ClassByClass({ name, notes }: { name: string; notes: ClassNotes }) {
  const { classes, confusion, perClass, task, total, correct } = notes;
  const told = perClass.slice(0, MOST_BARS);
  const all = told.length === classes.length;
  const what = task === "classify" ? "sequences" : "steps";
  return (
    <>
      {confusion && classes.length <= MOST_IN_SQUARE ? (
        <Figure
          title="Which classes are taken for which."
          caption={`A row is a class, a column what the network says of its ${what}; the colour is the share of the row. Blue is right, brown is wrong.`}
        >
          <Confusion name={name} classes={classes} counts={confusion} what={what} />
        </Figure>
      ) : null}
      <Figure
        title={all ? "Accuracy of each class." : "The worst classes."}
        caption={`The share of the ${what} of a class that the network finds, and what it takes the others for most often. Dotted: over all classes.`}
      >
        <Panels columns={1}>
          <Panel
            svg={shareBars({
              title: `${name}: accuracy of each class`,
              description: `The share of the ${what} of each class that are found.`,
              bars: told.map((one) => ({
                label: one.name,
                value: one.correct / one.total,
                text: fateOf(one),
              })),
              colour: accents[1],
              reference: correct / total,
              width: 540,
            })}
          />
        </Panels>
      </Figure>
    </>
  );
}

function Confusion(props: {
  name: string;
  classes: readonly string[];
  counts: readonly (readonly number[])[];
  what: string;
}) {
  const { name, classes, counts, what } = props;
  const svg = confusionChart({
    title: `${name}: which classes are taken for which`,
    description: `How many ${what} of each class the network takes for which.`,
    classes,
    counts,
  });
  // A matrix of few classes is small and is not made larger.
  const [, width] = / width="(\d+)"/.exec(svg)!;
  return (
    <div style={{ maxWidth: `${width}px`, margin: "0 auto" }}>
      <Panel svg={svg} />
    </div>
  );
}

function fateOf({ total, correct, mistakenFor }: ClassNotes["perClass"][number]): string {
  if (total === 0) return "none";
  const mistaken = mistakenFor ? `, ${decimal(mistakenFor.count)} as ${shortened(mistakenFor.name, 12)}` : "";
  return `${decimal(correct)} of ${decimal(total)}${mistaken}`;
}

function Examples({ name, notes }: { name: string; notes: ClassNotes }) {
  const { examples, channels, classes, task } = notes;
  if (examples.length === 0) return null;
  const scale = scaleOf(examples, channels.length);
  const steps = task === "label";
  const legend: LegendEntry[] = [
    ...(channels.length > 1 && channels.length <= MOST_LINES
      ? channels.map((label, i) => ({ label, colour: colourOf(i) }))
      : []),
    ...(steps
      ? ([
          { label: "right", colour: accents[1], shape: "square", opacity: 0.4 },
          { label: "wrong", colour: accents[0], shape: "square", opacity: 0.8 },
        ] as const)
      : []),
  ];
  const nameOf = (place: number) => classes[place] ?? "–";
  return (
    <Figure
      title="Some of the sequences."
      caption={captionOf(notes, scale.own)}
      {...(legend.length > 0 && { legend })}
    >
      <Panels columns={steps ? 2 : mostOfOne(examples) === 3 ? 3 : 4}>
        {examples.map((example, i) => {
          const { row, actual, predicted } = example;
          const wrong = !steps && actual[0] !== predicted[0];
          const label = steps ? `sequence ${row + 1}` : nameOf(actual[0]);
          const title = `${name}: ${label}, ${i + 1}`;
          return (
            <Panel
              key={String(row)}
              {...(!steps && { colour: wrong ? accents[0] : accents[1] })}
              heading={wrong ? `${label}, taken for ${nameOf(predicted[0])}` : label}
              svg={drawingOf(example, title, scale, steps ? { classes, actual, predicted } : undefined)}
            />
          );
        })}
      </Panels>
    </Figure>
  );
}

function captionOf({ task, channels, examples, classes }: ClassNotes, ownScale: boolean): string {
  const many = channels.length > MOST_LINES;
  const what = many
    ? `Steps from left to right, ${count(channels.length, "channel")} from bottom to top, larger values darker.`
    : "Values over steps.";
  const scaled = ownScale
    ? " Each channel has its own scale, from its least value (0) to its largest (1)."
    : "";
  if (task === "label")
    return `${what}${scaled} Under each sequence its classes by step and those that the network says.`;
  const shown = new Set(examples.map(({ actual }) => actual[0])).size;
  const of = shown < classes.length ? ` Of ${shown} of the ${classes.length} classes.` : "";
  return `${what}${scaled} A brown dot marks those that the network is wrong about.${of}`;
}

type Example = ClassNotes["examples"][number];

/** Sequences of the class that has most. */
function mostOfOne(examples: readonly Example[]): number {
  const places = examples.map(({ actual }) => actual[0]);
  return Math.max(...places.map((place) => places.filter((other) => other === place).length));
}

interface Scale {
  readonly domain: readonly [number, number];
  /** Whether each channel is scaled to [0, 1] by its own range. */
  readonly own: boolean;
  readonly ranges: readonly (readonly [number, number])[];
}

/** Channels of one unit share an axis; where their ranges are far apart each has its own. */
function scaleOf(examples: readonly Example[], channels: number): Scale {
  const ranges = Array.from({ length: channels }, (_, c): [number, number] => {
    let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (const { values } of examples) {
      for (const value of values[c]) {
        if (value < low) low = value;
        if (value > high) high = value;
      }
    }
    return [low, high];
  });
  const low = Math.min(...ranges.map(([least]) => least));
  const high = Math.max(...ranges.map(([, most]) => most));
  const smallest = Math.min(...ranges.map(([least, most]) => most - least).filter((range) => range > 0));
  const own = channels > 1 && high - low > FAR_APART * smallest;
  if (own) return { domain: [0, 1], own, ranges };
  if (channels <= MOST_LINES) return { domain: [low, high], own, ranges };
  // A few extremes would leave a picture pale.
  const all = Float64Array.from(examples.flatMap(({ values }) => values.flat())).sort();
  return { domain: [quantile(all, 0.01), quantile(all, 0.99)], own, ranges };
}

/** How many times as large as the range of a channel that of all may be. */
const FAR_APART = 12;

function drawingOf(
  { steps, values }: Example,
  title: string,
  { domain, own, ranges }: Scale,
  strips: { classes: readonly string[]; actual: readonly number[]; predicted: readonly number[] } | undefined,
): string {
  const scaled = own
    ? values.map((channel, c) => {
        const [low, high] = ranges[c];
        return channel.map((value) => (value - low) / (high - low || 1));
      })
    : values;
  const text = { title, description: `${count(values.length, "channel")} over ${count(steps, "step")}.` };
  const size = strips ? { width: 330, height: 130 } : { width: 230, height: 120 };
  if (values.length > MOST_LINES && !strips)
    return spectrogram({ ...text, steps, channels: scaled, domain, colour: seriesColours[0], ...size });
  const channels = scaled.map((channel, c) => ({ colour: colourOf(c), values: channel }));
  return sequenceChart({ ...text, steps, channels, domain, strips, ...size });
}

function colourOf(channel: number): string {
  return lineColours[channel % lineColours.length];
}

function Forecasts({ name, notes }: { name: string; notes: ForecastNotes }) {
  const { network, baselines, stretches, horizon } = notes;
  const errors = [{ name: "network", rule: "", ...network }, ...baselines];
  const legend = forecastStyles(stretches[0]?.naive ?? []);
  const last = baselines.find(({ name: rule }) => rule === "last value")?.meanSquaredError;
  const own = network.meanSquaredError;
  return (
    <>
      {own !== null && last != null && last > 0 ? (
        <p>
          The network’s mean squared error is{" "}
          {own < last
            ? `${percentage(own / last)} of that of the last value.`
            : `${(own / last).toPrecision(3)} times that of the last value: it is no better than a forecast that nothing changes.`}
        </p>
      ) : null}
      <Table
        title="Errors of forecasts."
        caption={`${horizon === 1 ? "One step" : `${horizon} steps`} ahead, in the unit of the series and its square.`}
        columns={[
          { label: "Forecast", kind: "text" },
          { label: "mean squared error" },
          { label: "mean absolute error" },
          { label: "Rule", kind: "prose" },
        ]}
        rows={errors.map(({ name: rule, rule: words, meanSquaredError, meanAbsoluteError }) => ({
          cells: [rule, digits(meanSquaredError), digits(meanAbsoluteError), words] as ComponentChildren[],
        }))}
      />
      {stretches.length > 0 ? (
        <Figure
          title="Forecasts over what came."
          caption="The end of the series. A forecast is drawn at the time that it is for."
          legend={legend}
        >
          <div style={{ display: "grid", gap: "1.4rem", maxWidth: "56rem", margin: "0 auto" }}>
            {stretches.map(({ name: own, first, actual, predicted, naive }) => (
              <Panel
                key={own}
                svg={forecastChart({
                  title: `${name}: forecasts of ${own}`,
                  description: "The series, the forecasts of the network and those of rules without one.",
                  name: own,
                  first,
                  actual: numbers(actual),
                  predicted: numbers(predicted),
                  naive: naive.map(({ name: rule, values }) => ({ name: rule, values: numbers(values) })),
                  width: 860,
                  height: 240,
                })}
              />
            ))}
          </div>
        </Figure>
      ) : null}
    </>
  );
}

function numbers(values: readonly (number | null)[]): number[] {
  return values.map((value) => value ?? Number.NaN);
}

/** Four digits that count. */
function digits(value: number | null): string {
  if (value === null) return "–";
  return Number(value.toPrecision(4)).toString().replace("-", "−");
}

function bestOf(baselines: ClassNotes["baselines"]) {
  return baselines.reduce<ClassNotes["baselines"][number] | undefined>(
    (best, one) => ((one.accuracy ?? -1) > (best?.accuracy ?? -1) ? one : best),
    undefined,
  );
}
