#include "matrix.h"

#include <algorithm>
#include <numeric>

namespace filigree {
namespace {
constexpr int kProductColumns = 256;
constexpr int kGradientColumns = 128;
constexpr int kGradientFloats = 1 << 13;
constexpr int kMostChunk = 24;

template <class T>
size_t bytesOf(const std::vector<T>& vector) {
  return vector.capacity() * sizeof(T);
}

}  // namespace

Matrix::Matrix(const Block& block, int lanes, const Kernels& kernels)
    : block_(block), lanes_(lanes), kernels_(kernels) {
  const Entries rows = entriesOf(block);
  Entries columns(block.columns);
  for (int i = 0; i < block.rows; i++) {
    for (const Entry& entry : rows[i]) columns[entry.column].push_back({i, entry.parameter});
  }
  if (block.sparse) {
    if (block.multiplied) packSparse(forward_, rows);
    if (block.transposed) packSparse(backward_, columns);
    if (block.differentiated) packGradient(rows);
    return;
  }
  if (block.multiplied) packDense(forward_, rows, block.columns);
  if (block.transposed) packDense(backward_, columns, block.rows);
  if (block.mask.empty()) return;
  for (const Piece& p : block.pieces) {
    for (int i = 0; i < p.rows; i++) {
      for (int j = 0; j < p.columns; j++) {
        if (block.mask[static_cast<size_t>(p.row + i) * block.columns + p.column + j]) continue;
        absent_.push_back(static_cast<int>(p.parameter) + i * p.stride + j);
      }
    }
  }
}

void Matrix::packDense(Form& form, const Entries& entries, int columns) {
  const int rows = static_cast<int>(entries.size());
  form.panels = Floats(static_cast<size_t>(rows) * columns);
  form.source.assign(form.panels.size(), -1);
  // The same nearly equal heights as the product kernel's.
  const int count = (rows + kernels_.maxRows - 1) / kernels_.maxRows;
  for (int p = 0, row = 0; p < count; p++) {
    const int height = rows / count + (p < rows % count);
    for (int i = row; i < row + height; i++) {
      for (const Entry& entry : entries[i]) {
        form.source[static_cast<size_t>(row) * columns + static_cast<size_t>(entry.column) * height + i - row] =
            entry.parameter;
      }
    }
    row += height;
  }
}

// Both directions and the gradient take the columns in blocks whose input stays in the first-level cache: a step's in a
// product, some of them in the gradient.
template <class F>
void eachBlock(int columns, int most, F f) {
  const int count = (columns + most - 1) / most;
  for (int64_t c = 0; c < count; c++) f(static_cast<int>(columns * c / count), static_cast<int>(columns * (c + 1) / count));
}

// Those entries of all rows whose columns lie in a range.
Entries within(const Entries& rows, int from, int to) {
  const auto before = [](const Entry& entry, int column) { return entry.column < column; };
  Entries some;
  for (const std::vector<Entry>& row : rows) {
    const auto first = std::lower_bound(row.begin(), row.end(), from, before);
    some.emplace_back(first, std::lower_bound(first, row.end(), to, before));
  }
  return some;
}


void Matrix::packSparse(Form& form, const Entries& entries) {
  const int rows = static_cast<int>(entries.size());
  // Only columns with a weight count.
  std::vector<int> used;
  for (const std::vector<Entry>& row : entries) {
    for (const Entry& entry : row) used.push_back(entry.column);
  }
  std::sort(used.begin(), used.end());
  used.erase(std::unique(used.begin(), used.end()), used.end());
  std::vector<size_t> starts;
  eachBlock(std::max<int>(1, static_cast<int>(used.size())), kProductColumns, [&](int first, int end) {
    const int from = used.empty() ? 0 : used[first], to = used.empty() ? 0 : used[end - 1] + 1;
    const Entries nonzeros = within(entries, from, to);
    std::vector<int> order(rows);
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return nonzeros[a].size() > nonzeros[b].size(); });
    for (int row = 0; row < rows; row += kernels_.groupRows) {
      RowGroup group{};
      group.starts = first == 0;
      group.rows = std::min(kernels_.groupRows, rows - row);
      group.count = static_cast<int>(nonzeros[order[row]].size());
      if (group.count == 0 && !group.starts) break;
      for (int r = 0; r < group.rows; r++) group.row[r] = order[row + r];
      starts.push_back(form.nonzeros.size());
      for (int k = 0; k < group.count; k++) {
        for (int r = 0; r < group.rows; r++) {
          const std::vector<Entry>& row = nonzeros[group.row[r]];
          const Entry entry = k < static_cast<int>(row.size()) ? row[k] : Entry{0, -1};
          form.nonzeros.push_back({0, entry.column * lanes_});
          form.nonzeroSource.push_back(entry.parameter);
        }
      }
      form.groups.push_back(group);
    }
  });
  for (size_t g = 0; g < form.groups.size(); g++) form.groups[g].nonzeros = form.nonzeros.data() + starts[g];
}

