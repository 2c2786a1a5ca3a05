#include "births.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace filigree {

// Keeps those births only that some place has.
Births::Births(std::vector<int> updates, const std::vector<int>& of) : updates_() {
  std::vector<int> to(updates.size(), -1);
  for (const int birth : of) to[birth] = 0;
  for (size_t k = 0; k < to.size(); k++) {
    if (to[k] < 0) continue;
    to[k] = static_cast<int>(updates_.size());
    updates_.push_back(updates[k]);
  }
  if (updates_.size() == 1) return;
  of_.reserve(of.size());
  for (const int birth : of) of_.push_back(to[birth]);
}

Births::Births(const std::vector<int>& born) : updates_(born) {
  std::sort(updates_.begin(), updates_.end());
  updates_.erase(std::unique(updates_.begin(), updates_.end()), updates_.end());
  if (updates_.size() == 1) return;
  of_.reserve(born.size());
  for (const int update : born) {
    of_.push_back(static_cast<int>(std::lower_bound(updates_.begin(), updates_.end(), update) - updates_.begin()));
  }
}

Births Births::moved(size_t places, const std::vector<int>& idle, const std::vector<int>& origins, int count,
                     const std::vector<int>& absent, int step) const {
  std::vector<int> updates = updates_;
  const auto present = std::find(updates.begin(), updates.end(), step);
  const int fresh = static_cast<int>(present - updates.begin());
  if (present == updates.end()) updates.push_back(step);
  std::vector<int> before = of_;
  before.resize(places);
  for (const int place : idle) before[place] = fresh;
  std::vector<int> now(origins.size());
  for (int k = 0; k < count; k++) now[k] = origins[k] < 0 ? fresh : before[origins[k]];
  for (const int place : absent) now[place] = 0;
  return {std::move(updates), now};
}

std::vector<int> Births::born(size_t places) const {
  std::vector<int> born(places, updates_[0]);
  for (size_t k = 0; k < of_.size(); k++) born[k] = updates_[of_[k]];
  return born;
}

// By repeated multiplication, not pow(), whose last bit depends on the C library.
void Births::start(double step, double beta1, double beta2) {
  std::vector<size_t> order(updates_.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return updates_[a] > updates_[b]; });
  powers_.resize(updates_.size());
  Powers power{1, 1};
  double age = 0;
  for (const size_t birth : order) {
    for (; age < step - updates_[birth] && power.first + power.second > 0; age++) {
      power.first *= beta1;
      power.second *= beta2;
    }
    powers_[birth] = power;
  }
  rates_.resize(updates_.size());
  roots_.resize(updates_.size());
}

void Births::next(double rate, double beta1, double beta2) {
  for (size_t k = 0; k < powers_.size(); k++) {
    Powers& power = powers_[k];
    power.first *= beta1;
    power.second *= beta2;
    rates_[k] = static_cast<float>(rate / (1 - power.first));
    roots_[k] = static_cast<float>(std::sqrt(1 - power.second));
  }
}

}  // namespace filigree
