// The form of a compressed matrix whose mask is cut in blocks of some rows. Adjacent rows with weights in the same columns
// are a band; its weights lie side by side, column by column, so that one load of an input serves all of its rows. Both
// products take the same weights.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels.h"
#include "lists.h"
#include "memory.h"

namespace filigree {

class Bands {
 public:
  // Whether these rows are mostly in bands of several.
  static bool suit(const Lists& rows);

  // A matrix without any weight and without rows.
  Bands() = default;
  // Rows and columns that are `started` are begun by another form, which is multiplied first.
  Bands(const Lists& rows, const std::vector<uint8_t>& startedRows, const std::vector<uint8_t>& startedColumns, int lanes,
        const BandKernels& kernels);

  bool empty() const { return bands_.empty(); }
  // Tells where each weight is among the parameters, and its gradient among theirs, by its number.
  void locate(const std::vector<int>& placeOf);
  void refresh(const float* parameters);

  // As in `Matrix`, of one step.
  void product(const float* in, float* out, Start start, const float* bias) const;
  void transposedProduct(const float* in, float* out, Start start) const;

  // As in `Matrix`: to `sumCount` sums, which `collect` adds to the gradient. `scratch` has room for `scratchCount` floats,
  // whatever the mask.
  void addGradient(const float* left, int leftStep, const float* right, int rightStep, int steps, float* sums,
                   float* scratch) const;
  size_t sumCount() const { return weights_.size(); }
  static uint64_t scratchCount(int columns, int lanes);
  void collect(const float* sums, float* gradient) const;

  size_t bytes() const;

 private:
  // Columns whose share of the bands is multiplied before the next columns are.
  struct Range {
    int firstColumn, columns;
    int firstBand, bands;  // Of `cut_`.
  };
  // Columns that the transposed product has to clear.
  struct Clear {
    int column, columns;
  };

  int lanes_ = 0;
  const BandKernels* kernels_ = nullptr;
  std::vector<Band> bands_;  // Over all columns.
  std::vector<Band> cut_;    // The same, range by range.
  std::vector<Range> ranges_;
  std::vector<Clear> clears_;
  std::vector<int> offsets_;
  Floats weights_;
  std::vector<int> source_, places_;  // The number of each weight, and its place.
  int steps_ = 0;            // Of a gradient, at once.
};

}  // namespace filigree
