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

bool sameColumns(const Lists& rows, int a, int b) {
  const auto same = [](const Lists::Weight& x, const Lists::Weight& y) { return x.column == y.column; };
  const auto all = rows.all.begin();
  return std::equal(all + rows.first[a], all + rows.first[a + 1], all + rows.first[b], all + rows.first[b + 1], same);
}

int lengthOf(const Lists& rows, int row) { return rows.first[row + 1] - rows.first[row]; }

// Calls f(first, count) for runs of rows with the same columns, and started alike.
template <class F>
void eachRun(const Lists& rows, const std::vector<uint8_t>& started, F f) {
  const int count = rows.rows();
  for (int first = 0, end; first < count; first = end) {
    for (end = first + 1; end < count; end++) {
      if (!sameColumns(rows, first, end) || started[first] != started[end]) break;
    }
    f(first, end - first);
  }
}

// Calls f(row, height) for the bands that adjacent rows are cut in: powers of two, of which kernels have the first few.
template <class F>
void eachBand(int rows, int most, F f) {
  for (int row = 0, height = most; row < rows; row += height) {
    while (height > rows - row) height /= 2;
    f(row, height);
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

bool Bands::suit(const Lists& rows) {
  size_t weights = 0, columns = 0;
  eachRun(rows, std::vector<uint8_t>(rows.rows()), [&](int first, int count) {
    weights += static_cast<size_t>(lengthOf(rows, first)) * count;
    columns += lengthOf(rows, first);
  });
  return columns > 0 && weights >= kLeastHeight * columns;
}

Bands::Bands(const Lists& rows, const std::vector<uint8_t>& startedRows, const std::vector<uint8_t>& startedColumns,
             int lanes, const BandKernels& kernels)
    : lanes_(lanes), kernels_(&kernels) {
  const int columns = static_cast<int>(startedColumns.size()), most = kernels.maxRows;
  std::vector<Run> runs;
  eachRun(rows, startedRows, [&](int first, int count) {
    runs.push_back({first, count, lengthOf(rows, first), 0, 0});
  });
  // Those of as many columns and rows follow each other. How they are cut in bands differs by instruction set and changes
  // nothing of the order in which rows add to a column.
  std::stable_sort(runs.begin(), runs.end(), [](const Run& a, const Run& b) {
    return a.columns != b.columns ? a.columns > b.columns : a.rows > b.rows;
  });
  for (Run& run : runs) {
    run.weights = source_.size();
    run.offsets = offsets_.size();
    const auto weightOf = [&](int r, int k) -> const Lists::Weight& { return rows.all[rows.first[run.row + r] + k]; };
    for (int k = 0; k < run.columns; k++) offsets_.push_back(weightOf(0, k).column * lanes);
    eachBand(run.rows, most, [&](int row, int height) {
      for (int k = 0; k < run.columns; k++) {
        for (int r = row; r < row + height; r++) source_.push_back(weightOf(r, k).value);
      }
    });
  }
  weights_ = Floats((source_.size() + kStrip - 1) / kStrip * kStrip);

  const auto add = [&](std::vector<Band>& bands, int firstColumn, int endColumn, bool rowsWithout) {
    for (const Run& run : runs) {
      const auto begin = offsets_.begin() + run.offsets, end = begin + run.columns;
      const auto from = std::lower_bound(begin, end, firstColumn * lanes);
      const int count = static_cast<int>(std::lower_bound(from, end, endColumn * lanes) - from);
      if (count == 0 && !rowsWithout) continue;
      const int skipped = static_cast<int>(from - begin);
      eachBand(run.rows, most, [&](int row, int height) {
        bands.push_back({run.row + row, height, count, !startedRows[run.row],
                         static_cast<int>(run.weights) + row * run.columns + skipped * height,
                         offsets_.data() + run.offsets + skipped});
      });
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

void Bands::locate(const std::vector<int>& placeOf) {
  places_.resize(source_.size());
  for (size_t k = 0; k < source_.size(); k++) places_[k] = placeOf[source_[k]];
}

void Bands::refresh(const float* parameters) {
  float* weights = weights_.data();
  for (size_t k = 0; k < places_.size(); k++) weights[k] = parameters[places_[k]];
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

uint64_t Bands::scratchCount(int columns, int lanes) {
  return static_cast<uint64_t>(widest(columns)) * lanes * stepsOf(columns, lanes);
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
  for (size_t k = 0; k < places_.size(); k++) gradient[places_[k]] += sums[k];
}

size_t Bands::bytes() const {
  return bytesOf(bands_) + bytesOf(cut_) + bytesOf(ranges_) + bytesOf(clears_) + bytesOf(offsets_) + weights_.bytes() +
         bytesOf(source_) + bytesOf(places_);
}

}  // namespace filigree
