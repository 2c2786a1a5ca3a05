// The kernels of weight gradients, written once over the vector type as in kernels.cc: sums over the steps and lanes of a chunk, of
// every weight of a rectangle or of a compressed matrix's nonzeros. They are added to what is there chunk by chunk, and lanes are
// folded in one order, so that all instruction sets give the same bits.
#include "kernels.h"
#include "simd.h"

namespace filigree::FILIGREE_ISA {
namespace {

// ---- Rectangles -------------------------------------------------------------------------------------------------

// Cuts `total` into nearly equal chunks of at most `most` and calls f(first, length) for each.
template <class F>
INLINE void chunks(int total, int most, F f) {
  const int count = (total + most - 1) / most;
  for (int c = 0, first = 0; c < count; c++) {
    const int length = total / count + (c < total % count);
    f(first, length);
    first += length;
  }
}

// Columns in whole sixteens: `right` is transposed, so that columns lie along the vectors, and each element of `left`
// is multiplied with them. This does R rows and U sixteens, with one row of `right` for each step and lane of `left`.
template <int R, int U, int L>
void outerColumns(const float* left, int leftStep, const float* right, int steps, float* gradient, int stride) {
  constexpr int V = U * 16 / W;
  vf sum[R][V];
  unroll<R>([&](auto r) { unroll<V>([&](auto v) { sum[r][v] = splat(0); }); });
  // What the sums are added to is there when they are.
  unroll<R>([&](auto r) { unroll<V>([&](auto v) { __builtin_prefetch(gradient + r * stride + v * W, 1); }); });
  for (int t = 0; t < steps; t++, left += leftStep) {
    for (int l = 0; l < L; l++, right += 16) {
      vf x[V];
      unroll<V>([&](auto v) { x[v] = load(right + v * W / 16 * (kOuterSteps * L * 16) + v * W % 16); });
      unroll<R>([&](auto r) {
        const vf a = splat(left[r * L + l]);
        unroll<V>([&](auto v) { sum[r][v] = fma(a, x[v], sum[r][v]); });
      });
    }
  }
  unroll<R>([&](auto r) {
    unroll<V>([&](auto v) {
      float* to = gradient + r * stride + v * W;
      storeAnywhere(to, loadAnywhere(to) + sum[r][v]);
    });
  });
}

constexpr int kMaxSixteens = W == 16 ? 3 : 1;
// As many rows as the registers hold.
template <int U>
constexpr int kColumnRows = U * 16 <= 2 * W ? kMaxRows : 2 * kMaxRows * W / (U * 16);

template <int U, int L>
struct OuterColumns {
  void (*of[kColumnRows<U> + 1])(const float*, int, const float*, int, float*, int);
  constexpr OuterColumns() : of() {
    unroll<kColumnRows<U>>([&](auto i) { of[i + 1] = outerColumns<i + 1, U, L>; });
  }
};
template <int U, int L>
constexpr OuterColumns<U, L> kOuterColumnsOf;

// Most steps between two sums over lanes.
constexpr int kTailSteps = 24;
// As many sums as the registers hold.
constexpr int kOuterRows = kManyRegisters ? 5 : 3;
constexpr int kOuterColumns = kOuterRows;

// The columns left over: lanes lie along the vectors and are summed at the end.
template <int R, int C, int L>
void outerPanel(const float* left, int leftStep, const float* right, int rightStep, int steps, float* gradient,
                int stride) {
  alignas(64) float groups[R * C * 16];
  for (int part = 0; part < 16; part += W) {
    vf sum[R][C];
    unroll<R>([&](auto i) { unroll<C>([&](auto j) { sum[i][j] = splat(0); }); });
    const float* l = left + part;
    const float* r = right + part;
    for (int t = 0; t < steps; t++, l += leftStep, r += rightStep) {
      unroll<L / 16>([&](auto group) {
        vf a[R];
        unroll<R>([&](auto i) { a[i] = load(l + i * L + group * 16); });
        unroll<C>([&](auto j) {
          const vf b = load(r + j * L + group * 16);
          unroll<R>([&](auto i) { sum[i][j] = fma(a[i], b, sum[i][j]); });
        });
      });
    }
    unroll<R>([&](auto i) { unroll<C>([&](auto j) { store(groups + (i * C + j) * 16 + part, sum[i][j]); }); });
  }
  float sums[padded(R * C)];
  fold(groups, R * C, sums);
  for (int i = 0; i < R; i++) {
    for (int j = 0; j < C; j++) gradient[i * stride + j] += sums[i * C + j];
  }
}

template <int L>
struct OuterPanels {
  void (*of[kOuterRows + 1][kOuterColumns + 1])(const float*, int, const float*, int, int, float*, int);
  constexpr OuterPanels() : of() {
    unroll<kOuterRows>([&](auto i) {
      unroll<kOuterColumns>([&](auto j) { of[i + 1][j + 1] = outerPanel<i + 1, j + 1, L>; });
    });
  }
};

// Rows that meet all columns before the next ones do, so that they stay in the second-level cache: a multiple of every
// kColumnRows.
constexpr int kBlockRows = 8 * kMaxRows;

template <int L>
void outerOf(const float* left, int leftStep, int rows, const float* right, int rightStep, int columns, int steps,
             float* gradient, int stride, float* scratch) {
  const int whole = columns / 16 * 16;
  chunks(steps, kOuterSteps, [&](int t, int length) {
    const float* l = left + static_cast<long>(t) * leftStep;
    const float* r = right + static_cast<long>(t) * rightStep;
    for (int k = 0; k < length; k++) {
      for (int j = 0; j < whole; j += 16) {
        transpose(r + static_cast<long>(k) * rightStep + j * L, 16, L, scratch + (j * kOuterSteps + k * 16) * L, 16);
      }
    }
    for (int block = 0; block < rows; block += kBlockRows) {
      const int here = rows - block < kBlockRows ? rows - block : kBlockRows;
      chunks(whole / 16, kMaxSixteens, [&](int first, int sixteens) {
        unroll<kMaxSixteens>([&](auto u) {
          if (sixteens != u + 1) return;
          chunks(here, kColumnRows<u + 1>, [&](int i, int height) {
            i += block;
            kOuterColumnsOf<u + 1, L>.of[height](l + i * L, leftStep, scratch + first * 16 * kOuterSteps * L, length,
                                                 gradient + static_cast<long>(i) * stride + first * 16, stride);
          });
        });
      });
    }
  });
  static constexpr OuterPanels<L> panels;
  chunks(steps, kTailSteps, [&](int t, int length) {
    const float* l = left + static_cast<long>(t) * leftStep;
    const float* r = right + static_cast<long>(t) * rightStep;
    chunks(rows, kOuterRows, [&](int i, int height) {
      chunks(columns - whole, kOuterColumns, [&](int j, int width) {
        panels.of[height][width](l + i * L, leftStep, r + (whole + j) * L, rightStep, length,
                                 gradient + static_cast<long>(i) * stride + whole + j, stride);
      });
    });
  });
}

void outer(const float* left, int leftStep, int rows, const float* right, int rightStep, int columns, int steps,
           int lanes, float* gradient, int stride, float* scratch) {
  (lanes == 32 ? outerOf<32> : outerOf<16>)(left, leftStep, rows, right, rightStep, columns, steps, gradient, stride,
                                            scratch);
}

// ---- Nonzeros ---------------------------------------------------------------------------------------------------

// groups[k] (16 floats each) gains the products of one row with `count` others over T steps; kFirst starts it. The row
// stays in registers. Here are `part` to `part + W` of the 16 lanes that belong together.
template <int L, int T, bool kFirst>
INLINE void dots(const int* offsets, int count, const float* left, int leftStep, const float* right, int rightStep,
                 float* groups) {
  constexpr int G = L / 16;
  vf a[T * G];
  const float* step[T];
  unroll<T>([&](auto t) {
    step[t] = right + static_cast<long>(t) * rightStep;
    unroll<G>([&](auto g) { a[t * G + g] = load(left + static_cast<long>(t) * leftStep + g * 16); });
  });
  for (int k = 0; k < count; k++) {
    const long offset = offsets[k];
    vf sum = kFirst ? splat(0) : load(groups + k * 16);
    unroll<T>([&](auto t) {
      unroll<G>([&](auto g) { sum = fma(a[t * G + g], load(step[t] + offset + g * 16), sum); });
    });
    store(groups + k * 16, sum);
  }
}

// One strip over T steps after the other, so that sums which wait for each other are far apart.
template <int L, int T, bool kFirst>
void stripDots(const Strip& strip, const float* left, int leftStep, const float* right, int rightStep, float* groups) {
  for (int part = 0; part < 16; part += W) {
    const int* offsets = strip.offsets;
    float* to = groups + part;
    for (int i = 0; i < strip.rowCount; i++) {
      const auto [row, count] = strip.rows[i];
      dots<L, T, kFirst>(offsets, count, left + row * L + part, leftStep, right + strip.first + part, rightStep, to);
      offsets += count;
      to += count * 16;
    }
  }
}

// stripDots for every number of steps, starting sums or adding to them.
template <int L>
struct StripDots {
  void (*first[kDotSteps + 1])(const Strip&, const float*, int, const float*, int, float*);
  void (*next[kDotSteps + 1])(const Strip&, const float*, int, const float*, int, float*);
  constexpr StripDots() : first(), next() {
    unroll<kDotSteps>([&](auto t) {
      first[t + 1] = stripDots<L, t + 1, true>;
      next[t + 1] = stripDots<L, t + 1, false>;
    });
  }
};

#if defined(__AVX512F__)
constexpr bool kCopies = true;

// Copies the input of a strip's columns for up to kDotSteps steps, those of a column side by side: a nonzero then has one address.
template <int L>
void copyBlock(const Strip& strip, const float* right, int rightStep, int steps, float* block) {
  for (int j = 0; j < strip.columns; j++) {
    for (int t = 0; t < steps; t++) {
      const float* from = right + static_cast<long>(t) * rightStep + strip.first + j * L;
      unroll<L / 16>([&](auto g) { store(block + (j * kDotSteps + t) * L + g * 16, load(from + g * 16)); });
    }
  }
}

// What stripDots and `fold` do of a strip that no other steps are added to: the sums of four nonzeros are folded to four lanes each
// while they are in registers. `block` is the input that copyBlock has laid out.
template <int L, int T>
void foldedDots(const Strip& strip, const float* left, int leftStep, const float* block, float* sums) {
  constexpr int G = L / 16;
  vf fours[kStrip / 4];
  int place = 0;
  for (int i = 0; i < strip.rowCount; i++) {
    const auto [row, count] = strip.rows[i];
    vf a[T * G];
    unroll<T>([&](auto t) {
      unroll<G>([&](auto g) { a[t * G + g] = load(left + static_cast<long>(t) * leftStep + row * L + g * 16); });
    });
    const auto add = [&](auto n) INLINE_LAMBDA {
      vf sum[4];
      const float* from[4];
      unroll<4>([&](auto k) INLINE_LAMBDA { sum[k] = splat(0); });
      unroll<decltype(n)::value>([&](auto k) INLINE_LAMBDA { from[k] = block + strip.offsets[place + k]; });
      unroll<T * G>([&](auto v) INLINE_LAMBDA {
        unroll<decltype(n)::value>([&](auto k) INLINE_LAMBDA { sum[k] = fma(a[v], load(from[k] + v * 16), sum[k]); });
      });
      fours[place / 4] = foldFour(sum[0], sum[1], sum[2], sum[3]);
      place += 4;
    };
    int k = 0;
    for (; k + 4 <= count; k += 4) add(Index<4>{});
    if (count - k == 3) add(Index<3>{});
    if (count - k == 2) add(Index<2>{});
    if (count - k == 1) add(Index<1>{});
  }
  for (int k = place / 4; k % 4 != 0; k++) fours[k] = splat(0);
  for (int k = 0; k < place; k += 16) store(sums + k, load(sums + k) + foldRest(fours + k / 4));
}

template <int L>
void foldStrip(const Strip& strip, const float* left, int leftStep, const float* block, int steps, float* sums) {
  switch (steps) {
    case 1: return foldedDots<L, 1>(strip, left, leftStep, block, sums);
    case 2: return foldedDots<L, 2>(strip, left, leftStep, block, sums);
    case 3: return foldedDots<L, 3>(strip, left, leftStep, block, sums);
    default: return foldedDots<L, kDotSteps>(strip, left, leftStep, block, sums);
  }
}
#else
constexpr bool kCopies = false;
#endif

template <int L>
void sparseOuterOf(const Strip* strips, int count, const float* left, int leftStep, const float* right, int rightStep,
                   int steps, int chunk, float* sums) {
  static constexpr StripDots<L> dotsOver;
  alignas(64) float groups[kStrip * 16];
  alignas(64) float folded[kStrip] = {};
#if defined(__AVX512F__)
  alignas(64) float block[kStripColumns * kDotSteps * L];
#endif
  for (int from = 0; from < steps; from += chunk) {
    const int end = from + chunk < steps ? from + chunk : steps;
    for (int s = 0; s < count; s++) {
#if defined(__AVX512F__)
      if (chunk == kDotSteps) {
        if (s == 0 || strips[s].first != strips[s - 1].first) {
          copyBlock<L>(strips[s], right + static_cast<long>(from) * rightStep, rightStep, end - from, block);
        }
        foldStrip<L>(strips[s], left + static_cast<long>(from) * leftStep, leftStep, block, end - from,
                     sums + static_cast<long>(s) * kStrip);
        continue;
      }
#endif
      for (int t = from; t < end; t += kDotSteps) {
        (t == from ? dotsOver.first : dotsOver.next)[end - t < kDotSteps ? end - t : kDotSteps](
            strips[s], left + static_cast<long>(t) * leftStep, leftStep, right + static_cast<long>(t) * rightStep,
            rightStep, groups);
      }
      fold(groups, strips[s].count, folded);
      float* to = sums + static_cast<long>(s) * kStrip;
      for (int k = 0; k < strips[s].count; k += W) store(to + k, load(to + k) + load(folded + k));
    }
  }
}

void sparseOuter(const Strip* strips, int count, const float* left, int leftStep, const float* right, int rightStep,
                 int steps, int chunk, int lanes, float* sums) {
  (lanes == 32 ? sparseOuterOf<32> : sparseOuterOf<16>)(strips, count, left, leftStep, right, rightStep, steps, chunk,
                                                        sums);
}

}  // namespace

extern const GradientKernels gradientKernels = {kCopies, outer, sparseOuter};

}  // namespace filigree::FILIGREE_ISA
