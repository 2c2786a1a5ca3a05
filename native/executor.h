// Trains and evaluates a network by its plan, over batches cut into tiles. One executor belongs to one network in
// training; executors share nothing, so any number of them run side by side, and each may use several threads.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "kernels.h"
#include "matrix.h"
#include "memory.h"
#include "plan.h"
#include "team.h"
#include "tile.h"

namespace filigree {

struct Optimiser {
  double learningRate, beta1, beta2, epsilon, clip;
};

// Bytes that an executor holds: activations, all that is as long as the parameters, the matrices' forms, and tables and
// scratch.
struct Footprint {
  size_t activations = 0, parameters = 0, matrices = 0, rest = 0;
  size_t total() const { return activations + parameters + matrices + rest; }
};

class Executor {
 public:
  // Tiles of a batch run on up to `threads` threads; their number changes no result.
  Executor(Plan plan, const Optimiser& optimiser, const Kernels& kernels, int threads);

  // Throws Refused unless every size, length, label and symbol fits the plan.
  void check(Batches& batches) const;

  // Trains on batches [from, to), ending after the first whose loss is not finite; it is NaN where the gradient is not.
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
  // One thread's share of the work.
  struct Member {
    TileRunner runner;
    Floats gradient;  // Of one tile.
    Outcome outcome;
  };

  void reserve(const Batches& batches);
  void prepare();
  void runPrepare(const Op& op);
  template <class F>
  void eachEmbedded(F f, float* embedded);
  std::vector<int> order(const Batches& batches, size_t index) const;
  template <class Work, class Done>
  void eachTile(const Batches& batches, size_t index, Work work, Done done);
  Outcome batchGradient(const Batches& batches, size_t index);
  void tableBackward(const Op& op, float* gradient);
  double gradientNorm() const;
  void update(double norm);

  int tilesOf(int examples) const { return (examples + plan_.lanes - 1) / plan_.lanes; }
  int symbolGroups() const { return (static_cast<int>(plan_.symbols.size()) + plan_.lanes - 1) / plan_.lanes; }

  const Plan plan_;
  const Optimiser optimiser_;
  const Kernels& kernels_;
  std::vector<Matrix> matrices_;
  Floats parameters_, first_, second_, prepared_, gradient_;
  // For tables: the embeddings of the symbols in use, a gradient of them, and the gradient of a table, each as steps of
  // as many symbols as there are lanes.
  Floats embedded_, embeddedFlow_, flows_, scratch_;
  Floats sums_;  // Of a table's compressed matrix.
  Team team_;
  std::vector<std::unique_ptr<Member>> members_;
  std::atomic<bool> stopped_{false};
  double step_ = 0, power1_ = 1, power2_ = 1;
};

}  // namespace filigree
