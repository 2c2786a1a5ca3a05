// The vector type that every kernel is written over, once for each instruction set. `vf` holds `W` floats; +, -, * and
// / come from the compiler's vector extensions. This file is all that knows which processor it is for. Whoever defines
// FILIGREE_UNFUSED has all of it a second time, in a namespace of its own, with an `fma` that is rounded twice.
#pragma once

#include <cstdint>

#define INLINE inline __attribute__((always_inline))
#define INLINE_LAMBDA __attribute__((always_inline))

#if defined(__AVX512VNNI__)
#include <immintrin.h>
#define FILIGREE_SET vnni
#elif defined(__AVX512F__)
#include <immintrin.h>
#define FILIGREE_SET avx512
#elif defined(__AVX2__) && defined(__FMA__)
#include <immintrin.h>
#define FILIGREE_SET avx2
#elif defined(__aarch64__)
#include <arm_neon.h>
#define FILIGREE_SET neon
#elif defined(__wasm_relaxed_simd__)
#include <wasm_simd128.h>
#define FILIGREE_SET relaxed
#elif defined(__wasm__)
#include <wasm_simd128.h>
#define FILIGREE_SET simd128
#else
#define FILIGREE_SET baseline
#endif
#ifdef FILIGREE_UNFUSED
#define FILIGREE_ISA FILIGREE_SET::unfused
#else
#define FILIGREE_ISA FILIGREE_SET
#endif

namespace filigree::FILIGREE_ISA {

#if defined(__AVX512F__)

using vf = __m512;
constexpr int W = 16;
// Most rows that a product keeps in registers, two vectors each.
constexpr int kMaxRows = 13;
INLINE vf splat(float x) { return _mm512_set1_ps(x); }
INLINE vf fused(vf a, vf b, vf c) { return _mm512_fmadd_ps(a, b, c); }
// Of two operands, one of them NaN, these return the second.
INLINE vf vmin(vf a, vf b) { return _mm512_min_ps(a, b); }
INLINE vf vmax(vf a, vf b) { return _mm512_max_ps(a, b); }
INLINE vf vsqrt(vf a) { return _mm512_sqrt_ps(a); }
INLINE vf selectPositive(vf test, vf value) {
  return _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(test, _mm512_setzero_ps(), _CMP_GT_OQ), value);
}

#elif defined(__AVX2__) && defined(__FMA__)

using vf = __m256;
constexpr int W = 8;
constexpr int kMaxRows = 6;
INLINE vf splat(float x) { return _mm256_set1_ps(x); }
INLINE vf fused(vf a, vf b, vf c) { return _mm256_fmadd_ps(a, b, c); }
INLINE vf vmin(vf a, vf b) { return _mm256_min_ps(a, b); }
INLINE vf vmax(vf a, vf b) { return _mm256_max_ps(a, b); }
INLINE vf vsqrt(vf a) { return _mm256_sqrt_ps(a); }
INLINE vf selectPositive(vf test, vf value) {
  return _mm256_and_ps(_mm256_cmp_ps(test, _mm256_setzero_ps(), _CMP_GT_OQ), value);
}

#elif defined(__aarch64__)

using vf = float32x4_t;
constexpr int W = 4;
constexpr int kMaxRows = 12;
INLINE vf splat(float x) { return vdupq_n_f32(x); }
INLINE vf fused(vf a, vf b, vf c) { return vfmaq_f32(c, a, b); }
INLINE vf vmin(vf a, vf b) { return vminq_f32(a, b); }
INLINE vf vmax(vf a, vf b) { return vmaxq_f32(a, b); }
INLINE vf vsqrt(vf a) { return vsqrtq_f32(a); }
INLINE vf selectPositive(vf test, vf value) {
  return vreinterpretq_f32_u32(vandq_u32(vcgtq_f32(test, vdupq_n_f32(0)), vreinterpretq_u32_f32(value)));
}

#elif defined(__wasm__)

