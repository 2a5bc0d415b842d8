"""Writes golden.json: values of chainrule's operations by Python's own math and by NumPy, the
independent sources.

    python3 crates/chainrule-explain/tests/golden/make.py > crates/chainrule-explain/tests/golden/golden.json

Needs Python 3.8 or later and NumPy. Sums are exact (math.fsum) or of numbers that make them so. An
expression is one of the command line, with the values of its names and the value expected; an operation
is a call of the library, which golden.rs knows by its text, with its operands and the array expected.
"""

import json
import math

import numpy as np

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
    ("floor", math.floor, WIDE), ("ceil", math.ceil, WIDE), ("round", round, WIDE + [0.5, 1.5, -2.5]),
    ("cbrt", lambda x: math.copysign(abs(x) ** (1 / 3), x), [0.0, 1e-9, 0.25, -0.3, 1.0, -8.0, 3.7]),
    ("expm1", math.expm1, WIDE + [1e-15, -1e-6, -0.99, 0.99]),
    ("log1p", math.log1p, [-0.9375, -0.3, 0.0, 1e-15, 1e-9, 0.25, 1.0, 3.7, 1e6]),
    ("asinh", math.asinh, WIDE + [1e-15, -1e6, 1e12]),
    ("acosh", math.acosh, [1.0, 1 + 2**-22, 1.25, 3.7, 1e6, 1e12]),
    ("atanh", math.atanh, [0.0, 1e-15, -0.3, 0.25, 0.6, -0.984375]),
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

for y, x in [(1.0, 2.0), (-1.5, 0.25), (0.3, -2.0), (-3.0, -0.125), (0.0, 2.0), (2.0, 0.0), (0.0, -1.0), (1e-9, 3.0)]:
    case("atan2(y, x)", math.atan2(y, x), y=y, x=x)
    case("hypot(y, x)", math.hypot(y, x), y=y, x=x)
    if x:
        case("y % x", y % x, y=y, x=x)
        case("mod(y, x)", y % x, y=y, x=x)

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

for x in [-2.5, -0.3, 0.25, 1.0, 3.7]:
    case("sec(x)", 1 / math.cos(x), x=x)
    case("csc(x)", 1 / math.sin(x), x=x)
    case("cot(x)", 1 / math.tan(x), x=x)
    case("leaky_relu(x)", x if x > 0 else 0.01 * x, x=x)
    case("leaky_relu(x, 0.2)", x if x > 0 else 0.2 * x, x=x)
    case("elu(x)", x if x > 0 else math.expm1(x), x=x)
    case("elu(x, a)", x if x > 0 else 1.5 * math.expm1(x), x=x, a=1.5)
    case("clip(x, -1, 2)", min(max(x, -1), 2), x=x)
    case("clamp(x, a, 2 * b)", min(max(x, -0.5), 2.5), x=x, a=-0.5, b=1.25)
    case("where(x > 0, x, b) + if(x < b, 1, 2)", (x if x > 0 else 1.25) + (1 if x < 1.25 else 2), x=x, b=1.25)

# Arrays, weighed so that no place is taken for another.
M = np.array([[1.5, -2.0, 0.25], [3.0, 0.125, -1.0]])
S = np.array([[1.5, -2.0, 0.25], [3.0, 0.125, -1.0], [0.5, 2.0, -0.75]])
rows, columns = np.array([2.0, -1.0]), np.array([0.5, -1.0, 2.0])
FOLDS = [
    ("sum", np.sum), ("mean", np.mean), ("max", np.max), ("min", np.min), ("prod", np.prod), ("var", np.var),
    ("std", np.std), ("norm", lambda m, axis=None, keepdims=False: np.sqrt(np.sum(m * m, axis, keepdims=keepdims))),
    ("logsumexp", lambda m, axis=None, keepdims=False: np.log(np.sum(np.exp(m), axis, keepdims=keepdims))),
]
for name, fold in FOLDS:
    case(f"{name}(M)", float(fold(M)), M=M.tolist())
    for axis, weights in [(0, "c"), (-2, "c"), (1, "r"), (-1, "r")]:
        of = rows if weights == "r" else columns
        case(f"sum({name}(M, axis={axis}) * {weights})", float(np.sum(fold(M, axis=axis) * of)),
             **{"M": M.tolist(), weights: of.tolist()})
    case(f"sum({name}(M, axis=1, keepdims=True) * M)", float(np.sum(fold(M, axis=1, keepdims=True) * M)), M=M.tolist())
    case(f"sum({name}(M, axis=(0, 1)) * 2)", float(fold(M)) * 2, M=M.tolist())
