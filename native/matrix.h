// A matrix of weights in the form that the kernels multiply: dense as panels of a few rows, packed column by column,
// or compressed as groups of rows with about as many nonzeros each. The layout is made once from the mask; `refresh`
// copies the weights into it after every update.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels.h"
#include "memory.h"
#include "plan.h"

namespace filigree {

class Matrix {
 public:
  Matrix(const Block& block, int lanes, const Kernels& kernels);

  void refresh(const float* parameters);

  // out (start) += W in, and out (start) += W^T in.
  void product(const float* in, float* out, Start start, const float* bias) const {
    multiply(forward_, block_.rows, block_.columns, in, out, start, bias);
  }
  void transposedProduct(const float* in, float* out, Start start) const {
    multiply(backward_, block_.columns, block_.rows, in, out, start, nullptr);
  }

  // gradient (laid out as the parameters) += sum over steps and lanes of left times right transposed; `scratch` has
  // room for kOuterSteps * lanes * columns floats. A compressed matrix adds to `sumCount()` sums instead, in an order of
  // its own, and `collect` adds these to the gradient and clears them.
  void addGradient(const float* left, int leftStep, const float* right, int rightStep, int steps, float* gradient,
                   float* sums, float* scratch) const;
  size_t sumCount() const { return strips_.size() * kStrip; }
  void collect(float* sums, float* gradient) const;

  // Sets the gradient of absent weights to zero.
  void maskGradient(float* gradient) const;

  // Of all forms.
  size_t bytes() const;

 private:
  // One direction: W or its transpose.
  struct Form {
    Floats panels;
    std::vector<int> source;  // Parameter of each packed weight, in packed order; -1 where there is none.
    std::vector<Nonzero> nonzeros;
    std::vector<int> nonzeroSource;  // -1 for padding.
    std::vector<RowGroup> groups;
  };

  void packDense(Form& form, const Entries& entries, int columns);
  void packSparse(Form& form, const Entries& entries);
  void packGradient(const Entries& entries);
  void multiply(const Form& form, int rows, int columns, const float* in, float* out, Start start,
                const float* bias) const;

  const Block block_;
  const int lanes_;
  const Kernels& kernels_;
  Form forward_, backward_;
  // Compressed: where the gradients of the nonzeros come from, and the parameters that they are of.
  std::vector<Strip> strips_;
  std::vector<int> targets_;
  int chunk_ = 0;
  std::vector<int> absent_;  // Dense with a mask: parameters that must get no gradient.
};

}  // namespace filigree
