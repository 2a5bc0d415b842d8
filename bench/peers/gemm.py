"""The machine's rate of f32 products, from the best of two libraries: python gemm.py numpy|torch THREADS [SIZE]"""

import importlib
import json
import sys

import work

library, threads = sys.argv[1], int(sys.argv[2])
size = int(sys.argv[3]) if len(sys.argv) > 3 else 4096
work.limit_threads(threads)
step, wait = importlib.import_module("with_" + library).gemm(size, threads)
flops = 2 * size**3
print(json.dumps(work.report(library, f"gemm {size}", threads, work.measure(step, wait, flops), flops)))