using vf = float __attribute__((vector_size(16)));
constexpr int W = 4;
// V8 of Node.js 20 and 22 loads the inputs of more rows long before it needs them, and stores them for want of registers.
constexpr int kMaxRows = 4;
INLINE vf splat(float x) { return vf{x, x, x, x}; }
#if defined(__wasm_relaxed_simd__)
// Whether it fuses is up to the processor: the host has asked it before (see src/engine/wasm-modules.ts).
INLINE vf fused(vf a, vf b, vf c) { return (vf)wasm_f32x4_relaxed_madd((v128_t)a, (v128_t)b, (v128_t)c); }
#else
// As in the last of these.
INLINE vf fused(vf a, vf b, vf c) { return a * b + c; }
#endif
// These return the second operand unless it is the greater, or the less: as minps and maxps do.
INLINE vf vmin(vf a, vf b) { return (vf)wasm_f32x4_pmin((v128_t)b, (v128_t)a); }
INLINE vf vmax(vf a, vf b) { return (vf)wasm_f32x4_pmax((v128_t)b, (v128_t)a); }
INLINE vf vsqrt(vf a) { return (vf)wasm_f32x4_sqrt((v128_t)a); }
INLINE vf selectPositive(vf test, vf value) {
  return (vf)wasm_v128_and(wasm_f32x4_gt((v128_t)test, wasm_f32x4_const_splat(0)), (v128_t)value);
}

#else

// Any processor: no fused multiply-add, so the last bits differ from the other three.
typedef float vf __attribute__((vector_size(16)));
constexpr int W = 4;
constexpr int kMaxRows = 5;
INLINE vf splat(float x) { return vf{x, x, x, x}; }
INLINE vf fused(vf a, vf b, vf c) { return a * b + c; }
INLINE vf vmin(vf a, vf b) { return a < b ? a : b; }
INLINE vf vmax(vf a, vf b) { return a > b ? a : b; }
INLINE vf vsqrt(vf a) {
  for (int i = 0; i < W; i++) a[i] = __builtin_sqrtf(a[i]);
  return a;
}
INLINE vf selectPositive(vf test, vf value) { return test > splat(0) ? value : splat(0); }

#endif

#ifdef FILIGREE_UNFUSED
INLINE vf fma(vf a, vf b, vf c) { return a * b + c; }
#else
INLINE vf fma(vf a, vf b, vf c) { return fused(a, b, c); }
#endif

// Whether there are 32 registers and not 16.
constexpr bool kManyRegisters = kMaxRows > 6;

// Most rows of a group of a compressed matrix: with kSparseVectors each, as many as the registers hold.
#if defined(__wasm__)
constexpr int kGroupRows = 1;
#else
constexpr int kGroupRows = kManyRegisters ? 4 : 3;
#endif

// What the optimisers keep is as if every operation flushed denormal numbers to zero. Processors do (FlushToZero in
// processor.h); WebAssembly has no such mode.
#if defined(__wasm__)
INLINE vf flushed(vf a) {
  const v128_t tiny = wasm_f32x4_lt(wasm_f32x4_abs((v128_t)a), wasm_f32x4_const_splat(0x1p-126f));
  return (vf)wasm_v128_andnot((v128_t)a, wasm_v128_and(tiny, wasm_i32x4_const_splat(0x7fffffff)));
}
#else
INLINE vf flushed(vf a) { return a; }
#endif
#if defined(__wasm__) && !defined(__wasm_relaxed_simd__)
INLINE vf flushedFma(vf a, vf b, vf c) { return flushed(flushed(a * b) + c); }
#else
INLINE vf flushedFma(vf a, vf b, vf c) { return flushed(fma(a, b, c)); }
#endif

// As many 32-bit integers.
typedef int vi __attribute__((vector_size(W * 4)));
typedef uint32_t vu __attribute__((vector_size(W * 4)));

