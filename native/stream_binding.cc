// The thin layer between JavaScript and a stream, in float32 or in int8: it checks every argument and runs a step on the calling thread,
// because it is over before a thread would have started, and a text on one of its own.
#include "stream_binding.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdlib>
#include <memory>
#include <vector>

#include "guard.h"
#include "int8_stream.h"
#include "jobs.h"
#include "processor.h"
#include "stream.h"

namespace filigree {
namespace {

Napi::Float32Array floats(const Napi::Value& value) {
  return typedArray<Napi::Float32Array>(value, napi_float32_array, "a vector of floats is missing");
}

// (symbol: row of the stream's tables, or numbers: Float32Array; logits: Float32Array)
template <class S>
Napi::Value stepOf(S& stream, const Napi::CallbackInfo& info) {
  const double symbol = info[0].IsNumber() ? info[0].As<Napi::Number>().DoubleValue() : -1;
  if (stream.readsValues()) {
    const auto values = floats(info[0]);
    if (values.ElementLength() != static_cast<size_t>(stream.width())) refuse("there are not so many numbers in a step");
  } else if (!(symbol >= 0 && symbol < stream.symbols() && symbol == std::floor(symbol))) {
    refuse("the symbol is not a row of the stream's tables");
  }
  auto logits = floats(info[1]);
  if (logits.ElementLength() != static_cast<size_t>(stream.outputs())) {
    refuse("the array of logits has been taken away or is of another length");
  }
  if (stream.readsValues()) {
    stream.step(floats(info[0]).Data(), logits.Data());
  } else {
    stream.step(static_cast<int>(symbol), logits.Data());
  }
  return info.Env().Undefined();
}

// A stream and whether a thread is at work on it.
struct Shared {
  Shared(Plan plan, const float* parameters, const Kernels& kernels) : stream(std::move(plan), parameters, kernels) {}
  Stream stream;
  std::atomic<bool> busy{false};
};

class NativeStream : public Napi::ObjectWrap<NativeStream> {
 public:
  static Napi::Function define(Napi::Env env) {
    return DefineClass(env, "NativeStream",
                       {InstanceMethod<&NativeStream::step>("step"), InstanceMethod<&NativeStream::reset>("reset"),
                        InstanceMethod<&NativeStream::run>("run")});
  }

  // (words: Int32Array, masks: Uint8Array, parameters: Float32Array)
  explicit NativeStream(const Napi::CallbackInfo& info) : Napi::ObjectWrap<NativeStream>(info) {
    guarded(info.Env(), [&] {
      const auto words = typedArray<Napi::Int32Array>(info[0], napi_int32_array, "the plan is of another type");
      const auto masks = typedArray<Napi::Uint8Array>(info[1], napi_uint8_array, "the plan is of another type");
      const auto parameters = floats(info[2]);
      Plan plan = decodePlan(words.Data(), words.ElementLength(), masks.Data(), masks.ElementLength());
      if (static_cast<int64_t>(parameters.ElementLength()) != plan.parameters) {
        refuse("a vector does not have the parameters' length");
      }
      shared_ = std::make_shared<Shared>(std::move(plan), parameters.Data(), chooseKernels(std::getenv("FILIGREE_ISA")));
      // Tells the garbage collector what this small object holds on to.
      memory_ = static_cast<int64_t>(shared_->stream.bytes());
      Napi::MemoryManagement::AdjustExternalMemory(info.Env(), memory_);
    });
  }

  void Finalize(Napi::Env env) override { Napi::MemoryManagement::AdjustExternalMemory(env, -memory_); }

 private:
  Stream& idle() {
    if (shared_->busy) refuse("the stream is at work; wait for the promise of its last call");
    return shared_->stream;
  }

  Napi::Value step(const Napi::CallbackInfo& info) {
    return guarded(info.Env(), [&] { return stepOf(idle(), info); });
  }

  Napi::Value reset(const Napi::CallbackInfo& info) {
    return guarded(info.Env(), [&] {
      idle().reset();
      return info.Env().Undefined();
    });
  }

  static std::vector<int32_t> within(const Napi::Value& value, int from, int to, const char* otherwise) {
    const auto array = typedArray<Napi::Int32Array>(value, napi_int32_array, otherwise);
    std::vector<int32_t> list(array.Data(), array.Data() + array.ElementLength());
    for (const int32_t entry : list) {
      if (entry < from || entry >= to) refuse(otherwise);
    }
    return list;
  }

