"""Writes native/tanh_table.h: tanh on [0, 15) as 32 polynomials of degree 5, one for each eighth of an octave of |x| + 1.

Each polynomial is in the distance from its interval's left end and is fitted by least squares at Chebyshev nodes,
which is within a rounding error of the best. Run it with numpy: python3 scripts/tanh-table.py > native/tanh_table.h
"""

import numpy as np

DEGREE = 5


def interval(i):
    octave, eighth = divmod(i, 8)
    left = 2.0**octave * (1 + eighth / 8) - 1
    return left, 2.0**octave / 8


def fit(i):
    left, width = interval(i)
    nodes = (1 - np.cos((np.arange(64) + 0.5) * np.pi / 64)) / 2 * width
    values = np.tanh(left + nodes)
    if i == 0:  # tanh 0 is 0 exactly, and small arguments keep their relative accuracy.
        return np.concatenate([[0.0], np.polynomial.polynomial.polyfit(nodes, values / nodes, DEGREE - 1)])
    return np.polynomial.polynomial.polyfit(nodes, values, DEGREE)


coefficients = np.array([fit(i) for i in range(32)], dtype=np.float32).T
print("// Made by scripts/tanh-table.py: coefficient k of the polynomial for interval i is kTanh[k][i].")
print("#pragma once\n")
print(f"alignas(64) static const float kTanh[{DEGREE + 1}][32] = {{")
for row in coefficients:
    numbers = [f"{value:.9g}".replace("e-0", "e-") for value in row.tolist()]
    numbers = [n if "." in n or "e" in n else f"{n}." for n in numbers]
    print("    {")
    for start in range(0, 32, 8):
        print("        " + ", ".join(f"{n}f" for n in numbers[start : start + 8]) + ",")
    print("    },")
print("};")