// Half as many doubles in a vector of the same size, the integers beside them, and the floats that they come from.
typedef double vd __attribute__((vector_size(W * 4), may_alias));
typedef int64_t vl __attribute__((vector_size(W * 4), may_alias));
typedef float vh __attribute__((vector_size(W * 2), may_alias));
typedef int32_t vhi __attribute__((vector_size(W * 2), may_alias));
INLINE vd loadDoubles(const float* p) { return __builtin_convertvector(*reinterpret_cast<const vh*>(p), vd); }
INLINE void storeDoubles(float* p, vd v) { *reinterpret_cast<vh*>(p) = __builtin_convertvector(v, vh); }

INLINE vf load(const float* p) { return *reinterpret_cast<const vf*>(p); }
INLINE void store(float* p, vf v) { *reinterpret_cast<vf*>(p) = v; }

// The same where memory is not aligned.
typedef float vfAnywhere __attribute__((vector_size(W * 4), aligned(4), may_alias));
INLINE vf loadAnywhere(const float* p) { return (vf)*reinterpret_cast<const vfAnywhere*>(p); }
INLINE void storeAnywhere(float* p, vf v) { *reinterpret_cast<vfAnywhere*>(p) = (vfAnywhere)v; }

// A nonzero of each row of a group (see RowGroup in kernels.h): its weight in every lane, and its offset. With vectors of 512 bits a
// compressed product waits for its loads: there is one for all weights, and one for all offsets.
#if defined(__AVX512F__)
struct Nonzeros {
  static_assert(kGroupRows == 4);
  explicit Nonzeros(const float* at) : weights(_mm512_castps128_ps512(_mm_loadu_ps(at))) {
    __builtin_memcpy(&offsets, at + kGroupRows, sizeof offsets);
  }
  INLINE vf weight(int r) const { return _mm512_permutexvar_ps(_mm512_set1_epi32(r), weights); }
  INLINE uint64_t offset(int r) const { return offsets >> (16 * r) & 0xffff; }
  __m512 weights;
  uint64_t offsets;
};
#else
struct Nonzeros {
  explicit Nonzeros(const float* at) : at(at) {}
  INLINE vf weight(int r) const { return splat(at[r]); }
  INLINE uint64_t offset(int r) const {
    uint16_t own;
    __builtin_memcpy(&own, reinterpret_cast<const char*>(at + kGroupRows) + 2 * r, sizeof own);
    return own;
  }
  const float* at;
};
#endif

// Both return x[index[0]], ..., x[index[W - 1]]. AVX2 has an instruction for this, but eight loads and insertions take 60 % of its
// time (Zen 3).
#if defined(__AVX512F__)
INLINE vf loadAt(const float* x, const uint16_t* index) {
  return _mm512_i32gather_ps(_mm512_cvtepu16_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(index))), x, 4);
}
INLINE vf loadEach(const float* x, const int* index) {
  vi own;
  __builtin_memcpy(&own, index, sizeof own);
  return _mm512_i32gather_ps((__m512i)own, x, 4);
}
#elif defined(__AVX2__) && defined(__FMA__)
INLINE __m128 loadFour(const float* x, const uint16_t* index) {
  uint64_t four;
  __builtin_memcpy(&four, index, sizeof four);
  const auto at = [&](int k) { return _mm_load_ss(x + (four >> 16 * k & 0xffff)); };
  return _mm_insert_ps(_mm_insert_ps(_mm_insert_ps(at(0), at(1), 0x10), at(2), 0x20), at(3), 0x30);
}
INLINE vf loadAt(const float* x, const uint16_t* index) {
  return _mm256_set_m128(loadFour(x, index + 4), loadFour(x, index));
}
INLINE vf loadEach(const float* x, const int* index) {
  const auto at = [&](int k) INLINE_LAMBDA { return x[index[k]]; };
  return vf{at(0), at(1), at(2), at(3), at(4), at(5), at(6), at(7)};
}
#else
INLINE vf loadEach(const float* x, const int* index) { return vf{x[index[0]], x[index[1]], x[index[2]], x[index[3]]}; }
INLINE vf loadAt(const float* x, const uint16_t* index) { return vf{x[index[0]], x[index[1]], x[index[2]], x[index[3]]}; }
#endif

