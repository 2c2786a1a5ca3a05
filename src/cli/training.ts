// How the verbs that train a single network do it: with a checkpoint after every epoch, and now and then in between,
// beside the file that the network will be written to, so that the same command goes on after an interruption.
import { existsSync, rmSync } from "node:fs";
import { FileError, InputError } from "../errors.js";
import { prepareOutput, readBytes, writeWhole } from "../files.js";
import type { Network } from "../network/network.js";
import type { TaskName } from "../network/tasks.js";
import { saveNetwork } from "../network/weights.js";
import { type Sparsification, sparsifying } from "../sparsify/methods.js";
import { raggedRemark } from "../sparsify/ragged.js";
import { rounding } from "../sparsify/rounding.js";
import { canonicalJson, sha256 } from "../study/json.js";
import { decodeCheckpoint, encodeCheckpoint } from "../train/checkpoint.js";
import type { EpochMetrics, Task } from "../train/task.js";
import { type Run, type TrainOptions, train, type UpdateMetrics } from "../train/train.js";
import { Claim } from "./claim.js";
import { interruptible, type Output, ProgressBar, percent } from "./command.js";

/** What of `TrainOptions` the command line decides. */
export type TrainingSettings = Pick<
  TrainOptions,
  | "epochs"
  | "updates"
  | "optimiser"
  | "learningRate"
  | "schedule"
  | "warmUp"
  | "dropout"
  | "patience"
  | "freeze"
  | "seed"
  | "executor"
  | "threads"
  | "recompute"
> & {
  readonly sparsification?: Sparsification;
  /** Whether every update sees the weights that int8 will have. */
  readonly rounding?: true;
};

/** Where a training's files are. */
export interface TrainingFiles {
  /** Where the trained network is written; neither it nor checkpoints are when left out. */
  readonly out?: string;
  /** The files that it is made from, which `out` must not replace. */
  readonly inputs: readonly (string | undefined)[];
  /** What it is trained on: anything that JSON can say and that differs when the data do. */
  readonly data: unknown;
}

export interface Trained {
  readonly trained: Network;
  readonly history: readonly EpochMetrics[];
  /** Of the updates made in this sitting. */
  readonly updates: readonly UpdateMetrics[];
}

/**
 * Trains a network, or goes on doing so from the checkpoint beside `out`, and writes it there.
 * @throws InputError when it was interrupted beyond `epochs`, or another training writes `out`.
 */
export async function trainNetwork(
  network: Network,
  task: Task,
  settings: TrainingSettings,
  files: TrainingFiles,
  output: Output,
): Promise<Trained> {
  if (files.out !== undefined) prepareOutput(files.out, ...files.inputs);
  const claim = files.out === undefined ? undefined : new Claim(files.out);
  try {
    return await trainWith(claim, network, task, settings, files, output);
  } finally {
    claim?.release();
  }
}

async function trainWith(
  claim: Claim | undefined,
  network: Network,
  task: Task,
  settings: TrainingSettings,
  { out, data }: TrainingFiles,
  output: Output,
): Promise<Trained> {
  const checkpoint = out === undefined ? undefined : `${out}.checkpoint`;

  // A checkpoint is only taken up by a run that would have made it. How long a constant rate goes on changes nothing
  // of what there is already.
  const { epochs, updates, executor, threads, ...deciding } = settings;
  const { sparsification, schedule } = settings;
  const length = schedule === "cosine" || sparsification ? { epochs, updates } : {};
  const { horizon } = network.conventions;
  const weights = task.classWeights && [...task.classWeights];
  const of = { task: task.name, batch: task.batch, steps: task.steps, data, horizon, weights };
  const identity = runIdentity(network, { ...deciding, ...length, ...of });
  let history: readonly EpochMetrics[] = [];
  let resume: Run | undefined;
  if (checkpoint !== undefined && existsSync(checkpoint)) {
    resume = resumption(checkpoint, identity);
    history = resume.history;
    // Rounds of a sparse training have epochs each; there the number is a part of the identity.
    if (!sparsification) refuseFewer(epochs, resume.epoch, checkpoint);
    output.remark(`going on after epoch ${resume.epoch}, from ${checkpoint}`);
  }

  const ragged = sparsification && raggedRemark(network, sparsification, sparsification.pattern);
  if (ragged !== undefined) output.remark(ragged);
  const made: UpdateMetrics[] = [];
  const save = (run: Run) => {
    claim?.check();
    history = run.history;
    if (checkpoint === undefined) return;
    writeWhole(checkpoint, encodeCheckpoint({ run, notes: new Map([["identity", identity]]) }));
  };
  const bar = new ProgressBar("training");
  const work = (signal: AbortSignal) =>
    train(network, task, {
      ...settings,
      sparsify: settings.rounding ? rounding : sparsification && sparsifying(sparsification),
      signal,
      resume,
      onProgress: (share) => bar.update(share),
      onUpdate: (update) => made.push(update),
      onPause: save,
      onEpoch(epoch, metrics, run) {
        save(run);
        if (!process.stderr.isTTY) output.remark(describeEpoch(epoch, metrics, task.name));
      },
    });
  const isSaved = () => checkpoint !== undefined && existsSync(checkpoint);
  const trained = await interruptible(work, isSaved).finally(() => bar.stop());
  if (out !== undefined && checkpoint !== undefined) {
    claim?.check();
    writeWhole(out, saveNetwork(trained));
    try {
      rmSync(checkpoint, { force: true });
    } catch (error) {
      throw new FileError(checkpoint, error, "write");
    }
  }
  return { trained, history, updates: made };
}

