// Golden vectors: inputs as a user gives them, and what the engine says after every step of them. They go with an export, so that
// whoever compiles it elsewhere can see that it computes the same.
import { standardise, unstandardise } from "../data/standardise.js";
import type { Stepper } from "../engine/stepper.js";
import { Random } from "../math/random.js";
import type { Network } from "../network/network.js";

export interface Golden {
  /** Rows of the embedding, or numbers in their own units, [sequence][step·width]. */
  readonly inputs: readonly (readonly number[])[];
  /** Outputs, forecasts in their own units, [sequence][step·outputs]. */
  readonly outputs: readonly (readonly number[])[];
  readonly steps: number;
}

const SEQUENCES = 3;
const MOST_STEPS = 12;
/** Outputs of a sequence, about, that are written down. */
const MOST_OUTPUTS = 2000;

/** What a stream of the network says of sequences that are drawn: symbols that stand for something, or numbers of the size of the data's. */
export function goldenOf(network: Network, stream: Stepper): Golden {
  const { input, readout } = network.architecture;
  const { vocabulary, standardisation, targetStandardisation } = network.conventions;
  const random = new Random("golden");
  const steps = Math.max(2, Math.min(MOST_STEPS, Math.floor(MOST_OUTPUTS / readout.outputs)));
  const rows = Array.from({ length: input.kind === "symbols" ? input.vocabulary : 0 }, (_, row) => row);
  const known = rows.filter((row) => /[^\p{Cc}]/u.test(vocabulary.symbols[row] ?? ""));
  const inputs: number[][] = [];
  const outputs: number[][] = [];
  for (let sequence = 0; sequence < SEQUENCES; sequence++) {
    stream.reset();
    const given: number[] = [];
    const said: number[] = [];
    for (let t = 0; t < steps; t++) {
      const values = Float32Array.from({ length: input.kind === "values" ? input.width : 0 }, (_, c) => {
        const { mean, deviation } = standardisation ?? {};
        return random.normal() * (deviation?.[c] ?? 1) + (mean?.[c] ?? 0);
      });
      const symbol = input.kind === "symbols" ? random.pick(known.length > 0 ? known : rows) : 0;
      given.push(...(input.kind === "symbols" ? [symbol] : values));
      if (standardisation) standardise(values, standardisation);
      const after = stream.step(input.kind === "symbols" ? symbol : values).slice();
      if (targetStandardisation) unstandardise(after, targetStandardisation);
      said.push(...after);
    }
    inputs.push(given);
    outputs.push(said);
  }
  return { inputs, outputs, steps };
}