// Calls f(Index<0>), ..., f(Index<N - 1>): a loop whose counter is a constant, so that arrays indexed by it live in
// registers.
template <int I>
struct Index {
  static constexpr int value = I;
  constexpr operator int() const { return I; }
};
template <int N, int I = 0, class F>
INLINE constexpr void unroll(F&& f) {
  if constexpr (I < N) {
    f(Index<I>{});
    unroll<N, I + 1>(f);
  }
}

// n, rounded up to whole sixteens.
constexpr int padded(int n) { return (n + 15) / 16 * 16; }

// Sums the 16 lanes of each of `count` groups of 16 floats, in the one order that all instruction sets share: lane l
// with l + 8, then l + 4, l + 2, l + 1. `out` has room for a whole number of sixteens.
#if defined(__AVX512F__)
INLINE vf foldPair(vf a, vf b) { return _mm512_shuffle_f32x4(a, b, 0x44) + _mm512_shuffle_f32x4(a, b, 0xee); }
INLINE vf foldQuads(vf a, vf b) { return _mm512_shuffle_f32x4(a, b, 0x88) + _mm512_shuffle_f32x4(a, b, 0xdd); }
// Four lanes of the sum of each of four groups, from quarters with lanes that belong together.
INLINE vf foldFour(vf a, vf b, vf c, vf d) { return foldQuads(foldPair(a, b), foldPair(c, d)); }
// Sixteen sums of four such.
INLINE vf foldRest(const vf* s4) {
  // Lanes of s4[q]: four of each of its groups. Fold l with l + 2, then l + 1, four groups to a quarter.
  vf s2[2];
  for (int h = 0; h < 2; h++) {
    s2[h] = _mm512_shuffle_ps(s4[2 * h], s4[2 * h + 1], 0x44) + _mm512_shuffle_ps(s4[2 * h], s4[2 * h + 1], 0xee);
  }
  const vf s1 = _mm512_shuffle_ps(s2[0], s2[1], 0x88) + _mm512_shuffle_ps(s2[0], s2[1], 0xdd);
  // Lane 4i + q of s1 belongs to group 4q + i.
  const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  return _mm512_permutexvar_ps(order, s1);
}
// Sixteen sums at once.
INLINE void fold(const float* groups, int count, float* out) {
  for (int first = 0; first < count; first += 16) {
    const int here = count - first < 16 ? count - first : 16;
    vf s4[4];
    for (int q = 0; q < 4; q++) {
      // Quarter q of the result holds four lanes each of groups 4q .. 4q + 3.
      vf g[4];
      for (int i = 0; i < 4; i++) {
        const int k = 4 * q + i;
        g[i] = k < here ? load(groups + (first + k) * 16) : _mm512_setzero_ps();
      }
      s4[q] = foldFour(g[0], g[1], g[2], g[3]);
    }
    _mm512_storeu_ps(out + first, foldRest(s4));
  }
}
#elif defined(__AVX2__) && defined(__FMA__)
INLINE vf foldHalves(vf a, vf b) { return _mm256_permute2f128_ps(a, b, 0x20) + _mm256_permute2f128_ps(a, b, 0x31); }
INLINE vf foldPairs(vf a, vf b) { return _mm256_shuffle_ps(a, b, 0x44) + _mm256_shuffle_ps(a, b, 0xee); }
INLINE vf foldLast(vf a, vf b) { return _mm256_shuffle_ps(a, b, 0x88) + _mm256_shuffle_ps(a, b, 0xdd); }
// Eight sums at once.
INLINE void fold(const float* groups, int count, float* out) {
  for (int first = 0; first < count; first += 8) {
    vf s[8];
    unroll<8>([&](auto i) INLINE_LAMBDA {
      const int k = first + i < count ? first + i : count - 1;
      s[i] = load(groups + k * 16) + load(groups + k * 16 + 8);
    });
    // Four lanes each of two groups, then two of four.
    const vf low = foldPairs(foldHalves(s[0], s[4]), foldHalves(s[1], s[5]));
    const vf high = foldPairs(foldHalves(s[2], s[6]), foldHalves(s[3], s[7]));
    storeAnywhere(out + first, foldLast(low, high));
  }
}
#else
typedef float v4 __attribute__((vector_size(16)));
#if defined(__clang__)
#define FILIGREE_SHUFFLE(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
typedef int v4i __attribute__((vector_size(16)));
#define FILIGREE_SHUFFLE(a, b, ...) __builtin_shuffle(a, b, v4i{__VA_ARGS__})
#endif
// The last two folds of two groups, side by side.
INLINE v4 foldTwo(v4 a, v4 b) { return FILIGREE_SHUFFLE(a, b, 0, 4, 1, 5) + FILIGREE_SHUFFLE(a, b, 2, 6, 3, 7); }
INLINE void fold(const float* groups, int count, float* out) {
  for (int first = 0; first < count; first += 4) {
    v4 s[4];
    for (int i = 0; i < 4; i++) {
      const int k = first + i < count ? first + i : count - 1;
      const v4* quarter = reinterpret_cast<const v4*>(groups + k * 16);
      s[i] = (quarter[0] + quarter[2]) + (quarter[1] + quarter[3]);
    }
    const v4 a = foldTwo(s[0], s[1]), b = foldTwo(s[2], s[3]);
    const v4 sums = FILIGREE_SHUFFLE(a, b, 0, 1, 4, 5) + FILIGREE_SHUFFLE(a, b, 2, 3, 6, 7);
    for (int i = 0; i < 4; i++) out[first + i] = sums[i];
  }
}
#endif

