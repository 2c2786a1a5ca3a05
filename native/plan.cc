// Decodes and checks plans. Every number that a kernel will use as a size or an index passes through here once.
#include "plan.h"

#include <algorithm>
#include <initializer_list>
#include <string>

namespace filigree {
namespace {

constexpr int64_t kMost = int64_t{1} << 30;  // Floats of any buffer.
constexpr int kVersion = 1;

class Decoder {
 public:
  Decoder(const int32_t* words, size_t count, const uint8_t* masks, size_t maskBytes)
      : words_(words), count_(count), masks_(masks), maskBytes_(maskBytes) {}

  Plan decode() {
    require(word() == kVersion, "it is of another version");
    plan_.lanes = static_cast<int>(word());
    require(plan_.lanes == 16 || plan_.lanes == 32, "it has neither 16 nor 32 lanes");
    plan_.steps = size("steps");
    plan_.outputs = size("outputs");
    plan_.parameters = size("parameters");
    plan_.embedding = word();
    plan_.embeddingWidth = size("embedding width");
    const int symbols = size("symbols");
    plan_.prepared = word();
    plan_.gradients = size("gradients");
    plan_.arena = size("arena");
    require(plan_.prepared >= 0 && plan_.prepared <= kMost, "its prepared buffer has an impossible size");
    require(plan_.parameters % 16 == 0 && plan_.gradients % 16 == 0, "a buffer is not whole cache lines");
    require(plan_.gradients >= plan_.parameters, "its gradients are fewer than its parameters");
    gradientsEnd_ = plan_.parameters;
    const int64_t counts[] = {word(), word(), word(), word(), word()};
    for (const int64_t n : counts) {
      require(n >= 0 && n <= static_cast<int64_t>(count_), "it lists an impossible number of parts");
    }
    for (int s = 0; s < symbols; s++) {
      const int64_t row = word();
      inside(plan_.embedding + row * plan_.embeddingWidth, plan_.embeddingWidth, plan_.parameters, "a symbol");
      plan_.symbols.push_back(static_cast<int>(row));
    }
    for (int64_t i = 0; i < counts[0]; i++) plan_.blocks.push_back(block());
    using enum OpCode;
    decodeOps(plan_.prepare, counts[1], {kBias, kTable});
    decodeOps(plan_.forward, counts[2], {kGather, kAffine, kCell, kCopy, kSelect, kLoss});
    decodeOps(plan_.backward, counts[3],
              {kScatter, kCopy, kCellBackward, kAffineBackward, kWeightGradient, kBiasGradient, kTableGradient});
    decodeOps(plan_.finish, counts[4], {kTableBackward});
    checkGroups(plan_.forward);
    checkGroups(plan_.backward);
    require(next_ == count_, "it has words left over");
    require(maskRead_ == maskBytes_, "it has masks left over");
    // No wrong size makes the executor ask for more memory than its buffers fill.
    require(preparedEnd_ + 16 > plan_.prepared && gradientsEnd_ == plan_.gradients && arenaEnd_ == plan_.arena,
            "a buffer is larger than what it holds");
    return std::move(plan_);
  }

 private:
  static void require(bool holds, const char* otherwise) {
    if (!holds) throw Refused(std::string("the plan cannot be run: ") + otherwise);
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
    b.offset = word();
    b.stride = size("a stride");
    b.rows = size("the rows of a matrix");
    b.columns = size("the columns of a matrix");
    b.rotation = static_cast<int>(word());
    b.sparse = flag();
    const bool masked = flag();
    require(b.columns <= b.stride && b.rotation >= 0 && b.rotation < b.rows, "a matrix has an impossible shape");
    inside(b.offset, int64_t{b.rows - 1} * b.stride + b.columns, plan_.parameters, "a matrix is out of range");
    require(!b.sparse || masked, "a compressed matrix has no mask");
    if (masked) {
      const int64_t bytes = int64_t{b.rows} * b.columns;
      inside(static_cast<int64_t>(maskRead_), bytes, static_cast<int64_t>(maskBytes_), "a mask is out of range");
      b.mask.assign(masks_ + maskRead_, masks_ + maskRead_ + bytes);
      maskRead_ += static_cast<size_t>(bytes);
    }
    return b;
  }

