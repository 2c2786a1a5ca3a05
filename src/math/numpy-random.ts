// NumPy's legacy generator (`numpy.random.RandomState`), as far as scikit-learn draws from it. Splits, folds,
// bootstraps and permutations made with it are those of scikit-learn at the same `random_state`, so that a
// published split is generated rather than copied and every regressor can be compared with scikit-learn's number by number.

const size = 624;
const middle = 397;

/** MT19937 (Matsumoto and Nishimura, 1998), seeded as `RandomState(seed)` is. */
export class NumpyRandom {
  private readonly state = new Uint32Array(size);
  private position = size;

  /** @param seed an integer in [0, 2³²). */
  constructor(seed: number) {
    let word = seed >>> 0;
    for (let i = 0; i < size; i++) {
      this.state[i] = word;
      word = (Math.imul(1812433253, word ^ (word >>> 30)) + i + 1) >>> 0;
    }
  }

  /** A uniform integer in [0, 2³²). */
  uint32(): number {
    if (this.position === size) this.refill();
    let word = this.state[this.position++];
    word ^= word >>> 11;
    word ^= (word << 7) & 0x9d2c5680;
    word ^= (word << 15) & 0xefc60000;
    return (word ^ (word >>> 18)) >>> 0;
  }

  /** A uniform integer in [0, n), as `randint(n)`: masked and redrawn until it fits. `n` in [1, 2³²). */
  below(n: number): number {
    if (n === 1) return 0;
    const mask = 0xffffffff >>> Math.clz32(n - 1);
    for (;;) {
      const draw = (this.uint32() & mask) >>> 0;
      if (draw < n) return draw;
    }
  }

  /** A uniform number in [0, 1) with 53 random bits, as `random_sample()`. */
  uniform(): number {
    return ((this.uint32() >>> 5) * 0x4000000 + (this.uint32() >>> 6)) / 0x20000000000000;
  }

  /** A seed for a part, in [0, 2³¹ - 1), as scikit-learn draws one for each tree and each tree's splitter. */
  seed(): number {
    return this.below(0x7fffffff);
  }

  /** Shuffles in place, as `shuffle`, and returns the same array. */
  shuffle(list: Int32Array): Int32Array {
    for (let i = list.length - 1; i > 0; i--) {
      const j = this.below(i + 1);
      const kept = list[i];
      list[i] = list[j];
      list[j] = kept;
    }
    return list;
  }

  /** The numbers 0 to n - 1 in random order, as `permutation(n)`. */
  permutation(n: number): Int32Array {
    return this.shuffle(Int32Array.from({ length: n }, (_, i) => i));
  }

  private refill(): void {
    const { state } = this;
    for (let i = 0; i < size; i++) {
      const word = (state[i] & 0x80000000) | (state[(i + 1) % size] & 0x7fffffff);
      state[i] = state[(i + middle) % size] ^ (word >>> 1) ^ (word & 1 ? 0x9908b0df : 0);
    }
    this.position = 0;
  }
}
