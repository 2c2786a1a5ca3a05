// The ways of training that are compared, under one name each: how masks come to be and how often a network is trained for
// them. Random masks and a small dense network of as many weights are the controls of all others.
import type { SparsifyConfiguration } from "../experiments/sparsify-schema.js";
import type { Target } from "../sparsify/target.js";

/** A way to come to a sparse network. */
export interface Regime {
  /** In a legend or a table. */
  readonly label: string;
  /** In a sentence. */
  readonly phrase: string;
  /** What happens, in a sentence. */
  readonly about: string;
  /** What a training is told besides the density; nothing of networks that are trained dense. */
  readonly sparsify?: Omit<SparsifyConfiguration, "density">;
  /** Of trained dense networks that are pruned: when they are judged. Both are one trial of kind `prune`. */
  readonly pruned?: "at-once" | "retrained";
}

/** The epoch that each training of `iterative` but the first goes back to. */
const REWIND = 1;

export const regimes = {
  dense: { label: "dense", phrase: "dense networks", about: "Nothing is removed." },
  magnitude: {
    label: "no retraining",
    phrase: "pruning without retraining",
    about: "The smallest weights go after training, and nothing is trained afterwards.",
    pruned: "at-once",
  },
  "one-shot": {
    label: "one shot, retrained",
    phrase: "pruning once and retraining",
    about: "The same, and what is left is trained as long again, with the learning rate from its beginning.",
    pruned: "retrained",
  },
  iterative: {
    label: "iterative, rewound",
    phrase: "iterative pruning with rewinding",
    about: `Several trainings, one after the other; after each a share of the smallest weights goes, and the others are put back to what they were after epoch ${REWIND}.`,
    sparsify: { method: "iterative", rewind: REWIND },
  },
  gradual: {
    label: "gradual",
    phrase: "gradual pruning",
    about: "The smallest weights go while the network trains, until three fifths of the training are over.",
    sparsify: { method: "gradual" },
  },
  snip: {
    label: "SNIP",
    phrase: "SNIP",
    about: "Before training, the weights are kept that matter most to the loss of the first batch.",
    sparsify: { method: "snip" },
  },
  set: {
    label: "SET",
    phrase: "SET",
    about: "From a random mask on, the smallest weights are dropped and others grow at random.",
    sparsify: { method: "set" },
  },
  rigl: {
    label: "RigL",
    phrase: "RigL",
    about: "From a random mask on, the smallest weights are dropped and those of the largest gradient grow.",
    sparsify: { method: "rigl" },
  },
  "top-k": {
    label: "top-k",
    phrase: "straight-through top-k",
    about: "At every update the largest weights are used and all are trained.",
    sparsify: { method: "top-k" },
  },
  random: {
    label: "random mask",
    phrase: "random masks",
    about: "Before training, any weights are kept, of each matrix the same share: the control.",
    sparsify: { method: "random" },
  },
  small: {
    label: "small and dense",
    phrase: "small dense networks",
    about:
      "Nothing is removed; there are fewer units, so that the network has as many weights: the other control.",
  },
} as const satisfies Readonly<Record<string, Regime>>;

export type RegimeName = keyof typeof regimes;
export const regimeNames = Object.keys(regimes) as RegimeName[];
/** Those that need no method beside them. */
export const controls: readonly RegimeName[] = ["random", "small"];

/** A regime by its name. */
export function regimeOf(name: RegimeName): Regime {
  return regimes[name];
}

/** What a training under a regime is told; undefined where it is dense. @param rounds trainings of `iterative`. */
export function sparsifyFor(
  name: RegimeName,
  wanted: { readonly density: number; readonly target: Target; readonly rounds: number },
): SparsifyConfiguration | undefined {
  const { sparsify } = regimeOf(name);
  if (!sparsify) return undefined;
  const { density, target, rounds } = wanted;
  return {
    ...sparsify,
    ...(name === "iterative" && { rounds }),
    ...(target !== "both" && { target }),
    density,
  };
}
