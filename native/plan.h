// A plan as the native executor holds it: decoded from the words that JavaScript sends, with every offset, extent and
// index checked against its buffer, so that the kernels never need to. See src/engine/plan.ts for what each operation
// means and src/engine/encode.ts for the encoding.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "refuse.h"

namespace filigree {

// `rows` x lanes floats of every step, the first of them `offset` floats into the arena; steps are `stride` rows apart.
struct Rows {
  int64_t offset = 0;
  int rows = 0;
  int stride = 0;
  bool initial = false;
  int held = 0;  // Steps that there is room for, of the chunk at work; 0 for all steps.
  bool packed = false;  // Holds the chunk's steps and examples densely; see Sequence in src/engine/plan.ts.
};

// A rectangle of a block and the parameters that it takes its weights from; see src/engine/plan.ts.
struct Piece {
  int row, column, rows, columns;
  int64_t parameter;
  int stride;
};

// A matrix, and what the operations of the plan do with it.
struct Block {
  int rows = 0;
  int columns = 0;
  bool sparse = false;
  std::vector<Piece> pieces;
  std::vector<uint8_t> mask;  // Empty when the pieces exist as a whole.
  bool multiplied = false;
  bool transposed = false;
  bool differentiated = false;
};

// A weight that exists: its column and its place in the parameter vector.
struct Entry {
  int column, parameter;
};
// The weights of every row of a block, in ascending order of their columns.
using Entries = std::vector<std::vector<Entry>>;
Entries entriesOf(const Block& block);

enum class OpCode : int {
  kBias = 1,
  kTable,
  kGather,
  kEmbed,
  kValues,
  kFlip,
  kAffine,
  kCell,
  kSum,
  kDropout,
  kPack,
  kUnpack,
  kSelect,
  kSoftmax,
  kSquares,
  kClear,
  kScatter,
  kCopy,
  kCellBackward,
  kAffineBackward,
  kWeightGradient,
  kBiasGradient,
  kTableGradient,
  kEmbedGradient,
  kTableBackward,
};

// The version of the encoding, the operations in the order of their codes and the cells in the order of kCellShapes, as
// src/engine/encode.ts has them.
constexpr int kVersion = 7;
constexpr const char* kDialect =
    "7: bias table gather embed values flip affine cell sum dropout pack unpack select softmax squares clear scatter copy "
    "cellBackward affineBackward weightGradient biasGradient tableGradient embedGradient tableBackward; rnn-tanh rnn-relu lstm gru";

// What the executor must know of a kind of cell; the order is that of `cellKinds` in src/network/architecture.ts. The
// matrices have shares in adjacent gates: the input's in the first `inputGates`, the hidden one in `hiddenGates` from
// `hiddenFirst` on.
struct CellShape {
  int gates, inputGates, hiddenFirst, hiddenGates;
  bool hasState;
  bool passesOn;  // Whether the reverse gives the step before a share that passes no matrix.
};
constexpr CellShape kCellShapes[] = {
    {1, 1, 0, 1, false, false},  // RNN-tanh
    {1, 1, 0, 1, false, false},  // RNN-ReLU
    {4, 4, 0, 4, true, false},   // LSTM
    {4, 3, 1, 3, false, true},   // GRU
};
constexpr int kCellKinds = sizeof kCellShapes / sizeof *kCellShapes;

// One operation; each kind uses some of the fields.
struct Op {
  OpCode code{};
  int kind = 0;  // An index of kCellShapes.
  int block = -1;
  int rows = 0;
  int shift = 0;
  int stride = 0;
  int layer = 0;
  int rate = 0;  // In units of 2^-24.
  bool accumulate = false;
  bool gradient = false;
  bool hasState = false;
  bool first = false;   // Reads the first step and not the last.
  bool packed = false;  // Works on packed steps.
  int64_t bias = -1;
  int64_t table = 0;
  int64_t to = 0;
  struct Part {
    int first, rows;
    int64_t parameter;
  };
  std::vector<Part> parts;
  int64_t straddle = 0;  // A cell whose block is both matrices: where its rows of step 0 begin. See CellOp in plan.ts.
  bool joint = false;
  int64_t place = 0;  // Of what a cell hands from step to step, among all that a tile's cells do.
  // Named by role: what is read (a sum and a cell's reverse read several), what is written, and a cell's buffers.
  Rows from, target, gates, output, state, backflow;
  std::vector<Rows> sources;
};

// Operations that run together; see src/engine/plan.ts.
enum class Time : int { kForward, kBackward, kOnce };
struct Stage {
  Time time{};
  int chunk = 1;
  std::vector<Op> ops;
};

struct Plan {
  int lanes = 0;
  int steps = 0;
  int segment = 0;  // Steps that the arena has room for; see src/engine/plan.ts.
  int outputs = 0;
  bool everyStep = false;
  bool predictsNumbers = false;
  int64_t parameters = 0;
  // Of the embedding, or, where numbers are read, -1 and how many a step has; then there are no symbols.
  int64_t embedding = 0;
  int inputWidth = 0;
  std::vector<int> symbols;
  int64_t prepared = 0;
  int64_t gradients = 0;
  int64_t arena = 0;
  int64_t carry = 0;  // Floats of what a tile's cells hand from step to step.
  std::vector<Block> blocks;
  std::vector<Op> prepare, finish;
  std::vector<Stage> forward, read, backward;

  bool readsValues() const { return embedding < 0; }
  bool trains() const { return !backward.empty(); }
  int tableWidth() const { return (static_cast<int>(symbols.size()) + 15) / 16 * 16; }
};

// Refuses words that are not a sound plan.
Plan decodePlan(const int32_t* words, size_t count, const uint8_t* masks, size_t maskBytes);

}  // namespace filigree
