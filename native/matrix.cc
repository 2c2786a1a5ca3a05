#include "matrix.h"

#include <algorithm>
#include <numeric>

namespace filigree {
namespace {
constexpr int kProductColumns = 256;
constexpr int kGradientBlock = 100;

template <class T>
size_t bytesOf(const std::vector<T>& vector) {
  return vector.capacity() * sizeof(T);
}

}  // namespace

Matrix::Matrix(const Block& block, int lanes, const Kernels& kernels)
    : block_(block), lanes_(lanes), kernels_(kernels) {
  if (block.sparse) {
    packSparse(forward_, block.rows, block.columns, false);
    packSparse(backward_, block.columns, block.rows, true);
    packGradient();
    return;
  }
  packDense(forward_, block.rows, block.columns, false);
  packDense(backward_, block.columns, block.rows, true);
  for (size_t k = 0; k < block.mask.size(); k++) {
    if (block.mask[k]) continue;
    absent_.push_back(block.position(static_cast<int>(k) / block.columns, static_cast<int>(k) % block.columns));
  }
}

void Matrix::packDense(Form& form, int rows, int columns, bool transposed) {
  form.panels = Floats(static_cast<size_t>(rows) * columns);
  form.source.reserve(form.panels.size());
  // The same nearly equal heights as the product kernel's.
  const int count = (rows + kernels_.maxRows - 1) / kernels_.maxRows;
  for (int p = 0, row = 0; p < count; p++) {
    const int height = rows / count + (p < rows % count);
    for (int j = 0; j < columns; j++) {
      for (int i = row; i < row + height; i++) {
        form.source.push_back(transposed ? block_.position(j, i) : block_.position(i, j));
      }
    }
    row += height;
  }
}

// Both directions and the gradient take the columns in blocks whose input stays in the first-level cache: a step's in a
// product, kOuterSteps of them in the gradient.
template <class F>
void eachBlock(int columns, int most, F f) {
  const int count = (columns + most - 1) / most;
  for (int64_t c = 0; c < count; c++) f(static_cast<int>(columns * c / count), static_cast<int>(columns * (c + 1) / count));
}

void Matrix::packSparse(Form& form, int rows, int columns, bool transposed) {
  std::vector<size_t> starts;
  eachBlock(columns, kProductColumns, [&](int from, int to) {
    std::vector<std::vector<int>> nonzeros(rows);
    for (int i = 0; i < rows; i++) {
      for (int j = from; j < to; j++) {
        if (transposed ? exists(j, i) : exists(i, j)) nonzeros[i].push_back(j);
      }
    }
    std::vector<int> order(rows);
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return nonzeros[a].size() > nonzeros[b].size(); });
    for (int first = 0; first < rows; first += kernels_.groupRows) {
      RowGroup group{};
      group.starts = from == 0;
      group.rows = std::min(kernels_.groupRows, rows - first);
      group.count = static_cast<int>(nonzeros[order[first]].size());
      if (group.count == 0 && !group.starts) break;
      for (int r = 0; r < group.rows; r++) group.row[r] = order[first + r];
      starts.push_back(form.nonzeros.size());
      for (int k = 0; k < group.count; k++) {
        for (int r = 0; r < group.rows; r++) {
          const int i = group.row[r];
          const bool padding = k >= static_cast<int>(nonzeros[i].size());
          const int j = padding ? 0 : nonzeros[i][k];
          form.nonzeros.push_back({0, j * lanes_});
          form.nonzeroSource.push_back(padding ? -1 : transposed ? block_.position(j, i) : block_.position(i, j));
        }
      }
      form.groups.push_back(group);
    }
  });
  for (size_t g = 0; g < form.groups.size(); g++) form.groups[g].nonzeros = form.nonzeros.data() + starts[g];
}

void Matrix::packGradient() {
  eachBlock(block_.rows, kGradientBlock, [&](int firstRow, int endRow) {
    eachBlock(block_.columns, kGradientBlock, [&](int firstColumn, int endColumn) {
      packRuns(firstRow, endRow, firstColumn, endColumn);
    });
  });
}

void Matrix::packRuns(int firstRow, int endRow, int firstColumn, int endColumn) {
  // Each row's nonzeros in nearly equal parts, by the number in a part.
  std::vector<Run> parts[kMaxRun + 1];
  for (int i = firstRow; i < endRow; i++) {
    std::vector<int> nonzeros;
    for (int j = firstColumn; j < endColumn; j++) {
      if (exists(i, j)) nonzeros.push_back(j);
    }
    eachBlock(static_cast<int>(nonzeros.size()), kMaxRun, [&](int first, int end) {
      Run part{1, 0, {i}, {}, {}};
      for (int k = first; k < end; k++, part.count++) {
        part.offsets[part.count] = nonzeros[k] * lanes_;
        part.targets[part.count] = block_.position(i, nonzeros[k]);
      }
      parts[part.count].push_back(part);
    });
  }
  // As many parts to a run as it holds.
  for (int n = 1; n <= kMaxRun; n++) {
    const size_t rows = kMaxRun / n;
    size_t p = 0;
    for (; p + rows <= parts[n].size(); p += rows) {
      Run run{static_cast<int>(rows), n, {}, {}, {}};
      for (size_t r = 0; r < rows; r++) {
        const Run& part = parts[n][p + r];
        run.row[r] = part.row[0];
        std::copy_n(part.offsets, n, run.offsets + r * n);
        std::copy_n(part.targets, n, run.targets + r * n);
      }
      runs_.push_back(run);
    }
    runs_.insert(runs_.end(), parts[n].begin() + static_cast<int64_t>(p), parts[n].end());
  }
}

void Matrix::refresh(const float* parameters) {
  for (Form* form : {&forward_, &backward_}) {
    float* panels = form->panels.data();
    for (size_t k = 0; k < form->source.size(); k++) panels[k] = parameters[form->source[k]];
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
                         float* gradient, float* scratch) const {
  if (block_.sparse) {
    kernels_.sparseOuter(runs_.data(), static_cast<int>(runs_.size()), left, leftStep, right, rightStep, steps, lanes_,
                         gradient);
    return;
  }
  // Rows that the rotation takes past the end of the matrix are a product of their own.
  const int head = block_.rows - block_.rotation;
  kernels_.outer(left, leftStep, head, right, rightStep, block_.columns, steps, lanes_,
                 gradient + block_.position(0, 0), block_.stride, scratch);
  if (block_.rotation > 0) {
    kernels_.outer(left + static_cast<int64_t>(head) * lanes_, leftStep, block_.rotation, right, rightStep,
                   block_.columns, steps, lanes_, gradient + block_.position(head, 0), block_.stride, scratch);
  }
}

void Matrix::maskGradient(float* gradient) const {
  for (const int at : absent_) gradient[at] = 0;
}

size_t Matrix::bytes() const {
  size_t bytes = bytesOf(block_.mask) + bytesOf(runs_) + bytesOf(absent_);
  for (const Form* form : {&forward_, &backward_}) {
    bytes += form->panels.bytes() + bytesOf(form->source) + bytesOf(form->nonzeros) + bytesOf(form->nonzeroSource) +
             bytesOf(form->groups);
  }
  return bytes;
}

}  // namespace filigree