case("var(M, correction=1) + sum(std(M, axis=1, ddof=1))", float(np.var(M, ddof=1) + np.sum(np.std(M, 1, ddof=1))), M=M.tolist())
for axis in [0, 1]:
    exps = np.exp(M - np.max(M, axis, keepdims=True))
    soft = exps / np.sum(exps, axis, keepdims=True)
    case(f"sum(softmax(M, axis={axis}) * M)", float(np.sum(soft * M)), M=M.tolist())
    case(f"sum(log_softmax(M, axis={axis}) * M)", float(np.sum(np.log(soft) * M)), M=M.tolist())
    case(f"sum(cumsum(M, axis={axis}) * M)", float(np.sum(np.cumsum(M, axis) * M)), M=M.tolist())
    weights = columns if axis == 0 else rows
    case(f"sum(argmax(M, axis={axis}) * w)", float(np.sum(np.argmax(M, axis) * weights)), M=M.tolist(), w=weights.tolist())
    case(f"sum(concat(M, 2 * M, axis={axis}) * {np.concatenate([M, M + 1], axis).tolist()})",
         float(np.sum(np.concatenate([M, 2 * M], axis) * np.concatenate([M, M + 1], axis))), M=M.tolist())
    case(f"sum(stack([M, 2 * M], axis={axis}) * {np.stack([M, M + 1], axis).tolist()})",
         float(np.sum(np.stack([M, 2 * M], axis) * np.stack([M, M + 1], axis))), M=M.tolist())
case("argmax(M)", 3.0, M=M.tolist())
case("sum(cumsum(c) * c)", float(np.sum(np.cumsum(columns) * columns)), c=columns.tolist())
case("trace(S @ S)", float(np.trace(S @ S)), S=S.tolist())
case("dot(c, M[0])", float(columns @ M[0]), M=M.tolist(), c=columns.tolist())
case("sum(dot(M, c) * r)", float(np.sum(M @ columns * rows)), M=M.tolist(), c=columns.tolist(), r=rows.tolist())
case("mse(M, 1)", float(np.mean((M - 1) ** 2)), M=M.tolist())
case("sum(reshape(M, 3, -1)[:, 1] * c)", float(np.sum(M.reshape(3, -1)[:, 1] * columns)), M=M.tolist(), c=columns.tolist())
case("sum(reshape(M, [6])[2:5] * c)", float(np.sum(M.reshape(6)[2:5] * columns)), M=M.tolist(), c=columns.tolist())
case("S[0, 1] + 10 * S[-1][0] + 100 * S[1, -1]", float(S[0, 1] + 10 * S[-1][0] + 100 * S[1, -1]), S=S.tolist())
case("sum(S[1:, :2] * S[:-1, 1:])", float(np.sum(S[1:, :2] * S[:-1, 1:])), S=S.tolist())
case("sum(S[-2:] * M)", float(np.sum(S[-2:] * M)), S=S.tolist(), M=M.tolist())
case("sum([1, 2, x] * [x, x ^ 2, 3])", 1 * 1.5 + 2 * 2.25 + 1.5 * 3, x=1.5)
case("sum([[1, x], [x, 2]] @ [x, 1])", float(np.sum(np.array([[1, 1.5], [1.5, 2]]) @ [1.5, 1])), x=1.5)
case("sum([M[0], c] * M)", float(np.sum(np.array([M[0], columns]) * M)), M=M.tolist(), c=columns.tolist())
log_rows = M - np.log(np.sum(np.exp(M), 1, keepdims=True))
case("cross_entropy(M, [2, 0])", float(-(log_rows[0, 2] + log_rows[1, 0]) / 2), M=M.tolist())
case("cross_entropy(M, t)", float(-(log_rows[0, 2] + log_rows[1, 0]) / 2), M=M.tolist(), t=[2.0, 0.0])

# Operations on arrays, by NumPy. All numbers are multiples of 1/8, which f32 holds exactly.
operations = []


def numbers(*shape, seed=0):
    flat = [((i + seed) * 37 % 41 - 20) / 8 for i in range(math.prod(shape))]
    return np.array(flat).reshape(shape)


def array(values):
    values = np.asarray(values, dtype=float)
    return {"shape": list(values.shape), "values": values.ravel().tolist()}


def operation(call, expected, t=None, classes=0, **operands):
    case = {"call": call, "operands": {name: array(v) for name, v in operands.items()}, "expected": array(expected)}
    if t is not None:
        case["labels"] = {"shape": list(t.shape), "values": t.ravel().tolist(), "classes": classes}
    operations.append(case)


