// The one source of randomness: a small seedable generator that is passed explicitly, so that the seed in a trial's
// configuration determines everything. Streams are split by name, never by order of use: adding a draw in one place
// moves no other.

/**
 * sfc32 (Chris Doty-Humphrey's Small Fast Counting generator, PractRand), 128 bits of state, seeded from any
 * safe integer or text.
 */
export class Random {
  private a: number;
  private b: number;
  private c: number;
  private counter = 1;
  private readonly origin: string;

  /** @param seed an integer or a text; equal seeds give equal streams on every machine. */
  constructor(seed: number | string) {
    this.origin = String(seed);
    [this.a, this.b, this.c] = hash(this.origin);
    for (let i = 0; i < 15; i++) this.uint32();
  }

  /** An independent stream that depends only on this generator's seed and `name`, not on draws made so far. */
  stream(name: string): Random {
    return new Random(`${this.origin}/${name}`);
  }

  /** A uniform integer in [0, 2³²). */
  uint32(): number {
    const t = (this.a + this.b + this.counter) | 0;
    this.counter = (this.counter + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = ((this.c << 21) | (this.c >>> 11)) + t;
    this.c |= 0;
    return t >>> 0;
  }

  /** A uniform number in [0, 1) with 53 random bits. */
  uniform(): number {
    return ((this.uint32() >>> 5) * 0x4000000 + (this.uint32() >>> 6)) / 0x20000000000000;
  }

  /** A uniform integer in [0, n), without modulo bias. `n` in [1, 2³²]. */
  below(n: number): number {
    const limit = 0x100000000 - (0x100000000 % n);
    let draw = this.uint32();
    while (draw >= limit) draw = this.uint32();
    return draw % n;
  }

  /** A standard normal draw (Marsaglia's polar method). */
  normal(): number {
    for (;;) {
      const u = 2 * this.uniform() - 1;
      const v = 2 * this.uniform() - 1;
      const s = u * u + v * v;
      if (s > 0 && s < 1) return u * Math.sqrt((-2 * Math.log(s)) / s);
    }
  }

  /** One element of a non-empty list. */
  pick<T>(list: ArrayLike<T>): T {
    return list[this.below(list.length)];
  }

  /** Shuffles in place (Fisher–Yates) and returns the same list. */
  shuffle<T extends { length: number; [index: number]: unknown }>(list: T): T {
    for (let i = list.length - 1; i > 0; i--) {
      const j = this.below(i + 1);
      const kept = list[i];
      list[i] = list[j];
      list[j] = kept;
    }
    return list;
  }
}

// cyrb128: four well-mixed 32-bit words from a text; three are used.
function hash(text: string): [number, number, number] {
  let h1 = 1779033703;
  let h2 = 3144134277;
  let h3 = 1013904242;
  let h4 = 2773480762;
  for (let i = 0; i < text.length; i++) {
    const k = text.charCodeAt(i);
    h1 = h2 ^ Math.imul(h1 ^ k, 597399067);
    h2 = h3 ^ Math.imul(h2 ^ k, 2869860233);
    h3 = h4 ^ Math.imul(h3 ^ k, 951274213);
    h4 = h1 ^ Math.imul(h4 ^ k, 2716044179);
  }
  h1 = Math.imul(h3 ^ (h1 >>> 18), 597399067);
  h2 = Math.imul(h4 ^ (h2 >>> 22), 2869860233);
  h3 = Math.imul(h1 ^ (h3 >>> 17), 951274213);
  h4 = Math.imul(h2 ^ (h4 >>> 19), 2716044179);
  return [h1 ^ h2 ^ h3 ^ h4, h2 ^ h1, h3 ^ h1];
}
