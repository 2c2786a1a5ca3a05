#include "executor.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <limits>
#include <numeric>
#include <string>

#include "processor.h"

namespace filigree {

Executor::Executor(Plan plan, const Kernels& kernels, int threads)
    : plan_(std::move(plan)),
      kernels_(kernels),
      parameters_(plan_.parameters),
      first_(plan_.trains() ? plan_.parameters : 0),
      second_(plan_.trains() ? plan_.parameters : 0),
      prepared_(plan_.prepared),
      gradient_(plan_.trains() ? plan_.gradients : 0),
      crew_(threads) {
  if (plan_.lanes == 1) throw Refused("the plan cannot be run: it is for streaming");
  matrices_.reserve(plan_.blocks.size());
  for (const Block& block : plan_.blocks) matrices_.emplace_back(block, plan_.lanes, kernels_);
  const auto lanes = static_cast<size_t>(plan_.lanes), groups = static_cast<size_t>(symbolGroups());
  size_t width = 0, flows = 0, sums = 0, scratch = 0;  // Of tables.
  for (const auto* ops : {&plan_.prepare, &plan_.finish}) {
    for (const Op& op : *ops) {
      if (op.block < 0) continue;
      width = static_cast<size_t>(plan_.inputWidth);
      flows = std::max<size_t>(flows, plan_.blocks[op.block].rows);
      sums = std::max(sums, matrices_[op.block].sumCount());
      scratch = std::max(scratch, matrices_[op.block].scratchCount());
    }
  }
  sums_ = Floats(sums);
  scratch_ = Floats(std::max(scratch, flows * lanes));
  flows_ = Floats(flows * lanes * groups);
  embedded_ = Floats(width * lanes * groups);
  embeddedFlow_ = Floats(embedded_.size());
  for (int i = 0; i < threads; i++) {
    members_.push_back(std::make_unique<Member>(
        Member{{plan_, matrices_, kernels_, prepared_.data(), parameters_.data()}, {}, {}, 0}));
  }
  members_[0]->runner.reserve(1);  // The others only if a batch has work for them.
}

Footprint Executor::footprint() const {
  Footprint bytes;
  for (const Floats* of : {&parameters_, &first_, &second_, &gradient_}) bytes.parameters += of->bytes();
  for (const Matrix& matrix : matrices_) bytes.matrices += matrix.bytes();
  for (const Floats* of : {&prepared_, &scratch_, &embedded_, &embeddedFlow_, &flows_, &sums_, &carry_}) bytes.rest += of->bytes();
  for (const auto& member : members_) {
    bytes.activations += member->runner.activationBytes();
    bytes.parameters += member->gradient.bytes();
    bytes.rest += member->runner.otherBytes();
  }
  return bytes;
}

void Executor::check(Batches& batches) const {
  const auto require = [](bool holds, const char* otherwise) {
    if (!holds) throw Refused(std::string("the batches cannot be run: ") + otherwise);
  };
  require(batches.sizes.size() == batches.steps.size(), "their sizes and steps differ in number");
  require(batches.carry.size() == batches.sizes.size(), "what they carry and their sizes differ in number");
  size_t examples = 0, symbols = 0;
  batches.firstExample.clear(), batches.firstSymbol.clear(), batches.counts.clear();
  for (size_t i = 0; i < batches.sizes.size(); i++) {
    batches.firstExample.push_back(examples);
    batches.firstSymbol.push_back(symbols);
    require(batches.sizes[i] >= 1, "one is empty");
    require(batches.steps[i] >= 1 && batches.steps[i] <= plan_.steps, "one is longer than the plan allows");
    for (int k = 0; k < batches.sizes[i]; k++) {
      require(examples < batches.lengths.size(), "there are too few examples");
      const int length = batches.lengths[examples];
      require(length >= 1 && length <= batches.steps[i], "a length does not fit its batch");
      examples++;
    }
    symbols += static_cast<size_t>(batches.sizes[i]) * batches.steps[i];
  }
  require(examples == batches.lengths.size(), "there are too many examples");
  batches.places = plan_.everyStep ? symbols : examples;
  const size_t numbers = plan_.predictsNumbers ? batches.places * plan_.outputs : 0;
  require(batches.targets.size() == (plan_.predictsNumbers ? 0 : batches.places), "their targets do not fit their sizes");
  require(batches.numbers.size() == numbers, "their targets do not fit their sizes");
  for (const int32_t target : batches.targets) {
    require(target >= (plan_.everyStep ? -1 : 0) && target < plan_.outputs, "a label is not a class of the network");
  }
  for (size_t i = 0; i < batches.sizes.size(); i++) {
    const size_t first = plan_.everyStep ? batches.firstSymbol[i] : batches.firstExample[i];
    const size_t count = static_cast<size_t>(batches.sizes[i]) * (plan_.everyStep ? batches.steps[i] : 1);
    const auto countOf = [&](const auto& targets, size_t width, auto isThere) {
      const auto begin = targets.begin() + static_cast<int64_t>(first * width);
      return static_cast<size_t>(std::count_if(begin, begin + static_cast<int64_t>(count * width), isThere));
    };
    batches.counts.push_back(plan_.predictsNumbers
                                 ? countOf(batches.numbers, plan_.outputs, [](float target) { return !std::isnan(target); })
                                 : countOf(batches.targets, 1, [](int32_t target) { return target >= 0; }));
  }
  const size_t values = plan_.readsValues() ? symbols * plan_.inputWidth : 0;
  require(batches.symbols.size() == (plan_.readsValues() ? 0 : symbols), "their symbols do not fit their sizes");
  require(batches.values.size() == values, "their numbers do not fit their sizes");
  const int rows = static_cast<int>(plan_.symbols.size());
  for (const int32_t symbol : batches.symbols) require(symbol >= 0 && symbol < rows, "a symbol is out of range");
}

// Before the work, because a thread of the crew cannot say that there is no memory left.
void Executor::reserve(const Batches& batches) {
  int steps = 1, examples = 1;
  for (const int batch : batches.steps) steps = std::max(steps, batch);
  for (const int size : batches.sizes) examples = std::max(examples, size);
  for (int k = 0; k < std::min(tilesOf(examples), crew_.size()); k++) members_[k]->runner.reserve(steps);
  const size_t floats = static_cast<size_t>(tilesOf(examples)) * carryFloats();
  if (carry_.size() >= floats) return;
  Floats larger(floats);
  std::copy_n(carry_.data(), carry_.size(), larger.data());
  carry_ = std::move(larger);
}

std::vector<float> Executor::carry() const {
  return {carry_.data(), carry_.data() + static_cast<size_t>(carried_) * carryFloats()};
}

void Executor::setCarry(const float* values, size_t count) {
  if (carryFloats() == 0 || count % carryFloats() != 0) throw Refused("the carry is not whole tiles");
  if (carry_.size() < count) carry_ = Floats(count);
  std::copy_n(values, count, carry_.data());
  carried_ = static_cast<int>(count / carryFloats());
}

// What a tile goes on from; nothing where it begins anew.
const float* Executor::before(const Batches& batches, size_t index, int tile) const {
  if (!batches.carry[index] || tile >= carried_) return nullptr;
  return carry_.data() + static_cast<size_t>(tile) * carryFloats();
}

void Executor::requireBackward() const {
  if (!plan_.trains()) throw Refused("the plan cannot be run: it is for evaluation");
}

std::vector<Trained> Executor::train(const Batches& batches, size_t from, size_t to, const Update& update) {
  requireBackward();
  if (update.rates.size() != to - from) throw Refused("there is not one learning rate for each batch");
  const std::vector<float>& weights = update.classWeights;
  if (!weights.empty() && (plan_.predictsNumbers || weights.size() != static_cast<size_t>(plan_.outputs))) {
    throw Refused("there is not one weight for each class");
  }
  const FlushToZero flush;
  reserve(batches);
  // By repeated multiplication, not pow(), whose last bit depends on the C library.
  power1_ = power2_ = 1;
  for (double k = 0; k < step_ && power1_ + power2_ > 0; k++) power1_ *= update.beta1, power2_ *= update.beta2;
  std::vector<Trained> outcomes;
  for (size_t i = from; i < to && !stopped_; i++) {
    outcomes.push_back({batchGradient(batches, i, update.seed, weights.empty() ? nullptr : weights.data()), gradientNorm()});
    Trained& trained = outcomes.back();
    if (!std::isfinite(trained.norm)) trained.loss = std::numeric_limits<double>::quiet_NaN();
    if (!std::isfinite(trained.loss)) break;
    apply(update, update.rates[i - from], trained.norm);
  }
  return outcomes;
}

std::vector<Outcome> Executor::evaluate(const Batches& batches, float* outputs) {
  const FlushToZero flush;
  std::vector<Outcome> outcomes(batches.sizes.size());
  reserve(batches);
  prepare();
  for (size_t i = 0; i < outcomes.size() && !stopped_; i++) {
    const auto work = [&](Member& member) {
      member.outcome = member.runner.evaluate(before(batches, i, member.tile), after(member.tile), outputs);
    };
    eachTile(batches, i, work, [&](Member& member) { outcomes[i] += member.outcome; });
  }
  return outcomes;
}

double Executor::gradient(const Batches& batches, size_t index, float* gradient) {
  requireBackward();
  const FlushToZero flush;
  reserve(batches);
  const std::vector<float> kept = carry();
  const Outcome outcome = batchGradient(batches, index, 0, nullptr);
  setCarry(kept.data(), kept.size());
  std::memcpy(gradient, gradient_.data(), plan_.parameters * sizeof(float));
  return outcome.loss;
}

// The examples of a batch in the order in which they fill its tiles: tiles hold examples of like lengths and end with the
// longest of their own. What is carried on stays in its lane; such batches are of one length.
std::vector<int> Executor::order(const Batches& batches, size_t index) const {
  std::vector<int> examples(batches.sizes[index]);
  std::iota(examples.begin(), examples.end(), 0);
  if (batches.sizes[index] > plan_.lanes && !batches.carry[index]) {
    const int32_t* lengths = batches.lengths.data() + batches.firstExample[index];
    std::stable_sort(examples.begin(), examples.end(), [&](int a, int b) { return lengths[a] < lengths[b]; });
  }
  return examples;
}

// Calls work(member) for every tile, as many at once as there are threads, and then done(member) for each in order.
template <class Work, class Done>
void Executor::eachTile(const Batches& batches, size_t index, Work work, Done done) {
  const std::vector<int> examples = order(batches, index);
  const int lanes = plan_.lanes, batch = static_cast<int>(examples.size()), tiles = tilesOf(batch);
  for (int first = 0; first < tiles; first += crew_.size()) {
    const int here = std::min(crew_.size(), tiles - first);
    const auto one = [&](int k) {
      if (k >= here) return;
      const int start = (first + k) * lanes;
      members_[k]->tile = first + k;
      members_[k]->runner.take(batches, index, examples.data() + start, std::min(lanes, batch - start));
      work(*members_[k]);
    };
    if (here == 1) {
      one(0);
    } else {
      crew_.run(one);
    }
    for (int k = 0; k < here; k++) done(*members_[k]);
  }
  carried_ = tiles;
}

Outcome Executor::batchGradient(const Batches& batches, size_t index, double seed, const float* weights) {
  prepare();
  const DropoutKey dropout = dropoutKey(seed, step_);
  const size_t bytes = plan_.gradients * sizeof(float);
  std::memset(gradient_.data(), 0, bytes);
  Outcome outcome;
  // Each tile's gradient is a sum of its own, and they are added to the first in order, so that the number of threads
  // changes nothing.
  const bool several = batches.sizes[index] > plan_.lanes;
  const auto work = [&](Member& member) {
    member.runner.forward(before(batches, index, member.tile), after(member.tile), dropout);
    float* gradient = member.tile > 0 ? member.gradient.data() : gradient_.data();
    if (member.tile > 0) std::memset(gradient, 0, bytes);
    member.outcome = member.runner.backward(gradient, dropout, weights);
  };
  if (several) {
    for (int k = 0; k < std::min(tilesOf(batches.sizes[index]), crew_.size()); k++) {
      if (members_[k]->gradient.size() == 0) members_[k]->gradient = Floats(plan_.gradients);
    }
  }
  eachTile(batches, index, work, [&](Member& member) {
    outcome += member.outcome;
    const int count = static_cast<int>(plan_.gradients);
    const float* part = member.gradient.data();
    if (member.tile > 0) kernels_.sum(&part, &count, 1, gradient_.data(), count, count, 1, true);
  });
  for (const Op& op : plan_.finish) tableBackward(op, gradient_.data());
  for (const Matrix& matrix : matrices_) matrix.maskGradient(gradient_.data());
  return outcome;
}

void Executor::prepare() {
  for (Matrix& matrix : matrices_) matrix.refresh(parameters_.data());
  if (embedded_.size() > 0) {
    eachEmbedded([&](int64_t row, int j, float& value) { value = parameters_.data()[row + j]; }, embedded_.data());
  }
  for (const Op& op : plan_.prepare) runPrepare(op);
}

template <class F>
void Executor::eachEmbedded(F f, float* embedded) {
  const int lanes = plan_.lanes, width = plan_.inputWidth;
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
      for (int i = 0; i < part.rows; i++) to[part.first + i] += parameters_.data()[part.parameter + i];
    }
    return;
  }
  const int lanes = plan_.lanes, width = plan_.tableWidth(), rows = plan_.blocks[op.block].rows;
  for (int g = 0; g < symbolGroups(); g++) {
    matrices_[op.block].product(embedded_.data() + int64_t{g} * plan_.inputWidth * lanes, scratch_.data(),
                                Start::kBias, prepared_.data() + op.bias);
    const int first = g * lanes, symbols = std::min(lanes, width - first);
    for (int i = 0; i < rows; i++) {
      std::copy_n(scratch_.data() + int64_t{i} * lanes, symbols, to + int64_t{i} * width + first);
    }
  }
}

