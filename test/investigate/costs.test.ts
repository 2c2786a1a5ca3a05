import { expect, it } from "vitest";
import { costOf } from "../../src/investigate/costs.js";
import { row } from "./sample.js";

it("compares seconds of one machine", () => {
  const rows = [
    row("gru", "dense", 0, 1, 1, { seconds: 4 }),
    row("gru", "rigl", 50, 1, 1, { seconds: 3, epochs: 2 }),
    row("gru", "rigl", 90, 1, 1, { seconds: 1, epochs: 4 }),
    row("gru", "rigl", 95, 1, 1, { seconds: 1000, run: 1 }),
    row("gru", "dense", 0, 2, 1, { seconds: 1000, run: 1 }),
    row("gru", "set", 95, 1, 1, { seconds: 1000, run: 1 }),
  ];
  expect(costOf(rows, "gru", "rigl")).toEqual({ epochs: 3, seconds: 2, ratio: 0.5 });
  expect(costOf(rows, "gru", "set")).toBeUndefined();
  expect(costOf(rows, "lstm", "rigl")).toBeUndefined();
});
