// How the verbs that train a single network do it: with a checkpoint after every epoch beside the file that the network
// will be written to, so that the same command goes on after an interruption.
import { existsSync, rmSync } from "node:fs";
import type { ExecutorName } from "../engine/engine.js";
import type { TrainingState } from "../engine/executor.js";
import { FileError, InputError } from "../errors.js";
import { decodeHistory, encodeHistory } from "../experiments/history.js";
import { prepareOutput, readBytes, writeWhole } from "../files.js";
import type { Network } from "../network/network.js";
import { saveNetwork } from "../network/weights.js";
import { canonicalJson, sha256 } from "../study/json.js";
import { decodeCheckpoint, encodeCheckpoint } from "../train/checkpoint.js";
import type { Protocol } from "../train/protocol.js";
import { type EpochMetrics, type TrainingData, type TrainOptions, train } from "../train/train.js";
import { Claim } from "./claim.js";
import { interruptible, type Output, ProgressBar, percent } from "./command.js";

export interface TrainingSettings {
  readonly protocol: Protocol;
  readonly epochs: number;
  readonly batch: number;
  /** The thesis's when left out. */
  readonly learningRate?: number;
  /** Of the order of the strings. */
  readonly seed: string;
  readonly executor?: ExecutorName;
  readonly threads?: number;
  readonly recompute?: number;
  /** Where the trained network is written; neither it nor checkpoints are when left out. */
  readonly out?: string;
  /** The files that it is made from, which `out` must not replace. */
  readonly inputs: readonly (string | undefined)[];
}

/**
 * Trains a network, or goes on doing so from the checkpoint beside `out`, and writes it there.
 * @throws InputError when it was interrupted beyond `epochs`, or another training writes `out`.
 */
export async function trainNetwork(
  network: Network,
  data: TrainingData,
  settings: TrainingSettings,
  output: Output,
): Promise<{ trained: Network; history: EpochMetrics[] }> {
  const { out } = settings;
  if (out !== undefined) prepareOutput(out, ...settings.inputs);
  const claim = out === undefined ? undefined : new Claim(out);
  try {
    return await trainWith(claim, network, data, settings, output);
  } finally {
    claim?.release();
  }
}

async function trainWith(
  claim: Claim | undefined,
  network: Network,
  data: TrainingData,
  settings: TrainingSettings,
  output: Output,
): Promise<{ trained: Network; history: EpochMetrics[] }> {
  const { protocol, epochs, batch, learningRate, seed, executor, threads, recompute, out } = settings;
  const checkpoint = out === undefined ? undefined : `${out}.checkpoint`;

  // A checkpoint is only taken up by a run that would have made it.
  const { architecture } = network;
  const { buffer, byteOffset, byteLength } = network.parameters;
  const start = sha256(new Uint8Array(buffer, byteOffset, byteLength));
  const masks = [...network.masks].map(([name, mask]) => [name, sha256(mask)]);
  const run = sha256(
    canonicalJson(
      JSON.parse(JSON.stringify({ architecture, masks, start, protocol, batch, learningRate, seed, data })),
    ),
  );
  const history: EpochMetrics[] = [];
  let resume: TrainOptions["resume"];
  if (checkpoint !== undefined && existsSync(checkpoint)) {
    const found = resumption(checkpoint, run);
    refuseFewer(epochs, found.history.length, checkpoint);
    history.push(...found.history);
    resume = { epoch: history.length, state: found.state };
    output.remark(`going on after epoch ${history.length}, from ${checkpoint}`);
  }

  const bar = new ProgressBar("training");
  const work = (signal: AbortSignal) =>
    train(network, data, {
      protocol,
      epochs,
      batch,
      learningRate,
      executor,
      threads,
      recompute,
      seed,
      signal,
      resume,
      onProgress: (share) => bar.update(share),
      onEpoch(epoch, metrics, state) {
        claim?.check();
        history.push(metrics);
        const notes = new Map([
          ["run", run],
          ["history", encodeHistory(history)],
        ]);
        if (checkpoint !== undefined) writeWhole(checkpoint, encodeCheckpoint({ state, notes }));
        if (!process.stderr.isTTY) output.remark(describeEpoch(epoch, metrics));
      },
    });
  const isSaved = () => checkpoint !== undefined && existsSync(checkpoint);
  const trained = await interruptible(work, isSaved).finally(() => bar.stop());
  if (out === undefined || checkpoint === undefined) return { trained, history };
  claim?.check();
  writeWhole(out, saveNetwork(trained));
  try {
    rmSync(checkpoint, { force: true });
  } catch (error) {
    throw new FileError(checkpoint, error, "write");
  }
  return { trained, history };
}

// The state of an earlier epoch is gone, and starting anew would lose the later ones.
function refuseFewer(epochs: number, done: number, checkpoint: string): void {
  if (done <= epochs) return;
  throw new InputError({
    where: checkpoint,
    what: `this training has come to epoch ${done} already, and ${epochs} are asked for`,
    hint: `ask for at least ${done}, or delete the checkpoint to start anew`,
  });
}

/**
 * What a checkpoint holds: its epochs so far and the state after them.
 * @throws FileError when it cannot be read. @throws InputError when it is of another run, which would lose what it has
 * if this one began, and when it is not a checkpoint or is damaged.
 */
export function resumption(path: string, run: string): { history: EpochMetrics[]; state: TrainingState } {
  const { state, notes } = decodeCheckpoint(readBytes(path), path);
  if (notes.get("run") !== run) {
    throw new InputError({
      where: path,
      what: "is the checkpoint of another run",
      hint: "repeat that run's options, name another --out, or delete it",
    });
  }
  return { history: decodeHistory(notes.get("history"), path), state };
}

/** An epoch in one line. */
export function describeEpoch(
  epoch: number,
  { trainLoss, trainAccuracy, testLoss, testAccuracy }: EpochMetrics,
): string {
  const line = `epoch ${epoch}: training loss ${trainLoss.toFixed(4)}, accuracy ${percent(trainAccuracy)}`;
  if (testLoss === undefined || testAccuracy === undefined) return line;
  return `${line}; test loss ${testLoss.toFixed(4)}, accuracy ${percent(testAccuracy)}`;
}
