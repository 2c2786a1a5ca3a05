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
namespace {

constexpr const char* kNoMemory = "there was not enough memory for another mask of this network";

// A byte for each parameter, 0 where a block's mask leaves it out. It takes the masks from the blocks.
std::vector<uint8_t> takeMasks(Plan& plan) {
  std::vector<uint8_t> all(static_cast<size_t>(plan.parameters), 1);
  for (Block& block : plan.blocks) {
    for (const Piece& p : block.pieces) {
      for (int64_t i = 0; i < p.rows && !block.mask.empty(); i++) {
        const uint8_t* own = block.mask.data() + (p.row + i) * block.columns + p.column;
        uint8_t* to = all.data() + p.parameter + i * p.stride;
        for (int j = 0; j < p.columns; j++) to[j] &= own[j] != 0;
      }
    }
    block.mask = {};
  }
  return all;
}

bool differs(const Block& block, const uint8_t* a, const uint8_t* b) {
  for (const Piece& p : block.pieces) {
    for (int64_t i = 0; i < p.rows; i++) {
      const int64_t first = p.parameter + i * p.stride;
      if (std::memcmp(a + first, b + first, static_cast<size_t>(p.columns)) != 0) return true;
    }
  }
  return false;
}

// Places whose weights do not exist.
std::vector<int> absentUnder(const Places& places, const std::vector<uint8_t>& mask) {
  std::vector<int> absent;
  const Places existing(mask);
  for (size_t w = 0; w < places.bits().size(); w++) {
    for (uint64_t idle = places.bits()[w] & ~existing.bits()[w]; idle != 0; idle &= idle - 1) {
      absent.push_back(places.of(static_cast<int64_t>(64 * w) + __builtin_ctzll(idle)));
    }
  }
  return absent;
}

// Calls f(op) for every operation that names parameters or gradients.
template <class P, class F>
void eachPlaced(P& plan, F f) {
  for (auto& op : plan.prepare) f(op);
  for (auto& stage : plan.backward) {
    for (auto& op : stage.ops) f(op);
  }
  for (auto& op : plan.finish) f(op);
}

}  // namespace

Executor::Executor(Plan plan, const Kernels& kernels, int threads)
    : plan_(std::move(plan)), kernels_(kernels), mask_(takeMasks(plan_)), prepared_(plan_.prepared), crew_(threads) {
  if (plan_.lanes == 1) refuse("the plan cannot be run: it is for streaming");
  matrices_.reserve(plan_.blocks.size());
  for (const Block& block : plan_.blocks) matrices_.emplace_back(block, mask_.data(), plan_.lanes, kernels_);
  places_ = placesUnder(mask_);
  parameters_ = Floats(places_.size());
  first_ = Floats(plan_.trains() ? places_.size() : 0);
  second_ = Floats(first_.size());
  absent_ = absentUnder(places_, mask_);
  const auto lanes = static_cast<uint64_t>(plan_.lanes), groups = static_cast<uint64_t>(symbolGroups());
  uint64_t width = 0, flows = 0, scratch = 0;  // Of tables.
  for (const auto* ops : {&plan_.prepare, &plan_.finish}) {
    for (const Op& op : *ops) {
      if (op.block < 0) continue;
      width = static_cast<uint64_t>(plan_.inputWidth);
      flows = std::max<uint64_t>(flows, plan_.blocks[op.block].rows);
      scratch = std::max(scratch, matrices_[op.block].scratchCount());
    }
  }
  scratch_ = Floats(std::max(scratch, flows * lanes));
  flows_ = Floats(flows * lanes * groups);
  embedded_ = Floats(width * lanes * groups);
  embeddedFlow_ = Floats(embedded_.size());
  relocate();
  for (int i = 0; i < threads; i++) {
    members_.push_back(std::make_unique<Member>(
        Member{{placed_, matrices_, kernels_, prepared_.data(), parameters_.data()}, {}, {}, {}, 0}));
  }
  members_[0]->runner.reserve(1);  // The others only if a batch has work for them.
}

