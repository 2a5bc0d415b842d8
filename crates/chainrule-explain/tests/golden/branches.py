"""Writes branches.json: values, slopes and second derivatives of random expressions of x with branches
and corners, by second-order dual numbers of 50 digits (mpmath), the independent source.

    python3 crates/chainrule-explain/tests/golden/branches.py > crates/chainrule-explain/tests/golden/branches.json

Needs Python 3.8 or later and mpmath. A branch that is not taken has no say, whatever its values and slopes
are; what does not change with x near the point has slopes of exactly 0. Kept are expressions whose three
numbers are finite and well conditioned: the same dual numbers in floats agree with them to 1e-11.
"""

import json
import math
import random

import mpmath
from mpmath import mp, mpf

mp.dps = 50


class Bad(Exception):
    """A number that is not finite, a tie, or a place without a derivative."""


class Dual:
    """A value with its first and second derivative; `fixed` where it does not change near the point."""

    def __init__(self, v, d=0, dd=0, fixed=False):
        self.v, self.d, self.dd, self.fixed = v, d, dd, fixed


class Lost:
    """What a branch is that cannot be computed: to be left out, or to spoil all."""


def finite(number):
    return number is not None and mpmath.isfinite(number) and abs(number) < mpf(10) ** 60


def through(f, g):
    """f(g) where f gives the value and two derivatives at g.v."""
    if isinstance(g, Lost):
        return g
    try:
        v, d, dd = f(g.v)
    except (ZeroDivisionError, ValueError, OverflowError, TypeError):
        return Lost()
    if isinstance(v, (complex, mpmath.mpc)) or not finite(v):
        return Lost()
    if g.fixed:
        return Dual(v, fixed=True)
    if d is None or dd is None or not finite(d) or not finite(dd):
        return Lost()
    return Dual(v, d * g.d, dd * g.d * g.d + d * g.dd)


def both(f, a, b):
    return Lost() if isinstance(a, Lost) or isinstance(b, Lost) else f(a, b)


def add(a, b):
    return both(lambda a, b: Dual(a.v + b.v, a.d + b.d, a.dd + b.dd, a.fixed and b.fixed), a, b)


def sub(a, b):
    return both(lambda a, b: Dual(a.v - b.v, a.d - b.d, a.dd - b.dd, a.fixed and b.fixed), a, b)


def mul(a, b):
    def product(a, b):
        d = a.d * b.v + a.v * b.d
        return Dual(a.v * b.v, d, a.dd * b.v + 2 * a.d * b.d + a.v * b.dd, a.fixed and b.fixed)

    return both(product, a, b)


def div(a, b):
    return mul(a, through(lambda v: (1 / v, -1 / v**2, 2 / v**3), b))


def larger(a, b):
    def choice(a, b):
        if a.v == b.v:
            raise Bad
        return a if a.v > b.v else b

    return both(choice, a, b)


def smaller(a, b):
    def choice(a, b):
        if a.v == b.v:
            raise Bad
        return a if a.v < b.v else b

    return both(choice, a, b)


def select(sign, a, b, yes, no):
    if isinstance(a, Lost) or isinstance(b, Lost):
        return Lost()
    if a.v == b.v and not (sign in ("<", ">", "<=", ">=", "!=", "==")):
        raise Bad
    holds = {"<": a.v < b.v, ">": a.v > b.v, "<=": a.v <= b.v, ">=": a.v >= b.v, "==": a.v == b.v, "!=": a.v != b.v}
    return yes if holds[sign] else no


def power(p):
    """x^p: p as the exact number that the program reads."""

    def rule(m):
        def at(v):
            if v < 0 and p != int(p):
                raise ValueError
            e = m(p)
            if v == 0:
                return (m(1) if p == 0 else v**e), (None if p < 1 else e * v ** (e - 1)), (None if p < 2 else e * (e - 1) * v ** (e - 2))
            return v**e, e * v ** (e - 1), e * (e - 1) * v ** (e - 2)

        return at

    return rule


def functions(m, lib):
    """Each with its value and two derivatives, in the numbers `m` of the library `lib`."""

    def relu(v):
        return (v, m(1), m(0)) if v > 0 else (m(0), m(0), m(0))

    def absolute(v):
        if v == 0:
            raise Bad
        return abs(v), m(1 if v > 0 else -1), m(0)

    def sigmoid(v):
        y, z = 1 / (1 + lib.exp(-v)), 1 / (1 + lib.exp(v))
        return y, y * z, y * z * (z - y)

    def root(v):
        if v < 0:
            raise ValueError
        y = lib.sqrt(v)
        return (y, None, None) if v == 0 else (y, 1 / (2 * y), -1 / (4 * y * v))

    def log(v):
        if v <= 0:
            raise ValueError
        return lib.log(v), 1 / v, -1 / v**2

    def asin(v):
        if abs(v) > 1:
            raise ValueError
        w = 1 - v * v
        return (lib.asin(v), None, None) if w == 0 else (lib.asin(v), 1 / lib.sqrt(w), v / (w * lib.sqrt(w)))

    def tanh(v):
        y = lib.tanh(v)
        s = 1 / lib.cosh(v) ** 2
        return y, s, -2 * y * s

    def exp(v):
        y = lib.exp(v)
        return y, y, y

    def sin(v):
        return lib.sin(v), lib.cos(v), -lib.sin(v)

    def cos(v):
        return lib.cos(v), -lib.sin(v), -lib.cos(v)

    def softplus(v):
        y, z = 1 / (1 + lib.exp(-v)), 1 / (1 + lib.exp(v))
        return (lib.log1p(lib.exp(-abs(v))) + (v if v > 0 else 0)), y, y * z

    names = {"relu": relu, "abs": absolute, "sigmoid": sigmoid, "sqrt": root, "ln": log, "asin": asin,
             "tanh": tanh, "exp": exp, "sin": sin, "cos": cos, "softplus": softplus}  # fmt: skip
    return names


