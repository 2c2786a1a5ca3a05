// An exponential and a logarithm of our own, of plain additions, multiplications and divisions in double precision, so
// that a loss and its gradient do not depend on the C library. src/math/exp.ts has the same, operation for operation;
// the methods are those of FreeBSD's msun (e_exp.c, e_log.c).
#pragma once

#include <cstdint>
#include <cstring>

namespace filigree {

constexpr double kLn2High = 6.93147180369123816490e-1;
constexpr double kLn2Low = 1.90821492927058770002e-10;

// e^x to within one unit in the last place, for x of at most 709; below -700 it is e^-700. A NaN stays one. `D` is a
// double or a vector of doubles, `I` as many 64-bit integers.
template <class D, class I>
inline __attribute__((always_inline)) D expOf(D x) {
  constexpr double kRound = 6755399441055744;  // 1.5 * 2^52: adding it rounds to a whole number.
  constexpr int64_t kRoundBits = 0x4338000000000000;
  const D least = D{} - 700;
  const D bounded = x < least ? least : x;
  const D rounded = bounded * 1.4426950408889634 + kRound;
  const D k = rounded - kRound;
  const D high = bounded - k * kLn2High, low = k * kLn2Low, r = high - low, t = r * r;
  const D c = r - t * (1.66666666666666019037e-1 +
                       t * (-2.77777777770155933842e-3 +
                            t * (6.61375632143793436117e-5 +
                                 t * (-1.65339022054652515390e-6 + t * 4.13813679705723846039e-8))));
  const D y = 1 - (low - r * c / (2 - c) - high);
  I bits;
  std::memcpy(&bits, &rounded, sizeof bits);
  const I power = (bits - kRoundBits + 1023) << 52;
  D scale;
  std::memcpy(&scale, &power, sizeof scale);
  return y * scale;
}

// ln x to within one unit in the last place, for x that is normal and positive; anything for others.
inline double logOf(double x) {
  uint64_t bits;
  std::memcpy(&bits, &x, sizeof bits);
  double k = static_cast<double>(static_cast<int>(bits >> 52) - 1023);
  bits = (bits & 0xfffffffffffff) | 0x3ff0000000000000;
  double mantissa;
  std::memcpy(&mantissa, &bits, sizeof mantissa);
  if (mantissa > 1.4142135623730951) mantissa *= 0.5, k += 1;
  const double f = mantissa - 1, s = f / (2 + f), z = s * s, w = z * z;
  const double odd = z * (6.666666666666735130e-1 +
                          w * (2.857142874366239149e-1 + w * (1.818357216161805012e-1 + w * 1.479819860511658591e-1)));
  const double even = w * (3.999999999940941908e-1 + w * (2.222219843214978396e-1 + w * 1.531383769920937332e-1));
  const double half = 0.5 * f * f;
  return k * kLn2High - (half - (s * (half + (odd + even)) + k * kLn2Low) - f);
}

}  // namespace filigree
