"""Writes slopes.json: first and second derivatives of the smooth functions over their whole ranges, in
arithmetic of 50 digits and more (mpmath), the independent source.

    python3 crates/chainrule-explain/tests/golden/slopes.py > crates/chainrule-explain/tests/golden/slopes.json

Needs Python 3.8 or later and mpmath. The formulas are those of any table; at points where that is easy they
are held against mpmath's own differentiation. Beside each number stands the size of its largest addend,
by which an error is judged where a sum crosses zero. Numbers that a double cannot hold with all its digits
are left out.
"""

import json
import random

from mpmath import (
    acos, acosh, asin, asinh, atan, atan2, atanh, cbrt, cos, cosh, diff, erf, erfc, exp, expm1, ln, log1p, mp, mpf, pi,
    sin, sinh, sqrt, tan, tanh,
)

mp.dps = 60

s = lambda x: 1 / (1 + exp(-x))
phi = lambda x: exp(-x * x / 2) / sqrt(2 * pi)
Phi = lambda x: erfc(-x / sqrt(mpf(2))) / 2


def random_points(low, high, count, symmetric):
    """Points whose logarithms are spread evenly."""
    found = []
    for _ in range(count):
        size = 10 ** draw.uniform(low, high)
        found.append(size * draw.choice([-1, 1]) if symmetric else size)
    return found


draw = random.Random(7)
wide = lambda: random_points(-300, 300, 60, True) + near()
near = lambda: random_points(-8, 1.6, 40, True) + [draw.uniform(-40, 40) for _ in range(40)]
positive = lambda: random_points(-300, 300, 60, False) + random_points(-3, 3, 40, False)
within = lambda: random_points(-300, 0, 20, True) + [
    draw.choice([-1, 1]) * (1 - 10 ** draw.uniform(-15, 0)) for _ in range(40)
]
exponents = lambda: random_points(-300, 2.8, 30, True) + near()

