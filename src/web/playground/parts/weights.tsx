// Every matrix as a heat map, gate by gate, live: a pixel for each weight, in one colour above zero and in another below, and in
// a third where there is none. The one that the pointer or the keyboard is on says its value and how it came to it, and a
// click cuts it or brings it back.
import { effect, signal } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import { cellsOf } from "../../../network/architecture.js";
import { cellNames } from "../../../report/theme.js";
import { decimal, percentage } from "../../../report/words.js";
import { densityName } from "../../../sparsify/density.js";
import type { Part } from "../../../sparsify/parts.js";
import { Canvas } from "../../page/canvas.js";
import { blend, colour, css, scheme } from "../../page/colours.js";
import { askHistory, change, description, history, view } from "../store.js";

/** The weight that is looked at: its part and its place in it. */
const pointed = signal<{ readonly part: Part; readonly row: number; readonly column: number } | undefined>(
  undefined,
);

export function Weights() {
  const { value } = description;
  if (!value) return <div class="maps" />;
  const { architecture, parts } = value;
  const cells = cellsOf(architecture);
  return (
    <>
      <div class="maps">
        {cells.map(({ name, kind, size, inputs }, i) => (
          <section key={name} class="layer">
            <h2>
              Layer {i + 1}{" "}
              <span class="quiet">{`${cellNames[kind]}, ${size} ${size === 1 ? "unit" : "units"}`}</span>
            </h2>
            <div class="sides">
              {[false, true].map((hidden) => (
                <div
                  key={String(hidden)}
                  class="gates"
                  style={{
                    "--gates": parts.filter((part) => part.cell === name && part.hidden === hidden).length,
                  }}
                >
                  <h3>
                    {hidden
                      ? "from its own state"
                      : i === 0
                        ? "from the input"
                        : inputs.length > 1
                          ? "from layers before"
                          : `from layer ${cells.findIndex((cell) => cell.name === inputs[0]) + 1}`}
                  </h3>
                  {parts
                    .filter((part) => part.cell === name && part.hidden === hidden)
                    .map((part) => (
                      <Heat key={part.gate} part={part} />
                    ))}
                </div>
              ))}
            </div>
          </section>
        ))}
      </div>
      <Pointed />
    </>
  );
}

/** The matrices at both ends, which methods leave alone. */
export function Ends() {
  const parts = description.value?.parts.filter(({ cell }) => cell === undefined) ?? [];
  return (
    <details>
      <summary>Embedding and read-out</summary>
      <div class="gates ends">
        {parts.map((part) => (
          <Heat key={part.tensor} part={part} />
        ))}
      </div>
    </details>
  );
}

/** Colours by value: 0 in the middle. */
const SHADES = 255;

/** Shades from the most negative to the most positive weight, and that of none, as bytes in memory. */
function palette(): { shades: Uint32Array; absent: number } {
  const [below, none, above] = [colour("accent-1"), colour("paper"), colour("accent-0")];
  const packed = ([red, green, blue]: readonly number[]) => (255 << 24) | (blue << 16) | (green << 8) | red;
  const shades = Uint32Array.from({ length: SHADES }, (_, i) => {
    const value = (2 * i) / (SHADES - 1) - 1;
    return packed(blend(none, value < 0 ? below : above, Math.sqrt(Math.abs(value))));
  });
  return { shades, absent: packed(colour("rule")) };
}

/** @returns how many weights there are. */
function paint(
  canvas: HTMLCanvasElement,
  { begin, rows, columns }: Part,
  parameters: Float32Array,
  mask: Uint8Array,
  { shades, absent }: ReturnType<typeof palette>,
): number {
  const context = canvas.getContext("2d")!;
  const image = context.createImageData(columns, rows);
  const pixels = new Uint32Array(image.data.buffer);
  let squares = 0;
  for (let i = 0; i < pixels.length; i++) squares += parameters[begin + i] ** 2;
  // Three deviations are as strong as a colour gets.
  const scale = (SHADES - 1) / 2 / Math.max(1e-9, 3 * Math.sqrt(squares / pixels.length));
  const middle = (SHADES - 1) / 2;
  let present = 0;
  for (let i = 0; i < pixels.length; i++) {
    present += mask[begin + i];
    const place = Math.round(middle + parameters[begin + i] * scale);
    pixels[i] = mask[begin + i] === 1 ? shades[Math.max(0, Math.min(SHADES - 1, place))] : absent;
  }
  context.putImageData(image, 0, 0);
  return present;
}

