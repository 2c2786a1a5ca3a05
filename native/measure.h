// Work of single kernels on operands of their own, ready to be repeated and timed: what `filigree bench kernels` and
// `filigree bench density` measure. Matrices are Matrix objects and time goes in the executor's chunks, so that a kernel
// meets the layout and the caches that it meets in training.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "kernels.h"

namespace filigree {

struct Measured {
  std::string kernel;
  // Of the matrix; for other kernels `rows` are units, and `columns` symbols where there are any.
  int rows = 1, columns = 1;
  int lanes = 16;
  int steps = 1;
  std::vector<uint8_t> mask;  // Empty: dense.
};

// One call of the kernel on every step, or for all steps where it takes them at once. Refused when there is no
// such kernel or the shape is not one.
std::function<void()> workOf(const Measured& measured, const Kernels& kernels);

// Seconds of the processor that `calls` repetitions take; what others do on it meanwhile does not count.
double secondsOf(const std::function<void()>& work, int calls);

}  // namespace filigree
