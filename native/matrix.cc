#include "matrix.h"

#include <algorithm>
#include <numeric>

namespace filigree {
namespace {
constexpr int kSparseChunk = 8;
}

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

void Matrix::packSparse(Form& form, int rows, int columns, bool transposed) {
  const auto exists = [&](int i, int j) {
    return block_.mask[transposed ? static_cast<size_t>(j) * rows + i : static_cast<size_t>(i) * columns + j] != 0;
  };
  std::vector<std::vector<int>> nonzeros(rows);
  for (int i = 0; i < rows; i++) {
    for (int j = 0; j < columns; j++) {
      if (exists(i, j)) nonzeros[i].push_back(j);
    }
  }
  std::vector<int> order(rows);
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return nonzeros[a].size() > nonzeros[b].size(); });
  std::vector<size_t> starts;
  for (int first = 0; first < rows; first += kGroupRows) {
    RowGroup group{};
    group.rows = std::min(kGroupRows, rows - first);
    group.count = static_cast<int>(nonzeros[order[first]].size());
    for (int r = 0; r < group.rows; r++) group.row[r] = order[first + r];
    starts.push_back(form.nonzeros.size());
    for (int k = 0; k < group.count; k++) {
      for (int r = 0; r < group.rows; r++) {
        const int i = group.row[r];
        if (k < static_cast<int>(nonzeros[i].size())) {
          const int j = nonzeros[i][k];
          form.nonzeros.push_back({0, j * lanes_});
          form.nonzeroSource.push_back(transposed ? block_.position(j, i) : block_.position(i, j));
        } else {
          form.nonzeros.push_back({0, 0});
          form.nonzeroSource.push_back(-1);
        }
      }
    }
    form.groups.push_back(group);
  }
  for (size_t g = 0; g < form.groups.size(); g++) form.groups[g].nonzeros = form.nonzeros.data() + starts[g];
}

void Matrix::packGradient() {
  for (int i = 0; i < block_.rows; i++) {
    int inRun = kSparseColumns;
    for (int j = 0; j < block_.columns; j++) {
      if (!block_.mask[static_cast<size_t>(i) * block_.columns + j]) continue;
      if (inRun == kSparseColumns) {
        runs_.push_back({i, static_cast<int>(runOffsets_.size()), 0});
        inRun = 0;
      }
      runOffsets_.push_back(j * lanes_);
      runTargets_.push_back(block_.position(i, j));
      runs_.back().count = ++inRun;
    }
  }
}

void Matrix::refresh(const float* parameters) {
  for (Form* form : {&forward_, &backward_}) {
    float* panels = form->panels.data();
    for (size_t k = 0; k < form->source.size(); k++) panels[k] = parameters[form->source[k]];
    for (size_t k = 0; k < form->nonzeros.size(); k++) {
      const int64_t source = form->nonzeroSource[k];
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
    // In chunks of a few steps, so that the rows of one chunk stay in the first-level cache for all runs.
    const int chunks = (steps + kSparseChunk - 1) / kSparseChunk;
    for (int c = 0, t = 0; c < chunks; c++) {
      const int length = steps / chunks + (c < steps % chunks);
      for (const Run& run : runs_) {
        float sums[kSparseColumns];
        kernels_.outerAt(left + int64_t{t} * leftStep + int64_t{run.row} * lanes_, leftStep,
                         right + int64_t{t} * rightStep, rightStep, runOffsets_.data() + run.first, run.count, length,
                         lanes_, sums);
        for (int k = 0; k < run.count; k++) gradient[runTargets_[run.first + k]] += sums[k];
      }
      t += length;
    }
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
  for (const int64_t at : absent_) gradient[at] = 0;
}

}  // namespace filigree
