// How things are compared: in turn, in rounds, so that each meets the machine in the same mood and ratios hold while its
// speed drifts. Times are the processor's, not the clock's: on one core the two are the same but for what other programs
// do there meanwhile.

/** One of the things compared: does its work `n` times and says how many milliseconds one time took. */
export interface Side {
  run(n: number): number | Promise<number>;
  /** Fewer rounds than the others, for what is very slow. */
  readonly rounds?: number;
}

/** Times work in this process that does not do so itself. Several threads are timed by the clock. */
export function timed(work: (n: number) => Promise<void>, threads = 1): Side["run"] {
  const now = () => {
    if (threads > 1) return performance.now();
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
  };
  return async (n) => {
    const start = now();
    await work(n);
    return (now() - start) / n;
  };
}

/**
 * Runs all sides in turn for `rounds` rounds, each side for about `milliseconds` a round but at least once.
 * @returns milliseconds of one repetition, [side][round].
 */
export async function interleave(
  sides: readonly Side[],
  { rounds, milliseconds }: { rounds: number; milliseconds: number },
): Promise<number[][]> {
  const repetitions: number[] = [];
  for (const side of sides) {
    await side.run(1); // Whatever happens only once happens now.
    let n = 1;
    let time = await side.run(n);
    // A tenth of a round is long enough to be measured, a millisecond at the least.
    while (n * time < Math.max(1, milliseconds / 10)) {
      n *= 2;
      time = await side.run(n);
    }
    repetitions.push(Math.max(1, Math.round(milliseconds / time)));
  }
  const times = sides.map((): number[] => []);
  for (let round = 0; round < rounds; round++) {
    for (const [i, side] of sides.entries()) {
      if (round < (side.rounds ?? rounds)) times[i].push(await side.run(repetitions[i]));
    }
  }
  return times;
}

/** The upper of the two middle values where their number is even. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1];
}

/** How many times as long `a` takes as `b`: the median over rounds of the ratio within a round. */
export function ratioOf(a: readonly number[], b: readonly number[]): number {
  return median(a.slice(0, b.length).map((time, round) => time / b[round]));
}