x, y = numbers(2, 3), numbers(2, 3, seed=5)
y[0, 1], y[1, 2] = x[0, 1], x[1, 2]
for name, compare in [("less", np.less), ("less_equal", np.less_equal), ("greater", np.greater),
                      ("greater_equal", np.greater_equal), ("equal", np.equal), ("not_equal", np.not_equal)]:
    operation(f"x.{name}(y)", compare(x, y), x=x, y=y)
    operation(f"x.{name}(y)", compare(x, y[:1]), x=x, y=y[:1])
operation("x.greater(y).select(x, y)", np.where(x > y, x, y), x=x, y=y)
operation("x.greater(y).select(x, y)", np.where(x > y[:, 1:2], x, y[:, 1:2]), x=x, y=y[:, 1:2])

x = numbers(2, 3, 4)
x[1, 0] = [1.5, 2.5, 2.5, -1.0]  # The first of equal elements counts.
for axis in range(3):
    operation(f"x.argmax({axis})", np.argmax(x, axis), x=x)
    operation(f"x.sum(&[{axis}])", np.sum(x, axis), x=x)
    operation(f"x.mean(&[{axis}])", np.mean(x, axis), x=x)
    operation(f"x.max(&[{axis}])", np.max(x, axis), x=x)
    operation(f"x.min(&[{axis}])", np.min(x, axis), x=x)
operation("x.sum(&[0, 2])", np.sum(x, (0, 2)), x=x)
operation("x.mean(&[1, 2])", np.mean(x, (1, 2)), x=x)
operation("x.max(&[0, 1])", np.max(x, (0, 1)), x=x)
for axis in range(3):
    exps = np.exp(x - np.max(x, axis, keepdims=True))
    total = np.sum(exps, axis, keepdims=True)
    operation(f"x.softmax_over({axis})", exps / total, x=x)
    operation(f"x.log_softmax_over({axis})", x - np.max(x, axis, keepdims=True) - np.log(total), x=x)
    operation(f"x.logsumexp(&[{axis}])", np.logaddexp.reduce(x, axis), x=x)
operation("x.logsumexp(&[])", np.logaddexp.reduce(x, None), x=x)
operation("x.var(&[0], 0)", np.var(x, 0), x=x)
operation("x.var(&[1], 1)", np.var(x, 1, ddof=1), x=x)
operation("x.var(&[0, 2], 1)", np.var(x, (0, 2), ddof=1), x=x)
operation("x.std(&[2], 0)", np.std(x, 2), x=x)
operation("x.std(&[1], 1)", np.std(x, 1, ddof=1), x=x)
operation("x.std(&[], 1)", np.std(x, ddof=1), x=x)
operation("x.clamp(-1.5, 0.5)", np.clip(x, -1.5, 0.5), x=x)
operation("x.slice(1, 1, 3)", x[:, 1:3], x=x)
operation("x.slice(2, 0, 1)", x[:, :, 0:1], x=x)
operation("x.concat(1, &[y])", np.concatenate([x, x[:, :1] * 2], 1), x=x, y=x[:, :1] * 2)
operation("x.concat(0, &[y, x])", np.concatenate([x, -x, x]), x=x, y=-x)
operation("x.pad(1, 2, 1)", np.pad(x, [(0, 0), (2, 1), (0, 0)]), x=x)
operation("x.pad(2, 0, 3)", np.pad(x, [(0, 0), (0, 0), (0, 3)]), x=x)
operation("x.reshape([4, 6])", x.reshape(4, 6), x=x)
operation("x.transpose(&[2, 0, 1])", x.transpose(2, 0, 1), x=x)
operation("x.transpose(&[2, 0, 1]).reshape([4, 6])", x.transpose(2, 0, 1).reshape(4, 6), x=x)
operation("x.t()", x.swapaxes(1, 2), x=x)
operation("x.broadcast_to([3, 2, 4])", np.broadcast_to(numbers(2, 1), (3, 2, 4)), x=numbers(2, 1))

t = np.array([[2, 0], [2, 1]])
operation("x.gather(1, t)", np.take(x, t, 1), t, 3, x=x)
operation("x.gather(0, t)", np.take(x, t % 2, 0), t % 2, 2, x=x)
z = numbers(2, 2, 2, 4)
scattered = np.zeros((2, 3, 4))
for i in range(2):
    np.add.at(scattered[i], t, z[i])
