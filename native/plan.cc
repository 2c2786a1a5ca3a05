// Decodes and checks plans. Every number that a kernel will use as a size or an index passes through here once.
#include "plan.h"

#include <algorithm>
#include <initializer_list>
#include <string>

namespace filigree {
namespace {

constexpr int64_t kMost = int64_t{1} << 30;  // Floats of any buffer.

class Decoder {
 public:
  Decoder(const int32_t* words, size_t count, const uint8_t* masks, size_t maskBytes)
      : words_(words), count_(count), masks_(masks), maskBytes_(maskBytes) {}

  Plan decode() {
    require(word() == kVersion, "it is of another version");
    plan_.lanes = static_cast<int>(word());
    require(plan_.lanes == 1 || plan_.lanes == 16 || plan_.lanes == 32, "it has neither 1 nor 16 nor 32 lanes");
    plan_.steps = size("steps");
    plan_.segment = size("segment");
    require(plan_.segment <= plan_.steps, "its segments are longer than its steps");
    plan_.outputs = size("outputs");
    plan_.everyStep = flag();
    plan_.predictsNumbers = flag();
    plan_.parameters = size("parameters");
    plan_.embedding = word();
    plan_.inputWidth = size("input width");
    require(plan_.embedding >= -1, "its embedding is out of range");
    const int64_t symbols = word();
    require(plan_.readsValues() ? symbols == 0 : symbols >= 1 && symbols <= kMost, "symbols");
    plan_.prepared = word();
    plan_.gradients = size("gradients");
    plan_.arena = size("arena");
    require(plan_.prepared >= 0 && plan_.prepared <= kMost, "its prepared buffer has an impossible size");
    require(plan_.parameters % 16 == 0 && plan_.gradients % 16 == 0, "a buffer is not whole cache lines");
    require(plan_.gradients >= plan_.parameters, "its gradients are fewer than its parameters");
    gradientsEnd_ = plan_.parameters;
    const int64_t counts[] = {word(), word(), word(), word(), word(), word()};
    for (const int64_t n : counts) {
      require(n >= 0 && n <= static_cast<int64_t>(count_), "it lists an impossible number of parts");
    }
    for (int64_t s = 0; s < symbols; s++) {
      const int64_t row = word();
      inside(plan_.embedding + row * plan_.inputWidth, plan_.inputWidth, plan_.parameters, "a symbol");
      plan_.symbols.push_back(static_cast<int>(row));
    }
    for (int64_t i = 0; i < counts[0]; i++) plan_.blocks.push_back(block());
    using enum OpCode;
    decodeOps(plan_.prepare, counts[1], {kBias, kTable});
    decodeStages(plan_.forward, counts[2], Time::kForward,
                 {kGather, kEmbed, kValues, kFlip, kAffine, kCell, kSum, kDropout, kPack, kUnpack, kSelect});
    decodeStages(plan_.read, counts[3], Time::kForward, {kAffine, kSoftmax, kSquares, kPack});
    decodeStages(plan_.backward, counts[4], Time::kBackward,
                 {kAffine, kSoftmax, kSquares, kPack, kUnpack, kFlip, kClear, kScatter, kCopy, kDropout, kCellBackward, kAffineBackward, kWeightGradient,
                  kBiasGradient, kTableGradient, kEmbedGradient});
    decodeOps(plan_.finish, counts[5], {kTableBackward});
    for (const auto* ops : {&plan_.prepare, &plan_.finish}) {
      for (const Op& op : *ops) noteUse(op);
    }
    require(next_ == count_, "it has words left over");
    require(maskRead_ == maskBytes_, "it has masks left over");
    // No wrong size makes the executor ask for more memory than its buffers fill.
    require(preparedEnd_ + 16 > plan_.prepared && gradientsEnd_ == plan_.gradients && arenaEnd_ >= plan_.arena,
            "a buffer is larger than what it holds");
    return std::move(plan_);
  }

 private:
  static void require(bool holds, const char* otherwise) {
    if (!holds) refuse(std::string("the plan cannot be run: ") + otherwise);
  }

  int64_t word() {
    require(next_ < count_, "it ends too early");
    return words_[next_++];
  }

  int size(const char* what) {
    const int64_t value = word();
    require(value >= 1 && value <= kMost, what);
    return static_cast<int>(value);
  }

  bool flag() {
    const int64_t value = word();
    require(value == 0 || value == 1, "a flag is neither 0 nor 1");
    return value == 1;
  }

