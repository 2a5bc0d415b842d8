"""What every peer's script shares: the networks' sizes, the number of threads, and how a step is timed."""

import dataclasses
import os
import statistics
import time


@dataclasses.dataclass(frozen=True)
class Network:
    """A fully connected network with ReLU between its layers, its optimizer and its batch."""

    name: str
    sizes: list
    optimizer: str
    batch: int

    @property
    def layers(self):
        """The pairs of inputs and outputs, one a layer."""
        return list(zip(self.sizes, self.sizes[1:]))

    @property
    def regression(self):
        """One output is a number to come close to; more are the logits of classes."""
        return self.sizes[-1] == 1

    def step_flops(self):
        """Operations of a step's products: forward, gradient of the weights, and of the inputs but the first."""
        products = sum(a * b for a, b in self.layers)
        return 6 * self.batch * products - 2 * self.batch * self.sizes[0] * self.sizes[1]

    def forward_flops(self):
        return 2 * self.batch * sum(a * b for a, b in self.layers)


NAMED = {
    "book": "784-50-10:sgd:100",
    "medium": "784-512-512-10:adam:128",
    "large": "1024-2048-2048-1024:sgd:256",
    "huge": "4096-4096-4096-4096:sgd:512",
}


def network(name):
    """The network of a name, or of words such as 784-50-10:sgd:100."""
    sizes, optimizer, batch = NAMED.get(name, name).split(":")
    if optimizer not in ("sgd", "adam"):
        raise SystemExit(f"{name}: the optimizer is {optimizer}, but it must be sgd or adam")
    return Network(name, [int(size) for size in sizes.split("-")], optimizer, int(batch))


def limit_threads(threads):
    """To be called before a library is loaded: its thread pools read these when they start."""
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = str(threads)
    if hasattr(os, "sched_setaffinity"):  # JAX takes every core that it may run on.
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])


WARM_UP, SAMPLES, SHORTEST = 5, 7, 0.02


def measure(step, wait, flops):
    """Median and minimum of the seconds that a step takes, as `chainrule bench` measures them.

    A sample is 2e10 operations long, between 3 and 500 steps; a tiny network's is 20 ms at least."""
    for _ in range(WARM_UP):
        step()
    wait()
    count = max(3, min(500, int(2e10 / flops)))
    start = time.perf_counter()
    step()
    wait()
    once = time.perf_counter() - start
    while count * once < SHORTEST:
        # One step can be timed too coarsely: measure as many as are believed to be enough.
        count = max(count + 1, int(1.1 * SHORTEST / max(once, 1e-9)))
        start = time.perf_counter()
        for _ in range(count):
            step()
        wait()
        once = (time.perf_counter() - start) / count
    times = []
    for _ in range(SAMPLES):
        start = time.perf_counter()
        for _ in range(count):
            step()
        wait()
        times.append((time.perf_counter() - start) / count)
    return statistics.median(times), min(times)


def report(library, name, threads, times, flops, **more):
    """The keys of `chainrule bench --json`."""
    median, least = times
    return {
        "library": library,
        "network": name,
        "threads": threads,
        "median_us": round(median * 1e6, 2),
        "min_us": round(least * 1e6, 2),
        "gflops": round(flops / median / 1e9, 2),
        **more,
    }
