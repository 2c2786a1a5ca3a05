// The thin layer between JavaScript and a stream: it checks every argument and runs the step on the calling thread,
// because a step is over before a thread would have started.
#include "stream_binding.h"

#include <cmath>
#include <cstdlib>
#include <memory>

#include "guard.h"
#include "processor.h"
#include "stream.h"

namespace filigree {
namespace {

class NativeStream : public Napi::ObjectWrap<NativeStream> {
 public:
  static Napi::Function define(Napi::Env env) {
    return DefineClass(env, "NativeStream",
                       {InstanceMethod<&NativeStream::step>("step"), InstanceMethod<&NativeStream::reset>("reset")});
  }

  // (words: Int32Array, masks: Uint8Array, parameters: Float32Array)
  explicit NativeStream(const Napi::CallbackInfo& info) : Napi::ObjectWrap<NativeStream>(info) {
    guarded(info.Env(), [&] {
      const auto words = typedArray<Napi::Int32Array>(info[0], napi_int32_array, "the plan is of another type");
      const auto masks = typedArray<Napi::Uint8Array>(info[1], napi_uint8_array, "the plan is of another type");
      const auto parameters = floats(info[2]);
      Plan plan = decodePlan(words.Data(), words.ElementLength(), masks.Data(), masks.ElementLength());
      if (static_cast<int64_t>(parameters.ElementLength()) != plan.parameters) {
        throw Refused("a vector does not have the parameters' length");
      }
      stream_ = std::make_unique<Stream>(std::move(plan), parameters.Data(), chooseKernels(std::getenv("FILIGREE_ISA")));
      // Tells the garbage collector what this small object holds on to.
      memory_ = static_cast<int64_t>(stream_->bytes());
      Napi::MemoryManagement::AdjustExternalMemory(info.Env(), memory_);
    });
  }

  void Finalize(Napi::Env env) override { Napi::MemoryManagement::AdjustExternalMemory(env, -memory_); }

 private:
  static Napi::Float32Array floats(const Napi::Value& value) {
    return typedArray<Napi::Float32Array>(value, napi_float32_array, "a vector of floats is missing");
  }

  // (symbol: row of the plan's tables, logits: Float32Array)
  Napi::Value step(const Napi::CallbackInfo& info) {
    return guarded(info.Env(), [&] {
      const double symbol = info[0].IsNumber() ? info[0].As<Napi::Number>().DoubleValue() : -1;
      if (!(symbol >= 0 && symbol < stream_->symbols() && symbol == std::floor(symbol))) {
        throw Refused("the symbol is not a row of the stream's tables");
      }
      auto logits = floats(info[1]);
      if (logits.ElementLength() != static_cast<size_t>(stream_->outputs())) {
        throw Refused("the array of logits has been taken away or is of another length");
      }
      stream_->step(static_cast<int>(symbol), logits.Data());
      return info.Env().Undefined();
    });
  }

  Napi::Value reset(const Napi::CallbackInfo& info) {
    stream_->reset();
    return info.Env().Undefined();
  }

  std::unique_ptr<Stream> stream_;
  int64_t memory_ = 0;
};

}  // namespace

Napi::Function defineNativeStream(Napi::Env env) { return NativeStream::define(env); }

}  // namespace filigree
