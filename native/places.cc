#include "places.h"

namespace filigree {

Places::Places(const std::vector<uint8_t>& kept)
    : bits_((kept.size() + 63) / 64), before_(bits_.size()), parameters_(static_cast<int>(kept.size())) {
  for (size_t w = 0; w < bits_.size(); w++) {
    before_[w] = count_;
    const size_t first = 64 * w, end = first + 64 < kept.size() ? first + 64 : kept.size();
    // Eight bytes at a time: the product brings their lowest bits together in its highest byte.
    for (size_t i = first; i < end; i += 8) {
      uint64_t eight;
      std::memcpy(&eight, kept.data() + i, sizeof eight);
      bits_[w] |= (eight * 0x0102040810204080) >> 56 << (i - first);
    }
    count_ += __builtin_popcountll(bits_[w]);
  }
  size_ = count_ == 0 ? 16 : (count_ + 15) / 16 * 16;
}

}  // namespace filigree
