#include "matrix.h"

#include <algorithm>
#include <numeric>

namespace filigree {
namespace {
// Fewer columns are not worth panels of their own.
constexpr int kLeastColumns = 2;
constexpr int kProductColumns = 256;
// A chunk has fewer steps the more columns are in use, up to so many. This is more than a block has because it was so before there
// were blocks: another number of steps would change the order of sums, and with it the last bits of all gradients.
constexpr int kChunkColumns = 128;
// So many rows meet all columns in a gradient before the next ones do, so that they stay in the second-level cache.
constexpr int kSlabRows = 512;
// Of more rows than these those with as many weights in a block come together, because a processor then guesses where loops over
// them end; of no more than these it remembers.
constexpr int kRememberedRows = 256;
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

// Calls f(parameter, row) with the first parameter of every row of a piece.
template <class F>
void eachRow(const Piece& p, F f) {
  for (int i = 0; i < p.rows; i++) f(p.parameter + int64_t{i} * p.stride, p.row + i);
}

bool existsWholly(const Piece& p, const uint8_t* mask) {
  bool wholly = true;
  eachRow(p, [&](int64_t first, int) { wholly = wholly && !std::memchr(mask + first, 0, static_cast<size_t>(p.columns)); });
  return wholly;
}

// Those of a piece and what lies between its rows, so that these keep their distance.
void markSpan(const Piece& p, uint8_t* kept) {
  std::memset(kept + p.parameter, 1, static_cast<size_t>(int64_t{p.rows - 1} * p.stride + p.columns));
}

}  // namespace

// Rows and columns of which every pair has a place in a panel, and the pieces that are there, by their numbers.
struct Matrix::Whole {
  std::vector<int> rows, columns, pieces;
};

// A dense matrix, or the pieces of a compressed one that exist as a whole, those of the same columns together: the
// hidden weights of a random structure's cells. No row and no column is in two of them.
std::vector<Matrix::Whole> Matrix::wholesOf(const Block& block, const uint8_t* mask) {
  const int pieces = static_cast<int>(block.pieces.size());
  if (!block.sparse) return {{range(0, block.rows), range(0, block.columns), range(0, pieces)}};
  std::vector<Whole> wholes;
  std::vector<int> ofRow(block.rows, -1), ofColumn(block.columns, -1);
  for (int k = 0; k < pieces; k++) {
    const Piece& p = block.pieces[k];
    if (p.columns < kLeastColumns || !existsWholly(p, mask)) continue;
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
    wholes[own].pieces.push_back(k);
  }
  for (int i = 0; i < block.rows; i++) {
    if (ofRow[i] >= 0) wholes[ofRow[i]].rows.push_back(i);
  }
  return wholes;
}

Matrix::Matrix(const Block& block, const uint8_t* mask, int lanes, const Kernels& kernels)
    : compressed_(block.sparse),
      differentiated_(block.differentiated),
      lanes_(lanes),
      columns_(block.columns),
      kernels_(&kernels),
      pieces_(block.pieces) {
  const std::vector<Whole> wholes = wholesOf(block, mask);
  for (const Whole& whole : wholes) {
    for (const int k : whole.pieces) wholePieces_.push_back(block.pieces[k]);
  }
  if (block.multiplied) packPanels(forward_, wholes, false);
  if (block.transposed) packPanels(backward_, wholes, true);
  if (!compressed_) return;
  const Lists rows = groupedRows(block, mask, wholes);
  if (Bands::suit(rows)) {
    bands_ = Bands(rows, startedBy(forward_, block.rows), startedBy(backward_, block.columns), lanes, *kernels.bands);
    return;
  }
  values_ = Floats(grouped_.size() + 1);
  if (block.multiplied) packGroups(forward_, rows, block.columns);
  if (block.transposed) packGroups(backward_, rows.across(block.columns), block.rows);
  if (block.differentiated) packGradient(rows, block.columns);
}

// Rows that panels begin.
std::vector<uint8_t> Matrix::startedBy(const Form& form, int rows) {
  std::vector<uint8_t> started(rows);
  for (const Panel& panel : form.panels) {
    for (int r = 0; r < panel.rows; r++) started[panel.row[r]] = 1;
  }
  return started;
}

void Matrix::unmark(uint8_t* kept) const {
  for (const Piece& p : pieces_) {
    if (compressed_) eachRow(p, [&](int64_t first, int) { std::memset(kept + first, 0, static_cast<size_t>(p.columns)); });
  }
}

void Matrix::mark(const uint8_t* mask, uint8_t* kept) const {
  for (const Piece& p : wholePieces_) markSpan(p, kept);
  for (const Piece& p : pieces_) {
    if (!compressed_) continue;
    eachRow(p, [&](int64_t first, int) {
      const uint8_t* from = mask + first;
      uint8_t* to = kept + first;
      for (int j = 0; j < p.columns; j++) to[j] |= from[j];
    });
  }
}

// The rows of a panel are rows of the matrix, or its columns when it is packed `across`.
void Matrix::packPanels(Form& form, const std::vector<Whole>& wholes, bool across) const {
  const auto rowsOf = [&](const Whole& whole) -> const std::vector<int>& { return across ? whole.columns : whole.rows; };
  const auto columnsOf = [&](const Whole& whole) -> const std::vector<int>& { return across ? whole.rows : whole.columns; };
  uint64_t weights = 0;
  size_t columns = 0;
  for (const Whole& whole : wholes) {
    weights += uint64_t{whole.rows.size()} * whole.columns.size();
    columns += columnsOf(whole).size();
  }
  form.weights = Floats(weights);
  form.offsets.reserve(columns);
  std::vector<int> source;  // Of one panel.
  size_t packed = 0;
  for (const Whole& whole : wholes) {
    Panel panel{};
    panel.columns = static_cast<int>(columnsOf(whole).size());
    panel.offsets = form.offsets.data() + form.offsets.size();
    for (const int column : columnsOf(whole)) form.offsets.push_back(column * lanes_);
    // Panels of nearly equal height, so that none is a small tail.
    const int rows = static_cast<int>(rowsOf(whole).size());
    const int count = (rows + kernels_->maxRows - 1) / kernels_->maxRows;
    for (int p = 0, first = 0; p < count; p++) {
      panel.rows = rows / count + (p < rows % count);
      panel.weights = form.weights.data() + packed;
      std::copy_n(rowsOf(whole).begin() + first, panel.rows, panel.row);
      form.panels.push_back(panel);
      form.origins.push_back(originOf(panel, whole, across, source));
      if (!form.origins.back().regular) form.source.insert(form.source.end(), source.begin(), source.end());
      packed += static_cast<size_t>(panel.rows) * panel.columns;
      first += panel.rows;
    }
  }
}

// Fills `source` with the parameters of a panel, in packed order, unless it is seen to be regular before.
Matrix::Origin Matrix::originOf(const Panel& panel, const Whole& whole, bool across, std::vector<int>& source) const {
  const int rows = panel.rows, columns = panel.columns;
  const auto holds = [](int first, int count, const int* numbers, int others) {
    return numbers[0] >= first && numbers[others - 1] < first + count && numbers[others - 1] - numbers[0] == others - 1;
  };
  const std::vector<int>& wide = across ? whole.rows : whole.columns;
  for (const int k : whole.pieces) {
    const Piece& p = pieces_[k];
    const bool inRows = holds(across ? p.column : p.row, across ? p.columns : p.rows, panel.row, rows);
    if (!inRows || !holds(across ? p.row : p.column, across ? p.rows : p.columns, wide.data(), columns)) continue;
    const int row = across ? wide[0] : panel.row[0], column = across ? panel.row[0] : wide[0];
    const int64_t first = p.parameter + int64_t{row - p.row} * p.stride + column - p.column;
    return {true, static_cast<int>(first), across ? 1 : p.stride, across ? p.stride : 1, false, 0};
  }
  source.assign(static_cast<size_t>(rows) * columns, -1);
  std::vector<int> place(wide.back() + 1, -1);
  for (int j = 0; j < columns; j++) place[wide[j]] = j;
  for (int r = 0; r < rows; r++) {
    for (const int k : whole.pieces) {
      const Piece& p = pieces_[k];
      // The piece's rows (or columns) that meet the panel's row, and those that its columns are.
      const int at = panel.row[r] - (across ? p.column : p.row), first = across ? p.row : p.column;
      if (at < 0 || at >= (across ? p.columns : p.rows)) continue;
      const int64_t start = p.parameter + int64_t{at} * (across ? 1 : p.stride);
      for (int j = 0; j < (across ? p.rows : p.columns); j++) {
        source[static_cast<size_t>(place[first + j]) * rows + r] = static_cast<int>(start + int64_t{j} * (across ? p.stride : 1));
      }
    }
  }
  const int first = source[0], row = rows > 1 ? source[1] - first : 0, column = columns > 1 ? source[rows] - first : 0;
  for (int j = 0; j < columns; j++) {
    for (int r = 0; r < rows; r++) {
      const int own = source[static_cast<size_t>(j) * rows + r];
      if (own < 0 || own != first + int64_t{r} * row + int64_t{j} * column) return {};
    }
  }
  return {row >= 0 && column >= 0, first, row, column, false, 0};
}

// Both directions and the gradient take the columns in blocks whose input stays in the first-level cache: a step's in a
// product, some of them in the gradient.
template <class F>
void eachBlock(int columns, int most, F f) {
  const int count = (columns + most - 1) / most;
  for (int64_t c = 0; c < count; c++) f(static_cast<int>(columns * c / count), static_cast<int>(columns * (c + 1) / count));
}

// The weights of all pieces that are in no panel. From left to right, so that those of a row come in the order of their
// columns.
Lists Matrix::groupedRows(const Block& block, const uint8_t* mask, const std::vector<Whole>& wholes) {
  std::vector<uint8_t> inPanels(block.pieces.size());
  for (const Whole& whole : wholes) {
    for (const int k : whole.pieces) inPanels[k] = 1;
  }
  std::vector<Piece> pieces;
  for (size_t k = 0; k < inPanels.size(); k++) {
    if (!inPanels[k]) pieces.push_back(block.pieces[k]);
  }
  std::stable_sort(pieces.begin(), pieces.end(), [](const Piece& a, const Piece& b) { return a.column < b.column; });
  Lists rows{std::vector<int>(static_cast<size_t>(block.rows) + 1), {}};
  for (const Piece& p : pieces) {
    eachRow(p, [&](int64_t first, int row) { rows.first[row + 1] += countSet(mask + first, p.columns); });
  }
  std::partial_sum(rows.first.begin(), rows.first.end(), rows.first.begin());
  rows.all.resize(rows.first.back());
  grouped_.reserve(rows.all.size());
  std::vector<int> next = rows.first;
  for (const Piece& p : pieces) {
    eachRow(p, [&](int64_t first, int row) {
      eachSet(mask + first, p.columns, [&](int j) {
        rows.all[next[row]++] = {p.column + j, static_cast<int>(grouped_.size())};
        grouped_.push_back(static_cast<int>(first) + j);
      });
    });
  }
  return rows;
}

// First columns of a product's blocks, and how many columns there are: only those with a weight count, and offsets have 16 bits.
std::vector<int> Matrix::productBlocks(const Lists& rows, int columns) const {
  std::vector<uint8_t> isUsed(columns);
  for (const Lists::Weight& weight : rows.all) isUsed[weight.column] = 1;
  std::vector<int> used, firsts;
  eachSet(isUsed.data(), columns, [&](int column) { used.push_back(column); });
  const int reach = kMostOffset / (lanes_ * static_cast<int>(sizeof(float)));
  eachBlock(static_cast<int>(used.size()), kProductColumns, [&](int first, int last) {
    for (int k = first; k < last; k++) {
      if (k == first || used[k] - firsts.back() > reach) firsts.push_back(used[k]);
    }
  });
  if (firsts.empty()) firsts.push_back(0);
  firsts.push_back(columns);
  return firsts;
}

void Matrix::packGroups(Form& form, const Lists& rows, int columns) const {
  const int count = rows.rows();
  std::vector<uint8_t> started = startedBy(form, count);
  const size_t room = rows.all.size() + rows.all.size() / 8;
  form.nonzeroSource.reserve(room);
  form.nonzeros.reserve(room / kernels_->groupRows * nonzeroFloats(kernels_->groupRows));
  const std::vector<int> firsts = productBlocks(rows, columns);
  std::vector<RowPart> parts;
  for (size_t b = 0; b + 1 < firsts.size(); b++) {
    parts.clear();
    for (int i = 0; i < count; i++) {
      const RowPart part{i, rows.from(i, firsts[b]), rows.from(i, firsts[b + 1])};
      if (!started[i] || part.length() > 0) parts.push_back(part);
    }
    // Rows that have been started come first, of both kinds those with most weights.
    const auto keyOf = [&](const RowPart& part) { return std::pair{!started[part.row], -part.length()}; };
    std::stable_sort(parts.begin(), parts.end(), [&](const RowPart& a, const RowPart& b) { return keyOf(a) < keyOf(b); });
    for (auto part = parts.begin(); part < parts.end();) {
      const uint8_t own = started[part->row];
      auto last = part;
      while (last < parts.end() && last - part < kernels_->groupRows && started[last->row] == own) last++;
      packGroup(form, rows, {part, last}, !own, firsts[b]);
      part = last;
    }
    started.assign(count, 1);
  }
  const float* next = form.nonzeros.data();
  for (RowGroup& group : form.groups) {
    group.nonzeros = next;
    next += group.count * nonzeroFloats(kernels_->groupRows);
  }
}

// The first of the rows has most weights, all of them in a block of columns from `first` on.
void Matrix::packGroup(Form& form, const Lists& rows, std::span<const RowPart> parts, bool starts, int first) const {
  RowGroup group{starts, static_cast<int>(parts.size()), parts[0].length(), first * lanes_, {}, nullptr};
  for (size_t r = 0; r < parts.size(); r++) group.row[r] = parts[r].row;
  form.groups.push_back(group);
  const size_t most = kernels_->groupRows;
  for (int k = 0; k < group.count; k++) {
    uint16_t offsets[kMaxGroupRows] = {};
    for (size_t r = 0; r < most; r++) {
      const bool there = r < parts.size() && k < parts[r].length();
      const Lists::Weight weight = there ? rows.all[parts[r].begin + k] : Lists::Weight{first, static_cast<int>(grouped_.size())};
      offsets[r] = static_cast<uint16_t>((weight.column - first) * lanes_ * sizeof(float));
      form.nonzeroSource.push_back(weight.value);
    }
    form.nonzeros.resize(form.nonzeros.size() + nonzeroFloats(kernels_->groupRows));
    std::memcpy(&form.nonzeros[form.nonzeros.size() - (most + 1) / 2], offsets, most * sizeof offsets[0]);
  }
}

// One slab of rows after the other, and of each one block of columns after the other.
void Matrix::packGradient(const Lists& rows, int columns) {
  std::vector<uint8_t> used(columns);
  for (const Lists::Weight& weight : rows.all) used[weight.column] = 1;
  // As many steps at once as leave the input of a block in the first-level cache.
  const auto inUse = std::clamp<int64_t>(countSet(used.data(), columns), 1, kChunkColumns);
  const auto most = kGradientFloats / (inUse * lanes_) / kDotSteps * kDotSteps;
  chunk_ = static_cast<int>(std::clamp<int64_t>(most, kDotSteps, kMostChunk));
  const int count = rows.rows();
  std::vector<RowPart> parts;
  for (int slab = 0; slab < count; slab += kSlabRows) {
    const int last = std::min(slab + kSlabRows, count);
    eachBlock(columns, kStripColumns, [&](int from, int to) {
      parts.clear();
      for (int i = slab; i < last; i++) parts.push_back({i, rows.from(i, from), rows.from(i, to)});
      const auto longer = [](const RowPart& a, const RowPart& b) { return a.length() > b.length(); };
      if (count > kRememberedRows) std::stable_sort(parts.begin(), parts.end(), longer);
      packStrips(rows, parts, from, to);
    });
  }
}

// Strips of the weights that some rows have in the columns `from` to `to`.
void Matrix::packStrips(const Lists& rows, const std::vector<RowPart>& parts, int from, int to) {
  const bool copied = chunk_ == kDotSteps && kernels_->gradients->copies;
  const int together = copied ? kDotsTogether : 1, distance = copied ? kDotSteps * lanes_ : lanes_;
  const size_t before = strips_.size();
  for (const auto [row, begin, end] : parts) {
    for (int k = begin; k < end;) {
      if (strips_.size() == before || strips_.back().count == kStrip) {
        strips_.push_back({from * lanes_, to - from, 0, 0, {}, {}});
        targets_.resize(strips_.size() * kStrip, -1);
      }
      Strip& strip = strips_.back();
      const int own = std::min(end - k, kStrip - strip.count);
      strip.rows[strip.rowCount++] = {row, own};
      for (int n = 0; n < own; n++, k++) {
        targets_[(strips_.size() - 1) * kStrip + strip.count + n] = rows.all[k].value;
        strip.offsets[strip.count + n] = (rows.all[k].column - from) * distance;
      }
      strip.count += (own + together - 1) / together * together;
    }
  }
}

// A regular panel is straight where everything between its first and its last weight has a place.
void Matrix::locatePanels(Form& form, const Places& places) {
  form.sourcePlaces.clear();
  const int* source = form.source.data();
  for (size_t p = 0; p < form.panels.size(); p++) {
    Origin& origin = form.origins[p];
    const auto [rows, columns] = std::pair{form.panels[p].rows, form.panels[p].columns};
    const int span = (rows - 1) * origin.row + (columns - 1) * origin.column;
    origin.place = places.of(origin.first);
    origin.straight = origin.regular && places.of(origin.first + span) == origin.place + span;
    for (int k = 0; k < rows * columns && !origin.straight; k++) {
      const int own = origin.regular ? origin.first + k % rows * origin.row + k / rows * origin.column : *source++;
      form.sourcePlaces.push_back(own < 0 ? -1 : places.of(own));
    }
  }
}

void Matrix::locate(const Places& places) {
  for (Form* form : {&forward_, &backward_}) locatePanels(*form, places);
  placedPieces_ = wholePieces_;
  for (Piece& p : placedPieces_) p.parameter = places.of(p.parameter);
  std::vector<int> placeOf(grouped_.size());
  for (size_t k = 0; k < placeOf.size(); k++) placeOf[k] = places.of(grouped_[k]);
  const auto extend = [](std::vector<Run>& runs, size_t from, int place) {
    const auto next = [](const Run& run) { return std::pair{run.from + run.count, run.place + run.count}; };
    if (runs.empty() || next(runs.back()) != std::pair{from, place}) runs.push_back({from, place, 0});
    runs.back().count++;
  };
  bands_.locate(placeOf);
  valueRuns_.clear();
  for (size_t k = 0; k < placeOf.size() && bands_.empty(); k++) extend(valueRuns_, k, placeOf[k]);
  targetRuns_.clear();
  for (size_t k = 0; k < targets_.size(); k++) {
    if (targets_[k] >= 0) extend(targetRuns_, k, placeOf[targets_[k]]);
  }
}

void Matrix::refresh(const float* parameters) {
  bands_.refresh(parameters);
  for (const Run& run : valueRuns_) std::copy_n(parameters + run.place, run.count, values_.data() + run.from);
  for (Form* form : {&forward_, &backward_}) {
    float* weights = form->weights.data();
    const int* source = form->sourcePlaces.data();
    for (size_t p = 0; p < form->panels.size(); p++) {
      const Origin& origin = form->origins[p];
      const int rows = form->panels[p].rows, columns = form->panels[p].columns;
      for (int j = 0; j < columns; j++) {
        const float* from = parameters + origin.place + int64_t{j} * origin.column;
        if (origin.straight && origin.row == 1) {
          weights = std::copy_n(from, rows, weights);
          continue;
        }
        for (int r = 0; r < rows && origin.straight; r++) *weights++ = from[int64_t{r} * origin.row];
        for (int r = 0; r < rows && !origin.straight; r++, source++) *weights++ = *source < 0 ? 0 : parameters[*source];
      }
    }
    const int rows = kernels_->groupRows;
    float* nonzero = form->nonzeros.data();
    for (size_t k = 0; k < form->nonzeroSource.size(); k += rows, nonzero += nonzeroFloats(rows)) {
      for (int r = 0; r < rows; r++) nonzero[r] = values_.data()[form->nonzeroSource[k + r]];
    }
  }
}

void Matrix::multiply(const Form& form, const Steps& steps, Start start, const float* bias) const {
  const auto [in, inStep, out, outStep, count] = steps;
  const size_t panels = form.panels.size();
  const size_t together = count > 1 && form.weights.size() > kCachedWeights ? 1 : std::max<size_t>(panels, 1);
  for (size_t p = 0; p < panels; p += together) {
    for (int t = 0; t < count; t++) {
      kernels_->product(form.panels.data() + p, static_cast<int>(together), lanes_, in + int64_t{t} * inStep,
                        out + int64_t{t} * outStep, start, bias);
    }
  }
  for (int t = 0; t < count; t++) {
    kernels_->sparseProduct(form.groups.data(), static_cast<int>(form.groups.size()), lanes_, in + int64_t{t} * inStep,
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

uint64_t Matrix::scratchCount() const {
  return std::max(uint64_t{kOuterSteps} * lanes_ * columns_, Bands::scratchCount(columns_, lanes_));
}

void Matrix::addOuter(const std::vector<Piece>& pieces, const Factors& factors, float* gradient, float* scratch) const {
  const auto [left, leftStep, right, rightStep, steps] = factors;
  for (const Piece& p : pieces) {
    kernels_->gradients->outer(left + static_cast<int64_t>(p.row) * lanes_, leftStep, p.rows,
                               right + static_cast<int64_t>(p.column) * lanes_, rightStep, p.columns, steps, lanes_,
                               gradient + p.parameter, p.stride, scratch);
  }
}

void Matrix::addGradient(const Factors& factors, float* gradient, float* sums, float* scratch) const {
  addOuter(placedPieces_, factors, gradient, scratch);
  const auto [left, leftStep, right, rightStep, steps] = factors;
  if (!bands_.empty()) bands_.addGradient(left, leftStep, right, rightStep, steps, sums, scratch);
  if (strips_.empty()) return;
  kernels_->gradients->sparseOuter(strips_.data(), static_cast<int>(strips_.size()), left, leftStep, right, rightStep,
                                   steps, chunk_, lanes_, sums);
}

void Matrix::addGradientEverywhere(const Factors& factors, float* gradient, float* scratch) const {
  addOuter(pieces_, factors, gradient, scratch);
}

void Matrix::collect(float* sums, float* gradient) const {
  if (sumCount() == 0) return;
  bands_.collect(sums, gradient);
  for (const Run& run : targetRuns_) {
    const float* from = sums + run.from;
    float* to = gradient + run.place;
    for (int k = 0; k < run.count; k++) to[k] += from[k];
  }
  // The sums of places without a nonzero too.
  std::fill_n(sums, sumCount(), 0.0f);
}

size_t Matrix::bytes() const {
  size_t bytes = bytesOf(pieces_) + bytesOf(wholePieces_) + bytesOf(placedPieces_) + bytesOf(grouped_) + values_.bytes() +
                 bytesOf(valueRuns_) + bytesOf(strips_) + bytesOf(targets_) + bytesOf(targetRuns_) + bands_.bytes();
  for (const Form* form : {&forward_, &backward_}) {
    bytes += bytesOf(form->panels) + bytesOf(form->origins) + form->weights.bytes() + bytesOf(form->source) +
             bytesOf(form->sourcePlaces) + bytesOf(form->offsets) + bytesOf(form->nonzeros) +
             bytesOf(form->nonzeroSource) + bytesOf(form->groups);
  }
  return bytes;
}

}  // namespace filigree