// What needs a place: all but those that compressed matrices alone leave out. An embedding and biases are read by their
// offsets.
Places Executor::placesUnder(const std::vector<uint8_t>& mask) const {
  std::vector<uint8_t> kept(mask.size(), 1);
  for (const Matrix& matrix : matrices_) matrix.unmark(kept.data());
  for (const Matrix& matrix : matrices_) matrix.mark(mask.data(), kept.data());
  const auto mark = [&](int64_t first, int64_t count) { std::fill_n(kept.begin() + first, count, uint8_t{1}); };
  if (!plan_.symbols.empty()) {
    const int64_t rows = *std::max_element(plan_.symbols.begin(), plan_.symbols.end()) + 1;
    mark(plan_.embedding, rows * plan_.inputWidth);
  }
  eachPlaced(plan_, [&](const Op& op) {
    for (const Op::Part& part : op.parts) mark(part.parameter, part.rows);
  });
  return Places(kept);
}

// After the places have changed: tells all that goes by them.
void Executor::relocate() {
  for (Matrix& matrix : matrices_) matrix.locate(places_);
  placed_ = plan_;
  placed_.gradients = places_.size() + plan_.gradients - plan_.parameters;
  if (!plan_.readsValues()) placed_.embedding = places_.of(plan_.embedding);
  size_t sums = 0;
  eachPlaced(placed_, [&](Op& op) {
    for (Op::Part& part : op.parts) part.parameter = places_.of(part.parameter);
    const bool ofTable = op.code == OpCode::kTableGradient || op.code == OpCode::kTableBackward;
    if (ofTable) op.to += placed_.gradients - plan_.gradients;
    if (op.code == OpCode::kTableBackward) sums = std::max(sums, matrices_[op.block].sumCount());
  });
  sums_ = Floats(sums);
  gradient_ = Floats(plan_.trains() ? placed_.gradients : 0);
  for (const auto& member : members_) {
    member->runner.rewire(parameters_.data());
    member->gradient = Floats();
  }
}

void Executor::checkMask(const std::vector<uint8_t>& mask, const std::vector<uint8_t>& compressed) const {
  if (!sound_) refuse(kNoMemory);
  if (mask.size() != mask_.size()) refuse("the mask does not have the parameters' length");
  if (compressed.size() != matrices_.size()) refuse("there is not one form for each matrix");
  for (const auto* flags : {&mask, &compressed}) {
    uint8_t all = 0;
    for (const uint8_t flag : *flags) all |= flag;
    if (all > 1) refuse("a mask is neither 0 nor 1");
  }
}

void Executor::setMask(std::vector<uint8_t> mask, const std::vector<uint8_t>& compressed) {
  checkMask(mask, compressed);
  wire(std::move(mask), compressed);
}

void Executor::setWiring(std::vector<uint8_t> mask, const std::vector<uint8_t>& compressed, const int32_t* born) {
  checkMask(mask, compressed);
  for (size_t i = 0; i < mask.size(); i++) {
    if (born[i] < 0) refuse("a weight is born before the first update");
  }
  wire(std::move(mask), compressed);
  std::vector<int> own(static_cast<size_t>(places_.size()));
  places_.contract(born, own.data());
  births_ = Births(own);
}

void Executor::wire(std::vector<uint8_t> mask, const std::vector<uint8_t>& compressed) {
  sound_ = false;
  for (size_t b = 0; b < matrices_.size(); b++) {
    Block& block = plan_.blocks[b];
    // Absent weights of a dense matrix are zeros in it.
    const bool stays = block.sparse == (compressed[b] == 1) &&
                       !(block.sparse && differs(block, mask.data(), mask_.data()));
    if (stays) continue;
    block.sparse = compressed[b] == 1;
    matrices_[b] = Matrix(block, mask.data(), plan_.lanes, kernels_);
  }
  Places places = placesUnder(mask);
  moveTo(std::move(places), std::move(mask));
  relocate();
  sound_ = true;
}

