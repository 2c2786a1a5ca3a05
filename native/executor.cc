#include "executor.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>

#include "processor.h"

namespace filigree {
namespace {

Outcome& operator+=(Outcome& sum, const Outcome& part) {
  sum.loss += part.loss;
  sum.correct += part.correct;
  return sum;
}

}  // namespace

// Up to `lanes` examples of a batch.
struct Executor::Tile {
  int steps;
  int batch;     // Examples of the whole batch.
  size_t first;  // Index of the first example.
  int size;
  const int* symbols;     // [step][lane]
  const int32_t* labels;  // [size]
  int readSteps[32];
};

Executor::Executor(Plan plan, const Optimiser& optimiser, const Kernels& kernels)
    : plan_(std::move(plan)),
      optimiser_(optimiser),
      kernels_(kernels),
      parameters_(plan_.parameters),
      first_(plan_.parameters),
      second_(plan_.parameters),
      prepared_(plan_.prepared),
      arena_(plan_.arena),
      gradient_(plan_.gradients),
      symbols_(static_cast<size_t>(plan_.steps) * plan_.lanes) {
  matrices_.reserve(plan_.blocks.size());
  for (const Block& block : plan_.blocks) matrices_.emplace_back(block, plan_.lanes, kernels_);
  const auto lanes = static_cast<size_t>(plan_.lanes), groups = static_cast<size_t>(symbolGroups());
  const auto width = static_cast<size_t>(plan_.embeddingWidth);
  size_t scratch = kOuterSteps * width, flows = 0;
  for (const Op& op : plan_.backward) {
    if (op.code == OpCode::kTableGradient) scratch = std::max<size_t>(scratch, op.stride);
    if (op.code == OpCode::kWeightGradient) scratch = std::max<size_t>(scratch, kOuterSteps * op.target.rows);
  }
  for (const auto* ops : {&plan_.prepare, &plan_.finish}) {
    for (const Op& op : *ops) {
      if (op.block >= 0) flows = std::max<size_t>(flows, plan_.blocks[op.block].rows);
    }
  }
  scratch_ = Floats(std::max(scratch, flows) * lanes);
  flows_ = Floats(flows * lanes * groups);
  embedded_ = Floats(width * lanes * groups);
  embeddedFlow_ = Floats(embedded_.size());
}

Footprint Executor::footprint() const {
  Footprint bytes;
  bytes.arena = arena_.bytes();
  for (const Floats* of : {&parameters_, &first_, &second_, &gradient_, &tileGradient_}) bytes.parameters += of->bytes();
  for (const Matrix& matrix : matrices_) bytes.matrices += matrix.bytes();
  for (const Floats* of : {&prepared_, &scratch_, &embedded_, &embeddedFlow_, &flows_, &symbols_}) {
    bytes.rest += of->bytes();
  }
  return bytes;
}

void Executor::setStep(double step) {
  const FlushToZero flush;  // As in training.
  step_ = step;
  // By repeated multiplication, not pow(), whose last bit depends on the C library.
  power1_ = power2_ = 1;
  for (double k = 0; k < step; k++) power1_ *= optimiser_.beta1, power2_ *= optimiser_.beta2;
}

void Executor::check(Batches& batches) const {
  const auto require = [](bool holds, const char* otherwise) {
    if (!holds) throw Refused(std::string("the batches cannot be run: ") + otherwise);
  };
  require(batches.sizes.size() == batches.steps.size(), "their sizes and steps differ in number");
  size_t examples = 0, symbols = 0;
  for (size_t i = 0; i < batches.sizes.size(); i++) {
    batches.firstExample.push_back(examples);
    batches.firstSymbol.push_back(symbols);
    require(batches.sizes[i] >= 1, "one is empty");
    require(batches.steps[i] >= 1 && batches.steps[i] <= plan_.steps, "one is longer than the plan allows");
    for (int k = 0; k < batches.sizes[i]; k++) {
      require(examples < batches.lengths.size() && examples < batches.labels.size(), "there are too few examples");
      const int length = batches.lengths[examples], label = batches.labels[examples];
      require(length >= 1 && length <= batches.steps[i], "a length does not fit its batch");
      require(label >= 0 && label < plan_.outputs, "a label is not a class of the network");
      examples++;
    }
    symbols += static_cast<size_t>(batches.sizes[i]) * batches.steps[i];
  }
  require(examples == batches.lengths.size() && examples == batches.labels.size(), "there are too many examples");
  require(symbols == batches.symbols.size(), "their symbols do not fit their sizes");
  const int rows = static_cast<int>(plan_.symbols.size());
  for (const int32_t symbol : batches.symbols) require(symbol >= 0 && symbol < rows, "a symbol is out of range");
}

template <class F>
void Executor::eachTile(const Batches& batches, size_t index, F f) {
  const size_t example = batches.firstExample[index], symbol = batches.firstSymbol[index];
  const int batch = batches.sizes[index], steps = batches.steps[index], lanes = plan_.lanes;
  int* symbols = reinterpret_cast<int*>(symbols_.data());
  for (int start = 0; start < batch; start += lanes) {
    const int size = std::min(lanes, batch - start);
    Tile tile{steps, batch, example + start, size, symbols, batches.labels.data() + example + start, {}};
    for (int t = 0; t < steps; t++) {
      const int32_t* from = batches.symbols.data() + symbol + static_cast<size_t>(t) * batch + start;
      // Idle lanes see the padding, symbol row 0, and are read at step 0.
      for (int l = 0; l < lanes; l++) symbols[t * lanes + l] = l < size ? from[l] : 0;
    }
    for (int l = 0; l < size; l++) {
      tile.readSteps[l] = (batches.readLastStep ? steps : batches.lengths[tile.first + l]) - 1;
    }
    f(tile);
  }
}

std::vector<Outcome> Executor::train(const Batches& batches, size_t from, size_t to) {
  const FlushToZero flush;
  std::vector<Outcome> outcomes;
  for (size_t i = from; i < to && !stopped_; i++) {
    outcomes.push_back(batchGradient(batches, i));
    if (!std::isfinite(outcomes.back().loss)) break;
    update();
  }
  return outcomes;
}

std::vector<Outcome> Executor::evaluate(const Batches& batches, float* logits) {
  const FlushToZero flush;
  std::vector<Outcome> outcomes(batches.sizes.size());
  prepare();
  for (size_t i = 0; i < outcomes.size() && !stopped_; i++) {
    eachTile(batches, i, [&](const Tile& tile) { outcomes[i] += forward(tile, logits); });
  }
  return outcomes;
}

double Executor::gradient(const Batches& batches, size_t index, float* gradient) {
  const FlushToZero flush;
  const Outcome outcome = batchGradient(batches, index);
  std::memcpy(gradient, gradient_.data(), plan_.parameters * sizeof(float));
  return outcome.loss;
}

Outcome Executor::batchGradient(const Batches& batches, size_t index) {
  prepare();
  const size_t bytes = plan_.gradients * sizeof(float);
  std::memset(gradient_.data(), 0, bytes);
  Outcome outcome;
  const bool several = batches.sizes[index] > plan_.lanes;
  if (several && tileGradient_.size() == 0) tileGradient_ = Floats(plan_.gradients);
  eachTile(batches, index, [&](const Tile& tile) {
    outcome += forward(tile, nullptr);
    if (!several) return backward(tile, gradient_.data());
    // Each tile's gradient is a sum of its own, so that tiles may one day run on several cores with the same bits.
    std::memset(tileGradient_.data(), 0, bytes);
    backward(tile, tileGradient_.data());
    kernels_.copy(tileGradient_.data(), gradient_.data(), static_cast<int>(plan_.gradients), true);
  });
  for (const Op& op : plan_.finish) tableBackward(op, gradient_.data());
  for (const Matrix& matrix : matrices_) matrix.maskGradient(gradient_.data());
  return outcome;
}

void Executor::prepare() {
  for (Matrix& matrix : matrices_) matrix.refresh(parameters_.data());
  eachEmbedded([&](int64_t row, int j, float& value) { value = parameters_.data()[row + j]; }, embedded_.data());
  for (const Op& op : plan_.prepare) runPrepare(op);
}

template <class F>
void Executor::eachEmbedded(F f, float* embedded) {
  const int lanes = plan_.lanes, width = plan_.embeddingWidth;
  for (size_t s = 0; s < plan_.symbols.size(); s++) {
    float* column = embedded + s / lanes * width * lanes + s % lanes;
    const int64_t row = plan_.embedding + int64_t{plan_.symbols[s]} * width;
    for (int j = 0; j < width; j++) f(row, j, column[int64_t{j} * lanes]);
  }
}

void Executor::runPrepare(const Op& op) {
  float* to = prepared_.data() + op.to;
  if (op.code == OpCode::kBias) {
    std::fill(to, to + op.rows, 0.0f);
    for (const Op::Part& part : op.parts) {
      for (int i = 0; i < part.rows; i++) {
        to[part.first + i] += parameters_.data()[part.parameter + (i + part.rotation) % part.rows];
      }
    }
    return;
  }
  const int lanes = plan_.lanes, width = plan_.tableWidth(), rows = plan_.blocks[op.block].rows;
  for (int g = 0; g < symbolGroups(); g++) {
    matrices_[op.block].product(embedded_.data() + int64_t{g} * plan_.embeddingWidth * lanes, scratch_.data(),
                                Start::kBias, prepared_.data() + op.bias);
    const int first = g * lanes, symbols = std::min(lanes, width - first);
    for (int i = 0; i < rows; i++) {
      std::copy_n(scratch_.data() + int64_t{i} * lanes, symbols, to + int64_t{i} * width + first);
    }
  }
}

// Calls f(op, t, end) for every operation: once for all steps, but for the operations of a group in turn for every
// chunk of its steps, so that what one has written is still in the cache when the next reads it.
template <class F>
void Executor::eachChunk(const std::vector<Op>& ops, int steps, bool backward, F f) {
  for (size_t first = 0, end = 0; first < ops.size(); first = end) {
    int rows = 1;
    do {
      rows = std::max(rows, ops[end].gates.rows);
      end++;
    } while (end < ops.size() && (ops[end - 1].joinsNext() || ops[end].joinsPrevious()));
    const int most = chunkSteps(rows, plan_.lanes);
    const int chunks = end - first > 1 ? (steps + most - 1) / most : 1;
    for (int c = 0; c < chunks; c++) {
      const int64_t k = backward ? chunks - 1 - c : c;
      const int t = static_cast<int>(steps * k / chunks), last = static_cast<int>(steps * (k + 1) / chunks);
      for (size_t i = first; i < end; i++) f(ops[i], t, last);
    }
  }
}

Outcome Executor::forward(const Tile& tile, float* logits) {
  const int lanes = plan_.lanes;
  Outcome outcome;
  eachChunk(plan_.forward, tile.steps, false, [&](const Op& op, int first, int end) {
    if (op.target.once) end = first + 1;
    switch (op.code) {
      case OpCode::kGather:
        for (int t = first; t < end; t++) {
          kernels_.gather(prepared_.data() + op.table, plan_.tableWidth(), op.rows, tile.symbols + t * lanes, lanes,
                          at(op.target, t));
        }
        break;
      case OpCode::kAffine:
        for (int t = first; t < end; t++) {
          matrices_[op.block].product(at(op.from, t), at(op.target, t), op.accumulate ? Start::kKeep : Start::kBias,
                                      op.accumulate ? nullptr : prepared_.data() + op.bias);
        }
        break;
      case OpCode::kCell:
        runCell(op, first, end);
        break;
      case OpCode::kCopy:
        kernels_.copy(at(op.from, first), at(op.target, first), (end - first) * stride(op.target), op.accumulate);
        break;
      case OpCode::kSelect:
        select(op, tile);
        break;
      case OpCode::kLoss:
        outcome += loss(op, tile, logits);
        break;
      default:
        break;
    }
  });
  return outcome;
}

void Executor::runCell(const Op& op, int first, int end) {
  const Kernels& k = kernels_;
  const int units = op.output.rows, count = units * plan_.lanes;
  if (first == 0) {
    std::memset(at(op.output, -1), 0, count * sizeof(float));
    if (op.hasState) std::memset(at(op.state, -1), 0, 2 * count * sizeof(float));
  }
  for (int t = first; t < end; t++) {
    float* gates = at(op.gates, t);
    float* output = at(op.output, t);
    const float* previous = at(op.output, t - 1);
    // GRU's rows are n, r, z, n_h: its hidden matrix acts on the last three.
    if (op.kind == CellKind::kGru) k.spread(prepared_.data() + op.bias, units, plan_.lanes, gates + 3 * count);
    float* hidden = op.kind == CellKind::kGru ? gates + count : gates;
    matrices_[op.block].product(previous, hidden, Start::kKeep, nullptr);
    switch (op.kind) {
      case CellKind::kTanh: k.tanhForward(gates, output, count); break;
      case CellKind::kRelu: k.reluForward(gates, output, count); break;
      case CellKind::kLstm: k.lstmForward(gates, at(op.state, t), at(op.state, t - 1), output, count); break;
      case CellKind::kGru: k.gruForward(gates, previous, output, count); break;
    }
  }
}

void Executor::runCellBackward(const Op& op, const Tile& tile, int first, int end) {
  const Kernels& k = kernels_;
  const int count = op.output.rows * plan_.lanes;
  if (op.hasState && end == tile.steps) std::memset(at(op.carry), 0, count * sizeof(float));
  for (int t = end - 1; t >= first; t--) {
    float* gates = at(op.gates, t);
    const float* gradient = at(op.gradient, t);
    float* before = t > 0 ? at(op.gradient, t - 1) : nullptr;
    switch (op.kind) {
      case CellKind::kTanh: k.tanhBackward(at(op.output, t), gradient, gates, count); break;
      case CellKind::kRelu: k.reluBackward(at(op.output, t), gradient, gates, count); break;
      case CellKind::kLstm:
        k.lstmBackward(gates, at(op.state, t), at(op.state, t - 1), gradient, at(op.carry), count);
        break;
      case CellKind::kGru: k.gruBackward(gates, at(op.output, t - 1), gradient, before, count); break;
    }
    if (before) {
      matrices_[op.block].transposedProduct(op.kind == CellKind::kGru ? gates + count : gates, before, Start::kKeep);
    }
  }
}

void Executor::select(const Op& op, const Tile& tile) {
  const int lanes = plan_.lanes;
  for (int i = 0; i < op.target.rows; i++) {
    float* to = at(op.target) + i * lanes;
    for (int l = 0; l < lanes; l++) to[l] = at(op.from, tile.readSteps[l])[i * lanes + l];
  }
}

void Executor::scatter(const Op& op, const Tile& tile) {
  const int lanes = plan_.lanes;
  if (!op.accumulate) std::memset(at(op.target), 0, static_cast<size_t>(tile.steps) * stride(op.target) * sizeof(float));
  for (int i = 0; i < op.target.rows; i++) {
    const float* from = at(op.from) + i * lanes;
    for (int l = 0; l < lanes; l++) at(op.target, tile.readSteps[l])[i * lanes + l] += from[l];
  }
}

Outcome Executor::loss(const Op& op, const Tile& tile, float* logits) {
  const int lanes = plan_.lanes, outputs = plan_.outputs;
  float* z = at(op.target);
  Outcome outcome;
  for (int l = 0; l < lanes; l++) {
    if (l >= tile.size) {
      for (int i = 0; i < outputs; i++) z[i * lanes + l] = 0;
      continue;
    }
    if (logits) {
      for (int i = 0; i < outputs; i++) logits[(tile.first + l) * outputs + i] = z[i * lanes + l];
    }
    int likeliest = 0;
    for (int i = 1; i < outputs; i++) {
      if (z[i * lanes + l] > z[likeliest * lanes + l]) likeliest = i;
    }
    const double most = z[likeliest * lanes + l];
    double sum = 0;
    for (int i = 0; i < outputs; i++) sum += std::exp(z[i * lanes + l] - most);
    const int label = tile.labels[l];
    outcome.loss += (std::log(sum) + most - z[label * lanes + l]) / tile.batch;
    outcome.correct += likeliest == label;
    for (int i = 0; i < outputs; i++) {
      const double probability = std::exp(z[i * lanes + l] - most) / sum;
      z[i * lanes + l] = static_cast<float>((probability - (i == label)) / tile.batch);
    }
  }
  return outcome;
}

void Executor::backward(const Tile& tile, float* gradient) {
  const int lanes = plan_.lanes;
  eachChunk(plan_.backward, tile.steps, true, [&](const Op& op, int first, int end) {
    if (op.from.once) end = first + 1;
    const float* from = at(op.from, first) + op.first * lanes;
    switch (op.code) {
      case OpCode::kScatter:
        scatter(op, tile);
        break;
      case OpCode::kCopy:
        kernels_.copy(from, at(op.target, first), (end - first) * stride(op.target), op.accumulate);
        break;
      case OpCode::kCellBackward:
        runCellBackward(op, tile, first, end);
        break;
      case OpCode::kAffineBackward:
        for (int t = first; t < end; t++) {
          matrices_[op.block].transposedProduct(at(op.from, t), at(op.target, t),
                                                op.accumulate ? Start::kKeep : Start::kZero);
        }
        break;
      case OpCode::kWeightGradient:
        matrices_[op.block].addGradient(from, stride(op.from), at(op.target, first - op.shift), stride(op.target),
                                        end - first, gradient, scratch_.data());
        break;
      case OpCode::kBiasGradient:
        for (const int64_t to : {op.to, op.also}) {
          if (to < 0) continue;
          kernels_.rowSums(from, stride(op.from), op.rows, end - first, lanes, gradient + to, op.rotation);
        }
        break;
      case OpCode::kTableGradient:
        for (int t = first; t < end; t++) {
          kernels_.scatterRows(at(op.from, t), op.rows, tile.symbols + t * lanes, lanes, gradient + op.to, op.stride,
                               scratch_.data());
        }
        break;
      default:
        break;
    }
  });
}

void Executor::tableBackward(const Op& op, float* gradient) {
  const Matrix& matrix = matrices_[op.block];
  const int lanes = plan_.lanes, rows = plan_.blocks[op.block].rows, width = plan_.embeddingWidth;
  const int groups = symbolGroups();
  for (size_t s = 0; s < plan_.symbols.size(); s++) {
    const float* flow = gradient + op.to + static_cast<int64_t>(s) * op.stride;
    float* column = flows_.data() + s / lanes * rows * lanes + s % lanes;
    for (int i = 0; i < rows; i++) column[int64_t{i} * lanes] = flow[i];
  }
  matrix.addGradient(flows_.data(), rows * lanes, embedded_.data(), width * lanes, groups, gradient, scratch_.data());
  for (int g = 0; g < groups; g++) {
    matrix.transposedProduct(flows_.data() + int64_t{g} * rows * lanes, embeddedFlow_.data() + int64_t{g} * width * lanes,
                             Start::kZero);
  }
  eachEmbedded([&](int64_t row, int j, float value) { gradient[row + j] += value; }, embeddedFlow_.data());
}

void Executor::update() {
  const int count = static_cast<int>(plan_.parameters);
  float* gradient = gradient_.data();
  const double norm = std::sqrt(static_cast<double>(kernels_.squares(gradient, count)));
  const double factor = optimiser_.clip / (norm + 1e-6);
  if (factor < 1) kernels_.scale(gradient, count, static_cast<float>(factor));
  step_++;
  power1_ *= optimiser_.beta1;
  power2_ *= optimiser_.beta2;
  kernels_.adam(parameters_.data(), first_.data(), second_.data(), gradient, count,
                optimiser_.beta1, optimiser_.beta2,
                static_cast<float>(optimiser_.learningRate / (1 - power1_)),
                static_cast<float>(std::sqrt(1 - power2_)), static_cast<float>(optimiser_.epsilon));
}

}  // namespace filigree
