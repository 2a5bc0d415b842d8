"""Prints the coefficients of crates/chainrule-numbers/src/elementary/mod.rs.

    pip install mpmath
    python3 crates/chainrule-numbers/tests/golden/elementary.py

Each polynomial is the best one in the largest weighted error, found by Remez's second algorithm
(Muller, "Elementary Functions: Algorithms and Implementation", 3rd ed., sections 3.4 and 3.6). Where
`fit` says so, the coefficients are rounded to f32 one after the other, lowest power first, and the
others fitted anew each time, so that they make up for the rounding; `fit_at_once` rounds them together,
to f32 or to f64.
"""

import struct

from mpmath import (
    asin, atan, atanh, cos, erf, erfc, exp, floor, inf, linspace, log, log1p, lu_solve, matrix, mp, mpf, pi,
    sin, sinh, sqrt, tanh,
)

mp.dps = 40


def f32(x):
    return mpf(struct.unpack("f", struct.pack("f", float(x)))[0])


def shortest(x):
    """The fewest digits that read back as the same f32."""
    return next(t for t in (mp.nstr(x, digits) for digits in range(1, 10)) if f32(mpf(t)) == x)


def remez(target, basis, weight, low, high):
    """Coefficients of `basis` with the least of max |weight·(target − Σ c·basis)|, and that error."""
    grid = [(low + high) / 2 - (high - low) / 2 * cos(pi * t) for t in linspace(0, 1, 801)]
    rows = [(weight(x), target(x), [b(x) for b in basis]) for x in grid]
    count = len(basis) + 1
    chosen = [i * (len(grid) - 1) // (count - 1) for i in range(count)]
    for _ in range(30):
        a, b = matrix(count, count), matrix(count, 1)
        for i, at in enumerate(chosen):
            w, t, values = rows[at]
            for j, value in enumerate(values):
                a[i, j] = w * value
            a[i, count - 1] = (-1) ** i
            b[i] = w * t
        solution = lu_solve(a, b)
        c, level = [solution[j] for j in range(count - 1)], abs(solution[count - 1])
        errors = [w * (t - sum(p * q for p, q in zip(c, v))) for w, t, v in rows]
        worst = max(abs(e) for e in errors)
        if worst <= level * (1 + mpf(10) ** -6):
            break
        # The largest error of each run of one sign; of these the `count` neighbours that are largest.
        peaks = []
        for i, e in enumerate(errors):
            if peaks and (e > 0) == (errors[peaks[-1]] > 0):
                if abs(e) > abs(errors[peaks[-1]]):
                    peaks[-1] = i
            else:
                peaks.append(i)
        while len(peaks) > count:
            peaks.pop(0 if abs(errors[peaks[0]]) < abs(errors[peaks[-1]]) else -1)
        if len(peaks) < count:
            break
        chosen = peaks
    return c, worst


def fit(name, target, powers, weight, low, high):
    """Fits Σ c·x^power and prints it with coefficients in f32."""
    low, high = mpf(low), mpf(high)
    fixed, worst = [], inf
    while len(fixed) < len(powers):
        known = list(zip(fixed, powers))
        rest = lambda x: target(x) - sum(c * x**p for c, p in known)
        basis = [(lambda x, p=p: x**p) for p in powers[len(fixed) :]]
        c, worst = remez(rest, basis, weight, low, high)
        fixed.append(f32(c[0]))
    tell(name, target, list(zip(fixed, powers)), weight, low, high, shortest)


def tell(name, target, terms, weight, low, high, text):
    """Prints a fit's coefficients and its largest error."""
    error = lambda x: abs(weight(x) * (target(x) - sum(c * x**p for c, p in terms)))
    worst = max(error(x) for x in linspace(low, high, 2001))
    print(f"{name}: largest error 2^{float(log(worst, 2)):.2f}")
    for c, p in terms:
        print(f"    x^{p}: {text(c)}")


def fit_at_once(name, target, powers, weight, low, high, number=lambda x: mpf(float(x)), text=float):
    """Fits Σ c·x^power and prints it with coefficients in f64, or as `number` rounds them."""
    low, high = mpf(low), mpf(high)
    c, _ = remez(target, [(lambda x, p=p: x**p) for p in powers], weight, low, high)
    tell(name, target, list(zip(map(number, c), powers)), weight, low, high, text)


half = log(2) / 2
high = mpf(round(log(2) * 2**15)) / 2**15
print(f"ln 2: {shortest(high)} + {shortest(f32(log(2) - high))}")
fit("exp: 1 + x + …", lambda x: exp(x) - 1 - x, range(2, 7), lambda x: exp(-x), -half, half)
fit("tanh: x + …", lambda x: tanh(x) - x, range(3, 13, 2), lambda x: 1 / tanh(x), 0.001, 0.625)
fit("erf: x + …", lambda x: erf(x) - x, range(1, 13, 2), lambda x: 1 / erf(x), 0.001, 0.8125)
fit("ln erfc: …", lambda x: log(erfc(x)), range(7), lambda x: erfc(x) / erf(x), 0.8125, 4)

# A logarithm's relative error next to 0, where the weight is 1/0, is 0.
relative = lambda x: 1 / log1p(x) if abs(x) > 1e-9 else mpf(1)
start = mpf("0.001")
fit_at_once("ln(1 + x): x − x²/2 + …", lambda x: log1p(x) - x + x * x / 2, range(3, 11), relative, -0.25, 0.5,
    f32, shortest)
fit_at_once("2^x", lambda x: 2**x, range(7), lambda x: 2**-x, -0.5, 0.5)
high = (sqrt(2) - 1) / (sqrt(2) + 1) * mpf("1.0001")
fit_at_once("log2((1 + x)/(1 − x))", lambda x: 2 * atanh(x) / log(2), range(1, 11, 2),
    lambda x: log(2) / 2 / atanh(x), start, high)
fit_at_once("sinh: x + …", lambda x: sinh(x) - x, range(3, 11, 2), lambda x: 1 / sinh(x), start, 1)
fit_at_once("sin: x + …", lambda x: sin(x) - x, range(3, 11, 2), lambda x: 1 / sin(x), start, mpf("0.7854"))
fit_at_once("cos: 1 + …", lambda x: cos(x) - 1, range(2, 10, 2), lambda x: 1 / cos(x), start, mpf("0.7854"))
fit_at_once("asin: x + …", lambda x: asin(x) - x, range(3, 15, 2), lambda x: 1 / asin(x), start, 0.5)
fit_at_once("atan: x + …", lambda x: atan(x) - x, range(3, 23, 2), lambda x: 1 / atan(x), start, 1)

mp.dps = 100
print(f"pi/2: {float(pi / 2)} + {float(pi / 2 - mpf(float(pi / 2)))}")
bits = int(floor(2 / pi * 2**256))
print("2/pi:", *(hex(bits >> shift & 2**64 - 1) for shift in (192, 128, 64, 0)))
