"""The machine's name and the versions of what was measured."""

import os
import pathlib
import platform
import subprocess

from environment import ROOT

# The vector instructions that a product can use.
VECTORS = ("avx2", "fma", "avx512f", "avx512vl", "avx512bw", "avx512_bf16", "amx_tile", "asimd", "sve")


def machine():
    cpu = {}
    try:
        for line in pathlib.Path("/proc/cpuinfo").read_text().split("\n\n")[0].splitlines():
            key, _, value = line.partition(":")
            cpu[key.strip()] = value.strip()
    except OSError:
        pass
    name = cpu.get("model name") or first_line("sysctl", "-n", "machdep.cpu.brand_string") or platform.processor()
    if "cpu family" in cpu:
        name += f" (family {cpu['cpu family']}, model {cpu['model']})"
    flags = (cpu.get("flags") or cpu.get("Features") or "").split()
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {
        "cpu": name,
        "cores": cores,
        "flags": [flag for flag in VECTORS if flag in flags],
        "caches": caches(),
        "system": f"{platform.system()} {platform.machine()}",
    }


def caches():
    """The first core's caches, such as `L1 32K`."""
    found = []
    for folder in sorted(pathlib.Path("/sys/devices/system/cpu/cpu0/cache").glob("index*")):
        kind, level, size = ((folder / name).read_text().strip() for name in ("type", "level", "size"))
        if kind != "Instruction":
            found.append(f"L{level} {size}")
    return found


def versions(python):
    """What the peers are, as pip names them, and chainrule's commit."""
    names = ("numpy", "torch", "jax", "optax", "scikit-learn", "micrograd")
    script = f"import importlib.metadata as m; print(' '.join(n + '=' + m.version(n) for n in {names}))"
    found = dict(pair.split("=", 1) for pair in first_line(python, "-c", script).split())
    return {"python": platform.python_version(), "rustc": first_line("rustc", "--version").removeprefix("rustc "), **found}


def commit():
    return first_line("git", "-C", ROOT, "describe", "--always", "--dirty", "--abbrev=10")


def first_line(*command):
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[0]
    except (OSError, subprocess.CalledProcessError, IndexError):
        return ""
