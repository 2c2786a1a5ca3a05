#include "measure.h"

#include <algorithm>
#include <ctime>
#include <memory>
#include <random>

#include "matrix.h"
#include "memory.h"
#include "plan.h"
#include "processor.h"
#include "tile.h"

namespace filigree {
namespace {

// Positive numbers that are neither small nor large, the same every time.
Floats someFloats(size_t size) {
  Floats floats(size);
  std::minstd_rand random;
  std::uniform_real_distribution<float> uniform(0.01f, 0.1f);
  for (size_t i = 0; i < size; i++) floats.data()[i] = uniform(random);
  return floats;
}

size_t area(int rows, int columns) { return static_cast<size_t>(rows) * static_cast<size_t>(columns); }

Block blockOf(const Measured& m) {
  Block block;
  block.rows = m.rows;
  block.columns = m.columns;
  block.pieces = {{0, 0, m.rows, m.columns, 0, m.columns}};
  block.sparse = !m.mask.empty();
  block.multiplied = block.transposed = block.differentiated = true;
  return block;
}

std::vector<uint8_t> maskOf(const Measured& m) {
  std::vector<uint8_t> mask((area(m.rows, m.columns) + 15) / 16 * 16, 1);
  for (size_t i = 0; i < m.mask.size(); i++) mask[i] = m.mask[i] != 0;
  return mask;
}

// Steps of a chunk, as src/engine/draft.ts chooses them.
int chunkSteps(int rows, int lanes) { return std::max(kOuterSteps, (1 << 18) / (rows * lanes * 4)); }

// A matrix with its inputs (`right`), its outputs (`left`) and the gradient of its inputs (`flow`) over one chunk of
// steps, which all chunks share.
struct MatrixWork {
  MatrixWork(const Measured& m, const Kernels& kernels)
      : steps(m.steps),
        chunk(std::min(m.steps, chunkSteps(m.rows, m.lanes))),
        leftStep(m.rows * m.lanes),
        rightStep(m.columns * m.lanes),
        mask(maskOf(m)),
        matrix(blockOf(m), mask.data(), m.lanes, kernels),
        parameters(someFloats(area(m.rows, m.columns))),
        gradient(area(m.rows, m.columns)),
        left(someFloats(area(leftStep, chunk))),
        right(someFloats(area(rightStep, chunk))),
        flow(area(rightStep, chunk)),
        scratch(matrix.scratchCount()),
        sums(matrix.sumCount()) {
    matrix.locate(Places(mask));
    refresh();
  }

  void refresh() { matrix.refresh(parameters.data()); }
  void product() {
    for (int t = 0; t < steps; t++) matrix.product(rightAt(t), leftAt(t), Start::kZero, nullptr);
  }
  void transposedProduct() {
    for (int t = 0; t < steps; t++) matrix.transposedProduct(leftAt(t), flow.data() + area(t % chunk, rightStep), Start::kZero);
  }
  void addGradient() {
    for (int t = 0; t < steps; t += chunk) {
      matrix.addGradient({left.data(), leftStep, right.data(), rightStep, std::min(chunk, steps - t)}, gradient.data(),
                         sums.data(), scratch.data());
    }
    matrix.collect(sums.data(), gradient.data());
  }
  // All that a training step does with a matrix.
  void training() {
    refresh();
    product();
    transposedProduct();
    addGradient();
  }

  float* leftAt(int t) { return left.data() + area(t % chunk, leftStep); }
  float* rightAt(int t) { return right.data() + area(t % chunk, rightStep); }

  const int steps, chunk, leftStep, rightStep;
  const std::vector<uint8_t> mask;
  Matrix matrix;
  Floats parameters, gradient, left, right, flow, scratch, sums;
};

// A cell's buffers at one step.
struct CellWork {
  explicit CellWork(const Measured& m)
      : count(m.rows * m.lanes),
        gates(someFloats(area(4, count))),
        state(someFloats(area(2, count))),
        previousState(someFloats(area(2, count))),
        output(someFloats(area(1, count))),
        previous(someFloats(area(1, count))),
        gradient(someFloats(area(1, count))),
        flow(someFloats(area(1, count))),
        stateFlow(someFloats(area(1, count))) {}

  CellStep step() {
    return {gates.data(), count, state.data(), previousState.data(), count, output.data(), previous.data(), count};
  }
  CellReverse reverse() {
    return {gates.data(), count, state.data(), previousState.data(), count, output.data(), previous.data(),
            gradient.data(), flow.data(), stateFlow.data(), count};
  }

  const int count;
  Floats gates, state, previousState, output, previous, gradient, flow, stateFlow;
};

// Rows of units at every step, and a table of `columns` symbols.
struct RowsWork {
  explicit RowsWork(const Measured& m)
      : count(m.rows * m.lanes),
        stride((m.rows + 15) / 16 * 16),
        width((m.columns + 15) / 16 * 16),
        from(someFloats(area(count, m.steps))),
        to(area(1, count)),
        sums(area(1, m.rows)),
        table(someFloats(area(stride, width))),
        symbols(static_cast<size_t>(m.lanes)) {
    auto* symbol = reinterpret_cast<int*>(symbols.data());
    for (int l = 0; l < m.lanes; l++) symbol[l] = l * 7 % m.columns;
  }

  const int* symbol() const { return reinterpret_cast<const int*>(symbols.data()); }

