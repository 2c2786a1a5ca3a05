// Training: one loop for every task, on whatever executor there is. A run is a pure function of the network, the task,
// the options and the seed: each epoch draws what is random from a stream of its own and dropout from a counter, so a
// run that is interrupted and resumed makes the same bits as one that is not.
import { compile } from "../engine/compile.js";
import { createExecutor, type ExecutorName } from "../engine/engine.js";
import {
  type Executor,
  type Optimiser,
  type OptimiserKind,
  optimisers,
  type TrainingState,
} from "../engine/executor.js";
import type { Dropout } from "../engine/options.js";
import { giveTurn } from "../engine/turns.js";
import { InputError, TrainingError } from "../errors.js";
import { Random } from "../math/random.js";
import type { Tensor } from "../network/architecture.js";
import { masksOf, maskVector } from "../network/masks.js";
import { Network } from "../network/network.js";
import { checkOptions } from "./options.js";
import { rateOf, type ScheduleName } from "./schedule.js";
import type { Acted, Sparsifier, Sparsify } from "./sparsifier.js";
import type { Epoch, EpochMetrics, Task } from "./task.js";

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
  /** The epoch after which the task's judge was lowest, and the parameters and their mask then. */
  readonly best?: Best;
  /** Updates in all. The executor counts those of its optimiser alone. */
  readonly step: number;
  /** What the sparsifier keeps besides. */
  readonly sparsity?: ReadonlyMap<string, Float32Array>;
}

export interface Best {
  readonly epoch: number;
  readonly loss: number;
  readonly parameters: Float32Array;
  readonly mask?: Uint8Array;
}

/** Sums over targets. */
export interface Sums {
  readonly loss: number;
  readonly count: number;
  readonly correct: number;
  /** Weights that were born and dropped, where masks change. */
  readonly born?: number;
  readonly dropped?: number;
}

/** One update: the mean loss before it, and the gradient's norm before clipping. */
export interface UpdateMetrics {
  readonly loss: number;
  readonly gradientNorm: number;
}

/** A training between two updates, for whoever looks on; it goes with the training. */
export interface Glance {
  /** Updates so far, and epochs that are over. */
  readonly step: number;
  readonly epoch: number;
  /** The network as it is now; a copy. */
  present(): Network;
  /** All that is needed to go on from here. */
  snapshot(): Run;
  /**
   * Changes which weights exist: a byte for each parameter, 1 where it does. What was absent begins at 0, and the best epoch is one
   * of those to come.
   * @throws InputError while a method decides over weights that it does not leave to the executor.
   */
  rewire(mask: Uint8Array): void;
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
  /** What decides which weights exist while training; the network's masks when left out. See `sparsifying`. */
  readonly sparsify?: Sparsify;
  /** Tensors that stay as they are: their names, or what names begin with up to a dot, such as `readout`. */
  readonly freeze?: readonly string[];
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
  /**
   * Awaited after every epoch, counted from 1: the place to write a checkpoint.
   * @param mask which weights there are now, a byte for each parameter; undefined where they do not change.
   */
  onEpoch?(epoch: number, metrics: EpochMetrics, run: Run, mask?: Uint8Array): void | Promise<void>;
  /** Awaited about once a minute within an epoch, for the same. */
  onPause?(run: Run): void | Promise<void>;
  /** Told of every update. */
  onUpdate?(update: UpdateMetrics): void;
  /** Asked after every epoch's `onEpoch`: whether training should end there, before what `epochs` says is the last one. */
  isDone?(): boolean;
  /**
   * Awaited before the first update and between calls to the executor: the place to look, to wait and to change masks. It
   * resolves to the most updates that may be made before it is called again, at least 1.
   */
  look?(glance: Glance): number | Promise<number>;
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
  const executorOf = (subject: Network) => {
    const plan = compile(subject, { batch, steps, symbols, recompute, dropout });
    const executor = createExecutor(plan, subject.parameters, { executor: name, threads });
    // A plan has the masks of matrices that are multiplied, and no other.
    if (subject.masks.has("embedding.weight")) executor.setMask(maskVector(subject));
    return executor;
  };
  const random = new Random(options.seed);
  const epochOf = (number: number) => task.epoch(number, random.stream(`epoch ${number}`));
  const frozen = tensorsNamed(network, options.freeze);
  const length = lengthOf(options, (number) => epochOf(number).updates);
  const sparsifier = options.sparsify?.({
    network,
    updates: length.total,
    epoch: epochOf(1).updates,
    frozen,
    random: random.stream("sparsity"),
    gradient: (batches) => gradientOn(network, task, { seed: options.seed, batches, executor: name }),
  });
  const begun = sparsifier?.network ?? network;
  const executor = executorOf(begun);
  const run = new Progress(executor, sparsifier, options.resume);
  const total = sparsifier?.updates ?? length.total;
  const epochs = sparsifier?.updates ? Number.POSITIVE_INFINITY : length.epochs;
  const rate = rateOf(
    {
      schedule: options.schedule ?? "constant",
      learningRate: options.learningRate ?? 1e-3,
      warmUp: options.warmUp,
    },
    length.total,
  );
  const rateAt = (step: number) => rate(sparsifier?.clock?.(step) ?? step);
  const optimiser = optimiserOf(options.optimiser);
  const seed = random.stream("dropout").below(2 ** 32);
  // What a network was calibrated to is not so any more.
  const { activations: _, ...conventions } = task.conventions(network);
  const { architecture } = network;
  const networkOf = (parameters: Float32Array, mask: Uint8Array | undefined) =>
    new Network(architecture, parameters, mask ? masksOf(begun, mask) : begun.masks, conventions);
  const present = () => {
    const state = executor.state();
    return networkOf(state.parameters, run.mask(state));
  };
  const rewire = (mask: Uint8Array) => {
    const hasOwn = sparsifier?.mask !== undefined || sparsifier?.show !== undefined;
    if (hasOwn && sparsifier?.next(run.step) !== Number.POSITIVE_INFINITY) {
      throw new InputError({
        what: "the method decides anew at every update which weights exist",
        hint: "change masks by hand in a training without it",
      });
    }
    executor.setMask(mask);
    // It was another network that was judged.
    run.best = undefined;
  };
  const glance: Glance = {
    get step() {
      return run.step;
    },
    get epoch() {
      return run.epoch;
    },
    present,
    rewire,
    snapshot: () => run.snapshot(),
  };
  let atOnce = 1;
  let paused = performance.now();

