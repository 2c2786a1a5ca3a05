// The executor as a module of WebAssembly: functions over one executor or one stream, which is all that an instance ever
// holds. src/engine/wasm.ts calls them with what it has checked; arrays lie where `allocate` made room for them. Plans and
// batches are checked here, as at the border to Node.js.
#include <cstdlib>
#include <memory>

#include "executor.h"
#include "int8_stream.h"
#include "processor.h"
#include "simd.h"
#include "stream.h"

#define EXPORT(name) extern "C" __attribute__((export_name(#name)))

namespace filigree {
namespace {

std::unique_ptr<Executor> executor;
Batches batches;  // At work.
std::unique_ptr<Stream> stream;
std::unique_ptr<Int8Stream> int8Stream;

Plan planOf(const int32_t* words, size_t count, const uint8_t* masks, size_t maskBytes, size_t parameters) {
  Plan plan = decodePlan(words, count, masks, maskBytes);
  if (static_cast<int64_t>(parameters) != plan.parameters) refuse("a vector does not have the parameters' length");
  return plan;
}

std::vector<uint8_t> bytesOf(const uint8_t* bytes, int64_t count) { return {bytes, bytes + count}; }
int64_t parameterCount() { return executor->plan().parameters; }
int64_t blockCount() { return static_cast<int64_t>(executor->plan().blocks.size()); }

// Room for so many elements.
template <class T>
void* resized(std::vector<T>& array, size_t count) {
  array = std::vector<T>(count);
  return array.data();
}

// Where the outcomes of some batches go: an element for each, and the number of targets.
struct Outcomes {
  double *losses, *counts, *norms;
  int32_t* correct;
};
void put(const Trained& outcome, size_t batch, size_t at, const Outcomes& to) {
  to.losses[at] = outcome.loss;
  to.counts[at] = static_cast<double>(batches.counts[batch]);
  to.norms[at] = outcome.norm;
  to.correct[at] = outcome.correct;
}

}  // namespace

EXPORT(allocate) void* allocate(size_t bytes) {
  if (void* memory = std::malloc(bytes)) return memory;
  refuseMemory();
}
EXPORT(release) void release(void* memory) { std::free(memory); }

EXPORT(dialect) const char* dialect() { return kDialect; }

// a * b + c as the kernels compute it, for the host to see whether it is rounded once.
EXPORT(multiplyAdd) float multiplyAdd(float a, float b, float c) {
  using namespace FILIGREE_ISA;
  return fma(splat(a), splat(b), splat(c))[W - 1];
}

EXPORT(createExecutor)
void createExecutor(const int32_t* words, size_t count, const uint8_t* masks, size_t maskBytes, const float* parameters,
                    size_t parameterCount) {
  Plan plan = planOf(words, count, masks, maskBytes, parameterCount);
  executor = std::make_unique<Executor>(std::move(plan), chooseKernels(nullptr), 1);
  executor->setState(parameters, nullptr, nullptr, 0);
}

EXPORT(state) double state(float* parameters, float* first, float* second) {
  executor->state(parameters, first, second);
  return executor->step();
}

EXPORT(setState) void setState(const float* parameters, const float* first, const float* second, double step) {
  executor->setState(parameters, first, second, step);
}

EXPORT(setMask) void setMask(const uint8_t* mask, const uint8_t* forms) {
  executor->setMask(bytesOf(mask, parameterCount()), bytesOf(forms, blockCount()));
}

EXPORT(setWiring) void setWiring(const uint8_t* mask, const uint8_t* forms, const int32_t* born) {
  executor->setWiring(bytesOf(mask, parameterCount()), bytesOf(forms, blockCount()), born);
}

EXPORT(wiring) void wiring(uint8_t* mask, int32_t* born) { executor->wiring(mask, born); }

EXPORT(carryCount) size_t carryCount() { return executor->carry().size(); }

EXPORT(carry) void carry(float* values) {
  const std::vector<float> own = executor->carry();
  std::copy(own.begin(), own.end(), values);
}

EXPORT(setCarry) void setCarry(const float* values, size_t count) { executor->setCarry(values, count); }

// Room for one of the arrays of the batches that come next: the order is that of `batchArrays` in src/engine/wasm.ts.
EXPORT(batchArray) void* batchArray(int array, size_t count) {
  std::vector<int32_t>* const integers[] = {&batches.sizes, &batches.steps, &batches.symbols, &batches.lengths,
                                            &batches.targets};
  if (array < 5) return resized(*integers[array], count);
  if (array == 7) return resized(batches.carry, count);
  return resized(array == 5 ? batches.values : batches.numbers, count);
}

// Checks the batches before anything is done with them, and forgets them afterwards.
EXPORT(checkBatches) void checkBatches() { executor->check(batches); }
EXPORT(endBatches) void endBatches() { batches = Batches(); }

// `settings` are kind, beta1, beta2, epsilon, weight decay, clip and seed. Returns how many batches were trained on.
EXPORT(train)
size_t train(size_t from, size_t to, const double* settings, const double* rates, const float* classWeights, size_t classes,
             const int32_t* frozen, size_t ends, double* losses, double* counts, double* norms, int32_t* correct) {
  Update update;
  update.kind = static_cast<OptimiserKind>(static_cast<int>(settings[0]));
  update.beta1 = settings[1];
  update.beta2 = settings[2];
  update.epsilon = settings[3];
  update.weightDecay = settings[4];
  update.clip = settings[5];
  update.seed = settings[6];
  update.rates.assign(rates, rates + (to - from));
  update.classWeights.assign(classWeights, classWeights + classes);
  update.frozen.assign(frozen, frozen + ends);
  const std::vector<Trained> outcomes = executor->train(batches, from, to, update);
  for (size_t i = 0; i < outcomes.size(); i++) put(outcomes[i], from + i, i, {losses, counts, norms, correct});
  return outcomes.size();
}

// `outputs`, where they are wanted, has room for those of all batches: `room` of them.
EXPORT(evaluate)
void evaluate(size_t from, size_t to, float* outputs, size_t room, double* losses, double* counts, double* norms,
              int32_t* correct) {
  if (outputs && batches.places * executor->plan().outputs != room) refuse("there is no room for the outputs");
  const std::vector<Outcome> outcomes = executor->evaluate(batches, from, to, outputs);
  for (size_t i = 0; i < outcomes.size(); i++) put({outcomes[i], 0}, from + i, i, {losses, counts, norms, correct});
}

EXPORT(gradient)
void gradient(size_t index, bool everywhere, double seed, const float* classWeights, size_t classes, bool carries,
              float* gradient, double* losses, double* counts, double* norms, int32_t* correct) {
  const GradientOptions options{everywhere, seed, {classWeights, classWeights + classes}, carries};
  const Outcome outcome = executor->gradient(batches, index, options, gradient);
  put({outcome, 0}, index, 0, {losses, counts, norms, correct});
}

EXPORT(footprint) void footprint(double* bytes) {
  const Footprint own = executor->footprint();
  bytes[0] = static_cast<double>(own.activations);
  bytes[1] = static_cast<double>(own.parameters);
  bytes[2] = static_cast<double>(own.matrices);
  bytes[3] = static_cast<double>(own.rest);
}

EXPORT(createStream)
void createStream(const int32_t* words, size_t count, const uint8_t* masks, size_t maskBytes, const float* parameters,
                  size_t parameterCount) {
  Plan plan = planOf(words, count, masks, maskBytes, parameterCount);
  stream = std::make_unique<Stream>(std::move(plan), parameters, chooseKernels(nullptr));
}

// `values`, where the stream reads numbers, has its width of them; then the symbol does not matter.
EXPORT(streamStep) void streamStep(int symbol, const float* values, float* logits) {
  if (stream->readsValues()) return stream->step(values, logits);
  if (symbol < 0 || symbol >= stream->symbols()) refuse("the symbol is not a row of the stream's tables");
  stream->step(symbol, logits);
}

EXPORT(streamReset) void streamReset() { stream->reset(); }

// Adds to what *loss and *correct are; `outputs` has room for the logits of `wanted` steps.
EXPORT(streamRun)
void streamRun(const int32_t* symbols, const int32_t* targets, size_t count, float* outputs, size_t wanted, double* loss,
               int32_t* correct) {
  for (size_t i = 0; i < count; i++) {
    if (symbols[i] < 0 || symbols[i] >= stream->symbols()) refuse("a symbol is not a row of the stream's tables");
    if (targets[i] < -1 || targets[i] >= stream->outputs()) refuse("a target is not among the stream's outputs");
  }
  Outcome outcome{*loss, *correct};
  stream->run(symbols, targets, count, outputs, wanted, outcome);
  *loss = outcome.loss;
  *correct = outcome.correct;
}

EXPORT(createInt8Stream)
void createInt8Stream(const int32_t* words, size_t wordCount, const int8_t* weights, size_t weightCount, const float* floats,
                      size_t floatCount) {
  const Int8Words network{words, wordCount, weights, weightCount, floats, floatCount};
  int8Stream = std::make_unique<Int8Stream>(network, chooseInt8Kernels(nullptr));
}

EXPORT(int8Step) void int8Step(int symbol, const float* values, float* outputs) {
  if (int8Stream->readsValues()) return int8Stream->step(values, outputs);
  if (symbol < 0 || symbol >= int8Stream->symbols()) refuse("the symbol is not a row of the stream's tables");
  int8Stream->step(symbol, outputs);
}

EXPORT(int8Reset) void int8Reset() { int8Stream->reset(); }

}  // namespace filigree
