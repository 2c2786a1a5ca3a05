#include "jobs.h"

#include "memory.h"

namespace filigree {

void Jobs::attach(Napi::Env env) {
  auto* jobs = new Jobs;
  env.SetInstanceData(jobs);
  env.AddCleanupHook([](Jobs* jobs) { jobs->stop(); }, jobs);
}

Napi::Value Jobs::run(Napi::Env env, std::function<Result()> work, std::function<void()> stop) {
  auto& running = env.GetInstanceData<Jobs>()->running_;
  auto owned = std::make_unique<Job>(env);
  Job* const job = owned.get();
  job->stop = std::move(stop);
  auto done = Napi::ThreadSafeFunction::New(env, Napi::Function(), "filigree", 0, 1);
  // It owns nothing, because an environment that ends first throws it away unheard.
  const auto report = [job, &running](Napi::Env env, Napi::Function) {
    job->thread.join();
    const auto finished = running.extract(job);
    if (job->error.empty()) {
      job->deferred.Resolve(job->result(env));
    } else {
      job->deferred.Reject(Napi::Error::New(env, job->error).Value());
    }
  };
  auto body = [job, done, report, work = std::move(work)]() mutable {
    try {
      job->result = work();
    } catch (const std::bad_alloc&) {
      job->error = NotEnoughMemory().what();
    } catch (const std::exception& error) {
      job->error = error.what();
    }
    done.BlockingCall(report);
    done.Release();
  };
  running.emplace(job, std::move(owned));
  try {
    job->thread = std::thread(std::move(body));
  } catch (...) {
    running.erase(job);
    done.Release();
    throw;
  }
  return job->deferred.Promise();
}

void Jobs::stop() {
  for (const auto& [job, owned] : running_) job->stop();
  for (const auto& [job, owned] : running_) job->thread.join();
  running_.clear();
}

}  // namespace filigree
