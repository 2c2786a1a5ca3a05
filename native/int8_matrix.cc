#include "int8_matrix.h"

#include <algorithm>

namespace filigree {
namespace {

// What a brick takes in each form, beside one of a matrix that is held whole: measured on Zen 4, with VNNI and with AVX2.
constexpr double kBrickCost = 1.1, kColumnsCost = 1.7;
// Columns that 16 bits can tell apart.
constexpr int kMostPlaces = 1 << 16;

int bricksOf(size_t columns) { return static_cast<int>((columns + 3) / 4); }

}  // namespace

Int8Matrix::Int8Matrix(const int8_t* weights, const float* scales, int gates, int units, int columns,
                       const Int8Kernels& kernels)
    : kernels_(kernels), columns_(columns), bands_(gates * padded(units) / 16), form_(formOf(weights, gates, units)) {
  if (form_ == Form::kEmpty) return;
  const int height = padded(units);
  scales_ = Floats(uint64_t{16} * bands_);
  start_ = Floats(uint64_t{16} * bands_);
  auto* start = reinterpret_cast<int32_t*>(start_.data());
  for (int g = 0, row = 0; g < gates; g++) {
    for (int u = 0; u < units; u++, row++) {
      const int8_t* own = weights + static_cast<int64_t>(row) * columns_;
      uint32_t sum = 0;  // It may wrap, and with it the product's sum, to the right number.
      for (int j = 0; j < columns_; j++) sum += static_cast<uint32_t>(own[j]);
      start[g * height + u] = static_cast<int32_t>(0 - sum * static_cast<uint32_t>(kernels_.zero));
      scales_.data()[g * height + u] = scales[row];
    }
  }
  form_ == Form::kDense ? packDense(weights, gates, units) : pack(weights, gates, units);
}

// Calls f(band, rows, count) for every band, with its first weights and how many rows of it there are.
template <class F>
void Int8Matrix::eachBand(const int8_t* weights, int gates, int units, F f) const {
  for (int g = 0, band = 0; g < gates; g++) {
    for (int u = 0; u < units; u += 16, band++) {
      f(band, weights + (static_cast<int64_t>(g) * units + u) * columns_, std::min(16, units - u));
    }
  }
}

namespace {

// The columns in which some of a band's rows have weights.
std::vector<int> columnsOf(const int8_t* rows, int count, int columns) {
  std::vector<int> used;
  for (int j = 0; j < columns; j++) {
    bool here = false;
    for (int i = 0; i < count; i++) here |= rows[static_cast<int64_t>(i) * columns + j] != 0;
    if (here) used.push_back(j);
  }
  return used;
}

// The same by fours.
std::vector<int> foursOf(const std::vector<int>& columns) {
  std::vector<int> fours;
  for (const int column : columns) {
    if (fours.empty() || fours.back() != column / 4) fours.push_back(column / 4);
  }
  return fours;
}

}  // namespace

Int8Matrix::Form Int8Matrix::formOf(const int8_t* weights, int gates, int units) const {
  double bricks = 0, gathered = 0;
  eachBand(weights, gates, units, [&](int, const int8_t* rows, int count) {
    const std::vector<int> columns = columnsOf(rows, count, columns_);
    bricks += static_cast<double>(foursOf(columns).size());
    gathered += bricksOf(columns.size());
  });
  if (bricks == 0) return Form::kEmpty;
  const double whole = static_cast<double>(bands_) * bricksOf(static_cast<size_t>(columns_));
  if (columns_ > kMostPlaces || whole <= std::min(bricks * kBrickCost, gathered * kColumnsCost)) return Form::kDense;
  return bricks * kBrickCost <= gathered * kColumnsCost ? Form::kBricks : Form::kColumns;
}

void Int8Matrix::packDense(const int8_t* weights, int gates, int units) {
  const int bricks = bricksOf(static_cast<size_t>(columns_));
  weights_ = Floats(uint64_t{16} * bands_ * bricks);
  auto* to = reinterpret_cast<int8_t*>(weights_.data());
  // The same nearly equal heights as the kernel's.
  const int panels = (bands_ + kernels_.maxBands - 1) / kernels_.maxBands;
  const int low = bands_ / panels, higher = bands_ % panels;
  eachBand(weights, gates, units, [&](int band, const int8_t* rows, int count) {
    const bool high = band < higher * (low + 1);
    const int height = high ? low + 1 : low;
    const int within = (high ? band : band - higher) % height;
    int8_t* panel = to + static_cast<int64_t>(band - within) * bricks * 64;
    for (int i = 0; i < count; i++) {
      for (int j = 0; j < columns_; j++) {
        panel[(static_cast<int64_t>(j / 4) * height + within) * 64 + 4 * i + j % 4] = rows[static_cast<int64_t>(i) * columns_ + j];
      }
    }
  });
}

void Int8Matrix::pack(const int8_t* weights, int gates, int units) {
  std::vector<int8_t> bricks;
  eachBand(weights, gates, units, [&](int band, const int8_t* rows, int count) {
    const std::vector<int> columns = columnsOf(rows, count, columns_);
    std::vector<int> own;  // Four a brick; -1 where there is none.
    if (form_ == Form::kBricks) {
      for (const int four : foursOf(columns)) {
        places_.push_back(static_cast<uint16_t>(four));
        for (int c = 4 * four; c < 4 * four + 4; c++) own.push_back(c < columns_ ? c : -1);
      }
    } else {
      own = columns;
      own.resize(static_cast<size_t>(bricksOf(columns.size())) * 4, -1);
      for (const int column : own) places_.push_back(static_cast<uint16_t>(std::max(column, 0)));
    }
    const size_t at = bricks.size();
    bricks.resize(at + own.size() * 16);
    for (size_t k = 0; k < own.size(); k++) {
      for (int i = 0; own[k] >= 0 && i < count; i++) {
        bricks[at + k / 4 * 64 + static_cast<size_t>(i) * 4 + k % 4] = rows[static_cast<int64_t>(i) * columns_ + own[k]];
      }
    }
    list_.push_back({band * 16, static_cast<int>(own.size() / 4), nullptr, nullptr});
  });
  weights_ = Floats(bricks.size() / sizeof(float));
  auto* to = reinterpret_cast<int8_t*>(weights_.data());
  std::copy(bricks.begin(), bricks.end(), to);
  const int perBrick = form_ == Form::kBricks ? 1 : 4;
  size_t before = 0;
  for (Int8Band& band : list_) {
    band.weights = to + before * 64;
    band.places = places_.data() + before * static_cast<size_t>(perBrick);
    before += static_cast<size_t>(band.count);
  }
}

void Int8Matrix::addProduct(const uint8_t* in, float* out) const {
  const auto* start = reinterpret_cast<const int32_t*>(start_.data());
  const auto* weights = reinterpret_cast<const int8_t*>(weights_.data());
  const int count = static_cast<int>(list_.size());
  switch (form_) {
    case Form::kEmpty:
      return;
    case Form::kDense:
      return kernels_.dense(weights, bands_, bricksOf(static_cast<size_t>(columns_)), in, start, scales_.data(), out);
    case Form::kBricks:
      return kernels_.bricks(list_.data(), count, in, start, scales_.data(), out);
    case Form::kColumns:
      return kernels_.columns(list_.data(), count, in, start, scales_.data(), out);
  }
}

size_t Int8Matrix::bytes() const {
  return weights_.bytes() + scales_.bytes() + start_.bytes() + places_.size() * sizeof(uint16_t) + list_.size() * sizeof(Int8Band);
}

}  // namespace filigree
