// The kernels' interface: plain functions over plain memory, one table of them for each instruction set. They allocate
// nothing, check nothing and know no operating system; whoever calls them has checked every shape and index. Rows are
// `lanes` (16 or 32) floats, 64-byte aligned; a step of a sequence is its rows one after the other.
#pragma once

#include <cstdint>

namespace filigree {

// How a product's result starts: from what is there, from zero, or from a bias per row.
enum class Start { kKeep, kZero, kBias };

// Rows that have a weight in each of the same columns: some rows of a dense matrix, or a part of a compressed one that
// exists as a whole. Column j's input is `offsets[j]` floats on, and row r's weight for it is weights[j * rows + r].
constexpr int kMaxPanelRows = 13;
struct Panel {
  int rows;
  int columns;
  int row[kMaxPanelRows];
  const int* offsets;
  const float* weights;
};

// Some rows of a compressed matrix with about as many nonzeros each, padded with zeros to `count`, in a block of columns whose input
// begins `first` floats on. A row is in several groups where the matrix has several blocks; the first of them starts its sums.
// Nonzeros lie one of each row side by side, of as many rows as a group has at most (here four): the weights, and in 16 bits each
// how many bytes behind the block's first input row those begin that they multiply.
//
//   nonzeros   w0    w1    w2    w3    o0 o1 o2 o3   w0    w1  ...
//              └────── nonzero 0 of four rows ───┘   └─ nonzero 1
constexpr int kMaxGroupRows = 4;
constexpr int kMostOffset = 0xffff;
constexpr int nonzeroFloats(int rows) { return rows + (rows + 1) / 2; }
struct RowGroup {
  bool starts;
  int rows;
  int count;
  int first;
  int row[kMaxGroupRows];
  const float* nonzeros;
};

// Nonzeros of a compressed matrix in a block of columns, row by row, for its gradient, at the first `count` of kStrip places:
// `rowCount` rows of some. Each multiplies its row with the input row at an offset, in floats from the block's first column on,
// whose own is `first`. A row begins where the last one ends. Where the gradient reads a copy of its input, offsets are those in
// the copy, and a row begins at a multiple of kDotsTogether places: so many are folded together.
constexpr int kStrip = 64;
constexpr int kStripColumns = 64;
constexpr int kDotSteps = 4;
constexpr int kDotsTogether = 4;
struct StripRow {
  int row;
  int count;
};
struct Strip {
  int first;
  int columns;
  int rowCount;
  int count;
  StripRow rows[kStrip];
  int offsets[kStrip];
};

// Adjacent rows of a compressed matrix with weights in the same columns, or in some of these: see bands.h. Column j's input
// is `offsets[j]` floats on, and row r's weight for it is weights[first + j * rows + r].
struct Band {
  int row;
  int rows;
  int columns;
  bool starts;  // Whether its sums begin here.
  int first;
  const int* offsets;
};
// Most steps of a band's gradient at once.
constexpr int kBandSteps = 24;

// Most steps of a weight gradient between two additions to it.
constexpr int kOuterSteps = 8;

// Floats of scratch that a softmax wants for each row.
constexpr int kSoftmaxFloats = 16;

// One step of a cell's element-wise half over `count` floats of adjacent units. The gates of a unit are `gateStride`
// floats apart, its two states `stateStride`. Pointers that a cell does not use may point at anything.
struct CellStep {
  float* gates;
  int gateStride;
  float* state;
  const float* previousState;
  int stateStride;
  float* output;
  const float* previousOutput;
  int count;
};

// Its reverse: `gates` becomes the gradient of the pre-activations. `gradient` is that of the output as later layers
// have it, `flow` as the following step has it; `flow` then receives what reaches the step before without a matrix.
struct CellReverse {
  float* gates;
  int gateStride;
  const float* state;
  const float* previousState;
  int stateStride;
  const float* output;
  const float* previousOutput;
  const float* gradient;
  float* flow;
  float* stateFlow;
  int count;
};

// What decides who is dropped at one step, and by what the others grow.
struct DropoutStep {
  uint32_t key;      // Of the update, the layer and the step.
  uint32_t rate;     // In units of 2^-24.
  float scale;
  const int* examples;  // The number of each lane's.
};

using CellForward = void (*)(const CellStep& step);
struct CellKernels {
  CellForward forward;
  void (*backward)(const CellReverse& step);
};

// Up to 16 rows of a compressed matrix that a stream multiplies, with as many nonzeros each, padded with zeros to
// `count`. Nonzero k of row r is weights[k * 16 + r], at column firstColumn + columns[k * 16 + r].
struct StreamSlice {
  int rows;
  int count;
  int firstColumn;
  int row[16];
  const float* weights;
  const uint16_t* columns;
};

// Sixteen adjacent rows, from `row` on, of a compressed matrix that a stream multiplies: weight k of row r is weights[k * 16 + r],
// at column firstColumn + columns[k], one column for all rows.
struct StreamBand {
  int row;
  int count;
  int firstColumn;
  const float* weights;
  const uint16_t* columns;
};

// Products with one vector, for streams: see stream_matrix.h.
struct StreamKernels {
  // Most sixteens of rows in a panel of a dense matrix.
  int maxSixteens;
  // out[row] += sum over j of weight[row][j] * in[j], for panels of nearly equal heights, column by column.
  void (*dense)(const float* panels, int sixteens, int columns, const float* in, float* out);
  // The same for `steps` vectors, `columns` floats apart, and results that are `outStep` floats apart.
  void (*denseSteps)(const float* panels, int sixteens, int columns, const float* in, int steps, float* out,
                     int outStep);
  void (*sparse)(const StreamSlice* slices, int count, const float* in, float* out);
  // `out` has room for whole sixteens of rows; no two bands share a row, and those that come first have no fewer columns.
  void (*bands)(const StreamBand* bands, int count, const float* in, float* out);
};

// Sixteen adjacent rows, from `row` on, of a matrix of whole numbers, as bricks of four columns: weight c of row r of brick k is
// weights[k * 64 + r * 4 + c]. Of `places` see Int8Kernels.
struct Int8Band {
  int row;
  int count;
  const int8_t* weights;
  const uint16_t* places;
};

// Products of whole numbers of -127 to 127 with one vector, and what else a stream in int8 does: see int8_stream.h. Sums are exact,
// and nothing else is fused, so that all instruction sets give the bits of src/engine/int8.ts.
struct Int8Kernels {
  const char* name;
  // A number q of the vector is stored as q + zero; sums begin at -zero times those of the weights of their rows.
  int zero;
  // Most bands of a panel.
  int maxBands;
  // to = round(value * inverse) + zero, for `count` values, a multiple of 16: half to even, cut off at 127.
  void (*round)(const float* values, int count, float inverse, uint8_t* to);
  // out[row] += scale[row] * (start[row] + sum over j of weight[row][j] * in[j]), for every row of `bands` bands, in panels of
  // nearly equal heights: brick by brick, those of a panel's bands side by side.
  void (*dense)(const int8_t* panels, int bands, int bricks, const uint8_t* in, const int32_t* start, const float* scales,
                float* out);
  // The same of the columns from 4 * places[k] on, for brick k of each band.
  void (*bricks)(const Int8Band* bands, int count, const uint8_t* in, const int32_t* start, const float* scales, float* out);
  // The same of any columns: places[4 * k], ..., places[4 * k + 3].
  void (*columns)(const Int8Band* bands, int count, const uint8_t* in, const int32_t* start, const float* scales, float* out);
  // One for each kind of cell, as `Kernels` has them.
  const CellForward* cells;
};

struct BandKernels {
  // Most rows of a band.
  int maxRows;
  // out[row] (start) += sum over j of weight[row][j] * in[j], for every row of the bands.
  void (*product)(const Band* bands, int count, const float* weights, int lanes, const float* in, float* out, Start start,
                  const float* bias);
  // out[j] += sum over rows of weight[row][j] * in[row], band by band.
  void (*transposedProduct)(const Band* bands, int count, const float* weights, int lanes, const float* in, float* out);
  // sums[k] += sum over t and l of left[t][row][l] * right[t][j][l] for every weight k of the bands. Their columns lie
  // within `columns` from `firstColumn` on, of which `scratch` has room for all steps, kBandSteps at most.
  void (*gradient)(const Band* bands, int count, const float* left, int leftStep, const float* right, int rightStep,
                   int firstColumn, int columns, int steps, int lanes, float* sums, float* scratch);
};

struct GradientKernels {
  // Whether, with chunks of kDotSteps steps, sparseOuter reads a copy of a block's input in which these steps of a column lie side
  // by side.
  bool copies;
  // gradient[i * stride + j] += sum over t and l of left[t][i][l] * right[t][j][l] for a rectangle of rows and
  // columns. Steps are leftStep and rightStep floats apart; `scratch` has room for kOuterSteps * lanes * columns.
  void (*outer)(const float* left, int leftStep, int rows, const float* right, int rightStep, int columns, int steps,
                int lanes, float* gradient, int stride, float* scratch);
  // The same at the nonzeros of a compressed matrix, `chunk` steps at a time, which is a multiple of kDotSteps. Strip s adds to
  // the sums from s * kStrip on, and anything to those of places without a nonzero.
  void (*sparseOuter)(const Strip* strips, int count, const float* left, int leftStep, const float* right,
                      int rightStep, int steps, int chunk, int lanes, float* sums);
};

struct Kernels {
  const char* name;
  // Most rows of a panel of a dense matrix, and of a group of a compressed one.
  int maxRows;
  int groupRows;

