#include "bands.h"

#include <algorithm>
#include <cstring>

namespace filigree {
namespace {
// Weights for each column of a band, on average, from which on bands pay: blocks of two rows have more but where a gate
// ends with half of one.
constexpr double kLeastHeight = 1.5;
// Columns whose inputs or gradients of inputs stay in the second-level cache over the steps of a gradient.
constexpr int kRangeColumns = 512;
constexpr int kCopiedFloats = 1 << 16;
constexpr int kLeastSteps = 8;

// Adjacent rows with weights in the same columns.
struct Run {
  int row, rows, columns;
  size_t weights, offsets;  // Where they begin.
};

bool sameColumns(const std::vector<Entry>& a, const std::vector<Entry>& b) {
  const auto same = [](const Entry& x, const Entry& y) { return x.column == y.column; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), same);
}

// Calls f(first, count) for runs of rows with the same columns, and started alike.
template <class F>
void eachRun(const Entries& rows, const std::vector<bool>& started, F f) {
  const int count = static_cast<int>(rows.size());
  for (int first = 0, end; first < count; first = end) {
    for (end = first + 1; end < count; end++) {
      if (!sameColumns(rows[first], rows[end]) || started[first] != started[end]) break;
    }
    f(first, end - first);
  }
}

// The widest range of so many columns, and the steps of a gradient that are copied for it at once.
int widest(int columns) {
  const int ranges = (columns + kRangeColumns - 1) / kRangeColumns;
  return (columns + ranges - 1) / ranges;
}
int stepsOf(int columns, int lanes) {
  return std::clamp(kCopiedFloats / (widest(columns) * lanes), kLeastSteps, kBandSteps);
}

template <class T>
size_t bytesOf(const std::vector<T>& vector) {
  return vector.capacity() * sizeof(T);
}

}  // namespace

bool Bands::suit(const Entries& rows) {
  size_t weights = 0, columns = 0;
  eachRun(rows, std::vector<bool>(rows.size()), [&](int first, int count) {
    weights += rows[first].size() * count;
    columns += rows[first].size();
  });
  return columns > 0 && weights >= kLeastHeight * columns;
}

Bands::Bands(const Entries& rows, const std::vector<bool>& startedRows, const std::vector<bool>& startedColumns,
             int lanes, const BandKernels& kernels)
    : lanes_(lanes), kernels_(&kernels) {
  const int columns = static_cast<int>(startedColumns.size()), most = kernels.maxRows;
  std::vector<Run> runs;
  eachRun(rows, startedRows, [&](int first, int count) {
    runs.push_back({first, count, static_cast<int>(rows[first].size()), 0, 0});
  });
  // Those of as many columns and rows follow each other. How they are cut in bands differs by instruction set and changes
  // nothing of the order in which rows add to a column.
  std::stable_sort(runs.begin(), runs.end(), [](const Run& a, const Run& b) {
    return a.columns != b.columns ? a.columns > b.columns : a.rows > b.rows;
  });
  for (Run& run : runs) {
    run.weights = source_.size();
    run.offsets = offsets_.size();
    const std::vector<Entry>& entries = rows[run.row];
    for (const Entry& entry : entries) offsets_.push_back(entry.column * lanes);
    for (int row = 0; row < run.rows; row += most) {
      for (size_t k = 0; k < entries.size(); k++) {
        for (int r = row; r < std::min(row + most, run.rows); r++) source_.push_back(rows[run.row + r][k].parameter);
      }
    }
  }
  weights_ = Floats((source_.size() + kStrip - 1) / kStrip * kStrip);

  const auto add = [&](std::vector<Band>& bands, int firstColumn, int endColumn, bool rowsWithout) {
    for (const Run& run : runs) {
      const auto begin = offsets_.begin() + run.offsets, end = begin + run.columns;
      const auto from = std::lower_bound(begin, end, firstColumn * lanes);
      const int count = static_cast<int>(std::lower_bound(from, end, endColumn * lanes) - from);
      if (count == 0 && !rowsWithout) continue;
      const int skipped = static_cast<int>(from - begin);
      for (int row = 0; row < run.rows; row += most) {
        const int height = std::min(most, run.rows - row);
        bands.push_back({run.row + row, height, count, !startedRows[run.row],
                         static_cast<int>(run.weights) + row * run.columns + skipped * height,
                         offsets_.data() + run.offsets + skipped});
      }
    }
  };
  add(bands_, 0, columns, true);
  const int count = (columns + kRangeColumns - 1) / kRangeColumns;
  for (int c = 0; c < count; c++) {
    const int from = columns * c / count, to = columns * (c + 1) / count, first = static_cast<int>(cut_.size());
    add(cut_, from, to, false);
    ranges_.push_back({from, to - from, first, static_cast<int>(cut_.size()) - first});
  }
  for (int j = 0; j < columns; j++) {
    if (startedColumns[j]) continue;
    if (j == 0 || startedColumns[j - 1]) clears_.push_back({j, 0});
    clears_.back().columns++;
  }
  steps_ = stepsOf(columns, lanes);
}

void Bands::refresh(const float* parameters) {
  float* weights = weights_.data();
  for (size_t k = 0; k < source_.size(); k++) weights[k] = parameters[source_[k]];
}

void Bands::product(const float* in, float* out, Start start, const float* bias) const {
  kernels_->product(bands_.data(), static_cast<int>(bands_.size()), weights_.data(), lanes_, in, out, start, bias);
}

void Bands::transposedProduct(const float* in, float* out, Start start) const {
  for (const auto& [column, columns] : clears_) {
    if (start == Start::kKeep) break;
    std::memset(out + int64_t{column} * lanes_, 0, sizeof(float) * columns * lanes_);
  }
  kernels_->transposedProduct(bands_.data(), static_cast<int>(bands_.size()), weights_.data(), lanes_, in, out);
}

size_t Bands::scratchCount(int columns, int lanes) {
  return static_cast<size_t>(widest(columns)) * lanes * stepsOf(columns, lanes);
}

void Bands::addGradient(const float* left, int leftStep, const float* right, int rightStep, int steps, float* sums,
                        float* scratch) const {
  const int count = (steps + steps_ - 1) / steps_;
  for (int c = 0; c < count; c++) {
    const int from = steps * c / count, here = steps * (c + 1) / count - from;
    for (const auto& [firstColumn, columns, firstBand, bands] : ranges_) {
      kernels_->gradient(cut_.data() + firstBand, bands, left + int64_t{from} * leftStep, leftStep,
                         right + int64_t{from} * rightStep, rightStep, firstColumn, columns, here, lanes_, sums, scratch);
    }
  }
}

void Bands::collect(const float* sums, float* gradient) const {
  for (size_t k = 0; k < source_.size(); k++) gradient[source_[k]] += sums[k];
}

size_t Bands::bytes() const {
  return bytesOf(bands_) + bytesOf(cut_) + bytesOf(ranges_) + bytesOf(clears_) + bytesOf(offsets_) + weights_.bytes() +
         bytesOf(source_);
}

}  // namespace filigree
