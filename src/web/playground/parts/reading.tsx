// What the network does with one sequence: its letters with the state of every unit under them, and what it says after each. A
// slider, or the pointer, goes through the steps.
import { useSignal } from "@preact/signals";
import { decimal, percentage } from "../../../report/words.js";
import { Canvas } from "../../page/canvas.js";
import { blend, colour, css } from "../../page/colours.js";
import type { Example } from "../protocol.js";
import { choose, description, experiment, moment, reading, sequence } from "../store.js";
import { Digit } from "./digit.js";

const STRIP_ROW = 7;
/** Outputs that are listed. */
const MOST_SAID = 5;

export function ReadingPanel() {
  const layer = useSignal(0);
  const unit = useSignal<number | undefined>(undefined);
  const { value: found } = reading;
  const examples = description.value?.examples ?? [];
  const cell = found?.cells[Math.min(layer.value, found.cells.length - 1)];
  const length = found?.steps.length ?? 0;
  const now = Math.min(moment.value, length - 1);
  const isForecast = description.value?.task === "forecast";
  const example = examples.find((one) => one.sequence === sequence.value);
  return (
    <section class="reading" aria-label="A sequence">
      <h2>Read a {description.value?.channels ? "sequence" : "string"}</h2>
      <Source examples={examples} />
      {isForecast && <Forecasts numbers={example?.numbers} />}
      {found && cell && length > 0 && (
        <>
          <Letters
            unit={
              unit.value === undefined
                ? undefined
                : { states: cell.states, units: cell.units, unit: unit.value }
            }
          />
          <Strip
            units={cell.units}
            states={cell.states}
            steps={length}
            onPoint={(step, row) => {
              moment.value = step;
              unit.value = row;
            }}
            onLeave={() => {
              unit.value = undefined;
            }}
          />
          <input
            type="range"
            min={0}
            max={length - 1}
            value={now}
            aria-label="Step of the sequence"
            aria-valuetext={`${now + 1} of ${length}: ${found.steps[now]}`}
            onInput={({ currentTarget }) => {
              moment.value = Number(currentTarget.value);
            }}
          />
          <div class="said">
            <label>
              Units of layer{" "}
              <select
                value={layer.value}
                onChange={({ currentTarget }) => {
                  layer.value = Number(currentTarget.value);
                }}
              >
                {found.cells.map(({ name }, i) => (
                  <option key={name} value={i}>
                    {i + 1}
                  </option>
                ))}
              </select>
            </label>
            <span class="quiet">
              {unit.value === undefined
                ? `step ${now + 1} of ${length}`
                : `unit ${unit.value + 1}: ${decimal(cell.states[now * cell.units + unit.value], 2)}`}
            </span>
          </div>
          {isForecast ? (
            <Foretold at={now} numbers={example?.numbers} />
          ) : (
            <Said at={now} truth={example?.classes?.[now]} />
          )}
        </>
      )}
    </section>
  );
}

/** Where the sequence comes from: an example, or the reader. */
function Source({ examples }: { examples: readonly Example[] }) {
  const { value } = sequence;
  const isText = value !== undefined && "text" in value;
  const isDigit = experiment.value.task === "digits";
  return (
    <div class="source">
      <select
        aria-label="Example"
        value={examples.findIndex((example) => example.sequence === value)}
        onChange={({ currentTarget }) => choose(examples[Number(currentTarget.value)]?.sequence)}
      >
        <option value={-1}>own</option>
        {examples.map(({ sequence, label }, i) => (
          <option key={i} value={i}>
            {"text" in sequence ? sequence.text.slice(0, 28) : `number ${i + 1}`}
            {label === undefined ? "" : ` · ${labelOf(label)}`}
          </option>
        ))}
      </select>
      {isText && (
        <input
          type="text"
          spellcheck={false}
          autocapitalize="off"
          autocomplete="off"
          aria-label="String to read"
          value={value.text}
          onInput={({ currentTarget }) => choose({ text: currentTarget.value })}
        />
      )}
      {value && "values" in value && isDigit && <Digit values={value.values} />}
    </div>
  );
}

/** Classes 0 and 1 of a language are outside and inside. */
function labelOf(label: string): string {
  const { classes = [] } = description.value ?? {};
  if (classes.join() !== "0,1") return label;
  return label === "1" ? "in the language" : "not in it";
}

/** The letters; with a unit, shaded by how high it is after each. */
function Letters({ unit }: { unit: { states: Float32Array; units: number; unit: number } | undefined }) {
  const steps = reading.value?.steps ?? [];
  if (steps.length > 80 || description.value?.channels) return null;
  return (
    <div class="letters" style={{ "--count": steps.length }}>
      {steps.map((letter, t) => {
        const state = unit ? unit.states[t * unit.units + unit.unit] : 0;
        const ground = `color-mix(in srgb, var(--accent-${state < 0 ? 1 : 0}) ${Math.round(100 * Math.min(1, Math.abs(state)))}%, transparent)`;
        return (
          <button
            key={t}
            type="button"
            tabIndex={-1}
            class={t === moment.value ? "letter now" : "letter"}
            style={unit && { background: ground }}
            onPointerEnter={() => {
              moment.value = t;
            }}
          >
            {letter === " " ? "␣" : letter === "\n" ? "↵" : letter}
          </button>
        );
      })}
    </div>
  );
}

