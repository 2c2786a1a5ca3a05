// A chart in its frame: a heading, what is chosen for it, the drawing as wide as its place, and buttons that save it as SVG and
// what it shows as CSV. Drawings are Observable Plot's, as in reports, but stay alive: they show what the pointer is at.
import * as Plot from "@observablehq/plot";
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { type CsvCell, csvOf, save, svgOf } from "./files.js";

export interface Csv {
  readonly header: readonly string[];
  readonly rows: Iterable<readonly CsvCell[]>;
}

/** A frame around any drawing: the SVG inside that has the role of an image is what is saved, with its legend. */
export function Frame(props: {
  readonly title: string;
  /** What is seen, in a sentence or two. */
  readonly note?: ComponentChildren;
  readonly controls?: ComponentChildren;
  csv(): Csv;
  readonly children: ComponentChildren;
}) {
  const { title, note, controls, csv, children } = props;
  const frame = useRef<HTMLElement>(null);
  const saveDrawing = () => {
    const drawing = frame.current?.querySelector<SVGSVGElement>(".drawing svg[role=img]");
    const legend = [...(frame.current?.querySelectorAll("[class*=swatches] > span") ?? [])].map((entry) => ({
      label: entry.textContent ?? "",
      colour: entry.querySelector("svg")?.getAttribute("fill") ?? "",
    }));
    if (drawing) save(`${title}.svg`, "image/svg+xml", svgOf(drawing, legend));
  };
  const saveTable = () => {
    const { header, rows } = csv();
    save(`${title}.csv`, "text/csv", csvOf(header, rows));
  };
  return (
    <figure class="frame" ref={frame} aria-label={title}>
      <figcaption>
        <h3>{title}</h3>
        <span class="saving">
          <button type="button" onClick={saveDrawing} aria-label={`save ${title} as SVG`}>
            SVG
          </button>
          <button type="button" onClick={saveTable} aria-label={`save ${title} as CSV`}>
            CSV
          </button>
        </span>
        {note ? <p class="quiet">{note}</p> : null}
      </figcaption>
      {controls ? <div class="controls">{controls}</div> : null}
      <div class="drawing">{children}</div>
    </figure>
  );
}

/** The width of an element, as it changes. */
export function useWidth<T extends HTMLElement>() {
  const place = useRef<T>(null);
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const observer = new ResizeObserver(([{ contentRect }]) => setWidth(Math.floor(contentRect.width)));
    observer.observe(place.current!);
    return () => observer.disconnect();
  }, []);
  return { place, width };
}

/** A drawing of Plot's. Its options are made anew when `width` or what `depends` lists has changed. */
export function Drawing(props: {
  readonly label: string;
  options(width: number): Plot.PlotOptions;
  readonly depends: readonly unknown[];
  /** Told of the datum that was clicked, as far as the pointer was at one. */
  onPick?(datum: unknown): void;
}) {
  const { label, options, depends, onPick } = props;
  const { place, width } = useWidth<HTMLDivElement>();
  const pick = useRef(onPick);
  pick.current = onPick;
  useEffect(() => {
    if (width === 0) return;
    const drawing = Plot.plot({
      width,
      className: "plot",
      style: { background: "none", fontFamily: "var(--sans)", fontSize: "11px", color: "var(--ink)" },
      ...options(width),
    });
    const svg = drawing.matches("svg") ? drawing : drawing.querySelector(":scope > svg");
    svg?.setAttribute("role", "img");
    svg?.setAttribute("aria-label", label);
    drawing.addEventListener("click", () => {
      const { value } = drawing as typeof drawing & { value?: unknown };
      if (value) pick.current?.(value);
    });
    place.current?.replaceChildren(drawing);
  }, [width, label, ...depends]);
  return <div ref={place} class={onPick ? "plotted pickable" : "plotted"} />;
}

/** How tips look: on the page's ground. */
export const tip = { fill: "var(--paper)", stroke: "var(--rule)" } as const;

/** The colours of lines, as in reports. */
export const lineColours = [
  "var(--rnn-tanh)",
  "var(--rnn-relu)",
  "var(--lstm)",
  "var(--gru)",
  "var(--accent-0)",
  "var(--accent-1)",
  "var(--ink)",
  "var(--quiet)",
] as const;
