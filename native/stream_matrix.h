// A matrix of weights as a stream multiplies it by one vector. There are no lanes of examples here, so the vectors run
// over output rows: dense as panels of some sixteens of rows, column by column, which reads the weights once from
// front to back; compressed as slices of sixteen rows with about as many nonzeros each, or, where adjacent rows have
// theirs in the same columns, as bands of sixteen rows. Either way a row is summed in the order of its columns, as in a batch.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels.h"
#include "memory.h"
#include "plan.h"

namespace filigree {

class StreamMatrix {
 public:
  StreamMatrix(const Block& block, const float* parameters, const StreamKernels& kernels);

  // out += W in; `out` has room for whole sixteens of rows.
  void addProduct(const float* in, float* out) const;

  // The same for `steps` vectors, one after the other; those of the results are `outStep` floats apart.
  void addProducts(const float* in, int steps, float* out, int outStep) const;

  size_t bytes() const { return weights_.size() * sizeof(float) + columns_.size() * sizeof(uint16_t); }

 private:
  // Some of the columns, as many as 16 bits can tell apart.
  struct Chunk {
    int first;
    Entries rows;
  };
  // The bands of one chunk's columns.
  struct BandRange {
    int first, count;
  };

  void packDense(const Entries& entries, const float* parameters);
  void packSlices(const std::vector<Chunk>& chunks, const float* parameters);
  void packBands(const std::vector<Chunk>& chunks, const float* parameters);
  bool suitBands(const std::vector<Chunk>& chunks) const;
  std::vector<Chunk> chunksOf(const Entries& entries) const;

  const StreamKernels& kernels_;
  const int rows_, inputs_;
  const bool sparse_;
  Floats weights_;
  std::vector<uint16_t> columns_;
  std::vector<StreamSlice> slices_;
  std::vector<StreamBand> bands_;
  std::vector<BandRange> ranges_;
};

}  // namespace filigree
