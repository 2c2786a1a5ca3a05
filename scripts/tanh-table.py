"""Writes native/tanh_table.h: tanh on [0, 9.2] as 32 polynomials of degree 5 on intervals of equal width.

Each polynomial is in the distance from its interval's centre and is fitted by least squares at Chebyshev nodes, which
is within a rounding error of the best. Run it with numpy: python3 scripts/tanh-table.py > native/tanh_table.h
"""

import numpy as np

DEGREE = 5
SCALE = np.float32(3.4)  # intervals in one unit of x
WIDTH = np.float32(1 / SCALE)


def fit(i):
    centre = i * float(WIDTH)
    left, right = max(-centre, -float(WIDTH) / 2), float(WIDTH) / 2
    nodes = left + (right - left) * (1 - np.cos((np.arange(64) + 0.5) * np.pi / 64)) / 2
    values = np.tanh(centre + nodes)
    if i == 0:  # tanh 0 is 0 exactly, and small arguments keep their relative accuracy.
        return np.concatenate([[0.0], np.polynomial.polynomial.polyfit(nodes, values / nodes, DEGREE - 1)])
    return np.polynomial.polynomial.polyfit(nodes, values, DEGREE)


def number(value):
    text = f"{value:.9g}".replace("e-0", "e-")
    return text + ("f" if "." in text or "e" in text else ".f")


coefficients = np.array([fit(i) for i in range(32)], dtype=np.float32).T
print("// Made by scripts/tanh-table.py: coefficient k of the polynomial for interval i is kTanh[k][i], in the distance from")
print("// i * kTanhWidth.")
print("#pragma once\n")
print(f"constexpr float kTanhScale = {number(SCALE)}, kTanhWidth = {number(WIDTH)}, kTanhEnd = 9.2f;\n")
print(f"alignas(64) static const float kTanh[{DEGREE + 1}][32] = {{")
for row in coefficients.tolist():
    print("    {")
    for start in range(0, 32, 8):
        print("        " + ", ".join(number(value) for value in row[start : start + 8]) + ",")
    print("    },")
print("};")
