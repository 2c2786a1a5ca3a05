// What to say of a pattern that does not divide the matrices it is for: it works, and is hardly what was meant.
import type { Network } from "../network/network.js";
import type { Budget } from "./density.js";
import { partsOf } from "./parts.js";
import { formatPattern, type Pattern } from "./pattern.js";

/** A line about the chosen matrices whose gates a pattern does not divide; nothing when it divides them all. */
export function raggedRemark(
  network: Pick<Network, "architecture" | "tensors">,
  { target, also }: Pick<Budget, "target" | "also">,
  pattern: Pattern = { kind: "weight" },
): string | undefined {
  if (pattern.kind !== "blocks" && pattern.kind !== "n-of-m") return undefined;
  const [height, width] = pattern.kind === "blocks" ? [pattern.rows, pattern.columns] : [1, pattern.m];
  const ragged = partsOf(network, target, also).filter(
    ({ rows, columns }) => rows % height !== 0 || columns % width !== 0,
  );
  const names = [...new Set(ragged.map(({ tensor }) => tensor))];
  if (names.length === 0) return undefined;
  const [{ rows, columns }] = ragged;
  const others = names.length === 1 ? "" : ` and ${names.length - 1} more`;
  const edges =
    pattern.kind === "blocks"
      ? "blocks at the edges are smaller, as if the matrix were padded with zeros"
      : "the last weights of a row are a smaller group, as if the row were padded with zeros";
  return `${formatPattern(pattern)} does not divide the ${rows} rows and ${columns} columns of a gate of ${names[0]}${others}: ${edges}`;
}
