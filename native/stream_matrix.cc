#include "stream_matrix.h"

#include <algorithm>
#include <numeric>

namespace filigree {
namespace {
// Columns that 16 bits can tell apart.
constexpr int kChunk = 1 << 16;
// A column of a band costs so much less than one of a slice, whose sixteen inputs are gathered (measured with AVX2: 5).
constexpr size_t kGather = 4;

// The columns in which some of sixteen rows have weights, ascending.
std::vector<int> columnsOf(const Entries& rows, int first) {
  std::vector<int> columns;
  for (int i = first; i < std::min(first + 16, static_cast<int>(rows.size())); i++) {
    for (const Entry& entry : rows[i]) columns.push_back(entry.column);
  }
  std::sort(columns.begin(), columns.end());
  columns.erase(std::unique(columns.begin(), columns.end()), columns.end());
  return columns;
}
}  // namespace

StreamMatrix::StreamMatrix(const Block& block, const float* parameters, const StreamKernels& kernels)
    : kernels_(kernels), rows_(block.rows), inputs_(block.columns), sparse_(block.sparse) {
  const Entries entries = entriesOf(block);
  if (!sparse_) {
    packDense(entries, parameters);
    return;
  }
  const std::vector<Chunk> chunks = chunksOf(entries);
  suitBands(chunks) ? packBands(chunks, parameters) : packSlices(chunks, parameters);
}

std::vector<StreamMatrix::Chunk> StreamMatrix::chunksOf(const Entries& entries) const {
  std::vector<Chunk> chunks;
  for (int from = 0; from < inputs_; from += kChunk) {
    Chunk& chunk = chunks.emplace_back(Chunk{from, Entries(rows_)});
    for (int i = 0; i < rows_; i++) {
      for (const Entry& entry : entries[i]) {
        if (entry.column >= from && entry.column - from < kChunk) chunk.rows[i].push_back(entry);
      }
    }
  }
  return chunks;
}

bool StreamMatrix::suitBands(const std::vector<Chunk>& chunks) const {
  size_t columns = 0, weights = 0;
  for (const Chunk& chunk : chunks) {
    for (int first = 0; first < rows_; first += 16) columns += columnsOf(chunk.rows, first).size();
    for (const auto& row : chunk.rows) weights += row.size();
  }
  return columns * 16 <= weights * kGather;
}

void StreamMatrix::packBands(const std::vector<Chunk>& chunks, const float* parameters) {
  std::vector<float> weights;
  for (const Chunk& chunk : chunks) {
    const size_t begin = bands_.size();
    std::vector<std::vector<int>> columns;
    for (int first = 0; first < rows_; first += 16) columns.push_back(columnsOf(chunk.rows, first));
    // Bands of about as many columns are summed together.
    std::vector<int> order(columns.size());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return columns[a].size() > columns[b].size(); });
    for (const int band : order) {
      if (columns[band].empty()) break;
      const int count = static_cast<int>(columns[band].size());
      const size_t at = weights.size();
      weights.resize(at + static_cast<size_t>(count) * 16);
      for (int i = band * 16; i < std::min(band * 16 + 16, rows_); i++) {
        int k = 0;
        for (const Entry& entry : chunk.rows[i]) {
          while (columns[band][k] < entry.column) k++;
          weights[at + static_cast<size_t>(k) * 16 + i - band * 16] = parameters[entry.parameter];
        }
      }
      for (const int column : columns[band]) columns_.push_back(static_cast<uint16_t>(column - chunk.first));
      bands_.push_back({band * 16, count, chunk.first, nullptr, nullptr});
    }
    ranges_.push_back({static_cast<int>(begin), static_cast<int>(bands_.size() - begin)});
  }
  weights_ = Floats(weights.size());
  std::copy(weights.begin(), weights.end(), weights_.data());
  size_t at = 0;
  for (StreamBand& band : bands_) {
    band.weights = weights_.data() + at * 16;
    band.columns = columns_.data() + at;
    at += static_cast<size_t>(band.count);
  }
}

void StreamMatrix::packDense(const Entries& entries, const float* parameters) {
  const int sixteens = (rows_ + 15) / 16;
  weights_ = Floats(static_cast<uint64_t>(sixteens) * 16 * inputs_);
  float* panel = weights_.data();
  // The same nearly equal heights as the kernel's.
  const int count = (sixteens + kernels_.maxSixteens - 1) / kernels_.maxSixteens;
  for (int p = 0, first = 0; p < count; p++) {
    const int height = 16 * (sixteens / count + (p < sixteens % count));
    for (int i = first; i < std::min(first + height, rows_); i++) {
      for (const Entry& entry : entries[i]) {
        panel[static_cast<size_t>(entry.column) * height + i - first] = parameters[entry.parameter];
      }
    }
    panel += static_cast<size_t>(height) * inputs_;
    first += height;
  }
}

void StreamMatrix::packSlices(const std::vector<Chunk>& chunks, const float* parameters) {
  std::vector<float> weights;
  for (const auto& [from, nonzeros] : chunks) {
    // Rows with about as many nonzeros go side by side: a slice is as long as its longest row.
    std::vector<int> order(rows_);
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(),
                     [&, &rows = nonzeros](int a, int b) { return rows[a].size() > rows[b].size(); });
    for (int first = 0; first < rows_; first += 16) {
      StreamSlice slice{};
      slice.rows = std::min(16, rows_ - first);
      slice.count = static_cast<int>(nonzeros[order[first]].size());
      slice.firstColumn = from;
      if (slice.count == 0) break;
      std::copy_n(order.begin() + first, slice.rows, slice.row);
      for (int k = 0; k < slice.count; k++) {
        for (int r = 0; r < 16; r++) {
          const bool padding = r >= slice.rows || k >= static_cast<int>(nonzeros[slice.row[r]].size());
          const Entry entry = padding ? Entry{from, 0} : nonzeros[slice.row[r]][k];
          weights.push_back(padding ? 0 : parameters[entry.parameter]);
          columns_.push_back(static_cast<uint16_t>(entry.column - from));
        }
      }
      slices_.push_back(slice);
    }
  }
  weights_ = Floats(weights.size());
  std::copy(weights.begin(), weights.end(), weights_.data());
  size_t at = 0;
  for (StreamSlice& slice : slices_) {
    slice.weights = weights_.data() + at;
    slice.columns = columns_.data() + at;
    at += static_cast<size_t>(slice.count) * 16;
  }
}

void StreamMatrix::addProduct(const float* in, float* out) const {
  if (!bands_.empty()) {
    for (const auto& [first, count] : ranges_) kernels_.bands(bands_.data() + first, count, in, out);
    return;
  }
  if (sparse_) return kernels_.sparse(slices_.data(), static_cast<int>(slices_.size()), in, out);
  kernels_.dense(weights_.data(), (rows_ + 15) / 16, inputs_, in, out);
}

void StreamMatrix::addProducts(const float* in, int steps, float* out, int outStep) const {
  if (!sparse_) return kernels_.denseSteps(weights_.data(), (rows_ + 15) / 16, inputs_, in, steps, out, outStep);
  for (int t = 0; t < steps; t++, in += inputs_, out += outStep) addProduct(in, out);
}

}  // namespace filigree
