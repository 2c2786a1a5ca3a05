#include "executor.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

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
  std::vector<bool> multiplied(plan_.blocks.size());
  for (const auto* ops : {&plan_.forward, &plan_.backward}) {
    for (const Op& op : *ops) {
      if (op.block >= 0) multiplied[op.block] = true;
    }
  }
  matrices_.reserve(plan_.blocks.size());
  for (size_t i = 0; i < plan_.blocks.size(); i++) {
    matrices_.emplace_back(plan_.blocks[i], multiplied[i], plan_.lanes, kernels_);
  }
  int widest = 0;
  for (const Op& op : plan_.backward) {
    if (op.code == OpCode::kTableGradient) widest = std::max(widest, op.stride);
    if (op.code == OpCode::kWeightGradient) widest = std::max(widest, kOuterSteps * op.target.rows);
  }
  scratch_ = Floats(static_cast<size_t>(widest) * plan_.lanes);
}

size_t Executor::bytes() const {
  size_t floats = 0;
  for (const Floats* buffer : {&parameters_, &first_, &second_, &prepared_, &arena_, &gradient_}) floats += buffer->size();
  return floats * sizeof(float);
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
  for (const Op& op : plan_.prepare) runPrepare(op);
}

void Executor::runPrepare(const Op& op) {
  float* to = prepared_.data() + op.to;
  const float* parameters = parameters_.data();
  if (op.code == OpCode::kBias) {
    std::fill(to, to + op.rows, 0.0f);
    for (const Op::Part& part : op.parts) {
      for (int i = 0; i < part.rows; i++) {
        to[part.first + i] += parameters[part.parameter + (i + part.rotation) % part.rows];
      }
    }
    return;
  }
  const Block& block = plan_.blocks[op.block];
  const float* bias = prepared_.data() + op.bias;
  const int width = plan_.tableWidth();
  for (int i = 0; i < block.rows; i++) {
    const float* weights = parameters + block.position(i, 0);
    for (size_t s = 0; s < plan_.symbols.size(); s++) {
      const float* embedding = parameters + plan_.embedding + int64_t{plan_.symbols[s]} * plan_.embeddingWidth;
      float sum = bias[i];
      for (int j = 0; j < block.columns; j++) sum += weights[j] * embedding[j];
      to[int64_t{i} * width + static_cast<int64_t>(s)] = sum;
    }
  }
}