  // (symbols: Int32Array, rows of the plan's tables; targets: Int32Array; wanted: steps whose logits are) => a promise of
  // {loss, correct, outputs}
  Napi::Value run(const Napi::CallbackInfo& info) {
    return guarded(info.Env(), [&]() -> Napi::Value {
      Stream& stream = idle();
      const double wanted = info[2].IsNumber() ? info[2].As<Napi::Number>().DoubleValue() : -1;
      auto symbols = within(info[0], 0, stream.symbols(), "a symbol is not a row of the stream's tables");
      auto targets = within(info[1], -1, stream.outputs(), "a target is not among the stream's outputs");
      if (targets.size() != symbols.size()) refuse("there is not one target for each symbol");
      if (!(wanted >= 0 && wanted <= static_cast<double>(symbols.size()))) refuse("there are not so many steps");
      const auto steps = static_cast<size_t>(wanted);
      const auto work = [shared = shared_, symbols = std::move(symbols), targets = std::move(targets),
                         steps]() -> Jobs::Result {
        const auto release = [](Shared* shared) { shared->busy = false; };
        const std::unique_ptr<Shared, decltype(release)> claim(shared.get(), release);
        auto outputs = std::make_shared<std::vector<float>>(steps * static_cast<size_t>(shared->stream.outputs()));
        Outcome outcome;
        shared->stream.run(symbols.data(), targets.data(), symbols.size(), outputs->data(), steps, outcome);
        return [outcome, outputs](Napi::Env env) -> Napi::Value {
          Napi::Object out = Napi::Object::New(env);
          out.Set("loss", outcome.loss);
          out.Set("correct", outcome.correct);
          auto array = Napi::Float32Array::New(env, outputs->size());
          std::copy(outputs->begin(), outputs->end(), array.Data());
          out.Set("outputs", array);
          return out;
        };
      };
      shared_->busy = true;
      try {
        return Jobs::run(info.Env(), work, [shared = shared_] { shared->stream.stop(); });
      } catch (...) {
        shared_->busy = false;
        throw;
      }
    });
  }

  std::shared_ptr<Shared> shared_;
  int64_t memory_ = 0;
};

class NativeInt8Stream : public Napi::ObjectWrap<NativeInt8Stream> {
 public:
  static Napi::Function define(Napi::Env env) {
    return DefineClass(env, "NativeInt8Stream",
                       {InstanceMethod<&NativeInt8Stream::step>("step"), InstanceMethod<&NativeInt8Stream::reset>("reset")});
  }

  // (words: Int32Array, weights: Int8Array, floats: Float32Array)
  explicit NativeInt8Stream(const Napi::CallbackInfo& info) : Napi::ObjectWrap<NativeInt8Stream>(info) {
    guarded(info.Env(), [&] {
      const auto words = typedArray<Napi::Int32Array>(info[0], napi_int32_array, "the network is of another type");
      const auto weights = typedArray<Napi::Int8Array>(info[1], napi_int8_array, "the network is of another type");
      const auto own = floats(info[2]);
      const Int8Words network{words.Data(),          words.ElementLength(), weights.Data(),
                              weights.ElementLength(), own.Data(),          own.ElementLength()};
      stream_ = std::make_unique<Int8Stream>(network, chooseInt8Kernels(std::getenv("FILIGREE_ISA")));
      memory_ = static_cast<int64_t>(stream_->bytes());
      Napi::MemoryManagement::AdjustExternalMemory(info.Env(), memory_);
    });
  }

  void Finalize(Napi::Env env) override { Napi::MemoryManagement::AdjustExternalMemory(env, -memory_); }

 private:
  Napi::Value step(const Napi::CallbackInfo& info) {
    return guarded(info.Env(), [&] { return stepOf(*stream_, info); });
  }

  Napi::Value reset(const Napi::CallbackInfo& info) {
    stream_->reset();
    return info.Env().Undefined();
  }

  std::unique_ptr<Int8Stream> stream_;
  int64_t memory_ = 0;
};

}  // namespace

Napi::Function defineNativeStream(Napi::Env env) { return NativeStream::define(env); }
Napi::Function defineNativeInt8Stream(Napi::Env env) { return NativeInt8Stream::define(env); }

}  // namespace filigree
