"""The network in JAX with Optax: one jitted step whose parameters and state are donated."""

import functools

import jax
import jax.numpy as jnp
import optax


def model_and_data(net):
    key = jax.random.PRNGKey(0)
    params = [(jax.random.normal(key, pair) * 0.01, jnp.zeros(pair[1])) for pair in net.layers]
    x = jax.random.uniform(key, (net.batch, net.sizes[0]))
    if net.regression:
        return params, x, jax.random.uniform(key, (net.batch, 1))
    return params, x, jax.random.randint(key, (net.batch,), 0, net.sizes[-1])


def forward(params, x):
    for w, b in params[:-1]:
        x = jax.nn.relu(x @ w + b)
    w, b = params[-1]
    return x @ w + b


def step(net, threads):
    params, x, t = model_and_data(net)
    optimizer = optax.adam(1e-3) if net.optimizer == "adam" else optax.sgd(0.1)
    state = [params, optimizer.init(params)]

    def loss(params, x, t):
        y = forward(params, x)
        if net.regression:
            return jnp.mean((y - t) ** 2)
        return optax.softmax_cross_entropy_with_integer_labels(y, t).mean()

    @functools.partial(jax.jit, donate_argnums=(0, 1))
    def train(params, memory, x, t):
        updates, memory = optimizer.update(jax.grad(loss)(params, x, t), memory, params)
        return optax.apply_updates(params, updates), memory

    def once():
        state[:] = train(*state, x, t)

    return once, lambda: jax.block_until_ready(state)


def inference(net, threads):
    params, x, _ = model_and_data(net)
    run = jax.jit(forward)
    # One run after another, as a server answers: each result is waited for.
    return lambda: run(params, x).block_until_ready(), lambda: None
