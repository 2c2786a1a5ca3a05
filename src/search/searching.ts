// The update of a differentiable search: weights times the gates of their groups go to the executor, the gradient of what it
// says goes to weights and gates. To the loop that trains, a search is one more way to be sparse, so that it is interrupted,
// resumed and recorded like any training.
import type { Batches } from "../data/batches.js";
import type { Executor } from "../engine/executor.js";
import { InputError, TrainingError } from "../errors.js";
import { Random } from "../math/random.js";
import type { Tensor } from "../network/architecture.js";
import { maskVector } from "../network/masks.js";
import { gradientOf } from "../sparsify/changing.js";
import type { Groups } from "../sparsify/groups.js";
import { clipping, masked, Trainee, use } from "../sparsify/relaxed.js";
import type { BatchOutcome, Beginning, Moment, Sparsifier } from "../train/sparsifier.js";
import type { Task } from "../train/task.js";
import type { Searcher } from "./searcher.js";
import type { Space } from "./space.js";

/** What there is to see of a search, at the end and at moments before. */
export interface Course {
  /** Shares of the search that were over. */
  readonly moments: readonly number[];
  /** Of each moment the gate of each group; none where there are too many groups to look at. */
  readonly gates: readonly Float32Array[];
}

/** A search that is going on. */
export interface Searching extends Sparsifier {
  /** What each group is worth now: the norm of its weights times its gate. */
  scores(): Float64Array;
  course(): Course;
}

/** Moments of a course, and the most groups that are kept of each. */
const MOMENTS = 40;
const MOST_GROUPS = 4096;

/**
 * A search of a space, for `train`.
 * @param held what gates learn from, where the searcher has them learn from data of their own. @param seed of its order.
 * @throws InputError when what is chosen among is frozen.
 */
export function searching(
  { network, groups, kept }: Space,
  searcher: Searcher,
  { updates, frozen = [] }: Beginning,
  { held, seed }: { readonly held?: Task; readonly seed: number | string },
): Searching {
  const possible = maskVector(network);
  const trainee = new Trainee(network.parameters);
  checkFree(groups, frozen, possible.length);
  const gates = searcher.begin(groups.count, kept);
  const norms = () => groups.norms(trainee.values);
  let done = 0;
  let course: Float32Array[] = [];
  let heldCarry = new Float32Array(0);
  const progressAt = (step: number) => step / updates;
  const stillAt = (step: number) => gates.still({ progress: progressAt(step), norms: norms() });
  const gated = (factors: Float64Array) => {
    const values = trainee.values.slice();
    groups.scale(factors, values);
    return values;
  };
  const ofHeld = held && batchesOf(held, new Random(seed).stream("held"));
  /** The gradient on held-out data, of which the lanes go on by themselves. */
  const gradientOnHeld = (moment: Moment): Float32Array => {
    const { executor, step } = moment;
    if (!ofHeld) throw new TypeError("there is no task that gates could learn from");
    const own = executor.carry();
    executor.setCarry(heldCarry);
    const [gradient] = gradientOf({ ...moment, batch: ofHeld(step) }, possible);
    heldCarry = Float32Array.from(executor.carry());
    executor.setCarry(own);
    return gradient;
  };
  const slopesOf = (gradient: Float32Array) => groups.products(gradient, trainee.values);
  const note = (step: number) => {
    if (groups.count > MOST_GROUPS || course.length * updates > step * MOMENTS) return;
    course.push(Float32Array.from(stillAt(step)));
  };
  return {
    network,
    settledFrom: 0,
    next: (step) => step,
    act(moment): { born: number; dropped: number; outcome: BatchOutcome } {
      const { executor, step, rate, random } = moment;
      const progress = progressAt(step);
      note(step);
      const open = () => {
        const factors = gates.open({ progress, norms: norms(), random });
        checkOpen(factors, step);
        return factors;
      };
      let factors = open();
      if (searcher.held) {
        use(executor, gated(factors), step);
        gates.learn?.(slopesOf(masked(gradientOnHeld(moment), possible)), rate, progress);
        factors = open();
      }
      use(executor, gated(factors), step);
      const [everywhere, outcome] = gradientOf(moment, possible);
      const gradient = masked(everywhere, possible);
      const scale = clipping(moment, outcome);
      if (!searcher.held) gates.learn?.(slopesOf(gradient), rate, progress);
      if (!searcher.straight) groups.scale(factors, gradient);
      trainee.update(moment, gradient, scale);
      done = step + 1;
      return { born: 0, dropped: 0, outcome };
    },
    show: (executor: Executor, step) => use(executor, gated(stillAt(step)), step),
    metrics: () => gates.metrics(),
    scores() {
      const own = stillAt(done);
      return norms().map((norm, g) => norm * own[g]);
    },
    course: () => ({
      moments: course.map((_, i) => i / MOMENTS),
      gates: [...course, ...(course.length > 0 ? [Float32Array.from(stillAt(done))] : [])],
    }),
    state: () =>
      new Map([
        ...trainee.state(),
        ...gates.state().map(([name, values]) => [`gates ${name}`, values] as const),
        ["done", Float32Array.of(done)] as const,
        ["held carry", heldCarry] as const,
        ...course.map((values, i) => [`course ${i}`, values] as const),
      ]),
    restore(state) {
      trainee.restore((name) => state.get(name));
      gates.restore((name) => state.get(`gates ${name}`));
      done = state.get("done")?.[0] ?? 0;
      heldCarry = Float32Array.from(state.get("held carry") ?? []);
      course = [];
      for (let i = 0; state.has(`course ${i}`); i++)
        course.push(Float32Array.from(state.get(`course ${i}`)!));
    },
  };
}

/** The batch of each update, epoch after epoch of a task; epochs of texts and long series need not be of equal length. */
function batchesOf(task: Task, random: Random): (step: number) => Batches {
  const epochOf = (number: number) => task.epoch(number, random.stream(`epoch ${number}`));
  let number = 1;
  let epoch = epochOf(number);
  let first = 0;
  return (step) => {
    while (step >= first + epoch.updates) {
      first += epoch.updates;
      number++;
      epoch = epochOf(number);
    }
    return epoch.batches(step - first, 1);
  };
}

/** @throws InputError when weights that are chosen among are not trained. */
function checkFree(groups: Groups, frozen: readonly Tensor[], length: number): void {
  const chosen = new Uint8Array(length);
  groups.mark(new Uint8Array(groups.count).fill(1), chosen);
  const both = frozen.find(({ offset, length: own }) => chosen.subarray(offset, offset + own).includes(1));
  if (!both) return;
  throw new InputError({
    where: "freeze",
    what: `${both.name} is frozen, and which of its weights stay is searched for`,
    hint: "freeze other tensors, or search other matrices",
  });
}

/** @throws TrainingError when every gate is closed, so that nothing can be learnt any more. */
function checkOpen(factors: Float64Array, step: number): void {
  if (factors.some((factor) => factor > 0)) return;
  throw new TrainingError({
    where: `update ${step + 1} of the search`,
    what: "all gates are closed",
    hint: "use a larger budget, a smaller learning rate or another searcher",
  });
}
