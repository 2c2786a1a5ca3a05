// Trains and evaluates a network by its plan, over batches cut into tiles. One executor belongs to one network in
// training; executors share nothing, so any number of them run side by side, and each may use several threads.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "births.h"
#include "crew.h"
#include "kernels.h"
#include "matrix.h"
#include "memory.h"
#include "places.h"
#include "plan.h"
#include "tile.h"

namespace filigree {

// The order is that of `optimiserKinds` in src/engine/executor.ts.
enum class OptimiserKind : int { kSgd, kRmsprop, kAdam, kAdamW };
constexpr int kOptimiserKinds = 4;

// What becomes of gradients; see `Optimiser` and `Update` in src/engine/executor.ts.
struct Update {
  OptimiserKind kind = OptimiserKind::kAdam;
  double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = 0, clip = 0;
  std::vector<double> rates;  // One for each batch.
  double seed = 0;
  std::vector<float> classWeights;  // Nothing: 1 of each class.
  std::vector<int32_t> frozen;      // Of each run of parameters that stay, the first and the one after the last.
};

struct Trained : Outcome {
  double norm = 0;
};

// See src/engine/executor.ts.
struct GradientOptions {
  bool everywhere = false;
  double seed = 0;
  std::vector<float> classWeights;
  bool carries = false;
};

// Bytes that an executor holds: activations, all that is as long as the parameters, the matrices' forms, and tables and
// scratch. Masks belong to the last.
struct Footprint {
  size_t activations = 0, parameters = 0, matrices = 0, rest = 0;
  size_t total() const { return activations + parameters + matrices + rest; }
};

class Executor {
 public:
  // Tiles of a batch run on up to `threads` threads; their number changes no result.
  Executor(Plan plan, const Kernels& kernels, int threads);

  // Refused unless every size, length, label and symbol fits the plan.
  void check(Batches& batches) const;

  // Trains on batches [from, to), ending after the first whose loss is not finite; it is NaN where the gradient is not.
  // Refused unless the plan goes back and there is a rate for each batch.
  std::vector<Trained> train(const Batches& batches, size_t from, size_t to, const Update& update);
  // Runs batches [from, to) forward and writes the outputs of every target, where they are wanted: to their places among
  // those of all batches.
  std::vector<Outcome> evaluate(const Batches& batches, size_t from, size_t to, float* outputs);
  // Outcome and unclipped gradient of one batch, laid out as the plan's parameters.
  Outcome gradient(const Batches& batches, size_t index, const GradientOptions& options, float* gradient);

  // All vectors are laid out as the plan's parameters. Of a plan that does not train there are no moments.
  void state(float* parameters, float* first, float* second) const;
  // Without moments, those that are there stay.
  void setState(const float* parameters, const float* first, const float* second, double step);
  double step() const { return step_; }

  // Which weights exist, 1 for each that does, and for each block whether it is held compressed. What is dropped loses its
  // value and its moments, what is born starts at 0 with moments of 0. Refused unless all are 0 or 1.
  void setMask(std::vector<uint8_t> mask, const std::vector<uint8_t>& compressed);
  // The same with the number of updates that there had been when each was born.
  void setWiring(std::vector<uint8_t> mask, const std::vector<uint8_t>& compressed, const int32_t* born);
  void wiring(uint8_t* mask, int32_t* born) const;

  // What the cells of each tile of the last batch were left in.
  std::vector<float> carry() const;
  // Refused unless it is whole tiles.
  void setCarry(const float* values, size_t count);

  // Ends work on another thread before its next batch; the executor is of no use afterwards.
  void stop() { stopped_ = true; }

  Footprint footprint() const;

  const Plan& plan() const { return plan_; }

 private:
  // One thread's share of the work.
  struct Member {
    TileRunner runner;
    Floats gradient;    // Of one tile.
    Floats everywhere;  // Likewise; see TileRunner::backward.
    Outcome outcome;
    int tile;  // Its number in the batch.
  };

  void checkMask(const std::vector<uint8_t>& mask, const std::vector<uint8_t>& compressed) const;
  void wire(std::vector<uint8_t> mask, const std::vector<uint8_t>& compressed);
  void moveTo(Places places, std::vector<uint8_t> mask);
  Places placesUnder(const std::vector<uint8_t>& mask) const;
  void relocate();
  void zeroAbsent(float* values) const;
  void reserve(const Batches& batches);
  void prepare();
  void runPrepare(const Op& op);
  template <class F>
  void eachEmbedded(F f, float* embedded);
  std::vector<int> order(const Batches& batches, size_t index) const;
  template <class Work, class Done>
  void eachTile(const Batches& batches, size_t index, Work work, Done done);
  const float* before(const Batches& batches, size_t index, int tile) const;
  float* after(int tile) { return carry_.data() + static_cast<size_t>(tile) * carryFloats(); }
  uint64_t carryFloats() const { return static_cast<uint64_t>(plan_.carry); }
  void reserveGradients(int examples, bool everywhere);
  Outcome batchGradient(const Batches& batches, size_t index, double seed, const std::vector<float>& classWeights,
                        bool everywhere);
  void addTo(Floats& total, const Floats& part) const;
  void tableBackward(const Op& op, float* gradient, float* everywhere);
  void checkWeights(const std::vector<float>& classWeights) const;
  void checkFrozen(const std::vector<int32_t>& frozen) const;
  double gradientNorm() const;
  void adam(const Update& update, double rate);
  void apply(const Update& update, double rate, double norm);
  void requireBackward() const;

  int tilesOf(int examples) const { return (examples + plan_.lanes - 1) / plan_.lanes; }
  int symbolGroups() const { return (static_cast<int>(plan_.symbols.size()) + plan_.lanes - 1) / plan_.lanes; }

  // As it was given, but for the masks of its blocks, which are in `mask_`; and with the places of the parameters, and of
  // tables behind them, instead of themselves, as the tiles take it.
  Plan plan_, placed_;
  const Kernels& kernels_;
  std::vector<uint8_t> mask_;  // Of all parameters.
  Places places_;
  std::vector<int> absent_;  // Places whose weights do not exist.
  bool sound_ = true;  // Not where there was no memory left for another mask.
  std::vector<Matrix> matrices_;
  Floats parameters_, first_, second_, prepared_, gradient_;
  Floats everywhere_;  // The gradient of compressed matrices, laid out as the plan's parameters, where it is wanted.
  // For tables: the embeddings of the symbols in use, a gradient of them, and the gradient of a table, each as steps of
  // as many symbols as there are lanes.
  Floats embedded_, embeddedFlow_, flows_, scratch_;
  Floats sums_;  // Of a table's compressed matrix.
  Crew crew_;
  std::vector<std::unique_ptr<Member>> members_;
  std::atomic<bool> stopped_{false};
  double step_ = 0;
  Births births_;
  // Of each tile, and of how many tiles the last batch had.
  Floats carry_;
  int carried_ = 0;
};

}  // namespace filigree
