// Work beside JavaScript: a thread per call, rather than Node's small pool, so that as many trials run side by side as there
// are cores, and a promise of what the work returns.
#pragma once

#include <napi.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>

namespace filigree {

// The jobs of one JavaScript environment. When it is torn down (the process exits, a worker is terminated) they are
// told to stop and waited for, because a thread must not outlive the queue through which it reports.
class Jobs {
 public:
  // Makes the value that a promise resolves to, once JavaScript runs again.
  using Result = std::function<Napi::Value(Napi::Env)>;

  static void attach(Napi::Env env);

  // Calls `work` on a thread of its own; the promise resolves to its result, or rejects with what it throws. `stop` makes
  // it end early.
  static Napi::Value run(Napi::Env env, std::function<Result()> work, std::function<void()> stop);

 private:
  struct Job {
    explicit Job(Napi::Env env) : deferred(Napi::Promise::Deferred::New(env)) {}
    Napi::Promise::Deferred deferred;
    std::function<void()> stop;
    Result result;
    std::string error;
    std::thread thread;
  };

  void stop();

  std::map<Job*, std::unique_ptr<Job>> running_;
};

}  // namespace filigree
