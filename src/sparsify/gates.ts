// Gates: factors of groups of weights that are learnt with them. The hard concrete distribution is that of Louizos et al. 2018
// (arXiv 1712.01312): a gate is a sigmoid of logistic noise, stretched beyond 0 and 1 and clamped, so that it is exactly 0 or 1
// with some probability and has a gradient otherwise.
import type { Optimiser } from "../engine/executor.js";
import { exp, log } from "../math/exp.js";
import type { Random } from "../math/random.js";

// Temperature, and the interval that sigmoids are stretched to.
const BETA = 2 / 3;
const GAMMA = -0.1;
const ZETA = 1.1;
/** Gates begin nine tenths open. */
export const OPEN = log(9);

/** Gates are trained by Adam with its usual settings, whatever the weights are trained by. */
export const ADAM = {
  kind: "adam",
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  weightDecay: 0,
  clip: Number.POSITIVE_INFINITY,
} as const satisfies Optimiser;

export function sigmoid(x: number): number {
  return 1 / (1 + exp(-x));
}

/** A gate from a uniform draw, and the slope of it by ln α. */
export function gateOf(alpha: number, draw: number): { gate: number; slope: number } {
  const s = sigmoid((log(draw) - log(1 - draw) + alpha) / BETA);
  const stretched = s * (ZETA - GAMMA) + GAMMA;
  if (stretched <= 0) return { gate: 0, slope: 0 };
  if (stretched >= 1) return { gate: 1, slope: 0 };
  return { gate: stretched, slope: ((ZETA - GAMMA) * s * (1 - s)) / BETA };
}

/** The gate that stands for a distribution when nothing is drawn. */
export function testGate(alpha: number): number {
  return Math.min(1, Math.max(0, sigmoid(alpha) * (ZETA - GAMMA) + GAMMA));
}

/** The probability that a gate is not 0. */
export function openness(alpha: number): number {
  return sigmoid(alpha - BETA * log(-GAMMA / ZETA));
}

/** A gate for each ln α, drawn, with its slope. */
export function draw(alphas: Float32Array, random: Random): { gates: Float64Array; slopes: Float64Array } {
  const gates = new Float64Array(alphas.length);
  const slopes = new Float64Array(alphas.length);
  for (const [g, alpha] of alphas.entries()) {
    // Neither 0 nor 1, whose logarithms are not finite.
    const { gate, slope } = gateOf(alpha, (random.uint32() + 0.5) / 2 ** 32);
    gates[g] = gate;
    slopes[g] = slope;
  }
  return { gates, slopes };
}
