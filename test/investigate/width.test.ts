import { expect, it } from "vitest";
import { equalSparsity, sizeOf, smallWidth } from "../../src/investigate/width.js";

const widths = { layers: 1, embedding: 4, vocabulary: 10, outputs: 2 };

it("counts the numbers of a network and those of its cells' matrices", () => {
  // Embedding 40; 3 gates of 8 × (4 + 8) weights and of 2 × 8 biases; read-out 2 × 8 + 2.
  expect(sizeOf("gru", 8, widths)).toEqual({ parameters: 40 + 288 + 48 + 18, weights: 288 });
  expect(sizeOf("gru", 8, widths, "h2h").weights).toBe(192);
});

it("finds the dense network that has as many numbers as a sparse one", () => {
  const sparse = 394 - 0.9 * 288;
  const units = smallWidth("gru", 8, widths, 90);
  const away = (width: number) => Math.abs(sizeOf("gru", width, widths).parameters - sparse);
  expect(Array.from({ length: 8 }, (_, i) => i + 1).every((width) => away(units) <= away(width))).toBe(true);
  expect(smallWidth("gru", 8, widths, 0)).toBe(8);
});

it("finds the sparsity at which a wider network has as many numbers", () => {
  const wide = sizeOf("gru", 16, widths);
  const sparsity = equalSparsity("gru", 8, 16, widths);
  expect(wide.parameters - (wide.weights * sparsity) / 100).toBeCloseTo(394, 0);
});
