// Statistics of a list of numbers: moments, quantiles, scores, and Student's distribution for p-values and
// intervals.

/**
 * The sum in NumPy's order (pairwise, eight sums at a time), whose error grows with log n instead of n and whose last
 * bit is NumPy's: where two splits are equally good that bit decides.
 */
export function sum(values: ArrayLike<number>, from = 0, count = values.length): number {
  if (count < 8) {
    let total = 0;
    for (let i = from; i < from + count; i++) total += values[i];
    return total;
  }
  if (count > 128) {
    const half = (count >> 1) & ~7;
    return sum(values, from, half) + sum(values, from + half, count - half);
  }
  const sums = Array.from({ length: 8 }, (_, i) => values[from + i]);
  const whole = count & ~7;
  for (let i = 8; i < whole; i++) sums[i & 7] += values[from + i];
  const [a, b, c, d, e, f, g, h] = sums;
  let total = a + b + (c + d) + (e + f + (g + h));
  for (let i = whole; i < count; i++) total += values[from + i];
  return total;
}

/** The arithmetic mean; NaN of nothing. */
export function mean(values: ArrayLike<number>): number {
  return sum(values) / values.length;
}

/** The mean squared distance from the mean, divided by n - `lost` degrees of freedom. */
export function variance(values: ArrayLike<number>, lost = 0): number {
  const centre = mean(values);
  let squares = 0;
  for (let i = 0; i < values.length; i++) squares += (values[i] - centre) ** 2;
  return squares / (values.length - lost);
}

/** The quantile at `q` in [0, 1] of ascending values, interpolated linearly as NumPy does. */
export function quantile(ascending: ArrayLike<number>, q: number): number {
  const at = q * (ascending.length - 1);
  const below = Math.floor(at);
  const above = Math.min(below + 1, ascending.length - 1);
  return ascending[below] + (at - below) * (ascending[above] - ascending[below]);
}

/**
 * The coefficient of determination R², at most 1; 0 is as good as predicting the mean of `actual`. Where `actual` is
 * constant it is 1 for exact predictions and 0 otherwise, as scikit-learn's `r2_score`.
 */
export function r2(actual: ArrayLike<number>, predicted: ArrayLike<number>): number {
  const centre = mean(actual);
  let residual = 0;
  let total = 0;
  for (let i = 0; i < actual.length; i++) {
    residual += (actual[i] - predicted[i]) ** 2;
    total += (actual[i] - centre) ** 2;
  }
  if (total === 0) return residual === 0 ? 1 : 0;
  return 1 - residual / total;
}

/** The mean absolute error, in the target's unit. */
export function meanAbsoluteError(actual: ArrayLike<number>, predicted: ArrayLike<number>): number {
  let distance = 0;
  for (let i = 0; i < actual.length; i++) distance += Math.abs(actual[i] - predicted[i]);
  return distance / actual.length;
}

/** The probability that Student's t with `freedom` degrees of freedom is at least `|t|` away from zero. */
export function studentTwoSided(t: number, freedom: number): number {
  if (!Number.isFinite(t)) return 0;
  return incompleteBeta(freedom / (freedom + t * t), freedom / 2, 0.5);
}

/** The t > 0 with `studentTwoSided(t, freedom) = p`, for p in (0, 1); the half-width factor of a (1 - p) interval. */
export function studentQuantile(p: number, freedom: number): number {
  let low = 0;
  let high = 1;
  while (studentTwoSided(high, freedom) > p) high *= 2;
  for (let i = 0; i < 100; i++) {
    const middle = (low + high) / 2;
    if (studentTwoSided(middle, freedom) > p) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

// The regularised incomplete beta function I_x(a, b), by its continued fraction (Lentz's method; Press et al.,
// Numerical Recipes, 6.4), which converges fast on the side of the mean where it is used.
function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x));
  return x < (a + 1) / (a + b + 2)
    ? (front * betaFraction(x, a, b)) / a
    : 1 - (front * betaFraction(1 - x, b, a)) / b;
}

function betaFraction(x: number, a: number, b: number): number {
  const nonzero = (value: number) => (Math.abs(value) < 1e-300 ? 1e-300 : value);
  let c = 1;
  let d = 1 / nonzero(1 - ((a + b) * x) / (a + 1));
  let fraction = d;
  for (let m = 1; m <= 10_000; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / nonzero(1 + even * d);
    c = nonzero(1 + even / c);
    fraction *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / nonzero(1 + odd * d);
    c = nonzero(1 + odd / c);
    fraction *= d * c;
    if (Math.abs(d * c - 1) < 1e-15) break;
  }
  return fraction;
}

// The logarithm of the Gamma function for x > 0: Stirling's series, reached by the recurrence.
function logGamma(x: number): number {
  let shift = 0;
  while (x < 15) shift -= Math.log(x++);
  const y = 1 / (x * x);
  const series = (1 / 12 - y * (1 / 360 - y * (1 / 1260 - y * (1 / 1680 - y / 1188)))) / x;
  return shift + (x - 0.5) * Math.log(x) - x + 0.5 * Math.log(2 * Math.PI) + series;
}
