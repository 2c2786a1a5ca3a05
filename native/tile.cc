#include "tile.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace filigree {
namespace {
constexpr int kMaxTerms = 16;  // Of a sum in one go.
}

TileRunner::TileRunner(const Plan& plan, const std::vector<Matrix>& matrices, const Kernels& kernels,
                       const float* prepared)
    : plan_(plan),
      matrices_(matrices),
      kernels_(kernels),
      prepared_(prepared),
      arena_(plan.arena),
      symbols_(static_cast<size_t>(plan.steps) * plan.lanes) {
  size_t scratch = 0;
  for (const Op& op : plan.backward) {
    if (op.code == OpCode::kTableGradient) scratch = std::max<size_t>(scratch, op.stride);
    if (op.code == OpCode::kBiasGradient) scratch = std::max<size_t>(scratch, op.from.rows);
    if (op.code == OpCode::kWeightGradient) scratch = std::max<size_t>(scratch, kOuterSteps * op.target.rows);
  }
  scratch_ = Floats(scratch * plan.lanes);
}

void TileRunner::take(const Batches& batches, size_t index, const int* examples, int size) {
  const int lanes = plan_.lanes;
  batch_ = batches.sizes[index];
  size_ = size;
  steps_ = 1;
  for (int l = 0; l < size; l++) {
    examples_[l] = batches.firstExample[index] + examples[l];
    const int read = batches.readLastStep ? batches.steps[index] : batches.lengths[examples_[l]];
    readSteps_[l] = read - 1;
    labels_[l] = batches.labels[examples_[l]];
    steps_ = std::max(steps_, read);
  }
  // Idle lanes see the padding, symbol row 0, and are read at step 0.
  for (int l = size; l < lanes; l++) readSteps_[l] = 0;
  int* symbols = reinterpret_cast<int*>(symbols_.data());
  for (int t = 0; t < steps_; t++, symbols += lanes) {
    const int32_t* from = batches.symbols.data() + batches.firstSymbol[index] + static_cast<size_t>(t) * batch_;
    for (int l = 0; l < lanes; l++) symbols[l] = l < size ? from[examples[l]] : 0;
  }
}

// Calls f(op, t, end) for every operation: once for all steps, but for the operations of a group in turn for every
// chunk of its steps, so that what one has written is still in the cache when the next reads it.
template <class F>
void TileRunner::eachChunk(const std::vector<Op>& ops, bool backward, F f) {
  constexpr int kGroupBytes = 1 << 18;
  for (size_t first = 0, end = 0; first < ops.size(); first = end) {
    int rows = 1;
    do {
      rows = std::max(rows, ops[end].gates.rows);
      end++;
    } while (end < ops.size() && (ops[end - 1].joinsNext() || ops[end].joinsPrevious()));
    const int64_t stepBytes = int64_t{rows} * plan_.lanes * sizeof(float);
    const int most = std::max(kOuterSteps, static_cast<int>(kGroupBytes / stepBytes));
    const int chunks = end - first > 1 ? (steps_ + most - 1) / most : 1;
    for (int c = 0; c < chunks; c++) {
      const int64_t k = backward ? chunks - 1 - c : c;
      const int t = static_cast<int>(steps_ * k / chunks), last = static_cast<int>(steps_ * (k + 1) / chunks);
      for (size_t i = first; i < end; i++) f(ops[i], t, last);
    }
  }
}

Outcome TileRunner::forward(float* logits) {
  const int lanes = plan_.lanes;
  const int* symbols = reinterpret_cast<const int*>(symbols_.data());
  Outcome outcome;
  eachChunk(plan_.forward, false, [&](const Op& op, int first, int end) {
    if (op.target.once) end = first + 1;
    switch (op.code) {
      case OpCode::kGather:
        for (int t = first; t < end; t++) {
          kernels_.gather(prepared_ + op.table, plan_.tableWidth(), op.target.rows, symbols + t * lanes, lanes,
                          at(op.target, t));
        }
        break;
      case OpCode::kAffine:
        for (int t = first; t < end; t++) {
          matrices_[op.block].product(at(op.from, t), at(op.target, t), op.accumulate ? Start::kKeep : Start::kBias,
                                      op.accumulate ? nullptr : prepared_ + op.bias);
        }
        break;
      case OpCode::kCell:
        runCell(op, first, end);
        break;
      case OpCode::kSum:
        sum(op.sources, op.target, first, end, false);
        break;
      case OpCode::kSelect:
        select(op);
        break;
      case OpCode::kLoss:
        outcome = loss(op, logits);
        break;
      default:
        break;
    }
  });
  return outcome;
}

void TileRunner::runCell(const Op& op, int first, int end) {
  const int units = op.output.rows, count = floatsOf(op.output);
  const bool gru = op.kind == CellKind::kGru;
  if (first == 0) {
    clear(op.output, -1);
    if (op.hasState) clear(op.state, -1);
  }
  for (int t = first; t < end; t++) {
    float* gates = at(op.gates, t);
    if (gru) kernels_.spread(prepared_ + op.bias, units, plan_.lanes, gates + int64_t{3} * count);
    const float* previous = at(op.output, t - 1);
    matrices_[op.block].product(previous, gru ? gates + count : gates, Start::kKeep, nullptr);
    float* state = op.hasState ? at(op.state, t) : gates;
    const float* previousState = op.hasState ? at(op.state, t - 1) : gates;
    kernels_.cells[static_cast<int>(op.kind)].forward(
        {gates, count, state, previousState, count, at(op.output, t), previous, count});
  }
}