  static void inside(int64_t start, int64_t length, int64_t buffer, const char* what) {
    require(start >= 0 && length >= 0 && start <= buffer && length <= buffer - start, what);
  }

  void inPrepared(int64_t start, int64_t length) {
    inside(start, length, plan_.prepared, "a bias or a table is out of range");
    preparedEnd_ = std::max(preparedEnd_, start + length);
  }

  Block block() {
    Block b;
    b.rows = size("the rows of a matrix");
    b.columns = size("the columns of a matrix");
    b.sparse = flag();
    const bool masked = flag();
    const int64_t pieces = word(), elements = int64_t{b.rows} * b.columns;
    require(b.rows <= plan_.parameters && b.columns <= plan_.parameters, "a matrix is too large");
    require(pieces >= 1 && pieces <= static_cast<int64_t>(count_), "a matrix has an impossible number of pieces");
    int64_t covered = 0;
    for (int64_t i = 0; i < pieces; i++) {
      Piece p{static_cast<int>(word()), static_cast<int>(word()), size("the rows of a piece"),
              size("the columns of a piece"), word(), size("the stride of a piece")};
      inside(p.row, p.rows, b.rows, "a piece does not fit its matrix");
      inside(p.column, p.columns, b.columns, "a piece does not fit its matrix");
      require(p.columns <= p.stride, "a piece has an impossible shape");
      inside(p.parameter, int64_t{p.rows - 1} * p.stride + p.columns, plan_.parameters, "a piece is out of range");
      covered += int64_t{p.rows} * p.columns;
      b.pieces.push_back(p);
    }
    // A hostile plan must not make its reader allocate much more than it has parameters for.
    require(covered <= elements && (b.sparse || elements <= int64_t{4096} * covered), "a matrix is larger than its pieces");
    if (masked) {
      inside(static_cast<int64_t>(maskRead_), elements, static_cast<int64_t>(maskBytes_), "a mask is out of range");
      b.mask.assign(masks_ + maskRead_, masks_ + maskRead_ + elements);
      maskRead_ += static_cast<size_t>(elements);
    }
    return b;
  }

  const Block& blockOf(Op& op) {
    const int64_t index = word();
    require(index >= 0 && index < static_cast<int64_t>(plan_.blocks.size()), "there is no such matrix");
    op.block = static_cast<int>(index);
    return plan_.blocks[op.block];
  }

  Rows rows() {
    Rows r;
    r.offset = word();
    r.rows = size("the rows of a buffer");
    r.stride = size("the stride of a buffer");
    r.initial = flag();
    const int64_t held = word();
    // What has room for a chunk is written by whoever runs that chunk. A single step is also what cells hand back.
    require(held >= 0 && held <= plan_.segment, "a buffer holds an impossible number of steps");
    require(held <= 1 || (stage_ && held >= stage_->chunk), "a buffer does not hold a chunk");
    r.held = static_cast<int>(held);
    r.packed = flag();
    require(!r.packed || (stage_ && stage_->time != Time::kOnce && held >= stage_->chunk && plan_.lanes > 1 && !r.initial),
            "a buffer cannot be packed");
    require(r.rows <= r.stride, "a buffer is narrower than its rows");
    require(plan_.lanes == 1 || r.offset % 16 == 0, "a buffer is not aligned");
    const int64_t step = int64_t{r.stride} * plan_.lanes, own = int64_t{r.rows} * plan_.lanes;
    const int64_t steps = held > 0 ? held : plan_.segment;
    inside(0, step, plan_.arena, "a buffer is out of range");
    const int64_t before = r.initial ? step : 0;
    inside(r.offset - before, (steps - 1) * step + own + before, plan_.arena, "a buffer is out of range");
    // Up to the end of the sequence, of which these may be the only rows in use.
    arenaEnd_ = std::max(arenaEnd_, r.offset + steps * step);
    return r;
  }

  // A buffer of all steps.
  Rows whole() {
    const Rows r = rows();
    require(r.held == 0, "a buffer does not hold all steps");
    require(!stage_ || stage_->time != Time::kOnce || plan_.lanes == 1, "a buffer does not fit its stage");
    return r;
  }

  // What a stage's product reads: in a stream, which has one step, a read-out takes outputs as they are.
  Rows inStage() { return plan_.lanes == 1 ? rows() : stepped(); }

  // The buffer of a stage's operation that works step by step.
  Rows stepped() {
    const Rows r = rows();
    require(stage_ && (stage_->time == Time::kOnce ? r.held == 1 : r.held == 0 || r.held >= stage_->chunk),
            "a buffer does not fit its stage");
    return r;
  }

