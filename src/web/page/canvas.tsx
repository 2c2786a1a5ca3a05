// A canvas that is as wide as its place and as sharp as the screen. It is drawn again when its size, the page's colours, a
// signal that it reads or its `draw` changes.
import { effect, signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { scheme } from "./colours.js";

export interface CanvasProps {
  /** In pixels of CSS; the width is that of the place. */
  readonly height: number;
  /** What screen readers say of it. */
  readonly label: string;
  /** Draws; units are pixels of CSS. */
  draw(context: CanvasRenderingContext2D, width: number, height: number): void;
  onPointerMove?(event: PointerEvent): void;
  onPointerLeave?(event: PointerEvent): void;
  onPointerDown?(event: PointerEvent): void;
  onPointerUp?(event: PointerEvent): void;
  onKeyDown?(event: KeyboardEvent): void;
  /** Whether it can be reached by keyboard. */
  readonly reachable?: boolean;
  readonly class?: string;
}

export function Canvas({ height, label, draw, reachable, ...rest }: CanvasProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const size = useRef(signal({ width: 0, ratio: 1 }));
  useEffect(() => {
    const element = canvas.current;
    if (!element) return;
    const observer = new ResizeObserver(([{ contentRect }]) => {
      size.current.value = { width: contentRect.width, ratio: window.devicePixelRatio };
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  useEffect(
    () =>
      effect(() => {
        scheme.value;
        const { width, ratio } = size.current.value;
        if (width > 0 && canvas.current) paint(canvas.current, width, height, ratio, draw);
      }),
    [draw, height],
  );
  return (
    <canvas
      ref={canvas}
      role="img"
      aria-label={label}
      tabIndex={reachable ? 0 : undefined}
      style={{ width: "100%", height: `${height}px` }}
      {...rest}
    />
  );
}

function paint(
  canvas: HTMLCanvasElement,
  width: number,
  height: number,
  ratio: number,
  draw: CanvasProps["draw"],
): void {
  const [across, down] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== across || canvas.height !== down) {
    canvas.width = across;
    canvas.height = down;
  }
  const context = canvas.getContext("2d")!;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  draw(context, width, height);
}