void Executor::tableBackward(const Op& op, float* gradient) {
  const Matrix& matrix = matrices_[op.block];
  const int lanes = plan_.lanes, rows = plan_.blocks[op.block].rows, width = plan_.inputWidth;
  const int groups = symbolGroups();
  for (size_t s = 0; s < plan_.symbols.size(); s++) {
    const float* flow = gradient + op.to + static_cast<int64_t>(s) * op.stride;
    float* column = flows_.data() + s / lanes * rows * lanes + s % lanes;
    for (int i = 0; i < rows; i++) column[int64_t{i} * lanes] = flow[i];
  }
  matrix.addGradient(flows_.data(), rows * lanes, embedded_.data(), width * lanes, groups, gradient, sums_.data(),
                     scratch_.data());
  matrix.collect(sums_.data(), gradient);
  for (int g = 0; g < groups; g++) {
    matrix.transposedProduct(flows_.data() + int64_t{g} * rows * lanes, embeddedFlow_.data() + int64_t{g} * width * lanes,
                             Start::kZero);
  }
  eachEmbedded([&](int64_t row, int j, float value) { gradient[row + j] += value; }, embeddedFlow_.data());
}

double Executor::gradientNorm() const {
  const int count = static_cast<int>(plan_.parameters);
  const float* gradient = gradient_.data();
  double squares = kernels_.squares(gradient, count);
  // Squares of large numbers overflow a float and not a double.
  if (std::isinf(squares)) squares = std::inner_product(gradient, gradient + count, gradient, 0.0,
                                                        std::plus<>(), std::multiplies<double>());
  return std::sqrt(squares);
}

