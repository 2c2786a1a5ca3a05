// Dynamic time warping, the distance that a nearest neighbour among sequences is usually judged by (Sakoe and Chiba 1978):
// what two sequences differ by when either may go slower or faster. Sequences of vectors are warped as one, their channels
// together (the "dependent" variant, DTW_D, of Shokoohi-Yekta et al. 2017).

/** [step][channel], one sequence. */
export type Steps = Float32Array;

/**
 * The least sum of squared distances along a path from both first steps to both last ones on which neither goes back.
 * @param limit what is above it need not be known exactly: infinity is returned then, and sooner.
 * @param radius how many steps the path may leave the diagonal; any number when left out. A path exists only where it is
 *   at least the difference of the lengths; the distance is infinity elsewhere.
 */
export function warpingDistance(
  a: Steps,
  b: Steps,
  channels: number,
  limit = Number.POSITIVE_INFINITY,
  radius = Number.POSITIVE_INFINITY,
): number {
  const [rows, columns] = [a.length / channels, b.length / channels];
  // The costs of the paths to the steps of b, those before the first of a being unreachable but for the beginning.
  let before = new Float64Array(columns + 1).fill(Number.POSITIVE_INFINITY);
  let now = new Float64Array(columns + 1).fill(Number.POSITIVE_INFINITY);
  before[0] = 0;
  for (let i = 0; i < rows; i++) {
    const first = Math.max(0, i - radius);
    const end = Math.min(columns, i + radius + 1);
    let least = Number.POSITIVE_INFINITY;
    now[first] = Number.POSITIVE_INFINITY;
    for (let j = first; j < end; j++) {
      let squared = 0;
      for (let c = 0, p = i * channels, q = j * channels; c < channels; c++) {
        const difference = a[p++] - b[q++];
        squared += difference * difference;
      }
      const aside = now[j];
      const above = before[j + 1];
      const across = before[j];
      const cost = squared + (across <= above ? Math.min(across, aside) : Math.min(above, aside));
      now[j + 1] = cost;
      if (cost < least) least = cost;
    }
    if (end < columns) now[end + 1] = Number.POSITIVE_INFINITY;
    if (least > limit) return Number.POSITIVE_INFINITY;
    [before, now] = [now, before];
  }
  return before[columns] > limit ? Number.POSITIVE_INFINITY : before[columns];
}

/** The least and the largest value of each channel. */
export interface Box {
  readonly least: Float64Array;
  readonly most: Float64Array;
}

export function boxOf(steps: Steps, channels: number): Box {
  const least = new Float64Array(channels).fill(Number.POSITIVE_INFINITY);
  const most = new Float64Array(channels).fill(Number.NEGATIVE_INFINITY);
  for (let i = 0; i < steps.length; i++) {
    const c = i % channels;
    if (steps[i] < least[c]) least[c] = steps[i];
    if (steps[i] > most[c]) most[c] = steps[i];
  }
  return { least, most };
}

/**
 * What any path costs at least, as every step meets one of the other sequence, which lies in its box: the sum of squared
 * distances of the steps to that box (Keogh's bound with an unlimited window).
 */
export function boxBound(steps: Steps, channels: number, { least, most }: Box): number {
  let sum = 0;
  for (let i = 0, c = 0; i < steps.length; i++) {
    const value = steps[i];
    const beyond = value > most[c] ? value - most[c] : value < least[c] ? least[c] - value : 0;
    sum += beyond * beyond;
    if (++c === channels) c = 0;
  }
  return sum;
}
