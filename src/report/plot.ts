// The one door to the charting library: Observable Plot draws into linkedom's document, and what comes out is a static,
// labelled SVG as text. Colours stay CSS variables, so one drawing serves light and dark.
import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom";

const { document } = parseHTML("<!doctype html><html><body></body></html>");

/** What a figure says to those who do not see it. */
export interface ChartText {
  /** A short name. */
  title: string;
  /** What it shows, in a sentence or two. */
  description: string;
}

/**
 * Draws a chart and returns it as an SVG element's text, with its title and description inside.
 * @param options Plot's; `width` and `height` are the drawing's own size, the page may scale it.
 */
export function draw(text: ChartText, options: Plot.PlotOptions): string {
  const svg = Plot.plot({ document, className: "chart", ...options });
  svg.querySelector("style")?.remove();
  const { width = 640, height = 400 } = options;
  return drawing(text, width, height, ownClips(svg.innerHTML, text.title));
}

/** Plot numbers its clipping paths as it goes; names made from the title are the same every time and apart on a page. */
function ownClips(svg: string, title: string): string {
  const names = new Map<string, string>();
  return svg.replace(/plot-clip-\d+/g, (id) => {
    if (!names.has(id)) names.set(id, `${identifier(title)}-clip-${names.size + 1}`);
    return names.get(id)!;
  });
}

/** A text as the value of an `id`: different texts have different ones, whatever they are written in. */
export function identifier(text: string): string {
  return text.replace(/[^A-Za-z0-9]/gu, (character) =>
    character === " " ? "-" : `_${character.codePointAt(0)!.toString(16)}_`,
  );
}

/** An SVG element of a given size with its title and description, around content that is SVG text already. */
export function drawing(
  { title, description }: ChartText,
  width: number,
  height: number,
  content: string,
): string {
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" class="chart" role="img" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" ` +
    `fill="currentColor" text-anchor="middle" font-family="system-ui, sans-serif" font-size="11">` +
    `<title>${escaped(title)}</title><desc>${escaped(description)}</desc>${shortened(content)}</svg>`
  );
}

/** Text as SVG content. */
export function escaped(text: string): string {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
}

/** Half a hundredth of a pixel is nothing to the eye and a third of the file. */
function shortened(svg: string): string {
  return svg.replace(/-?\d+\.\d{3,}(?:e-\d+)?(?=[^<>]*>)/g, (number) =>
    String(Math.round(Number(number) * 100) / 100),
  );
}
