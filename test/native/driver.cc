// Runs the native executor without Node, so that it can be built with sanitizers or for another processor.
//   driver FILE...            trains (or streams) every plan on every instruction set and prints a hash of all that comes out
//   driver --damage N FILE... runs or refuses N damaged copies of every plan and its batches
//   driver --threads N FILE.. trains every plan on N threads at once, and then by one executor with N threads
// scripts/check-native.mjs writes the files: counted arrays of 32-bit integers and floats, as in `read` and `readInt8` below.
#include <cfloat>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "../../native/executor.h"
#include "../../native/int8_stream.h"
#include "../../native/processor.h"
#include "../../native/stream.h"

using namespace filigree;

namespace {

const char* const kNames[] = {"vnni", "avx512", "avx2", "neon", "baseline"};

// For one call after the other, each optimiser in its turn.
Update updateOf(int call, size_t batches, size_t classes) {
  Update update;
  update.kind = static_cast<OptimiserKind>(call % kOptimiserKinds);
  update.weightDecay = 0.01;
  update.clip = 0.5;
  update.seed = 3;
  update.rates.assign(batches, 1e-3);
  for (size_t c = 0; call == 1 && c < classes; c++) update.classWeights.push_back(0.5f + static_cast<float>(c % 3));
  return update;
}

struct Case {
  std::string file;
  std::vector<int32_t> words;
  std::vector<uint8_t> masks;
  std::vector<float> parameters;
  Batches batches;
};

template <class T>
std::vector<T> array(std::ifstream& in) {
  int32_t count = 0;
  in.read(reinterpret_cast<char*>(&count), sizeof count);
  std::vector<T> values(static_cast<size_t>(count));
  in.read(reinterpret_cast<char*>(values.data()), static_cast<std::streamsize>(values.size() * sizeof(T)));
  return values;
}

Case read(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  Case c{file, array<int32_t>(in), array<uint8_t>(in), array<float>(in), {}};
  for (auto* list : {&c.batches.sizes, &c.batches.steps, &c.batches.symbols, &c.batches.lengths, &c.batches.targets}) {
    *list = array<int32_t>(in);
  }
  c.batches.values = array<float>(in);
  c.batches.numbers = array<float>(in);
  c.batches.carry = array<uint8_t>(in);
  if (!in) {
    std::fprintf(stderr, "%s cannot be read\n", file.c_str());
    std::exit(2);
  }
  return c;
}

// FNV-1a.
uint64_t hash(uint64_t h, const void* data, size_t bytes) {
  for (size_t i = 0; i < bytes; i++) h = (h ^ static_cast<const uint8_t*>(data)[i]) * 0x100000001b3;
  return h;
}

// A network in int8, with symbols or numbers for it, which all kernels must make the same of.
struct Int8Case {
  std::string file;
  std::vector<int32_t> words;
  std::vector<uint8_t> weights;
  std::vector<float> floats;
  std::vector<int32_t> symbols;
  std::vector<float> values;
};

bool isInt8(const std::string& file) { return file.find("-int8") != std::string::npos; }

Int8Case readInt8(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  Int8Case c{file, array<int32_t>(in), array<uint8_t>(in), array<float>(in), array<int32_t>(in), array<float>(in)};
  if (!in) {
    std::fprintf(stderr, "%s cannot be read\n", file.c_str());
    std::exit(2);
  }
  return c;
}

// Streams all symbols or numbers, sequences of 50, and hashes the outputs after each.
uint64_t run(const Int8Case& c, const Int8Kernels& kernels) {
  // In memory that ends where they do, so that a sanitizer sees who reads on.
  const Int8Words network{c.words.data(),   c.words.size(),  reinterpret_cast<const int8_t*>(c.weights.data()),
                          c.weights.size(), c.floats.data(), c.floats.size()};
  Int8Stream stream(network, kernels);
  std::vector<float> outputs(static_cast<size_t>(stream.outputs()));
  uint64_t h = 0xcbf29ce484222325;
  const auto width = static_cast<size_t>(stream.width());
  const size_t steps = stream.readsValues() ? c.values.size() / width : c.symbols.size();
  for (size_t i = 0; i < steps; i++) {
    if (i % 50 == 0) stream.reset();
    if (stream.readsValues()) {
      stream.step(c.values.data() + i * width, outputs.data());
    } else if (c.symbols[i] >= 0 && c.symbols[i] < stream.symbols()) {
      stream.step(c.symbols[i], outputs.data());
    }
    h = hash(h, outputs.data(), outputs.size() * sizeof(float));
  }
  return h;
}

// Streams all symbols of the batches, one string of 50 after the other, and hashes the logits after each.
uint64_t runStream(const Case& c, const Kernels& kernels) {
  Plan plan = decodePlan(c.words.data(), c.words.size(), c.masks.data(), c.masks.size());
  std::vector<float> parameters = c.parameters;
  parameters.resize(static_cast<size_t>(plan.parameters));
  Stream stream(std::move(plan), parameters.data(), kernels);
  std::vector<float> logits(static_cast<size_t>(stream.outputs()));
  uint64_t h = 0xcbf29ce484222325;
  const auto width = static_cast<size_t>(stream.width());
  for (size_t i = 0; stream.readsValues() && (i + 1) * width <= c.batches.values.size(); i++) {
    if (i % 50 == 0) stream.reset();
    stream.step(c.batches.values.data() + i * width, logits.data());
    h = hash(h, logits.data(), logits.size() * sizeof(float));
  }
  if (stream.readsValues()) return h;
  for (size_t i = 0; i < c.batches.symbols.size(); i++) {
    const int symbol = c.batches.symbols[i];
    if (i % 50 == 0) stream.reset();
    if (symbol < 0 || symbol >= stream.symbols()) continue;
    stream.step(symbol, logits.data());
    h = hash(h, logits.data(), logits.size() * sizeof(float));
  }
  // And once more in one call.
  std::vector<int> symbols, targets;
  for (const int symbol : c.batches.symbols) {
    if (symbol < 0 || symbol >= stream.symbols()) continue;
    symbols.push_back(symbol);
    targets.push_back(symbol % (stream.outputs() + 1) - 1);
  }
  const size_t wanted = symbols.size() / 2;
  std::vector<float> outputs(wanted * logits.size());
  Outcome outcome;
  stream.run(symbols.data(), targets.data(), symbols.size(), outputs.data(), wanted, outcome);
  h = hash(h, outputs.data(), outputs.size() * sizeof(float));
  return hash(h, &outcome.loss, sizeof outcome.loss);
}

// A mask that leaves out some of all weights, more in each pass but other ones, with a form for each matrix.
void rewire(Executor& executor, int pass) {
  std::mt19937 random(static_cast<uint32_t>(pass));
  std::vector<uint8_t> mask(static_cast<size_t>(executor.plan().parameters)), compressed(executor.plan().blocks.size());
  for (uint8_t& bit : mask) bit = random() % 4 >= static_cast<uint32_t>(pass);
  for (uint8_t& form : compressed) form = random() % 3 > 0;
  executor.setMask(mask, compressed);
}

// Trains for a few passes, where the plan trains, each in two calls between which all state is taken out and put back, and
// after the first with other masks; evaluates; and hashes state, carry, losses, gradients and outputs.
uint64_t run(const Case& c, const Kernels& kernels, int passes, int threads = 1) {
  if (c.words.size() > 1 && c.words[1] == 1) return runStream(c, kernels);  // One lane.
  Executor executor(decodePlan(c.words.data(), c.words.size(), c.masks.data(), c.masks.size()), kernels, threads);
  const size_t count = static_cast<size_t>(executor.plan().parameters);
  std::vector<float> parameters = c.parameters, first(count), second(count);
  parameters.resize(count);
  executor.setState(parameters.data(), first.data(), second.data(), 0);
  Batches batches = c.batches;
  executor.check(batches);
  const size_t classes = executor.plan().predictsNumbers ? 0 : static_cast<size_t>(executor.plan().outputs);
  uint64_t h = 0xcbf29ce484222325;
  const auto add = [&](const auto& values) { h = hash(h, values.data(), values.size() * sizeof values[0]); };
  const size_t batchCount = batches.sizes.size(), half = batchCount / 2;
  for (int pass = 0; pass < passes && executor.plan().trains(); pass++) {
    for (const auto& [from, to] : {std::pair{size_t{0}, half}, {half, batchCount}}) {
      const std::vector<float> carry = executor.carry();
      executor.setCarry(carry.data(), carry.size());
      executor.state(parameters.data(), first.data(), second.data());
      executor.setState(parameters.data(), first.data(), second.data(), executor.step());
      for (const Trained& trained : executor.train(batches, from, to, updateOf(pass, to - from, classes))) {
        h = hash(h, &trained.loss, sizeof trained.loss);
        h = hash(h, &trained.norm, sizeof trained.norm);
      }
    }
    std::vector<float> gradient(count);
    for (const bool everywhere : {false, true}) {
      if (batchCount > 0) executor.gradient(batches, 0, {everywhere, 3, {}, everywhere}, gradient.data());
      add(gradient);
    }
    rewire(executor, pass + 1);
  }
  std::vector<float> outputs(batches.places * static_cast<size_t>(executor.plan().outputs));
  for (const Outcome& outcome : executor.evaluate(batches, 0, batchCount, outputs.data())) h = hash(h, &outcome.loss, sizeof outcome.loss);
  add(outputs);
  add(executor.carry());
  if (!executor.plan().trains()) return h;
  executor.state(parameters.data(), first.data(), second.data());
  for (const auto* vector : {&parameters, &first, &second}) add(*vector);
  return h;
}

void damage(const Case& c, int times) {
  std::mt19937 random(1);
  const auto below = [&](size_t n) { return static_cast<size_t>(random() % n); };
  int ran = 0;
  for (int i = 0; i < times; i++) {
    Case copy = c;
    std::vector<int32_t>* lists[] = {&copy.words,         &copy.words,           &copy.words,          &copy.batches.sizes,
                                     &copy.batches.steps, &copy.batches.symbols, &copy.batches.targets, &copy.batches.lengths};
    for (size_t k = 1 + below(3); k > 0; k--) {
      auto& list = *lists[below(8)];
      if (list.empty()) continue;
      int32_t& word = list[below(list.size())];
      const int32_t hostile[] = {-1, 0, 1, 16, INT32_MAX, INT32_MIN, 1 << 30, word ^ (1 << below(31)), c.words[below(c.words.size())]};
      word = hostile[below(9)];
    }
    std::vector<float>* floats[] = {&copy.batches.values, &copy.batches.numbers};
    for (std::vector<float>* list : floats) {
      if (list->empty() || below(4) > 0) continue;
      const float hostile[] = {NAN, INFINITY, -INFINITY, 0, FLT_MAX, FLT_MIN};
      (*list)[below(list->size())] = hostile[below(6)];
      if (below(4) == 0) list->resize(below(2 * list->size()));
    }
    if (below(20) == 0) copy.words.resize(below(copy.words.size()));
    try {
      run(copy, chooseKernels(nullptr), 1);
      ran++;
    } catch (const Refused&) {
    }
  }
  std::printf("%s: %d damaged plans, %d could be run\n", c.file.c_str(), times, ran);
}

void damage(const Int8Case& c, int times) {
  std::mt19937 random(1);
  const auto below = [&](size_t n) { return static_cast<size_t>(random() % n); };
  int ran = 0;
  for (int i = 0; i < times; i++) {
    Int8Case copy = c;
    for (size_t k = below(3); k > 0; k--) {
      int32_t& word = copy.words[below(copy.words.size())];
      const int32_t hostile[] = {-1, 0, 1, 16, INT32_MAX, INT32_MIN, 1 << 24, word ^ 1, word ^ (1 << below(31)), c.words[below(c.words.size())]};
      word = hostile[below(10)];
    }
    const float hostile[] = {NAN, INFINITY, -INFINITY, 0, FLT_MAX, FLT_MIN};
    if (below(3) == 0) copy.floats[below(copy.floats.size())] = hostile[below(6)];
    if (!copy.values.empty() && below(3) == 0) copy.values[below(copy.values.size())] = hostile[below(6)];
    if (below(3) == 0) copy.weights[below(copy.weights.size())] = 0x80;
    if (below(8) == 0) copy.words.resize(below(copy.words.size()));
    if (below(8) == 0) copy.weights.resize(below(2 * copy.weights.size()));
    if (below(8) == 0) copy.floats.resize(below(2 * copy.floats.size()));
    try {
      run(copy, chooseInt8Kernels(nullptr));
      ran++;
    } catch (const Refused&) {
    }
  }
  std::printf("%s: %d damaged networks, %d could be run\n", c.file.c_str(), times, ran);
}

// Prints what every instruction set makes of a network in int8.
void runEverywhere(const Int8Case& c) {
  for (const char* name : kNames) {
    const Int8Kernels* kernels = nullptr;
    try {
      kernels = &chooseInt8Kernels(name);
    } catch (const Refused&) {
      continue;
    }
    std::printf("%s %s %016llx\n", c.file.c_str(), name, static_cast<unsigned long long>(run(c, *kernels)));
  }
}

}  // namespace

