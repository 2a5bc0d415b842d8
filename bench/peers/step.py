"""One training step of a network, or one inference, timed inside the process.

    python step.py numpy|torch|torch-compile|jax NETWORK THREADS [--inference]

NETWORK is book, medium, large, huge, or sizes, optimizer and batch such as 784-50-10:sgd:100; prints one line of
JSON with the keys of `chainrule bench --json`."""

import importlib
import json
import sys

import work

library, name, threads = sys.argv[1], sys.argv[2], int(sys.argv[3])
net = work.network(name)
work.limit_threads(threads)
peer = importlib.import_module("with_" + library.removesuffix("-compile"))
if "--inference" in sys.argv:
    flops, build = net.forward_flops(), peer.inference
else:
    flops, build = net.step_flops(), peer.compiled_step if library.endswith("-compile") else peer.step
step, wait = build(net, threads)
more = {"kernel": peer.kernel()} if library == "numpy" else {}
print(json.dumps(work.report(library, name, threads, work.measure(step, wait, flops), flops, **more)))