  const Block& blockOf(Op& op) {
    const int64_t index = word();
    require(index >= 0 && index < static_cast<int64_t>(plan_.blocks.size()), "there is no such matrix");
    op.block = static_cast<int>(index);
    return plan_.blocks[op.block];
  }

  Sequence sequence() {
    Sequence s;
    s.offset = word();
    s.rows = size("the rows of a buffer");
    const int64_t flags = word();
    require(flags >= 0 && flags <= 3, "a buffer has unknown flags");
    s.initial = flags & 1;
    s.once = flags & 2;
    const int64_t step = int64_t{s.rows} * plan_.lanes;
    require(s.offset % 16 == 0, "a buffer is not aligned");
    const int64_t before = s.initial ? step : 0;
    inside(0, step, plan_.arena, "a buffer is out of range");
    const int64_t length = (s.once ? 1 : plan_.steps) * step;
    inside(s.offset - before, length + before, plan_.arena, "a buffer is out of range");
    arenaEnd_ = std::max(arenaEnd_, s.offset + length);
    return s;
  }

  CellKind kind() {
    const int64_t value = word();
    require(value >= 0 && value <= 3, "there is no such cell");
    return static_cast<CellKind>(value);
  }

  void decodeOps(std::vector<Op>& ops, int64_t count, std::initializer_list<OpCode> allowed) {
    for (int64_t i = 0; i < count; i++) {
      ops.push_back(decodeOp());
      require(std::find(allowed.begin(), allowed.end(), ops.back().code) != allowed.end(),
              "an operation stands where it cannot");
    }
  }

  // A group is run in chunks of time, so every member must work step by step.
  static void checkGroups(const std::vector<Op>& ops) {
    for (size_t i = 0; i < ops.size(); i++) {
      if (ops[i].joinsNext()) {
        require(i + 1 < ops.size() && (ops[i + 1].joinsNext() || ops[i + 1].code == OpCode::kCell),
                "a cell's gates are filled without the cell");
      }
      if (ops[i].joinsPrevious()) {
        require(i > 0 && (ops[i - 1].joinsPrevious() || ops[i - 1].code == OpCode::kCellBackward),
                "a gradient does not follow its cell");
      }
    }
  }

