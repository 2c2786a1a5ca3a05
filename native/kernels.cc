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
    const float* nonzeros = group->nonzeros;
    const int each = group->count;
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
      const char* inputs = reinterpret_cast<const char*>(in + group->first + l);
      const auto add = [&](int k) INLINE_LAMBDA {
        const Nonzeros own(nonzeros + k * nonzeroFloats(kGroupRows));
        unroll<R>([&](auto r) {
          const vf weight = own.weight(r);
          const float* x = reinterpret_cast<const float*>(inputs + own.offset(r));
          unroll<V>([&](auto v) { sum[r][v] = fma(weight, load(x + v * W), sum[r][v]); });
        });
      };
      if constexpr (C >= 0) {
        unroll<C>(add);
      } else {
        for (int k = 0; k < each; k++) add(k);
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

extern const StreamKernels streamKernels;      // In stream_kernels.cc.
extern const BandKernels bandKernels;          // In band_kernels.cc.
extern const GradientKernels gradientKernels;  // In gradient_kernels.cc.

extern const Kernels kernels = {
    FILIGREE_NAME(FILIGREE_SET),
    kMaxRows,
    kGroupRows,
    product,
    sparseProduct,
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
    &gradientKernels,
};

}  // namespace filigree::FILIGREE_ISA
