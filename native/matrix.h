// A matrix of weights in the form that the kernels multiply. What exists as a whole, a dense matrix or a piece of a
// compressed one, is in panels of a few rows, packed column by column; all other weights are in bands (bands.h) or in groups
// of rows with about as many nonzeros each. The layout is made once from the mask; `refresh` copies the weights into it after every update.
#pragma once

#include <cstdint>
#include <vector>

#include "bands.h"
#include "kernels.h"
#include "memory.h"
#include "plan.h"

namespace filigree {

class Matrix {
 public:
  Matrix(const Block& block, int lanes, const Kernels& kernels);

  void refresh(const float* parameters);

  // Operands of several steps, which are so many floats apart.
  struct Steps {
    const float* in;
    int inStep;
    float* out;
    int outStep;
    int count;
  };
  // out (start) += W in, and out (start) += W^T in, of one step or of several.
  void product(const float* in, float* out, Start start, const float* bias) const {
    product({in, 0, out, 0, 1}, start, bias);
  }
  void product(const Steps& steps, Start start, const float* bias) const;
  void transposedProduct(const float* in, float* out, Start start) const { transposedProduct({in, 0, out, 0, 1}, start); }
  void transposedProduct(const Steps& steps, Start start) const;

  // gradient (laid out as the parameters) += sum over steps and lanes of left times right transposed; `scratch` has
  // room for `scratchCount` floats. Weights in groups and bands add to `sumCount()` sums instead, in an order of their
  // own, and `collect` adds these to the gradient and clears them.
  void addGradient(const float* left, int leftStep, const float* right, int rightStep, int steps, float* gradient,
                   float* sums, float* scratch) const;
  size_t scratchCount() const;
  size_t sumCount() const { return strips_.size() * kStrip + (block_.differentiated ? bands_.sumCount() : 0); }
  void collect(float* sums, float* gradient) const;

  // Sets the gradient of absent weights to zero.
  void maskGradient(float* gradient) const;

  // Of all forms.
  size_t bytes() const;

 private:
  // Where the weights of a panel come from: row r's for column j is parameter first + r * row + j * column, unless the
  // panel is irregular.
  struct Origin {
    bool regular;
    int first, row, column;
  };

  // One direction: W or its transpose. A row of the result is in at most one panel, and the panels come first.
  struct Form {
    std::vector<Panel> panels;
    std::vector<Origin> origins;  // Of each panel.
    Floats weights;               // Of all panels, in packed order.
    std::vector<int> source;      // Of the weights of irregular panels: the parameter of each; -1 where there is none.
    std::vector<int> offsets;
    std::vector<Nonzero> nonzeros;
    std::vector<int> nonzeroSource;  // Indices of `values_`.
    std::vector<RowGroup> groups;
  };

  struct Whole;
  static std::vector<Whole> wholesOf(const Block& block);
  static Origin originOf(const std::vector<int>& source, int rows, int columns);
  void packPanels(Form& form, const Entries& entries, const std::vector<Whole>& wholes) const;
  void packGroups(Form& form, const Entries& entries) const;
  void indexValues(const Entries& entries);
  void packGradient(const Entries& entries);
  void multiply(const Form& form, const Steps& steps, Start start, const float* bias) const;

  const Block block_;
  const int lanes_;
  const Kernels& kernels_;
  Form forward_, backward_;
  // The parameters of the weights in groups, ascending, and a copy of these weights with a zero behind it, which stays in
  // the cache while both directions pick theirs out of it.
  std::vector<int> grouped_;
  Floats values_;
  std::vector<Piece> wholePieces_;  // What is in panels.
  // In groups: where the gradients of the nonzeros come from, and the parameters that they are of.
  std::vector<Strip> strips_;
  std::vector<int> targets_;
  int chunk_ = 0;
  Bands bands_;  // Instead of groups.
  std::vector<int> absent_;  // Dense with a mask: parameters that must get no gradient.
};

}  // namespace filigree
