// When weights were born, and what follows for Adam: the bias of a weight's moments is corrected by the updates since. There
// are few different births, so that the corrections are made once for each of them.
#pragma once

#include <cstddef>
#include <vector>

namespace filigree {

class Births {
 public:
  // All at update 0.
  Births() = default;
  // Of every place.
  explicit Births(const std::vector<int>& born);

  // After a change of places, of which there were `places`, those in `idle` of weights that did not exist. `origins` says
  // where each one was, -1 where it was not; the first `count` of them are somebody's, but those in `absent` of weights that
  // do not exist. What is born is so at update `step`.
  Births moved(size_t places, const std::vector<int>& idle, const std::vector<int>& origins, int count,
               const std::vector<int>& absent, int step) const;

  // Of each of so many places.
  std::vector<int> born(size_t places) const;

  // Corrections for the updates after `step`: `start` before the first of them, and `next` before each.
  void start(double step, double beta1, double beta2);
  void next(double rate, double beta1, double beta2);
  // Whether one correction is that of all places; if not, which one each of them takes.
  bool areOne() const { return of_.empty(); }
  const int* of() const { return of_.data(); }
  // The learning rate divided by the first moment's correction, and the root of the second one's.
  const float* rates() const { return rates_.data(); }
  const float* roots() const { return roots_.data(); }

  size_t bytes() const { return of_.capacity() * sizeof(int); }

 private:
  struct Powers {
    double first, second;
  };

  Births(std::vector<int> updates, const std::vector<int>& of);

  // Different births, and of each place which of them; nothing where there is but one.
  std::vector<int> updates_{0}, of_;
  std::vector<Powers> powers_;
  std::vector<float> rates_, roots_;
};

}  // namespace filigree
