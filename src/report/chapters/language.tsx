// Language: how a network learnt a text, beside what n-grams make of it, and what it writes.
import { lineChart } from "../charts/lines.js";
import { Figure, Panel, Panels, type Section } from "../page.js";
import type { LanguageResults, TextTraining } from "../text-training.js";
import { cellNames, series as seriesColours } from "../theme.js";
import { count, decimal } from "../words.js";

/** n-grams that look at so many symbols must be seen, whatever else has room: the least that is worth beating. */
const SHOWN_CONTEXT = 2;

const parts = [
  { metric: "trainLoss", label: "training, before each update", colour: seriesColours[0], dash: "4 3" },
  { metric: "validationLoss", label: "held out", colour: seriesColours[1] },
] as const;

/** The section on a reproduction's language model. */
export function languageSection(results: LanguageResults): Section {
  return {
    part: "Language",
    id: "language",
    title: "A language model",
    body: <Language results={results} />,
  };
}

/** What a reader should know of it first. */
export function languageFinding({ cell, hidden, nats, notes }: LanguageResults): string {
  const best = bestOf(notes.baselines);
  return `Beyond strings, a ${cellNames[cell]} of ${hidden} units reads a book character by character: ${decimal(nats, 3)} nats a character on the part it has not seen, where the best n-grams (of ${count(best.context, "character")} before) need ${decimal(best.nats, 3)}.`;
}

function Language({ results }: { results: LanguageResults }) {
  const { cell, hidden, parameters, nats, bestEpoch, series, notes } = results;
  const two = notes.baselines.find(({ context }) => context === SHOWN_CONTEXT);
  const best = bestOf(notes.baselines);
  return (
    <>
      <p>
        The text is <i>The Devil’s Dictionary</i> of Ambrose Bierce (1911, in the public domain), which comes
        with Filigree. The first nine tenths train a {cellNames[cell]} of {count(hidden, "unit")} (
        {count(parameters, "parameter")}) for {count(series.length, "epoch")}; the rest is held out. After
        epoch {bestEpoch} the network needs {decimal(nats, 3)} nats a character, which is{" "}
        {decimal(nats / Math.LN2, 3)} bits or a perplexity of {decimal(Math.exp(nats), 2)}.
        {two ? ` By n-grams that look at ${two.context} characters before it is ${decimal(two.nats, 3)}` : ""}
        {two && best.context !== two.context
          ? `, by the best, which look at ${best.context}, ${decimal(best.nats, 3)}`
          : ""}
        {two ? "." : ""}
      </p>
      <LearntText name="The Devil’s Dictionary" training={results} />
    </>
  );
}

/** The losses over epochs, with n-grams as lines, and the samples. */
export function LearntText({ name, training }: { name: string; training: TextTraining }) {
  const { samples } = training.notes;
  return (
    <>
      <Figure
        title="Loss over epochs."
        caption="Mean of −ln p over all symbols, in nats. The ring marks the epoch whose network is kept. Dotted: n-grams counted in the same text, by how many symbols before the predicted one they look at."
        legend={parts}
      >
        <Panels columns={1}>
          <Panel svg={losses(name, training)} />
        </Panels>
      </Figure>
      {samples.length > 0 ? (
        <Figure
          title="What the network writes."
          caption="Each symbol is drawn from what the network expects after all before it. Below a temperature of 1 the likelier ones come more often."
        >
          <div class="samples">
            {samples.map(({ temperature, text }) => (
              <figure key={String(temperature)}>
                <figcaption>Temperature {temperature}</figcaption>
                <pre>{visible(text)}</pre>
              </figure>
            ))}
          </div>
        </Figure>
      ) : null}
    </>
  );
}

function losses(name: string, { series, notes }: TextTraining): string {
  const lines = parts.map(({ metric, colour, ...style }) => ({
    colour,
    dash: "dash" in style ? style.dash : undefined,
    dots: "filled" as const,
    points: series.map(({ epoch, metrics }) => ({ x: epoch, y: metrics[metric] ?? Number.NaN })),
  }));
  const judged = lines[1].points.filter(({ y }) => Number.isFinite(y));
  const kept = judged.reduce((a, b) => (b.y < a.y ? b : a), judged[0]);
  const wanted = [bestOf(notes.baselines), notes.baselines.find(({ context }) => context === SHOWN_CONTEXT)];
  const values = [
    ...lines.flatMap(({ points }) => points.map(({ y }) => y)),
    ...wanted.map((baseline) => baseline?.nats ?? Number.NaN),
  ].filter(Number.isFinite);
  const [low, high] = values.length > 0 ? [Math.min(...values), Math.max(...values)] : [0, 1];
  const margin = 0.06 * (high - low) || 0.1;
  const epochs = series.map(({ epoch }) => epoch);
  return lineChart({
    title: `${name}: loss over epochs`,
    description: "Loss on the text that trains and on the part held out, with the n-grams’ beside.",
    lines: kept ? [...lines, { colour: parts[1].colour, dots: "ring" as const, points: [kept] }] : lines,
    levels: notes.baselines.map(({ context, nats }) => ({ y: nats, label: `${context} before` })),
    x: { label: "epoch", domain: [Math.min(1, ...epochs), Math.max(2, ...epochs)], whole: true },
    y: { label: "nats a symbol", domain: [low - margin, high + margin] },
    width: 520,
    height: 270,
  });
}

function bestOf(baselines: TextTraining["notes"]["baselines"]) {
  return baselines.reduce((best, one) => (one.nats < best.nats ? one : best), {
    context: 0,
    nats: Number.POSITIVE_INFINITY,
  });
}

/** What a page cannot show is a replacement character. */
function visible(text: string): string {
  return text.replace(/[^\P{Cc}\n\t]/gu, "\ufffd");
}
