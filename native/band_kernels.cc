// The kernels of bands, written once over the vector type as in kernels.cc: an input is loaded once for all rows of a
// band, forward and in the gradient, and the gradients of a band's rows stay in registers while the columns that they
// flow to pass by. Every sum has one order on all instruction sets: rows and columns ascend, and lanes are folded.
#include <bit>

#include "kernels.h"
#include "simd.h"

namespace filigree::FILIGREE_ISA {
namespace {

// Rows of a band: powers of two up to this one.
constexpr int kBandRows = kManyRegisters ? 8 : 4;
constexpr int kHeights = std::countr_zero(unsigned{kBandRows}) + 1;

// Vectors of a row that one pass takes: as many as leave room for what they are multiplied with.
template <int R, int L>
constexpr int vectorsOf() {
  constexpr int most = 2 * kBandRows / R;
  int vectors = 1;
  while (2 * vectors <= most && 2 * vectors <= L / W) vectors *= 2;
  return vectors;
}

// Columns of a band up to which a product is written out, without a loop whose end the processor would have to guess.
constexpr int kStraight = 8;
template <int C, class F>
INLINE void eachColumn(int columns, F f) {
  if constexpr (C >= 0) {
    unroll<C>(f);
  } else {
    for (int j = 0; j < columns; j++) f(j);
  }
}

// The rows of the next band, which may lie anywhere, where bands are wide: in a large layer they come from the third-level
// cache.
template <int R, int C, int L, int kWrites>
INLINE void prefetchRows(const Band* next, const Band* end, const float* rows) {
  if (C >= 0 || next == end) return;
  rows += next->row * L;
  unroll<R * L / 16>([&](auto i) { __builtin_prefetch(rows + i * 16, kWrites); });
}

// R rows in each of the bands and C columns; C = -1 for more than kStraight.
template <int R, int C, int L>
struct Product {
  static void run(const Band* band, int count, const float* weights, const float* in, float* out, Start start,
                  const float* bias) {
    constexpr int V = vectorsOf<R, L>();
    for (const Band* end = band + count; band < end; band++) {
      const Start own = band->starts ? start : Start::kKeep;
      if (C == 0 && own == Start::kKeep) continue;
      const int* offsets = band->offsets;
      const int row = band->row, columns = band->columns;
      prefetchRows<R, C, L, 1>(band + 1, end, out);
      for (int l = 0; l < L; l += V * W) {
        float* to = out + row * L + l;
        vf sum[R][V];
        if (own == Start::kKeep) {
          unroll<R>([&](auto r) { unroll<V>([&](auto v) { sum[r][v] = load(to + r * L + v * W); }); });
        } else {
          unroll<R>([&](auto r) {
            const vf first = splat(own == Start::kBias ? bias[row + r] : 0);
            unroll<V>([&](auto v) { sum[r][v] = first; });
          });
        }
        const float* weight = weights + band->first;
        eachColumn<C>(columns, [&](int j) INLINE_LAMBDA {
          const float* from = in + offsets[j] + l;
          vf x[V];
          unroll<V>([&](auto v) { x[v] = load(from + v * W); });
          unroll<R>([&](auto r) {
            const vf factor = splat(weight[j * R + r]);
            unroll<V>([&](auto v) { sum[r][v] = fma(factor, x[v], sum[r][v]); });
          });
        });
        unroll<R>([&](auto r) { unroll<V>([&](auto v) { store(to + r * L + v * W, sum[r][v]); }); });
      }
    }
  }
};

template <int R, int C, int L>
struct TransposedProduct {
  static void run(const Band* band, int count, const float* weights, const float* in, float* out, Start, const float*) {
    constexpr int V = vectorsOf<R, L>();
    for (const Band* end = band + count; band < end; band++) {
      const int* offsets = band->offsets;
      const int columns = band->columns;
      prefetchRows<R, C, L, 0>(band + 1, end, in);
      for (int l = 0; l < L; l += V * W) {
        const float* from = in + band->row * L + l;
        vf x[R][V];
        unroll<R>([&](auto r) { unroll<V>([&](auto v) { x[r][v] = load(from + r * L + v * W); }); });
        const float* weight = weights + band->first;
        eachColumn<C>(columns, [&](int j) INLINE_LAMBDA {
          float* to = out + offsets[j] + l;
          vf sum[V];
          unroll<V>([&](auto v) { sum[v] = load(to + v * W); });
          unroll<R>([&](auto r) {
            const vf factor = splat(weight[j * R + r]);
            unroll<V>([&](auto v) { sum[v] = fma(factor, x[r][v], sum[v]); });
          });
          unroll<V>([&](auto v) { store(to + v * W, sum[v]); });
        });
      }
    }
  }
};

// One of the two for every number of rows, by its logarithm, and columns. Straight are those that are common: of several rows
// and 32 lanes. Each takes a while to compile.
template <template <int, int, int> class Of, int L>
struct ByShape {
  decltype(&Of<1, 0, L>::run) of[kHeights][kStraight + 2];
  constexpr ByShape() : of() {
    unroll<kHeights>([&](auto i) {
      constexpr int R = 1 << i;
      of[i][kStraight + 1] = Of<R, -1, L>::run;
      unroll<kStraight + 1>([&](auto k) { of[i][k] = Of<R, (R > 1 && L == 32 ? int{k} : -1), L>::run; });
    });
  }
};

template <template <int, int, int> class Of, int L>
void eachShape(const Band* bands, int count, const float* weights, const float* in, float* out, Start start,
               const float* bias) {
  static constexpr ByShape<Of, L> shapes;
  for (int b = 0; b < count;) {
    const int rows = bands[b].rows, columns = bands[b].columns;
    int same = 1;
    while (b + same < count && bands[b + same].rows == rows && bands[b + same].columns == columns) same++;
    const int shape = columns < kStraight + 1 ? columns : kStraight + 1;
    shapes.of[std::countr_zero(static_cast<unsigned>(rows))][shape](bands + b, same, weights, in, out, start, bias);
    b += same;
  }
}

void product(const Band* bands, int count, const float* weights, int lanes, const float* in, float* out, Start start,
             const float* bias) {
  (lanes == 32 ? eachShape<Product, 32> : eachShape<Product, 16>)(bands, count, weights, in, out, start, bias);
}

void transposedProduct(const Band* bands, int count, const float* weights, int lanes, const float* in, float* out) {
  (lanes == 32 ? eachShape<TransposedProduct, 32> : eachShape<TransposedProduct, 16>)(bands, count, weights, in, out,
                                                                                      Start::kKeep, nullptr);
}

// ---- Gradients ----------------------------------------------------------------------------------------------------

// Rows over some steps, which are so many floats apart.
struct Steps {
  const float* rows;
  long step;
};

// to = `floats` of each step, close together.
INLINE Steps copied(Steps from, int floats, int steps, float* to) {
  for (int t = 0; t < steps; t++) {
    const float* row = from.rows + t * from.step;
    for (int i = 0; i < floats; i += W) store(to + t * floats + i, load(row + i));
  }
  return {to, floats};
}

// Uses from which on a copy is cheaper than steps that are far apart, often in the same sets of a cache.
constexpr int kUses = 16;

// Columns that meet the rows of a band at once: as many sums as leave registers for one of the two sides.
constexpr int kSums = kManyRegisters ? 24 : 12;
template <int R>
constexpr int kColumns = kSums / R < 6 ? kSums / R : 6;

// sums[k * R + r] += the sum over steps and lanes of row r times column k.
template <int R, int K, int L>
void bandColumns(Steps left, const float* const* columns, long columnStep, int steps, float* sums) {
  alignas(64) float groups[K * R * 16];
  alignas(64) float folded[(K * R + 15) / 16 * 16];
  for (int part = 0; part < 16; part += W) {
    vf sum[K][R];
    unroll<K>([&](auto k) { unroll<R>([&](auto r) { sum[k][r] = splat(0); }); });
    const float* row = left.rows + part;
    const float* column[K];
    unroll<K>([&](auto k) { column[k] = columns[k] + part; });
    for (long t = 0, at = 0; t < steps; t++, row += left.step, at += columnStep) {
      unroll<L / 16>([&](auto g) {
        // The side of which there is less stays in registers.
        if constexpr (K <= R) {
          vf x[K];
          unroll<K>([&](auto k) { x[k] = load(column[k] + at + g * 16); });
          unroll<R>([&](auto r) {
            const vf a = load(row + r * L + g * 16);
            unroll<K>([&](auto k) { sum[k][r] = fma(a, x[k], sum[k][r]); });
          });
        } else {
          vf a[R];
          unroll<R>([&](auto r) { a[r] = load(row + r * L + g * 16); });
          unroll<K>([&](auto k) {
            const vf x = load(column[k] + at + g * 16);
            unroll<R>([&](auto r) { sum[k][r] = fma(a[r], x, sum[k][r]); });
          });
        }
      });
    }
    unroll<K>([&](auto k) {
      unroll<R>([&](auto r) { store(groups + (k * R + r) * 16 + part, sum[k][r]); });
    });
  }
  fold(groups, K * R, folded);
  for (int k = 0; k < K * R; k++) sums[k] += folded[k];
}

// The same for all columns of a band of R rows. Their offsets count from `firstOffset`, `scale` floats each.
template <int R, int L>
void bandGradient(Steps left, Steps right, const int* offsets, int firstOffset, int scale, int count, int steps,
                  float* sums) {
  constexpr int most = kColumns<R>;
  const int passes = (count + most - 1) / most;
  for (int p = 0; p < passes; p++) {
    const int here = count / passes + (p < count % passes);
    const float* columns[most];
    for (int k = 0; k < here; k++) columns[k] = right.rows + static_cast<long>(offsets[k] - firstOffset) * scale;
    unroll<most>([&](auto k) {
      if (here == k + 1) bandColumns<R, k + 1, L>(left, columns, right.step, steps, sums);
    });
    offsets += here;
    sums += here * R;
  }
}

template <int L>
struct BandGradients {
  void (*of[kHeights])(Steps, Steps, const int*, int, int, int, int, float*);
  constexpr BandGradients() : of() {
    unroll<kHeights>([&](auto i) { of[i] = bandGradient<(1 << i), L>; });
  }
};

template <int L>
void gradientOf(const Band* bands, int count, Steps left, Steps right, int firstColumn, int columns, int steps,
                float* sums, float* scratch) {
  static constexpr BandGradients<L> gradients;
  alignas(64) float rows[kBandRows * kBandSteps * L];
  long uses = 0;
  for (int b = 0; b < count; b++) uses += bands[b].columns;
  const bool copies = uses >= kUses * columns;
  for (int j = 0; j < columns && copies; j++) {
    copied({right.rows + (firstColumn + j) * L, right.step}, L, steps, scratch + static_cast<long>(j) * steps * L);
  }
  const Steps inputs = copies ? Steps{scratch, L} : right;
  const int firstOffset = copies ? firstColumn * L : 0, scale = copies ? steps : 1;
  for (const Band* band = bands; band < bands + count; band++) {
    Steps own{left.rows + band->row * L, left.step};
    if (band->columns >= kUses) own = copied(own, band->rows * L, steps, rows);
    const int height = std::countr_zero(static_cast<unsigned>(band->rows));
    gradients.of[height](own, inputs, band->offsets, firstOffset, scale, band->columns, steps, sums + band->first);
  }
}

void gradient(const Band* bands, int count, const float* left, int leftStep, const float* right, int rightStep,
              int firstColumn, int columns, int steps, int lanes, float* sums, float* scratch) {
  (lanes == 32 ? gradientOf<32> : gradientOf<16>)(bands, count, {left, leftStep}, {right, rightStep}, firstColumn, columns,
                                                  steps, sums, scratch);
}

}  // namespace

extern const BandKernels bandKernels = {kBandRows, product, transposedProduct, gradient};

}  // namespace filigree::FILIGREE_ISA
