// Runs one tile of a batch, up to `lanes` examples side by side, forward and backward through a plan. A runner has the
// activations of one tile; several runners share the matrices and work side by side.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels.h"
#include "matrix.h"
#include "memory.h"
#include "plan.h"

namespace filigree {

// Batches as src/data/batches.ts has them, symbols already rows of the plan's tables.
struct Batches {
  std::vector<int32_t> sizes, steps, symbols, lengths, labels;
  bool readLastStep = false;
  // Where each batch starts; filled in by `Executor::check`.
  std::vector<size_t> firstExample, firstSymbol;
};

// A mean loss and the number of examples whose most likely class is right.
struct Outcome {
  double loss = 0;
  int correct = 0;
  Outcome& operator+=(const Outcome& part) {
    loss += part.loss;
    correct += part.correct;
    return *this;
  }
};

// Steps that a group of operations takes at once when its widest buffer has so many rows: what one of them writes should
// still be in the second-level cache when the next reads it.
int chunkSteps(int rows, int lanes);

class TileRunner {
 public:
  TileRunner(const Plan& plan, const std::vector<Matrix>& matrices, const Kernels& kernels, const float* prepared);

  // Makes room for tiles of up to `steps` steps.
  void reserve(int steps);
  // Takes up `size` examples of batch `index`, which are named by their number in the batch.
  void take(const Batches& batches, size_t index, const int* examples, int size);

  // The tile's share of its batch's outcome; writes logits, [example][class], where they are wanted.
  Outcome forward(float* logits);
  // Adds the tile's gradient, tables included.
  void backward(float* gradient);

  size_t activationBytes() const { return arena_.bytes() + boundaries_.bytes(); }
  size_t otherBytes() const { return scratch_.bytes() + sums_.bytes() + symbols_.bytes(); }

 private:
  template <class F>
  void eachChunk(const std::vector<Op>& ops, bool backward, F f);
  Outcome loss(const Op& op, float* logits);
  template <class F>
  void eachSegment(bool backward, F f);
  template <class F>
  void eachState(int segment, F f);
  Outcome runForward(float* logits);
  void runBackward(float* gradient);
  void runCell(const Op& op, int first, int end);
  void runCellBackward(const Op& op, int first, int end);
  void sum(const std::vector<Rows>& sources, const Rows& target, int first, int end, bool accumulate);
  template <class F>
  void eachRead(F f);
  void select(const Op& op);
  void scatter(const Op& op);
  void addBiases(const Op& op, int first, int end, float* gradient);

  float* at(const Rows& rows, int step = 0) {
    return arena_.data() + rows.offset + static_cast<int64_t>(step) * stride(rows);
  }
  int stride(const Rows& rows) const { return rows.stride * plan_.lanes; }
  int floatsOf(const Rows& rows) const { return rows.rows * plan_.lanes; }
  void clear(const Rows& rows, int step);
  bool isLast() const { return start_ + length_ == steps_; }
  const int* symbolsAt(int step) const {
    return reinterpret_cast<const int*>(symbols_.data()) + static_cast<int64_t>(start_ + step) * plan_.lanes;
  }

  const Plan& plan_;
  const std::vector<Matrix>& matrices_;
  const Kernels& kernels_;
  const float* prepared_;
  Floats arena_, scratch_;
  Floats sums_;  // Gradients of the compressed matrices of one tile.
  std::vector<size_t> firstSum_;  // Of each matrix.
  Floats symbols_;     // [step][lane], as 32-bit integers.
  Floats boundaries_;  // What cells hand to each segment of the present tile, where there are several.
  size_t boundaryFloats_ = 0;

  // The present tile.
  int steps_ = 0, batch_ = 0, size_ = 0;
  size_t examples_[32];  // Numbers among all examples.
  int readSteps_[32], labels_[32];
  // The segment whose activations are in the arena. Every step below is counted from its start.
  int start_ = 0, length_ = 0;
};

}  // namespace filigree
