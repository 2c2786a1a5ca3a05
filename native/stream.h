// Runs a plan of one lane and one step again and again: a symbol in, logits out, state kept in place. All that can be
// done beforehand is: tables made, weights packed, every buffer found, so that a step allocates nothing. A whole text in one
// call takes its read-out many steps at a time.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "kernels.h"
#include "memory.h"
#include "outcome.h"
#include "plan.h"
#include "stream_matrix.h"

namespace filigree {

class Stream {
 public:
  // `parameters` has plan.parameters floats and is not kept. Refused unless the plan is for streaming.
  Stream(Plan plan, const float* parameters, const Kernels& kernels);

  // `symbol` is a row of the plan's tables: 0 <= symbol < symbols(). Writes outputs() logits.
  void step(int symbol, float* logits) { step(symbol, nullptr, logits); }
  // The same of numbers: width() of them.
  void step(const float* values, float* logits) { step(0, values, logits); }
  void reset();
  // Takes in `count` symbols, and adds what it makes of the targets after them to `outcome`; -1 is none. Writes the logits
  // after the first `wanted` of them, one step after the other: the same as `step` does.
  void run(const int* symbols, const int* targets, size_t count, float* outputs, size_t wanted, Outcome& outcome);
  // Ends a run on another thread before its next steps; the stream is of no use afterwards.
  void stop() { stopped_ = true; }

  int symbols() const { return static_cast<int>(plan_.symbols.size()); }
  bool readsValues() const { return plan_.readsValues(); }
  int width() const { return plan_.inputWidth; }
  int outputs() const { return plan_.outputs; }
  size_t bytes() const;

 private:
  // A cell's units from step to step, where vectors can reach them; LSTM's c and tanh c are padded each on its own.
  struct Cell {
    Floats output, state;
  };

  void checkGates() const;
  void prepare(const float* parameters);
  void makeTable(const Op& op, const float* parameters);
  template <class F>
  void eachOp(F f) const;
  void step(int symbol, const float* values, float* logits);
  void takeIn(int symbol, const float* values);
  void readOut(int steps);
  void affine(const Op& op, bool fills);
  void cell(const Op& op, Cell& cell);
  void sum(const Op& op);

  float* at(const Rows& rows) { return arena_.data() + rows.offset; }

  const Plan plan_;
  const Kernels& kernels_;
  std::vector<std::optional<StreamMatrix>> matrices_;  // By block; none where only a table needs it.
  std::vector<Cell> cells_;                            // In the order of the operations.
  Floats prepared_;                                    // Biases, and tables as [symbol][row].
  Floats embeddings_;                                  // [symbol][width], where they are multiplied at each step.
  Floats arena_;                                       // Outputs, and what is read out.
  Floats rows_;       // What a product adds to: the gates of the cell that follows, or the rows of an operation.
  Floats separated_;  // The gates of a cell, each from a multiple of 16 on.
  // Of a run: what the read-out's products read, one after the other, [step][column]; its logits [step][row], and as the
  // kernels for lanes have them; and scratch.
  std::vector<const Op*> reads_;
  std::vector<Floats> read_;
  Floats logits_, lanes_, softmax_;
  std::atomic<bool> stopped_{false};
};

}  // namespace filigree
