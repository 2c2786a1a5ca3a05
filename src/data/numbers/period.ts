// The period of a series, for the forecast that repeats what was a period ago. It is found and not asked for, since few
// know it of their data and the rule is worth little with a wrong one.

/** Steps, from the end of each series, that are looked at. */
const MOST_STEPS = 20_000;
const LONGEST = 1000;
/** What repeats less than this is no period. */
const LEAST_CORRELATION = 0.2;
/** A shorter lag is taken before a longer one that correlates so much better only: multiples of a period do as well as it. */
const AS_GOOD = 0.9;

/**
 * The lag at which series correlate most with themselves: a peak of the autocorrelation, averaged over all series and
 * names, after a straight line is taken out of each; 2 steps to a third of the longest series, at most 1,000.
 * @param series of each [step][name]; steps with a value that is NaN count as the line.
 * @returns undefined where no peak reaches 0.2.
 */
export function findPeriod(series: readonly Float32Array[], width: number): number | undefined {
  const longest = Math.max(...series.map(({ length }) => length / width));
  const most = Math.min(LONGEST, Math.floor(longest / 3));
  const sums = new Float64Array(most + 2);
  for (const values of series) {
    const steps = Math.min(MOST_STEPS, values.length / width);
    for (let c = 0; c < width; c++) {
      const first = values.length - steps * width + c;
      const own = withoutLine(Float64Array.from({ length: steps }, (_, i) => values[first + i * width]));
      const squares = product(own, 0);
      // Of a series that is a straight line nothing repeats.
      if (!(squares > 0)) continue;
      for (let lag = 0; lag < sums.length && lag < steps; lag++)
        sums[lag] += (product(own, lag) / squares) * steps;
    }
  }
  const peaks: number[] = [];
  for (let lag = 2; lag <= most; lag++) {
    if (sums[lag] > sums[lag - 1] && sums[lag] >= sums[lag + 1] && sums[lag] >= LEAST_CORRELATION * sums[0])
      peaks.push(lag);
  }
  const best = Math.max(...peaks.map((lag) => sums[lag]));
  return peaks.find((lag) => sums[lag] >= AS_GOOD * best);
}

/** Less its least-squares line; 0 where it is not known. */
function withoutLine(values: Float64Array): Float64Array {
  let [count, meanX, meanY] = [0, 0, 0];
  for (const [x, y] of values.entries()) {
    if (!Number.isFinite(y)) continue;
    count++;
    meanX += (x - meanX) / count;
    meanY += (y - meanY) / count;
  }
  let [across, along] = [0, 0];
  for (const [x, y] of values.entries()) {
    if (!Number.isFinite(y)) continue;
    across += (x - meanX) * (y - meanY);
    along += (x - meanX) ** 2;
  }
  const slope = along > 0 ? across / along : 0;
  // What rounding to single precision leaves of a line is nothing.
  const largest = values.reduce((most, y) => Math.max(most, Number.isFinite(y) ? Math.abs(y) : 0), 0);
  const nothing = 1e-6 * largest;
  return values.map((y, x) => {
    const left = y - meanY - slope * (x - meanX);
    return Math.abs(left) > nothing ? left : 0;
  });
}

function product(values: Float64Array, lag: number): number {
  let sum = 0;
  for (let i = lag; i < values.length; i++) sum += values[i] * values[i - lag];
  return sum;
}
