// How long and how fast a network is trained where nothing is said, by task: one list, for the command line, studies and
// whoever uses the library.
import type { CellKind } from "../network/architecture.js";
import type { TrainOptions } from "./train.js";

/** A network and a training. */
export interface Defaults extends Required<Pick<TrainOptions, "epochs" | "learningRate" | "schedule">> {
  readonly cell?: CellKind;
  readonly hidden: number;
  readonly layers: number;
  /** That of a layer when left out. */
  readonly embedding?: number;
  readonly batch: number;
  readonly window?: number;
  readonly optimiser: "adam" | "adamw";
  readonly clip: number;
  readonly dropout: number;
}

/** Labelled strings: the numbers of Darji (2021). */
const strings = {
  hidden: 50,
  layers: 3,
  epochs: 50,
  batch: 32,
  learningRate: 1e-3,
  schedule: "constant",
  optimiser: "adam",
  clip: 5,
  dropout: 0,
} as const satisfies Defaults;

/** A text, from scratch: some minutes for a megabyte. */
const next = {
  cell: "lstm",
  hidden: 256,
  layers: 1,
  embedding: 64,
  epochs: 10,
  batch: 32,
  window: 64,
  learningRate: 2e-3,
  schedule: "cosine",
  optimiser: "adamw",
  clip: 1,
  dropout: 0.2,
} as const satisfies Defaults;

/** Sequences of numbers with a class each or at each step. */
const numbers = {
  cell: "gru",
  hidden: 128,
  layers: 1,
  epochs: 50,
  batch: 32,
  learningRate: 2e-3,
  schedule: "cosine",
  optimiser: "adam",
  clip: 1,
  dropout: 0,
} as const satisfies Defaults;

/** Series to be forecast. */
const forecast = { ...numbers, hidden: 64, window: 64 } as const satisfies Defaults;

/** A network that is trained further: at a small, constant rate, and nothing is dropped. */
const further = {
  learningRate: 1e-3,
  schedule: "constant",
  optimiser: "adam",
  clip: 5,
  dropout: 0,
} as const satisfies Partial<Defaults>;

/** Sequences of a batch for networks of graphs, found or given; of texts it is `batchFor`. */
export const STRUCTURE_BATCH = 128;

/** Windows that a stream of a text should at least have, and updates that a training on a text should. */
const LEAST_WINDOWS = 16;
const LEAST_UPDATES = 2000;
const MOST_EPOCHS = 200;

/** Streams for texts of which the shortest has so many symbols: fewer where `next.batch` would leave each hardly any. */
export function batchFor(shortest: number, window: number): number {
  return Math.max(1, Math.min(next.batch, Math.floor(shortest / (window * LEAST_WINDOWS))));
}

/** Epochs for a text with so many updates in each: more of a short one. */
export function epochsFor(updates: number): number {
  return Math.max(next.epochs, Math.min(MOST_EPOCHS, Math.ceil(LEAST_UPDATES / Math.max(1, updates))));
}

/** Updates that a training on sequences of numbers should have: few sequences are seen more often. */
const LEAST_NUMBER_UPDATES = 600;

/** Epochs for sequences of numbers with so many updates in each. */
export function epochsForNumbers(updates: number): number {
  return Math.max(numbers.epochs, Math.min(MOST_NUMBER_EPOCHS, Math.ceil(LEAST_NUMBER_UPDATES / updates)));
}

const MOST_NUMBER_EPOCHS = 300;

/** By task; `strings` are labelled ones, whose task is to classify too. */
export const defaults = {
  strings,
  classify: numbers,
  label: numbers,
  forecast,
  next,
  further: { ...next, ...further },
} as const;
