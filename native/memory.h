// Aligned memory for vectors: every buffer starts on a cache line, which alone makes the weight gradient half as fast
// again. Large ones are in large pages where the system has them, because looking up small ones takes time too.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>

#include "refuse.h"

#ifdef __linux__
#include <sys/mman.h>
#endif

namespace filigree {

#ifdef __wasm__
constexpr bool kHasLargePages = false;
#else
constexpr bool kHasLargePages = true;
#endif
constexpr size_t kLargePage = size_t{1} << 21;
// Floats of a buffer, rounded up to a page, that pointers can tell apart.
constexpr uint64_t kMostFloats = (PTRDIFF_MAX - kLargePage) / sizeof(float);

class Floats {
 public:
  Floats() = default;
  // `size` floats, all zero. Products of sizes have 64 bits everywhere, so that none wraps before it gets here.
  explicit Floats(uint64_t size) {
    if (size > kMostFloats) refuseMemory();
    size_ = static_cast<size_t>(size);
    // At most a third of a buffer is left over.
    const size_t unit = kHasLargePages && bytes() > kLargePage / 4 * 3 ? kLargePage : 64;
    const size_t bytes = (size_ * sizeof(float) + unit - 1) / unit * unit;
    if (bytes == 0) return;
    data_.reset(static_cast<float*>(std::aligned_alloc(unit, bytes)));
    if (!data_) refuseMemory();
#ifdef __linux__
    if (unit == kLargePage) madvise(data_.get(), bytes, MADV_HUGEPAGE);
#endif
    for (size_t i = 0; i < bytes / sizeof(float); i++) data_.get()[i] = 0;
  }
  float* data() { return data_.get(); }
  const float* data() const { return data_.get(); }
  size_t size() const { return size_; }
  size_t bytes() const { return size_ * sizeof(float); }

 private:
  struct Free {
    void operator()(float* p) const { std::free(p); }
  };
  std::unique_ptr<float, Free> data_;
  size_t size_ = 0;
};

}  // namespace filigree