function Heat({ part }: { part: Part }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [large, setLarge] = useState(false);
  const share = useRef<HTMLSpanElement>(null);
  const { begin, rows, columns, gate, tensor } = part;
  useEffect(() => {
    const [element, label] = [canvas.current, share.current];
    if (!element || !label) return;
    let colours = palette();
    const recolour = effect(() => {
      scheme.value;
      colours = palette();
    });
    const redraw = effect(() => {
      scheme.value;
      const { value } = view;
      if (!value || value.mask.length < begin + rows * columns) return;
      const present = paint(element, part, value.parameters, value.mask, colours);
      label.textContent = present === rows * columns ? "" : percentage(present / (rows * columns), 0);
    });
    return () => {
      recolour();
      redraw();
    };
  }, [part, begin, rows, columns]);
  const point = (row: number, column: number) => {
    const inside = { part, row: clamp(row, rows), column: clamp(column, columns) };
    pointed.value = inside;
    return inside;
  };
  const at = ({ offsetX, offsetY, currentTarget }: PointerEvent | MouseEvent) => {
    const { clientWidth, clientHeight } = currentTarget as HTMLCanvasElement;
    return point(Math.floor((offsetY / clientHeight) * rows), Math.floor((offsetX / clientWidth) * columns));
  };
  const name = gate === "all" ? tensor.replace(".weight", "").replace("readout", "read-out") : gate;
  return (
    <figure
      class={large ? "heat large" : "heat"}
      style={{ "--shape": `${columns} / ${rows}`, "--columns": columns }}
    >
      <figcaption>
        <button
          type="button"
          class="plain"
          aria-pressed={large}
          title="Larger, smaller"
          onClick={() => setLarge(!large)}
        >
          {name}
        </button>{" "}
        <span class="quiet" ref={share} />
      </figcaption>
      {/* biome-ignore lint/a11y/noInteractiveElementToNoninteractiveRole: it has a keyboard of its own, which its name explains */}
      <canvas
        ref={canvas}
        width={columns}
        height={rows}
        tabIndex={0}
        role="application"
        aria-label={`Weights of ${densityName(part).replace("density ", "")}, ${rows} by ${columns}: arrows move, Enter cuts or brings back`}
        onPointerMove={(event) => {
          if (event.pointerType === "mouse") at(event);
        }}
        onClick={(event) => toggle(at(event))}
        onFocus={() => {
          if (pointed.value?.part !== part) point(0, 0);
        }}
        onKeyDown={(event) => {
          const move = moves[event.key];
          const { row, column } = pointed.value?.part === part ? pointed.value : { row: 0, column: 0 };
          if (move) point(row + move[0], column + move[1]);
          else if (event.key === "Enter" || event.key === " ") toggle(point(row, column));
          else return;
          event.preventDefault();
        }}
      />
    </figure>
  );
}

const moves: Readonly<Record<string, readonly [number, number] | undefined>> = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
};

function clamp(place: number, count: number): number {
  return Math.max(0, Math.min(count - 1, place));
}

function indexOf({ part, row, column }: NonNullable<typeof pointed.value>): number {
  return part.begin + row * part.columns + column;
}

function toggle(place: NonNullable<typeof pointed.value>): void {
  const weight = indexOf(place);
  const exists = view.value?.mask[weight] === 1;
  change({ kind: exists ? "cut" : "regrow", weights: [weight] });
}

/** The weight that is looked at, in words and with its history. */
function Pointed() {
  const place = pointed.value;
  const weight = place && indexOf(place);
  useEffect(() => {
    if (weight === undefined) return;
    const timer = setTimeout(() => askHistory(weight), 120);
    return () => clearTimeout(timer);
  }, [weight]);
  if (!place || weight === undefined || !view.value) {
    return (
      <p class="pointed quiet">Point at a weight for its value; a click cuts it, another brings it back.</p>
    );
  }
  const { part, row, column } = place;
  const exists = view.value.mask[weight] === 1;
  return (
    <div class="pointed">
      <p aria-live="polite">
        <strong>{exists ? decimal(view.value.parameters[weight], 4) : "absent"}</strong>{" "}
        <span class="quiet">{sentence(part, row, column)}</span>
      </p>
      <Spark weight={weight} />
    </div>
  );
}

function sentence({ cell, gate, hidden, tensor }: Part, row: number, column: number): string {
  if (cell === undefined)
    return tensor.startsWith("readout")
      ? `output ${row + 1} from unit ${column + 1}`
      : `symbol ${row}, number ${column + 1}`;
  const from = hidden ? `unit ${column + 1} of its own state` : `input ${column + 1}`;
  return `layer ${Number.parseInt(cell, 10) + 1}, ${gate} of unit ${row + 1} from ${from}`;
}

/** A weight over the checkpoints. */
function Spark({ weight }: { weight: number }) {
  const draw = (context: CanvasRenderingContext2D, width: number, height: number) => {
    const { value } = history;
    const known = value?.weight === weight ? value.values : [];
    const values = known.map(([, number]) => number ?? 0);
    if (values.length < 2) return;
    const most = Math.max(1e-9, ...values.map(Math.abs));
    const x = (i: number) => (i / (values.length - 1)) * (width - 2) + 1;
    const y = (value: number) => height / 2 - (value / most) * (height / 2 - 2);
    context.strokeStyle = css("rule");
    context.strokeRect(0.5, Math.round(height / 2) + 0.5, width - 1, 0);
    context.strokeStyle = css("link");
    context.lineWidth = 1.5;
    context.beginPath();
    for (const [i, [, number]] of known.entries()) {
      if (number === null) continue;
      if (i === 0 || known[i - 1][1] === null) context.moveTo(x(i), y(number));
      else context.lineTo(x(i), y(number));
    }
    context.stroke();
  };
  return <Canvas height={28} label="The weight over the training so far" draw={draw} class="spark" />;
}