// Takes along what exists before and after.
void Executor::moveTo(Places places, std::vector<uint8_t> mask) {
  const std::vector<int> origins = places.origins(places_);
  std::vector<int> absent = absentUnder(places, mask);
  Floats moved[3];
  Floats* const vectors[] = {&parameters_, &first_, &second_};
  for (int i = 0; i < 3; i++) {
    if (vectors[i]->size() == 0) continue;
    moved[i] = Floats(origins.size());
    const float* from = vectors[i]->data();
    float* to = moved[i].data();
    for (size_t k = 0; k < origins.size(); k++) to[k] = origins[k] < 0 ? 0 : from[origins[k]];
    for (const int place : absent) to[place] = 0;
  }
  Births births = births_.moved(static_cast<size_t>(places_.size()), absent_, origins, places.count(), absent,
                                static_cast<int>(step_));
  for (int i = 0; i < 3; i++) *vectors[i] = std::move(moved[i]);
  places_ = std::move(places);
  mask_ = std::move(mask);
  absent_ = std::move(absent);
  births_ = std::move(births);
}

void Executor::wiring(uint8_t* mask, int32_t* born) const {
  std::copy(mask_.begin(), mask_.end(), mask);
  places_.expand(births_.born(static_cast<size_t>(places_.size())).data(), born);
  for (size_t i = 0; i < mask_.size(); i++) born[i] *= mask_[i];
}

void Executor::state(float* parameters, float* first, float* second) const {
  places_.expand(parameters_.data(), parameters);
  if (!plan_.trains()) return;
  places_.expand(first_.data(), first);
  places_.expand(second_.data(), second);
}

void Executor::setState(const float* parameters, const float* first, const float* second, double step) {
  const float* const from[] = {parameters, first, second};
  Floats* const to[] = {&parameters_, &first_, &second_};
  for (int k = 0; k < 3; k++) {
    if (!from[k] || to[k]->size() == 0) continue;
    places_.contract(from[k], to[k]->data());
    zeroAbsent(to[k]->data());
  }
  step_ = step;
}

void Executor::zeroAbsent(float* values) const {
  for (size_t k = 0; k < absent_.size() && values; k++) values[absent_[k]] = 0;
}

Footprint Executor::footprint() const {
  Footprint bytes;
  for (const Floats* of : {&parameters_, &first_, &second_, &gradient_, &everywhere_}) bytes.parameters += of->bytes();
  bytes.parameters += births_.bytes();
  bytes.rest += mask_.capacity() + places_.bytes() + absent_.capacity() * sizeof(int);
  for (const Matrix& matrix : matrices_) bytes.matrices += matrix.bytes();
  for (const Floats* of : {&prepared_, &scratch_, &embedded_, &embeddedFlow_, &flows_, &sums_, &carry_}) bytes.rest += of->bytes();
  for (const auto& member : members_) {
    bytes.activations += member->runner.activationBytes();
    bytes.parameters += member->gradient.bytes() + member->everywhere.bytes();
    bytes.rest += member->runner.otherBytes();
  }
  return bytes;
}

void Executor::check(Batches& batches) const {
  const auto require = [](bool holds, const char* otherwise) {
    if (!holds) refuse(std::string("the batches cannot be run: ") + otherwise);
  };
  require(sound_, kNoMemory);
  require(batches.sizes.size() == batches.steps.size(), "their sizes and steps differ in number");
  require(batches.carry.size() == batches.sizes.size(), "what they carry and their sizes differ in number");
  size_t examples = 0;
  uint64_t symbols = 0;
  batches.firstExample.clear(), batches.firstSymbol.clear(), batches.counts.clear();
  for (size_t i = 0; i < batches.sizes.size(); i++) {
    batches.firstExample.push_back(examples);
    batches.firstSymbol.push_back(static_cast<size_t>(symbols));
    require(batches.sizes[i] >= 1, "one is empty");
    require(batches.steps[i] >= 1 && batches.steps[i] <= plan_.steps, "one is longer than the plan allows");
    for (int k = 0; k < batches.sizes[i]; k++) {
      require(examples < batches.lengths.size(), "there are too few examples");
      const int length = batches.lengths[examples];
      require(length >= 1 && length <= batches.steps[i], "a length does not fit its batch");
      examples++;
    }
    symbols += static_cast<uint64_t>(batches.sizes[i]) * batches.steps[i];
  }
  require(examples == batches.lengths.size(), "there are too many examples");
  batches.places = plan_.everyStep ? symbols : examples;
  const uint64_t numbers = plan_.predictsNumbers ? batches.places * plan_.outputs : 0;
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
  const uint64_t values = plan_.readsValues() ? symbols * plan_.inputWidth : 0;
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
  const uint64_t floats = static_cast<uint64_t>(tilesOf(examples)) * carryFloats();
  if (carry_.size() >= floats) return;
  Floats larger(floats);
  std::copy_n(carry_.data(), carry_.size(), larger.data());
  carry_ = std::move(larger);
}

