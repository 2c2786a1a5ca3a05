// The element-wise halves of the recurrent cells: what happens to the pre-activations of a step, and the reverse. Each
// cell is one struct, and `Cells` lists them; src/engine/cells.ts has the same equations as a specification.
// Included by kernels.cc and, with products that are not fused, by int8_kernels.cc, once for each instruction set.
#pragma once

#include "kernels.h"
#include "simd.h"

namespace filigree::FILIGREE_ISA {

// ---- Activations --------------------------------------------------------------------------------------------------

// Both activations are quotients of exponentials. They work on N vectors in step with each other, so that their long
// chains of dependent operations overlap.

// 2^(factor * x) = scale * (1 + slope * f), where scale is a whole power of two and |f| <= 0.5. |factor * x| must stay
// below 126. The polynomial is the best for slope = (2^f - 1) / f.
template <int N>
INLINE void power(const vf (&x)[N], float factor, vf (&scale)[N], vf (&slope)[N], vf (&f)[N]) {
  constexpr float kCoefficients[] = {0.00015353362f, 0.0013398875f, 0.00961843692f,
                                     0.0555033237f,  0.240226477f,  0.693147182f};
  // Adding 1.5 * 2^23 rounds to a whole number and leaves it in the lowest bits, and 127 more make it an exponent.
  constexpr float kRound = 12582912 + 127;
  unroll<N>([&](auto i) { scale[i] = fma(x[i], splat(factor), splat(kRound)); });
  unroll<N>([&](auto i) { f[i] = fma(x[i], splat(factor), splat(kRound) - scale[i]); });
  unroll<N>([&](auto i) { scale[i] = (vf)((vi)scale[i] << 23); });
  unroll<N>([&](auto i) { slope[i] = fma(f[i], splat(kCoefficients[0]), splat(kCoefficients[1])); });
  unroll<4>([&](auto k) {
    unroll<N>([&](auto i) { slope[i] = fma(slope[i], f[i], splat(kCoefficients[k + 2])); });
  });
}

// The sigmoid is 1 / denominator = 1 / (1 + e^-x), absolute error below 1e-7. A NaN stays one, here and in tanh.
template <int N>
INLINE void sigmoidDenominator(const vf (&x)[N], vf (&denominator)[N]) {
  vf clamped[N], scale[N], slope[N], f[N];
  // e^43 times another one is still a float.
  unroll<N>([&](auto i) { clamped[i] = vmax(splat(-43), vmin(splat(43), x[i])); });
  power(clamped, -1.44269504f, scale, slope, f);
  unroll<N>([&](auto i) { denominator[i] = fma(scale[i], fma(slope[i], f[i], splat(1)), splat(1)); });
}

// tanh is numerator / denominator = (e^2x - 1) / (e^2x + 1), absolute error below 1.5e-7, relative error below 3e-7.
template <int N>
INLINE void tanhQuotient(const vf (&x)[N], vf (&numerator)[N], vf (&denominator)[N]) {
  vf clamped[N], scale[N], slope[N], f[N];
  unroll<N>([&](auto i) { clamped[i] = vmax(splat(-9.2f), vmin(splat(9.2f), x[i])); });
  power(clamped, 2.88539008f, scale, slope, f);
  unroll<N>([&](auto i) { numerator[i] = fma(scale[i], slope[i] * f[i], scale[i] - splat(1)); });
  unroll<N>([&](auto i) { denominator[i] = numerator[i] + splat(2); });
}

template <int N>
INLINE void tanh(vf (&x)[N]) {
  vf numerator[N], denominator[N];
  tanhQuotient(x, numerator, denominator);
  unroll<N>([&](auto i) { x[i] = numerator[i] / denominator[i]; });
}

// The sigmoids of x and y. Both come out of one division, the slowest of all operations, for absolute errors below 2e-7.
template <int N>
INLINE void sigmoids(vf (&x)[N], vf (&y)[N]) {
  vf a[N], b[N], ab[N];
  sigmoidDenominator(x, a);
  sigmoidDenominator(y, b);
  unroll<N>([&](auto i) { ab[i] = splat(1) / (a[i] * b[i]); });
  unroll<N>([&](auto i) { x[i] = ab[i] * b[i]; });
  unroll<N>([&](auto i) { y[i] = ab[i] * a[i]; });
}

// The sigmoid of x and tanh of y, likewise; that of tanh is below 2.5e-7, its relative error below 4e-7.
template <int N>
INLINE void sigmoidAndTanh(vf (&x)[N], vf (&y)[N]) {
  vf a[N], b[N], numerator[N], ab[N];
  sigmoidDenominator(x, a);
  tanhQuotient(y, numerator, b);
  unroll<N>([&](auto i) { ab[i] = splat(1) / (a[i] * b[i]); });
  unroll<N>([&](auto i) { x[i] = ab[i] * b[i]; });
  unroll<N>([&](auto i) { y[i] = numerator[i] * (ab[i] * a[i]); });
}

template <int N>
INLINE void load(const float* from, vf (&to)[N]) {
  unroll<N>([&](auto i) { to[i] = load(from + i * W); });
}
template <int N>
INLINE void store(float* to, const vf (&from)[N]) {
  unroll<N>([&](auto i) { store(to + i * W, from[i]); });
}

// Calls f(Index<N>, k) for as many whole Ns of vectors as there are in `count` floats and f(Index<1>, k) for the rest.
template <int N, class F>
INLINE void each(int count, F f) {
  int k = 0;
  for (; k + N * W <= count; k += N * W) f(Index<N>{}, k);
  for (; k < count; k += W) f(Index<1>{}, k);
}

// Two gates of the same units, by what f(x, y) makes of a few of their vectors.
template <class F>
INLINE void inPlace(float* a, float* b, int count, F f) {
  each<2>(count, [=](auto N, int k) INLINE_LAMBDA {
    vf x[N], y[N];
    load(a + k, x);
    load(b + k, y);
    f(x, y);
    store(a + k, x);
    store(b + k, y);
  });
}
INLINE void sigmoidsInPlace(float* a, float* b, int count) {
  inPlace(a, b, count, [](auto& x, auto& y) INLINE_LAMBDA { sigmoids(x, y); });
}
INLINE void sigmoidAndTanhInPlace(float* a, float* b, int count) {
  inPlace(a, b, count, [](auto& x, auto& y) INLINE_LAMBDA { sigmoidAndTanh(x, y); });
}

// ---- Cells --------------------------------------------------------------------------------------------------------

struct Tanh {
  static INLINE void forward(CellStep s) {
    each<4>(s.count, [=](auto N, int k) INLINE_LAMBDA {
      vf h[N];
      load(s.gates + k, h);
      tanh(h);
      store(s.output + k, h);
    });
  }
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
    sigmoidsInPlace(i, f, s.count);
    sigmoidAndTanhInPlace(o, g, s.count);
    each<4>(s.count, [=](auto N, int k) INLINE_LAMBDA {
      vf t[N];
      unroll<N>([&](auto v) {
        const int at = k + v * W;
        t[v] = fma(load(f + at), load(s.previousState + at), load(i + at) * load(g + at));
      });
      store(c + k, t);
      tanh(t);
      store(tanhC + k, t);
      unroll<N>([&](auto v) { store(s.output + k + v * W, load(o + k + v * W) * t[v]); });
    });
  }
  static INLINE void backward(CellReverse s) {
    float *gi = s.gates, *gf = gi + s.gateStride, *gg = gf + s.gateStride, *go = gg + s.gateStride;
    const vf one = splat(1);
    for (int k = 0; k < s.count; k += W) {
      const vf i = load(gi + k), f = load(gf + k), g = load(gg + k), o = load(go + k);
      const vf tanhC = load(s.state + s.stateStride + k), dh = load(s.gradient + k) + load(s.flow + k);
      const vf dc = fma(dh * o, fma(-tanhC, tanhC, one), load(s.stateFlow + k));
      store(gi + k, dc * g * i * (one - i));
      store(gf + k, dc * load(s.previousState + k) * f * (one - f));
      store(gg + k, dc * i * fma(-g, g, one));
      store(go + k, dh * tanhC * o * (one - o));
      store(s.stateFlow + k, dc * f);
    }
  }
};

// Gates n, r, z and m, the hidden share of n.
struct Gru {
  static INLINE void forward(CellStep s) {
    float *n = s.gates, *r = n + s.gateStride, *z = r + s.gateStride, *m = z + s.gateStride;
    sigmoidsInPlace(r, z, s.count);
    each<4>(s.count, [=](auto N, int k) INLINE_LAMBDA {
      vf t[N];
      unroll<N>([&](auto v) { t[v] = fma(load(r + k + v * W), load(m + k + v * W), load(n + k + v * W)); });
      tanh(t);
      store(n + k, t);
      unroll<N>([&](auto v) {
        const int at = k + v * W;
        store(s.output + at, fma(load(z + at), load(s.previousOutput + at) - t[v], t[v]));
      });
    });
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

template <class... Kinds>
struct Listed {
  static constexpr CellKernels kernels[] = {{cellForward<Kinds>, cellBackward<Kinds>}...};
  static constexpr CellForward forward[] = {cellForward<Kinds>...};
};
using Cells = Listed<Tanh, Relu, Lstm, Gru>;

}  // namespace filigree::FILIGREE_ISA
