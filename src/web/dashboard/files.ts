// What the page gives the reader to keep: tables as CSV, drawings as SVG, notes. Browsers save what is in an address of its own.

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
  const lines = [header.map(quoted).join(",")];
  for (const row of rows) lines.push(row.map(quoted).join(","));
  return `${lines.join("\r\n")}\r\n`;
}

function quoted(cell: CsvCell): string {
  if (cell === undefined || Number.isNaN(cell)) return "";
  const text = String(cell);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** A drawing as a file of its own: the page's variables are put in, and its ground is under it. */
export function svgOf(drawing: SVGSVGElement): string {
  const copy = drawing.cloneNode(true) as SVGSVGElement;
  const { width, height } = drawing.getBoundingClientRect();
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  copy.setAttribute("width", String(width));
  copy.setAttribute("height", String(height));
  if (!copy.hasAttribute("viewBox")) copy.setAttribute("viewBox", `0 0 ${width} ${height}`);
  const style = getComputedStyle(document.documentElement);
  copy.style.background = style.getPropertyValue("--paper");
  copy.style.color = style.getPropertyValue("--ink");
  copy.style.fontFamily = style.getPropertyValue("--sans");
  return new XMLSerializer()
    .serializeToString(copy)
    .replace(/var\(--([\w-]+)\)/g, (_, name) =>
      style.getPropertyValue(`--${name}`).trim().replaceAll('"', "&quot;"),
    );
}
