#include "stream_matrix.h"

#include <algorithm>
#include <numeric>

namespace filigree {
namespace {
// Columns that 16 bits can tell apart.
constexpr int kChunk = 1 << 16;
}  // namespace

StreamMatrix::StreamMatrix(const Block& block, const float* parameters, const StreamKernels& kernels)
    : kernels_(kernels), rows_(block.rows), inputs_(block.columns), sparse_(block.sparse) {
  const Entries entries = entriesOf(block);
  sparse_ ? packSparse(entries, parameters) : packDense(entries, parameters);
}

void StreamMatrix::packDense(const Entries& entries, const float* parameters) {
  const int sixteens = (rows_ + 15) / 16;
  weights_ = Floats(static_cast<uint64_t>(sixteens) * 16 * inputs_);
  float* panel = weights_.data();
  // The same nearly equal heights as the kernel's.
  const int count = (sixteens + kernels_.maxSixteens - 1) / kernels_.maxSixteens;
  for (int p = 0, first = 0; p < count; p++) {
    const int height = 16 * (sixteens / count + (p < sixteens % count));
    for (int i = first; i < std::min(first + height, rows_); i++) {
      for (const Entry& entry : entries[i]) {
        panel[static_cast<size_t>(entry.column) * height + i - first] = parameters[entry.parameter];
      }
    }
    panel += static_cast<size_t>(height) * inputs_;
    first += height;
  }
}

void StreamMatrix::packSparse(const Entries& entries, const float* parameters) {
  std::vector<float> weights;
  for (int from = 0; from < inputs_; from += kChunk) {
    Entries nonzeros(rows_);
    for (int i = 0; i < rows_; i++) {
      for (const Entry& entry : entries[i]) {
        if (entry.column >= from && entry.column - from < kChunk) nonzeros[i].push_back(entry);
      }
    }
    // Rows with about as many nonzeros go side by side: a slice is as long as its longest row.
    std::vector<int> order(rows_);
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return nonzeros[a].size() > nonzeros[b].size(); });
    for (int first = 0; first < rows_; first += 16) {
      StreamSlice slice{};
      slice.rows = std::min(16, rows_ - first);
      slice.count = static_cast<int>(nonzeros[order[first]].size());
      slice.firstColumn = from;
      if (slice.count == 0) break;
      std::copy_n(order.begin() + first, slice.rows, slice.row);
      for (int k = 0; k < slice.count; k++) {
        for (int r = 0; r < 16; r++) {
          const bool padding = r >= slice.rows || k >= static_cast<int>(nonzeros[slice.row[r]].size());
          const Entry entry = padding ? Entry{from, 0} : nonzeros[slice.row[r]][k];
          weights.push_back(padding ? 0 : parameters[entry.parameter]);
          columns_.push_back(static_cast<uint16_t>(entry.column - from));
        }
      }
      slices_.push_back(slice);
    }
  }
  weights_ = Floats(weights.size());
  std::copy(weights.begin(), weights.end(), weights_.data());
  size_t at = 0;
  for (StreamSlice& slice : slices_) {
    slice.weights = weights_.data() + at;
    slice.columns = columns_.data() + at;
    at += static_cast<size_t>(slice.count) * 16;
  }
}

void StreamMatrix::addProduct(const float* in, float* out) const {
  if (sparse_) return kernels_.sparse(slices_.data(), static_cast<int>(slices_.size()), in, out);
  kernels_.dense(weights_.data(), (rows_ + 15) / 16, inputs_, in, out);
}

void StreamMatrix::addProducts(const float* in, int steps, float* out, int outStep) const {
  if (!sparse_) return kernels_.denseSteps(weights_.data(), (rows_ + 15) / 16, inputs_, in, steps, out, outStep);
  for (int t = 0; t < steps; t++, in += inputs_, out += outStep) addProduct(in, out);
}

}  // namespace filigree