SPECIAL = [0.0, 1.0, -1.0, 2.0, 0.5, -0.5, 3.0, -2.0, 0.25, 1.5]
POWERS = [2.0, 3.0, 0.5, 1.5, -1.0, -2.0, 2.5, 0.25]
SIGNS = ["<", ">", "<=", ">=", "==", "!="]


def tree(rng, depth):
    kind = rng.random()
    if depth == 0 or kind < 0.08:
        return ("x",) if rng.random() < 0.75 else ("n", rng.choice(SPECIAL))
    part = lambda: tree(rng, depth - 1)
    if kind < 0.36:
        return ("f", rng.choice(list(functions(mpf, mp))), part())
    if kind < 0.60:
        return (rng.choice("+-*/*"), part(), part())
    if kind < 0.70:
        return ("^", part(), rng.choice(POWERS))
    if kind < 0.80:
        return (rng.choice(["max", "min"]), part(), part())
    return ("select", rng.choice(SIGNS), part(), ("n", rng.choice(SPECIAL)), part(), part())


def text(t):
    if t[0] == "x":
        return "x"
    if t[0] == "n":
        return f"({t[1]})"
    if t[0] == "f":
        return f"{t[1]}({text(t[2])})"
    if t[0] in "+-*/":
        return f"({text(t[1])} {t[0]} {text(t[2])})"
    if t[0] == "^":
        return f"({text(t[1])})^({t[2]})"
    if t[0] in ("max", "min"):
        return f"{t[0]}({text(t[1])}, {text(t[2])})"
    return f"select({text(t[2])} {t[1]} {text(t[3])}, {text(t[4])}, {text(t[5])})"


def value(t, x, m, lib):
    of = lambda part: value(part, x, m, lib)
    if t[0] == "x":
        return Dual(m(x), m(1), m(0))
    if t[0] == "n":
        return Dual(m(t[1]), m(0), m(0), fixed=True)
    if t[0] == "f":
        inner = of(t[2])
        result = through(functions(m, lib)[t[1]], inner)
        if t[1] == "relu" and isinstance(result, Dual) and inner.v <= 0:
            result.fixed = inner.v < 0 or inner.fixed
            if inner.v == 0 and not inner.fixed:
                raise Bad
        return result
    if t[0] in "+-*/":
        return {"+": add, "-": sub, "*": mul, "/": div}[t[0]](of(t[1]), of(t[2]))
    if t[0] == "^":
        return through(power(t[2])(m), of(t[1]))
    if t[0] == "max":
        return larger(of(t[1]), of(t[2]))
    if t[0] == "min":
        return smaller(of(t[1]), of(t[2]))
    return select(t[1], of(t[2]), of(t[3]), of(t[4]), of(t[5]))


class Floats:
    exp, log, log1p, sqrt, sin, cos, tanh, cosh, asin = (staticmethod(f) for f in (
        math.exp, math.log, math.log1p, math.sqrt, math.sin, math.cos, math.tanh, math.cosh, math.asin))  # fmt: skip


def routes(t):
    return t[0] in ("max", "min", "select") or t[0] == "f" and t[1] in ("relu", "abs") or any(isinstance(p, tuple) and routes(p) for p in t[1:])


def uses(t):
    return t[0] == "x" or any(isinstance(p, tuple) and uses(p) for p in t[1:])


def main():
    rng, cases, seen = random.Random(20261127), [], set()
    while len(cases) < 2000:
        t, x = tree(rng, 4), rng.choice(SPECIAL + [round(rng.uniform(-3, 3), 3)] * 4)
        expression = text(t)
        if not routes(t) or not uses(t) or expression in seen or len(expression) > 200:
            continue
        try:
            exact, rough = value(t, x, mpf, mp), value(t, x, float, Floats)
        except (Bad, ZeroDivisionError, OverflowError, ValueError, TypeError):
            continue
        if isinstance(exact, Lost) or isinstance(rough, Lost):
            continue
        numbers = [exact.v, exact.d, exact.dd]
        if any(abs(n) > 1e12 for n in numbers):
            continue
        if any(abs(a - b) > mpf("1e-11") * abs(a) + mpf("1e-13") for a, b in zip(numbers, (rough.v, rough.d, rough.dd))):
            continue
        seen.add(expression)
        cases.append({"expression": expression, "x": x, "wanted": [float(n) for n in numbers]})
    print("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]")


main()
