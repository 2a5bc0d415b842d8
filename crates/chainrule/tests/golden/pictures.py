"""Writes pictures.json: what PyTorch makes of convolutions, pooling and resizing, in f64.

    python3 crates/chainrule/tests/golden/pictures.py > crates/chainrule/tests/golden/pictures.json

Made with PyTorch 2.15. PyTorch has channels first and kernels [kernels, channels, …]; what is written has channels
last and kernels […, channels, kernels], as chainrule does. Gradients are those of the sum of the output's elements
times irregular numbers.
"""

import json
import math

import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)


def numbers(*shape, seed=1):
    """Irregular numbers that do not depend on a generator."""
    count = math.prod(shape)
    values = [math.sin(12.9898 * (i + 1) + 78.233 * seed) * 43758.5453 % 2 - 1 for i in range(count)]
    return torch.tensor(values).reshape(shape)


def array(tensor):
    return {"shape": list(tensor.shape), "values": tensor.detach().reshape(-1).tolist()}


def last(x):
    """Channels first as channels last."""
    return x.movedim(1, -1)


def kernels(w):
    """[kernels, channels, …] as […, channels, kernels]; those of a transposed convolution are [channels in, out, …]."""
    return w.movedim((0, 1), (-1, -2))


def case(operation, settings, x, w, f):
    x.requires_grad_(True)
    inputs = [x]
    if w is not None:
        w.requires_grad_(True)
        inputs.append(w)
    y = f(*inputs)
    gradients = torch.autograd.grad((y * numbers(*last(y).shape, seed=9).movedim(-1, 1)).sum(), inputs)
    found = {"operation": operation, "x": array(last(x)), "y": array(last(y)), "dx": array(last(gradients[0]))}
    if w is not None:
        found["w"] = array(kernels(w))
        found["dw"] = array(kernels(gradients[1]))
    return found | settings


def convolutions():
    for n, size, batch, channels, out, kernel, stride, padding, dilation, groups in [
        (2, (6, 7), 2, 3, 4, (3, 2), (1, 1), (0, 0), (1, 1), 1),
        (2, (8, 8), 2, 2, 3, (3, 3), (1, 1), (1, 1), (1, 1), 1),
        (2, (9, 7), 1, 2, 3, (3, 3), (2, 3), (1, 2), (1, 1), 1),
        (2, (9, 8), 1, 2, 2, (3, 2), (1, 2), (2, 1), (2, 3), 1),
        (2, (6, 6), 2, 4, 6, (3, 3), (1, 1), (1, 1), (1, 1), 2),
        (2, (7, 6), 2, 3, 6, (3, 3), (2, 1), (1, 1), (1, 1), 3),
        (1, (11,), 2, 3, 4, (5,), (2,), (2,), (1,), 1),
        (1, (9,), 2, 4, 4, (3,), (1,), (2,), (2,), 4),
        (3, (4, 5, 4), 1, 2, 2, (2, 3, 2), (1, 2, 1), (1, 0, 1), (1, 1, 2), 1),
    ]:
        f = [F.conv1d, F.conv2d, F.conv3d][n - 1]
        x = numbers(batch, channels, *size)
        w = numbers(out, channels // groups, *kernel, seed=2)
        settings = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
        yield case("conv", settings, x, w, lambda x, w: f(x, w, None, stride, padding, dilation, groups))
    for n, size, batch, channels, out, kernel, stride, padding, dilation, groups, more in [
        (2, (4, 5), 2, 3, 2, (3, 2), (1, 1), (0, 0), (1, 1), 1, (0, 0)),
        (2, (4, 5), 2, 3, 2, (3, 3), (2, 2), (1, 1), (1, 1), 1, (1, 0)),
        (2, (4, 3), 1, 4, 6, (3, 2), (2, 3), (1, 0), (2, 1), 2, (1, 2)),
        (1, (6,), 2, 3, 2, (4,), (2,), (1,), (1,), 1, (0,)),
    ]:
        f = [F.conv_transpose1d, F.conv_transpose2d][n - 1]
        x = numbers(batch, channels, *size)
        w = numbers(channels, out // groups, *kernel, seed=2)
        settings = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups, "more": more}
        yield case("conv_transpose", settings, x, w, lambda x, w: f(x, w, None, stride, padding, more, groups, dilation))


def pools():
    for size, kernel, stride, padding, dilation, ceil in [
        ((6, 8), (2, 2), (2, 2), (0, 0), (1, 1), False),
        ((7, 7), (3, 3), (2, 2), (1, 1), (1, 1), False),
        ((7, 6), (3, 2), (1, 1), (1, 0), (2, 1), False),
        ((7, 8), (3, 3), (2, 3), (1, 1), (1, 1), True),
        ((5, 5), (2, 2), (3, 3), (1, 1), (1, 1), True),
    ]:
        settings = {"size": kernel, "stride": stride, "padding": padding, "dilation": dilation, "is_ceil": ceil}
        x = numbers(2, 3, *size)
        yield case("max_pool", settings, x, None, lambda x: F.max_pool2d(x, kernel, stride, padding, dilation, ceil))
        if dilation == (1, 1):
            for counts in (True, False):
                x = numbers(2, 3, *size)
                average = lambda x: F.avg_pool2d(x, kernel, stride, padding, ceil, counts)
                yield case("average_pool", settings | {"counts_padding": counts}, x, None, average)
    for size, out in [((6, 8), (3, 4)), ((7, 5), (3, 2)), ((3, 4), (5, 1))]:
        yield case("adaptive_average_pool", {"size": out}, numbers(2, 3, *size), None, lambda x: F.adaptive_avg_pool2d(x, out))
        yield case("adaptive_max_pool", {"size": out}, numbers(2, 3, *size), None, lambda x: F.adaptive_max_pool2d(x, out))


def resized():
    for size, times in [((3, 4), (2, 3)), ((1, 2), (4, 1))]:
        out = tuple(s * t for s, t in zip(size, times))
        yield case("upsample_nearest", {"size": times}, numbers(2, 3, *size), None, lambda x: F.interpolate(x, out, mode="nearest"))
    for size, out in [((3, 4), (6, 8)), ((5, 3), (7, 2)), ((1, 4), (3, 1))]:
        linear = lambda x: F.interpolate(x, out, mode="bilinear", align_corners=False)
        yield case("resize_linear", {"size": out}, numbers(2, 3, *size), None, linear)


print(json.dumps([*convolutions(), *pools(), *resized()], indent=None, separators=(",", ":")))