/** [unit][step] states as an image, with the step that is looked at. */
function Strip(props: {
  units: number;
  states: Float32Array;
  steps: number;
  onPoint(step: number, unit: number): void;
  onLeave(): void;
}) {
  const { units, states, steps, onPoint, onLeave } = props;
  const height = Math.max(60, Math.min(220, units * STRIP_ROW));
  const draw = (context: CanvasRenderingContext2D, width: number) => {
    const [below, none, above] = [colour("accent-1"), colour("paper"), colour("accent-0")];
    const [across, down] = [width / steps, height / units];
    for (let t = 0; t < steps; t++) {
      for (let u = 0; u < units; u++) {
        const state = Math.max(-1, Math.min(1, states[t * units + u]));
        context.fillStyle = `rgb(${blend(none, state < 0 ? below : above, Math.abs(state)).join()})`;
        context.fillRect(t * across, u * down, across + 0.5, down + 0.5);
      }
    }
    context.strokeStyle = `rgb(${colour("ink").join()})`;
    context.lineWidth = 1.5;
    context.strokeRect(moment.value * across + 0.75, 0.75, across - 1.5, height - 1.5);
  };
  const place = (event: PointerEvent) => {
    const { clientWidth } = event.currentTarget as HTMLElement;
    onPoint(
      Math.max(0, Math.min(steps - 1, Math.floor((event.offsetX / clientWidth) * steps))),
      Math.max(0, Math.min(units - 1, Math.floor((event.offsetY / height) * units))),
    );
  };
  return (
    <Canvas
      height={height}
      label={`States of ${units} units over ${steps} steps`}
      draw={draw}
      class="strip"
      onPointerMove={place}
      onPointerDown={place}
      onPointerLeave={onLeave}
    />
  );
}

/** The likeliest classes or symbols after a step, and the class that it has. */
function Said({ at, truth = -1 }: { at: number; truth?: number }) {
  const { value } = reading;
  const { classes = [], symbols = [] } = description.value ?? {};
  if (!value) return null;
  const names = classes.length > 0 ? classes.map(labelOf) : symbols;
  const said = Array.from(value.outputs.subarray(at * value.width, (at + 1) * value.width), (share, i) => ({
    name: names[i] ?? String(i),
    share,
  }));
  const shown =
    classes.length === 2 ? said.reverse() : said.sort((a, b) => b.share - a.share).slice(0, MOST_SAID);
  return (
    <ul class="bars" aria-label="What the network says after this step">
      {shown.map(({ name, share }) => (
        <li key={name}>
          <span>
            {name === " " ? "␣" : name === "\n" ? "↵" : name}
            {name === names[truth] && " ✓"}
          </span>
          <span class="bar">
            <span style={{ width: `${100 * share}%` }} />
          </span>
          <span class="quiet">{percentage(share, 0)}</span>
        </li>
      ))}
    </ul>
  );
}

/** What a forecast of the first number says at each step, where it is for, beside what came. */
function Forecasts({ numbers }: { numbers: Float32Array | undefined }) {
  const { targets = [], horizon = 1 } = description.value ?? {};
  const draw = (context: CanvasRenderingContext2D, width: number, height: number) => {
    const found = reading.value;
    if (!found) return;
    const came = numbers ? everyOf(numbers, targets.length) : [];
    const said = everyOf(found.outputs, found.width);
    const all = [...came, ...said].filter(Number.isFinite);
    const [low, high] = [Math.min(...all), Math.max(...all)];
    const steps = found.steps.length;
    const x = (step: number) => (step / Math.max(1, steps - 1 + horizon)) * (width - 2) + 1;
    const y = (value: number) => height - 3 - ((value - low) / Math.max(1e-9, high - low)) * (height - 6);
    const line = (values: readonly number[], from: number, colour: string, wide: number) => {
      context.strokeStyle = css(colour);
      context.lineWidth = wide;
      context.beginPath();
      for (const [i, value] of values.entries())
        if (Number.isFinite(value)) context.lineTo(x(i + from), y(value));
      context.stroke();
    };
    line(came, 0, "quiet", 1);
    line(said, horizon, "accent-0", 1.5);
    context.fillStyle = css("ink");
    context.fillRect(x(Math.min(moment.value, steps - 1)) - 0.5, 0, 1, height);
  };
  const place = (event: PointerEvent) => {
    const steps = reading.value?.steps.length ?? 1;
    const share = event.offsetX / (event.currentTarget as HTMLElement).clientWidth;
    moment.value = Math.max(0, Math.min(steps - 1, Math.round(share * (steps - 1 + horizon))));
  };
  return (
    <Canvas
      height={110}
      label={`Forecasts of ${targets[0]}, ${horizon} ahead, beside what came`}
      draw={draw}
      class="strip"
      onPointerMove={place}
      onPointerDown={place}
    />
  );
}

/** The first of every so many numbers. */
function everyOf(numbers: Float32Array, width: number): number[] {
  return Array.from({ length: numbers.length / width }, (_, i) => numbers[i * width]);
}

/** What is forecast at a step, and what came then. */
function Foretold({ at, numbers }: { at: number; numbers: Float32Array | undefined }) {
  const { value } = reading;
  const { targets = [], horizon = 1 } = description.value ?? {};
  if (!value) return null;
  return (
    <ul class="foretold" aria-label="What the network forecasts at this step">
      {targets.slice(0, MOST_SAID).map((name, i) => {
        const came = numbers?.[(at + horizon) * targets.length + i] ?? Number.NaN;
        return (
          <li key={name}>
            {name}: <strong>{value.outputs[at * value.width + i].toPrecision(4)}</strong>{" "}
            <span class="quiet">
              {horizon} {horizon === 1 ? "step" : "steps"} ahead
              {Number.isNaN(came) ? "" : `; came ${came.toPrecision(4)}`}
            </span>
          </li>
        );
      })}
    </ul>
  );
}
