"""Where the peers live and how a program of theirs, or chainrule, is run on a number of cores."""

import hashlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
PEERS = ROOT / "bench" / "peers"
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))

# Variables that force kernels or thread counts on a library: each peer shall choose what it believes best here.
FORCING = (
    "OPENBLAS_CORETYPE OPENBLAS_L2_SIZE OPENBLAS_VERBOSE MKL_DEBUG_CPU_TYPE MKL_ENABLE_INSTRUCTIONS ATEN_CPU_CAPABILITY "
    "NPY_DISABLE_CPU_FEATURES ONEDNN_MAX_CPU_ISA XLA_FLAGS OMP_NUM_THREADS MKL_NUM_THREADS OPENBLAS_NUM_THREADS "
    "OMP_WAIT_POLICY OMP_PROC_BIND GOMP_CPU_AFFINITY KMP_AFFINITY PYTHONPATH PYTHONHOME"
).split()

LIMIT = 600  # seconds that one program may take


class Failed(Exception):
    """A program that could not be run, with the last words that it said."""


def peers():
    """The Python that has the peers; makes its environment at the first call, or when the requirements change."""
    requirements = PEERS / "requirements.txt"
    wanted = hashlib.sha256(requirements.read_bytes() + sys.version.encode()).hexdigest()
    folder = ROOT / "target" / "peers"
    python, stamp = folder / "bin" / "python", folder / "made-for"
    if stamp.exists() and stamp.read_text() == wanted:
        return python
    print(f"making the peers' environment in {folder} …", file=sys.stderr)
    subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
    subprocess.run([python, "-m", "pip", "install", "--quiet", "--requirement", requirements], check=True)
    stamp.write_text(wanted)
    return python


def chainrule():
    """Builds the program and tells its path."""
    subprocess.run(["cargo", "build", "--release", "--locked", "--package", "chainrule-cli"], cwd=ROOT, check=True)
    return TARGET / "release" / "chainrule"


def example(name):
    """Builds an example of the engine and tells its path."""
    subprocess.run(["cargo", "build", "--release", "--locked", "--package", "chainrule", "--example", name], cwd=ROOT, check=True)
    return TARGET / "release" / "examples" / name


def run(command, threads):
    """Runs a program on the first `threads` cores: its JSON, its wall time in seconds and its peak memory in bytes."""
    environment = {name: value for name, value in os.environ.items() if name not in FORCING}

    def pin():
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])

    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        start = time.perf_counter()
        process = subprocess.Popen(list(map(str, command)), stdout=out, stderr=err, env=environment, preexec_fn=pin)
        status, usage = wait(process)
        seconds = time.perf_counter() - start
        out.seek(0)
        err.seek(0)
        if status != 0:
            lines = err.read().decode(errors="replace").strip().splitlines() or [f"status {status}"]
            raise Failed(lines[-1])
        try:
            report = json.loads(out.read())
        except ValueError as error:
            raise Failed(f"no JSON on standard output: {error}") from None
    # Linux counts in KiB, macOS in bytes.
    peak = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return report, seconds, peak


def wait(process):
    """Waits for one process and its resource usage; kills it beyond the limit."""
    end = time.monotonic() + LIMIT
    pause = 0.001
    while True:
        pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        if pid:
            process.returncode = os.waitstatus_to_exitcode(status)
            return process.returncode, usage
        if time.monotonic() > end:
            process.kill()
            os.wait4(process.pid, 0)
            process.returncode = -9
            raise Failed(f"took longer than {LIMIT} s")
        time.sleep(pause)
        pause = min(pause * 1.5, 0.02)
