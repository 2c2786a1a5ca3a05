// Plans whose buffers would be beyond what 32 bits can index are refused where they are compiled, before anything is
// allocated for them.
import { describe, expect, it } from "vitest";
import { compile, compileStream } from "../../src/engine/compile.js";
import { Network, stack } from "../../src/network/network.js";

const network = (options: { hidden: number; vocabulary?: number }) =>
  new Network(stack({ cell: "rnn-tanh", layers: 1, embedding: 1, ...options }));
const upTo = (symbols: number) => Array.from({ length: symbols }, (_, symbol) => symbol);

describe("a plan is refused", () => {
  it.each(["train", "evaluate"] as const)("for its activations, to %s", (purpose) => {
    expect(() =>
      compile(network({ hidden: 64 }), { batch: 64, steps: 2 ** 20, symbols: [1], purpose }),
    ).toThrow(
      /^the activations of one step .*would need \d+\.\d GiB, and a plan has room for 4; use shorter .*recompute$/,
    );
  });

  const units = 1024;
  const many = 2 ** 20;
  const recompute = { batch: 32, steps: 2 ** 16, recompute: 1 };

  it("for its tables", () => {
    const wide = network({ hidden: units, vocabulary: many + 1 });
    expect(() => compile(wide, { ...recompute, symbols: upTo(many + 1) })).toThrow(
      "tables of 1048577 symbols would need 4.1 GiB, and a plan has room for 4; name only the symbols that occur",
    );
  });

  it("for the gradients of its tables, and not where there are none", () => {
    const wide = network({ hidden: units, vocabulary: many - 512 });
    const symbols = upTo(many - 512);
    expect(() => compile(wide, { ...recompute, symbols })).toThrow(
      "the gradients of the parameters and of tables of 1048064 symbols would need 4.1 GiB",
    );
    expect(compile(wide, { ...recompute, symbols, purpose: "evaluate" }).prepared).toBeLessThan(2 ** 30);
    expect(compileStream(wide, { symbols }).prepared).toBeLessThan(2 ** 30);
  });
});
