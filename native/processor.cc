#include "processor.h"

#include <cstring>
#include <string>

#include "plan.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace filigree {

#if defined(__x86_64__)
FlushToZero::FlushToZero() : before_(_mm_getcsr()) {
  constexpr unsigned kFlushResults = 0x8000, kFlushOperands = 0x0040;
  _mm_setcsr(static_cast<unsigned>(before_) | kFlushResults | kFlushOperands);
}
FlushToZero::~FlushToZero() { _mm_setcsr(static_cast<unsigned>(before_)); }
#elif defined(__aarch64__)
FlushToZero::FlushToZero() {
  __asm__ volatile("mrs %0, fpcr" : "=r"(before_));
  const uint64_t flushing = before_ | (uint64_t{1} << 24);
  __asm__ volatile("msr fpcr, %0" : : "r"(flushing));
}
FlushToZero::~FlushToZero() { __asm__ volatile("msr fpcr, %0" : : "r"(before_)); }
#else
FlushToZero::FlushToZero() : before_(0) {}
FlushToZero::~FlushToZero() = default;
#endif

namespace {

template <class K, size_t N>
const K& choose(const K* const (&candidates)[N], const char* name) {
  for (const K* kernels : candidates) {
    if (kernels && (!name || std::strcmp(name, kernels->name) == 0)) return *kernels;
  }
  refuse(std::string("this processor cannot run the instruction set \"") + name +
                "\" that FILIGREE_ISA asks for");
}

#if defined(__x86_64__)
bool hasAvx512() { return __builtin_cpu_supports("avx512f"); }
bool hasVnni() { return hasAvx512() && __builtin_cpu_supports("avx512vnni"); }
bool hasAvx2() { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }
#endif

}  // namespace

#if defined(__wasm_relaxed_simd__)
#define FILIGREE_ANYWHERE relaxed
#elif defined(__wasm__)
#define FILIGREE_ANYWHERE simd128
#elif defined(__aarch64__)
#define FILIGREE_ANYWHERE neon
#else
#define FILIGREE_ANYWHERE baseline
#endif

const Kernels& chooseKernels(const char* name) {
  const Kernels* const candidates[] = {
#if defined(__x86_64__)
      hasAvx512() ? &avx512::kernels : nullptr,
      hasAvx2() ? &avx2::kernels : nullptr,
#endif
      &FILIGREE_ANYWHERE::kernels,
  };
  return choose(candidates, name);
}

const Int8Kernels& chooseInt8Kernels(const char* name) {
  const Int8Kernels* const candidates[] = {
#if defined(__x86_64__)
      hasVnni() ? &vnni::int8Kernels : nullptr,
      hasAvx512() ? &avx512::int8Kernels : nullptr,
      hasAvx2() ? &avx2::int8Kernels : nullptr,
#endif
      &FILIGREE_ANYWHERE::int8Kernels,
  };
  return choose(candidates, name);
}

}  // namespace filigree