  const pause = async () => {
    const now = performance.now();
    if (!options.onPause || now - paused < 1000 * PAUSE_SECONDS) return;
    paused = now;
    await options.onPause(run.snapshot());
  };

  while (run.epoch < epochs && run.step < total) {
    const { updates, batches } = epochOf(run.epoch + 1);
    while (run.updates < updates && run.step < total) {
      const most = (await options.look?.(glance)) ?? Number.POSITIVE_INFINITY;
      signal?.throwIfAborted();
      const acts = sparsifier && sparsifier.next(run.step) - run.step;
      if (sparsifier && acts === 0) {
        const batch = batches(run.updates, 1);
        const moment = { executor, step: run.step, batch, optimiser, rate: rateAt(run.step), seed, frozen };
        const own = random.stream(`sparsity ${run.step}`);
        const acted = sparsifier.act({ ...moment, classWeights: task.classWeights, random: own });
        run.change(acted);
        await giveTurn();
        if (acted.outcome) {
          const { loss, count, norm } = acted.outcome;
          options.onUpdate?.({ loss: loss / count, gradientNorm: norm });
          run.add(acted.outcome);
          options.onProgress?.(run.step / total);
          await pause();
          continue;
        }
      }
      const begun = performance.now();
      const free = sparsifier ? sparsifier.next(run.step + 1) - run.step : Number.POSITIVE_INFINITY;
      const made = batches(
        run.updates,
        Math.min(atOnce, most, updates - run.updates, total - run.step, free),
      );
      const rates = Float64Array.from(made.sizes, (_, i) => rateAt(run.step + i));
      const { losses, counts, correct, norms } = await executor.train(made, 0, made.count, {
        optimiser,
        rates,
        seed,
        classWeights: task.classWeights,
        frozen,
      });
      for (const [i, loss] of losses.entries()) {
        options.onUpdate?.({ loss: loss / counts[i], gradientNorm: norms[i] });
        run.add({ loss, count: counts[i], correct: correct[i] });
      }
      options.onProgress?.(run.step / total);
      const wanted = (made.count * 1000 * CALL_SECONDS) / Math.max(1, performance.now() - begun);
      atOnce = Math.max(1, Math.min(MOST_UPDATES, Math.round(wanted)));
      await pause();
    }
    const ends = run.epoch + 1 === epochs || run.step === total;
    sparsifier?.show?.(executor, run.step);
    const carry = executor.carry();
    const measured = await task.evaluate(executor, present, ends);
    executor.setCarry(carry);
    const hasClasses = architecture.readout.predicts !== "numbers";
    run.endEpoch(measured, task.judgedBy && measured[task.judgedBy], hasClasses);
    const snapshot = run.snapshot();
    await options.onEpoch?.(
      run.epoch,
      run.history[run.history.length - 1],
      snapshot,
      run.mask(snapshot.state),
    );
    if (options.isDone?.() || run.sinceBest >= patience) break;
  }
  const trained = run.best ? networkOf(run.best.parameters.slice(), run.best.mask) : present();
  return sparsifier?.finish?.(trained) ?? trained;
}

