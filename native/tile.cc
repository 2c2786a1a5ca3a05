#include "tile.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace filigree {
namespace {
constexpr int kMaxTerms = 16;  // Of a sum in one go.
}

int chunkSteps(int rows, int lanes) {
  constexpr int64_t kGroupBytes = 1 << 18;
  return std::max(kOuterSteps, static_cast<int>(kGroupBytes / (int64_t{rows} * lanes * int64_t{sizeof(float)})));
}

TileRunner::TileRunner(const Plan& plan, const std::vector<Matrix>& matrices, const Kernels& kernels,
                       const float* prepared)
    : plan_(plan),
      matrices_(matrices),
      kernels_(kernels),
      prepared_(prepared) {
  size_t scratch = 0;
  for (const Op& op : plan.backward) {
    if (op.code == OpCode::kTableGradient) scratch = std::max<size_t>(scratch, op.stride);
    if (op.code == OpCode::kBiasGradient) scratch = std::max<size_t>(scratch, op.from.rows);
    if (op.code == OpCode::kWeightGradient) scratch = std::max<size_t>(scratch, kOuterSteps * op.target.rows);
  }
  scratch_ = Floats(scratch * plan.lanes);
  size_t sums = 0;
  for (const Matrix& matrix : matrices) {
    firstSum_.push_back(sums);
    sums += matrix.sumCount();
  }
  sums_ = Floats(sums);
  for (const Op& op : plan.forward) {
    if (op.code == OpCode::kCell) boundaryFloats_ += static_cast<size_t>(floatsOf(op.output) + floatsOf(op.state));
  }
}

void TileRunner::reserve(int steps) {
  if (arena_.size() == 0) arena_ = Floats(plan_.arena);
  const size_t symbols = static_cast<size_t>(steps) * plan_.lanes;
  if (symbols_.size() < symbols) symbols_ = Floats(symbols);
  const size_t boundaries = (steps - 1) / plan_.segment * boundaryFloats_;
  if (boundaries_.size() < boundaries) boundaries_ = Floats(boundaries);
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
  // Idle lanes do as the first one does, so that nothing overflows in them alone, and are read at step 0.
  for (int l = size; l < lanes; l++) readSteps_[l] = 0;
  int* symbols = reinterpret_cast<int*>(symbols_.data());
  for (int t = 0; t < steps_; t++, symbols += lanes) {
    const int32_t* from = batches.symbols.data() + batches.firstSymbol[index] + static_cast<size_t>(t) * batch_;
    for (int l = 0; l < lanes; l++) symbols[l] = from[examples[l < size ? l : 0]];
  }
}

// Calls f(segment) for every segment of the tile's steps, in their order or in reverse.
template <class F>
void TileRunner::eachSegment(bool backward, F f) {
  const int count = (steps_ + plan_.segment - 1) / plan_.segment;
  for (int c = 0; c < count; c++) {
    const int segment = backward ? count - 1 - c : c;
    start_ = segment * plan_.segment;
    length_ = std::min(plan_.segment, steps_ - start_);
    f(segment);
  }
}

// Calls f(rows, boundary) for all that cells hand from step to step, each with its place among what they hand to a
// segment. The first segment is handed nothing.
template <class F>
void TileRunner::eachState(int segment, F f) {
  if (segment == 0) return;
  float* boundary = boundaries_.data() + (segment - 1) * boundaryFloats_;
  for (const Op& op : plan_.forward) {
    if (op.code != OpCode::kCell) continue;
    f(op.output, boundary);
    boundary += floatsOf(op.output);
    if (!op.hasState) continue;
    f(op.state, boundary);
    boundary += floatsOf(op.state);
  }
}

Outcome TileRunner::forward(float* logits) {
  Outcome outcome;
  eachSegment(false, [&](int segment) {
    eachState(segment, [&](const Rows& rows, float* boundary) {
      std::copy_n(at(rows, plan_.segment - 1), floatsOf(rows), boundary);
      std::copy_n(boundary, floatsOf(rows), at(rows, -1));
    });
    outcome = runForward(logits);
  });
  return outcome;
}

void TileRunner::backward(float* gradient) {
  eachSegment(true, [&](int segment) {
    if (!isLast()) {
      eachState(segment, [&](const Rows& rows, float* boundary) { std::copy_n(boundary, floatsOf(rows), at(rows, -1)); });
      runForward(nullptr);
    }
    runBackward(gradient);
  });
  for (size_t i = 0; i < matrices_.size(); i++) matrices_[i].collect(sums_.data() + firstSum_[i], gradient);
}