  // out[row] (start) += sum over j of weight[row][j] * in[j], for every row of the panels.
  void (*product)(const Panel* panels, int count, int lanes, const float* in, float* out, Start start,
                  const float* bias);
  // The same for nonzeros in groups.
  void (*sparseProduct)(const RowGroup* groups, int count, int lanes, const float* in, float* out, Start start,
                        const float* bias);

  // One for each kind of cell, in the order of kCellShapes in plan.h.
  const CellKernels* cells;

  // to = the sum of `terms` sources, added to what is there or not, for `count` floats of each of `steps` steps.
  void (*sum)(const float* const* from, const int* fromStep, int terms, float* to, int toStep, int count, int steps,
              bool accumulate);
  // rows of `value[row]` in every lane.
  void (*spread)(const float* value, int rows, int lanes, float* out);
  // out[row][lane] = embedding[offset[lane] + row].
  void (*embed)(const float* embedding, const int64_t* offset, int rows, int lanes, float* out);
  // gradient[offset[lane] + row] += in[row][lane].
  void (*embedGradient)(const float* in, const int64_t* offset, int rows, int lanes, float* gradient);
  // to = from, but 0 where a draw from (key, row, example[lane]) says so, and larger by `scale` elsewhere; see
  // src/engine/dropout.ts.
  void (*dropout)(const float* from, float* to, int rows, int lanes, const DropoutStep& step);
  // Softmax cross-entropy of `rows` logits in every lane: the loss and the most likely row of each. With a gradient, the
  // logits become (p - target) / count, and 0 in lanes whose target is -1. `scratch` has room for kSoftmaxFloats * rows.
  void (*softmax)(float* logits, int rows, int lanes, const int* target, double count, bool gradient, double* loss,
                  int* likeliest, float* scratch);
  // out[row][lane] = table[row][symbol[lane]].
  void (*gather)(const float* table, int width, int rows, const int* symbols, int lanes, float* out);
  // gradient[symbol[lane]][row] += in[row][lane].
  void (*scatterRows)(const float* in, int rows, const int* symbols, int lanes, float* gradient, int stride);
  // out[l][i] = in[i][l]: rows of `lanes` floats, whole sixteens, become columns, `stride` apart.
  void (*transpose)(const float* in, int rows, int lanes, float* out, int stride);
  // sums[row] = sum over t and l of in[t][row][l].
  void (*rowSums)(const float* in, int step, int rows, int steps, int lanes, float* sums);