/**
 * The gradient of the mean loss of a task's first batches at a network's weights, also of absent ones, laid out as the
 * parameters.
 */
export function gradientOn(
  network: Network,
  task: Task,
  options: { readonly seed: number | string; readonly batches: number; readonly executor?: ExecutorName },
): Float32Array {
  const { batch, steps, symbols } = task;
  const plan = compile(network, { batch, steps, symbols });
  const executor = createExecutor(plan, network.parameters, { executor: options.executor });
  const epoch = task.epoch(1, new Random(options.seed).stream("epoch 1"));
  return meanGradient(executor, epoch, options.batches, task.classWeights);
}

/** The mean of the gradients of an epoch's first batches, at all places. */
function meanGradient(
  executor: Executor,
  { updates, batches }: Epoch,
  count: number,
  classWeights: Float32Array | undefined,
): Float32Array {
  const some = batches(0, Math.min(count, updates));
  const mean = new Float32Array(executor.plan.parameters);
  for (let i = 0; i < some.count; i++) {
    const { gradient } = executor.gradient(some, i, { everywhere: true, classWeights });
    for (const [k, slope] of gradient.entries()) mean[k] += slope / some.count;
  }
  return mean;
}

/** The tensors of these names, or whose names begin with one and a dot. @throws InputError when there is none of a name. */
function tensorsNamed({ tensors }: Network, names: readonly string[] = []): Tensor[] {
  const isNamed = (tensor: Tensor, name: string) =>
    tensor.name === name || tensor.name.startsWith(`${name}.`);
  for (const name of names) {
    if ([...tensors.values()].some((tensor) => isNamed(tensor, name))) continue;
    throw new InputError({
      where: "freeze",
      what: `the network has no tensor ${name}`,
      hint: `choose of ${[...tensors.keys()].join(", ")}`,
    });
  }
  const chosen = [...tensors.values()].filter((tensor) => names.some((name) => isNamed(tensor, name)));
  if (chosen.length < tensors.size) return chosen;
  throw new InputError({ where: "freeze", what: "nothing would be trained", hint: "freeze fewer tensors" });
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
  private readonly sparsifier: Sparsifier | undefined;

  constructor(executor: Executor, sparsifier?: Sparsifier, resume?: Run) {
    this.executor = executor;
    this.sparsifier = sparsifier;
    this.epoch = resume?.epoch ?? 0;
    this.updates = resume?.updates ?? 0;
    this.sums = resume?.sums ?? nothing;
    this.best = resume?.best;
    this.history = [...(resume?.history ?? [])];
    this.step = resume?.step ?? 0;
    if (!resume) return;
    executor.setState(resume.state);
    executor.setCarry(resume.carry);
    if (resume.sparsity) sparsifier?.restore?.(resume.sparsity);
  }

  /** Counts what came and went. */
  change({ born, dropped }: Acted): void {
    const { sums } = this;
    this.sums = { ...sums, born: (sums.born ?? 0) + born, dropped: (sums.dropped ?? 0) + dropped };
  }

  /** Which weights exist, where that is no matter of the network's masks alone. */
  mask({ wiring }: TrainingState): Uint8Array | undefined {
    return this.sparsifier?.mask?.() ?? wiring?.mask;
  }

  /** @throws TrainingError when the loss is not finite. */
  add({ loss, count, correct }: Pick<Sums, "loss" | "count" | "correct">): void {
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
      ...sums,
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
    const state = this.executor.state();
    const mask = this.mask(state);
    const { born = 0, dropped = 0 } = sums;
    const sparsity = this.sparsifier && { ...this.sparsifier.metrics?.(mask), born, dropped };
    this.history.push({ trainLoss, ...right, ...measured, ...sparsity });
    if (this.sparsifier && this.step <= this.sparsifier.settledFrom) return;
    if (loss === undefined || !(loss < (this.best?.loss ?? Number.POSITIVE_INFINITY))) return;
    this.best = { epoch: this.epoch, loss, parameters: state.parameters, ...(mask && { mask }) };
  }

  /** Epochs that have not been better than the best. */
  get sinceBest(): number {
    return this.best ? this.epoch - this.best.epoch : 0;
  }

  snapshot(): Run {
    const { epoch, updates, step, sums, best, executor } = this;
    const [state, carry, history] = [executor.state(), executor.carry(), [...this.history]];
    const sparsity = this.sparsifier?.state?.();
    return { epoch, updates, step, sums, best, history, state, carry, ...(sparsity && { sparsity }) };
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
