// Where each parameter of a plan lies in an executor's vectors. An absent weight that only the groups of a compressed
// matrix would read has no place there; all others follow each other in the plan's order:
//   plan       a b · · c · d · · · e        ·: absent
//   executor   a b c d e 0 0 ...            up to a whole cache line
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

namespace filigree {

class Places {
 public:
  Places() = default;
  // From a byte for each parameter, 1 where it has a place; their number is a multiple of 16.
  explicit Places(const std::vector<uint8_t>& kept);

  // Length of an executor's vectors: a multiple of 16, the last values of which may belong to nothing.
  int size() const { return size_; }
  int count() const { return count_; }
  bool isWhole() const { return count_ == parameters_; }
  // The place of a parameter that has one; otherwise that of the next which has.
  int of(int64_t parameter) const {
    const auto word = static_cast<size_t>(parameter / 64);
    const uint64_t below = bits_[word] & ((uint64_t{1} << parameter % 64) - 1);
    return before_[word] + __builtin_popcountll(below);
  }
  // A bit for each parameter, 64 to a word, the first being the lowest.
  const std::vector<uint64_t>& bits() const { return bits_; }

  size_t bytes() const { return bits_.capacity() * sizeof(uint64_t) + before_.capacity() * sizeof(int); }

  // From a vector laid out as the plan's parameters, and to one, with `fresh` where there is no place.
  template <class T>
  void contract(const T* from, T* to) const {
    for (size_t w = 0; w < bits_.size(); w++, from += 64) {
      uint64_t bits = bits_[w];
      if (bits == ~uint64_t{0}) {
        std::memcpy(to, from, 64 * sizeof(T));
        to += 64;
        continue;
      }
      for (; bits != 0; bits &= bits - 1) *to++ = from[__builtin_ctzll(bits)];
    }
  }
  template <class T>
  void expand(const T* from, T* to, T fresh = 0) const {
    for (int first = 0; first < parameters_; first += 64, to += 64) {
      const uint64_t bits = bits_[static_cast<size_t>(first) / 64];
      const int count = parameters_ - first < 64 ? parameters_ - first : 64;
      if (bits == ~uint64_t{0}) {
        std::memcpy(to, from, 64 * sizeof(T));
        from += 64;
        continue;
      }
      for (int k = 0; k < count; k++) to[k] = bits >> k & 1 ? *from++ : fresh;
    }
  }
  // Of every place where it was among others of the same parameters, -1 where there it had none.
  std::vector<int> origins(const Places& others) const {
    std::vector<int> origins(static_cast<size_t>(size_) + 1, -1);
    int* to = origins.data();
    int from = 0;
    for (size_t w = 0; w < bits_.size(); w++) {
      const uint64_t own = bits_[w], other = others.bits_[w];
      for (uint64_t either = own | other; either != 0; either &= either - 1) {
        const uint64_t bit = either & -either;
        // Written over by the next one unless it has a place here, so that there is nothing to guess.
        *to = other & bit ? from : -1;
        to += (own & bit) != 0;
        from += (other & bit) != 0;
      }
    }
    *to = -1;
    origins.pop_back();
    return origins;
  }

 private:
  std::vector<uint64_t> bits_;
  std::vector<int> before_;  // Places before each word.
  int parameters_ = 0, count_ = 0, size_ = 0;
};

// Calls f(index) for every 1 among some bytes that are 0 or 1.
template <class F>
void eachSet(const uint8_t* bytes, int count, F f) {
  int j = 0;
  for (; j + 8 <= count; j += 8) {
    uint64_t eight;
    std::memcpy(&eight, bytes + j, sizeof eight);
    for (; eight != 0; eight &= eight - 1) f(j + __builtin_ctzll(eight) / 8);
  }
  for (; j < count; j++) {
    if (bytes[j]) f(j);
  }
}

// How many they are.
inline int countSet(const uint8_t* bytes, int count) {
  int set = 0;
  for (int j = 0; j < count; j++) set += bytes[j];
  return set;
}

}  // namespace filigree
