// Pruning by hand: how large the weights are, a threshold to draw over them, and what else can be done to all at once.
import { useComputed, useSignal } from "@preact/signals";
import { decimal, percentage } from "../../../report/words.js";
import { sizeOf } from "../../../sparsify/parts.js";
import { Canvas } from "../../page/canvas.js";
import { css } from "../../page/colours.js";
import { change, description, view } from "../store.js";

const BINS = 96;
const HEIGHT = 84;

interface Histogram {
  /** Of the axis: no magnitude is larger. */
  readonly most: number;
  readonly counts: Uint32Array;
  readonly present: number;
  readonly weights: number;
}

/** Magnitudes of the weights that there are, of all cells. */
function histogramOf(): Histogram | undefined {
  const [{ value }, parts] = [view, description.value?.parts];
  if (!value || !parts) return undefined;
  const { parameters, mask } = value;
  const own = parts.filter(({ cell }) => cell !== undefined);
  if (own.some((part) => part.begin + sizeOf(part) > mask.length)) return undefined;
  let most = 1e-6;
  for (const part of own)
    for (let i = part.begin; i < part.begin + sizeOf(part); i++)
      most = Math.max(most, Math.abs(parameters[i]));
  // Steps of a fifth in size, so that the axis does not tremble.
  most = 1.2 ** Math.ceil(Math.log(most) / Math.log(1.2));
  const counts = new Uint32Array(BINS);
  let [present, weights] = [0, 0];
  for (const part of own) {
    weights += sizeOf(part);
    for (let i = part.begin; i < part.begin + sizeOf(part); i++) {
      if (mask[i] === 0) continue;
      present++;
      counts[Math.min(BINS - 1, Math.floor((Math.abs(parameters[i]) / most) * BINS))]++;
    }
  }
  return { most, counts, present, weights };
}

export function Hand() {
  const histogram = useComputed(histogramOf);
  const share = useSignal(0.15);
  const percent = useSignal("50");
  const { value } = histogram;
  const threshold = value ? (share.value * value.most).toPrecision(3) : "0";
  const draw = (context: CanvasRenderingContext2D, width: number, height: number) => {
    const found = histogram.value;
    if (!found) return;
    const tallest = Math.max(1, ...found.counts);
    const bar = width / BINS;
    for (const [i, count] of found.counts.entries()) {
      if (count === 0) continue;
      const tall = Math.max(1.5, Math.sqrt(count / tallest) * (height - 4));
      context.fillStyle = css((i + 0.5) / BINS < share.value ? "accent-0" : "quiet");
      context.fillRect(i * bar, height - tall, Math.max(1, bar - 1), tall);
    }
    context.fillStyle = css("accent-0");
    context.fillRect(share.value * width - 1, 0, 2, height);
  };
  const drag = (event: PointerEvent) => {
    if (event.buttons === 0) return;
    const { left, width } = (event.currentTarget as HTMLElement).getBoundingClientRect();
    share.value = Math.max(0, Math.min(1, (event.clientX - left) / width));
  };
  const below = value ? countBelow(Number(threshold)) : 0;
  return (
    <section class="hand" aria-label="By hand">
      <h2>
        Prune by hand{" "}
        {value && (
          <span class="quiet">{`${decimal(value.present)} of ${decimal(value.weights)} weights, ${percentage(value.present / value.weights)}`}</span>
        )}
      </h2>
      <Canvas
        height={HEIGHT}
        label="Magnitudes of the weights of all layers; a threshold can be dragged over them"
        draw={draw}
        class="histogram"
        onPointerDown={(event) => {
          (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId);
          drag(event);
        }}
        onPointerMove={drag}
      />
      <input
        type="range"
        min="0"
        max="1"
        step="0.005"
        value={share.value}
        aria-label="Threshold"
        aria-valuetext={`${threshold}: ${below} weights are smaller`}
        onInput={({ currentTarget }) => {
          share.value = Number(currentTarget.value);
        }}
      />
      <div class="actions">
        <button
          type="button"
          disabled={below === 0}
          onClick={() => change({ kind: "below", threshold: Number(threshold) })}
        >
          Cut {decimal(below)} below {threshold}
        </button>
        <span class="joined">
          <button
            type="button"
            onClick={() =>
              change({ kind: "prune", percent: Math.max(0, Math.min(100, Number(percent.value) || 0)) })
            }
          >
            Prune
          </button>
          <input
            type="text"
            inputMode="decimal"
            size={3}
            aria-label="Percent to prune"
            value={percent.value}
            onInput={({ currentTarget }) => {
              percent.value = currentTarget.value;
            }}
          />
          <span>%</span>
        </span>
        <button
          type="button"
          disabled={!value || value.present === value.weights}
          onClick={() => change({ kind: "regrow-all" })}
        >
          Regrow all
        </button>
      </div>
    </section>
  );
}

/** Weights of the cells that are smaller. */
function countBelow(threshold: number): number {
  const [{ value }, parts = []] = [view, description.value?.parts];
  if (!value) return 0;
  const { parameters, mask } = value;
  let count = 0;
  for (const part of parts) {
    if (part.cell === undefined) continue;
    for (let i = part.begin; i < part.begin + sizeOf(part); i++)
      if (mask[i] === 1 && Math.abs(parameters[i]) < threshold) count++;
  }
  return count;
}