int main(int count, char** arguments) {
  int times = 0, threads = 0;
  for (int i = 1; i < count; i++) {
    if (std::strcmp(arguments[i], "--damage") == 0) {
      times = std::atoi(arguments[++i]);
    } else if (std::strcmp(arguments[i], "--threads") == 0) {
      threads = std::atoi(arguments[++i]);
    } else if (isInt8(arguments[i])) {
      const Int8Case c = readInt8(arguments[i]);
      if (times > 0) {
        damage(c, times);
      } else {
        runEverywhere(c);
      }
    } else {
      const Case c = read(arguments[i]);
      if (times > 0) {
        damage(c, times);
        continue;
      }
      for (const char* name : kNames) {
        const Kernels* kernels = nullptr;
        try {
          kernels = &chooseKernels(name);
        } catch (const Refused&) {
          continue;
        }
        std::vector<uint64_t> hashes(static_cast<size_t>(std::max(threads, 1)));
        std::vector<std::thread> pool;
        for (size_t t = 1; t < hashes.size(); t++) pool.emplace_back([&, t] { hashes[t] = run(c, *kernels, 3); });
        hashes[0] = run(c, *kernels, 3);
        for (auto& thread : pool) thread.join();
        // And one executor on as many threads of its own.
        if (threads > 1) hashes.push_back(run(c, *kernels, 3, threads));
        for (const uint64_t h : hashes) {
          if (h != hashes[0]) return std::printf("%s %s: threads differ\n", c.file.c_str(), name), 1;
        }
        std::printf("%s %s %016llx\n", c.file.c_str(), name, static_cast<unsigned long long>(hashes[0]));
      }
    }
  }
}