// All strips but the last are full, one block of columns after the other.
void Matrix::packGradient(const Entries& entries) {
  std::vector<bool> used(block_.columns);
  eachBlock(block_.columns, kGradientColumns, [&](int from, int to) {
    const Entries nonzeros = within(entries, from, to);
    for (int i = 0; i < block_.rows; i++) {
      for (const Entry& entry : nonzeros[i]) {
        if (targets_.size() % kStrip == 0) strips_.emplace_back();
        Strip& strip = strips_.back();
        if (strip.rowCount == 0 || strip.rows[strip.rowCount - 1].row != i) strip.rows[strip.rowCount++] = {i, 0};
        strip.rows[strip.rowCount - 1].count++;
        strip.offsets[strip.count++] = entry.column * lanes_;
        targets_.push_back(entry.parameter);
        used[entry.column] = true;
      }
    }
  });
  // As many steps at once as leave the input of a block in the first-level cache.
  const auto columns = std::clamp<int64_t>(std::count(used.begin(), used.end(), true), 1, kGradientColumns);
  chunk_ = static_cast<int>(std::clamp<int64_t>(kGradientFloats / (columns * lanes_) / 4 * 4, 4, kMostChunk));
}

void Matrix::refresh(const float* parameters) {
  for (Form* form : {&forward_, &backward_}) {
    float* panels = form->panels.data();
    for (size_t k = 0; k < form->source.size(); k++) {
      const int source = form->source[k];
      panels[k] = source < 0 ? 0 : parameters[source];
    }
    for (size_t k = 0; k < form->nonzeros.size(); k++) {
      const int source = form->nonzeroSource[k];
      form->nonzeros[k].weight = source < 0 ? 0 : parameters[source];
    }
  }
}

void Matrix::multiply(const Form& form, int rows, int columns, const float* in, float* out, Start start,
                      const float* bias) const {
  if (block_.sparse) {
    kernels_.sparseProduct(form.groups.data(), static_cast<int>(form.groups.size()), lanes_, in, out, start, bias);
  } else {
    kernels_.product(form.panels.data(), rows, columns, lanes_, in, out, start, bias);
  }
}

void Matrix::addGradient(const float* left, int leftStep, const float* right, int rightStep, int steps,
                         float* gradient, float* sums, float* scratch) const {
  if (block_.sparse) {
    kernels_.sparseOuter(strips_.data(), static_cast<int>(strips_.size()), left, leftStep, right, rightStep, steps,
                         chunk_, lanes_, sums);
    return;
  }
  for (const Piece& p : block_.pieces) {
    kernels_.outer(left + static_cast<int64_t>(p.row) * lanes_, leftStep, p.rows,
                   right + static_cast<int64_t>(p.column) * lanes_, rightStep, p.columns, steps, lanes_,
                   gradient + p.parameter, p.stride, scratch);
  }
}

void Matrix::collect(float* sums, float* gradient) const {
  for (size_t k = 0; k < targets_.size(); k++) gradient[targets_[k]] += sums[k];
  // What lies behind the last of them too, which `fold` fills with anything.
  std::fill_n(sums, sumCount(), 0.0f);
}

void Matrix::maskGradient(float* gradient) const {
  for (const int at : absent_) gradient[at] = 0;
}

size_t Matrix::bytes() const {
  size_t bytes = bytesOf(block_.mask) + bytesOf(strips_) + bytesOf(targets_) + bytesOf(absent_);
  for (const Form* form : {&forward_, &backward_}) {
    bytes += form->panels.bytes() + bytesOf(form->source) + bytesOf(form->nonzeros) + bytesOf(form->nonzeroSource) +
             bytesOf(form->groups);
  }
  return bytes;
}

}  // namespace filigree
