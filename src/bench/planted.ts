// A wiring that is known, to see whether a search finds it: the states of a sparse RNN-tanh driven by noise are what a network of as
// many units is to say at every step. That network's read-out is frozen to the identity, so that each of its units is one of the
// teacher's.
import { createSequences, type Sequences } from "../data/sequences.js";
import { Random } from "../math/random.js";
import { initialise, type Network, stack } from "../network/network.js";
import type { Space } from "../search/space.js";
import { weightSpace } from "../search/weights.js";
import { highest } from "../sparsify/ranking.js";
import { outputsOf } from "../train/evaluate.js";
import { forecast } from "../train/forecast.js";
import { newNetworkForNumbers } from "../train/new-network.js";
import type { Task } from "../train/task.js";

export interface PlantedOptions {
  readonly seed: number;
  readonly units?: number;
  /** Sequences of noise that there are to learn from, and of others that are held out. */
  readonly sequences?: number;
  readonly held?: number;
  readonly steps?: number;
  readonly batch?: number;
}

export interface Planted {
  /** Of the teacher's hidden matrix, 1 where there is a weight. */
  readonly mask: Uint8Array;
  readonly edges: number;
  /** Before training, with a read-out that is the identity. */
  readonly student: Network;
  readonly space: Space;
  readonly task: Task;
  /** The same of the sequences that are held out. */
  readonly held: Task;
}

const CHANNELS = ["a", "b", "c", "d"];
/** The share of the hidden weights that the teacher has, and the size of the noise. */
const DENSITY = 0.1;
const NOISE = 0.5;
/** What is frozen in the student. */
export const FROZEN = ["readout"];
const HIDDEN = "cells.0.weight_hh";

/** A teacher and what is to be learnt of it. */
export async function planted(options: PlantedOptions): Promise<Planted> {
  const { seed, units = 24, sequences = 6400, held = 1600, steps = 20, batch = 64 } = options;
  const random = new Random(seed).stream("planted");
  const teacher = teacherOf(units, random);
  const { offset, length } = teacher.tensor(HIDDEN);
  const mask = Uint8Array.from(teacher.parameters.subarray(offset, offset + length), (w) => Number(w !== 0));
  const edges = mask.reduce((sum, bit) => sum + bit, 0);
  const train = await statesOf(teacher, { count: sequences, steps, batch }, random.stream("noise"));
  const others = await statesOf(teacher, { count: held, steps, batch }, random.stream("held noise"));
  const student = newNetworkForNumbers(
    stack({ cell: "rnn-tanh", hidden: units, layers: 1 }),
    train,
    "forecast",
    random.stream("student"),
    { horizon: 0, standardise: false },
  );
  identify(student, units);
  const of = (series: Sequences) => forecast(student, { train: series }, { batch, window: steps });
  const space = weightSpace(student, { weights: edges, target: "h2h" });
  return { mask, edges, student, space, task: of(train), held: of(others) };
}

/** The share of the teacher's weights that are among as many of the highest scores. */
export function recovered(
  { mask, edges }: Pick<Planted, "mask" | "edges">,
  scores: ArrayLike<number>,
): number {
  const found = highest(Float64Array.from(scores), edges);
  return found.reduce((sum, bit, i) => sum + (bit & mask[i]), 0) / edges;
}

/** Input weights from U(-1, 1), hidden ones of either sign and .5 to 1 in size, biases as everywhere. */
function teacherOf(units: number, random: Random): Network {
  const architecture = stack({
    cell: "rnn-tanh",
    hidden: units,
    layers: 1,
    values: CHANNELS.length,
    outputs: units,
    at: "every-step",
    predicts: "numbers",
  });
  const teacher = initialise(architecture, random.stream("teacher"));
  const wiring = random.stream("wiring");
  const hidden = teacher.values(HIDDEN).fill(0);
  const places = wiring.shuffle(Array.from(hidden, (_, i) => i));
  for (const place of places.slice(0, Math.round(DENSITY * hidden.length)))
    hidden[place] = (wiring.uniform() < 0.5 ? -1 : 1) * (0.5 + 0.5 * wiring.uniform());
  const input = teacher.values("cells.0.weight_ih");
  for (let i = 0; i < input.length; i++) input[i] = 2 * wiring.uniform() - 1;
  identify(teacher, units);
  return teacher;
}

/** Makes a network say its states. */
function identify(network: Network, units: number): void {
  const readout = network.values("readout.weight").fill(0);
  for (let i = 0; i < units; i++) readout[i * units + i] = 1;
  network.values("readout.bias").fill(0);
}

/** Sequences of noise with the states that the teacher has at each step. */
async function statesOf(
  teacher: Network,
  { count, steps, batch }: { count: number; steps: number; batch: number },
  random: Random,
): Promise<Sequences> {
  const draw = () => Float32Array.from({ length: steps * CHANNELS.length }, () => NOISE * random.normal());
  const noise = createSequences({ channels: CHANNELS, values: Array.from({ length: count }, draw) });
  const of = await outputsOf(teacher, noise, { batch });
  const { outputs } = teacher.architecture.readout;
  const names = Array.from({ length: outputs }, (_, unit) => `unit ${unit}`);
  return createSequences({ ...noise, target: { kind: "numbers", names, of } });
}
