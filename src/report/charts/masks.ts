// Masks drawn weight by weight: a row of blocks per matrix, a block per gate, a pixel per weight that is left, and under
// each block how much that is. The pixels are one-bit images that serve as the stencil of a rectangle in the cell's
// colour, so that they follow the page's light or dark.
import { type CellKind, gateNames } from "../../network/architecture.js";
import { drawing, escaped, identifier } from "../plot.js";
import { bitmap } from "../png.js";
import { cellColour, cellNames, ink, quiet, rule, targetPhrases } from "../theme.js";

/** Which weights of a pruned network are left. */
export interface MaskPicture<Kind extends CellKind = CellKind> {
  cell: Kind;
  target: string;
  percent: number;
  /** What tells it from other pictures of the same cell, target and percent. */
  label?: string;
  /** One per pruned matrix, row by row; rows are grouped by gate. 1 where the weight is left. */
  matrices: { name: string; rows: number; columns: number; gates: number; mask: Uint8Array }[];
}

const BLOCK = 64;
const GAP = 12;
const LEFT = 62;
const TOP = 18;
/** Height of a row of blocks with the densities under it. */
const ROW = BLOCK + 26;

/** One network's masks. Blocks are 64 pixels along their longer side. */
export function maskDrawing({ cell, target, percent, label, matrices }: MaskPicture): string {
  const gates = Math.max(...matrices.map((matrix) => matrix.gates));
  const width = LEFT + gates * (BLOCK + GAP) - GAP + 2;
  const height = TOP + matrices.length * ROW;
  const id = identifier(`mask ${cell} ${target} ${percent}${label ? ` ${label}` : ""}`);
  const stencils: string[] = [];
  const marks: string[] = gateNames[cell]
    .slice(0, gates)
    .map((name, g) => text(LEFT + g * (BLOCK + GAP) + BLOCK / 2, 10, name, quiet, "middle"));
  matrices.forEach(({ name, rows, columns, gates: own, mask }, i) => {
    const size = rows / own;
    const unit = BLOCK / Math.max(size, columns);
    const y = TOP + i * ROW;
    const [layer, kind] = matrixName(name);
    marks.push(text(0, y + 12, layer, ink, "start"), text(0, y + 26, kind, quiet, "start"));
    for (let g = 0; g < own; g++) {
      const x = LEFT + g * (BLOCK + GAP);
      const bits = mask.subarray(g * size * columns, (g + 1) * size * columns);
      const kept = bits.reduce((sum, bit) => sum + bit, 0) / bits.length;
      const box = `x="${x}" y="${y}" width="${columns * unit}" height="${size * unit}"`;
      stencils.push(
        `<image ${box} preserveAspectRatio="none" style="image-rendering:pixelated" href="${bitmap(bits, columns, size)}"/>`,
      );
      marks.push(
        `<rect ${box} fill="none" stroke="${rule}"/>`,
        text(x + BLOCK / 2, y + size * unit + 12, keptLabel(kept), quiet, "middle"),
      );
    }
  });
  return drawing(
    {
      title: `${cellNames[cell]}${label ? `, ${label}` : ""}: weights left after removing ${percent} %`,
      description: `One block per matrix and gate, ${targetPhrases[target as keyof typeof targetPhrases] ?? target} pruned; a coloured pixel is a weight that is left. Under each block the share that is left.`,
    },
    width,
    height,
    `<mask id="${id}" maskUnits="userSpaceOnUse" x="0" y="0" width="${width}" height="${height}">${stencils.join("")}</mask>` +
      `<rect width="${width}" height="${height}" fill="${cellColour(cell)}" mask="url(#${id})"/>${marks.join("")}`,
  );
}

function text(x: number, y: number, content: string, fill: string, anchor: "start" | "middle"): string {
  return `<text x="${x}" y="${y}" fill="${fill}" text-anchor="${anchor}">${escaped(content)}</text>`;
}

function keptLabel(share: number): string {
  const percent = 100 * share;
  return `${percent > 0 && percent < 10 ? percent.toFixed(1) : percent.toFixed(0)} %`;
}

/** "cells.0.weight_ih" is the input matrix of layer 1; other names are taken as they are. */
function matrixName(name: string): [string, string] {
  const match = /^cells\.(\d+)\.weight_(ih|hh)$/.exec(name);
  if (!match) return [name, ""];
  return [`layer ${Number(match[1]) + 1}`, match[2] === "ih" ? "input" : "hidden"];
}