void TileRunner::runCellBackward(const Op& op, int first, int end) {
  const int count = floatsOf(op.output);
  const bool gru = op.kind == CellKind::kGru;
  float* flow = at(op.carry);
  float* carry = op.hasState ? flow + count : flow;
  if (end == steps_) clear(op.carry, 0);
  for (int t = end - 1; t >= first; t--) {
    float* gates = at(op.gates, t);
    const float* state = op.hasState ? at(op.state, t) : gates;
    const float* previousState = op.hasState ? at(op.state, t - 1) : gates;
    const float *output = at(op.output, t), *previous = at(op.output, t - 1);
    int k = 0;
    for (const Rows& gradient : op.sources) {
      kernels_.cells[static_cast<int>(op.kind)].backward({gates + k, count, state + k, previousState + k, count,
                                                          output + k, previous + k, at(gradient, t), flow + k,
                                                          carry + k, floatsOf(gradient)});
      k += floatsOf(gradient);
    }
    if (t > 0) {
      matrices_[op.block].transposedProduct(gru ? gates + count : gates, flow, gru ? Start::kKeep : Start::kZero);
    }
  }
}

void TileRunner::clear(const Rows& rows, int step) { std::memset(at(rows, step), 0, floatsOf(rows) * sizeof(float)); }

void TileRunner::sum(const std::vector<Rows>& sources, const Rows& target, int first, int end, bool accumulate) {
  const float* from[kMaxTerms];
  int steps[kMaxTerms];
  // A few at a time, the later ones on top.
  for (size_t k = 0; k < sources.size(); k += kMaxTerms) {
    const int terms = static_cast<int>(std::min<size_t>(kMaxTerms, sources.size() - k));
    for (int i = 0; i < terms; i++) from[i] = at(sources[k + i], first), steps[i] = stride(sources[k + i]);
    kernels_.sum(from, steps, terms, at(target, first), stride(target), floatsOf(target), end - first,
                 accumulate || k > 0);
  }
}

void TileRunner::select(const Op& op) {
  const int lanes = plan_.lanes;
  for (int i = 0; i < op.target.rows; i++) {
    float* to = at(op.target) + i * lanes;
    for (int l = 0; l < lanes; l++) to[l] = at(op.from, readSteps_[l])[i * lanes + l];
  }
}

void TileRunner::scatter(const Op& op) {
  const int lanes = plan_.lanes;
  for (int i = 0; i < op.target.rows; i++) {
    const float* from = at(op.from) + i * lanes;
    for (int l = 0; l < lanes; l++) at(op.target, readSteps_[l])[i * lanes + l] += from[l];
  }
}

Outcome TileRunner::loss(const Op& op, float* logits) {
  const int lanes = plan_.lanes, outputs = plan_.outputs;
  float* z = at(op.target);
  Outcome outcome;
  for (int l = 0; l < lanes; l++) {
    if (l >= size_) {
      for (int i = 0; i < outputs; i++) z[i * lanes + l] = 0;
      continue;
    }
    if (logits) {
      for (int i = 0; i < outputs; i++) logits[examples_[l] * outputs + i] = z[i * lanes + l];
    }
    int likeliest = 0;
    for (int i = 1; i < outputs; i++) {
      if (z[i * lanes + l] > z[likeliest * lanes + l]) likeliest = i;
    }
    const double most = z[likeliest * lanes + l];
    double sum = 0;
    for (int i = 0; i < outputs; i++) sum += std::exp(z[i * lanes + l] - most);
    const int label = labels_[l];
    outcome.loss += (std::log(sum) + most - z[label * lanes + l]) / batch_;
    outcome.correct += likeliest == label;
    for (int i = 0; i < outputs; i++) {
      const double probability = std::exp(z[i * lanes + l] - most) / sum;
      z[i * lanes + l] = static_cast<float>((probability - (i == label)) / batch_);
    }
  }
  return outcome;
}

void TileRunner::backward(float* gradient) {
  const int lanes = plan_.lanes;
  const int* symbols = reinterpret_cast<const int*>(symbols_.data());
  eachChunk(plan_.backward, true, [&](const Op& op, int first, int end) {
    if (op.from.once && op.code != OpCode::kScatter) end = first + 1;
    switch (op.code) {
      case OpCode::kClear:
        for (int t = first; t < end; t++) clear(op.target, t);
        break;
      case OpCode::kScatter:
        scatter(op);
        break;
      case OpCode::kCopy:
        sum({op.from}, op.target, first, end, op.accumulate);
        break;
      case OpCode::kCellBackward:
        runCellBackward(op, first, end);
        break;
      case OpCode::kAffineBackward:
        for (int t = first; t < end; t++) {
          matrices_[op.block].transposedProduct(at(op.from, t), at(op.target, t),
                                                op.accumulate ? Start::kKeep : Start::kZero);
        }
        break;
      case OpCode::kWeightGradient:
        matrices_[op.block].addGradient(at(op.from, first), stride(op.from), at(op.target, first - op.shift),
                                        stride(op.target), end - first, gradient, scratch_.data());
        break;
      case OpCode::kBiasGradient:
        addBiases(op, first, end, gradient);
        break;
      case OpCode::kTableGradient:
        for (int t = first; t < end; t++) {
          kernels_.scatterRows(at(op.from, t), op.from.rows, symbols + t * lanes, lanes, gradient + op.to, op.stride,
                               scratch_.data());
        }
        break;
      default:
        break;
    }
  });
}

void TileRunner::addBiases(const Op& op, int first, int end, float* gradient) {
  float* sums = scratch_.data();
  kernels_.rowSums(at(op.from, first), stride(op.from), op.from.rows, end - first, plan_.lanes, sums);
  for (const Op::Part& part : op.parts) {
    for (int i = 0; i < part.rows; i++) gradient[part.parameter + i] += sums[part.first + i];
  }
}

}  // namespace filigree
