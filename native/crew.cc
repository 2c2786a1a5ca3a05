#include "crew.h"

#include "processor.h"

namespace filigree {

Crew::~Crew() {
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
  }
  start_.notify_all();
  for (std::thread& helper : helpers_) helper.join();
}

void Crew::run(const std::function<void(int)>& work) {
  if (size_ > 1) {
    const std::lock_guard lock(mutex_);
    while (static_cast<int>(helpers_.size()) < size_ - 1) {
      const int member = static_cast<int>(helpers_.size()) + 1;
      helpers_.emplace_back([this, member] { help(member); });
    }
    work_ = &work;
    busy_ = size_ - 1;
    round_++;
    start_.notify_all();
  }
  work(0);
  if (size_ > 1) {
    std::unique_lock lock(mutex_);
    done_.wait(lock, [this] { return busy_ == 0; });
  }
}

void Crew::help(int member) {
  const FlushToZero flush;
  for (int round = 0;;) {
    const std::function<void(int)>* work;
    {
      std::unique_lock lock(mutex_);
      start_.wait(lock, [&] { return ended_ || round_ != round; });
      if (ended_) return;
      round = round_;
      work = work_;
    }
    (*work)(member);
    const std::lock_guard lock(mutex_);
    if (--busy_ == 0) done_.notify_one();
  }
}

}  // namespace filigree
