"""A 3-16-16-1 network of scalar nodes, forward and backward: python scalar.py micrograd|torch THREADS

micrograd's MLP as it comes has ReLU and a linear output; the others have tanh after each neuron, which is more work.
`nodes` counts the forward graph's values, leaves among them."""

import json
import random
import sys

import work

SIZES, POINT = [3, 16, 16, 1], [2.0, 3.0, -1.0]


def with_micrograd():
    from micrograd.nn import MLP

    random.seed(0)
    model = MLP(SIZES[0], SIZES[1:])

    def once():
        model.zero_grad()
        out = model(POINT)
        out.backward()
        return out

    seen, waiting = set(), [once()]
    while waiting:
        value = waiting.pop()
        if value not in seen:
            seen.add(value)
            waiting.extend(value._prev)
    return once, len(seen)


def with_torch():
    import torch

    torch.set_num_threads(threads)
    random.seed(0)
    leaf = lambda value: torch.tensor(value, dtype=torch.float64, requires_grad=True)
    layers = [
        [([leaf(random.uniform(-1, 1)) for _ in range(inputs)], leaf(0.0)) for _ in range(outputs)]
        for inputs, outputs in zip(SIZES, SIZES[1:])
    ]
    inputs = [leaf(value) for value in POINT]
    leaves = inputs + [p for layer in layers for weights, bias in layer for p in [*weights, bias]]

    def once():
        for p in leaves:
            p.grad = None
        x = inputs
        for layer in layers:
            x = [sum((w * xi for w, xi in zip(weights, x)), bias).tanh() for weights, bias in layer]
        x[0].backward()

    products = sum(a * b for a, b in zip(SIZES, SIZES[1:]))
    return once, len(leaves) + 2 * products + sum(SIZES[1:])


library, threads = sys.argv[1], int(sys.argv[2])
work.limit_threads(threads)
once, nodes = {"micrograd": with_micrograd, "torch": with_torch}[library]()
median, least = work.measure(once, lambda: None, nodes)
report = work.report(library, "scalar", threads, (median, least), nodes, nodes=nodes, nodes_per_second=round(nodes / median))
del report["gflops"]
print(json.dumps(report))
