// What the page gives the reader to keep: tables as CSV, drawings as SVG, notes. Browsers save what is in an address of its own.
import { stringify } from "csv-stringify/sync";

/** Has the browser save a file. */
export function save(name: string, type: string, content: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([content], { type }));
  link.download = name.replace(/[^\p{L}\p{N}._-]+/gu, "-").slice(0, 120);
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

export type CsvCell = string | number | undefined;

/** A table as CSV (RFC 4180); a missing number stays empty. */
export function csvOf(header: readonly string[], rows: Iterable<readonly CsvCell[]>): string {
  const cells = Array.from(rows, (row) => row.map((cell) => (Number.isNaN(cell) ? undefined : cell)));
  return stringify([header, ...cells], { record_delimiter: "windows", quoted_match: /[\r\n]/ });
}

/** What a colour of a drawing means. */
export interface LegendEntry {
  readonly label: string;
  readonly colour: string;
}

/** Pixels of a line of a legend. */
const LINE = 18;

/** A drawing as a file of its own: the page's variables are put in, its ground is under it, and its legend above. */
export function svgOf(drawing: SVGSVGElement, legend: readonly LegendEntry[] = []): string {
  const style = getComputedStyle(document.documentElement);
  const { width, height } = drawing.getBoundingClientRect();
  const inner = drawing.cloneNode(true) as SVGSVGElement;
  const top = legend.length * LINE;
  inner.setAttribute("y", String(top));
  inner.setAttribute("width", String(width));
  inner.setAttribute("height", String(height));
  const whole = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  whole.setAttribute("viewBox", `0 0 ${width} ${height + top}`);
  whole.setAttribute("width", String(width));
  whole.setAttribute("height", String(height + top));
  whole.setAttribute("font-family", style.getPropertyValue("--sans"));
  whole.setAttribute("font-size", "11");
  whole.setAttribute("color", style.getPropertyValue("--ink"));
  whole.append(element("rect", { width: "100%", height: "100%", fill: "var(--paper)" }));
  for (const [i, { label, colour }] of legend.entries()) {
    const y = i * LINE;
    const text = element("text", { x: "24", y: String(y + 14), fill: "var(--ink)" });
    text.textContent = label;
    whole.append(
      element("rect", { x: "6", y: String(y + 4), width: "12", height: "12", fill: colour }),
      text,
    );
  }
  whole.append(inner);
  return new XMLSerializer()
    .serializeToString(whole)
    .replace(/var\(--([\w-]+)\)/g, (_, name) =>
      style.getPropertyValue(`--${name}`).trim().replaceAll('"', "&quot;"),
    );
}

function element(name: string, attributes: Readonly<Record<string, string>>): SVGElement {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}
