// What depends on the processor at run time: which kernels it can run, and how it treats the smallest numbers.
#pragma once

#include <cstdint>

#include "kernels.h"

namespace filigree {

// Denormal numbers cost tens of cycles each; this flushes them to zero on the current thread while it lives.
class FlushToZero {
 public:
  FlushToZero();
  ~FlushToZero();
  FlushToZero(const FlushToZero&) = delete;
  FlushToZero& operator=(const FlushToZero&) = delete;

 private:
  uint64_t before_;
};

// The best kernels of this processor, or those that `name` asks for where the processor has them.
const Kernels& chooseKernels(const char* name);

// The same for streams in int8; with AVX-512 there are two, `vnni` and `avx512`.
const Int8Kernels& chooseInt8Kernels(const char* name);

}  // namespace filigree