  // The same where steps are not packed.
  Rows unpacked() {
    const Rows r = stepped();
    require(!r.packed, "a buffer is packed");
    return r;
  }

  // What an operation reads and writes is packed, or neither is.
  void packedAlike(Op& op) {
    require(op.from.packed == op.target.packed, "a buffer is packed and another is not");
    op.packed = op.target.packed;
  }

  std::vector<Rows> rowsList(const char* what) {
    const int64_t count = word();
    require(count >= 0 && count <= static_cast<int64_t>(count_), what);
    std::vector<Rows> list;
    for (int64_t i = 0; i < count; i++) list.push_back(rows());
    return list;
  }

  std::vector<Op::Part> biasParts(int rows) {
    const int64_t count = word();
    require(count >= 1 && count <= static_cast<int64_t>(count_), "a bias has an impossible number of parts");
    std::vector<Op::Part> parts;
    for (int64_t i = 0; i < count; i++) {
      Op::Part part{static_cast<int>(word()), size("a part of a bias"), word()};
      inside(part.parameter, part.rows, plan_.parameters, "a part of a bias is out of range");
      inside(part.first, part.rows, rows, "a part of a bias does not fit it");
      parts.push_back(part);
    }
    return parts;
  }

  int kind() {
    const int64_t value = word();
    require(value >= 0 && value < kCellKinds, "there is no such cell");
    return static_cast<int>(value);
  }

  void decodeOps(std::vector<Op>& ops, int64_t count, std::initializer_list<OpCode> allowed) {
    for (int64_t i = 0; i < count; i++) {
      ops.push_back(decodeOp());
      require(std::find(allowed.begin(), allowed.end(), ops.back().code) != allowed.end(),
              "an operation stands where it cannot");
    }
  }

  void decodeStages(std::vector<Stage>& stages, int64_t count, Time time, std::initializer_list<OpCode> allowed) {
    for (int64_t i = 0; i < count; i++) {
      Stage stage;
      const int64_t code = word();
      stage.time = static_cast<Time>(code);
      require(stage.time == time || stage.time == Time::kOnce, "a stage runs at another time");
      stage.chunk = size("the steps of a chunk");
      const int64_t ops = word();
      require(ops >= 1 && ops <= static_cast<int64_t>(count_), "it lists an impossible number of parts");
      stage_ = &stage;
      decodeOps(stage.ops, ops, allowed);
      stage_ = nullptr;
      for (const Op& op : stage.ops) noteUse(op);
      stages.push_back(std::move(stage));
    }
  }

  void noteUse(const Op& op) {
    if (op.block < 0) return;
    Block& b = plan_.blocks[op.block];
    switch (op.code) {
      case OpCode::kTable:
      case OpCode::kAffine:
      case OpCode::kCell: b.multiplied = true; break;
      case OpCode::kCellBackward:
      case OpCode::kAffineBackward: b.transposed = true; break;
      case OpCode::kTableBackward: b.transposed = b.differentiated = true; break;
      case OpCode::kWeightGradient: b.differentiated = true; break;
      default: break;
    }
  }

