// Training: one loop for every task, on whatever executor there is. A run is a pure function of the network, the task,
// the options and the seed: each epoch draws what is random from a stream of its own and dropout from a counter, so a
// run that is interrupted and resumed makes the same bits as one that is not.
import { compile, type Dropout } from "../engine/compile.js";
import { createExecutor, type ExecutorName } from "../engine/engine.js";
import {
  type Executor,
  type Optimiser,
  type OptimiserKind,
  optimisers,
  type TrainingState,
} from "../engine/executor.js";
import { InputError, TrainingError } from "../errors.js";
import { Random } from "../math/random.js";
import { maskVector } from "../network/masks.js";
import { Network } from "../network/network.js";
import { checkOptions } from "./options.js";
import { rateOf, type ScheduleName } from "./schedule.js";
import type { EpochMetrics, Task } from "./task.js";

/** All that there is of a training at one moment, between two updates: what a checkpoint holds. */
export interface Run {
  /** Epochs that are over, and updates of the next that have been made. */
  readonly epoch: number;
  readonly updates: number;
  readonly state: TrainingState;
  /** What the lanes of the last batch were left in. */
  readonly carry: Float32Array;
  /** Over the updates of the epoch under way. */
  readonly sums: Sums;
  /** How the epochs went. */
  readonly history: readonly EpochMetrics[];
  /** The epoch after which the task's judge was lowest, and the parameters then. */
  readonly best?: { readonly epoch: number; readonly loss: number; readonly parameters: Float32Array };
}

/** Sums over targets. */
export interface Sums {
  readonly loss: number;
  readonly count: number;
  readonly correct: number;
}

/** One update: the mean loss before it, and the gradient's norm before clipping. */
export interface UpdateMetrics {
  readonly loss: number;
  readonly gradientNorm: number;
}

export interface TrainOptions {
  /** How long: so many epochs, or so many updates. */
  readonly epochs?: number;
  readonly updates?: number;
  /** Adam when left out; a kind of optimiser with PyTorch's settings, or one with others. */
  readonly optimiser?: OptimiserKind | Optimiser;
  /** 0.001 when left out. */
  readonly learningRate?: number;
  /** Constant when left out. */
  readonly schedule?: ScheduleName;
  /** Updates over which the learning rate rises; see `ScheduleOptions`. */
  readonly warmUp?: number;
  readonly dropout?: Dropout;
  /** Ends the training after so many epochs in which the task's judge has not improved. */
  readonly patience?: number;
  /** Determines everything random. */
  readonly seed: number | string;
  readonly executor?: ExecutorName;
  /** Tiles of a batch that run at once, each up to 32 examples; 1 when left out. It changes no result. */
  readonly threads?: number;
  /** Steps whose activations are held at once; see `CompileOptions`. */
  readonly recompute?: number;
  /** Where to go on. */
  readonly resume?: Run;
  readonly signal?: AbortSignal;
  /** Awaited after every epoch, counted from 1: the place to write a checkpoint. */
  onEpoch?(epoch: number, metrics: EpochMetrics, run: Run): void | Promise<void>;
  /** Awaited about once a minute within an epoch, for the same. */
  onPause?(run: Run): void | Promise<void>;
  /** Told of every update. */
  onUpdate?(update: UpdateMetrics): void;
  /** Asked after every epoch's `onEpoch`: whether training should end there, before what `epochs` says is the last one. */
  isDone?(): boolean;
  /** Called a few times a second with the share of all updates that is done. */
  onProgress?(share: number): void;
}

// Seconds of one call to the executor, the grain of progress and of cancelling, and the most updates in it; seconds
// between two calls of `onPause`.
const CALL_SECONDS = 0.3;
const MOST_UPDATES = 64;
const PAUSE_SECONDS = 60;

/**
 * Trains a copy of `network` and resolves to it: as it was after the best of its epochs where the task judges them, else
 * after the last. Its masks stay, and its conventions say how it was trained.
 * @throws InputError when an option is none, or task and network do not fit; TrainingError when the loss is no longer
 * finite; the signal's reason when it is aborted.
 */
