#include "matrix.h"

#include <algorithm>
#include <numeric>

namespace filigree {
namespace {
// Fewer columns are not worth panels of their own.
constexpr int kLeastColumns = 2;
constexpr int kProductColumns = 256;
constexpr int kGradientColumns = 128;
constexpr int kGradientFloats = 1 << 13;
constexpr int kMostChunk = 24;
// Weights that are read for each step anew; of more than these, one panel after the other is multiplied for all steps.
constexpr size_t kCachedWeights = size_t{1} << 16;

template <class T>
size_t bytesOf(const std::vector<T>& vector) {
  return vector.capacity() * sizeof(T);
}

std::vector<int> range(int first, int count) {
  std::vector<int> numbers(count);
  std::iota(numbers.begin(), numbers.end(), first);
  return numbers;
}

bool existsWholly(const Block& block, const Piece& p) {
  if (block.mask.empty()) return true;
  for (int i = p.row; i < p.row + p.rows; i++) {
    const auto row = block.mask.begin() + static_cast<int64_t>(i) * block.columns + p.column;
    if (std::find(row, row + p.columns, 0) != row + p.columns) return false;
  }
  return true;
}

Entries transposed(const Entries& rows, int columns) {
  Entries result(columns);
  for (int i = 0; i < static_cast<int>(rows.size()); i++) {
    for (const Entry& entry : rows[i]) result[entry.column].push_back({i, entry.parameter});
  }
  return result;
}

}  // namespace

// Rows and columns of which every pair has a place in a panel, and the pieces that are there.
struct Matrix::Whole {
  std::vector<int> rows, columns;
  std::vector<Piece> pieces;
};

// A dense matrix, or the pieces of a compressed one that exist as a whole, those of the same columns together: the
// hidden weights of a random structure's cells. No row and no column is in two of them.
std::vector<Matrix::Whole> Matrix::wholesOf(const Block& block) {
  if (!block.sparse) return {{range(0, block.rows), range(0, block.columns), block.pieces}};
  std::vector<Whole> wholes;
  std::vector<int> ofRow(block.rows, -1), ofColumn(block.columns, -1);
  for (const Piece& p : block.pieces) {
    if (p.columns < kLeastColumns || !existsWholly(block, p)) continue;
    const auto rows = ofRow.begin() + p.row, columns = ofColumn.begin() + p.column;
    const auto taken = [](int whole) { return whole >= 0; };
    if (std::any_of(rows, rows + p.rows, taken)) continue;
    int own = *columns;
    if (own < 0 || wholes[own].columns != range(p.column, p.columns)) {
      if (std::any_of(columns, columns + p.columns, taken)) continue;
      own = static_cast<int>(wholes.size());
      wholes.push_back({{}, range(p.column, p.columns), {}});
    }
    std::fill_n(rows, p.rows, own);
    std::fill_n(columns, p.columns, own);
    wholes[own].pieces.push_back(p);
  }
  for (int i = 0; i < block.rows; i++) {
    if (ofRow[i] >= 0) wholes[ofRow[i]].rows.push_back(i);
  }
  return wholes;
}

Matrix::Matrix(const Block& block, int lanes, const Kernels& kernels)
    : block_(block), lanes_(lanes), kernels_(kernels) {
  Entries rows = entriesOf(block);
  std::vector<Whole> wholes = wholesOf(block);
  if (block.multiplied) packPanels(forward_, rows, wholes);
  if (block.transposed) {
    std::vector<Whole> across = wholes;
    for (Whole& whole : across) std::swap(whole.rows, whole.columns);
    packPanels(backward_, transposed(rows, block.columns), across);
  }
  for (const Whole& whole : wholes) {
    wholePieces_.insert(wholePieces_.end(), whole.pieces.begin(), whole.pieces.end());
  }
  if (block.sparse) {
    for (const Whole& whole : wholes) {
      const auto isThere = [&](const Entry& entry) {
        return std::binary_search(whole.columns.begin(), whole.columns.end(), entry.column);
      };
      for (const int row : whole.rows) std::erase_if(rows[row], isThere);
    }
    if (Bands::suit(rows)) {
      const auto started = [](const Form& form, int count) {
        std::vector<bool> is(count);
        for (const Panel& panel : form.panels) {
          for (int r = 0; r < panel.rows; r++) is[panel.row[r]] = true;
        }
        return is;
      };
      bands_ = Bands(rows, started(forward_, block.rows), started(backward_, block.columns), lanes, *kernels.bands);
      return;
    }
    if (block.multiplied) packGroups(forward_, rows);
    if (block.transposed) packGroups(backward_, transposed(rows, block.columns));
    if (block.differentiated) packGradient(rows);
    indexValues(rows);
    return;
  }
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

Matrix::Origin Matrix::originOf(const std::vector<int>& source, int rows, int columns) {
  const int first = source[0], row = rows > 1 ? source[1] - first : 0, column = columns > 1 ? source[rows] - first : 0;
  for (int j = 0; j < columns; j++) {
    for (int r = 0; r < rows; r++) {
      const int own = source[static_cast<size_t>(j) * rows + r];
      if (own < 0 || own != first + int64_t{r} * row + int64_t{j} * column) return {};
    }
  }
  return {true, first, row, column};
}

void Matrix::packPanels(Form& form, const Entries& entries, const std::vector<Whole>& wholes) const {
  size_t weights = 0, columns = 0;
  for (const Whole& whole : wholes) {
    weights += whole.rows.size() * whole.columns.size();
    columns += whole.columns.size();
  }
  form.weights = Floats(weights);
  form.offsets.reserve(columns);
  std::vector<int> source;  // Of one panel.
  size_t packed = 0;
  for (const Whole& whole : wholes) {
    Panel panel{};
    panel.columns = static_cast<int>(whole.columns.size());
    panel.offsets = form.offsets.data() + form.offsets.size();
    std::vector<int> place(whole.columns.back() + 1, -1);
    for (int j = 0; j < panel.columns; j++) {
      form.offsets.push_back(whole.columns[j] * lanes_);
      place[whole.columns[j]] = j;
    }
    // Panels of nearly equal height, so that none is a small tail.
    const int rows = static_cast<int>(whole.rows.size());
    const int count = (rows + kernels_.maxRows - 1) / kernels_.maxRows;
    for (int p = 0, first = 0; p < count; p++) {
      panel.rows = rows / count + (p < rows % count);
      panel.weights = form.weights.data() + packed;
      source.assign(static_cast<size_t>(panel.rows) * panel.columns, -1);
      for (int r = 0; r < panel.rows; r++) {
        panel.row[r] = whole.rows[first + r];
        for (const auto& [column, parameter] : entries[panel.row[r]]) {
          if (column >= static_cast<int>(place.size()) || place[column] < 0) continue;
          source[static_cast<size_t>(place[column]) * panel.rows + r] = parameter;
        }
      }
      form.panels.push_back(panel);
      form.origins.push_back(originOf(source, panel.rows, panel.columns));
      if (!form.origins.back().regular) form.source.insert(form.source.end(), source.begin(), source.end());
      packed += static_cast<size_t>(panel.rows) * panel.columns;
      first += panel.rows;
    }
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

void Matrix::packGroups(Form& form, const Entries& entries) const {
  std::vector<bool> started(entries.size());
  for (const Panel& panel : form.panels) {
    for (int r = 0; r < panel.rows; r++) started[panel.row[r]] = true;
  }
  // Only columns with a weight count.
  std::vector<int> used;
  for (const std::vector<Entry>& row : entries) {
    for (const Entry& entry : row) used.push_back(entry.column);
  }
  std::sort(used.begin(), used.end());
  used.erase(std::unique(used.begin(), used.end()), used.end());
  std::vector<size_t> firsts;
  eachBlock(std::max<int>(1, static_cast<int>(used.size())), kProductColumns, [&](int first, int end) {
    const int from = used.empty() ? 0 : used[first], to = used.empty() ? 0 : used[end - 1] + 1;
    const Entries nonzeros = within(entries, from, to);
    std::vector<int> order;
    for (size_t row = 0; row < entries.size(); row++) {
      if (!started[row] || !nonzeros[row].empty()) order.push_back(static_cast<int>(row));
    }
    const auto startedFirst = [&](int a, int b) {
      return started[a] != started[b] ? started[a] : nonzeros[a].size() > nonzeros[b].size();
    };
    std::stable_sort(order.begin(), order.end(), startedFirst);
    for (size_t at = 0; at < order.size();) {
      RowGroup group{};
      group.starts = !started[order[at]];
      group.count = static_cast<int>(nonzeros[order[at]].size());
      while (group.rows < kernels_.groupRows && at < order.size() && started[order[at]] != group.starts) {
        group.row[group.rows++] = order[at++];
      }
      firsts.push_back(form.nonzeros.size());
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
    started.assign(entries.size(), true);
  });
  for (size_t g = 0; g < form.groups.size(); g++) form.groups[g].nonzeros = form.nonzeros.data() + firsts[g];
}

// Until here the forms name parameters, and -1 where there is none.
void Matrix::indexValues(const Entries& entries) {
  for (const std::vector<Entry>& row : entries) {
    for (const Entry& entry : row) grouped_.push_back(entry.parameter);
  }
  std::sort(grouped_.begin(), grouped_.end());
  values_ = Floats(grouped_.size() + 1);
  for (Form* form : {&forward_, &backward_}) {
    for (int& source : form->nonzeroSource) {
      const auto at = source < 0 ? grouped_.end() : std::lower_bound(grouped_.begin(), grouped_.end(), source);
      source = static_cast<int>(at - grouped_.begin());
    }
  }
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
  bands_.refresh(parameters);
  for (size_t k = 0; k < grouped_.size(); k++) values_.data()[k] = parameters[grouped_[k]];
  for (Form* form : {&forward_, &backward_}) {
    float* weights = form->weights.data();
    const int* source = form->source.data();
    for (size_t p = 0; p < form->panels.size(); p++) {
      const auto [regular, first, row, column] = form->origins[p];
      const int rows = form->panels[p].rows, columns = form->panels[p].columns;
      for (int j = 0; j < columns; j++) {
        const float* from = parameters + first + int64_t{j} * column;
        if (regular && row == 1) {
          weights = std::copy_n(from, rows, weights);
          continue;
        }
        for (int r = 0; r < rows && regular; r++) *weights++ = from[int64_t{r} * row];
        for (int r = 0; r < rows && !regular; r++, source++) *weights++ = *source < 0 ? 0 : parameters[*source];
      }
    }
    const float* values = values_.data();
    for (size_t k = 0; k < form->nonzeros.size(); k++) form->nonzeros[k].weight = values[form->nonzeroSource[k]];
  }
}

void Matrix::multiply(const Form& form, const Steps& steps, Start start, const float* bias) const {
  const auto [in, inStep, out, outStep, count] = steps;
  const size_t panels = form.panels.size();
  const size_t together = count > 1 && form.weights.size() > kCachedWeights ? 1 : std::max<size_t>(panels, 1);
  for (size_t p = 0; p < panels; p += together) {
    for (int t = 0; t < count; t++) {
      kernels_.product(form.panels.data() + p, static_cast<int>(together), lanes_, in + int64_t{t} * inStep,
                       out + int64_t{t} * outStep, start, bias);
    }
  }
  for (int t = 0; t < count; t++) {
    kernels_.sparseProduct(form.groups.data(), static_cast<int>(form.groups.size()), lanes_, in + int64_t{t} * inStep,
                           out + int64_t{t} * outStep, start, bias);
  }
}

void Matrix::product(const Steps& steps, Start start, const float* bias) const {
  multiply(forward_, steps, start, bias);
  for (int t = 0; t < steps.count && !bands_.empty(); t++) {
    bands_.product(steps.in + int64_t{t} * steps.inStep, steps.out + int64_t{t} * steps.outStep, start, bias);
  }
}

void Matrix::transposedProduct(const Steps& steps, Start start) const {
  multiply(backward_, steps, start, nullptr);
  for (int t = 0; t < steps.count && !bands_.empty(); t++) {
    bands_.transposedProduct(steps.in + int64_t{t} * steps.inStep, steps.out + int64_t{t} * steps.outStep, start);
  }
}

size_t Matrix::scratchCount() const {
  return std::max(size_t{kOuterSteps} * lanes_ * block_.columns, Bands::scratchCount(block_.columns, lanes_));
}

void Matrix::addGradient(const float* left, int leftStep, const float* right, int rightStep, int steps,
                         float* gradient, float* sums, float* scratch) const {
  for (const Piece& p : wholePieces_) {
    kernels_.outer(left + static_cast<int64_t>(p.row) * lanes_, leftStep, p.rows,
                   right + static_cast<int64_t>(p.column) * lanes_, rightStep, p.columns, steps, lanes_,
                   gradient + p.parameter, p.stride, scratch);
  }
  if (!bands_.empty()) bands_.addGradient(left, leftStep, right, rightStep, steps, sums, scratch);
  if (strips_.empty()) return;
  kernels_.sparseOuter(strips_.data(), static_cast<int>(strips_.size()), left, leftStep, right, rightStep, steps,
                       chunk_, lanes_, sums);
}

void Matrix::collect(float* sums, float* gradient) const {
  if (sumCount() == 0) return;
  bands_.collect(sums, gradient);
  for (size_t k = 0; k < targets_.size(); k++) gradient[targets_[k]] += sums[k];
  // What lies behind the last of them too, which `fold` fills with anything.
  std::fill_n(sums, sumCount(), 0.0f);
}

void Matrix::maskGradient(float* gradient) const {
  for (const int at : absent_) gradient[at] = 0;
}

size_t Matrix::bytes() const {
  size_t bytes = bytesOf(block_.mask) + bytesOf(wholePieces_) + bytesOf(grouped_) + values_.bytes() +
                 bytesOf(strips_) + bytesOf(targets_) + bytesOf(absent_) + bands_.bytes();
  for (const Form* form : {&forward_, &backward_}) {
    bytes += bytesOf(form->panels) + bytesOf(form->origins) + form->weights.bytes() + bytesOf(form->source) + bytesOf(form->offsets) +
             bytesOf(form->nonzeros) + bytesOf(form->nonzeroSource) + bytesOf(form->groups);
  }
  return bytes;
}

}  // namespace filigree
