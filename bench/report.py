"""Ratios, and the tables of results.md."""

import re
import statistics

NAMES = {
    "chainrule": "chainrule",
    "plan": "chainrule, a plan",
    "numpy": "NumPy",
    "torch": "PyTorch",
    "torch-compile": "PyTorch compiled",
    "torch-cell": "PyTorch, cells",
    "jax": "JAX",
    "sklearn": "scikit-learn",
    "micrograd": "micrograd",
}
GRU = "A GRU of 64 units over 32 letters of 32 texts, Adam. PyTorch: nn.GRU, and a loop over nn.GRUCell."
# 2 threads may cost this much over 1 before a row says so: noise.
NOISE = 1.05


def time(us):
    """A time in the unit that suits it, to three digits."""
    for unit, size in (("s", 1e6), ("ms", 1e3)):
        if us >= size:
            return f"{digits(us / size)} {unit}"
    return f"{digits(us)} µs"


def digits(number):
    return f"{number:.0f}" if number >= 100 else f"{number:.1f}" if number >= 10 else f"{number:.2f}"


def median_us(row, library):
    return statistics.median(cell["median_us"] for cell in row["cells"][library])


def peers(row):
    return [library for library in row["cells"] if library not in ("chainrule", "plan")]


def ratios(row, peer="fastest"):
    """How many times faster than the peer chainrule was, round by round; `fastest` is each round's own."""
    found = []
    for number, cell in enumerate(row["cells"].get("chainrule", [])):
        others = peers(row) if peer == "fastest" else [peer]
        times = [row["cells"][p][number]["median_us"] for p in others if number < len(row["cells"].get(p, []))]
        if times:
            found.append(min(times) / cell["median_us"])
    return found


def spread(numbers, unit="×"):
    """`median (min–max)`."""
    if not numbers:
        return "–"
    middle = f"{digits(statistics.median(numbers))}{unit}"
    return middle if len(numbers) == 1 else f"{middle} ({digits(min(numbers))}–{digits(max(numbers))})"


def verdict(row, rate):
    """Each target and whether it is reached."""
    parts = []
    own = row["cells"].get("chainrule")
    for what, target in row["targets"].items():
        if what == "µs":
            words, reached = time(target), -median_us(row, "chainrule") if own else None
            target = -target
        elif what == "share":
            words, reached = f"{target} % of the product rate", share(row, rate)
        else:
            found = ratios(row, what)
            reached = statistics.median(found) if found else None
            words = f"{target}×" if what == "fastest" else f"{target}× {NAMES[what]}"
            words += f" ({digits(reached)}×)" if found and what != "fastest" else ""
        parts.append(words if reached is None else f"{words} {'met' if reached >= target else '**missed**'}")
    return "; ".join(parts) or "–"


def share(row, rate):
    """chainrule's rate in percent of what products reach on as many threads."""
    own = [cell["gflops"] for cell in row["cells"].get("chainrule", []) if "gflops" in cell]
    return 100 * statistics.median(own) / rate[row["threads"]] if own and row["threads"] in rate else None


def table(head, lines):
    return ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)] + ["| " + " | ".join(line) + " |" for line in lines] + [""]


def rates(rows):
    """The best rate of products by number of threads, in GFLOP/s."""
    found = {}
    for row in rows:
        if row["row"] == "gemm":
            rate = max(cell["gflops"] for cells in row["cells"].values() for cell in cells)
            found[row["threads"]] = max(rate, found.get(row["threads"], 0))
    return found


def order(row, rows):
    """The table's order: by row, more threads first, narrow networks first."""
    width = re.search(r"\d+", row["work"]) if row["row"] in ("widths", "scale") else None
    return rows.index(row["row"]), -row["threads"], int(width[0]) if width else 0


def cells(row, libraries):
    """A time for each library, or why there is none."""
    shown = []
    for library in libraries:
        if library in row["cells"]:
            shown.append(time(median_us(row, library)))
        else:
            shown.append("failed" if library in row["failed"] else "–")
    return shown


def comparison(rows, rate, title, notes=()):
    """One table: times, the ratio against each round's fastest peer, targets, and the share of the hardware."""
    libraries = [library for library in NAMES if any(library in row["cells"] or library in row["failed"] for row in rows)]
    if not rows:
        return []
    flops = any("gflops" in cell for row in rows for found in row["cells"].values() for cell in found)
    head = ["work", "threads"] + [NAMES[library] for library in libraries] + ["against the fastest peer", "target"]
    head += ["GFLOP/s", "of the product rate"] if flops else []
    lines = []
    for row in rows:
        line = [row["work"], str(row["threads"])] + cells(row, libraries) + [spread(ratios(row)), verdict(row, rate)]
        if flops:
            own = [cell["gflops"] for cell in row["cells"].get("chainrule", [])]
            part = share(row, rate)
            line += [digits(statistics.median(own)) if own else "–", "–" if part is None else f"{part:.0f} %"]
        lines.append(line)
    return [f"### {title}", "", *notes, *table(head, lines)]


def scaling(rows):
    """1 thread's time over 2 threads', for each work and round."""
    lines = []
    for row in rows:
        one = next((r for r in rows if r["work"] == row["work"] and r["threads"] == 1), None)
        if row["threads"] != 2 or not one or "chainrule" not in row["cells"] or "chainrule" not in one["cells"]:
            continue
        pairs = zip(one["cells"]["chainrule"], row["cells"]["chainrule"])
        found = [a["median_us"] / b["median_us"] for a, b in pairs]
        wanted = {"book": 1.6, "medium": 1.8, "large": 1.8, "huge": 1.8, "widths": 1 / NOISE}.get(row["row"])
        if wanted is None:
            continue
        met = "met" if statistics.median(found) >= wanted else "**missed**"
        target = "not slower" if row["row"] == "widths" else f"{wanted}×"
        lines.append([row["work"], spread(found), f"{target} {met}"])
    return ["### 2 threads against 1, chainrule", "", *table(["work", "speedup", "target"], lines)] if lines else []


