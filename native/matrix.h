// A matrix of weights in the form that the kernels multiply. What exists as a whole, a dense matrix or a piece of a
// compressed one, is in panels of a few rows, packed column by column; all other weights are in bands (bands.h) or in groups
// of rows with about as many nonzeros each. The layout is made once from the mask; `refresh` copies the weights into it after every update.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "bands.h"
#include "kernels.h"
#include "lists.h"
#include "memory.h"
#include "places.h"
#include "plan.h"

namespace filigree {

class Matrix {
 public:
  // `mask` has a byte for each parameter of the plan, 0 where it is absent and 1 elsewhere. Of a dense matrix it does not
  // matter, because absent weights are 0. `locate` comes before anything else.
  Matrix(const Block& block, const uint8_t* mask, int lanes, const Kernels& kernels);

  // Says where the parameters are that `refresh`, `addGradient` and `collect` are given.
  void locate(const Places& places);
  // Marks the parameters that need a place (see places.h): first those are unmarked that a compressed matrix may do without.
  void unmark(uint8_t* kept) const;
  void mark(const uint8_t* mask, uint8_t* kept) const;

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

  // What two sequences of some steps are that a gradient sums the products of; steps are so many floats apart.
  struct Factors {
    const float* left;
    int leftStep;
    const float* right;
    int rightStep;
    int steps;
  };
  // gradient += sum over steps and lanes of left times right transposed; `scratch` has room for `scratchCount` floats,
  // whatever the mask. Weights in groups and bands add to `sumCount()` sums instead, in an order of their own, and `collect`
  // adds these to the gradient and clears them.
  void addGradient(const Factors& factors, float* gradient, float* sums, float* scratch) const;
  uint64_t scratchCount() const;
  size_t sumCount() const { return strips_.size() * kStrip + (differentiated_ ? bands_.sumCount() : 0); }
  void collect(float* sums, float* gradient) const;
  // The same of all weights of a compressed matrix, absent ones too; `gradient` is laid out as the plan's parameters.
  void addGradientEverywhere(const Factors& factors, float* gradient, float* scratch) const;
  bool isCompressed() const { return compressed_; }

  // Of all forms.
  size_t bytes() const;

 private:
  // Where the weights of a panel come from: row r's for column j is parameter first + r * row + j * column, unless the
  // panel is irregular; and so it is with their places from `place` on, where it is `straight`.
  struct Origin {
    bool regular;
    int first, row, column;
    bool straight;
    int place;
  };

  // One direction: W or its transpose. A row of the result is in at most one panel, and the panels come first.
  struct Form {
    std::vector<Panel> panels;
    std::vector<Origin> origins;  // Of each panel.
    Floats weights;               // Of all panels, in packed order.
    // Of the weights of panels that are not regular the parameters, and of those that are not straight the places; -1
    // where there is none.
    std::vector<int> source, sourcePlaces;
    std::vector<int> offsets;
    std::vector<float> nonzeros;     // Of all groups.
    std::vector<int> nonzeroSource;  // Indices of `values_`, of as many rows for each nonzero as a group has at most.
    std::vector<RowGroup> groups;
  };

  // So many numbers from one on, and the places of the parameters that they are of, which follow each other too.
  struct Run {
    size_t from;
    int place, count;
  };

  // Some weights of a row, `begin` to `end` of its lists' `all`.
  struct RowPart {
    int row, begin, end;
    int length() const { return end - begin; }
  };

  struct Whole;
  static std::vector<Whole> wholesOf(const Block& block, const uint8_t* mask);
  Lists groupedRows(const Block& block, const uint8_t* mask, const std::vector<Whole>& wholes);
  static std::vector<uint8_t> startedBy(const Form& form, int rows);
  static void locatePanels(Form& form, const Places& places);
  void packPanels(Form& form, const std::vector<Whole>& wholes, bool across) const;
  Origin originOf(const Panel& panel, const Whole& whole, bool across, std::vector<int>& source) const;
  std::vector<int> productBlocks(const Lists& rows, int columns) const;
  void packGroups(Form& form, const Lists& rows, int columns) const;
  void packGroup(Form& form, const Lists& rows, std::span<const RowPart> parts, bool starts, int first) const;
  void packGradient(const Lists& rows, int columns);
  void packStrips(const Lists& rows, const std::vector<RowPart>& parts, int from, int to);
  void multiply(const Form& form, const Steps& steps, Start start, const float* bias) const;
  void addOuter(const std::vector<Piece>& pieces, const Factors& factors, float* gradient, float* scratch) const;

  bool compressed_, differentiated_;
  int lanes_, columns_;
  const Kernels* kernels_;
  Form forward_, backward_;
  std::vector<Piece> pieces_;
  // What is in panels; in the second list `parameter` is a place.
  std::vector<Piece> wholePieces_, placedPieces_;
  // The parameters of the weights in groups, piece by piece, and a copy of these weights with a zero behind it, which stays
  // in the cache while both directions pick theirs out of it. Where both are in ascending order, which is usual, the copy
  // is made of few runs.
  std::vector<int> grouped_;
  Floats values_;
  std::vector<Run> valueRuns_;
  // In groups: where the gradients of the nonzeros come from, the values (indices of `grouped_`) that they are of, -1 where a strip
  // has none, and the places of these.
  std::vector<Strip> strips_;
  std::vector<int> targets_;
  std::vector<Run> targetRuns_;
  int chunk_ = 0;
  Bands bands_;  // Instead of groups.
};

}  // namespace filigree
