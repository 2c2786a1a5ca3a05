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

const Kernels& chooseKernels(const char* name) {
  const Kernels* candidates[] = {
#if defined(__x86_64__)
      __builtin_cpu_supports("avx512f") ? &avx512::kernels : nullptr,
      __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? &avx2::kernels : nullptr,
#endif
#if defined(__wasm_relaxed_simd__)
      &relaxed::kernels,
#elif defined(__wasm__)
      &simd128::kernels,
#elif defined(__aarch64__)
      &neon::kernels,
#else
      &baseline::kernels,
#endif
  };
  for (const Kernels* kernels : candidates) {
    if (kernels && (!name || std::strcmp(name, kernels->name) == 0)) return *kernels;
  }
  refuse(std::string("this processor cannot run the instruction set \"") + name +
                "\" that FILIGREE_ISA asks for");
}

}  // namespace filigree