std::vector<float> Executor::carry() const {
  return {carry_.data(), carry_.data() + static_cast<size_t>(carried_) * carryFloats()};
}

void Executor::setCarry(const float* values, size_t count) {
  if (carryFloats() == 0 || count % carryFloats() != 0) refuse("the carry is not whole tiles");
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
  if (!plan_.trains()) refuse("the plan cannot be run: it is for evaluation");
}

void Executor::checkWeights(const std::vector<float>& classWeights) const {
  if (classWeights.empty() || (!plan_.predictsNumbers && classWeights.size() == static_cast<size_t>(plan_.outputs))) return;
  refuse("there is not one weight for each class");
}

void Executor::checkFrozen(const std::vector<int32_t>& frozen) const {
  int64_t end = 0;
  for (const int32_t next : frozen) {
    if (next < end || next > plan_.parameters) refuse("there are no such parameters to freeze");
    end = next;
  }
  if (frozen.size() % 2 != 0) refuse("there are no such parameters to freeze");
}

namespace {

// A run of places that an update leaves as they are, with what is there.
struct Frozen {
  size_t first;
  std::vector<float> parameters, firstMoment, secondMoment;
};

}  // namespace

std::vector<Trained> Executor::train(const Batches& batches, size_t from, size_t to, const Update& update) {
  requireBackward();
  if (update.rates.size() != to - from) refuse("there is not one learning rate for each batch");
  checkWeights(update.classWeights);
  checkFrozen(update.frozen);
  const FlushToZero flush;
  reserve(batches);
  const auto placeOf = [&](int64_t parameter) {
    return static_cast<size_t>(parameter < plan_.parameters ? places_.of(parameter) : places_.count());
  };
  std::vector<Frozen> frozen;
  for (size_t k = 0; k < update.frozen.size(); k += 2) {
    const size_t first = placeOf(update.frozen[k]), end = placeOf(update.frozen[k + 1]);
    const auto copy = [&](const Floats& from) { return std::vector<float>(from.data() + first, from.data() + end); };
    frozen.push_back({first, copy(parameters_), copy(first_), copy(second_)});
  }
  births_.start(step_, update.beta1, update.beta2);
  std::vector<Trained> outcomes;
  for (size_t i = from; i < to && !stopped_; i++) {
    const Outcome outcome = batchGradient(batches, i, update.seed, update.classWeights, false);
    for (const Frozen& run : frozen) std::fill_n(gradient_.data() + run.first, run.parameters.size(), 0.0f);
    outcomes.push_back({outcome, gradientNorm()});
    Trained& trained = outcomes.back();
    if (!std::isfinite(trained.norm)) trained.loss = std::numeric_limits<double>::quiet_NaN();
    if (!std::isfinite(trained.loss)) break;
    apply(update, update.rates[i - from], trained.norm);
    for (const Frozen& run : frozen) {
      std::copy(run.parameters.begin(), run.parameters.end(), parameters_.data() + run.first);
      std::copy(run.firstMoment.begin(), run.firstMoment.end(), first_.data() + run.first);
      std::copy(run.secondMoment.begin(), run.secondMoment.end(), second_.data() + run.first);
    }
  }
  return outcomes;
}