def products(rows, rate):
    lines = [[str(row["threads"])] + [f"{max(c['gflops'] for c in found):.0f}" for found in row["cells"].values()] for row in rows]
    if not rows:
        return []
    head = ["threads"] + [NAMES[library] + ", GFLOP/s" for library in rows[0]["cells"]]
    note = "The best product of 4096 × 4096 matrices in f32; the larger is the product rate below."
    return ["### What the machine gives", "", note, "", *table(head, lines)]


def nodes(rows):
    lines = []
    for row in rows:
        for library, found in row["cells"].items():
            rate = [cell["nodes_per_second"] / 1e6 for cell in found]
            target = ("50 " + ("met" if statistics.median(rate) >= 50 else "**missed**")) if library == "chainrule" else "–"
            lines.append([NAMES[library], str(row["threads"]), str(found[0]["nodes"]), spread(rate, ""), target])
    head = ["library", "threads", "nodes", "million nodes a second", "target"]
    note = "A 3-16-16-1 network whose every number is a node, forward and backward; nodes of the forward graph."
    return ["### Scalar graphs", "", note, "", *table(head, lines)] if lines else []


def scales(rows):
    """What a scalar graph costs from nothing to its gradients: linear where the time per node stays."""
    lines = []
    for row in rows:
        for found in row["cells"].values():
            each = [1e3 * cell["median_us"] / cell["nodes"] for cell in found]
            seconds = [cell["median_us"] / 1e6 for cell in found]
            lines.append([str(found[0]["nodes"]), spread(seconds, " s"), spread(each, " ns"), verdict(row, {})])
    head = ["nodes", "time", "a node", "target"]
    note = "v·a + b over and over, a and b among 100 inputs: recorded, differentiated, compiled and run once, on one thread."
    return ["### Scalar graphs from nothing to their gradients", "", note, "", *table(head, lines)] if lines else []


def jobs(rows):
    lines = []
    for row in rows:
        for library, found in row["cells"].items():
            peak = max(cell["peak_bytes"] for cell in found) / 1e6
            wall = [cell["median_us"] / 1e6 for cell in found]
            score = found[0]["test_accuracy"]
            target = "–"
            if library == "chainrule":
                ok = statistics.median(wall) <= 1.5, peak <= 100
                target = "; ".join(f"{what} {'met' if met else '**missed**'}" for what, met in zip(("1.5 s", "100 MB"), ok))
            lines.append([NAMES[library], str(row["threads"]), spread(wall, " s"), f"{peak:.0f} MB", f"{score:.4f}", target])
    head = ["library", "threads", "wall time", "peak memory", "test accuracy", "target"]
    note = "From the start of the process to its end: load MNIST, 17 epochs of 784-50-10, score the test part."
    return ["### The whole job: memory", "", note, "", *table(head, lines)] if lines else []


def markdown(sittings):
    """The whole of results.md."""
    whole = [
        "# Side by side",
        "",
        "Written by `python3 bench/side_by_side.py`; see README.md. Times are medians over the rounds; a ratio is of one",
        "round, and its median stands before its least and its greatest.",
        "",
        *(line for sitting in sittings for line in tables(sitting)),
    ]
    return "\n".join(whole).rstrip() + "\n"


def tables(sitting):
    """What one machine gave."""
    rows, name = sitting["rows"], sitting["machine"]
    of = lambda *kinds: [row for row in rows if row["row"] in kinds]
    rate = rates(rows)
    versions = ", ".join(f"{what} {version}" for what, version in sitting["versions"].items() if version)
    return [
        f"## {name['cpu']}",
        "",
        f"{name['cores']} cores, {' '.join(name['flags'])}; {', '.join(name['caches'])}; {name['system']}.",
        f"Versions: {versions}.",
        "",
        *products(of("gemm"), rate),
        *comparison(of("book", "medium", "large", "huge"), rate, "One training step"),
        *scaling(of("book", "medium", "large", "huge", "widths")),
        *comparison(of("job"), {}, "The whole job"),
        *jobs(of("job")),
        *nodes(of("scalar")),
        *scales(of("scale")),
        *comparison(of("inference"), rate, "Inference", ["784-50-10 on one example.", ""]),
        *comparison(of("serve"), rate, "Serving", ["784-50-10 on one example, through a model that any number of threads may ask.", ""]),
        *comparison(of("widths"), rate, "Widths", ["784-width-width-10, batch 32, gradient descent.", ""]),
        *comparison(of("tiny"), rate, "A tiny model", ["4-16-1, batch 16, Adam, mean squared error.", ""]),
        *comparison(of("fsrs"), rate, "A recurrence of pointwise work", ["FSRS-6 over 32 reviews of each card, masked, Adam.", ""]),
        *comparison(of("gru"), rate, "A recurrent network", [GRU, ""]),
        *failures(rows),
    ]


def failures(rows):
    lines = [[row["work"], str(row["threads"]), NAMES[library], why] for row in rows for library, why in row["failed"].items()]
    return ["### Not measured", "", *table(["work", "threads", "library", "why"], lines)] if lines else []
