// What a network made of some targets.
#pragma once

namespace filigree {

// Sums over targets: of their losses, and those that are the most likely.
struct Outcome {
  double loss = 0;
  int correct = 0;
  Outcome& operator+=(const Outcome& part) {
    loss += part.loss;
    correct += part.correct;
    return *this;
  }
};

}  // namespace filigree