  // Sum of squares of `count` floats, a multiple of 16.
  float (*squares)(const float* values, int count);
  // The same sum, to the last bit, where zeros between the values have been left out: bit k % 64 of places[k / 64] says
  // whether value k of all is there. There are `words` such words.
  float (*squaresAmong)(const float* values, const uint64_t* places, int words);
  void (*scale)(float* values, int count, float factor);
  void (*adam)(float* parameters, float* first, float* second, const float* gradient, int count, double beta1,
               double beta2, float rate, float rootCorrection, float epsilon);
  // The same where the corrections differ: weight i takes those at births[i].
  void (*adamByBirth)(float* parameters, float* first, float* second, const float* gradient, int count, double beta1,
                      double beta2, const int* births, const float* rates, const float* rootCorrections, float epsilon);

  // first = momentum * first + gradient; parameters -= rate * first.
  void (*sgd)(float* parameters, float* first, const float* gradient, int count, double momentum, float rate);
  void (*rmsprop)(float* parameters, float* second, const float* gradient, int count, double smoothing, float rate,
                  float epsilon);
  // values += factor * others.
  void (*add)(float* values, const float* others, int count, float factor);

  // Fused multiply-adds at full rate, for measuring the processor's peak; returns the floating-point operations done.
  double (*burn)(int rounds, float* sink);
  // The sum of `count` floats, a multiple of 128, in no particular order: for measuring how fast memory can be read.
  float (*read)(const float* values, int count);

  const StreamKernels* stream;
  const BandKernels* bands;
  const GradientKernels* gradients;
};

#define FILIGREE_KERNELS(set)            \
  namespace set {                        \
  extern const Kernels kernels;          \
  extern const Int8Kernels int8Kernels;  \
  }
#if defined(__wasm_relaxed_simd__)
FILIGREE_KERNELS(relaxed)
#elif defined(__wasm__)
FILIGREE_KERNELS(simd128)
#elif defined(__aarch64__)
FILIGREE_KERNELS(neon)
#else
FILIGREE_KERNELS(baseline)
#endif
#if defined(__x86_64__)
FILIGREE_KERNELS(avx2)
FILIGREE_KERNELS(avx512)
// AVX-512 with products of whole numbers of 8 bits.
namespace vnni {
extern const Int8Kernels int8Kernels;
}
#endif

}  // namespace filigree
