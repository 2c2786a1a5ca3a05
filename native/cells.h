// The element-wise halves of the recurrent cells: what happens to the pre-activations of a step, and the reverse. Each
// cell is one struct, and `kCells` lists them; src/engine/cells.ts has the same equations as a specification.
// Included by kernels.cc alone, once for each instruction set.
#pragma once

#include "kernels.h"
#include "simd.h"

namespace filigree::FILIGREE_ISA {

// ---- Activations --------------------------------------------------------------------------------------------------

// 2^(factor * x) = scale * (1 + excess), for N vectors in step with each other, so that their long chains of dependent
// operations overlap. |factor * x| must stay below 126. The polynomial is the best for (2^f - 1) / f on [-0.5, 0.5].
template <int N>
INLINE void power(const vf (&x)[N], float factor, vf (&scale)[N], vf (&excess)[N]) {
  constexpr float kCoefficients[] = {0.00015353362f, 0.0013398875f, 0.00961843692f,
                                     0.0555033237f,  0.240226477f,  0.693147182f};
  // Adding 1.5 * 2^23 rounds to a whole number and leaves it in the lowest bits.
  constexpr float kRound = 12582912;
  vf f[N];
  unroll<N>([&](auto i) { scale[i] = fma(x[i], splat(factor), splat(kRound)); });
  unroll<N>([&](auto i) { f[i] = fma(x[i], splat(factor), splat(kRound) - scale[i]); });
  unroll<N>([&](auto i) { scale[i] = (vf)(((vi)scale[i] << 23) + 0x3f800000); });
  unroll<N>([&](auto i) { excess[i] = fma(f[i], splat(kCoefficients[0]), splat(kCoefficients[1])); });
  unroll<4>([&](auto k) {
    unroll<N>([&](auto i) { excess[i] = fma(excess[i], f[i], splat(kCoefficients[k + 2])); });
  });
  unroll<N>([&](auto i) { excess[i] = excess[i] * f[i]; });
}

// 1 / (1 + e^-x), absolute error below 1e-7. A NaN stays one, here and in tanh.
template <int N>
INLINE void sigmoid(vf (&x)[N]) {
  vf scale[N], excess[N];
  unroll<N>([&](auto i) { x[i] = vmax(splat(-87), vmin(splat(87), x[i])); });
  power(x, -1.44269504f, scale, excess);
  unroll<N>([&](auto i) { x[i] = splat(1) / (splat(1) + fma(scale[i], excess[i], scale[i])); });
}

// (1 - e^-2|x|) / (1 + e^-2|x|) with the sign of x, absolute error below 1.5e-7, relative error below 3e-7.
template <int N>
INLINE void tanh(vf (&x)[N]) {
  vf magnitude[N], scale[N], excess[N];
  unroll<N>([&](auto i) { magnitude[i] = vmin(splat(9.2f), (vf)((vi)x[i] & 0x7fffffff)); });
  power(magnitude, -2.88539008f, scale, excess);
  unroll<N>([&](auto i) {
    const vf less = fma(scale[i], excess[i], scale[i] - splat(1));  // e^-2|x| - 1
    const vf y = less / (splat(-2) - less);
    x[i] = (vf)((vi)y | ((vi)x[i] & static_cast<int>(0x80000000)));
  });
}

// Calls f(Index<4>, k) for as many whole fours of vectors as there are in `count` floats and f(Index<1>, k) for the rest.
template <class F>
INLINE void eachFour(int count, F f) {
  int k = 0;
  for (; k + 4 * W <= count; k += 4 * W) f(Index<4>{}, k);
  for (; k < count; k += W) f(Index<1>{}, k);
}

INLINE void sigmoidInPlace(float* values, int count) {
  eachFour(count, [=](auto n, int k) INLINE_LAMBDA {
    vf x[n];
    unroll<n>([&](auto i) { x[i] = load(values + k + i * W); });
    sigmoid(x);
    unroll<n>([&](auto i) { store(values + k + i * W, x[i]); });
  });
}

// to = tanh(from); the two may be the same.
INLINE void tanhTo(const float* from, float* to, int count) {
  eachFour(count, [=](auto n, int k) INLINE_LAMBDA {
    vf x[n];
    unroll<n>([&](auto i) { x[i] = load(from + k + i * W); });
    tanh(x);
    unroll<n>([&](auto i) { store(to + k + i * W, x[i]); });
  });
}

// ---- Cells --------------------------------------------------------------------------------------------------------

struct Tanh {
  static INLINE void forward(CellStep s) { tanhTo(s.gates, s.output, s.count); }
  static INLINE void backward(CellReverse s) {
    for (int k = 0; k < s.count; k += W) {
      const vf h = load(s.output + k);
      store(s.gates + k, (load(s.gradient + k) + load(s.flow + k)) * fma(-h, h, splat(1)));
    }
  }
};

struct Relu {
  static INLINE void forward(CellStep s) {
    for (int k = 0; k < s.count; k += W) store(s.output + k, vmax(splat(0), load(s.gates + k)));
  }
  static INLINE void backward(CellReverse s) {
    for (int k = 0; k < s.count; k += W) {
      store(s.gates + k, selectPositive(load(s.output + k), load(s.gradient + k) + load(s.flow + k)));
    }
  }
};

// Gates i, f, g, o; state c, tanh c.
struct Lstm {
  static INLINE void forward(CellStep s) {
    float *i = s.gates, *f = i + s.gateStride, *g = f + s.gateStride, *o = g + s.gateStride;
    float *c = s.state, *tanhC = c + s.stateStride;
    sigmoidInPlace(i, s.count);
    sigmoidInPlace(f, s.count);
    tanhTo(g, g, s.count);
    sigmoidInPlace(o, s.count);
    for (int k = 0; k < s.count; k += W) {
      store(c + k, fma(load(f + k), load(s.previousState + k), load(i + k) * load(g + k)));
    }
    tanhTo(c, tanhC, s.count);
    for (int k = 0; k < s.count; k += W) store(s.output + k, load(o + k) * load(tanhC + k));
  }
  static INLINE void backward(CellReverse s) {
    float *gi = s.gates, *gf = gi + s.gateStride, *gg = gf + s.gateStride, *go = gg + s.gateStride;
    const vf one = splat(1);
    for (int k = 0; k < s.count; k += W) {
      const vf i = load(gi + k), f = load(gf + k), g = load(gg + k), o = load(go + k);
      const vf tanhC = load(s.state + s.stateStride + k), dh = load(s.gradient + k) + load(s.flow + k);
      const vf dc = fma(dh * o, fma(-tanhC, tanhC, one), load(s.carry + k));
      store(gi + k, dc * g * i * (one - i));
      store(gf + k, dc * load(s.previousState + k) * f * (one - f));
      store(gg + k, dc * i * fma(-g, g, one));
      store(go + k, dh * tanhC * o * (one - o));
      store(s.carry + k, dc * f);
    }
  }
};

// Gates n, r, z and m, the hidden share of n.
struct Gru {
  static INLINE void forward(CellStep s) {
    float *n = s.gates, *r = n + s.gateStride, *z = r + s.gateStride, *m = z + s.gateStride;
    sigmoidInPlace(r, s.count);
    sigmoidInPlace(z, s.count);
    for (int k = 0; k < s.count; k += W) store(n + k, fma(load(r + k), load(m + k), load(n + k)));
    tanhTo(n, n, s.count);
    for (int k = 0; k < s.count; k += W) {
      store(s.output + k, fma(load(z + k), load(s.previousOutput + k) - load(n + k), load(n + k)));
    }
  }
  static INLINE void backward(CellReverse s) {
    float *gn = s.gates, *gr = gn + s.gateStride, *gz = gr + s.gateStride, *gm = gz + s.gateStride;
    const vf one = splat(1);
    for (int k = 0; k < s.count; k += W) {
      const vf n = load(gn + k), r = load(gr + k), z = load(gz + k), m = load(gm + k);
      const vf dh = load(s.gradient + k) + load(s.flow + k);
      const vf dn = dh * (one - z) * fma(-n, n, one);
      store(gn + k, dn);
      store(gr + k, dn * m * r * (one - r));
      store(gz + k, dh * (load(s.previousOutput + k) - n) * z * (one - z));
      store(gm + k, dn * r);
      store(s.flow + k, dh * z);  // What reaches the step before without passing a matrix.
    }
  }
};

// A step in pieces of a few rows, so that what one line of a cell writes is still in the cache for the next.
template <class Cell>
void cellForward(const CellStep& step) {
  constexpr int kPiece = 1024;
  CellStep s = step;
  for (int k = 0; k < step.count; k += kPiece) {
    s.count = step.count - k < kPiece ? step.count - k : kPiece;
    s.gates = step.gates + k;
    s.state = step.state + k;
    s.previousState = step.previousState + k;
    s.output = step.output + k;
    s.previousOutput = step.previousOutput + k;
    Cell::forward(s);
  }
}

// By value, because a vector may be stored over anything and would make the compiler read the step again.
template <class Cell>
void cellBackward(const CellReverse& step) {
  Cell::backward(step);
}

template <class Cell>
constexpr CellKernels kernelsOf = {cellForward<Cell>, cellBackward<Cell>};

constexpr CellKernels kCells[] = {kernelsOf<Tanh>, kernelsOf<Relu>, kernelsOf<Lstm>, kernelsOf<Gru>};

}  // namespace filigree::FILIGREE_ISA