Outcome Executor::forward(const Tile& tile, float* logits) {
  const int lanes = plan_.lanes;
  Outcome outcome;
  for (const Op& op : plan_.forward) {
    switch (op.code) {
      case OpCode::kGather:
        for (int t = 0; t < tile.steps; t++) {
          kernels_.gather(prepared_.data() + op.table, plan_.tableWidth(), op.rows, tile.symbols + t * lanes, lanes,
                          at(op.target, t));
        }
        break;
      case OpCode::kAffine: {
        const int steps = op.target.once ? 1 : tile.steps;
        for (int t = 0; t < steps; t++) {
          matrices_[op.block].product(at(op.from, t), at(op.target, t), op.accumulate ? Start::kKeep : Start::kBias,
                                      op.accumulate ? nullptr : prepared_.data() + op.bias);
        }
        break;
      }
      case OpCode::kCell:
        runCell(op, tile);
        break;
      case OpCode::kCopy:
        kernels_.copy(at(op.from), at(op.target), tile.steps * stride(op.target), op.accumulate);
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
  }
  return outcome;
}

void Executor::runCell(const Op& op, const Tile& tile) {
  const Kernels& k = kernels_;
  const int units = op.output.rows, count = units * plan_.lanes;
  std::memset(at(op.output, -1), 0, count * sizeof(float));
  if (op.hasState) std::memset(at(op.state, -1), 0, 2 * count * sizeof(float));
  for (int t = 0; t < tile.steps; t++) {
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

void Executor::runCellBackward(const Op& op, const Tile& tile) {
  const Kernels& k = kernels_;
  const int count = op.output.rows * plan_.lanes;
  if (op.hasState) std::memset(at(op.carry), 0, count * sizeof(float));
  for (int t = tile.steps - 1; t >= 0; t--) {
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
  for (const Op& op : plan_.backward) {
    const int steps = op.from.once ? 1 : tile.steps;
    switch (op.code) {
      case OpCode::kScatter:
        scatter(op, tile);
        break;
      case OpCode::kCopy:
        kernels_.copy(at(op.from), at(op.target), tile.steps * stride(op.target), op.accumulate);
        break;
      case OpCode::kCellBackward:
        runCellBackward(op, tile);
        break;
      case OpCode::kAffineBackward:
        for (int t = 0; t < steps; t++) {
          matrices_[op.block].transposedProduct(at(op.from, t), at(op.target, t),
                                                op.accumulate ? Start::kKeep : Start::kZero);
        }
        break;
      case OpCode::kWeightGradient:
        matrices_[op.block].addGradient(at(op.from) + op.first * lanes, stride(op.from), at(op.target, -op.shift),
                                        stride(op.target), steps, gradient, scratch_.data());
        break;
      case OpCode::kBiasGradient:
        for (const int64_t to : {op.to, op.also}) {
          if (to < 0) continue;
          kernels_.rowSums(at(op.from) + op.first * lanes, stride(op.from), op.rows, steps, lanes, gradient + to,
                           op.rows, op.rotation);
        }
        break;
      case OpCode::kTableGradient:
        for (int t = 0; t < steps; t++) {
          kernels_.scatterRows(at(op.from, t), op.rows, tile.symbols + t * lanes, lanes, gradient + op.to, op.stride,
                               scratch_.data());
        }
        break;
      default:
        break;
    }
  }
}

void Executor::tableBackward(const Op& op, float* gradient) {
  const Block& block = plan_.blocks[op.block];
  for (size_t s = 0; s < plan_.symbols.size(); s++) {
    const int64_t row = plan_.embedding + int64_t{plan_.symbols[s]} * plan_.embeddingWidth;
    const float* embedding = parameters_.data() + row;
    for (int i = 0; i < block.rows; i++) {
      const float flow = gradient[op.to + static_cast<int64_t>(s) * op.stride + i];
      const float* weights = parameters_.data() + block.position(i, 0);
      float* weightGradient = gradient + block.position(i, 0);
      for (int j = 0; j < block.columns; j++) {
        gradient[row + j] += weights[j] * flow;
        weightGradient[j] += flow * embedding[j];
      }
    }
  }
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

#if defined(__x86_64__)
FlushToZero::FlushToZero() : before_(_mm_getcsr()) {
  constexpr unsigned kFlushResults = 0x8000, kFlushOperands = 0x0040;
  _mm_setcsr(static_cast<unsigned>(before_) | kFlushResults | kFlushOperands);
}
FlushToZero::~FlushToZero() { _mm_setcsr(static_cast<unsigned>(before_)); }
#elif defined(__aarch64__)
FlushToZero::FlushToZero() {
  __asm__ volatile("mrs %0, fpcr" : "=r"(before_));
  const uint64_t flushing = before_ | (uint64_t{1} << 24);
  __asm__ volatile("msr fpcr, %0" : : "r"(flushing));
}
FlushToZero::~FlushToZero() { __asm__ volatile("msr fpcr, %0" : : "r"(before_)); }
#else
FlushToZero::FlushToZero() : before_(0) {}
FlushToZero::~FlushToZero() = default;
#endif

const Kernels& chooseKernels(const char* name) {
  const Kernels* candidates[] = {
#if defined(__x86_64__)
      __builtin_cpu_supports("avx512f") ? &avx512::kernels : nullptr,
      __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? &avx2::kernels : nullptr,
#endif
#if defined(__aarch64__)
      &neon::kernels,
#else
      &baseline::kernels,
#endif
  };
  for (const Kernels* kernels : candidates) {
    if (kernels && (!name || std::strcmp(name, kernels->name) == 0)) return *kernels;
  }
  throw Refused(std::string("this processor cannot run the instruction set \"") + name +
                "\" that FILIGREE_ISA asks for");
}

}  // namespace filigree
