// All ways to be sparse, by the names that users give: a method is a file in `methods` and a line here.
import { InputError } from "../errors.js";
import { maskVector } from "../network/masks.js";
import { checkWord } from "../suggest.js";
import type { Beginning, Sparsify } from "../train/sparsifier.js";
import { densityMetrics } from "./density.js";
import type { Method, SparsifyOptions } from "./method.js";
import { settings } from "./method.js";
import { gradual } from "./methods/gradual.js";
import { hardConcrete } from "./methods/hard-concrete.js";
import { iterative } from "./methods/iterative.js";
import { magnitude } from "./methods/magnitude.js";
import { random } from "./methods/random.js";
import { rigl } from "./methods/rigl.js";
import { set } from "./methods/set.js";
import { snip } from "./methods/snip.js";
import { topK } from "./methods/top-k.js";
import { topKast } from "./methods/top-kast.js";
import { type Part, partsOf } from "./parts.js";
import { withoutAbsentUnits } from "./units.js";

export const methods = {
  random,
  snip,
  magnitude,
  gradual,
  iterative,
  set,
  rigl,
  "top-k": topK,
  "top-kast": topKast,
  "hard-concrete": hardConcrete,
} as const satisfies Readonly<Record<string, Method>>;

export type MethodName = keyof typeof methods;
export const methodNames = Object.keys(methods) as MethodName[];

/** How a training is made sparse. */
export interface Sparsification extends SparsifyOptions {
  readonly method: MethodName;
}

/** For `train`: what makes a training sparse. @throws InputError as `methodOf`, and later as the method says. */
export function sparsifying(wanted: Sparsification): Sparsify {
  const { method, options } = methodOf(wanted);
  return (beginning) => {
    const { pattern = { kind: "weight" } } = options;
    const parts = partsOf(beginning.network, options.target, options.also).filter(
      ({ tensor }) => !options.except?.includes(tensor),
    );
    checkFrozen(beginning, parts);
    const sparsifier = method.begin(beginning, options, pattern);
    const metrics = (mask = maskVector(sparsifier.network)) => densityMetrics(parts, mask);
    return { ...sparsifier, metrics, ...(pattern.kind === "unit" && { finish: withoutAbsentUnits }) };
  };
}

/** @throws InputError when a method would decide over weights that are not trained. */
function checkFrozen({ frozen = [] }: Beginning, parts: readonly Part[]): void {
  const both = frozen.find(({ name }) => parts.some(({ tensor }) => tensor === name));
  if (!both) return;
  throw new InputError({
    where: "freeze",
    what: `${both.name} is frozen, and which of its weights exist is to be decided`,
    hint: "freeze other tensors, or choose another target",
  });
}

/**
 * The method of that name, and its settings with what is left out filled in.
 * @throws InputError when there is no such method, it does not have a setting, or a setting is out of its range.
 */
export function methodOf(wanted: Sparsification): { method: Method; options: SparsifyOptions } {
  checkWord("sparsify", wanted.method, methodNames);
  const method: Method = methods[wanted.method];
  for (const name of settings) {
    if (wanted[name] === undefined || name in method.uses) continue;
    throw new InputError({
      where: name,
      what: `${wanted.method} has no such setting`,
      hint: `leave it out; ${wanted.method} has ${Object.keys(method.uses).join(", ") || "none"}`,
    });
  }
  const given = Object.entries(wanted).filter(([, value]) => value !== undefined);
  const options = { ...method.uses, ...Object.fromEntries(given) } as SparsifyOptions;
  checkSettings(wanted, options);
  return { method, options };
}

/** @param wanted what was given, @param options with defaults. */
function checkSettings(wanted: SparsifyOptions, options: SparsifyOptions): void {
  const refuse = (where: string, what: string, hint: string) => {
    throw new InputError({ where, what, hint });
  };
  const { density, begin = 0, end = 1, every, share, rounds, rewind, batches, backward, penalty } = options;
  if (density === undefined)
    refuse("density", "it is missing", "say what share of the weights is to be kept");
  if (!(begin >= 0 && begin < 1)) refuse("begin", `${begin} is not a share from 0 up to 1`, "try 0.1");
  if (!(end > begin && end <= 1)) {
    refuse(
      "end",
      `a schedule from ${begin} to ${end} does not end within the training`,
      "use shares of its updates, such as 0,0.75",
    );
  }
  const whole = (where: string, value: number | undefined, least: number) => {
    if (value === undefined || (Number.isSafeInteger(value) && value >= least)) return;
    refuse(where, `${value} is not a whole number of at least ${least}`, `use ${least} or more`);
  };
  whole("every", every, 1);
  whole("rounds", rounds, 2);
  whole("batches", batches, 1);
  if (rewind !== "rate") whole("rewind", rewind, 0);
  for (const [where, value] of Object.entries({ share, backward })) {
    if (value !== undefined && !(value > 0 && value < 1))
      refuse(where, `${value} is not a share above 0 and below 1`, "try 0.3");
  }
  if (wanted.backward !== undefined && typeof density === "number" && wanted.backward < density) {
    refuse(
      "backward",
      `${wanted.backward} of the weights cannot get a gradient where ${density} are used`,
      `use at least ${density}`,
    );
  }
  if (penalty !== undefined && !(penalty >= 0 && penalty < Number.POSITIVE_INFINITY)) {
    refuse("penalty", `${penalty} is not a number of at least 0`, "try 0.01");
  }
}
