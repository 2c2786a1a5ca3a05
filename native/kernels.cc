// The kernels, written once over the vector type of simd.h and compiled once for each instruction set. Lanes are
// examples, so a vector width changes no sum except those over lanes, and these have a fixed order: results are the
// same to the last bit on every instruction set with a fused multiply-add.
#include "kernels.h"

#include "cells.h"
#include "exp.h"
#include "simd.h"

namespace filigree::FILIGREE_ISA {
namespace {

// ---- Products -------------------------------------------------------------------------------------------------

// Vectors of a row that one pass takes; a row of more lanes than that takes several passes.
template <int L>
constexpr int kVectors = L >= 2 * W ? 2 : 1;

// R rows by up to two vectors in registers. L is the number of lanes.
template <int R, int L>
void panelProduct(const Panel& panel, const float* in, float* out, Start start, const float* bias) {
  constexpr int V = kVectors<L>;
  const int columns = panel.columns;
  const int* offsets = panel.offsets;
  for (int l = 0; l < L; l += V * W) {
    vf sum[R][V];
    unroll<R>([&](auto r) {
      const int row = panel.row[r];
      unroll<V>([&](auto v) {
        sum[r][v] = start == Start::kKeep ? load(out + row * L + l + v * W) : splat(start == Start::kBias ? bias[row] : 0);
      });
    });
    const float* weights = panel.weights;
    for (int j = 0; j < columns; j++, weights += R) {
      const float* from = in + offsets[j] + l;
      // A large matrix comes from the third-level cache, step by step anew.
      __builtin_prefetch(weights + 16 * R);
      vf x[V];
      unroll<V>([&](auto v) { x[v] = load(from + v * W); });
      unroll<R>([&](auto r) {
        const vf weight = splat(weights[r]);
        unroll<V>([&](auto v) { sum[r][v] = fma(weight, x[v], sum[r][v]); });
      });
    }
    unroll<R>([&](auto r) { unroll<V>([&](auto v) { store(out + panel.row[r] * L + l + v * W, sum[r][v]); }); });
  }
}

// panelProduct for every height.
template <int L>
struct PanelProducts {
  void (*of[kMaxRows + 1])(const Panel&, const float*, float*, Start, const float*);
  constexpr PanelProducts() : of() {
    unroll<kMaxRows>([&](auto i) { of[i + 1] = panelProduct<i + 1, L>; });
  }
};
static_assert(kMaxRows <= kMaxPanelRows);

template <int L>
void productOf(const Panel* panels, int count, const float* in, float* out, Start start, const float* bias) {
  static constexpr PanelProducts<L> panelProducts;
  for (int p = 0; p < count; p++) panelProducts.of[panels[p].rows](panels[p], in, out, start, bias);
}

void product(const Panel* panels, int count, int lanes, const float* in, float* out, Start start, const float* bias) {
  (lanes == 32 ? productOf<32> : productOf<16>)(panels, count, in, out, start, bias);
}

// Wider than in a dense product, because each nonzero's weight and offset have to be loaded.
template <int L>
constexpr int kSparseVectors = L >= 4 * W ? 4 : L / W;
static_assert(kGroupRows <= kMaxGroupRows);

// Nonzeros of a row up to which a group's product is written out, without a loop whose end the processor would have to
// guess.
constexpr int kStraight = 8;

// C nonzeros in each of R rows; C = -1 for more than kStraight.
template <int R, int C, int L>
void groupProducts(const RowGroup* group, int count, const float* in, float* out, Start start, const float* bias) {
  constexpr int V = kSparseVectors<L>;
  for (const RowGroup* end = group + count; group < end; group++) {
    const Start own = group->starts ? start : Start::kKeep;
    if (C == 0 && own == Start::kKeep) continue;
    int row[R];
    unroll<R>([&](auto r) { row[r] = group->row[r]; });
    const Nonzero* nonzero = group->nonzeros;
    const int nonzeros = group->count;
    for (int l = 0; l < L; l += V * W) {
      vf sum[R][V];
      if (own == Start::kKeep) {
        unroll<R>([&](auto r) { unroll<V>([&](auto v) { sum[r][v] = load(out + row[r] * L + l + v * W); }); });
      } else {
        unroll<R>([&](auto r) {
          const vf first = splat(own == Start::kBias ? bias[row[r]] : 0);
          unroll<V>([&](auto v) { sum[r][v] = first; });
        });
      }
      const auto add = [&](const Nonzero* nonzero) INLINE_LAMBDA {
        unroll<R>([&](auto r) {
          int64_t offset;
          const vf weight = splatWith(&nonzero[r], offset);
          const float* x = in + offset + l;
          unroll<V>([&](auto v) { sum[r][v] = fma(weight, load(x + v * W), sum[r][v]); });
        });
      };
      if constexpr (C >= 0) {
        unroll<C>([&](auto k) { add(nonzero + k * R); });
      } else {
        for (int k = 0; k < nonzeros; k++) add(nonzero + k * R);
      }
      unroll<R>([&](auto r) { unroll<V>([&](auto v) { store(out + row[r] * L + l + v * W, sum[r][v]); }); });
    }
  }
}

// groupProducts for every number of rows and nonzeros.
template <int L>
struct GroupProducts {
  void (*of[kGroupRows + 1][kStraight + 2])(const RowGroup*, int, const float*, float*, Start, const float*);
  constexpr GroupProducts() : of() {
    unroll<kGroupRows>([&](auto i) {
      of[i + 1][kStraight + 1] = groupProducts<i + 1, -1, L>;
      unroll<kStraight + 1>([&](auto k) {
        // Groups of fewer rows are few.
        of[i + 1][k] = groupProducts<i + 1, i + 1 == kGroupRows ? k : -1, L>;
      });
    });
  }
};

template <int L>
void sparseProductOf(const RowGroup* groups, int count, const float* in, float* out, Start start,
                     const float* bias) {
  static constexpr GroupProducts<L> products;
  for (int g = 0; g < count;) {
    const int rows = groups[g].rows, nonzeros = groups[g].count;
    int same = 1;
    while (g + same < count && groups[g + same].rows == rows && groups[g + same].count == nonzeros) same++;
    products.of[rows][nonzeros < kStraight + 1 ? nonzeros : kStraight + 1](groups + g, same, in, out, start, bias);
    g += same;
  }
}

void sparseProduct(const RowGroup* groups, int count, int lanes, const float* in, float* out, Start start,
                   const float* bias) {
  (lanes == 32 ? sparseProductOf<32> : sparseProductOf<16>)(groups, count, in, out, start, bias);
}

// ---- Gradients of weights ---------------------------------------------------------------------------------------

// n, rounded up to whole sixteens.
constexpr int padded(int n) { return (n + 15) / 16 * 16; }

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
constexpr int kDotsTogether = 4;

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
      unroll<decltype(n)::value>([&](auto k) INLINE_LAMBDA {
        from[k] = block + strip.offsets[place + k] * kDotSteps;
      });
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
constexpr int kDotsTogether = 1;
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

// ---- Moving and summing -----------------------------------------------------------------------------------------

void sum(const float* const* from, const int* fromStep, int terms, float* to, int toStep, int count, int steps,
         bool accumulate) {
  for (int t = 0; t < steps; t++, to += toStep) {
    for (int i = 0; i < count; i += W) {
      const auto term = [&](int k) { return load(from[k] + static_cast<long>(t) * fromStep[k] + i); };
      vf total = accumulate ? term(0) + load(to + i) : term(0);
      for (int k = 1; k < terms; k++) total = total + term(k);
      store(to + i, total);
    }
  }
}

void spread(const float* value, int rows, int lanes, float* out) {
  for (int i = 0; i < rows; i++) {
    for (int l = 0; l < lanes; l += W) store(out + i * lanes + l, splat(value[i]));
  }
}

void gather(const float* table, int width, int rows, const int* symbols, int lanes, float* out) {
  for (int i = 0; i < rows; i++) lookUp(table + i * width, width, symbols, lanes, out + i * lanes);
}

void embed(const float* embedding, const int64_t* offset, int rows, int lanes, float* out) {
  constexpr int kBlock = 16;  // Rows of the result that are filled together.
  for (int first = 0; first < rows; first += kBlock) {
    const int end = first + kBlock < rows ? first + kBlock : rows;
    for (int l = 0; l < lanes; l++) {
      const float* from = embedding + offset[l];
      for (int i = first; i < end; i++) out[i * lanes + l] = from[i];
    }
  }
}

// Rows that are transposed at once, so that they stay in the first-level cache.
constexpr int kTransposedRows = 64;

void embedGradient(const float* in, const int64_t* offset, int rows, int lanes, float* gradient) {
  alignas(64) float scratch[32 * kTransposedRows];
  for (int first = 0; first < rows; first += kTransposedRows) {
    const int here = rows - first < kTransposedRows ? rows - first : kTransposedRows;
    transpose(in + first * lanes, here, lanes, scratch, kTransposedRows);
    for (int l = 0; l < lanes; l++) {
      float* to = gradient + offset[l] + first;
      for (int i = 0; i < here; i++) to[i] += scratch[l * kTransposedRows + i];
    }
  }
}

// "lowbias32" of C. Wellons's hash prospector.
template <class U>
INLINE U mix(U x) {
  x ^= x >> 16;
  x *= 0x21f0aaadu;
  x ^= x >> 15;
  x *= 0xd35a2d97u;
  return x ^ (x >> 15);
}

void dropout(const float* from, float* to, int rows, int lanes, const DropoutStep& step) {
  const auto [key, rate, scale, examples] = step;
  for (int i = 0; i < rows; i++) {
    const uint32_t row = mix(key + static_cast<uint32_t>(i) * 0xc2b2ae35u);
    for (int l = 0; l < lanes; l += W) {
      vu example;
      __builtin_memcpy(&example, examples + l, sizeof example);
      const vu drawn = mix(row + example * 0x9e3779b9u) >> 8;
      const vf kept = load(from + i * lanes + l) * splat(scale);
      store(to + i * lanes + l, (vf)((vi)(drawn >= rate) & (vi)kept));
    }
  }
}

template <int L>
void softmaxOf(float* logits, int rows, const int* target, double count, bool gradient, double* loss, int* likeliest,
               float* scratch) {
  vd* exponentials = reinterpret_cast<vd*>(scratch);
  constexpr int H = W / 2;
  for (int l = 0; l < L; l += W) {
    float* z = logits + l;
    vf most = load(z);
    vi best = {};
    for (int i = 1; i < rows; i++) {
      const vf x = load(z + static_cast<long>(i) * L);
      const auto more = x > most;
      most = more ? x : most;
      best = (vi)more ? vi{} + i : best;
    }
    float top[W];
    __builtin_memcpy(top, &most, sizeof top);
    __builtin_memcpy(likeliest + l, &best, sizeof best);
    for (int half = 0; half < W; half += H) {
      z = logits + l + half;
      vh narrow;
      __builtin_memcpy(&narrow, top + half, sizeof narrow);
      const vd start = __builtin_convertvector(narrow, vd);
      vd sum = {};
      for (int i = 0; i < rows; i++) {
        exponentials[i] = expOf<vd, vl>(loadDoubles(z + static_cast<long>(i) * L) - start);
        sum += exponentials[i];
      }
      const int* own = target + l + half;
      for (int k = 0; k < H; k++) {
        const int row = own[k] < 0 ? 0 : own[k];
        loss[l + half + k] = logOf(sum[k]) + start[k] - z[static_cast<long>(row) * L + k];
      }
      if (!gradient) continue;
      vhi narrowTarget;
      __builtin_memcpy(&narrowTarget, own, sizeof narrowTarget);
      const vl row = __builtin_convertvector(narrowTarget, vl);
      for (int i = 0; i < rows; i++) {
        float* x = z + static_cast<long>(i) * L;
        const vd value = (exponentials[i] / sum - (row == i ? vd{} + 1 : vd{})) / count;
        storeDoubles(x, row < 0 ? vd{} : value);
      }
    }
  }
}

void softmax(float* logits, int rows, int lanes, const int* target, double count, bool gradient, double* loss,
             int* likeliest, float* scratch) {
  (lanes == 32 ? softmaxOf<32> : softmaxOf<16>)(logits, rows, target, count, gradient, loss, likeliest, scratch);
}

void scatterRows(const float* in, int rows, const int* symbols, int lanes, float* gradient, int stride) {
  alignas(64) float scratch[32 * kTransposedRows];
  for (int first = 0; first < rows; first += kTransposedRows) {
    const int here = rows - first < kTransposedRows ? rows - first : kTransposedRows;
    transpose(in + first * lanes, here, lanes, scratch, kTransposedRows);
    for (int l = 0; l < lanes; l++) {
      float* to = gradient + static_cast<long>(symbols[l]) * stride + first;
      const float* from = scratch + l * kTransposedRows;
      for (int i = 0; i < padded(here); i += W) store(to + i, load(to + i) + load(from + i));
    }
  }
}

void transposeRows(const float* in, int rows, int lanes, float* out, int stride) { transpose(in, rows, lanes, out, stride); }

// R rows at a time, then what is left with half as many.
template <int R>
void rowSumsBy(const float* in, int step, int first, int rows, int steps, int lanes, float* sums) {
  int i = first;
  for (; i + R <= rows; i += R) {
    alignas(64) float groups[R * 16];
    for (int part = 0; part < 16; part += W) {
      vf sum[R];
      unroll<R>([&](auto r) { sum[r] = splat(0); });
      for (int t = 0; t < steps; t++) {
        const float* row = in + static_cast<long>(t) * step + i * lanes + part;
        for (int l = 0; l < lanes; l += 16) unroll<R>([&](auto r) { sum[r] = sum[r] + load(row + r * lanes + l); });
      }
      unroll<R>([&](auto r) { store(groups + r * 16 + part, sum[r]); });
    }
    float folded[padded(R)];
    fold(groups, R, folded);
    for (int r = 0; r < R; r++) sums[i + r] = folded[r];
  }
  if constexpr (R > 1) rowSumsBy<R / 2>(in, step, i, rows, steps, lanes, sums);
}

void rowSums(const float* in, int step, int rows, int steps, int lanes, float* sums) {
  rowSumsBy<8>(in, step, 0, rows, steps, lanes, sums);
}

// ---- Optimiser --------------------------------------------------------------------------------------------------

float squares(const float* values, int count) {
  alignas(64) float group[16] = {};
  for (int i = 0; i < count; i += 16) {
    for (int part = 0; part < 16; part += W) {
      const vf v = load(values + i + part);
      store(group + part, fma(v, v, load(group + part)));
    }
  }
  float sum[16];
  fold(group, 1, sum);
  return sum[0];
}

INLINE float fmaOne(float a, float b, float c) {
#if defined(__FMA__) || defined(__aarch64__)
  return __builtin_fmaf(a, b, c);
#elif defined(__wasm__)
  return fma(splat(a), splat(b), splat(c))[0];
#else
  return a * b + c;
#endif
}

float squaresAmong(const float* values, const uint64_t* places, int words) {
  alignas(64) float group[16] = {};
  for (int w = 0; w < words; w++) {
    uint64_t bits = places[w];
    if (bits == ~uint64_t{0}) {
      for (int i = 0; i < 64; i += W, values += W) {
        const vf v = loadAnywhere(values);
        store(group + i % 16, fma(v, v, load(group + i % 16)));
      }
      continue;
    }
    for (; bits != 0; bits &= bits - 1, values++) {
      float& sum = group[__builtin_ctzll(bits) % 16];
      sum = fmaOne(*values, *values, sum);
    }
  }
  float sum[16];
  fold(group, 1, sum);
  return sum[0];
}

void scale(float* values, int count, float factor) {
  for (int i = 0; i < count; i += W) store(values + i, flushed(load(values + i) * splat(factor)));
}

// rateAt(i) and rootAt(i) are those of weights i to i + W.
template <class Rate, class Root>
INLINE void adamOf(float* parameters, float* first, float* second, const float* gradient, int count, double beta1,
                   double beta2, Rate rateAt, Root rootAt, float epsilon) {
  // 1 - beta in double, as PyTorch does: in float, 0.001 would be wrong in its fifth digit.
  const auto constant = [](double x) { return splat(static_cast<float>(x)); };
  const vf b1 = constant(beta1), b2 = constant(beta2), c1 = constant(1 - beta1), c2 = constant(1 - beta2);
  for (int i = 0; i < count; i += W) {
    const vf g = load(gradient + i);
    const vf m = flushedFma(b1, load(first + i), flushed(c1 * g));
    const vf v = flushedFma(b2, load(second + i), flushed(flushed(c2 * g) * g));
    store(first + i, m);
    store(second + i, v);
    const vf denominator = vsqrt(v) / rootAt(i) + splat(epsilon);
    store(parameters + i, flushed(load(parameters + i) - flushed(flushed(rateAt(i) * m) / denominator)));
  }
}

void adam(float* parameters, float* first, float* second, const float* gradient, int count, double beta1, double beta2,
          float rate, float rootCorrection, float epsilon) {
  const auto rateAt = [=](int) INLINE_LAMBDA { return splat(rate); };
  const auto rootAt = [=](int) INLINE_LAMBDA { return splat(rootCorrection); };
  adamOf(parameters, first, second, gradient, count, beta1, beta2, rateAt, rootAt, epsilon);
}

void adamByBirth(float* parameters, float* first, float* second, const float* gradient, int count, double beta1,
                 double beta2, const int* births, const float* rates, const float* rootCorrections, float epsilon) {
  const auto rateAt = [=](int i) INLINE_LAMBDA { return loadEach(rates, births + i); };
  const auto rootAt = [=](int i) INLINE_LAMBDA { return loadEach(rootCorrections, births + i); };
  adamOf(parameters, first, second, gradient, count, beta1, beta2, rateAt, rootAt, epsilon);
}

void sgd(float* parameters, float* first, const float* gradient, int count, double momentum, float rate) {
  const vf b = splat(static_cast<float>(momentum)), r = splat(rate);
  for (int i = 0; i < count; i += W) {
    const vf m = flushedFma(b, load(first + i), flushed(load(gradient + i)));
    store(first + i, m);
    store(parameters + i, flushed(load(parameters + i) - flushed(r * m)));
  }
}

void rmsprop(float* parameters, float* second, const float* gradient, int count, double smoothing, float rate,
             float epsilon) {
  const vf b = splat(static_cast<float>(smoothing)), c = splat(static_cast<float>(1 - smoothing)), r = splat(rate);
  for (int i = 0; i < count; i += W) {
    const vf g = load(gradient + i);
    const vf v = flushedFma(b, load(second + i), flushed(flushed(c * g) * g));
    store(second + i, v);
    store(parameters + i, flushed(load(parameters + i) - flushed(flushed(r * g) / (vsqrt(v) + splat(epsilon)))));
  }
}

void add(float* values, const float* others, int count, float factor) {
  for (int i = 0; i < count; i += W) store(values + i, flushedFma(splat(factor), load(others + i), flushed(load(values + i))));
}

double burn(int rounds, float* sink) {
  constexpr int kChains = 12;
  vf sum[kChains];
  unroll<kChains>([&](auto i) { sum[i] = splat(static_cast<float>(i)); });
  const vf a = splat(sink[0]), b = splat(sink[1]);
  for (int k = 0; k < rounds; k++) unroll<kChains>([&](auto i) { sum[i] = fma(sum[i], a, b); });
  vf total = splat(0);
  unroll<kChains>([&](auto i) { total = total + sum[i]; });
  float lanes[W];
  for (int l = 0; l < W; l++) lanes[l] = total[l], sink[2] += lanes[l];
  return 2.0 * rounds * kChains * W;
}

float read(const float* values, int count) {
  constexpr int kChains = 8;
  vf sum[kChains];
  unroll<kChains>([&](auto i) { sum[i] = splat(0); });
  for (int k = 0; k < count; k += kChains * W) {
    unroll<kChains>([&](auto i) { sum[i] = sum[i] + load(values + k + i * W); });
  }
  vf total = splat(0);
  unroll<kChains>([&](auto i) { total = total + sum[i]; });
  return total[0];
}

#define FILIGREE_TEXT(x) #x
#define FILIGREE_NAME(x) FILIGREE_TEXT(x)

}  // namespace

extern const StreamKernels streamKernels;  // In stream_kernels.cc.
extern const BandKernels bandKernels;      // In band_kernels.cc.

extern const Kernels kernels = {
    FILIGREE_NAME(FILIGREE_SET),
    kMaxRows,
    kGroupRows,
    kDotsTogether,
    product,
    sparseProduct,
    outer,
    sparseOuter,
    Cells::kernels,
    sum,
    spread,
    embed,
    embedGradient,
    dropout,
    softmax,
    gather,
    scatterRows,
    transposeRows,
    rowSums,
    squares,
    squaresAmong,
    scale,
    adam,
    adamByBirth,
    sgd,
    rmsprop,
    add,
    burn,
    read,
    &streamKernels,
    &bandKernels,
};

}  // namespace filigree::FILIGREE_ISA