function runIdentity(network: Network, settings: object): string {
  const { architecture, conventions, parameters, masks } = network;
  const { buffer, byteOffset, byteLength } = parameters;
  const start = sha256(new Uint8Array(buffer, byteOffset, byteLength));
  const mask = [...masks].map(([name, bits]) => [name, sha256(bits)]);
  const vocabulary = conventions.vocabulary.format();
  return sha256(
    canonicalJson(JSON.parse(JSON.stringify({ architecture, vocabulary, mask, start, ...settings }))),
  );
}

// The state of an earlier epoch is gone, and starting anew would lose the later ones.
function refuseFewer(epochs: number | undefined, done: number, checkpoint: string): void {
  if (epochs === undefined || done <= epochs) return;
  throw new InputError({
    where: checkpoint,
    what: `this training has come to epoch ${done} already, and ${epochs} are asked for`,
    hint: `ask for at least ${done}, or delete the checkpoint to start anew`,
  });
}

/**
 * The run that a checkpoint holds.
 * @throws FileError when it cannot be read. @throws InputError when it is of another run, which would lose what it has
 * if this one began, and when it is not a checkpoint or is damaged.
 */
export function resumption(path: string, identity: string): Run {
  const { run, notes } = decodeCheckpoint(readBytes(path), path);
  if (notes.get("identity") !== identity) {
    throw new InputError({
      where: path,
      what: "is the checkpoint of another run",
      hint: "repeat that run's options and data, name another --out, or delete it",
    });
  }
  return run;
}

/** An epoch in one line. */
export function describeEpoch(epoch: number, metrics: EpochMetrics, task?: TaskName): string {
  return `${describeMetrics(epoch, metrics, task)}${describeSparsity(metrics)}`;
}

/** How much of the chosen matrices there is, and what came and went. */
function describeSparsity({ density, born = 0, dropped = 0 }: EpochMetrics): string {
  if (density === undefined) return "";
  const changed = born + dropped === 0 ? "" : `, ${born} born and ${dropped} dropped`;
  return `; density ${percent(density, 1)}${changed}`;
}

function describeMetrics(epoch: number, metrics: EpochMetrics, task?: TaskName): string {
  const {
    trainLoss,
    trainAccuracy = Number.NaN,
    testLoss,
    testAccuracy,
    validationLoss,
    validationAccuracy,
  } = metrics;
  if (task === "forecast") {
    const held =
      validationLoss === undefined ? "" : `, held out ${validationLoss.toPrecision(4)} in its own units`;
    const tested = testLoss === undefined ? "" : `, test ${testLoss.toPrecision(4)}`;
    return `epoch ${epoch}: mean squared error in training ${trainLoss.toPrecision(4)}, standardised${held}${tested}`;
  }
  if (validationLoss !== undefined && testAccuracy === undefined) {
    return `epoch ${epoch}: training ${trainLoss.toFixed(4)} nats, held out ${validationLoss.toFixed(4)}`;
  }
  const judged =
    validationLoss === undefined
      ? ""
      : `; validation loss ${validationLoss.toFixed(4)}, accuracy ${percent(validationAccuracy ?? Number.NaN)}`;
  const line = `epoch ${epoch}: training loss ${trainLoss.toFixed(4)}, accuracy ${percent(trainAccuracy)}${judged}`;
  if (testLoss === undefined || testAccuracy === undefined) return line;
  return `${line}; test loss ${testLoss.toFixed(4)}, accuracy ${percent(testAccuracy)}`;
}