  const int count, stride, width;
  Floats from, to, sums, table, symbols;
};

// Vectors of as many floats as the rows have, up to four.
struct VectorWork {
  VectorWork(const Measured& m, int vectors) : count(m.rows * m.lanes) {
    for (int i = 0; i < vectors; i++) of[i] = someFloats(area(1, count));
  }
  float* at(int i) { return of[i].data(); }
  // The first to the second, or added to it.
  void addTo(const Kernels& kernels, bool accumulate) {
    const float* from = at(0);
    const int step = 0;
    kernels.sum(&from, &step, 1, at(1), 0, count, 1, accumulate);
  }

  const int count;
  Floats of[4];
  float sum = 0;
};

// `Operands` live as long as the function that is returned.
template <class Operands, class F>
std::function<void()> working(std::shared_ptr<Operands> operands, F f) {
  return [operands, f] { f(*operands); };
}

std::function<void()> matrixWork(const Measured& m, const Kernels& kernels) {
  void (MatrixWork::*work)() = nullptr;
  if (m.kernel == "refresh") work = &MatrixWork::refresh;
  if (m.kernel == "product") work = &MatrixWork::product;
  if (m.kernel == "transposedProduct") work = &MatrixWork::transposedProduct;
  if (m.kernel == "gradient") work = &MatrixWork::addGradient;
  if (m.kernel == "training") work = &MatrixWork::training;
  if (!work) return nullptr;
  return working(std::make_shared<MatrixWork>(m, kernels), [work](MatrixWork& w) { (w.*work)(); });
}

std::function<void()> cellWork(const Measured& m, const Kernels& kernels) {
  const char* const names[] = {"tanh", "relu", "lstm", "gru"};  // By CellKind.
  for (int kind = 0; kind < 4; kind++) {
    const CellKernels& cell = kernels.cells[kind];
    if (m.kernel == std::string(names[kind]) + "Forward") {
      return working(std::make_shared<CellWork>(m), [&cell](CellWork& w) { cell.forward(w.step()); });
    }
    if (m.kernel == std::string(names[kind]) + "Backward") {
      return working(std::make_shared<CellWork>(m), [&cell](CellWork& w) { cell.backward(w.reverse()); });
    }
  }
  return nullptr;
}

template <class F>
std::function<void()> onRows(const Measured& m, F f) {
  return working(std::make_shared<RowsWork>(m), f);
}

std::function<void()> rowsWork(const Measured& m, const Kernels& k) {
  using W = RowsWork;
  const std::string& name = m.kernel;
  const int rows = m.rows, lanes = m.lanes, steps = m.steps;
  if (name == "spread") return onRows(m, [&k, rows, lanes](W& w) { k.spread(w.from.data(), rows, lanes, w.to.data()); });
  if (name == "gather") {
    return onRows(m, [&k, rows, lanes](W& w) {
      k.gather(w.table.data(), w.width, rows, w.symbol(), lanes, w.to.data());
    });
  }
  if (name == "scatterRows") {
    return onRows(m, [&k, rows, lanes](W& w) {
      k.scatterRows(w.from.data(), rows, w.symbol(), lanes, w.table.data(), w.stride);
    });
  }
  if (name == "rowSums") {
    return onRows(m, [&k, rows, lanes, steps](W& w) {
      k.rowSums(w.from.data(), w.count, rows, steps, lanes, w.sums.data());
    });
  }
  return nullptr;
}

template <class F>
std::function<void()> onVectors(const Measured& m, int vectors, F f) {
  return working(std::make_shared<VectorWork>(m, vectors), f);
}

std::function<void()> vectorWork(const Measured& m, const Kernels& k) {
  using W = VectorWork;
  const std::string& name = m.kernel;
  if (name == "read" && area(m.rows, m.lanes) % 128 != 0) refuse("this shape cannot be measured");
  if (name == "read") return onVectors(m, 1, [&k](W& w) { w.sum += k.read(w.at(0), w.count); });
  if (name == "squares") return onVectors(m, 1, [&k](W& w) { w.sum += k.squares(w.at(0), w.count); });
  if (name == "copy") return onVectors(m, 2, [&k](W& w) { w.addTo(k, false); });
  if (name == "add") return onVectors(m, 2, [&k](W& w) { w.addTo(k, true); });
  if (name == "adam") {
    return onVectors(m, 4, [&k](W& w) {
      k.adam(w.at(0), w.at(1), w.at(2), w.at(3), w.count, 0.9, 0.999, 1e-3f, 1, 1e-8f);
    });
  }
  return nullptr;
}

void check(const Measured& m) {
  constexpr int kMost = 1 << 24;
  const bool sound = m.rows >= 1 && m.columns >= 1 && m.rows <= kMost && m.columns <= kMost &&
                     (m.lanes == 16 || m.lanes == 32) && m.steps >= 1 && m.steps <= 4096 &&
                     area(m.rows, m.columns) <= kMost && (m.mask.empty() || m.mask.size() == area(m.rows, m.columns));
  if (!sound) refuse("this shape cannot be measured");
}

}  // namespace

std::function<void()> workOf(const Measured& measured, const Kernels& kernels) {
  check(measured);
  const FlushToZero flush;
  for (const auto& kind : {matrixWork, cellWork, rowsWork, vectorWork}) {
    if (auto work = kind(measured, kernels)) return work;
  }
  refuse("there is no kernel \"" + measured.kernel + "\"");
}

double secondsOf(const std::function<void()>& work, int calls) {
  const FlushToZero flush;
  const auto now = [] {
    timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
  };
  const double start = now();
  for (int i = 0; i < calls; i++) work();
  return now() - start;
}

}  // namespace filigree
