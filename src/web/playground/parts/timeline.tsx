// The course of the training: how dense every gate was, what was born and dropped, and a slider that shows the masks and weights
// of then, from which the training can go on.
import { computed, useSignal } from "@preact/signals";
import { cellsOf } from "../../../network/architecture.js";
import { decimal, percentage } from "../../../report/words.js";
import { partDensities } from "../../../sparsify/density.js";
import { sizeOf } from "../../../sparsify/parts.js";
import { Canvas } from "../../page/canvas.js";
import { css } from "../../page/colours.js";
import type { Mark } from "../protocol.js";
import { description, marks, rewind, show, view } from "../store.js";

const HEIGHT = 44;
const colours = ["rnn-tanh", "rnn-relu", "lstm", "gru"] as const;

/** Whether a checkpoint is shown and not the present. */
const past = computed(() => view.value?.past ?? false);

/** The marks, and the present after them where it is seen. */
function withPresent(all: readonly Mark[]): readonly Mark[] {
  const [{ value }, parts] = [view, description.value?.parts];
  const last = all.at(-1);
  if (!value || !parts || !last || value.past || value.step < last.step) return all;
  const densities = partDensities(parts, value.mask).map(({ nonzeros, weights }) => nonzeros / weights);
  return [...all, { step: value.step, densities: Float32Array.from(densities), born: 0, dropped: 0 }];
}

export function Timeline() {
  const all = marks.value;
  const { parts = [], architecture } = description.value ?? {};
  const isPast = past.value;
  const chosen = useSignal<number | undefined>(undefined);
  const place = isPast && chosen.value !== undefined ? Math.min(chosen.value, all.length - 1) : all.length;
  const mark = all[place];
  const gates = [...new Set(parts.filter(({ cell }) => cell !== undefined).map(({ gate }) => gate))];
  const densityOf = (densities: Float32Array, gate: string | undefined) => {
    let [present, weights] = [0, 0];
    for (const [i, part] of parts.entries()) {
      if (part.cell === undefined || (gate !== undefined && part.gate !== gate)) continue;
      present += (densities[i] ?? 0) * sizeOf(part);
      weights += sizeOf(part);
    }
    return present / Math.max(1, weights);
  };
  const draw = (context: CanvasRenderingContext2D, width: number, height: number) => {
    const last = withPresent(marks.value);
    if (last.length === 0) return;
    const end = Math.max(1, last[last.length - 1].step);
    const x = (step: number) => 1 + (step / end) * (width - 2);
    const y = (density: number) => 3 + (1 - density) * (height - 6);
    context.strokeStyle = css("rule");
    for (const line of [0, 0.5, 1]) {
      context.beginPath();
      context.moveTo(0, Math.round(y(line)) + 0.5);
      context.lineTo(width, Math.round(y(line)) + 0.5);
      context.stroke();
    }
    const most = Math.max(1, ...last.map(({ born, dropped }) => Math.max(born, dropped)));
    for (const { step, born, dropped } of last) {
      for (const [count, name, offset] of [
        [born, "accent-1", 0],
        [dropped, "accent-0", -2.5],
      ] as const) {
        if (count === 0) continue;
        const tall = 2 + (count / most) * (height / 2 - 6);
        context.fillStyle = css(name);
        context.fillRect(x(step) + offset, height - tall, 2, tall);
      }
    }
    context.lineWidth = 1.5;
    for (const [g, gate] of gates.entries()) {
      context.strokeStyle = css(colours[g % colours.length]);
      context.beginPath();
      for (const [i, { step, densities }] of last.entries()) {
        const at = y(densityOf(densities, gate));
        if (i === 0) context.moveTo(x(step), at);
        else {
          context.lineTo(x(step), y(densityOf(last[i - 1].densities, gate)));
          context.lineTo(x(step), at);
        }
      }
      context.stroke();
    }
    if (!mark) return;
    context.fillStyle = css("ink");
    context.fillRect(x(mark.step) - 0.75, 0, 1.5, height);
  };
  if (!architecture || cellsOf(architecture).length === 0) return <section class="timeline" />;
  return (
    <section class="timeline" aria-label="Course of the training">
      <div class="legend">
        <h2>Course</h2>
        {gates.map((gate, g) => (
          <span key={gate} style={{ "--own": `var(--${colours[g % colours.length]})` }} class="key">
            {gate}
          </span>
        ))}
        <span class="key block" style={{ "--own": "var(--accent-1)" }}>
          born
        </span>
        <span class="key block" style={{ "--own": "var(--accent-0)" }}>
          dropped
        </span>
        <output class="where">
          {mark
            ? `update ${decimal(mark.step)}: density ${percentage(densityOf(mark.densities, undefined))}, ${decimal(mark.born)} born, ${decimal(mark.dropped)} dropped`
            : "now"}
        </output>
        <button
          type="button"
          disabled={!mark}
          onClick={() => {
            chosen.value = undefined;
            show(undefined);
          }}
        >
          Back to now
        </button>
        <button
          type="button"
          disabled={!mark}
          onClick={() => {
            if (mark) rewind(mark.step);
            chosen.value = undefined;
          }}
        >
          Rewind to here
        </button>
      </div>
      <Canvas
        height={HEIGHT}
        label="Densities of the gates over the training, and weights born and dropped"
        draw={draw}
      />
      <input
        type="range"
        min={0}
        max={Math.max(0, all.length)}
        value={place}
        aria-label="Moment of the training"
        aria-valuetext={mark ? `update ${mark.step}` : "now"}
        onInput={({ currentTarget }) => {
          const next = Number(currentTarget.value);
          chosen.value = next;
          show(all[next]?.step);
        }}
      />
    </section>
  );
}
