// A crew: a few threads that work on one executor's tasks together, the calling one and as many helpers as it needs, which wait
// in between. Who does which task is fixed by its number, so nothing depends on who is quicker.
#pragma once

#include <functional>

#ifndef __wasm__
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>
#endif

namespace filigree {

#ifdef __wasm__

// WebAssembly has no threads here: a crew of one.
class Crew {
 public:
  explicit Crew(int) {}
  int size() const { return 1; }
  void run(const std::function<void(int)>& work) { work(0); }
};

#else

class Crew {
 public:
  explicit Crew(int size) : size_(size) {}
  ~Crew();
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;

  int size() const { return size_; }

  // Calls work(member) once for every member and returns when all have ended. `work` must not throw.
  void run(const std::function<void(int)>& work);

 private:
  void help(int member);

  const int size_;
  std::vector<std::thread> helpers_;
  std::mutex mutex_;
  std::condition_variable start_, done_;
  const std::function<void(int)>* work_ = nullptr;
  int round_ = 0, busy_ = 0;
  bool ended_ = false;
};

#endif

}  // namespace filigree
