// Aligned memory for vectors: every buffer starts on a cache line, which alone makes the weight gradient half as fast
// again.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <new>

namespace filigree {

struct NotEnoughMemory : std::bad_alloc {
  const char* what() const noexcept override { return "there is not enough memory for this network"; }
};

class Floats {
 public:
  Floats() = default;
  // `size` floats, all zero.
  explicit Floats(size_t size) : size_(size) {
    const size_t bytes = (size * sizeof(float) + 63) / 64 * 64;
    if (bytes == 0) return;
    data_.reset(static_cast<float*>(std::aligned_alloc(64, bytes)));
    if (!data_) throw NotEnoughMemory();
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
