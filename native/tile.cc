#include "tile.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace filigree {
namespace {
constexpr int kMaxTerms = 16;  // Of a sum in one go.

// As in kernels.cc.
uint32_t mix(uint32_t x) {
  x ^= x >> 16;
  x *= 0x21f0aaadu;
  x ^= x >> 15;
  x *= 0xd35a2d97u;
  return x ^ (x >> 15);
}

}  // namespace

DropoutKey dropoutKey(double seed, double update) {
  const auto low = [](double x) { return static_cast<uint32_t>(static_cast<uint64_t>(x)); };
  return {true, mix(mix(low(seed)) + low(update) * 0x9e3779b9u)};
}

TileRunner::TileRunner(const Plan& plan, const std::vector<Matrix>& matrices, const Kernels& kernels,
                       const float* prepared, const float* parameters)
    : plan_(plan),
      matrices_(matrices),
      kernels_(kernels),
      prepared_(prepared) {
  uint64_t scratch = uint64_t{kSoftmaxFloats} * plan.outputs;
  for (const Stage& stage : plan.backward) {
    for (const Op& op : stage.ops) {
      if (op.code == OpCode::kBiasGradient) scratch = std::max<uint64_t>(scratch, op.from.rows * plan.lanes);
      if (op.code == OpCode::kWeightGradient) scratch = std::max(scratch, matrices[op.block].scratchCount());
    }
  }
  scratch_ = Floats(scratch);
  rewire(parameters);
}

void TileRunner::rewire(const float* parameters) {
  parameters_ = parameters;
  firstSum_.clear();
  size_t sums = 0;
  for (const Matrix& matrix : matrices_) {
    firstSum_.push_back(sums);
    sums += matrix.sumCount();
  }
  sums_ = Floats(sums);
}

void TileRunner::reserve(int steps) {
  if (arena_.size() == 0) arena_ = Floats(plan_.arena);
  const uint64_t symbols = static_cast<uint64_t>(steps) * plan_.lanes;
  if (symbols_.size() < symbols) symbols_ = Floats(symbols);
  const uint64_t targets = plan_.everyStep ? symbols : plan_.lanes;
  if (targets_.size() < targets) targets_ = Floats(targets);
  const uint64_t boundaries = static_cast<uint64_t>((steps - 1) / plan_.segment + 1) * plan_.carry;
  if (boundaries_.size() < boundaries) boundaries_ = Floats(boundaries);
}

void TileRunner::take(const Batches& batches, size_t index, const int* examples, int size) {
  const int lanes = plan_.lanes;
  batch_ = batches.sizes[index];
  count_ = static_cast<double>(batches.counts[index]);
  first_ = plan_.everyStep ? batches.firstSymbol[index] : batches.firstExample[index];
  size_ = size;
  steps_ = 1;
  if (plan_.readsValues()) values_ = batches.values.data() + batches.firstSymbol[index] * plan_.inputWidth;
  numbers_ = batches.numbers.data();
  const bool classes = !plan_.predictsNumbers;
  int* targets = integers(targets_);
  for (int l = 0; l < size; l++) {
    examples_[l] = examples[l];
    const size_t example = batches.firstExample[index] + examples[l];
    readSteps_[l] = batches.lengths[example] - 1;
    if (!plan_.everyStep && classes) targets[l] = batches.targets[example];
    steps_ = std::max(steps_, batches.lengths[example]);
  }
  // Idle lanes do as the first one does, so that nothing overflows in them alone, and end and are read where it is.
  for (int l = size; l < lanes; l++) {
    examples_[l] = examples[0];
    readSteps_[l] = readSteps_[0];
    if (!plan_.everyStep) targets[l] = -1;
  }
  int* symbols = integers(symbols_);
  for (int t = 0; t < steps_; t++, symbols += lanes) {
    const size_t at = batches.firstSymbol[index] + static_cast<size_t>(t) * batch_;
    for (int l = 0; l < lanes && !plan_.readsValues(); l++) symbols[l] = batches.symbols[at + examples_[l]];
    if (!plan_.everyStep || !classes) continue;
    for (int l = 0; l < lanes; l++) targets[t * lanes + l] = l < size ? batches.targets[at + examples_[l]] : -1;
  }
}

// Calls f() for every segment of the tile's steps, in their order or in reverse.
template <class F>
void TileRunner::eachSegment(bool backward, F f) {
  const int count = (steps_ + plan_.segment - 1) / plan_.segment;
  for (int c = 0; c < count; c++) {
    segment_ = backward ? count - 1 - c : c;
    start_ = segment_ * plan_.segment;
    length_ = std::min(plan_.segment, steps_ - start_);
    f();
  }
}

