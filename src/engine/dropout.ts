// What dropout drops. Each unit's fate is drawn from a counter (seed, update, layer, step, unit, example) and never from
// a lane's place or a state of its own, so that it is the same on every executor, on any number of threads and after an
// interruption. native/kernels.cc has the same mixing, which is "lowbias32" of C. Wellons's hash prospector.

/** Rates are in units of 2^-24. */
export const DROPOUT_ONE = 2 ** 24;

/** A well mixed 32-bit number. */
function mix(x: number): number {
  let h = x ^ (x >>> 16);
  h = Math.imul(h, 0x21f0aaad);
  h ^= h >>> 15;
  h = Math.imul(h, 0xd35a2d97);
  return h ^ (h >>> 15);
}

/** What an update's draws start from. */
export function dropoutKey(seed: number, update: number): number {
  return mix((mix(seed) + Math.imul(update, 0x9e3779b9)) | 0);
}

/** What a unit's draws at one step start from. */
export function rowKey(key: number, layer: number, step: number, unit: number): number {
  const place = Math.imul(layer, 0x27d4eb2f) + Math.imul(step, 0x85ebca6b) + Math.imul(unit, 0xc2b2ae35);
  return mix((key + place) | 0);
}

/** Whether an example's unit is dropped at a rate in units of 2^-24. */
export function isDropped(row: number, example: number, rate: number): boolean {
  return mix((row + Math.imul(example, 0x9e3779b9)) | 0) >>> 8 < rate;
}
