// The options of training and evaluation, checked where the library is entered, so that a program's slip is answered as
// one on the command line is and does not end in a network of NaN.
import { executorNames } from "../engine/engine.js";
import { optimiserKinds } from "../engine/executor.js";
import { InputError } from "../errors.js";
import { checkWord } from "../suggest.js";
import { protocols } from "./protocol.js";

/** After which epochs of a training the test strings may be read. */
export const testedEpochs = ["every-epoch", "last-epoch"] as const;
export type Tested = (typeof testedEpochs)[number];

/** Options as a caller without types may have passed them. */
export interface Unchecked {
  readonly protocol?: unknown;
  readonly epochs?: unknown;
  readonly updates?: unknown;
  readonly patience?: unknown;
  readonly optimiser?: unknown;
  readonly batch?: unknown;
  readonly learningRate?: unknown;
  readonly threads?: unknown;
  readonly recompute?: unknown;
  readonly tested?: unknown;
  readonly executor?: unknown;
}

/** @throws InputError naming the first option that is out of its range. Those that are left out pass. */
export function checkOptions(options: Unchecked): void {
  const whole = (name: keyof Unchecked, least: number) => {
    const value = options[name];
    if (value === undefined || (Number.isSafeInteger(value) && (value as number) >= least)) return;
    throw new InputError({ where: name, what: `${value} is not a whole number of at least ${least}` });
  };
  checkWord("protocol", options.protocol, protocols);
  checkWord("tested", options.tested, testedEpochs);
  checkWord("executor", options.executor, executorNames);
  if (typeof options.optimiser === "string") checkWord("optimiser", options.optimiser, optimiserKinds);
  whole("epochs", 0);
  whole("updates", 1);
  whole("patience", 1);
  whole("batch", 1);
  whole("threads", 1);
  whole("recompute", 1);
  const { learningRate } = options;
  if (learningRate === undefined) return;
  if (typeof learningRate === "number" && learningRate > 0 && learningRate < Number.POSITIVE_INFINITY) return;
  throw new InputError({
    where: "learningRate",
    what: `${learningRate} is not a learning rate`,
    hint: "use a positive number, for example 0.001",
  });
}