template <class After>
void TileRunner::forward(const float* before, float* after, After afterSegment) {
  segment_ = 0;
  fromZero_ = !before;
  after_ = after;
  if (before) std::copy_n(before, plan_.carry, boundary());
  eachSegment(false, [&] {
    runForward();
    afterSegment();
  });
}

void TileRunner::forward(const float* before, float* after, DropoutKey dropout) {
  dropout_ = dropout;
  forward(before, after, [] {});
}

Outcome TileRunner::evaluate(const float* before, float* after, float* outputs) {
  dropout_ = {};
  weights_ = nullptr;
  Outcome outcome;
  forward(before, after, [&] {
    for (const Stage& stage : plan_.read) runStage(stage, nullptr, outputs, outcome);
  });
  return outcome;
}

Outcome TileRunner::backward(float* gradient, float* everywhere, DropoutKey dropout, const float* weights) {
  dropout_ = dropout;
  weights_ = weights;
  everywhere_ = everywhere;
  Outcome outcome;
  eachSegment(true, [&] {
    if (!isLast()) runForward();
    for (const Stage& stage : plan_.backward) runStage(stage, gradient, nullptr, outcome);
  });
  for (size_t i = 0; i < matrices_.size(); i++) matrices_[i].collect(sums_.data() + firstSum_[i], gradient);
  return outcome;
}

// Calls f(op, t, end) for every operation of a stage, in turn for every chunk of the segment's steps; where the operation
// works on packed steps, these are counted from 0.
template <class F>
void TileRunner::eachChunk(const Stage& stage, F f) {
  chunk_ = 0;
  if (stage.time == Time::kOnce) {
    if (!isLast()) return;
    chunkEnd_ = 1;
    for (const Op& op : stage.ops) f(op, 0, 1);
    return;
  }
  const int chunks = (length_ + stage.chunk - 1) / stage.chunk;
  for (int c = 0; c < chunks; c++) {
    const int64_t k = stage.time == Time::kBackward ? chunks - 1 - c : c;
    chunk_ = static_cast<int>(length_ * k / chunks);
    chunkEnd_ = static_cast<int>(length_ * (k + 1) / chunks);
    const int packed = ((chunkEnd_ - chunk_) * size_ + plan_.lanes - 1) / plan_.lanes;
    for (const Op& op : stage.ops) f(op, op.packed ? 0 : chunk_, op.packed ? packed : chunkEnd_);
  }
}

void TileRunner::runForward() {
  for (const Stage& stage : plan_.forward) {
    eachChunk(stage, [&](const Op& op, int first, int end) {
      switch (op.code) {
        case OpCode::kGather:
          for (int t = first; t < end; t++) {
            kernels_.gather(prepared_ + op.table, plan_.tableWidth(), op.target.rows, symbolsAt(t), plan_.lanes,
                            at(op.target, t));
          }
          break;
        case OpCode::kEmbed:
          for (int t = first; t < end; t++) {
            kernels_.embed(parameters_, embeddingsAt(t), op.target.rows, plan_.lanes, at(op.target, t));
          }
          break;
        case OpCode::kValues:
          for (int t = first; t < end; t++) values(op, t);
          break;
        case OpCode::kFlip: flip(op, first, end); break;
        case OpCode::kAffine: affine(op, first, end); break;
        case OpCode::kCell: runCell(op, first, end); break;
        case OpCode::kSum: sum(op.sources, op.target, first, end, false); break;
        case OpCode::kDropout: drop(op, first, end); break;
        case OpCode::kPack: pack(op, end); break;
        case OpCode::kUnpack: unpack(op, first, end); break;
        case OpCode::kSelect: select(op, first, end); break;
        default: break;
      }
    });
  }
}

// A stage that reads or goes back. `gradient` is there in the second case.
void TileRunner::runStage(const Stage& stage, float* gradient, float* outputs, Outcome& outcome) {
  eachChunk(stage, [&](const Op& op, int first, int end) {
    switch (op.code) {
      case OpCode::kAffine:
        affine(op, first, end);
        break;
      case OpCode::kSoftmax:
        for (int t = first; t < end; t++) softmax(op, t, outputs, outcome);
        break;
      case OpCode::kSquares:
        for (int t = first; t < end; t++) squares(op, t, outputs, outcome);
        break;
      default:
        runBackward(op, first, end, gradient);
        break;
    }
  });
}

void TileRunner::affine(const Op& op, int first, int end) {
  const float* bias = op.accumulate ? nullptr : prepared_ + op.bias;
  matrices_[op.block].product({at(op.from, first), stride(op.from), at(op.target, first), stride(op.target), end - first},
                              op.accumulate ? Start::kKeep : Start::kBias, bias);
}

