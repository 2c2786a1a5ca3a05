#include "stream.h"

#include <algorithm>
#include <cstring>

#include "processor.h"

namespace filigree {
namespace {

constexpr int kBlock = 32;  // Steps of a run that are read out together, as many lanes.

int padded(int rows) { return (rows + 15) / 16 * 16; }

void copyFloats(const float* from, float* to, int count) {
  std::memmove(to, from, static_cast<size_t>(count) * sizeof(float));
}

}  // namespace

Stream::Stream(Plan plan, const float* parameters, const Kernels& kernels)
    : plan_(std::move(plan)), kernels_(kernels), matrices_(plan_.blocks.size()), arena_(plan_.arena) {
  if (plan_.lanes != 1) refuse("the plan cannot be run: it is not for streaming");
  checkGates();
  int rows = 0, separated = 0;
  eachOp([&](const Op& op, bool) {
    if (op.joint) refuse("the plan cannot be run: a stream multiplies a cell's matrices one after the other");
    if (op.code == OpCode::kCell) {
      const auto size = static_cast<size_t>(padded(op.output.rows));
      cells_.push_back({Floats(size), Floats(op.hasState ? 2 * size : 0)});
      separated = std::max(separated, padded(op.output.rows) * kCellShapes[op.kind].gates);
    } else if (op.code == OpCode::kEmbed) {
      embeddings_ = Floats(uint64_t{plan_.symbols.size()} * plan_.inputWidth);
    }
    if (op.code != OpCode::kCell && op.code != OpCode::kAffine) return;
    rows = std::max({rows, op.gates.rows, op.target.rows});
    if (!matrices_[op.block]) matrices_[op.block].emplace(plan_.blocks[op.block], parameters, *kernels_.stream);
  });
  // A product may start at any row and goes on to a whole sixteen.
  rows_ = Floats(static_cast<size_t>(padded(rows)) + 16);
  separated_ = Floats(static_cast<size_t>(separated));
  for (const Stage& stage : plan_.read) {
    for (const Op& op : stage.ops) {
      if (op.code != OpCode::kAffine) continue;
      if (op.target.rows != plan_.outputs) refuse("the plan cannot be run: a read-out does not fit its outputs");
      reads_.push_back(&op);
    }
  }
  prepare(parameters);
}

// Calls f(op, fills) for every operation: those of the forward stages that fill gates, and those that read.
template <class F>
void Stream::eachOp(F f) const {
  for (const Stage& stage : plan_.forward) {
    for (const Op& op : stage.ops) f(op, op.code == OpCode::kGather || op.code == OpCode::kAffine);
  }
  for (const Stage& stage : plan_.read) {
    for (const Op& op : stage.ops) f(op, false);
  }
}

// The gates of a cell are filled by the operations right before it in its stage, from the first row on.
void Stream::checkGates() const {
  for (const Stage& stage : plan_.forward) {
    const Rows* gates = nullptr;
    for (size_t i = stage.ops.size(); i-- > 0;) {
      const Op& op = stage.ops[i];
      if (op.code == OpCode::kCell) {
        gates = &op.gates;
      } else if (op.code == OpCode::kGather || op.code == OpCode::kAffine) {
        if (!gates || op.target.offset != gates->offset || op.target.rows > gates->rows) {
          refuse("the plan cannot be run: it fills other gates than those of the cell that follows");
        }
      }
    }
  }
}

void Stream::prepare(const float* parameters) {
  const FlushToZero flush;
  prepared_ = Floats(plan_.prepared);
  for (size_t s = 0; embeddings_.size() > 0 && s < plan_.symbols.size(); s++) {
    copyFloats(parameters + plan_.embedding + int64_t{plan_.symbols[s]} * plan_.inputWidth,
               embeddings_.data() + s * plan_.inputWidth, plan_.inputWidth);
  }
  for (const Op& op : plan_.prepare) {
    if (op.code == OpCode::kTable) {
      makeTable(op, parameters);
      continue;
    }
    for (const Op::Part& part : op.parts) {
      for (int i = 0; i < part.rows; i++) prepared_.data()[op.to + part.first + i] += parameters[part.parameter + i];
    }
  }
}

// The plan reserves a table as [row][symbol] with symbols padded to sixteens; [symbol][row] fits the same place.
void Stream::makeTable(const Op& op, const float* parameters) {
  const StreamMatrix matrix(plan_.blocks[op.block], parameters, *kernels_.stream);
  const int rows = plan_.blocks[op.block].rows;
  Floats sums(static_cast<size_t>(padded(rows)));
  for (int s = 0; s < symbols(); s++) {
    copyFloats(prepared_.data() + op.bias, sums.data(), rows);
    matrix.addProduct(parameters + plan_.embedding + int64_t{plan_.symbols[s]} * plan_.inputWidth, sums.data());
    copyFloats(sums.data(), prepared_.data() + op.to + int64_t{s} * rows, rows);
  }
}

size_t Stream::bytes() const {
  size_t bytes = (prepared_.size() + embeddings_.size() + arena_.size() + rows_.size() + separated_.size() + logits_.size() + lanes_.size() + softmax_.size()) * sizeof(float);
  for (const auto& matrix : matrices_) bytes += matrix ? matrix->bytes() : 0;
  for (const Cell& cell : cells_) bytes += cell.output.bytes() + cell.state.bytes();
  for (const Floats& inputs : read_) bytes += inputs.bytes();
  return bytes;
}

void Stream::reset() {
  for (Cell& cell : cells_) {
    for (Floats* values : {&cell.output, &cell.state}) std::fill_n(values->data(), values->size(), 0.0f);
  }
}

void Stream::step(int symbol, const float* values, float* logits) {
  const FlushToZero flush;
  takeIn(symbol, values);
  for (const Stage& stage : plan_.read) {
    for (const Op& op : stage.ops) {
      if (op.code == OpCode::kAffine) affine(op, false);
      if (op.code == OpCode::kSoftmax || op.code == OpCode::kSquares) copyFloats(at(op.target), logits, op.target.rows);
    }
  }
}

// All but the read-out.
void Stream::takeIn(int symbol, const float* values) {
  size_t cells = 0;
  for (const Stage& stage : plan_.forward) {
    for (const Op& op : stage.ops) {
      switch (op.code) {
        case OpCode::kGather:
          copyFloats(prepared_.data() + op.table + int64_t{symbol} * op.target.rows, rows_.data(), op.target.rows);
          break;
        case OpCode::kEmbed:
          copyFloats(embeddings_.data() + int64_t{symbol} * op.target.rows, at(op.target), op.target.rows);
          break;
        case OpCode::kValues:
          copyFloats(values, at(op.target), op.target.rows);
          break;
        case OpCode::kAffine:
          affine(op, true);
          break;
        case OpCode::kCell:
          cell(op, cells_[cells++]);
          break;
        case OpCode::kSum:
          sum(op);
          break;
        case OpCode::kDropout:
        case OpCode::kSelect:
          copyFloats(at(op.from), at(op.target), op.target.rows);
          break;
        default:
          break;  // decodePlan lets no other operation into these stages.
      }
    }
  }
}

void Stream::run(const int* symbols, const int* targets, size_t count, float* outputs, size_t wanted, Outcome& outcome) {
  const FlushToZero flush;
  const int rows = plan_.outputs, stride = padded(rows);
  if (read_.empty()) {
    for (const Op* op : reads_) read_.emplace_back(uint64_t{kBlock} * op->from.rows);
    logits_ = Floats(uint64_t{kBlock} * stride);
    lanes_ = Floats(uint64_t{kBlock} * stride);
    softmax_ = Floats(uint64_t{kSoftmaxFloats} * rows);
  }
  for (size_t first = 0; first < count && !stopped_; first += kBlock) {
    const int steps = static_cast<int>(std::min<size_t>(kBlock, count - first));
    for (int t = 0; t < steps; t++) {
      takeIn(symbols[first + t], nullptr);
      for (size_t k = 0; k < reads_.size(); k++) {
        const Rows& from = reads_[k]->from;
        copyFloats(at(from), read_[k].data() + static_cast<size_t>(t) * from.rows, from.rows);
      }
    }
    alignas(64) int own[kBlock];
    std::fill_n(std::copy_n(targets + first, steps, own), kBlock - steps, -1);
    const bool asked = std::any_of(own, own + kBlock, [](int target) { return target >= 0; });
    if (!asked && first >= wanted) continue;
    readOut(steps);
    for (int t = 0; t < steps && first + t < wanted; t++) {
      copyFloats(logits_.data() + static_cast<size_t>(t) * stride, outputs + (first + t) * rows, rows);
    }
    kernels_.transpose(logits_.data(), kBlock, stride, lanes_.data(), kBlock);
    double loss[kBlock];
    alignas(64) int likeliest[kBlock];
    kernels_.softmax(lanes_.data(), rows, kBlock, own, 1, false, loss, likeliest, softmax_.data());
    for (int t = 0; t < steps; t++) {
      if (own[t] >= 0) outcome += {loss[t], own[t] == likeliest[t]};
    }
  }
}

// The logits of some steps, from what their products read.
void Stream::readOut(int steps) {
  const int stride = padded(plan_.outputs);
  for (size_t k = 0; k < reads_.size(); k++) {
    const Op& op = *reads_[k];
    for (int t = 0; t < steps && !op.accumulate; t++) {
      copyFloats(prepared_.data() + op.bias, logits_.data() + static_cast<size_t>(t) * stride, op.target.rows);
    }
    matrices_[op.block]->addProducts(read_[k].data(), steps, logits_.data(), stride);
  }
}

void Stream::affine(const Op& op, bool fills) {
  if (!op.accumulate) {
    copyFloats(prepared_.data() + op.bias, rows_.data(), op.target.rows);
  } else if (!fills) {
    copyFloats(at(op.target), rows_.data(), op.target.rows);
  }
  matrices_[op.block]->addProduct(at(op.from), rows_.data());
  if (!fills) copyFloats(rows_.data(), at(op.target), op.target.rows);
}

// The product reads the output of the step before, which the element-wise half then overwrites in place.
void Stream::cell(const Op& op, Cell& cell) {
  const int units = op.output.rows, count = padded(units);
  float *gates = rows_.data(), *output = cell.output.data();
  const CellShape& shape = kCellShapes[op.kind];
  if (shape.inputGates < shape.gates) {
    copyFloats(prepared_.data() + op.bias, gates + shape.inputGates * units, units);
  }
  matrices_[op.block]->addProduct(output, gates + shape.hiddenFirst * units);
  if (count > units) {
    for (int k = 0; k < shape.gates; k++) copyFloats(gates + k * units, separated_.data() + k * count, units);
    gates = separated_.data();
  }
  float* state = op.hasState ? cell.state.data() : gates;
  kernels_.cells[op.kind].forward({gates, count, state, state, count, output, output, count});
  copyFloats(output, at(op.output), units);
}

void Stream::sum(const Op& op) {
  float* to = at(op.target);
  copyFloats(at(op.sources[0]), to, op.target.rows);
  for (size_t k = 1; k < op.sources.size(); k++) {
    const float* from = at(op.sources[k]);
    for (int i = 0; i < op.target.rows; i++) to[i] = from[i] + to[i];
  }
}

}  // namespace filigree
