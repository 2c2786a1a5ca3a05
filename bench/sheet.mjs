// Several drawings on one sheet with a legend, as an SVG file of its own: for documents that show pictures and have no
// style sheet. It brings its colours, light and dark, and its ground.
import { drawing, escaped } from "../dist/report/plot.js";
import { colourStyles } from "../dist/report/theme.js";

const EDGE = 14;
const GAP = 18;
const TITLE = 18;
const LEGEND = 26;
const LETTER = 5.9; // Width of an average letter.

/**
 * Panels stand row by row; those of a row are equally high and all are equally wide.
 * @param {{ title: string, description: string, panels: { title: string, svg: string, width: number, height: number }[],
 *   columns: number, legend: { label: string, colour: string, hollow?: boolean }[] }} drawing
 */
export function sheet({ panels, columns, legend, ...text }) {
  const across = Math.min(columns, panels.length);
  const width = 2 * EDGE + across * panels[0].width + (across - 1) * GAP;
  const parts = [];
  let x = EDGE;
  for (const { label, colour, hollow } of legend) {
    const fill = hollow ? `fill="var(--paper)" stroke="${colour}" stroke-width="1.4"` : `fill="${colour}"`;
    parts.push(`<circle cx="${x + 4}" cy="${EDGE + 2}" r="3.6" ${fill}/>`);
    parts.push(`<text x="${x + 13}" y="${EDGE + 6}" text-anchor="start">${escaped(label)}</text>`);
    x += 13 + label.length * LETTER + 18;
  }
  let top = EDGE + (legend.length > 0 ? LEGEND : 0);
  for (let first = 0; first < panels.length; first += across) {
    const row = panels.slice(first, first + across);
    for (const [i, panel] of row.entries()) {
      const left = EDGE + i * (panel.width + GAP);
      const title = escaped(panel.title);
      parts.push(
        `<text x="${left}" y="${top + 11}" text-anchor="start" font-weight="600" font-size="12">${title}</text>`,
      );
      parts.push(panel.svg.replace("<svg ", `<svg x="${left}" y="${top + TITLE}" `));
    }
    top += TITLE + row[0].height + GAP;
  }
  const height = top - GAP + EDGE;
  const ground = `<style>${colourStyles}svg{color:var(--ink)}</style><rect width="${width}" height="${height}" fill="var(--paper)"/>`;
  return drawing(text, width, height, ground + parts.join(""));
}