// row[lane] = table[symbol[lane]] for `lanes` lanes; the table has `width` entries, a multiple of 16.
INLINE void lookUp(const float* table, [[maybe_unused]] int width, const int* symbols, int lanes, float* row) {
#if defined(__AVX512F__)
  if (width == 16) {
    const vf entries = load(table);
    for (int l = 0; l < lanes; l += 16) store(row + l, _mm512_permutexvar_ps(_mm512_load_si512(symbols + l), entries));
    return;
  }
  if (width == 32) {
    const vf low = load(table), high = load(table + 16);
    for (int l = 0; l < lanes; l += 16) {
      store(row + l, _mm512_permutex2var_ps(low, _mm512_load_si512(symbols + l), high));
    }
    return;
  }
#elif defined(__AVX2__) && defined(__FMA__)
  // Eight entries by the lowest bits of a symbol, of these one by the next bits, which become the sign.
  const auto choose = [](vf low, vf high, __m256i index, int bit) INLINE_LAMBDA {
    return _mm256_blendv_ps(low, high, (vf)_mm256_slli_epi32(index, 31 - bit));
  };
  const auto sixteen = [choose](vf low, vf high, __m256i index) INLINE_LAMBDA {
    return choose(_mm256_permutevar8x32_ps(low, index), _mm256_permutevar8x32_ps(high, index), index, 3);
  };
  if (width <= 32) {
    const vf a = load(table), b = load(table + 8), c = load(table + width - 16), d = load(table + width - 8);
    for (int l = 0; l < lanes; l += 8) {
      const __m256i index = _mm256_load_si256(reinterpret_cast<const __m256i*>(symbols + l));
      const vf first = sixteen(a, b, index);
      store(row + l, width == 16 ? first : choose(first, sixteen(c, d, index), index, 4));
    }
    return;
  }
#endif
  for (int l = 0; l < lanes; l++) row[l] = table[symbols[l]];
}

