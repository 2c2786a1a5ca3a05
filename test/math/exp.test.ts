// The exponential and the logarithm of our own against values computed with whole numbers of hundreds of bits.
import { describe, expect, it } from "vitest";
import { exp, log } from "../../src/math/exp.js";
import { Random } from "../../src/math/random.js";

const BITS = 1200n;
const ONE = 1n << BITS;

/** x in units of 2^-BITS, exactly. */
function fixed(x: number): bigint {
  let scale = 0n;
  let whole = x;
  while (!Number.isInteger(whole)) {
    whole *= 2;
    scale++;
  }
  return (BigInt(whole) << BITS) >> scale;
}

/** e^x in units of 2^-BITS: a power series of x/2^20, squared twenty times. */
function exactExp(x: number): bigint {
  const small = fixed(x) >> 20n;
  let term = ONE;
  let sum = ONE;
  for (let k = 1n; term !== 0n; k++) {
    term = (term * small) / (k << BITS);
    sum += term;
  }
  for (let i = 0; i < 20; i++) sum = (sum * sum) >> BITS;
  return sum;
}

/** The distance of the double above |x| from |x|. */
function unit(x: number): number {
  const double = Float64Array.of(Math.abs(x));
  new BigInt64Array(double.buffer)[0]++;
  return double[0] - Math.abs(x);
}

/** How many times as large `a` is as `b`. */
const ratio = (a: bigint, b: bigint) => Number((a << 80n) / b) / 2 ** 80;

describe("exp", () => {
  const random = new Random("exp");
  const drawn = Array.from({ length: 200 }, (_, i) => (i % 2 ? -50 : 700) * (2 * random.uniform() - 1));
  it("is within one unit in the last place", () => {
    for (const x of [0, 1, -1, 0.5, 1e-9, -1e-300, Math.LN2, -Math.LN2 / 2, 700, -700, ...drawn]) {
      const y = exp(x);
      const exact = exactExp(x);
      const error = ratio(fixed(y) - exact, exact) * y;
      expect(Math.abs(error), String(x)).toBeLessThanOrEqual(unit(y));
    }
  });

  it("never falls below e^-700, and a NaN stays one", () => {
    expect(exp(-701)).toBe(exp(-700));
    expect(exp(Number.NEGATIVE_INFINITY)).toBe(exp(-700));
    expect(exp(Number.NaN)).toBeNaN();
    expect(exp(0)).toBe(1);
  });
});

it("log is within one unit in the last place", () => {
  const random = new Random("log");
  const drawn = Array.from({ length: 200 }, (_, i) => 1 + random.uniform() * 10 ** (i % 9));
  for (const x of [2, 0.5, 1 + 2 ** -52, Math.SQRT2, 1e-300, 1e300, 65, 10_000, 1e-5, ...drawn]) {
    const y = log(x);
    // x = e^y·(1 + d), and ln(1 + d) is d to far below a unit.
    const power = exactExp(y);
    const error = ratio(fixed(x) - power, power);
    expect(Math.abs(error), String(x)).toBeLessThanOrEqual(unit(y));
  }
  expect(log(1)).toBe(0);
});
