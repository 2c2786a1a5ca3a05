// The sigmoid and tanh of the native executor (native/cells.h) in single precision, operation for operation and nothing fused:
// additions, multiplications, divisions and bits, which are the same on every machine. Exported C has the same
// (src/export/c/kernels.ts), and so an int8 network says the same bits everywhere.

const { fround } = Math;

/** 1.5 · 2^23 + 127: adding it rounds to a whole number and makes it an exponent. */
const SHIFT = 12583039;
const COEFFICIENTS = [0.00015353362, 0.0013398875, 0.00961843692, 0.0555033237, 0.240226477, 0.693147182].map(
  fround,
);
const PER_SIGMOID = fround(-Math.LOG2E);
const PER_TANH = fround(2 * Math.LOG2E);
const MOST_TANH = fround(9.2);

const bits = new Int32Array(1);
const float = new Float32Array(bits.buffer);

/** Of e^x = 2^(factor·x) = scale·(1 + part). */
let scale = 0;
let part = 0;

function power(x: number, factor: number): void {
  float[0] = fround(fround(x * factor) + SHIFT);
  const f = fround(fround(x * factor) + fround(SHIFT - float[0]));
  let slope = COEFFICIENTS[0];
  for (let i = 1; i < COEFFICIENTS.length; i++) slope = fround(fround(slope * f) + COEFFICIENTS[i]);
  bits[0] <<= 23;
  scale = float[0];
  part = fround(slope * f);
}

function clamp(x: number, most: number): number {
  return Math.max(-most, Math.min(most, x));
}

/** 1 + e^-x. */
function sigmoidDenominator(x: number): number {
  power(clamp(x, 43), PER_SIGMOID);
  return fround(fround(scale * fround(part + 1)) + 1);
}

/** e^2x - 1, which tanh divides by e^2x + 1. */
function tanhNumerator(x: number): number {
  power(clamp(x, MOST_TANH), PER_TANH);
  return fround(fround(scale * part) + fround(scale - 1));
}

/** tanh x of a float32, absolute error below 1.5e-7. */
export function tanh32(x: number): number {
  const numerator = tanhNumerator(x);
  return fround(numerator / fround(numerator + 2));
}

/** The sigmoids of two float32 by one division, absolute errors below 2e-7. */
export function sigmoids32(x: number, y: number): [number, number] {
  const a = sigmoidDenominator(x);
  const b = sigmoidDenominator(y);
  const ab = fround(1 / fround(a * b));
  return [fround(ab * b), fround(ab * a)];
}

/** The sigmoid of x and tanh y of two float32 by one division, absolute errors below 2.5e-7. */
export function sigmoidAndTanh32(x: number, y: number): [number, number] {
  const a = sigmoidDenominator(x);
  const numerator = tanhNumerator(y);
  const b = fround(numerator + 2);
  const ab = fround(1 / fround(a * b));
  return [fround(ab * b), fround(numerator * fround(ab * a))];
}
