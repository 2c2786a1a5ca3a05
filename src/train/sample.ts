// Writing: a language model's own text, each symbol drawn from what it expects after all before.
import type { ExecutorName } from "../engine/engine.js";
import { stream } from "../engine/stream.js";
import { InputError } from "../errors.js";
import { exp } from "../math/exp.js";
import type { Random } from "../math/random.js";
import type { Network } from "../network/network.js";
import { checkReads } from "./language.js";

export interface SampleOptions {
  /** Symbols that come before, rows of the embedding; at least one. */
  readonly prompt: ArrayLike<number>;
  /** What logits are divided by, above 0. */
  readonly temperature: number;
  /** How many of the likeliest symbols may be drawn; all when left out. */
  readonly topK?: number;
  readonly executor?: ExecutorName;
}

/**
 * One symbol after the other, without end.
 * @throws InputError when the network predicts no symbols or the prompt is empty.
 */
export function* writeText(
  network: Network,
  { prompt, temperature, topK, executor }: SampleOptions,
  random: Random,
): Generator<number, never> {
  checkReads(network);
  if (prompt.length === 0) {
    throw new InputError({ where: "prompt", what: "it is empty", hint: "give at least one symbol" });
  }
  const reading = stream(network, { executor });
  let logits = new Float32Array() as Float32Array;
  for (let i = 0; i < prompt.length; i++) logits = reading.step(prompt[i]);
  for (;;) {
    const symbol = draw(logits, temperature, topK ?? logits.length, random);
    yield symbol;
    logits = reading.step(symbol);
  }
}

function draw(logits: Float32Array, temperature: number, topK: number, random: Random): number {
  const order = [...logits.keys()].sort((a, b) => logits[b] - logits[a] || a - b).slice(0, topK);
  const weights = order.map((symbol) => exp((logits[symbol] - logits[order[0]]) / temperature));
  let left = random.uniform() * weights.reduce((sum, weight) => sum + weight, 0);
  const found = weights.findIndex((weight) => {
    left -= weight;
    return left < 0;
  });
  return order[Math.max(0, found)];
}