  Op decodeOp() {
    Op op;
    op.code = static_cast<OpCode>(word());
    switch (op.code) {
      case OpCode::kBias:
        op.rows = size("the rows of a bias");
        op.to = word();
        inPrepared(op.to, op.rows);
        op.parts = biasParts(op.rows);
        return op;
      case OpCode::kTable: {
        const Block& b = blockOf(op);
        op.bias = word();
        op.to = word();
        require(!plan_.readsValues() && b.columns == plan_.inputWidth && op.to % 16 == 0, "a table does not fit the embedding");
        inPrepared(op.bias, b.rows);
        inPrepared(op.to, int64_t{b.rows} * plan_.tableWidth());
        return op;
      }
      case OpCode::kGather:
        op.table = word();
        op.target = unpacked();
        require(!plan_.readsValues(), "there are no symbols");
        require(op.table % 16 == 0, "a table does not fit its buffer");
        inPrepared(op.table, int64_t{op.target.rows} * plan_.tableWidth());
        return op;
      case OpCode::kEmbed:
        op.target = unpacked();
        require(!plan_.readsValues() && op.target.rows == plan_.inputWidth, "an embedding does not fit its buffer");
        return op;
      case OpCode::kValues:
        op.target = unpacked();
        require(plan_.readsValues() && op.target.rows == plan_.inputWidth, "the numbers do not fit their buffer");
        return op;
      case OpCode::kFlip:
        op.from = whole();
        op.target = whole();
        op.accumulate = flag();
        require(op.from.rows == op.target.rows && op.from.offset != op.target.offset, "a flip does not fit");
        // It reads a sequence from its other end, which must be there.
        require(plan_.segment == plan_.steps && plan_.lanes > 1, "a flip needs all steps at once");
        return op;
      case OpCode::kAffine: {
        const Block& b = blockOf(op);
        op.from = inStage();
        op.target = stepped();
        op.bias = word();
        op.accumulate = flag();
        packedAlike(op);
        require(op.from.rows == b.columns && op.target.rows == b.rows, "a matrix does not fit its buffers");
        if (!op.accumulate) inPrepared(op.bias, b.rows);
        return op;
      }
      case OpCode::kCell:
      case OpCode::kCellBackward: {
        op.kind = kind();
        const Block& b = blockOf(op);
        if (op.code == OpCode::kCell) op.bias = word();
        op.gates = whole();
        op.output = whole();
        const std::vector<Rows> state = rowsList("a cell has an impossible number of states");
        const int units = op.output.rows;
        const CellShape& shape = kCellShapes[op.kind];
        require(op.gates.rows == int64_t{shape.gates} * units, "a cell's gates do not fit it");
        require(op.output.initial, "a cell's buffers are of the wrong kind");
        require(state.size() == (shape.hasState ? 1 : 0), "a cell's state does not fit it");
        op.hasState = shape.hasState;
        if (op.hasState) {
          op.state = state[0];
          require(op.state.rows == 2 * units && op.state.initial && op.state.held == 0, "a cell's state does not fit it");
        }
        if (op.code == OpCode::kCell) {
          op.place = plan_.carry;
          plan_.carry += int64_t{op.output.rows + op.state.rows} * plan_.lanes;
          const int64_t columns = word();
          op.straddle = word();
          op.joint = columns != 0;
          if (op.joint) {
            require(b.columns == columns && b.rows == op.gates.rows, "a cell's matrix does not fit it");
            require(op.straddle % 16 == 0, "a buffer is not aligned");
            const int64_t steps = int64_t{plan_.segment - 1} * op.output.stride;
            inside(op.straddle, (steps + columns) * plan_.lanes, plan_.arena, "a cell's straddle is out of range");
            inPrepared(op.bias, op.gates.rows);
            return op;
          }
          if (shape.inputGates < shape.gates) inPrepared(op.bias, units);
        }
        require(b.columns == units && b.rows == int64_t{shape.hiddenGates} * units, "a cell's matrix does not fit it");
        if (op.code == OpCode::kCell) return op;
        op.sources = rowsList("a cell has an impossible number of gradients");
        int64_t covered = 0;
        for (const Rows& gradient : op.sources) {
          require(gradient.held == 0, "a cell's gradient does not fit it");
          covered += gradient.rows;
        }
        op.backflow = rows();
        require(!op.backflow.packed, "a buffer is packed");
        require(covered == units && op.backflow.rows == (op.hasState ? 2 : 1) * units, "a cell's gradient does not fit it");
        return op;
      }
      case OpCode::kSum:
        op.sources = rowsList("a sum has an impossible number of terms");
        op.target = whole();
        require(!op.sources.empty(), "a sum does not fit");
        for (const Rows& from : op.sources) require(from.rows == op.target.rows && from.held == 0, "a sum does not fit");
        return op;
      case OpCode::kDropout:
        op.layer = static_cast<int>(word());
        op.rate = static_cast<int>(word());
        op.from = whole();
        op.target = whole();
        require(op.rate >= 0 && op.rate < 1 << 24, "a rate of dropout is impossible");
        require(op.from.rows == op.target.rows, "a dropout does not fit");
        return op;
      case OpCode::kCopy:
        op.from = whole();
        op.target = whole();
        op.accumulate = flag();
        require(op.from.rows == op.target.rows, "a copy does not fit");
        return op;
      case OpCode::kPack:
        op.from = whole();
        op.target = stepped();
        op.shift = flag() ? 1 : 0;
        op.packed = true;
        require(op.target.packed && op.from.rows == op.target.rows && (op.shift == 0 || op.from.initial),
                "a packing does not fit");
        return op;
      case OpCode::kUnpack:
        op.from = stepped();
        op.target = whole();
        op.gradient = flag();
        op.accumulate = flag();
        require(op.from.packed && op.from.rows == op.target.rows, "an unpacking does not fit");
        return op;
      case OpCode::kSelect:
        op.from = whole();
        op.target = rows();
        op.first = flag();
        require(op.from.rows == op.target.rows && op.target.held == 1 && !op.target.packed, "a selection does not fit");
        return op;
      case OpCode::kSoftmax:
      case OpCode::kSquares:
        require(plan_.predictsNumbers == (op.code == OpCode::kSquares), "the targets do not fit");
        op.target = stepped();
        op.packed = op.target.packed;
        op.gradient = flag();
        require(op.target.rows == plan_.outputs, "the logits do not fit");
        require(plan_.lanes == 1 || plan_.everyStep == (stage_->time != Time::kOnce), "the targets do not fit");
        return op;
      case OpCode::kClear:
        op.target = whole();
        return op;
      case OpCode::kScatter:
        op.from = rows();
        op.target = whole();
        op.first = flag();
        require(op.from.rows == op.target.rows && op.from.held == 1 && !op.from.packed, "a scattering does not fit");
        return op;
      case OpCode::kAffineBackward: {
        const Block& b = blockOf(op);
        op.from = stepped();
        op.target = stepped();
        op.accumulate = flag();
        packedAlike(op);
        require(op.from.rows == b.rows && op.target.rows == b.columns, "a matrix does not fit its buffers");
        return op;
      }
      case OpCode::kWeightGradient: {
        const Block& b = blockOf(op);
        op.from = stepped();
        op.target = stepped();
        op.shift = flag() ? 1 : 0;
        packedAlike(op);
        require(op.from.rows == b.rows && op.target.rows == b.columns, "a gradient does not fit its matrix");
        require(op.shift == 0 || (op.target.initial && op.target.held == 0),
                "a gradient needs the state before the first step");
        return op;
      }
      case OpCode::kBiasGradient:
        op.from = stepped();
        op.packed = op.from.packed;
        op.parts = biasParts(op.from.rows);
        return op;
      case OpCode::kTableGradient:
        op.from = whole();
        require(!plan_.readsValues(), "there are no symbols");
        op.stride = size("the stride of a table");
        op.to = word();
        checkTableGradient(op.from.rows, op.stride, op.to);
        return op;
      case OpCode::kEmbedGradient:
        op.from = whole();
        require(!plan_.readsValues() && op.from.rows == plan_.inputWidth, "an embedding does not fit its buffer");
        return op;
      case OpCode::kTableBackward: {
        const Block& b = blockOf(op);
        op.stride = size("the stride of a table");
        op.to = word();
        require(!plan_.readsValues() && b.columns == plan_.inputWidth, "a table does not fit the embedding");
        checkTableGradient(b.rows, op.stride, op.to);
        return op;
      }
    }
    require(false, "there is no such operation");
    return op;
  }

