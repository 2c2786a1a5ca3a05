// The thin layer between JavaScript and the executor: it copies arguments in, checks them, runs the work on a thread
// of its own and resolves a promise with the result.
#include <napi.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <memory>

#include "executor.h"
#include "guard.h"
#include "jobs.h"
#include "measure.h"
#include "processor.h"
#include "stream_binding.h"

namespace filigree {
namespace {

template <class T, class Array>
std::vector<T> copyOf(const Napi::Object& object, const char* name) {
  const Napi::Value value = object.Get(name);
  if (!value.IsTypedArray()) refuse(std::string("\"") + name + "\" is not a typed array");
  const Array array = value.As<Array>();
  if (array.ElementSize() != sizeof(T)) refuse(std::string("\"") + name + "\" is of another type");
  return std::vector<T>(array.Data(), array.Data() + array.ElementLength());
}

Batches batchesOf(const Napi::Object& object) {
  Batches batches;
  batches.sizes = copyOf<int32_t, Napi::Int32Array>(object, "sizes");
  batches.steps = copyOf<int32_t, Napi::Int32Array>(object, "steps");
  batches.symbols = copyOf<int32_t, Napi::Int32Array>(object, "symbols");
  batches.values = copyOf<float, Napi::Float32Array>(object, "values");
  batches.numbers = copyOf<float, Napi::Float32Array>(object, "numbers");
  batches.lengths = copyOf<int32_t, Napi::Int32Array>(object, "lengths");
  batches.targets = copyOf<int32_t, Napi::Int32Array>(object, "targets");
  batches.carry = copyOf<uint8_t, Napi::Uint8Array>(object, "carry");
  return batches;
}

// An executor and whether a thread is at work on it; shared with that thread, so that it outlives its JavaScript
// object while work goes on.
struct Shared {
  Shared(Plan plan, const Kernels& kernels, int threads) : executor(std::move(plan), kernels, threads) {}
  Executor executor;
  std::atomic<bool> busy{false};
};

struct Result {
  std::vector<Trained> outcomes;  // Norms of 0 where nothing was trained.
  std::vector<double> counts;
  std::vector<float> outputs;
};

// {losses, counts, correct, norms, outputs}
Napi::Value valueOf(Napi::Env env, const Result& result) {
  Napi::Object out = Napi::Object::New(env);
  const size_t count = result.outcomes.size();
  auto losses = Napi::Float64Array::New(env, count), norms = Napi::Float64Array::New(env, count);
  auto counts = Napi::Float64Array::New(env, count);
  auto correct = Napi::Int32Array::New(env, count);
  for (size_t i = 0; i < count; i++) {
    losses[i] = result.outcomes[i].loss;
    norms[i] = result.outcomes[i].norm;
    correct[i] = result.outcomes[i].correct;
    counts[i] = result.counts[i];
  }
  auto outputs = Napi::Float32Array::New(env, result.outputs.size());
  std::copy(result.outputs.begin(), result.outputs.end(), outputs.Data());
  out.Set("losses", losses);
  out.Set("counts", counts);
  out.Set("correct", correct);
  out.Set("norms", norms);
  out.Set("outputs", outputs);
  return out;
}

// Runs work(executor, result) beside JavaScript and releases the claim on the executor. What `work` holds is moved, as it
// may be many batches.
template <class Work>
Napi::Value runBeside(Napi::Env env, std::shared_ptr<Shared> shared, Work work) {
  const auto stop = [shared] { shared->executor.stop(); };
  auto job = [shared, work = std::move(work)]() -> Jobs::Result {
    const auto release = [](Shared* shared) { shared->busy = false; };
    const std::unique_ptr<Shared, decltype(release)> claim(shared.get(), release);
    auto result = std::make_shared<Result>();
    work(shared->executor, *result);
    return [result](Napi::Env env) { return valueOf(env, *result); };
  };
  return Jobs::run(env, std::move(job), stop);
}

class NativeExecutor : public Napi::ObjectWrap<NativeExecutor> {
 public:
  static Napi::Function define(Napi::Env env) {
    return DefineClass(env, "NativeExecutor",
                       {
                           InstanceMethod<&NativeExecutor::train>("train"),
                           InstanceMethod<&NativeExecutor::evaluate>("evaluate"),
                           InstanceMethod<&NativeExecutor::gradient>("gradient"),
                           InstanceMethod<&NativeExecutor::carry>("carry"),
                           InstanceMethod<&NativeExecutor::setCarry>("setCarry"),
                           InstanceMethod<&NativeExecutor::state>("state"),
                           InstanceMethod<&NativeExecutor::setState>("setState"),
                           InstanceMethod<&NativeExecutor::setMask>("setMask"),
                           InstanceMethod<&NativeExecutor::setWiring>("setWiring"),
                           InstanceMethod<&NativeExecutor::wiring>("wiring"),
                           InstanceMethod<&NativeExecutor::footprint>("footprint"),
                       });
  }

