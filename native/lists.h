// The weights of a compressed matrix, row by row, as its forms are packed from.
#pragma once

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <vector>

namespace filigree {

// Those of row i are `all` from first[i] to first[i + 1], in ascending order of their columns.
struct Lists {
  struct Weight {
    int column, value;  // The second is its number among all weights.
  };
  std::vector<int> first;
  std::vector<Weight> all;

  int rows() const { return static_cast<int>(first.size()) - 1; }

  // Where in `all` the weights of a row begin that are not before a column.
  int from(int row, int column) const {
    const auto before = [](const Weight& weight, int own) { return weight.column < own; };
    const auto found = std::lower_bound(all.begin() + first[row], all.begin() + first[row + 1], column, before);
    return static_cast<int>(found - all.begin());
  }

  // The same column by column.
  Lists across(int columns) const {
    Lists result{std::vector<int>(static_cast<size_t>(columns) + 1), std::vector<Weight>(all.size())};
    for (const Weight& weight : all) result.first[weight.column + 1]++;
    std::partial_sum(result.first.begin(), result.first.end(), result.first.begin());
    std::vector<int> next = result.first;
    for (int i = 0; i < rows(); i++) {
      for (int k = first[i]; k < first[i + 1]; k++) result.all[next[all[k].column]++] = {i, all[k].value};
    }
    return result;
  }
};

}  // namespace filigree
