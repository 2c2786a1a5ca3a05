// Lays the sequences of a plan out in one arena. What is never alive at the same time shares its place, so that a
// training step touches as little memory as it can.
import { InputError } from "../errors.js";
import { operations, type Rows, type Sequence, type StageOp } from "./plan.js";

/** Floats of a buffer up to which the native executor finds its way in it: places in a plan are words of 32 bits. */
const LARGEST_BUFFER = 2 ** 30;

/**
 * @param what a buffer of a plan.
 * @throws InputError when it would have more than 4 GiB.
 */
export function checkBuffer(what: string, floats: number, hint: string): void {
  if (floats <= LARGEST_BUFFER) return;
  const size = (Math.ceil((10 * floats) / 2 ** 28) / 10).toFixed(1);
  throw new InputError({ what: `${what} would need ${size} GiB, and a plan has room for 4`, hint });
}

/**
 * Gives every sequence that groups of operations name its offset and returns the size of the arena in floats. A sequence
 * lives from the first to the last group that names it, one that holds less than all steps always, because it may gather
 * from several runs of the groups; each takes the lowest place that is free for all of that time.
 * @param steps how many of them the arena has room for.
 * @throws InputError when a training step would need more than 4 GiB.
 */
export function layOut(groups: readonly (readonly StageOp[])[], steps: number, lanes: number): number {
  const lives = new Map<Sequence, { first: number; last: number }>();
  for (const [index, group] of groups.entries()) {
    for (const { of } of group.flatMap(rowsOf)) {
      const life = lives.get(of);
      if (life) life.last = Math.max(life.last, index);
      else if (of.held === undefined) lives.set(of, { first: index, last: index });
      else lives.set(of, { first: 0, last: groups.length - 1 });
    }
  }
  const placed: { start: number; end: number; first: number; last: number }[] = [];
  let size = 0;
  for (const [sequence, { first, last }] of lives) {
    const step = sequence.rows * lanes;
    const floats = ((sequence.held ?? steps) + (sequence.initial ? 1 : 0)) * step;
    let start = 0;
    for (const other of placed) {
      if (other.last < first || other.first > last) continue;
      if (other.start < start + floats && start < other.end) start = other.end;
    }
    sequence.offset = start + (sequence.initial ? step : 0);
    placed.push({ start, end: start + floats, first, last });
    placed.sort((a, b) => a.start - b.start);
    size = Math.max(size, start + floats);
  }
  checkBuffer(
    "the activations of one step of training",
    size,
    "use shorter sequences, a smaller network, or recompute",
  );
  return size;
}

/** What an operation reads and writes. */
function rowsOf(op: StageOp): Rows[] {
  const values: Readonly<Record<string, unknown>> = { ...op };
  return Object.entries(operations[op.op]).flatMap(([field, kind]) => {
    const value = values[field];
    if (value === undefined || !["rows", "optional", "list", "straddle"].includes(kind)) return [];
    return value as Rows | Rows[];
  });
}