  Op decodeOp() {
    Op op;
    op.code = static_cast<OpCode>(word());
    switch (op.code) {
      case OpCode::kBias: {
        op.rows = size("the rows of a bias");
        op.to = word();
        inPrepared(op.to, op.rows);
        for (int64_t parts = word(); parts > 0; parts--) {
          Op::Part part{word(), static_cast<int>(word()), size("a part of a bias"), static_cast<int>(word())};
          inside(part.parameter, part.rows, plan_.parameters, "a part of a bias is out of range");
          inside(part.first, part.rows, op.rows, "a part of a bias does not fit it");
          require(part.rotation >= 0 && part.rotation < part.rows, "a bias is rotated too far");
          op.parts.push_back(part);
        }
        return op;
      }
      case OpCode::kTable: {
        const Block& b = blockOf(op);
        op.bias = word();
        op.to = word();
        require(b.columns == plan_.embeddingWidth && op.to % 16 == 0, "a table does not fit the embedding");
        inPrepared(op.bias, b.rows);
        inPrepared(op.to, int64_t{b.rows} * plan_.tableWidth());
        return op;
      }
      case OpCode::kGather:
        op.table = word();
        op.rows = size("the rows of a table");
        op.target = sequence();
        require(op.table % 16 == 0 && op.rows <= op.target.rows && !op.target.once, "a table does not fit its buffer");
        inPrepared(op.table, int64_t{op.rows} * plan_.tableWidth());
        return op;
      case OpCode::kAffine: {
        const Block& b = blockOf(op);
        op.from = sequence();
        op.target = sequence();
        op.bias = word();
        op.accumulate = flag();
        require(op.from.rows == b.columns && op.target.rows >= b.rows && op.from.once == op.target.once,
                "a matrix does not fit its buffers");
        if (!op.accumulate) inPrepared(op.bias, b.rows);
        return op;
      }
      case OpCode::kCell:
      case OpCode::kCellBackward: {
        op.kind = kind();
        const Block& b = blockOf(op);
        if (op.code == OpCode::kCell) op.bias = word();
        op.gates = sequence();
        op.output = sequence();
        op.hasState = flag();
        if (op.hasState) op.state = sequence();
        const int units = op.output.rows;
        const bool lstm = op.kind == CellKind::kLstm, gru = op.kind == CellKind::kGru;
        const int gates = lstm ? 4 : gru ? 3 : 1;
        require(b.columns == units && b.rows == gates * units, "a cell's matrix does not fit it");
        require(op.gates.rows == (gru ? 4 : gates) * units, "a cell's gates do not fit it");
        require(op.output.initial && !op.output.once && !op.gates.once, "a cell's buffers are of the wrong kind");
        require(op.hasState == lstm, "a cell's state does not fit it");
        if (lstm) {
          require(op.state.rows == 2 * units && op.state.initial && !op.state.once, "a cell's state does not fit it");
        }
        if (op.code == OpCode::kCell) {
          if (gru) inPrepared(op.bias, units);
          return op;
        }
        op.gradient = sequence();
        require(op.gradient.rows == units && !op.gradient.once, "a cell's gradient does not fit it");
        if (lstm) {
          op.carry = sequence();
          require(op.carry.rows == units, "a cell's carry does not fit it");
        }
        return op;
      }
      case OpCode::kCopy:
        op.from = sequence();
        op.target = sequence();
        op.accumulate = flag();
        require(op.from.rows == op.target.rows && !op.from.once && !op.target.once, "a copy does not fit");
        return op;
      case OpCode::kSelect:
        op.from = sequence();
        op.target = sequence();
        require(op.from.rows == op.target.rows && !op.from.once && op.target.once, "a selection does not fit");
        return op;
      case OpCode::kLoss:
        op.target = sequence();
        require(op.target.rows == plan_.outputs && op.target.once, "the logits do not fit");
        return op;
      case OpCode::kScatter:
        op.from = sequence();
        op.target = sequence();
        op.accumulate = flag();
        require(op.from.rows == op.target.rows && op.from.once && !op.target.once, "a scattering does not fit");
        return op;
      case OpCode::kAffineBackward: {
        const Block& b = blockOf(op);
        op.from = sequence();
        op.target = sequence();
        op.accumulate = flag();
        require(op.from.rows >= b.rows && op.target.rows == b.columns && op.from.once == op.target.once,
                "a matrix does not fit its buffers");
        return op;
      }
      case OpCode::kWeightGradient: {
        const Block& b = blockOf(op);
        op.from = sequence();
        op.first = static_cast<int>(word());
        op.target = sequence();
        op.shift = flag() ? 1 : 0;
        inside(op.first, b.rows, op.from.rows, "a gradient does not fit its rows");
        require(op.target.rows == b.columns && op.from.once == op.target.once, "a gradient does not fit its input");
        require(op.shift == 0 || op.target.initial, "a gradient needs the state before the first step");
        return op;
      }
      case OpCode::kBiasGradient:
        op.from = sequence();
        op.first = static_cast<int>(word());
        op.rows = size("the rows of a bias");
        op.rotation = static_cast<int>(word());
        op.to = word();
        op.also = word();
        inside(op.first, op.rows, op.from.rows, "a bias gradient does not fit its rows");
        require(op.rotation >= 0 && op.rotation < op.rows, "a bias is rotated too far");
        inside(op.to, op.rows, plan_.parameters, "a bias gradient is out of range");
        if (op.also != -1) inside(op.also, op.rows, plan_.parameters, "a bias gradient is out of range");
        return op;
      case OpCode::kTableGradient:
        op.from = sequence();
        op.rows = size("the rows of a table");
        op.stride = size("the stride of a table");
        op.to = word();
        require(op.rows <= op.from.rows && !op.from.once, "a table's gradient does not fit its rows");
        checkTableGradient(op.rows, op.stride, op.to);
        return op;
      case OpCode::kTableBackward: {
        const Block& b = blockOf(op);
        op.stride = size("the stride of a table");
        op.to = word();
        require(b.columns == plan_.embeddingWidth, "a table does not fit the embedding");
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
    inside(to, length, plan_.gradients, "a table is out of range");
    gradientsEnd_ = std::max(gradientsEnd_, to + length);
  }

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

Plan decodePlan(const int32_t* words, size_t count, const uint8_t* masks, size_t maskBytes) {
  return Decoder(words, count, masks, maskBytes).decode();
}

}  // namespace filigree
