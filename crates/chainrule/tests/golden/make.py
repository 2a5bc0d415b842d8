"""Writes golden.json: values of chainrule's operations by Python's own math, the independent source.

    python3 crates/chainrule/tests/golden/make.py > crates/chainrule/tests/golden/golden.json

Needs Python 3.8 or later and nothing else. Sums are exact (math.fsum). Each case gives an expression of
the command line, the values of its names, and the value expected.
"""

import json
import math

cases = []


def case(expression, expected, **values):
    cases.append({"expression": expression, "values": values, "expected": expected})


def softplus(x):
    return max(x, 0.0) + math.log1p(math.exp(-abs(x)))


def sigmoid(x):
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))


WIDE = [-7.5, -1.0, -0.3, 0.0, 1e-9, 0.25, 1.0, 3.7]
UNIT = [-1.0, -0.6, 0.0, 0.2, 0.99]
POSITIVE = [1e-12, 0.1, 1.0, 2.5, 1e6]
FUNCTIONS = [
    ("exp", math.exp, WIDE), ("ln", math.log, POSITIVE), ("log", math.log, POSITIVE),
    ("log2", math.log2, POSITIVE), ("log10", math.log10, POSITIVE), ("sqrt", math.sqrt, POSITIVE + [0.0]),
    ("abs", abs, WIDE), ("square", lambda x: x * x, WIDE), ("sin", math.sin, WIDE), ("cos", math.cos, WIDE),
    ("tan", math.tan, WIDE), ("asin", math.asin, UNIT), ("acos", math.acos, UNIT), ("atan", math.atan, WIDE),
    ("sinh", math.sinh, WIDE), ("cosh", math.cosh, WIDE), ("tanh", math.tanh, WIDE + [400.0]),
    ("erf", math.erf, WIDE), ("sigmoid", sigmoid, WIDE + [-1e4, 1e4]), ("relu", lambda x: max(x, 0.0), WIDE),
    ("softplus", softplus, WIDE + [-1e4, 1e4]), ("silu", lambda x: x * sigmoid(x), WIDE),
    ("gelu", lambda x: 0.5 * x * (1 + math.erf(x / math.sqrt(2))), WIDE),
    ("sign", lambda x: math.copysign(1, x) if x else 0.0, WIDE),
]
for name, function, arguments in FUNCTIONS:
    for x in arguments:
        case(f"{name}(x)", function(x), x=x)

for a, b in [(2.0, 3.0), (-1.5, 4.0), (0.3, -2.0), (7.0, 0.0)]:
    case("a + b", a + b, a=a, b=b)
    case("a - b", a - b, a=a, b=b)
    case("a * b", a * b, a=a, b=b)
    case("a ^ b", a ** b, a=a, b=b)
    case("max(a, b)", max(a, b), a=a, b=b)
    case("min(a, b)", min(a, b), a=a, b=b)
    if b:
        case("a / b", a / b, a=a, b=b)
    case("-a ^ 2 * b", -(a ** 2) * b, a=a, b=b)

A = [[1.5, -2.0, 0.25], [3.0, 0.1, -1.0]]
B = [[0.5, 2.0], [-1.0, 1.25], [4.0, -0.75]]
product = [[math.fsum(A[i][k] * B[k][j] for k in range(3)) for j in range(2)] for i in range(2)]
W = [[0.3, -1.2], [2.2, 0.7]]
weigh = lambda m: math.fsum(m[i][j] * W[i][j] for i in range(2) for j in range(2))
case("sum(A @ B * W)", weigh(product), A=A, B=B, W=W)
case("sum(transpose(B) @ transpose(A) * transpose(W))", weigh(product), A=A, B=B, W=W)
case("sum(A)", math.fsum(sum(A, [])), A=A)
case("mean(A)", math.fsum(sum(A, [])) / 6, A=A)
case("max(A)", 3.0, A=A)
case("min(A)", -2.0, A=A)
case("sum((A + r) * c)", math.fsum((A[i][j] + [10.0, 20.0, 30.0][j]) * [2.0, -1.0][i] for i in range(2) for j in range(3)),
     A=A, r=[10.0, 20.0, 30.0], c=[[2.0], [-1.0]])

for z in ([1.0, 2.0, 3.0], [1e4, -1e4, 0.0], [0.1, 0.1, 0.1], [-1e4, -1e4 + 1, -1e4 - 2]):
    top = max(z)
    exps = [math.exp(v - top) for v in z]
    total = math.fsum(exps)
    u = [0.5, -1.0, 2.0]
    case("sum(softmax(z) * u)", math.fsum(e / total * w for e, w in zip(exps, u)), z=z, u=u)
    case("sum(log_softmax(z) * u)", math.fsum((v - top - math.log(total)) * w for v, w in zip(z, u)), z=z, u=u)
    case("cross_entropy(z, 1)", math.log(total) - (z[1] - top), z=z)
    t = [0.2, 0.5, 0.3]
    case("cross_entropy(z, t)", math.fsum(p * (math.log(total) - (v - top)) for p, v in zip(t, z)), z=z, t=t)

print(json.dumps(cases, indent=0))
