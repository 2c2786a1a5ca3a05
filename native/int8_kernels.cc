// Streams in int8: products of whole numbers with one vector, what rounds to them, and the cells with nothing fused. Written
// once over what an instruction set makes of a brick, sixteen rows by four columns. Sums of whole numbers are exact in any
// order, so only the multiplications and additions of floats around them have one: that of src/engine/int8.ts.
#define FILIGREE_UNFUSED
#include "cells.h"
#include "kernels.h"
#include "simd.h"

#if defined(__SSE2__) && !defined(__AVX2__)
#include <emmintrin.h>
#endif

namespace filigree::FILIGREE_ISA {
namespace {

// For each instruction set: `Sums` of sixteen rows, four numbers of the vector as a `Four` that all rows are multiplied by, a
// brick's product (addBrick), the sum of two Sums (merge), and the sixteen whole numbers that they are (spill).

#if defined(__AVX512VNNI__)

// It multiplies numbers without a sign by some with one.
constexpr int kZero = 128;
constexpr int kBands = 8, kChains = 4;
struct Sums {
  __m512i rows = {};
};
using Four = __m512i;
INLINE Four fourOf(uint32_t bytes) { return (Four)(vu{} + bytes); }
INLINE void addBrick(Sums& sums, const int8_t* weights, Four in) {
  sums.rows = _mm512_dpbusd_epi32(sums.rows, in, *reinterpret_cast<const __m512i*>(weights));
}
INLINE void merge(Sums& to, const Sums& from) { to.rows = (__m512i)((vi)to.rows + (vi)from.rows); }
INLINE void spill(const Sums& sums, int* to) { *reinterpret_cast<__m512i*>(to) = sums.rows; }

#elif defined(__AVX2__)

// The product of pairs in 16 bits saturates above 2 * 128 * 127, which 127 does not reach: 2 * 127 * 127 < 2^15.
constexpr int kZero = 0;
constexpr int kBands = 4, kChains = 2;
struct Sums {
  __m256i half[2] = {};
};
struct Four {
  __m256i sign, magnitude;
};
INLINE Four fourOf(uint32_t bytes) {
  const __m256i in = _mm256_set1_epi32(static_cast<int>(bytes));
  return {in, _mm256_abs_epi8(in)};
}
INLINE void addBrick(Sums& sums, const int8_t* weights, Four in) {
  unroll<2>([&](auto h) INLINE_LAMBDA {
    const __m256i own = _mm256_load_si256(reinterpret_cast<const __m256i*>(weights) + h);
    const __m256i pairs = _mm256_maddubs_epi16(in.magnitude, _mm256_sign_epi8(own, in.sign));
    sums.half[h] = _mm256_add_epi32(sums.half[h], _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
  });
}
INLINE void merge(Sums& to, const Sums& from) {
  unroll<2>([&](auto h) INLINE_LAMBDA { to.half[h] = _mm256_add_epi32(to.half[h], from.half[h]); });
}
INLINE void spill(const Sums& sums, int* to) {
  unroll<2>([&](auto h) INLINE_LAMBDA { _mm256_store_si256(reinterpret_cast<__m256i*>(to) + h, sums.half[h]); });
}

#elif defined(__aarch64__)

// Two rows a vector, each as two sums of two columns.
constexpr int kZero = 0;
constexpr int kBands = 2, kChains = 1;
struct Sums {
  int32x4_t rows[8] = {};
};
using Four = int8x8_t;
INLINE Four fourOf(uint32_t bytes) { return vreinterpret_s8_u32(vdup_n_u32(bytes)); }
INLINE void addBrick(Sums& sums, const int8_t* weights, Four in) {
  unroll<8>([&](auto i) INLINE_LAMBDA {
    sums.rows[i] = vpadalq_s16(sums.rows[i], vmull_s8(vld1_s8(weights + 8 * i), in));
  });
}
INLINE void merge(Sums& to, const Sums& from) {
  unroll<8>([&](auto i) INLINE_LAMBDA { to.rows[i] = vaddq_s32(to.rows[i], from.rows[i]); });
}
INLINE void spill(const Sums& sums, int* to) {
  unroll<4>([&](auto i) INLINE_LAMBDA { vst1q_s32(to + 4 * i, vpaddq_s32(sums.rows[2 * i], sums.rows[2 * i + 1])); });
}

#elif defined(__wasm__) || defined(__SSE2__)

// The same of numbers that are widened to 16 bits first.
constexpr int kZero = 0;
constexpr int kBands = 1, kChains = 1;
#if defined(__wasm__)
using Whole = v128_t;
INLINE Whole lower(Whole bytes) { return wasm_i16x8_extend_low_i8x16(bytes); }
INLINE Whole upper(Whole bytes) { return wasm_i16x8_extend_high_i8x16(bytes); }
INLINE Whole pairs(Whole a, Whole b) { return wasm_i32x4_dot_i16x8(a, b); }
INLINE Whole sum(Whole a, Whole b) { return wasm_i32x4_add(a, b); }
INLINE Whole everywhere(uint32_t bytes) { return wasm_u32x4_splat(bytes); }
INLINE Whole even(Whole a, Whole b) { return wasm_i32x4_shuffle(a, b, 0, 2, 4, 6); }
INLINE Whole odd(Whole a, Whole b) { return wasm_i32x4_shuffle(a, b, 1, 3, 5, 7); }
#else
using Whole = __m128i;
INLINE Whole lower(Whole bytes) { return _mm_srai_epi16(_mm_unpacklo_epi8(bytes, bytes), 8); }
INLINE Whole upper(Whole bytes) { return _mm_srai_epi16(_mm_unpackhi_epi8(bytes, bytes), 8); }
INLINE Whole pairs(Whole a, Whole b) { return _mm_madd_epi16(a, b); }
INLINE Whole sum(Whole a, Whole b) { return _mm_add_epi32(a, b); }
INLINE Whole everywhere(uint32_t bytes) { return _mm_set1_epi32(static_cast<int>(bytes)); }
INLINE Whole even(Whole a, Whole b) {
  return _mm_castps_si128(_mm_shuffle_ps(_mm_castsi128_ps(a), _mm_castsi128_ps(b), 0x88));
}
INLINE Whole odd(Whole a, Whole b) {
  return _mm_castps_si128(_mm_shuffle_ps(_mm_castsi128_ps(a), _mm_castsi128_ps(b), 0xdd));
}
#endif
struct Sums {
  Whole rows[8] = {};
};
using Four = Whole;
INLINE Four fourOf(uint32_t bytes) { return lower(everywhere(bytes)); }
INLINE void addBrick(Sums& sums, const int8_t* weights, Four in) {
  unroll<4>([&](auto i) INLINE_LAMBDA {
    const Whole own = reinterpret_cast<const Whole*>(weights)[i];
    sums.rows[2 * i] = sum(sums.rows[2 * i], pairs(lower(own), in));
    sums.rows[2 * i + 1] = sum(sums.rows[2 * i + 1], pairs(upper(own), in));
  });
}
INLINE void merge(Sums& to, const Sums& from) {
  unroll<8>([&](auto i) INLINE_LAMBDA { to.rows[i] = sum(to.rows[i], from.rows[i]); });
}
INLINE void spill(const Sums& sums, int* to) {
  unroll<4>([&](auto i) INLINE_LAMBDA {
    const Whole a = sums.rows[2 * i], b = sums.rows[2 * i + 1];
    reinterpret_cast<Whole*>(to)[i] = sum(even(a, b), odd(a, b));
  });
}

#else

constexpr int kZero = 0;
constexpr int kBands = 1, kChains = 1;
struct Sums {
  int rows[16] = {};
};
struct Four {
  int8_t in[4];
};
INLINE Four fourOf(uint32_t bytes) {
  Four four;
  __builtin_memcpy(&four, &bytes, sizeof four);
  return four;
}
INLINE void addBrick(Sums& sums, const int8_t* weights, Four in) {
  for (int r = 0; r < 16; r++) {
    for (int c = 0; c < 4; c++) sums.rows[r] += weights[4 * r + c] * in.in[c];
  }
}
INLINE void merge(Sums& to, const Sums& from) {
  for (int r = 0; r < 16; r++) to.rows[r] += from.rows[r];
}
INLINE void spill(const Sums& sums, int* to) { __builtin_memcpy(to, sums.rows, sizeof sums.rows); }

#endif

INLINE Four fourAt(const uint8_t* in) {
  uint32_t bytes;
  __builtin_memcpy(&bytes, in, sizeof bytes);
  return fourOf(bytes);
}

// Any four of them, in the order of their addresses.
INLINE Four gathered(const uint8_t* in, const uint16_t* places) {
  uint8_t bytes[4];
  for (int c = 0; c < 4; c++) bytes[c] = in[places[c]];
  return fourAt(bytes);
}

// out += scale * (start + sum) of sixteen rows.
INLINE void finish(const Sums& sums, const int32_t* start, const float* scales, float* out) {
  alignas(64) int rows[16];
  spill(sums, rows);
  unroll<16 / W>([&](auto v) INLINE_LAMBDA {
    constexpr int k = v * W;
    const vi whole = *reinterpret_cast<const vi*>(rows + k) + *reinterpret_cast<const vi*>(start + k);
    store(out + k, load(out + k) + __builtin_convertvector(whole, vf) * load(scales + k));
  });
}

template <int B>
void panel(const int8_t* weights, int bricks, const uint8_t* in, const int32_t* start, const float* scales, float* out) {
  Sums sums[B];
  for (int k = 0; k < bricks; k++, weights += 64 * B) {
    const Four four = fourAt(in + 4 * k);
    unroll<B>([&](auto b) INLINE_LAMBDA { addBrick(sums[b], weights + 64 * b, four); });
  }
  unroll<B>([&](auto b) INLINE_LAMBDA { finish(sums[b], start + 16 * b, scales + 16 * b, out + 16 * b); });
}

void dense(const int8_t* panels, int bands, int bricks, const uint8_t* in, const int32_t* start, const float* scales,
           float* out) {
  const int count = (bands + kBands - 1) / kBands;
  for (int p = 0, first = 0; p < count; p++) {
    const int height = bands / count + (p < bands % count);
    unroll<kBands>([&](auto b) {
      if (height == b + 1) panel<b + 1>(panels, bricks, in, start + first, scales + first, out + first);
    });
    panels += static_cast<long>(height) * 64 * bricks;
    first += 16 * height;
  }
}

// Several sums at once, so that the additions of one hide the latency of another's; `fourOfBrick` gives what a brick is multiplied by.
template <class F>
INLINE void eachBand(const Int8Band* bands, int count, const int32_t* start, const float* scales, float* out, F fourOfBrick) {
  for (const Int8Band* band = bands; band < bands + count; band++) {
    Sums sums[kChains];
    const int8_t* weights = band->weights;
    int k = 0;
    for (; k + kChains <= band->count; k += kChains, weights += 64 * kChains) {
      unroll<kChains>([&](auto c) INLINE_LAMBDA { addBrick(sums[c], weights + 64 * c, fourOfBrick(*band, k + c)); });
    }
    for (; k < band->count; k++, weights += 64) addBrick(sums[0], weights, fourOfBrick(*band, k));
    for (int c = 1; c < kChains; c++) merge(sums[0], sums[c]);
    finish(sums[0], start + band->row, scales + band->row, out + band->row);
  }
}

void bricks(const Int8Band* bands, int count, const uint8_t* in, const int32_t* start, const float* scales, float* out) {
  eachBand(bands, count, start, scales, out,
           [=](const Int8Band& band, int k) INLINE_LAMBDA { return fourAt(in + 4 * band.places[k]); });
}

void columns(const Int8Band* bands, int count, const uint8_t* in, const int32_t* start, const float* scales, float* out) {
  eachBand(bands, count, start, scales, out,
           [=](const Int8Band& band, int k) INLINE_LAMBDA { return gathered(in, band.places + 4 * k); });
}

void round(const float* values, int count, float inverse, uint8_t* to) {
  typedef uint8_t Bytes __attribute__((vector_size(W)));
  // 1.5 * 2^23: adding it rounds to a whole number and leaves it in the lowest bits.
  constexpr float kRound = 12582912;
  for (int k = 0; k < count; k += W) {
    const vf bounded = vmax(splat(-127), vmin(splat(127), load(values + k) * splat(inverse)));
    const Bytes bytes = __builtin_convertvector((vu)(bounded + splat(kRound)) + kZero, Bytes);
    __builtin_memcpy(to + k, &bytes, sizeof bytes);
  }
}

#define FILIGREE_TEXT(set) #set
#define FILIGREE_NAME(set) FILIGREE_TEXT(set)
constexpr Int8Kernels kKernels = {
    FILIGREE_NAME(FILIGREE_SET), kZero, kBands, round, dense, bricks, columns, Cells::forward,
};

}  // namespace
}  // namespace filigree::FILIGREE_ISA

namespace filigree::FILIGREE_SET {
extern const Int8Kernels int8Kernels = unfused::kKernels;
}