# name: the function, its derivatives as lists of addends, its points.
FUNCTIONS = {
    "exp(x)": (exp, [lambda x: exp(x)], [lambda x: exp(x)], exponents),
    "ln(x)": (ln, [lambda x: 1 / x], [lambda x: -1 / x**2], positive),
    "log2(x)": (lambda x: ln(x) / ln(2), [lambda x: 1 / (x * ln(2))], [lambda x: -1 / (x**2 * ln(2))], positive),
    "log10(x)": (lambda x: ln(x) / ln(10), [lambda x: 1 / (x * ln(10))], [lambda x: -1 / (x**2 * ln(10))], positive),
    "sqrt(x)": (sqrt, [lambda x: 1 / (2 * sqrt(x))], [lambda x: -1 / (4 * x * sqrt(x))], positive),
    "cbrt(x)": (cbrt, [lambda x: 1 / (3 * cbrt(abs(x)) ** 2)],
                [lambda x: -mpf(2) / 9 / (x * cbrt(abs(x)) ** 2)], wide),
    "square(x)": (lambda x: x**2, [lambda x: 2 * x], [lambda x: mpf(2)], wide),
    "1 / x": (lambda x: 1 / x, [lambda x: -1 / x**2], [lambda x: 2 / x**3], wide),
    "x^3": (lambda x: x**3, [lambda x: 3 * x**2], [lambda x: 6 * x], wide),
    "x^-2": (lambda x: x**-2, [lambda x: -2 / x**3], [lambda x: 6 / x**4], wide),
    "x^2.5": (lambda x: x ** mpf(2.5), [lambda x: mpf(2.5) * x ** mpf(1.5)],
              [lambda x: mpf(3.75) * x ** mpf(0.5)], positive),
    "x^-0.3": (lambda x: x ** mpf(-0.3), [lambda x: mpf(-0.3) * x ** (mpf(-0.3) - 1)],
               [lambda x: mpf(-0.3) * (mpf(-0.3) - 1) * x ** (mpf(-0.3) - 2)], positive),
    "2.5^x": (lambda x: mpf(2.5) ** x, [lambda x: mpf(2.5) ** x * ln(mpf(2.5))],
              [lambda x: mpf(2.5) ** x * ln(mpf(2.5)) ** 2], exponents),
    "sin(x)": (sin, [cos], [lambda x: -sin(x)], wide),
    "cos(x)": (cos, [lambda x: -sin(x)], [lambda x: -cos(x)], wide),
    "tan(x)": (tan, [lambda x: 1 / cos(x) ** 2], [lambda x: 2 * sin(x) / cos(x) ** 3], wide),
    "sec(x)": (lambda x: 1 / cos(x), [lambda x: sin(x) / cos(x) ** 2],
               [lambda x: (1 + sin(x) ** 2) / cos(x) ** 3], wide),
    "csc(x)": (lambda x: 1 / sin(x), [lambda x: -cos(x) / sin(x) ** 2],
               [lambda x: (1 + cos(x) ** 2) / sin(x) ** 3], wide),
    "cot(x)": (lambda x: 1 / tan(x), [lambda x: -1 / sin(x) ** 2],
               [lambda x: 2 * cos(x) / sin(x) ** 3], wide),
    "asin(x)": (asin, [lambda x: 1 / sqrt((1 - x) * (1 + x))],
                [lambda x: x / sqrt((1 - x) * (1 + x)) ** 3], within),
    "acos(x)": (acos, [lambda x: -1 / sqrt((1 - x) * (1 + x))],
                [lambda x: -x / sqrt((1 - x) * (1 + x)) ** 3], within),
    "atan(x)": (atan, [lambda x: 1 / (1 + x * x)], [lambda x: -2 * x / (1 + x * x) ** 2], wide),
    "sinh(x)": (sinh, [cosh], [sinh], exponents),
    "cosh(x)": (cosh, [sinh], [cosh], exponents),
    "atan2(x, 1.5)": (lambda x: atan(x / mpf(1.5)), [lambda x: mpf(1.5) / (x * x + mpf(2.25))],
                      [lambda x: -3 * x / (x * x + mpf(2.25)) ** 2], wide),
    "atan2(1.5, x)": (lambda x: atan2(mpf(1.5), x), [lambda x: -mpf(1.5) / (x * x + mpf(2.25))],
                      [lambda x: 3 * x / (x * x + mpf(2.25)) ** 2], wide),
    "hypot(x, 1.5)": (lambda x: sqrt(x * x + mpf(2.25)), [lambda x: x / sqrt(x * x + mpf(2.25))],
                      [lambda x: mpf(2.25) / sqrt(x * x + mpf(2.25)) ** 3], wide),
    "tanh(x)": (tanh, [lambda x: 1 / cosh(x) ** 2], [lambda x: -2 * tanh(x) / cosh(x) ** 2], exponents),
    "asinh(x)": (asinh, [lambda x: 1 / sqrt(x * x + 1)], [lambda x: -x / sqrt(x * x + 1) ** 3], wide),
    "acosh(x)": (acosh, [lambda x: 1 / sqrt((x - 1) * (x + 1))], [lambda x: -x / sqrt((x - 1) * (x + 1)) ** 3],
                 lambda: [1 + x for x in random_points(-15, 2, 40, False)] + random_points(0, 300, 25, False)),
    "atanh(x)": (atanh, [lambda x: 1 / ((1 - x) * (1 + x))], [lambda x: 2 * x / ((1 - x) * (1 + x)) ** 2], within),
    "erf(x)": (erf, [lambda x: 2 / sqrt(pi) * exp(-x * x)], [lambda x: -4 * x / sqrt(pi) * exp(-x * x)], exponents),
    "sigmoid(x)": (s, [lambda x: s(x) * s(-x)], [lambda x: s(x) * s(-x) ** 2, lambda x: -(s(x) ** 2) * s(-x)], exponents),
    "softplus(x)": (lambda x: ln(1 + exp(x)), [s], [lambda x: s(x) * s(-x)], exponents),
    "expm1(x)": (expm1, [exp], [exp], exponents),
    "log1p(x)": (log1p, [lambda x: 1 / (1 + x)], [lambda x: -1 / (1 + x) ** 2],
                 lambda: positive() + [x - 1 for x in random_points(-15, 0, 30, False)]),
    "silu(x)": (lambda x: x * s(x), [s, lambda x: x * s(x) * s(-x)],
                [lambda x: 2 * s(x) * s(-x), lambda x: -x * s(x) * s(-x) * tanh(x / 2)], exponents),
    "gelu(x)": (lambda x: x * Phi(x), [Phi, lambda x: x * phi(x)],
                [lambda x: 2 * phi(x), lambda x: -x * x * phi(x)], exponents),
    "elu(x)": (lambda x: x if x > 0 else expm1(x), [lambda x: mpf(1) if x > 0 else exp(x)],
               [lambda x: mpf(0) if x > 0 else exp(x)], exponents),
}


def is_whole(number):
    """Whether a double holds the number with all its digits."""
    return number == 0 or mpf(2) ** -1000 < abs(number) < mpf(2) ** 1000


def of(addends, x):
    parts = [addend(x) for addend in addends]
    return sum(parts), max(abs(part) for part in parts)


def checked(name, function, first, second):
    for x in (0.3, 0.7) if name != "acosh(x)" else (1.5, 3.0):
        x = mpf(x)
        for order, addends in ((1, first), (2, second)):
            error = diff(function, x, order) - of(addends, x)[0]
            assert abs(error) < mpf(10) ** -15, (name, order, error)


cases = []
for name, (function, first, second, points) in FUNCTIONS.items():
    checked(name, function, first, second)
    for x in points():
        x = float(x)
        mp.dps = 700 if abs(x) > 1e10 or abs(x) < 1e-10 else 60
        numbers = []
        for addends in (first, second):
            total, largest = of(addends, mpf(x))
            # Of the values that follow, all that a rule takes on its way must be numbers as well.
            numbers.append([float(total), float(largest)] if is_whole(total) and is_whole(largest) else None)
        if any(numbers):
            cases.append({"function": name, "x": x, "slopes": numbers})
print("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]")
