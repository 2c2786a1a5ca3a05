import { describe, expect, it } from "vitest";
import { table } from "../../src/cli/command.js";

describe("table", () => {
  it("aligns words to the left and numbers to the right", () => {
    expect(
      table(
        ["cell", "loss"],
        [
          ["gru", 0.5],
          ["rnn-tanh", "12"],
        ],
      ),
    ).toBe(["cell      loss", "────────  ────", "gru        0.5", "rnn-tanh    12"].join("\n"));
  });

  it("has as many rows as it is given", () => {
    const rows = Array.from({ length: 200_000 }, (_, i) => [i]);
    expect(table(["number"], rows).split("\n")).toHaveLength(rows.length + 2);
  });
});
