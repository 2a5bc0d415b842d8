"""The network by hand in NumPy."""

import numpy as np

RATE = {"sgd": np.float32(0.1), "adam": np.float32(1e-3)}


def parameters(net, rng):
    return [[(rng.standard_normal(pair) * 0.01).astype(np.float32), np.zeros(pair[1], np.float32)] for pair in net.layers]


def data(net, rng):
    x = rng.random((net.batch, net.sizes[0]), dtype=np.float32)
    if net.regression:
        return x, rng.random((net.batch, 1), dtype=np.float32)
    return x, rng.integers(0, net.sizes[-1], net.batch)


def forward(params, x):
    for w, b in params[:-1]:
        x = np.maximum(x @ w + b, 0)
    w, b = params[-1]
    return x @ w + b


class Sgd:
    def __init__(self, params):
        self.rate = RATE["sgd"]

    def update(self, layer, part, parameter, gradient):
        parameter -= self.rate * gradient

    def next(self):
        pass


class Adam:
    """Adam in place (Kingma and Ba, 2015), with the bias corrections in the rate and in ε as in section 2."""

    def __init__(self, params):
        self.m = [[np.zeros_like(p) for p in layer] for layer in params]
        self.v = [[np.zeros_like(p) for p in layer] for layer in params]
        self.steps = 0
        self.next()

    def next(self):
        self.steps += 1
        self.correction = np.float32(np.sqrt(1 - 0.999**self.steps))
        self.rate = np.float32(RATE["adam"] * self.correction / (1 - 0.9**self.steps))
        self.eps = np.float32(1e-8 * self.correction)

    def update(self, layer, part, parameter, gradient):
        m, v = self.m[layer][part], self.v[layer][part]
        m *= np.float32(0.9)
        m += np.float32(0.1) * gradient
        v *= np.float32(0.999)
        gradient *= gradient
        gradient *= np.float32(0.001)
        v += gradient
        change = np.sqrt(v)
        change += self.eps
        np.divide(m, change, out=change)
        change *= self.rate
        parameter -= change


def step(net, threads):
    rng = np.random.default_rng(0)
    params, (x, t) = parameters(net, rng), data(net, rng)
    optimizer = {"sgd": Sgd, "adam": Adam}[net.optimizer](params)
    rows, batch = np.arange(net.batch), np.float32(net.batch)
    last = len(params) - 1

    def once():
        values = [x]
        for i, (w, b) in enumerate(params):
            z = values[-1] @ w
            z += b
            if i < last:
                np.maximum(z, 0, out=z)
            values.append(z)
        if net.regression:
            g = values[-1] - t
            g *= 2 / batch
        else:
            g = np.exp(values[-1] - values[-1].max(axis=1, keepdims=True))
            g /= g.sum(axis=1, keepdims=True)
            g[rows, t] -= 1
            g /= batch
        for i in range(last, -1, -1):
            w, b = params[i]
            dw, db = values[i].T @ g, g.sum(axis=0)
            if i:
                g = g @ w.T
                g *= values[i] > 0
            optimizer.update(i, 0, w, dw)
            optimizer.update(i, 1, b, db)
        optimizer.next()

    return once, lambda: None


def inference(net, threads):
    rng = np.random.default_rng(0)
    params, (x, _) = parameters(net, rng), data(net, rng)
    return lambda: forward(params, x), lambda: None


def gemm(size, threads):
    rng = np.random.default_rng(0)
    a, b = (rng.random((size, size), dtype=np.float32) for _ in range(2))
    c = np.empty_like(a)
    return lambda: np.matmul(a, b, out=c), lambda: None


def kernel():
    """The name that OpenBLAS gives to the kernels it chose for this CPU."""
    import threadpoolctl

    return ", ".join(sorted({pool.get("architecture", "?") for pool in threadpoolctl.threadpool_info() if pool["user_api"] == "blas"}))
