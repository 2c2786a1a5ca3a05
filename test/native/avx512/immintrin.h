// AVX-512 for processors that lack it, so that the 16-wide kernels can be run and held to the others anywhere: this
// header stands in front of the compiler's own and gives the few intrinsics that native/simd.h uses, with the meaning
// that Intel's manual gives them, in what AVX2 has. The lines of the kernels stay the same.
// Compile with -I<this folder> -D__AVX512F__ -mavx2 -mfma -Wno-psabi, and with -D__AVX512VNNI__ for the products of whole numbers.
#pragma once

// The compiler's header must not take the processor for one with AVX-512.
#undef __AVX512F__
#ifdef __AVX512VNNI__
#define EMULATES_VNNI
#undef __AVX512VNNI__
#endif
#include_next <immintrin.h>
#define __AVX512F__ 1
#ifdef EMULATES_VNNI
#define __AVX512VNNI__ 1
#endif

namespace emulated {

#define EMULATED inline __attribute__((always_inline))

typedef int Ints __attribute__((vector_size(64), may_alias));

// A vector with f(lane) in every lane.
template <class F>
EMULATED __m512 lanes(F&& f) {
  return __m512{f(0), f(1), f(2), f(3), f(4), f(5), f(6), f(7), f(8), f(9), f(10), f(11), f(12), f(13), f(14), f(15)};
}

EMULATED __m512 set1(float x) {
  return lanes([&](int) { return x; });
}
EMULATED __m512i set1(int x) { return (__m512i)(Ints{} + x); }
EMULATED __m512 load(const void* p) { return *static_cast<const __m512*>(p); }
EMULATED __m512i loadInts(const void* p) { return *static_cast<const __m512i*>(p); }
EMULATED __m512i widen(__m256i shorts) {
  typedef unsigned short Shorts __attribute__((vector_size(32)));
  return (__m512i)__builtin_convertvector((Shorts)shorts, Ints);
}
EMULATED __m512 widen(__m128 four) {
  return lanes([&](int l) { return l < 4 ? four[l] : 0; });
}
EMULATED void storeAnywhere(float* p, __m512 a) { __builtin_memcpy(p, &a, sizeof a); }

// Half by half: an operation that AVX2 has.
EMULATED __m256 lower(__m512 a) { return __builtin_shufflevector(a, a, 0, 1, 2, 3, 4, 5, 6, 7); }
EMULATED __m256 upper(__m512 a) { return __builtin_shufflevector(a, a, 8, 9, 10, 11, 12, 13, 14, 15); }
EMULATED __m512 join(__m256 low, __m256 high) {
  return __builtin_shufflevector(low, high, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
}
EMULATED __m512 fmadd(__m512 a, __m512 b, __m512 c) {
  return join(_mm256_fmadd_ps(lower(a), lower(b), lower(c)), _mm256_fmadd_ps(upper(a), upper(b), upper(c)));
}
// These return the second operand where one of the two is NaN or both are zero, on AVX2 as on AVX-512.
EMULATED __m512 min(__m512 a, __m512 b) {
  return join(_mm256_min_ps(lower(a), lower(b)), _mm256_min_ps(upper(a), upper(b)));
}
EMULATED __m512 max(__m512 a, __m512 b) {
  return join(_mm256_max_ps(lower(a), lower(b)), _mm256_max_ps(upper(a), upper(b)));
}
EMULATED __m512 sqrt(__m512 a) { return join(_mm256_sqrt_ps(lower(a)), _mm256_sqrt_ps(upper(a))); }

// A bit for every lane.
EMULATED int greater(__m512 a, __m512 b) {
  const int low = _mm256_movemask_ps(_mm256_cmp_ps(lower(a), lower(b), _CMP_GT_OQ));
  return low | _mm256_movemask_ps(_mm256_cmp_ps(upper(a), upper(b), _CMP_GT_OQ)) << 8;
}
EMULATED __m512 keep(int mask, __m512 a) {
  return lanes([&](int l) { return mask >> l & 1 ? a[l] : 0; });
}

// In every quarter two lanes of `a`, then two of `b`, which two bits each choose.
EMULATED __m512 shuffle(__m512 a, __m512 b, int how) {
  return lanes([&](int l) { return (l % 4 < 2 ? a : b)[l / 4 * 4 + (how >> l % 4 * 2 & 3)]; });
}
// Two quarters of `a`, then two of `b`.
EMULATED __m512 shuffleQuarters(__m512 a, __m512 b, int how) {
  return lanes([&](int l) { return (l < 8 ? a : b)[(how >> l / 4 * 2 & 3) * 4 + l % 4]; });
}
// In every quarter two neighbours of `a` and `b`, in turn.
EMULATED __m512 unpack(__m512 a, __m512 b, int first) {
  return lanes([&](int l) { return (l % 2 == 0 ? a : b)[l / 4 * 4 + first + l % 4 / 2]; });
}
EMULATED __m512 permute(__m512i index, __m512 a) {
  return lanes([&](int l) { return a[((Ints)index)[l] & 15]; });
}
EMULATED __m512 permuteTwo(__m512 a, __m512i index, __m512 b) {
  return lanes([&](int l) { return (((Ints)index)[l] & 16 ? b : a)[((Ints)index)[l] & 15]; });
}
EMULATED __m512 gather(__m512i index, const float* table) {
  return lanes([&](int l) { return table[((Ints)index)[l]]; });
}

// To every whole number the four products of bytes, those of `a` without a sign.
EMULATED __m512i dotBytes(__m512i sums, __m512i a, __m512i b) {
  typedef unsigned char Bytes __attribute__((vector_size(64), may_alias));
  typedef signed char SignedBytes __attribute__((vector_size(64), may_alias));
  Ints own = (Ints)sums;
  for (int k = 0; k < 64; k++) own[k / 4] += ((Bytes)a)[k] * ((SignedBytes)b)[k];
  return (__m512i)own;
}

#undef EMULATED

}  // namespace emulated

// In some compilers these are macros already.
#undef _mm512_cmp_ps_mask
#undef _mm512_i32gather_ps
#undef _mm512_setr_epi32
#undef _mm512_shuffle_f32x4
#undef _mm512_shuffle_ps

#define _mm512_set1_ps(x) emulated::set1(x)
#define _mm512_set1_epi32(x) emulated::set1(x)
#define _mm512_castps128_ps512(four) emulated::widen(four)
#define _mm512_setzero_ps() emulated::set1(0.0f)
#define _mm512_setr_epi32(...) (__m512i) emulated::Ints { __VA_ARGS__ }
#define _mm512_load_ps(p) emulated::load(p)
#define _mm512_load_si512(p) emulated::loadInts(p)
#define _mm512_cvtepu16_epi32(shorts) emulated::widen(shorts)
// `scale` is 4, the size of a float.
#define _mm512_i32gather_ps(index, table, scale) emulated::gather(index, table)
#define _mm512_storeu_ps(p, a) emulated::storeAnywhere(p, a)
#define _mm512_fmadd_ps(a, b, c) emulated::fmadd(a, b, c)
#define _mm512_min_ps(a, b) emulated::min(a, b)
#define _mm512_max_ps(a, b) emulated::max(a, b)
#define _mm512_sqrt_ps(a) emulated::sqrt(a)
// `how` is _CMP_GT_OQ.
#define _mm512_cmp_ps_mask(a, b, how) emulated::greater(a, b)
#define _mm512_maskz_mov_ps(mask, a) emulated::keep(mask, a)
#define _mm512_shuffle_ps(a, b, how) emulated::shuffle(a, b, how)
#define _mm512_shuffle_f32x4(a, b, how) emulated::shuffleQuarters(a, b, how)
#define _mm512_unpacklo_ps(a, b) emulated::unpack(a, b, 0)
#define _mm512_unpackhi_ps(a, b) emulated::unpack(a, b, 2)
#define _mm512_permutexvar_ps(index, a) emulated::permute(index, a)
#define _mm512_permutex2var_ps(a, index, b) emulated::permuteTwo(a, index, b)
#define _mm512_dpbusd_epi32(sums, a, b) emulated::dotBytes(sums, a, b)