// out[l][i] = in[i][l]: rows of `lanes` floats become columns, `stride` apart. Rows beyond `rows` are written as zero.
INLINE void transpose(const float* in, int rows, int lanes, float* out, int stride) {
#if defined(__AVX512F__)
  for (int first = 0; first < rows; first += 16) {
    for (int l = 0; l < lanes; l += 16) {
      vf r[16], s[16];
      unroll<16>([&](auto i) { r[i] = first + i < rows ? load(in + (first + i) * lanes + l) : _mm512_setzero_ps(); });
      unroll<8>([&](auto i) {
        s[2 * i] = _mm512_unpacklo_ps(r[2 * i], r[2 * i + 1]);
        s[2 * i + 1] = _mm512_unpackhi_ps(r[2 * i], r[2 * i + 1]);
      });
      unroll<4>([&](auto i) {
        r[4 * i] = _mm512_shuffle_ps(s[4 * i], s[4 * i + 2], 0x44);
        r[4 * i + 1] = _mm512_shuffle_ps(s[4 * i], s[4 * i + 2], 0xee);
        r[4 * i + 2] = _mm512_shuffle_ps(s[4 * i + 1], s[4 * i + 3], 0x44);
        r[4 * i + 3] = _mm512_shuffle_ps(s[4 * i + 1], s[4 * i + 3], 0xee);
      });
      unroll<4>([&](auto i) {
        s[i] = _mm512_shuffle_f32x4(r[i], r[i + 4], 0x88);
        s[i + 4] = _mm512_shuffle_f32x4(r[i], r[i + 4], 0xdd);
        s[i + 8] = _mm512_shuffle_f32x4(r[i + 8], r[i + 12], 0x88);
        s[i + 12] = _mm512_shuffle_f32x4(r[i + 8], r[i + 12], 0xdd);
      });
      unroll<8>([&](auto i) {
        // Column i of the four-by-four grid of quarters, then columns eight further on.
        store(out + (l + i) * stride + first, _mm512_shuffle_f32x4(s[i], s[i + 8], 0x88));
        store(out + (l + i + 8) * stride + first, _mm512_shuffle_f32x4(s[i], s[i + 8], 0xdd));
      });
    }
  }
#elif defined(__AVX2__) && defined(__FMA__)
  for (int first = 0; first < (rows + 15) / 16 * 16; first += 8) {
    for (int l = 0; l < lanes; l += 8) {
      vf r[8], s[8];
      unroll<8>([&](auto i) { r[i] = first + i < rows ? load(in + (first + i) * lanes + l) : _mm256_setzero_ps(); });
      unroll<4>([&](auto i) {
        s[2 * i] = _mm256_unpacklo_ps(r[2 * i], r[2 * i + 1]);
        s[2 * i + 1] = _mm256_unpackhi_ps(r[2 * i], r[2 * i + 1]);
      });
      unroll<2>([&](auto i) {
        r[4 * i] = _mm256_shuffle_ps(s[4 * i], s[4 * i + 2], 0x44);
        r[4 * i + 1] = _mm256_shuffle_ps(s[4 * i], s[4 * i + 2], 0xee);
        r[4 * i + 2] = _mm256_shuffle_ps(s[4 * i + 1], s[4 * i + 3], 0x44);
        r[4 * i + 3] = _mm256_shuffle_ps(s[4 * i + 1], s[4 * i + 3], 0xee);
      });
      unroll<4>([&](auto i) {
        store(out + (l + i) * stride + first, _mm256_permute2f128_ps(r[i], r[i + 4], 0x20));
        store(out + (l + i + 4) * stride + first, _mm256_permute2f128_ps(r[i], r[i + 4], 0x31));
      });
    }
  }
#else
  const int padded = (rows + 15) / 16 * 16;
  for (int l = 0; l < lanes; l++) {
    for (int i = 0; i < rows; i++) out[l * stride + i] = in[i * lanes + l];
    for (int i = rows; i < padded; i++) out[l * stride + i] = 0;
  }
#endif
}

}  // namespace filigree::FILIGREE_ISA
