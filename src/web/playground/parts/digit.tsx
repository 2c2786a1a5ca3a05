// A digit of 8 × 8 to draw with the mouse or a finger; the network reads it row by row while it is drawn. By keyboard, arrows
// move over the pixels and Enter inks one.
import { useSignal } from "@preact/signals";
import { Canvas } from "../../page/canvas.js";
import { blend, colour } from "../../page/colours.js";
import { choose } from "../store.js";

const SIDE = 8;
const SIZE = 136;
/** What the darkest pixel of the data has. */
const FULL = 16;

export function Digit({ values }: { values: Float32Array }) {
  const cursor = useSignal<number | undefined>(undefined);
  const draw = (context: CanvasRenderingContext2D, width: number) => {
    const [paper, ink] = [colour("tint"), colour("ink")];
    const side = Math.min(width, SIZE) / SIDE;
    for (const [i, value] of values.entries()) {
      context.fillStyle = `rgb(${blend(paper, ink, Math.min(1, value / FULL)).join()})`;
      context.fillRect((i % SIDE) * side, Math.floor(i / SIDE) * side, side - 0.5, side - 0.5);
    }
    if (cursor.value === undefined) return;
    context.strokeStyle = `rgb(${colour("link").join()})`;
    context.lineWidth = 2;
    context.strokeRect(
      (cursor.value % SIDE) * side + 1,
      Math.floor(cursor.value / SIDE) * side + 1,
      side - 2,
      side - 2,
    );
  };
  /** A stroke is broader than a pixel: its neighbours are inked by how near they are. */
  const ink = (event: PointerEvent) => {
    if (event.buttons === 0) return;
    const side = Math.min((event.currentTarget as HTMLElement).clientWidth, SIZE) / SIDE;
    const [x, y] = [event.offsetX / side - 0.5, event.offsetY / side - 0.5];
    choose({
      values: values.map((value, i) => {
        const distance = Math.hypot((i % SIDE) - x, Math.floor(i / SIDE) - y);
        return Math.max(value, Math.round(FULL * Math.max(0, Math.min(1, 1.35 - distance))));
      }),
    });
  };
  return (
    <div class="digit">
      <Canvas
        height={SIZE}
        label="The digit: draw on it"
        draw={draw}
        reachable
        onPointerDown={(event) => {
          (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId);
          ink(event);
        }}
        onPointerMove={ink}
        onKeyDown={(event) => {
          const move = { ArrowUp: -SIDE, ArrowDown: SIDE, ArrowLeft: -1, ArrowRight: 1 }[event.key];
          const at = cursor.value ?? 0;
          if (move !== undefined) cursor.value = (at + move + SIDE * SIDE) % (SIDE * SIDE);
          else if (event.key === "Enter" || event.key === " ")
            choose({ values: values.map((value, i) => (i === at ? (value > 0 ? 0 : FULL) : value)) });
          else return;
          event.preventDefault();
        }}
      />
      <button type="button" onClick={() => choose({ values: new Float32Array(SIDE * SIDE) })}>
        Clear
      </button>
    </div>
  );
}
