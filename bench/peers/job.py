"""The whole job as one program: load MNIST, train 784-50-10 by gradient descent, score it on the test part.

    python job.py numpy|torch|jax|sklearn THREADS EPOCHS DIR

DIR holds MNIST's four files, gzipped. The caller times the process from its start to its end."""

import gzip
import json
import os
import sys

import work

library, threads, epochs, folder = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
work.limit_threads(threads)

import numpy as np  # only now: its thread pool reads the limit when it starts

BATCH, RATE, HIDDEN = 100, 0.1, 50


def read(name, header):
    with gzip.open(os.path.join(folder, name + ".gz")) as file:
        return np.frombuffer(file.read(), np.uint8, offset=header)


def load(part):
    x = read(part + "-images-idx3-ubyte", 16).reshape(-1, 784).astype(np.float32)
    x /= 255
    return x, read(part + "-labels-idx1-ubyte", 8)


def with_numpy(x, y, test):
    rng = np.random.default_rng(0)
    w1 = (0.01 * rng.standard_normal((784, HIDDEN))).astype(np.float32)
    w2 = (0.01 * rng.standard_normal((HIDDEN, 10))).astype(np.float32)
    b1, b2 = np.zeros(HIDDEN, np.float32), np.zeros(10, np.float32)
    rows, rate = np.arange(BATCH), np.float32(RATE)
    for _ in range(epochs):
        order = rng.permutation(len(x))
        for start in range(0, len(x), BATCH):
            chosen = order[start : start + BATCH]
            a = x[chosen]
            h = a @ w1
            h += b1
            np.maximum(h, 0, out=h)
            g = h @ w2
            g += b2
            g = np.exp(g - g.max(axis=1, keepdims=True))
            g /= g.sum(axis=1, keepdims=True)
            g[rows, y[chosen]] -= 1
            g /= BATCH
            gh = g @ w2.T
            gh *= h > 0
            w2 -= rate * (h.T @ g)
            b2 -= rate * g.sum(axis=0)
            w1 -= rate * (a.T @ gh)
            b1 -= rate * gh.sum(axis=0)
    return (np.maximum(test @ w1 + b1, 0) @ w2 + b2).argmax(axis=1)


def with_torch(x, y, test):
    import torch
    from torch import nn

    torch.set_num_threads(threads)
    torch.manual_seed(0)
    x, y = torch.from_numpy(x), torch.from_numpy(y.astype(np.int64))
    model = nn.Sequential(nn.Linear(784, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, 10))
    optimizer = torch.optim.SGD(model.parameters(), lr=RATE)
    for _ in range(epochs):
        for chosen in torch.randperm(len(x)).split(BATCH):
            optimizer.zero_grad(set_to_none=True)
            nn.functional.cross_entropy(model(x[chosen]), y[chosen]).backward()
            optimizer.step()
    with torch.inference_mode():
        return model(torch.from_numpy(test)).argmax(1).numpy()


def with_jax(x, y, test):
    import functools

    import jax
    import jax.numpy as jnp

    first, second = jax.random.split(jax.random.PRNGKey(0))
    params = [
        (0.01 * jax.random.normal(first, (784, HIDDEN)), jnp.zeros(HIDDEN)),
        (0.01 * jax.random.normal(second, (HIDDEN, 10)), jnp.zeros(10)),
    ]

    def forward(params, a):
        (w1, b1), (w2, b2) = params
        return jax.nn.relu(a @ w1 + b1) @ w2 + b2

    def loss(params, a, t):
        return -jnp.take_along_axis(jax.nn.log_softmax(forward(params, a)), t[:, None], axis=1).mean()

    @functools.partial(jax.jit, donate_argnums=0)
    def step(params, a, t):
        return jax.tree.map(lambda p, g: p - RATE * g, params, jax.grad(loss)(params, a, t))

    rng = np.random.default_rng(0)
    for _ in range(epochs):
        order = rng.permutation(len(x))
        for start in range(0, len(x), BATCH):
            chosen = order[start : start + BATCH]
            params = step(params, x[chosen], y[chosen])
    return np.asarray(forward(params, jnp.asarray(test)).argmax(axis=1))


def with_sklearn(x, y, test):
    import warnings

    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPClassifier

    warnings.filterwarnings("ignore", category=ConvergenceWarning)
    model = MLPClassifier(
        (HIDDEN,), solver="sgd", learning_rate_init=RATE, momentum=0, alpha=0, batch_size=BATCH, max_iter=epochs, random_state=0
    )
    return model.fit(x, y).predict(test)


(x, y), (test, answers) = load("train"), load("t10k")
train = {"numpy": with_numpy, "torch": with_torch, "jax": with_jax, "sklearn": with_sklearn}[library]
accuracy = float((train(x, y, test) == answers).mean())
print(json.dumps({"library": library, "threads": threads, "epochs": epochs, "test_accuracy": round(accuracy, 4)}))