operation("x.scatter_add(1, t, 3)", scattered, t, 3, x=z)
operation("t.one_hot(3)", np.eye(3)[t], t, 3)
operation("t.to_real()", t, t, 3)
operation("t.transpose(&[1, 0])", t.T, t, 3)
operation("t.equal(t.t())", t == t.T, t, 3)
operation("t.less(t.index(0, 0))", t < t[0], t, 3)

# Along an axis: a position for each place.
p = np.arange(2 * 2 * 4).reshape(2, 2, 4) * 5 % 7 % 3
operation("x.take_along_axis(1, t)", np.take_along_axis(x, p, 1), p, 3, x=x)
operation("x.take_along_axis(-1, t)", np.take_along_axis(x, p[:, :1].repeat(3, 1), 2), p[:, :1].repeat(3, 1), 3, x=x)
operation("x.take_along_axis(0, t)", np.take_along_axis(x[:, :2], p % 2, 0), p % 2, 2, x=x[:, :2])
scattered = np.zeros((2, 3, 4))
for i, j, k in np.ndindex(2, 2, 4):
    scattered[i, p[i, j, k], k] += z[0, i, j, k]
operation("x.scatter_add_along_axis(1, t, 3)", scattered, p, 3, x=z[0])
scattered = np.zeros((5, 2, 4))
for i, j, k in np.ndindex(2, 2, 4):
    scattered[p[i, j, k], j, k] += z[0, i, j, k]
operation("x.scatter_add_along_axis(0, t, 5)", scattered, p, 3, x=z[0])

put = x.copy()
np.put_along_axis(put, p, z[0], 1)  # Of several at one place the last stands.
operation("x.put_along_axis(1, t, y)", put, p, 3, x=x, y=z[0])
put = x[:, :2].copy()
np.put_along_axis(put, p[:, :, :1], 7.5, -1)
operation("x.put_along_axis(-1, t, 7.5)", put, p[:, :, :1], 3, x=x[:, :2])

operation("x.to_labels(3)", np.clip(np.trunc(x), 0, 2), x=x)
operation("g.arange(5)", np.arange(5))
operation("x.index(1, -1)", x[:, -1], x=x)
operation("x.index(-1, 2)", x[..., 2], x=x)
operation("x.index(2, 1).t()", x[..., 1].T, x=x)
operation("x.squeeze(1)", x[:, :1].squeeze(1), x=x[:, :1])
operation("x.unsqueeze(0)", x[None], x=x)
operation("x.unsqueeze(-1)", x[..., None], x=x)
operation("x.t().unsqueeze(1)", x.swapaxes(1, 2)[:, None], x=x)
for axis in [0, 1, -1]:
    operation(f"x.stack({axis}, &[y, x])", np.stack([x, -x, x], axis), x=x, y=-x)
operation("g.concat(-1, &[x, y, x, y, x, y, x, y, x, y, x])", np.concatenate([x, -x] * 5 + [x], -1), x=x, y=-x)
operation("x.split(1, &[1, 2])[1]", np.split(x, [1], 1)[1], x=x)
operation("x.chunk::<2>(-1)[1]", np.split(x, 2, -1)[1], x=x)
operation("x.sum_keep(&[-2])", np.sum(x, -2, keepdims=True), x=x)
operation("x.mean_keep(&[0, -1])", np.mean(x, (0, -1), keepdims=True), x=x)
operation("x.max_keep(&[])", np.max(x, keepdims=True), x=x)
operation("x.min_keep(&[1])", np.min(x, 1, keepdims=True), x=x)
operation("x.sum(&[-1])", np.sum(x, -1), x=x)
operation("x.argmax(-2)", np.argmax(x, -2), x=x)
operation("x.transpose(&[-1, 0, -2])", x.transpose(-1, 0, -2), x=x)

for axis in range(-1, 2):
    operation(f"x.cumsum({axis})", np.cumsum(x, axis), x=x)
    operation(f"x.prod(&[{axis}])", np.prod(x, axis), x=x)
    operation(f"x.argsort({axis})", np.argsort(x, axis, kind="stable"), x=x)
    operation(f"x.sort({axis})", np.sort(x, axis), x=x)
    order = np.argsort(-x, axis, kind="stable")
    operation(f"x.argsort_descending({axis})", order, x=x)
    operation(f"x.sort_descending({axis})", -np.sort(-x, axis), x=x)
    operation(f"x.top_k({axis}, 2).0", np.take_along_axis(x, order, axis).take([0, 1], axis), x=x)
    operation(f"x.top_k({axis}, 2).1", order.take([0, 1], axis), x=x)