std::vector<Outcome> Executor::evaluate(const Batches& batches, size_t from, size_t to, float* outputs) {
  const FlushToZero flush;
  std::vector<Outcome> outcomes(to - from);
  reserve(batches);
  prepare();
  for (size_t i = from; i < to && !stopped_; i++) {
    const auto work = [&](Member& member) {
      member.outcome = member.runner.evaluate(before(batches, i, member.tile), after(member.tile), outputs);
    };
    eachTile(batches, i, work, [&](Member& member) { outcomes[i - from] += member.outcome; });
  }
  return outcomes;
}

Outcome Executor::gradient(const Batches& batches, size_t index, const GradientOptions& options, float* gradient) {
  requireBackward();
  checkWeights(options.classWeights);
  const FlushToZero flush;
  reserve(batches);
  const std::vector<float> kept = carry();
  const Outcome outcome = batchGradient(batches, index, options.seed, options.classWeights, options.everywhere);
  if (!options.carries) setCarry(kept.data(), kept.size());
  places_.expand(gradient_.data(), gradient);
  for (int64_t i = 0; i < plan_.parameters && options.everywhere; i++) gradient[i] += everywhere_.data()[i];
  return outcome;
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

// What several tiles, and gradients of absent weights, want beyond `gradient_`.
void Executor::reserveGradients(int examples, bool everywhere) {
  const auto reserve = [](Floats& gradient, int64_t size) {
    if (gradient.size() == 0) gradient = Floats(size);
  };
  if (everywhere) reserve(everywhere_, plan_.parameters);
  if (examples <= plan_.lanes) return;
  for (int k = 0; k < std::min(tilesOf(examples), crew_.size()); k++) {
    reserve(members_[k]->gradient, placed_.gradients);
    if (everywhere) reserve(members_[k]->everywhere, plan_.parameters);
  }
}

Outcome Executor::batchGradient(const Batches& batches, size_t index, double seed, const std::vector<float>& classWeights,
                                bool everywhere) {
  prepare();
  const DropoutKey dropout = dropoutKey(seed, step_);
  const float* weights = classWeights.empty() ? nullptr : classWeights.data();
  Outcome outcome;
  // Each tile's gradient is a sum of its own, and they are added to the first in order, so that the number of threads
  // changes nothing.
  reserveGradients(batches.sizes[index], everywhere);
  const auto work = [&](Member& member) {
    member.runner.forward(before(batches, index, member.tile), after(member.tile), dropout);
    const auto cleared = [&](Floats& ofBatch, Floats& ofTile) {
      Floats& own = member.tile > 0 ? ofTile : ofBatch;
      std::memset(own.data(), 0, own.bytes());
      return own.data();
    };
    float* gradient = cleared(gradient_, member.gradient);
    float* full = everywhere ? cleared(everywhere_, member.everywhere) : nullptr;
    member.outcome = member.runner.backward(gradient, full, dropout, weights);
  };
  eachTile(batches, index, work, [&](Member& member) {
    outcome += member.outcome;
    if (member.tile == 0) return;
    addTo(gradient_, member.gradient);
    if (everywhere) addTo(everywhere_, member.everywhere);
  });
  for (const Op& op : placed_.finish) tableBackward(op, gradient_.data(), everywhere ? everywhere_.data() : nullptr);
  if (!everywhere) zeroAbsent(gradient_.data());
  return outcome;
}

void Executor::addTo(Floats& total, const Floats& part) const {
  const int count = static_cast<int>(total.size());
  const float* from = part.data();
  kernels_.sum(&from, &count, 1, total.data(), count, count, 1, true);
}

void Executor::prepare() {
  for (Matrix& matrix : matrices_) matrix.refresh(parameters_.data());
  if (embedded_.size() > 0) {
    eachEmbedded([&](int64_t row, int j, float& value) { value = parameters_.data()[row + j]; }, embedded_.data());
  }
  for (const Op& op : placed_.prepare) runPrepare(op);
}

template <class F>
void Executor::eachEmbedded(F f, float* embedded) {
  const int lanes = plan_.lanes, width = plan_.inputWidth;
  for (size_t s = 0; s < plan_.symbols.size(); s++) {
    float* column = embedded + s / lanes * width * lanes + s % lanes;
    const int64_t row = placed_.embedding + int64_t{plan_.symbols[s]} * width;
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

void Executor::tableBackward(const Op& op, float* gradient, float* everywhere) {
  const Matrix& matrix = matrices_[op.block];
  const int lanes = plan_.lanes, rows = plan_.blocks[op.block].rows, width = plan_.inputWidth;
  const int groups = symbolGroups();
  for (size_t s = 0; s < plan_.symbols.size(); s++) {
    const float* flow = gradient + op.to + static_cast<int64_t>(s) * op.stride;
    float* column = flows_.data() + s / lanes * rows * lanes + s % lanes;
    for (int i = 0; i < rows; i++) column[int64_t{i} * lanes] = flow[i];
  }
  const Matrix::Factors factors{flows_.data(), rows * lanes, embedded_.data(), width * lanes, groups};
  if (everywhere && matrix.isCompressed()) {
    matrix.addGradientEverywhere(factors, everywhere, scratch_.data());
  } else {
    matrix.addGradient(factors, gradient, sums_.data(), scratch_.data());
    matrix.collect(sums_.data(), gradient);
  }
  for (int g = 0; g < groups; g++) {
    matrix.transposedProduct(flows_.data() + int64_t{g} * rows * lanes, embeddedFlow_.data() + int64_t{g} * width * lanes,
                             Start::kZero);
  }
  eachEmbedded([&](int64_t row, int j, float value) { gradient[row + j] += value; }, embeddedFlow_.data());
}

double Executor::gradientNorm() const {
  const int count = places_.size();
  const float* gradient = gradient_.data();
  double squares = places_.isWhole() ? kernels_.squares(gradient, count)
                                     : kernels_.squaresAmong(gradient, places_.bits().data(), static_cast<int>(places_.bits().size()));
  // Squares of large numbers overflow a float and not a double.
  if (std::isinf(squares)) squares = std::inner_product(gradient, gradient + count, gradient, 0.0,
                                                        std::plus<>(), std::multiplies<double>());
  return std::sqrt(squares);
}

void Executor::apply(const Update& update, double rate, double norm) {
  const int count = places_.size();
  float *parameters = parameters_.data(), *first = first_.data(), *second = second_.data(), *gradient = gradient_.data();
  const double factor = update.clip / (norm + 1e-6);
  if (factor < 1) kernels_.scale(gradient, count, static_cast<float>(factor));
  if (update.weightDecay > 0 && update.kind == OptimiserKind::kAdamW) {
    kernels_.scale(parameters, count, static_cast<float>(1 - rate * update.weightDecay));
  } else if (update.weightDecay > 0) {
    kernels_.add(gradient, parameters, count, static_cast<float>(update.weightDecay));
  }
  step_++;
  switch (update.kind) {
    case OptimiserKind::kSgd:
      kernels_.sgd(parameters, first, gradient, count, update.beta1, static_cast<float>(rate));
      break;
    case OptimiserKind::kRmsprop:
      kernels_.rmsprop(parameters, second, gradient, count, update.beta2, static_cast<float>(rate),
                       static_cast<float>(update.epsilon));
      break;
    case OptimiserKind::kAdam:
    case OptimiserKind::kAdamW:
      adam(update, rate);
      break;
  }
  // With an epsilon of 0 they have become 0 / 0.
  if (update.epsilon == 0 && update.kind != OptimiserKind::kSgd) zeroAbsent(parameters);
}

void Executor::adam(const Update& update, double rate) {
  births_.next(rate, update.beta1, update.beta2);
  const int count = places_.size();
  const float epsilon = static_cast<float>(update.epsilon);
  float *parameters = parameters_.data(), *first = first_.data(), *second = second_.data();
  if (births_.areOne()) {
    kernels_.adam(parameters, first, second, gradient_.data(), count, update.beta1, update.beta2, births_.rates()[0],
                  births_.roots()[0], epsilon);
  } else {
    kernels_.adamByBirth(parameters, first, second, gradient_.data(), count, update.beta1, update.beta2, births_.of(),
                         births_.rates(), births_.roots(), epsilon);
  }
}

}  // namespace filigree
