// An exponential and a logarithm of our own, in double precision and nothing but additions, multiplications, divisions
// and bits, so that a loss and its gradient are the same on every machine, whatever its C library or JavaScript engine.
// native/exp.h has the same, operation for operation; the methods are those of FreeBSD's msun (e_exp.c, e_log.c).

const LN2_HIGH = 0.6931471803691238;
const LN2_LOW = 1.9082149292705877e-10;
// Adding it rounds to a whole number.
const ROUND = 6755399441055744; // 1.5 * 2^52

const words = new Uint32Array(2);
const double = new Float64Array(words.buffer);

/** e^x to within one unit in the last place, for x of at most 709; below -700 it is e^-700. A NaN stays one. */
export function exp(x: number): number {
  const bounded = Math.max(-700, x);
  const k = bounded * Math.LOG2E + ROUND - ROUND;
  const high = bounded - k * LN2_HIGH;
  const low = k * LN2_LOW;
  const r = high - low;
  const t = r * r;
  const c =
    r -
    t *
      (0.16666666666666602 +
        t *
          (-0.0027777777777015593 +
            t * (6.613756321437934e-5 + t * (-1.6533902205465252e-6 + t * 4.1381367970572385e-8))));
  const y = 1 - (low - (r * c) / (2 - c) - high);
  words[0] = 0;
  words[1] = (k + 1023) << 20;
  return y * double[0];
}

/** ln x to within one unit in the last place, for x that is normal and positive. */
export function log(x: number): number {
  double[0] = x;
  let k = (words[1] >>> 20) - 1023;
  // The mantissa, from sqrt(1/2) to sqrt(2).
  words[1] = (words[1] & 0xfffff) | 0x3ff00000;
  if (double[0] > Math.SQRT2) {
    double[0] *= 0.5;
    k++;
  }
  const f = double[0] - 1;
  const s = f / (2 + f);
  const z = s * s;
  const w = z * z;
  const odd =
    z * (0.6666666666666735 + w * (0.2857142874366239 + w * (0.1818357216161805 + w * 0.14798198605116586)));
  const even = w * (0.3999999999940942 + w * (0.22222198432149784 + w * 0.15313837699209373));
  const half = 0.5 * f * f;
  return k * LN2_HIGH - (half - (s * (half + (odd + even)) + k * LN2_LOW) - f);
}