// Calls f(op, t, end) for every operation: once for all steps, but for the operations of a group in turn for every
// chunk of its steps, so that what one has written is still in the cache when the next reads it.
template <class F>
void TileRunner::eachChunk(const std::vector<Op>& ops, bool backward, F f) {
  for (size_t first = 0, end = 0; first < ops.size(); first = end) {
    int rows = 1;
    do {
      rows = std::max(rows, ops[end].gates.rows);
      end++;
    } while (end < ops.size() && (ops[end - 1].joinsNext() || ops[end].joinsPrevious()));
    const int most = chunkSteps(rows, plan_.lanes);
    const int chunks = end - first > 1 ? (length_ + most - 1) / most : 1;
    for (int c = 0; c < chunks; c++) {
      const int64_t k = backward ? chunks - 1 - c : c;
      const int t = static_cast<int>(length_ * k / chunks), last = static_cast<int>(length_ * (k + 1) / chunks);
      for (size_t i = first; i < end; i++) f(ops[i], t, last);
    }
  }
}

Outcome TileRunner::runForward(float* logits) {
  const int lanes = plan_.lanes;
  Outcome outcome;
  eachChunk(plan_.forward, false, [&](const Op& op, int first, int end) {
    if (op.target.once && op.code != OpCode::kSelect) {
      if (!isLast()) return;
      end = first + 1;
    }
    switch (op.code) {
      case OpCode::kGather:
        for (int t = first; t < end; t++) {
          kernels_.gather(prepared_ + op.table, plan_.tableWidth(), op.target.rows, symbolsAt(t), lanes,
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
  const CellShape& shape = kCellShapes[op.kind];
  if (start_ + first == 0) {
    clear(op.output, -1);
    if (op.hasState) clear(op.state, -1);
  }
  for (int t = first; t < end; t++) {
    float* gates = at(op.gates, t);
    const float* previous = at(op.output, t - 1);
    if (op.joint) {
      const float* window = arena_.data() + op.window + static_cast<int64_t>(t) * stride(op.output);
      matrices_[op.block].product(window, gates, Start::kBias, prepared_ + op.bias);
    } else {
      if (shape.inputGates < shape.gates) {
        kernels_.spread(prepared_ + op.bias, units, plan_.lanes, gates + shape.inputGates * count);
      }
      matrices_[op.block].product(previous, gates + shape.hiddenFirst * count, Start::kKeep, nullptr);
    }
    float* state = op.hasState ? at(op.state, t) : gates;
    const float* previousState = op.hasState ? at(op.state, t - 1) : gates;
    kernels_.cells[op.kind].forward(
        {gates, count, state, previousState, count, at(op.output, t), previous, count});
  }
}

void TileRunner::runCellBackward(const Op& op, int first, int end) {
  const int count = floatsOf(op.output);
  const CellShape& shape = kCellShapes[op.kind];
  float* flow = at(op.carry);
  float* carry = op.hasState ? flow + count : flow;
  if (isLast() && end == length_) clear(op.carry, 0);
  for (int t = end - 1; t >= first; t--) {
    float* gates = at(op.gates, t);
    const float* state = op.hasState ? at(op.state, t) : gates;
    const float* previousState = op.hasState ? at(op.state, t - 1) : gates;
    const float *output = at(op.output, t), *previous = at(op.output, t - 1);
    int k = 0;
    for (const Rows& gradient : op.sources) {
      kernels_.cells[op.kind].backward({gates + k, count, state + k, previousState + k, count,
                                                          output + k, previous + k, at(gradient, t), flow + k,
                                                          carry + k, floatsOf(gradient)});
      k += floatsOf(gradient);
    }
    if (start_ + t > 0) {
      matrices_[op.block].transposedProduct(gates + shape.hiddenFirst * count, flow,
                                            shape.passesOn ? Start::kKeep : Start::kZero);
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

// Calls f(lane, step) for every lane that is read out in the present segment.
template <class F>
void TileRunner::eachRead(F f) {
  for (int l = 0; l < plan_.lanes; l++) {
    const int t = readSteps_[l] - start_;
    if (t >= 0 && t < length_) f(l, t);
  }
}

void TileRunner::select(const Op& op) {
  const int lanes = plan_.lanes;
  for (int i = 0; i < op.target.rows; i++) {
    float* to = at(op.target) + i * lanes;
    eachRead([&](int l, int t) { to[l] = at(op.from, t)[i * lanes + l]; });
  }
}

void TileRunner::scatter(const Op& op) {
  const int lanes = plan_.lanes;
  for (int i = 0; i < op.target.rows; i++) {
    const float* from = at(op.from) + i * lanes;
    eachRead([&](int l, int t) { at(op.target, t)[i * lanes + l] += from[l]; });
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

void TileRunner::runBackward(float* gradient) {
  eachChunk(plan_.backward, true, [&](const Op& op, int first, int end) {
    if (op.from.once && op.code != OpCode::kScatter) {
      if (!isLast()) return;
      end = first + 1;
    }
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
                                        stride(op.target), end - first, gradient,
                                        sums_.data() + firstSum_[op.block], scratch_.data());
        break;
      case OpCode::kBiasGradient:
        addBiases(op, first, end, gradient);
        break;
      case OpCode::kTableGradient:
        for (int t = first; t < end; t++) {
          kernels_.scatterRows(at(op.from, t), op.from.rows, symbolsAt(t), plan_.lanes, gradient + op.to, op.stride,
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
