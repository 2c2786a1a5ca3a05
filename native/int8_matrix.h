// A matrix of whole numbers of -127 to 127, as a stream multiplies it by one vector of such: see Int8Kernels in kernels.h. Rows
// are those of some gates, each of which begins a band of sixteen rows. It is held whole, or as the bricks that have weights: of
// four adjacent columns, or of any four, by what takes least time.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels.h"
#include "memory.h"

namespace filigree {

// Rows of a gate or a vector, with those that are added to make whole sixteens.
inline int padded(int rows) { return (rows + 15) / 16 * 16; }

class Int8Matrix {
 public:
  // `weights` are [gate][unit][column]; their product has a scale for each row.
  Int8Matrix(const int8_t* weights, const float* scales, int gates, int units, int columns, const Int8Kernels& kernels);

  // out += W in: `in` has whole fours of columns and `out` padded(units) rows for each gate. Where no weight exists, nothing.
  void addProduct(const uint8_t* in, float* out) const;

  size_t bytes() const;

 private:
  enum class Form { kEmpty, kDense, kBricks, kColumns };

  Form formOf(const int8_t* weights, int gates, int units) const;
  template <class F>
  void eachBand(const int8_t* weights, int gates, int units, F f) const;
  void pack(const int8_t* weights, int gates, int units);
  void packDense(const int8_t* weights, int gates, int units);

  const Int8Kernels& kernels_;
  const int columns_, bands_;
  Form form_;
  Floats weights_;
  Floats scales_;
  Floats start_;  // Whole numbers: what the sums begin with.
  std::vector<uint16_t> places_;
  std::vector<Int8Band> list_;
};

}  // namespace filigree