  // (words: Int32Array, masks: Uint8Array, parameters: Float32Array, threads)
  explicit NativeExecutor(const Napi::CallbackInfo& info) : Napi::ObjectWrap<NativeExecutor>(info) {
    guarded(info.Env(), [&] {
      const int threads = threadsOf(info[3]);
      // Reading a number may run JavaScript, which could take these away.
      const auto words = typedArray<Napi::Int32Array>(info[0], napi_int32_array, "the plan is of another type");
      const auto masks = typedArray<Napi::Uint8Array>(info[1], napi_uint8_array, "the plan is of another type");
      const auto parameters = typedArray<Napi::Float32Array>(info[2], napi_float32_array, "a vector of floats is missing");
      Plan plan = decodePlan(words.Data(), words.ElementLength(), masks.Data(), masks.ElementLength());
      if (static_cast<int64_t>(parameters.ElementLength()) != plan.parameters) {
        refuse("a vector does not have the parameters' length");
      }
      shared_ = std::make_shared<Shared>(std::move(plan), chooseKernels(std::getenv("FILIGREE_ISA")), threads);
      shared_->executor.setState(parameters.Data(), nullptr, nullptr, 0);
      account(info.Env());
      return info.Env().Undefined();
    });
  }

  void Finalize(Napi::Env env) override { Napi::MemoryManagement::AdjustExternalMemory(env, -memory_); }

 private:
  static int threadsOf(Napi::Value value) {
    const double threads = value.ToNumber().DoubleValue();
    if (!(threads >= 1 && threads <= 256)) refuse("the number of threads is not from 1 to 256");
    return static_cast<int>(threads);
  }

  // Tells the garbage collector what this small object holds on to.
  void account(Napi::Env env) {
    const auto memory = static_cast<int64_t>(shared_->executor.footprint().total());
    Napi::MemoryManagement::AdjustExternalMemory(env, memory - memory_);
    memory_ = memory;
  }

  void claim() {
    if (shared_->busy.exchange(true)) refuse("the executor is at work; wait for the promise of its last call");
  }

  // Releases the claim when the work could not be handed to a thread.
  template <class F>
  Napi::Value claimed(const Napi::CallbackInfo& info, F f) {
    return guarded(info.Env(), [&]() -> Napi::Value {
      claim();
      try {
        return f();
      } catch (...) {
        shared_->busy = false;
        throw;
      }
    });
  }

  static Update updateOf(const Napi::Object& settings) {
    const auto number = [&](const char* name) { return settings.Get(name).ToNumber().DoubleValue(); };
    Update update;
    const double kind = number("optimiser");
    if (!(kind >= 0 && kind < kOptimiserKinds)) refuse("there is no such optimiser");
    update.kind = static_cast<OptimiserKind>(static_cast<int>(kind));
    update.beta1 = number("beta1");
    update.beta2 = number("beta2");
    update.epsilon = number("epsilon");
    update.weightDecay = number("weightDecay");
    update.clip = number("clip");
    update.seed = seedOf(settings);
    update.rates = copyOf<double, Napi::Float64Array>(settings, "rates");
    update.classWeights = copyOf<float, Napi::Float32Array>(settings, "classWeights");
    update.frozen = copyOf<int32_t, Napi::Int32Array>(settings, "frozen");
    return update;
  }

  // (batches, from, to, update)
  Napi::Value train(const Napi::CallbackInfo& info) {
    return claimed(info, [&] {
      Batches batches = batchesOf(info[0].As<Napi::Object>());
      shared_->executor.check(batches);
      const int64_t from = info[1].ToNumber().Int64Value(), to = info[2].ToNumber().Int64Value();
      if (from < 0 || to < from || to > static_cast<int64_t>(batches.sizes.size())) {
        refuse("there are no such batches");
      }
      if (!info[3].IsObject()) refuse("no optimiser was given");
      Update update = updateOf(info[3].As<Napi::Object>());
      auto work = [batches = std::move(batches), from, to, update = std::move(update)](Executor& executor, Result& out) {
        out.outcomes = executor.train(batches, static_cast<size_t>(from), static_cast<size_t>(to), update);
        out.counts.assign(batches.counts.begin() + from, batches.counts.begin() + to);
      };
      return runBeside(info.Env(), shared_, std::move(work));
    });
  }

