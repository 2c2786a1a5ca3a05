// What takes in a step at a time without a plan, such as a stream in int8 or one that counts, and how whole batches go through it:
// example by example, so that evaluations say what a stream would.
import type { Batches } from "../data/batches.js";
import { EngineError } from "../errors.js";
import { exp, log } from "../math/exp.js";
import type { Evaluation } from "./executor.js";
import { Turns } from "./turns.js";

export interface Stepper {
  /** Takes in a symbol or standardised numbers, and returns the outputs after it, in the same array each time. */
  step(input: number | Float32Array): Float32Array;
  /** Forgets all steps so far. */
  reset(): void;
}

/** What is known of a network that is evaluated: as a plan has it. */
export interface Evaluated {
  readonly everyStep: boolean;
  readonly outputs: number;
  readonly input: { readonly kind: "symbols" } | { readonly kind: "values"; readonly width: number };
}

/**
 * Runs batches through a stream, example by example, as an executor evaluates them.
 * @throws EngineError when examples go on from batch to batch.
 */
export async function evaluateInStream(
  stream: Stepper,
  { everyStep, outputs: width, input }: Evaluated,
  batches: Batches,
): Promise<Evaluation> {
  if (batches.carry?.includes(1)) throw new EngineError({ what: "a stream takes examples one by one" });
  const { inputs, targets } = batches;
  const values = input.kind === "values" ? input.width : 0;
  const numbers = targets instanceof Float32Array;
  const places = targets.length / (numbers ? width : 1);
  const outputs = new Float32Array(places * width);
  const losses = new Float64Array(batches.count);
  const counts = new Float64Array(batches.count);
  const correct = new Int32Array(batches.count);
  const turns = new Turns();
  let first = 0;
  let example = 0;
  for (const [batch, size] of batches.sizes.entries()) {
    for (let lane = 0; lane < size; lane++, example++) {
      stream.reset();
      const steps = batches.lengths[example];
      for (let t = 0; t < steps; t++) {
        const at = first + t * size + lane;
        const said = stream.step(
          values > 0 ? (inputs as Float32Array).subarray(at * values, (at + 1) * values) : inputs[at],
        );
        if (!everyStep && t < steps - 1) continue;
        const place = everyStep ? at : example;
        outputs.set(said, place * width);
        if (numbers) {
          for (let i = 0; i < width; i++) {
            const error = said[i] - targets[place * width + i];
            if (Number.isNaN(error)) continue;
            losses[batch] += error * error;
            counts[batch]++;
          }
        } else if (targets[place] >= 0) {
          losses[batch] += crossEntropy(said, targets[place]);
          counts[batch]++;
          correct[batch] += Number(likeliest(said) === targets[place]);
        }
      }
      await turns.give();
    }
    first += size * batches.steps[batch];
  }
  return { losses, counts, correct, outputs };
}

/** The first of the largest. */
export function likeliest(logits: Float32Array): number {
  let best = 0;
  for (let i = 1; i < logits.length; i++) if (logits[i] > logits[best]) best = i;
  return best;
}

/** In nats. */
export function crossEntropy(logits: Float32Array, target: number): number {
  const most = logits[likeliest(logits)];
  return log(logits.reduce((sum, logit) => sum + exp(logit - most), 0)) + most - logits[target];
}
