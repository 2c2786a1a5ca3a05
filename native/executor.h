// Runs a plan: training steps and evaluations over batches, on the calling thread. One executor belongs to one network
// in training; executors share nothing, so any number of them run side by side.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "kernels.h"
#include "matrix.h"
#include "memory.h"
#include "plan.h"

namespace filigree {

struct Optimiser {
  double learningRate, beta1, beta2, epsilon, clip;
};

// Batches as src/data/batches.ts has them, symbols already rows of the plan's tables.
struct Batches {
  std::vector<int32_t> sizes, steps, symbols, lengths, labels;
  bool readLastStep = false;
  // Where each batch starts; filled in by `check`.
  std::vector<size_t> firstExample, firstSymbol;
};

// A batch's mean loss and the number of its examples whose most likely class is right.
struct Outcome {
  double loss = 0;
  int correct = 0;
};

// Bytes that an executor holds: activations, all that is as long as the parameters, the matrices' forms, and tables and
// scratch.
struct Footprint {
  size_t arena = 0, parameters = 0, matrices = 0, rest = 0;
  size_t total() const { return arena + parameters + matrices + rest; }
};

// Steps that a group of operations takes at once when its widest buffer has so many rows: what they write should still
// be in the second-level cache when the next of them reads it.
inline int chunkSteps(int rows, int lanes) {
  constexpr int kGroupBytes = 1 << 19;
  return std::max(kOuterSteps, kGroupBytes / (rows * lanes * static_cast<int>(sizeof(float))));
}

class Executor {
 public:
  Executor(Plan plan, const Optimiser& optimiser, const Kernels& kernels);

  // Throws Refused unless every size, length, label and symbol fits the plan.
  void check(Batches& batches) const;

  // Trains on batches [from, to), ending after the first whose loss is not finite.
  std::vector<Outcome> train(const Batches& batches, size_t from, size_t to);
  // Runs all batches forward and writes the logits, [example][class].
  std::vector<Outcome> evaluate(const Batches& batches, float* logits);
  // Loss and unclipped gradient of one batch.
  double gradient(const Batches& batches, size_t index, float* gradient);

  // Ends work on another thread before its next batch; the executor is of no use afterwards.
  void stop() { stopped_ = true; }

  Footprint footprint() const;

  const Plan& plan() const { return plan_; }
  float* parameters() { return parameters_.data(); }
  float* firstMoment() { return first_.data(); }
  float* secondMoment() { return second_.data(); }
  double step() const { return step_; }
  void setStep(double step);

 private:
  struct Tile;

  Outcome batchGradient(const Batches& batches, size_t index);
  template <class F>
  void eachTile(const Batches& batches, size_t index, F f);
  template <class F>
  void eachChunk(const std::vector<Op>& ops, int steps, bool backward, F f);
  template <class F>
  void eachEmbedded(F f, float* embedded);
  void prepare();
  void runPrepare(const Op& op);
  Outcome forward(const Tile& tile, float* logits);
  Outcome loss(const Op& op, const Tile& tile, float* logits);
  void backward(const Tile& tile, float* gradient);
  void runCell(const Op& op, int first, int end);
  void runCellBackward(const Op& op, const Tile& tile, int first, int end);
  void select(const Op& op, const Tile& tile);
  void scatter(const Op& op, const Tile& tile);
  void tableBackward(const Op& op, float* gradient);
  void update();

  float* at(const Sequence& s, int step = 0) {
    return arena_.data() + s.offset + static_cast<int64_t>(step) * s.rows * plan_.lanes;
  }
  int stride(const Sequence& s) const { return s.rows * plan_.lanes; }
  int symbolGroups() const { return (static_cast<int>(plan_.symbols.size()) + plan_.lanes - 1) / plan_.lanes; }

  const Plan plan_;
  const Optimiser optimiser_;
  const Kernels& kernels_;
  std::vector<Matrix> matrices_;
  Floats parameters_, first_, second_, prepared_, arena_, gradient_, tileGradient_, scratch_;
  // For tables: the embeddings of the symbols in use, a gradient of them, and the gradient of a table, each as steps of
  // as many symbols as there are lanes.
  Floats embedded_, embeddedFlow_, flows_;
  Floats symbols_;  // The present tile's symbols, [step][lane], as 32-bit integers.
  std::atomic<bool> stopped_{false};
  double step_ = 0, power1_ = 1, power2_ = 1;
};

}  // namespace filigree