void Executor::apply(const Update& update, double rate, double norm) {
  const int count = static_cast<int>(plan_.parameters);
  float *parameters = parameters_.data(), *first = first_.data(), *second = second_.data(), *gradient = gradient_.data();
  const double factor = update.clip / (norm + 1e-6);
  if (factor < 1) kernels_.scale(gradient, count, static_cast<float>(factor));
  if (update.weightDecay > 0 && update.kind == OptimiserKind::kAdamW) {
    kernels_.scale(parameters, count, static_cast<float>(1 - rate * update.weightDecay));
  } else if (update.weightDecay > 0) {
    kernels_.add(gradient, parameters, count, static_cast<float>(update.weightDecay));
  }
  step_++;
  power1_ *= update.beta1;
  power2_ *= update.beta2;
  const float epsilon = static_cast<float>(update.epsilon);
  switch (update.kind) {
    case OptimiserKind::kSgd:
      kernels_.sgd(parameters, first, gradient, count, update.beta1, static_cast<float>(rate));
      break;
    case OptimiserKind::kRmsprop:
      kernels_.rmsprop(parameters, second, gradient, count, update.beta2, static_cast<float>(rate), epsilon);
      break;
    case OptimiserKind::kAdam:
    case OptimiserKind::kAdamW:
      kernels_.adam(parameters, first, second, gradient, count, update.beta1, update.beta2,
                    static_cast<float>(rate / (1 - power1_)), static_cast<float>(std::sqrt(1 - power2_)), epsilon);
      break;
  }
}

}  // namespace filigree