operation("x.prod(&[])", np.prod(x), x=x)
operation("x.prod_keep(&[0, 2])", np.prod(x, (0, 2), keepdims=True), x=x)
after = np.cumsum(x[:, ::-1], 1)[:, ::-1]
operation("cumulative sums of x along 1, in reverse", after, x=x)
operation("cumulative sums of x along 1, exclusive", np.cumsum(x, 1) - x, x=x)
operation("cumulative sums of x along 1, exclusive and in reverse", after - x, x=x)
for offset in [-2, -1, 0, 1, 5]:
    operation(f"x.tril({offset})", np.tril(x, offset), x=x)
    operation(f"x.triu({offset})", np.triu(x, offset), x=x)

a, b = numbers(2, 1, 3, 4), numbers(5, 4, 2, seed=3)
for text in ["abij,cjk->abcik", "abij,cjk->k", "aaij,cjk->ikc", "...ij,cjk", "a...ij,...jk->...ai", "abij,cjk->jbcaik",
             "abij,cjd", "abij, cjk -> ckbi"]:
    operation(f'g.einsum("{text}", &[x, y])', np.einsum(text, a[:1] if "aa" in text else a, b),
              x=a[:1] if "aa" in text else a, y=b)
c = numbers(3, 3, 4)
for text in ["iij->j", "iij", "iij->ij", "kji", "...j->j..."]:
    operation(f'g.einsum("{text}", &[x])', np.einsum(text, c), x=c)
for text in ["ij,ij->", "ij,ij", "ij,kj->ki", "i...,i...->...", "ij,ij->ji", "ab,cd->dbca"]:
    operation(f'g.einsum("{text}", &[x, y])', np.einsum(text, c[0], c[1]), x=c[0], y=c[1])
for text in ["ij,jk,kl->il", "ij,jk,kl->li", "ij,jk,ki", "ij,jk,kl->jl"]:
    operation(f'g.einsum("{text}", &[x, y, x])', np.einsum(text, c[0, :, :3], c[1, :, :3], c[0, :, :3]),
              x=c[0, :, :3], y=c[1, :, :3])
operation("x.matmul(y)", a @ b, x=a, y=b)
operation("x.t().matmul(y)", a @ b, x=a.swapaxes(2, 3), y=b)
operation("x.matmul(y.t())", a @ b, x=a, y=b.swapaxes(1, 2))
operation("x.t().matmul(y.t())", a @ b, x=a.swapaxes(2, 3), y=b.swapaxes(1, 2))
operation("x.matmul(y)", numbers(4) @ b, x=numbers(4), y=b)
operation("x.matmul(y)", a @ numbers(4), x=a, y=numbers(4))

x, y = numbers(3, 2), numbers(3, 2, seed=7)
operation("x.half_squared_error(y)", math.fsum(((x - y) ** 2).ravel()) / 2, x=x, y=y)
operation("x.mean_squared_error(y)", math.fsum(((x - y) ** 2).ravel()) / 6, x=x, y=y)


def cross_entropy(logits, targets):
    rows = []
    for z, p in zip(logits.tolist(), targets.tolist()):
        log_sum = max(z) + math.log(math.fsum(math.exp(v - max(z)) for v in z))
        rows.append(math.fsum(q * (log_sum - v) for q, v in zip(p, z)))
    return math.fsum(rows) / len(rows)


def cross_entropy_gradient(logits, targets):
    """(y - t) / batch, with y the softmax of the logits."""
    rows = []
    for z, p in zip(logits.tolist(), targets.tolist()):
        exps = [math.exp(v - max(z)) for v in z]
        rows.append([(e / math.fsum(exps) - q) / len(logits) for e, q in zip(exps, p)])
    return rows


logits, t = numbers(3, 4), np.array([1, 3, 0])
for soft in [np.eye(4)[t], np.array([[0.125, 0.5, 0.25, 0.125], [1, 0, 0, 0], [0.25, 0.25, 0.25, 0.25]])]:
    operation("x.softmax_with_loss(y)", cross_entropy(logits, soft), x=logits, y=soft)
    operation("gradient of x.softmax_with_loss(y)", cross_entropy_gradient(logits, soft), x=logits, y=soft)
operation("x.softmax_with_loss(t)", cross_entropy(logits, np.eye(4)[t]), t, 4, x=logits)
operation("gradient of x.softmax_with_loss(t)", cross_entropy_gradient(logits, np.eye(4)[t]), t, 4, x=logits)


def lines(cases):
    return "[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]"


print(f'{{"expressions": {lines(cases)}, "operations": {lines(operations)}}}')
