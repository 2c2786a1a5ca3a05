// Runs one tile of a batch, up to `lanes` examples side by side, forward and backward through a plan. A runner has the
// activations of one tile; several runners share the matrices and work side by side.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels.h"
#include "matrix.h"
#include "memory.h"
#include "outcome.h"
#include "plan.h"

namespace filigree {

// Batches as src/data/batches.ts has them, symbols already rows of the plan's tables. Of symbols and values, and of targets
// and numbers, there is what the plan takes.
struct Batches {
  std::vector<int32_t> sizes, steps, symbols, lengths, targets;
  std::vector<float> values, numbers;
  std::vector<uint8_t> carry;
  uint64_t places = 0;  // Where there may be a target; filled in by `Executor::check`, as are these.
  // Where each batch starts, and how many targets it has.
  std::vector<size_t> firstExample, firstSymbol, counts;
};

// What dropout draws from; nothing is dropped where it is not active.
struct DropoutKey {
  bool active = false;
  uint32_t key = 0;
};
// See src/engine/dropout.ts.
DropoutKey dropoutKey(double seed, double update);

class TileRunner {
 public:
  TileRunner(const Plan& plan, const std::vector<Matrix>& matrices, const Kernels& kernels, const float* prepared,
             const float* parameters);

  // After the matrices have changed, or the place of the parameters.
  void rewire(const float* parameters);
  // Makes room for tiles of up to `steps` steps.
  void reserve(int steps);
  // Takes up `size` examples of batch `index`, which are named by their number in the batch.
  void take(const Batches& batches, size_t index, const int* examples, int size);

  // Runs the tile forward from what its cells were left in, `before` (nothing: from zero), and writes what they end with
  // to `after`, where it is wanted; both have plan.carry floats and may be the same.
  void forward(const float* before, float* after, DropoutKey dropout);
  // The same, and reads: returns the tile's share of its batch's outcome, and writes outputs where they are wanted.
  Outcome evaluate(const float* before, float* after, float* outputs);
  // After `forward`: reads, and adds the tile's gradient, tables included. `weights` is what the loss of each class counts;
  // nothing: 1. That of compressed matrices goes to `everywhere` instead, where that is given: of absent weights too, laid
  // out as the plan's parameters.
  Outcome backward(float* gradient, float* everywhere, DropoutKey dropout, const float* weights);

  size_t activationBytes() const { return arena_.bytes() + boundaries_.bytes(); }
  size_t otherBytes() const { return scratch_.bytes() + sums_.bytes() + symbols_.bytes() + targets_.bytes(); }

 private:
  template <class F>
  void eachChunk(const Stage& stage, F f);
  template <class F>
  void eachSegment(bool backward, F f);
  // What cells hand to the present segment; behind it what they hand to the next, if there is one.
  float* boundary() { return boundaries_.data() + segment_ * plan_.carry; }
  template <class After>
  void forward(const float* before, float* after, After afterSegment);
  void runForward();
  void runStage(const Stage& stage, float* gradient, float* outputs, Outcome& outcome);
  void runBackward(const Op& op, int first, int end, float* gradient);
  void runCell(const Op& op, int first, int end);
  void runCellBackward(const Op& op, int first, int end);
  void affine(const Op& op, int first, int end);
  void addGradient(const Op& op, int first, int end, float* gradient);
  void sum(const std::vector<Rows>& sources, const Rows& target, int first, int end, bool accumulate);
  void drop(const Op& op, int first, int end);
  template <class F>
  void eachRun(int first, int end, F f);
  void pack(const Op& op, int packed);
  void unpack(const Op& op, int first, int end);
  template <class F>
  void eachRead(const Op& op, int first, int end, F f);
  void select(const Op& op, int first, int end);
  void scatter(const Op& op, int first, int end);
  void values(const Op& op, int step);
  void flip(const Op& op, int first, int end);
  struct Place;
  Place placeOf(const Op& op, int step, int lane) const;
  void keep(const Place& place, const float* lane, float* outputs) const;
  void softmax(const Op& op, int step, float* outputs, Outcome& outcome);
  void squares(const Op& op, int step, float* outputs, Outcome& outcome);
  void addBiases(const Op& op, int first, int end, float* gradient);
  const int64_t* embeddingsAt(int step);

  // A step of a sequence; one that holds a chunk begins with the first step of the one at work. Packed steps are counted
  // from 0.
  float* at(const Rows& rows, int step) {
    const int64_t from = step - (rows.held > 0 && !rows.packed ? chunk_ : 0);
    return arena_.data() + rows.offset + from * stride(rows);
  }
  float* origin(const Rows& rows) { return arena_.data() + rows.offset; }
  int stride(const Rows& rows) const { return rows.stride * plan_.lanes; }
  int floatsOf(const Rows& rows) const { return rows.rows * plan_.lanes; }
  void clear(const Rows& rows, int step);
  bool isLast() const { return start_ + length_ == steps_; }
  const int* symbolsAt(int step) const { return integers(symbols_) + static_cast<int64_t>(start_ + step) * plan_.lanes; }
  const int* targetsAt(int step) const {
    return integers(targets_) + (plan_.everyStep ? static_cast<int64_t>(start_ + step) * plan_.lanes : 0);
  }
  static const int* integers(const Floats& floats) { return reinterpret_cast<const int*>(floats.data()); }
  static int* integers(Floats& floats) { return reinterpret_cast<int*>(floats.data()); }

  const Plan& plan_;
  const std::vector<Matrix>& matrices_;
  const Kernels& kernels_;
  const float *prepared_, *parameters_;
  Floats arena_, scratch_;
  Floats sums_;  // Gradients of the compressed matrices of one tile.
  std::vector<size_t> firstSum_;  // Of each matrix.
  Floats symbols_, targets_;  // [step][lane], as 32-bit integers; one step where there is a target for an example.
  Floats boundaries_;         // What cells hand to each segment of the present tile.

  // The present tile.
  int steps_ = 0, batch_ = 0, size_ = 0;
  double count_ = 1;       // Targets of the batch.
  size_t first_ = 0;       // Its first place among all outputs.
  const float* values_ = nullptr;   // Of the batch: [step][example][channel].
  const float* numbers_ = nullptr;  // All that are to be predicted, by place.
  const float* weights_ = nullptr;  // Of classes.
  float* everywhere_ = nullptr;     // See `backward`.
  int examples_[32];       // Numbers in the batch.
  int64_t embeddings_[32];  // Where the embedding of each lane's symbol begins, of one step.
  int readSteps_[32];
  DropoutKey dropout_;
  bool fromZero_ = true;    // Whether its first segment is handed nothing.
  float* after_ = nullptr;  // Where its last segment leaves what cells hand on.
  // The segment whose activations are in the arena, and the chunk at work, from its first step on. Every step is counted
  // from the segment's start.
  int segment_ = 0, start_ = 0, length_ = 0, chunk_ = 0, chunkEnd_ = 0;
};

}  // namespace filigree