  // (batches, whether outputs are wanted)
  Napi::Value evaluate(const Napi::CallbackInfo& info) {
    return claimed(info, [&] {
      Batches batches = batchesOf(info[0].As<Napi::Object>());
      shared_->executor.check(batches);
      const bool wanted = info[1].ToBoolean();
      return runBeside(info.Env(), shared_, [batches = std::move(batches), wanted](Executor& executor, Result& out) {
        if (wanted) out.outputs.resize(batches.places * executor.plan().outputs);
        float* outputs = wanted ? out.outputs.data() : nullptr;
        for (const Outcome& outcome : executor.evaluate(batches, 0, batches.sizes.size(), outputs)) {
          out.outcomes.push_back({outcome, 0});
        }
        out.counts.assign(batches.counts.begin(), batches.counts.end());
      });
    });
  }

  // () => what the lanes of the last batch were left in
  Napi::Value carry(const Napi::CallbackInfo& info) {
    return claimed(info, [&]() -> Napi::Value {
      const std::vector<float> values = shared_->executor.carry();
      shared_->busy = false;
      auto out = Napi::Float32Array::New(info.Env(), values.size());
      std::copy(values.begin(), values.end(), out.Data());
      return out;
    });
  }

  // (carry: Float32Array)
  Napi::Value setCarry(const Napi::CallbackInfo& info) {
    return claimed(info, [&]() -> Napi::Value {
      const auto values = typedArray<Napi::Float32Array>(info[0], napi_float32_array, "a vector of floats is missing");
      shared_->executor.setCarry(values.Data(), values.ElementLength());
      shared_->busy = false;
      return info.Env().Undefined();
    });
  }

  static double seedOf(const Napi::Object& settings) {
    const double seed = settings.Get("seed").ToNumber().DoubleValue();
    if (!(seed >= 0 && seed <= UINT32_MAX)) refuse("the seed is not one of 32 bits");
    return seed;
  }

  // (batches, index, {everywhere, seed, classWeights, carries}, gradient: Float32Array) => {loss, count, correct}
  Napi::Value gradient(const Napi::CallbackInfo& info) {
    return claimed(info, [&]() -> Napi::Value {
      Batches batches = batchesOf(info[0].As<Napi::Object>());
      shared_->executor.check(batches);
      const int64_t index = info[1].ToNumber().Int64Value();
      if (index < 0 || index >= static_cast<int64_t>(batches.sizes.size())) refuse("there is no such batch");
      if (!info[2].IsObject()) refuse("no options were given");
      const auto settings = info[2].As<Napi::Object>();
      const GradientOptions options{settings.Get("everywhere").ToBoolean(), seedOf(settings),
                                    copyOf<float, Napi::Float32Array>(settings, "classWeights"),
                                    settings.Get("carries").ToBoolean()};
      const auto at = static_cast<size_t>(index);
      const Outcome outcome = shared_->executor.gradient(batches, at, options, parametersOf<float>(info[3]));
      account(info.Env());
      shared_->busy = false;
      Napi::Object out = Napi::Object::New(info.Env());
      out.Set("loss", outcome.loss);
      out.Set("count", static_cast<double>(batches.counts[at]));
      out.Set("correct", outcome.correct);
      return out;
    });
  }

  // A vector with a number for each parameter.
  template <class T>
  T* parametersOf(Napi::Value value) {
    constexpr auto type = std::is_same_v<T, float>     ? napi_float32_array
                          : std::is_same_v<T, int32_t> ? napi_int32_array
                                                       : napi_uint8_array;
    auto array = typedArray<Napi::TypedArrayOf<T>>(value, type, "a vector of the parameters' length is missing");
    if (static_cast<int64_t>(array.ElementLength()) != shared_->executor.plan().parameters) {
      refuse("a vector does not have the parameters' length");
    }
    return array.Data();
  }

  // (parameters, firstMoment, secondMoment) => step; fills the three vectors.
  Napi::Value state(const Napi::CallbackInfo& info) {
    return claimed(info, [&]() -> Napi::Value {
      Executor& executor = shared_->executor;
      executor.state(parametersOf<float>(info[0]), parametersOf<float>(info[1]), parametersOf<float>(info[2]));
      shared_->busy = false;
      return Napi::Number::New(info.Env(), executor.step());
    });
  }

  // (parameters, firstMoment, secondMoment, step)
  Napi::Value setState(const Napi::CallbackInfo& info) {
    return claimed(info, [&]() -> Napi::Value {
      const double step = info[3].ToNumber().DoubleValue();
      if (!(step >= 0 && step <= 1e9)) refuse("the number of updates is impossible");
      shared_->executor.setState(parametersOf<float>(info[0]), parametersOf<float>(info[1]), parametersOf<float>(info[2]),
                                 step);
      shared_->busy = false;
      return info.Env().Undefined();
    });
  }

  std::vector<uint8_t> maskOf(Napi::Value value) {
    const uint8_t* mask = parametersOf<uint8_t>(value);
    return {mask, mask + shared_->executor.plan().parameters};
  }

