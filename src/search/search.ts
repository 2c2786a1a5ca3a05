// A differentiable search from beginning to end: the super-network is trained with gates, and of the groups as many stay as the
// budget says. What is found is trained from scratch by whoever wants it.
import { InputError } from "../errors.js";
import type { Task } from "../train/task.js";
import { type TrainOptions, train } from "../train/train.js";
import { type SearcherName, searchers } from "./searchers.js";
import { type Course, type Searching, searching } from "./searching.js";
import type { Space } from "./space.js";

export interface SearchOptions extends Omit<TrainOptions, "sparsify" | "patience"> {
  readonly searcher: SearcherName;
  /** Data that gates learn from, which some searchers need. */
  readonly held?: Task;
}

export interface Found {
  /** Marks the groups that stay. */
  readonly marked: Uint8Array;
  /** What each group was worth in the end. */
  readonly scores: Float64Array;
  readonly course: Course;
}

/** Whether a searcher needs data that are held out. */
export function needsHeld(name: SearcherName): boolean {
  return "held" in searchers[name] && searchers[name].held === true;
}

/**
 * Searches a space on a task.
 * @throws InputError when a searcher lacks data; as `train`.
 */
export async function search(space: Space, task: Task, options: SearchOptions): Promise<Found> {
  const { searcher, held, ...training } = options;
  if (needsHeld(searcher) && !held) {
    throw new InputError({
      where: searcher,
      what: "its gates learn from data that are held out, and there are none",
      hint: "give validation data, or another searcher",
    });
  }
  let own: Searching | undefined;
  await train(space.network, task, {
    ...training,
    sparsify(beginning) {
      own = searching(space, searchers[searcher], beginning, { held, seed: options.seed });
      return own;
    },
  });
  if (!own) throw new TypeError("a training makes its sparsifier");
  const scores = own.scores();
  return { marked: space.choose(scores), scores, course: own.course() };
}