export async function train(network: Network, task: Task, options: TrainOptions): Promise<Network> {
  checkOptions(options);
  task.check(network);
  const {
    executor: name,
    threads,
    recompute,
    dropout,
    signal,
    patience = Number.POSITIVE_INFINITY,
  } = options;
  if (options.patience !== undefined && !task.judgedBy) {
    throw new InputError({
      where: "patience",
      what: "there is nothing to judge epochs by",
      hint: "train without it, or on a task with a validation part",
    });
  }
  const { batch, steps, symbols } = task;
  const plan = compile(network, { batch, steps, symbols, recompute, dropout });
  const executor = createExecutor(plan, network.parameters, { executor: name, threads });
  // A plan has the masks of matrices that are multiplied, and no other.
  if (network.masks.has("embedding.weight")) executor.setMask(maskVector(network));
  const run = new Progress(executor, options.resume);
  const random = new Random(options.seed);
  const epochOf = (number: number) => task.epoch(number, random.stream(`epoch ${number}`));
  const { epochs, total } = lengthOf(options, (number) => epochOf(number).updates);
  const rate = rateOf(
    {
      schedule: options.schedule ?? "constant",
      learningRate: options.learningRate ?? 1e-3,
      warmUp: options.warmUp,
    },
    total,
  );
  const optimiser = optimiserOf(options.optimiser);
  const seed = random.stream("dropout").below(2 ** 32);
  const conventions = task.conventions(network);
  const { architecture, masks } = network;
  const present = () => new Network(architecture, executor.state().parameters, masks, conventions);
  let atOnce = 1;
  let paused = performance.now();

  while (run.epoch < epochs && run.step < total) {
    const { updates, batches } = epochOf(run.epoch + 1);
    while (run.updates < updates && run.step < total) {
      signal?.throwIfAborted();
      const begun = performance.now();
      const made = batches(run.updates, Math.min(atOnce, updates - run.updates, total - run.step));
      const rates = Float64Array.from(made.sizes, (_, i) => rate(run.step + i));
      const { losses, counts, correct, norms } = await executor.train(made, 0, made.count, {
        optimiser,
        rates,
        seed,
        classWeights: task.classWeights,
      });
      for (const [i, loss] of losses.entries()) {
        options.onUpdate?.({ loss: loss / counts[i], gradientNorm: norms[i] });
        run.add({ loss, count: counts[i], correct: correct[i] });
      }
      options.onProgress?.(run.step / total);
      const now = performance.now();
      const wanted = (atOnce * 1000 * CALL_SECONDS) / Math.max(1, now - begun);
      atOnce = Math.max(1, Math.min(MOST_UPDATES, Math.round(wanted)));
      if (options.onPause && now - paused > 1000 * PAUSE_SECONDS) {
        paused = now;
        await options.onPause(run.snapshot());
      }
    }
    const ends = run.epoch + 1 === epochs || run.step === total;
    const carry = executor.carry();
    const measured = await task.evaluate(executor, present, ends);
    executor.setCarry(carry);
    const hasClasses = architecture.readout.predicts !== "numbers";
    run.endEpoch(measured, task.judgedBy && measured[task.judgedBy], hasClasses);
    await options.onEpoch?.(run.epoch, run.history[run.history.length - 1], run.snapshot());
    if (options.isDone?.() || run.sinceBest >= patience) break;
  }
  const parameters = run.best?.parameters.slice() ?? executor.state().parameters;
  return new Network(architecture, parameters, masks, conventions);
}

/** A run under way. */
class Progress {
  epoch: number;
  updates: number;
  step: number;
  best: Run["best"];
  readonly history: EpochMetrics[];
  private sums: Sums;
  private readonly executor: Executor;

  constructor(executor: Executor, resume?: Run) {
    this.executor = executor;
    this.epoch = resume?.epoch ?? 0;
    this.updates = resume?.updates ?? 0;
    this.sums = resume?.sums ?? nothing;
    this.best = resume?.best;
    this.history = [...(resume?.history ?? [])];
    this.step = resume?.state.step ?? 0;
    if (!resume) return;
    executor.setState(resume.state);
    executor.setCarry(resume.carry);
  }

  /** @throws TrainingError when the loss is not finite. */
  add({ loss, count, correct }: Sums): void {
    this.updates++;
    this.step++;
    if (!Number.isFinite(loss)) {
      throw new TrainingError({
        where: `epoch ${this.epoch + 1}, step ${this.updates}`,
        what: Number.isNaN(loss) ? "the loss or its gradient is not a number" : `the loss is ${loss}`,
        hint: "use a smaller learning rate or another seed",
      });
    }
    const { sums } = this;
    this.sums = {
      loss: sums.loss + loss,
      count: sums.count + count,
      correct: sums.correct + correct,
    };
  }

  endEpoch(measured: Readonly<Record<string, number>>, loss: number | undefined, hasClasses: boolean): void {
    const { sums } = this;
    this.epoch++;
    this.updates = 0;
    this.sums = nothing;
    const trainLoss = sums.loss / sums.count;
    const right = hasClasses && { trainAccuracy: sums.correct / sums.count };
    this.history.push({ trainLoss, ...right, ...measured });
    if (loss === undefined || !(loss < (this.best?.loss ?? Number.POSITIVE_INFINITY))) return;
    this.best = { epoch: this.epoch, loss, parameters: this.executor.state().parameters };
  }

  /** Epochs that have not been better than the best. */
  get sinceBest(): number {
    return this.best ? this.epoch - this.best.epoch : 0;
  }

  snapshot(): Run {
    const { epoch, updates, sums, best, executor } = this;
    const [state, carry, history] = [executor.state(), executor.carry(), [...this.history]];
    return { epoch, updates, sums, best, history, state, carry };
  }
}

const nothing: Sums = { loss: 0, count: 0, correct: 0 };

/** How many epochs a training may have, and how many updates in all. */
function lengthOf(
  { epochs, updates }: TrainOptions,
  updatesOf: (epoch: number) => number,
): { epochs: number; total: number } {
  if (updates !== undefined) return { epochs: Number.POSITIVE_INFINITY, total: updates };
  if (epochs === undefined) {
    throw new InputError({ what: "a training needs a length", hint: "give epochs or updates" });
  }
  let total = 0;
  for (let epoch = 1; epoch <= epochs; epoch++) total += updatesOf(epoch);
  return { epochs, total };
}

function optimiserOf(wanted: TrainOptions["optimiser"] = "adam"): Optimiser {
  return typeof wanted === "string" ? optimisers[wanted] : wanted;
}