  static std::vector<uint8_t> bytesOf(Napi::Value value) {
    const auto bytes = typedArray<Napi::Uint8Array>(value, napi_uint8_array, "the matrices' forms are missing");
    return {bytes.Data(), bytes.Data() + bytes.ElementLength()};
  }

  // (mask, a byte for each block: whether it is compressed)
  Napi::Value setMask(const Napi::CallbackInfo& info) {
    return claimed(info, [&]() -> Napi::Value {
      shared_->executor.setMask(maskOf(info[0]), bytesOf(info[1]));
      account(info.Env());
      shared_->busy = false;
      return info.Env().Undefined();
    });
  }

  // (mask, forms, born: Int32Array)
  Napi::Value setWiring(const Napi::CallbackInfo& info) {
    return claimed(info, [&]() -> Napi::Value {
      shared_->executor.setWiring(maskOf(info[0]), bytesOf(info[1]), parametersOf<int32_t>(info[2]));
      account(info.Env());
      shared_->busy = false;
      return info.Env().Undefined();
    });
  }

  // (mask, born) fills the two vectors.
  Napi::Value wiring(const Napi::CallbackInfo& info) {
    return claimed(info, [&]() -> Napi::Value {
      shared_->executor.wiring(parametersOf<uint8_t>(info[0]), parametersOf<int32_t>(info[1]));
      shared_->busy = false;
      return info.Env().Undefined();
    });
  }

  // () => bytes by what they are for
  Napi::Value footprint(const Napi::CallbackInfo& info) {
    return claimed(info, [&]() -> Napi::Value {
      const Footprint bytes = shared_->executor.footprint();
      shared_->busy = false;
      Napi::Object out = Napi::Object::New(info.Env());
      out.Set("activations", static_cast<double>(bytes.activations));
      out.Set("parameters", static_cast<double>(bytes.parameters));
      out.Set("matrices", static_cast<double>(bytes.matrices));
      out.Set("rest", static_cast<double>(bytes.rest));
      return out;
    });
  }

  std::shared_ptr<Shared> shared_;
  int64_t memory_ = 0;
};

// () => floating-point operations per second of one core at full rate, the best of several short runs.
Napi::Value peak(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] {
    const Kernels& kernels = chooseKernels(std::getenv("FILIGREE_ISA"));
    double best = 0;
    float sink[3] = {0.999f, 0.001f, 0};
    for (int run = 0; run < 20; run++) {
      const auto start = std::chrono::steady_clock::now();
      const double operations = kernels.burn(500000, sink);
      const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
      best = std::max(best, operations / seconds.count());
    }
    return Napi::Number::New(info.Env(), best);
  });
}

// () => the name of the instruction set in use.
Napi::Value instructionSet(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] { return Napi::String::New(info.Env(), chooseKernels(std::getenv("FILIGREE_ISA")).name); });
}

// ({kernel, rows, columns, lanes, steps, mask?}) => (calls) => the seconds that so many calls of the kernel take.
Napi::Value timer(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] {
    if (!info[0].IsObject()) refuse("no kernel was given");
    const auto settings = info[0].As<Napi::Object>();
    const auto number = [&](const char* name) { return settings.Get(name).ToNumber().Int32Value(); };
    Measured measured{settings.Get("kernel").ToString().Utf8Value(),
                      number("rows"),
                      number("columns"),
                      number("lanes"),
                      number("steps"),
                      {}};
    if (!settings.Get("mask").IsUndefined()) measured.mask = copyOf<uint8_t, Napi::Uint8Array>(settings, "mask");
    const auto work = workOf(measured, chooseKernels(std::getenv("FILIGREE_ISA")));
    return Napi::Function::New(info.Env(), [work](const Napi::CallbackInfo& info) -> Napi::Value {
      return Napi::Number::New(info.Env(), secondsOf(work, info[0].ToNumber().Int32Value()));
    });
  });
}

Napi::Object initialise(Napi::Env env, Napi::Object exports) {
  Jobs::attach(env);
  exports.Set("NativeExecutor", NativeExecutor::define(env));
  exports.Set("NativeStream", defineNativeStream(env));
  exports.Set("NativeInt8Stream", defineNativeInt8Stream(env));
  exports.Set("peak", Napi::Function::New(env, peak));
  exports.Set("timer", Napi::Function::New(env, timer));
  exports.Set("dialect", Napi::Function::New(env, [](const Napi::CallbackInfo& info) -> Napi::Value {
                return Napi::String::New(info.Env(), kDialect);
              }));
  exports.Set("instructionSet", Napi::Function::New(env, instructionSet));
  return exports;
}

}  // namespace
}  // namespace filigree

static Napi::Object Init(Napi::Env env, Napi::Object exports) { return filigree::initialise(env, exports); }
NODE_API_MODULE(filigree, Init)