  void checkTableGradient(int rows, int stride, int64_t to) {
    require(stride % 16 == 0 && stride >= rows && to % 16 == 0, "a table's gradient has an impossible shape");
    const int64_t length = static_cast<int64_t>(plan_.symbols.size()) * stride;
    require(to >= plan_.parameters, "a table's gradient is not behind the parameters'");
    inside(to, length, plan_.gradients, "a table is out of range");
    gradientsEnd_ = std::max(gradientsEnd_, to + length);
  }

  const Stage* stage_ = nullptr;  // The one that is being decoded.
  const int32_t* words_;
  size_t count_;
  const uint8_t* masks_;
  size_t maskBytes_;
  size_t next_ = 0;
  size_t maskRead_ = 0;
  // How far what was decoded reaches into each buffer.
  int64_t preparedEnd_ = 0, gradientsEnd_ = 0, arenaEnd_ = 0;
  Plan plan_;
};

}  // namespace

Entries entriesOf(const Block& block) {
  Entries rows(block.rows);
  for (const Piece& p : block.pieces) {
    for (int i = 0; i < p.rows; i++) {
      std::vector<Entry>& row = rows[p.row + i];
      for (int j = p.column; j < p.column + p.columns; j++) {
        if (!block.mask.empty() && !block.mask[static_cast<size_t>(p.row + i) * block.columns + j]) continue;
        row.push_back({j, static_cast<int>(p.parameter) + i * p.stride + j - p.column});
      }
    }
  }
  for (std::vector<Entry>& row : rows) {
    std::stable_sort(row.begin(), row.end(), [](const Entry& a, const Entry& b) { return a.column < b.column; });
  }
  return rows;
}

Plan decodePlan(const int32_t* words, size_t count, const uint8_t* masks, size_t maskBytes) {
  return Decoder(words, count, masks, maskBytes).decode();
}

}  // namespace filigree
