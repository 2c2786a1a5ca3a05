// An exponential and a logarithm of our own, in double precision and nothing but additions, multiplications, divisions
// and bits, so that a loss and its gradient are the same on every machine, whatever its C library or JavaScript engine.
// native/exp.h has the same, operation for operation; the methods are those of FreeBSD's msun (e_exp.c, e_log.c).

const LN2_HIGH = 6.9314718036912381649e-1;
const LN2_LOW = 1.90821492927058770002e-10;
// Adding it rounds to a whole number.
const ROUND = 6755399441055744; // 1.5 * 2^52

const words = new Uint32Array(2);
const double = new Float64Array(words.buffer);

/** e^x to within one unit in the last place, for x of at most 709; below -700 it is e^-700. A NaN stays one. */
export function exp(x: number): number {
  const bounded = x < -700 ? -700 : x;
  const k = bounded * 1.4426950408889634 + ROUND - ROUND;
  const high = bounded - k * LN2_HIGH;
  const low = k * LN2_LOW;
  const r = high - low;
  const t = r * r;
  const c =
    r -
    t *
      (1.66666666666666019037e-1 +
        t *
          (-2.77777777770155933842e-3 +
            t *
              (6.61375632143793436117e-5 + t * (-1.6533902205465251539e-6 + t * 4.13813679705723846039e-8))));
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
    z *
    (6.66666666666673513e-1 +
      w * (2.857142874366239149e-1 + w * (1.818357216161805012e-1 + w * 1.479819860511658591e-1)));
  const even = w * (3.999999999940941908e-1 + w * (2.222219843214978396e-1 + w * 1.531383769920937332e-1));
  const half = 0.5 * f * f;
  return k * LN2_HIGH - (half - (s * (half + (odd + even)) + k * LN2_LOW) - f);
}
