// The optimisers of the reference executor: each is the few lines that its authors and PyTorch give it.
import type { Optimiser, Span } from "./executor.js";
import type { Floats } from "./reference-matrix.js";

/** What an update reads and writes, laid out as the parameters; `gradient` may be longer. */
export interface Vectors {
  readonly gradient: Floats;
  readonly parameters: Floats;
  readonly firstMoment: Floats;
  readonly secondMoment: Floats;
}

/**
 * Makes update number `step`, counted from 1, at learning rate `rate`, with the gradient times `scale`.
 * @param born how many updates there had been when each weight was born; 0 when left out. @param frozen what stays.
 * Adam: Kingma & Ba 2015. AdamW: Loshchilov & Hutter 2019. RMSprop: Tieleman & Hinton 2012.
 */
export function updateParameters(
  { kind, beta1, beta2, epsilon, weightDecay }: Optimiser,
  rate: number,
  step: number,
  scale: number,
  { gradient, parameters, firstMoment, secondMoment }: Vectors,
  { born, frozen = [] }: { readonly born?: Int32Array; readonly frozen?: readonly Span[] } = {},
): void {
  // Of what stays, to be put back: decay and what is left of moments would move it.
  const kept = [parameters, firstMoment, secondMoment].map((values) => ({
    values,
    spans: frozen.map(({ offset, length }) => values.slice(offset, offset + length)),
  }));
  const decoupled = kind === "adamw";
  let age = step;
  let correction1 = 1 - beta1 ** age;
  let correction2 = Math.sqrt(1 - beta2 ** age);
  for (let i = 0; i < parameters.length; i++) {
    const own = step - (born?.[i] ?? 0);
    if (own !== age) {
      age = own;
      correction1 = 1 - beta1 ** age;
      correction2 = Math.sqrt(1 - beta2 ** age);
    }
    let g = gradient[i] * scale;
    if (weightDecay > 0) {
      if (decoupled) parameters[i] *= 1 - rate * weightDecay;
      else g += weightDecay * parameters[i];
    }
    switch (kind) {
      case "sgd":
        firstMoment[i] = beta1 * firstMoment[i] + g;
        parameters[i] -= rate * firstMoment[i];
        break;
      case "rmsprop":
        secondMoment[i] = beta2 * secondMoment[i] + (1 - beta2) * g * g;
        parameters[i] -= (rate * g) / (Math.sqrt(secondMoment[i]) + epsilon);
        break;
      case "adam":
      case "adamw": {
        firstMoment[i] = beta1 * firstMoment[i] + (1 - beta1) * g;
        secondMoment[i] = beta2 * secondMoment[i] + (1 - beta2) * g * g;
        const denominator = Math.sqrt(secondMoment[i]) / correction2 + epsilon;
        parameters[i] -= ((rate / correction1) * firstMoment[i]) / denominator;
        break;
      }
    }
  }
  for (const { values, spans } of kept)
    for (const [k, span] of spans.entries()) values.set(span, frozen[k].offset);
}

/** Sets the gradient of what stays to 0. */
export function freeze(gradient: Floats, frozen: readonly Span[] = []): void {
  for (const { offset, length } of frozen) gradient.fill(0, offset, offset + length);
}
