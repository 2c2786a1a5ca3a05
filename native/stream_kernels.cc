// Products of a matrix and one vector, for streams, written once over the vector type as in kernels.cc. A lane is an
// output row, summed in the order of its columns whatever the width of a vector, so instruction sets agree to the last
// bit without any fold.
#include "kernels.h"
#include "simd.h"

namespace filigree::FILIGREE_ISA {
namespace {

// Enough vectors of sums to hide the latency of an addition, few enough to stay in registers.
constexpr int kMaxSixteens = W == 16 ? 8 : 4;

template <int S>
void panelProduct(const float* panel, int columns, const float* in, float* out) {
  constexpr int V = S * 16 / W;
  vf sum[V];
  unroll<V>([&](auto v) { sum[v] = loadAnywhere(out + v * W); });
  for (int j = 0; j < columns; j++, panel += S * 16) {
    const vf x = splat(in[j]);
    unroll<V>([&](auto v) { sum[v] = fma(load(panel + v * W), x, sum[v]); });
  }
  unroll<V>([&](auto v) { storeAnywhere(out + v * W, sum[v]); });
}

void dense(const float* panels, int sixteens, int columns, const float* in, float* out) {
  const int count = (sixteens + kMaxSixteens - 1) / kMaxSixteens;
  for (int p = 0; p < count; p++) {
    const int height = sixteens / count + (p < sixteens % count);
    unroll<kMaxSixteens>([&](auto s) {
      if (height == s + 1) panelProduct<s + 1>(panels, columns, in, out);
    });
    panels += static_cast<long>(height) * 16 * columns;
    out += height * 16;
  }
}

// Sixteens of rows and steps that are summed together: as many as the registers hold.
constexpr int kTogether = W == 16 ? 4 : 1;
constexpr int kSteps = W == 8 || kManyRegisters ? 6 : 2;

// S sixteens of a panel's rows at T steps; `height` is the panel's.
template <int S, int T>
void panelSteps(const float* panel, int height, int columns, const float* in, float* out, int outStep) {
  constexpr int V = S * 16 / W;
  vf sum[T][V];
  unroll<T>([&](auto t) { unroll<V>([&](auto v) { sum[t][v] = loadAnywhere(out + t * outStep + v * W); }); });
  for (int j = 0; j < columns; j++, panel += height) {
    vf weight[V];
    unroll<V>([&](auto v) { weight[v] = load(panel + v * W); });
    unroll<T>([&](auto t) {
      const vf x = splat(in[static_cast<long>(t) * columns + j]);
      unroll<V>([&](auto v) { sum[t][v] = fma(weight[v], x, sum[t][v]); });
    });
  }
  unroll<T>([&](auto t) { unroll<V>([&](auto v) { storeAnywhere(out + t * outStep + v * W, sum[t][v]); }); });
}

template <int S>
void panelStepsOf(const float* panel, int height, int columns, const float* in, int steps, float* out, int outStep) {
  for (int t = 0; t < steps; t += kSteps) {
    unroll<kSteps>([&](auto more) {
      if (more + 1 != (steps - t < kSteps ? steps - t : kSteps)) return;
      panelSteps<S, more + 1>(panel, height, columns, in + static_cast<long>(t) * columns, out + static_cast<long>(t) * outStep,
                              outStep);
    });
  }
}

void denseSteps(const float* panels, int sixteens, int columns, const float* in, int steps, float* out, int outStep) {
  const int count = (sixteens + kMaxSixteens - 1) / kMaxSixteens;
  for (int p = 0; p < count; p++) {
    const int height = sixteens / count + (p < sixteens % count);
    for (int s = 0; s < height; s += kTogether) {
      unroll<kTogether>([&](auto more) {
        if (more + 1 != (height - s < kTogether ? height - s : kTogether)) return;
        panelStepsOf<more + 1>(panels + s * 16, height * 16, columns, in, steps, out + s * 16, outStep);
      });
    }
    panels += static_cast<long>(height) * 16 * columns;
    out += height * 16;
  }
}

void sparse(const StreamSlice* slices, int count, const float* in, float* out) {
  constexpr int V = 16 / W;
  for (const StreamSlice* slice = slices; slice < slices + count; slice++) {
    alignas(64) float sums[16] = {};
    for (int r = 0; r < slice->rows; r++) sums[r] = out[slice->row[r]];
    vf sum[V];
    unroll<V>([&](auto v) { sum[v] = load(sums + v * W); });
    const float* x = in + slice->firstColumn;
    const float* weights = slice->weights;
    const uint16_t* columns = slice->columns;
    for (int k = 0; k < slice->count; k++, weights += 16, columns += 16) {
      unroll<V>([&](auto v) { sum[v] = fma(load(weights + v * W), loadAt(x, columns + v * W), sum[v]); });
    }
    unroll<V>([&](auto v) { store(sums + v * W, sum[v]); });
    for (int r = 0; r < slice->rows; r++) out[slice->row[r]] = sums[r];
  }
}

// Bands that are summed together, so that the additions of one hide the latency of another's.
constexpr int kBands = W == 4 && !kManyRegisters ? 2 : 4;

template <int B>
void bandProduct(const StreamBand* band, const float* in, float* out) {
  constexpr int V = 16 / W;
  vf sum[B][V];
  unroll<B>([&](auto b) { unroll<V>([&](auto v) { sum[b][v] = loadAnywhere(out + band[b].row + v * W); }); });
  const auto column = [&](auto b, int k) INLINE_LAMBDA {
    const vf x = splat(in[band[b].firstColumn + band[b].columns[k]]);
    unroll<V>([&](auto v) { sum[b][v] = fma(load(band[b].weights + k * 16 + v * W), x, sum[b][v]); });
  };
  const int together = band[B - 1].count;
  for (int k = 0; k < together; k++) unroll<B>([&](auto b) { column(b, k); });
  unroll<B>([&](auto b) {
    for (int k = together; k < band[b].count; k++) column(b, k);
  });
  unroll<B>([&](auto b) { unroll<V>([&](auto v) { storeAnywhere(out + band[b].row + v * W, sum[b][v]); }); });
}

void bands(const StreamBand* band, int count, const float* in, float* out) {
  for (; count >= kBands; count -= kBands, band += kBands) bandProduct<kBands>(band, in, out);
  for (; count > 0; count--, band++) bandProduct<1>(band, in, out);
}

}  // namespace

extern const StreamKernels streamKernels = {kMaxSixteens, dense, denseSteps, sparse, bands};

}  // namespace filigree::FILIGREE_ISA
