// A network as a module of WebAssembly of its own: src/export/wasm puts the network behind the module's memory, says in `network`
// where everything is, and lets the module start with it. There is no host: what must not be ends in a trap.
#include <memory>
#include <optional>
#include <vector>

#include "int8_stream.h"
#include "processor.h"
#include "stream.h"

#define EXPORT(name) extern "C" __attribute__((export_name(#name)))

// Numbers of which most may be 0: a bit for each tells whether it is, and those that are not follow each other.
template <class T>
struct Sparse {
  const uint8_t* bits;
  const T* values;
  uint32_t count;
};

// A mean and a deviation for each number, or none.
struct Scaling {
  const double *mean, *deviation;
};

// Written by src/export/wasm/module.ts, field by field.
struct Network {
  uint32_t int8;
  const int32_t* words;
  uint32_t wordCount;
  Sparse<uint8_t> bytes;  // Masks, or the weights of int8.
  Sparse<float> floats;   // Parameters, or what int8 has besides weights.
  Scaling input, output;
};
extern "C" {
extern Network network;
Network network = {};
}

namespace filigree {
namespace {

template <class T>
std::vector<T> expanded(const Sparse<T>& sparse) {
  std::vector<T> all(sparse.count);
  const T* next = sparse.values;
  for (uint32_t i = 0; i < sparse.count; i++) {
    if (sparse.bits[i / 8] >> i % 8 & 1) all[i] = *next++;
  }
  return all;
}

std::optional<Stream> stream;
std::optional<Int8Stream> int8Stream;
std::vector<float> given, standardised, said;

template <class F>
void withStream(F f) {
  int8Stream ? f(*int8Stream) : f(*stream);
}

// What the module starts with, once its memory is there.
const struct Maker {
  Maker() {
    const std::vector<uint8_t> bytes = expanded(network.bytes);
    const std::vector<float> floats = expanded(network.floats);
    if (network.int8) {
      int8Stream.emplace(Int8Words{network.words, network.wordCount, reinterpret_cast<const int8_t*>(bytes.data()), bytes.size(),
                                   floats.data(), floats.size()},
                         chooseInt8Kernels(nullptr));
    } else {
      stream.emplace(decodePlan(network.words, network.wordCount, bytes.data(), bytes.size()), floats.data(),
                     chooseKernels(nullptr));
    }
    withStream([](auto& own) {
      given.resize(own.readsValues() ? static_cast<size_t>(own.width()) : 0);
      standardised = given;
      said.resize(static_cast<size_t>(own.outputs()));
    });
  }
} maker;

// As src/data/standardise.ts has it, in doubles.
void standardise() {
  for (size_t i = 0; i < given.size(); i++) {
    standardised[i] = network.input.mean
                          ? static_cast<float>((given[i] - network.input.mean[i]) / network.input.deviation[i])
                          : given[i];
  }
}
void unstandardise() {
  for (size_t i = 0; network.output.mean && i < said.size(); i++) {
    said[i] = static_cast<float>(said[i] * network.output.deviation[i] + network.output.mean[i]);
  }
}

}  // namespace

// Where the numbers of a step are to be put, if it reads numbers, and where its outputs are.
EXPORT(input) float* input() { return given.data(); }
EXPORT(output) const float* output() { return said.data(); }

// Takes in a symbol, or the numbers at input(), and returns output(); 0, with nothing done, where there is no such symbol.
EXPORT(step) const float* step(int symbol) {
  bool known = true;
  withStream([&](auto& own) {
    if (own.readsValues()) {
      standardise();
      own.step(standardised.data(), said.data());
    } else {
      known = symbol >= 0 && symbol < own.symbols();
      if (known) own.step(symbol, said.data());
    }
  });
  if (!known) return nullptr;
  unstandardise();
  return said.data();
}

// Forgets all steps so far.
EXPORT(reset) void reset() {
  withStream([](auto& own) { own.reset(); });
}

}  // namespace filigree