// Where the embeddings of a step's symbols begin.
const int64_t* TileRunner::embeddingsAt(int step) {
  const int* symbols = symbolsAt(step);
  for (int l = 0; l < plan_.lanes; l++) {
    embeddings_[l] = plan_.embedding + int64_t{plan_.symbols[symbols[l]]} * plan_.inputWidth;
  }
  return embeddings_;
}

void TileRunner::drop(const Op& op, int first, int end) {
  const bool all = dropout_.active && op.rate > 0;
  const float scale = static_cast<float>(1 / (1 - op.rate / 16777216.0));
  for (int t = first; t < end; t++) {
    const float* from = at(op.from, t);
    float* to = at(op.target, t);
    if (all) {
      const uint32_t key = dropout_.key + static_cast<uint32_t>(op.layer) * 0x27d4eb2fu +
                           static_cast<uint32_t>(start_ + t) * 0x85ebca6bu;
      kernels_.dropout(from, to, op.target.rows, plan_.lanes, {key, static_cast<uint32_t>(op.rate), scale, examples_});
    } else if (from != to) {
      std::copy_n(from, floatsOf(op.target), to);
    }
  }
}

void TileRunner::runCell(const Op& op, int first, int end) {
  const int units = op.output.rows, count = floatsOf(op.output);
  const CellShape& shape = kCellShapes[op.kind];
  // Here and not before, because a place in the arena may have served others until now.
  if (first == 0 && segment_ == 0 && fromZero_) {
    clear(op.output, -1);
    if (op.hasState) clear(op.state, -1);
  } else if (first == 0) {
    const float* begin = boundary() + op.place;
    std::copy_n(begin, count, at(op.output, -1));
    if (op.hasState) std::copy_n(begin + count, floatsOf(op.state), at(op.state, -1));
  }
  for (int t = first; t < end; t++) {
    float* gates = at(op.gates, t);
    const float* previous = at(op.output, t - 1);
    if (op.joint) {
      const float* straddle = arena_.data() + op.straddle + static_cast<int64_t>(t) * stride(op.output);
      matrices_[op.block].product(straddle, gates, Start::kBias, prepared_ + op.bias);
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
  float* finish = isLast() ? after_ : boundary() + plan_.carry;
  if (end < length_ || !finish) return;
  finish += op.place;
  std::copy_n(at(op.output, end - 1), count, finish);
  if (op.hasState) std::copy_n(at(op.state, end - 1), floatsOf(op.state), finish + count);
}

void TileRunner::runCellBackward(const Op& op, int first, int end) {
  const int count = floatsOf(op.output);
  const CellShape& shape = kCellShapes[op.kind];
  float* flow = origin(op.backflow);
  float* stateFlow = op.hasState ? flow + count : flow;
  if (isLast() && end == length_) std::memset(flow, 0, floatsOf(op.backflow) * sizeof(float));
  for (int t = end - 1; t >= first; t--) {
    float* gates = at(op.gates, t);
    const float* state = op.hasState ? at(op.state, t) : gates;
    const float* previousState = op.hasState ? at(op.state, t - 1) : gates;
    const float *output = at(op.output, t), *previous = at(op.output, t - 1);
    int k = 0;
    for (const Rows& gradient : op.sources) {
      kernels_.cells[op.kind].backward({gates + k, count, state + k, previousState + k, count,
                                                          output + k, previous + k, at(gradient, t), flow + k,
                                                          stateFlow + k, floatsOf(gradient)});
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

// Calls f(packed step, lane, step, example, count) for every `count` examples that lie side by side in both layouts, from
// that lane of the packed step and from that example of the step on.
template <class F>
void TileRunner::eachRun(int first, int end, F f) {
  for (int t = first; t < end; t++) {
    for (int e = 0; e < size_;) {
      const int index = (t - first) * size_ + e, lane = index % plan_.lanes, count = std::min(size_ - e, plan_.lanes - lane);
      f(index / plan_.lanes, lane, t, e, count);
      e += count;
    }
  }
}

void TileRunner::pack(const Op& op, int packed) {
  const int lanes = plan_.lanes, rows = op.target.rows;
  eachRun(chunk_, chunkEnd_, [&](int to, int lane, int t, int example, int count) {
    const float* from = at(op.from, t - op.shift) + example;
    float* out = at(op.target, to) + lane;
    for (int i = 0; i < rows; i++) std::copy_n(from + i * lanes, count, out + i * lanes);
  });
  const int used = (chunkEnd_ - chunk_) * size_ - (packed - 1) * lanes;
  float* last = at(op.target, packed - 1);
  for (int i = 0; i < rows; i++) std::fill(last + i * lanes + used, last + (i + 1) * lanes, 0.0f);
}

void TileRunner::unpack(const Op& op, int first, int end) {
  const int lanes = plan_.lanes, rows = op.target.rows;
  eachRun(first, end, [&](int packed, int lane, int t, int example, int count) {
    const float* from = at(op.from, packed) + lane;
    float* out = at(op.target, t) + example;
    for (int i = 0; i < rows; i++) {
      for (int k = 0; k < count; k++) out[i * lanes + k] = from[i * lanes + k] + (op.accumulate ? out[i * lanes + k] : 0);
    }
    // Lanes without an example.
    if (example + count < size_) return;
    float* step = at(op.target, t);
    for (int i = 0; i < rows && !(op.gradient && op.accumulate); i++) {
      std::fill(step + i * lanes + size_, step + (i + 1) * lanes, op.gradient ? 0.0f : step[i * lanes]);
    }
  });
}

// The numbers of a step, by channel and lane.
void TileRunner::values(const Op& op, int step) {
  const int lanes = plan_.lanes, width = plan_.inputWidth;
  const float* from = values_ + (static_cast<size_t>(start_) + step) * batch_ * width;
  float* to = at(op.target, step);
  for (int l = 0; l < lanes; l++) {
    const float* own = from + static_cast<size_t>(examples_[l]) * width;
    for (int j = 0; j < width; j++) to[j * lanes + l] = own[j];
  }
}

// See FlipOp in src/engine/plan.ts.
void TileRunner::flip(const Op& op, int first, int end) {
  const int lanes = plan_.lanes, rows = op.target.rows;
  const bool even = std::all_of(readSteps_, readSteps_ + lanes, [&](int last) { return last == readSteps_[0]; });
  for (int t = first; t < end; t++) {
    float* to = at(op.target, t);
    if (even && !op.accumulate && t <= readSteps_[0]) {
      std::copy_n(at(op.from, readSteps_[0] - t), floatsOf(op.target), to);
      continue;
    }
    const float* from[32];
    for (int l = 0; l < lanes; l++) from[l] = t <= readSteps_[l] ? at(op.from, readSteps_[l] - t) + l : nullptr;
    for (int i = 0; i < rows * lanes; i += lanes) {
      for (int l = 0; l < lanes; l++) {
        const float value = from[l] ? from[l][i] : 0;
        to[i + l] = op.accumulate ? value + to[i + l] : value;
      }
    }
  }
}

// Calls f(lane, step) for every lane that is read out in some steps.
template <class F>
void TileRunner::eachRead(const Op& op, int first, int end, F f) {
  for (int l = 0; l < plan_.lanes; l++) {
    const int t = (op.first ? 0 : readSteps_[l]) - start_;
    if (t >= first && t < end) f(l, t);
  }
}

void TileRunner::select(const Op& op, int first, int end) {
  const int lanes = plan_.lanes;
  for (int i = 0; i < op.target.rows; i++) {
    float* to = origin(op.target) + i * lanes;
    eachRead(op, first, end, [&](int l, int t) { to[l] = at(op.from, t)[i * lanes + l]; });
  }
}

void TileRunner::scatter(const Op& op, int first, int end) {
  const int lanes = plan_.lanes;
  for (int i = 0; i < op.target.rows; i++) {
    const float* from = origin(op.from) + i * lanes;
    eachRead(op, first, end, [&](int l, int t) { at(op.target, t)[i * lanes + l] += from[l]; });
  }
}

// The step and the example of a lane of a read-out's operation, and the place of its target among all; there is none where
// the chunk has ended or the lane is idle.
struct TileRunner::Place {
  int step, example;
  bool there;
  size_t index;
};

TileRunner::Place TileRunner::placeOf(const Op& op, int step, int lane) const {
  const int index = step * plan_.lanes + lane;
  const int t = op.packed ? chunk_ + index / size_ : step, e = op.packed ? index % size_ : lane;
  if (t >= chunkEnd_ || e >= size_) return {t, e, false, 0};
  return {t, e, true, first_ + (plan_.everyStep ? static_cast<size_t>(start_ + t) * batch_ : 0) + examples_[e]};
}

// Copies a lane's outputs to their place, where they are wanted and the example has not ended.
void TileRunner::keep(const Place& place, const float* lane, float* outputs) const {
  const int rows = plan_.outputs;
  if (!outputs || !place.there || (plan_.everyStep && start_ + place.step > readSteps_[place.example])) return;
  for (int i = 0; i < rows; i++) outputs[place.index * rows + i] = lane[i * plan_.lanes];
}

void TileRunner::squares(const Op& op, int step, float* outputs, Outcome& outcome) {
  const int lanes = plan_.lanes, rows = plan_.outputs;
  float* out = at(op.target, step);
  for (int l = 0; l < lanes; l++) {
    const Place place = placeOf(op, step, l);
    keep(place, out + l, outputs);
    for (int i = 0; i < rows; i++) {
      float& value = out[i * lanes + l];
      const float target = place.there ? numbers_[place.index * rows + i] : NAN;
      if (std::isnan(target)) {
        if (op.gradient) value = 0;
        continue;
      }
      const double error = static_cast<double>(value) - target;
      outcome.loss += error * error;
      if (op.gradient) value = static_cast<float>(2 * error / count_);
    }
  }
}

void TileRunner::softmax(const Op& op, int step, float* outputs, Outcome& outcome) {
  const int lanes = plan_.lanes, rows = plan_.outputs;
  float* logits = at(op.target, step);
  alignas(64) int targets[32] = {};
  for (int l = 0; l < lanes; l++) {
    const Place place = placeOf(op, step, l);
    targets[l] = place.there ? targetsAt(place.step)[place.example] : -1;
    keep(place, logits + l, outputs);
  }
  double loss[32];
  alignas(64) int likeliest[32];
  kernels_.softmax(logits, rows, lanes, targets, count_, op.gradient, loss, likeliest,
                   scratch_.data());
  for (int l = 0; l < lanes; l++) {
    if (targets[l] < 0) continue;
    if (weights_) {
      const float weight = weights_[targets[l]];
      loss[l] *= weight;
      for (int i = 0; i < rows && op.gradient; i++) logits[i * lanes + l] *= weight;
    }
    outcome.loss += loss[l];
    outcome.correct += likeliest[l] == targets[l];
  }
}

void TileRunner::runBackward(const Op& op, int first, int end, float* gradient) {
  switch (op.code) {
    case OpCode::kClear:
      for (int t = first; t < end; t++) clear(op.target, t);
      break;
    case OpCode::kScatter:
      scatter(op, first, end);
      break;
    case OpCode::kCopy:
      sum({op.from}, op.target, first, end, op.accumulate);
      break;
    case OpCode::kDropout:
      drop(op, first, end);
      break;
    case OpCode::kPack:
      pack(op, end);
      break;
    case OpCode::kUnpack:
      unpack(op, first, end);
      break;
    case OpCode::kFlip:
      flip(op, first, end);
      break;
    case OpCode::kCellBackward:
      runCellBackward(op, first, end);
      break;
    case OpCode::kAffineBackward:
      matrices_[op.block].transposedProduct(
          {at(op.from, first), stride(op.from), at(op.target, first), stride(op.target), end - first},
          op.accumulate ? Start::kKeep : Start::kZero);
      break;
    case OpCode::kWeightGradient:
      addGradient(op, first, end, gradient);
      break;
    case OpCode::kBiasGradient:
      addBiases(op, first, end, gradient);
      break;
    case OpCode::kTableGradient:
      for (int t = first; t < end; t++) {
        kernels_.scatterRows(at(op.from, t), op.from.rows, symbolsAt(t), plan_.lanes, gradient + op.to, op.stride);
      }
      break;
    case OpCode::kEmbedGradient:
      for (int t = first; t < end; t++) {
        kernels_.embedGradient(at(op.from, t), embeddingsAt(t), op.from.rows, plan_.lanes, gradient);
      }
      break;
    default:
      break;
  }
}

void TileRunner::addGradient(const Op& op, int first, int end, float* gradient) {
  const Matrix& matrix = matrices_[op.block];
  const Matrix::Factors factors{at(op.from, first), stride(op.from), at(op.target, first - op.shift), stride(op.target),
                                end - first};
  if (everywhere_ && matrix.isCompressed()) {
    matrix.addGradientEverywhere(factors, everywhere_, scratch_.data());
  } else {
    matrix.addGradient(factors, gradient, sums_.data() + firstSum_[op.block], scratch_.data());
  }
}

void TileRunner::addBiases(const Op& op, int first, int end, float* gradient) {
  float* sums = scratch_.data();
  kernels_.rowSums(at(op.from, first), stride(op.from), op.from.rows, end - first, plan_.lanes, sums);
  for (const Op::Part& part : op.parts) {
    for (int i = 0; i < part.rows; i++) gradient[part.parameter + i] += sums[part.first + i];
  }
}

}  // namespace filigree
