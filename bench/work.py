"""What is measured: the rows of the table, and the command of each library for each."""

import dataclasses

from environment import PEERS, ROOT, example

WIDTHS = (8, 16, 32, 64, 128, 256, 512, 1024)
TINY = "4-16-1:adam:16"
EPOCHS = 17


@dataclasses.dataclass
class Case:
    """One line of the table: a work on a number of threads."""

    row: str
    work: str
    threads: int
    commands: dict  # library → command
    targets: dict  # peer, `plan` or "fastest" → how many times faster chainrule must be; "µs" and "share" → limits of its own
    job: bool = False  # the whole process is timed, rather than a step inside it


def cases(rows, threads, python, program, quick):
    """The cases of the rows asked for, in the table's order."""
    made = [case for row in rows for count in threads for case in BUILD[row](row, count, python, program, quick)]
    return sorted(made, key=lambda case: rows.index(case.row))


def step(row, count, python, program, network, peers, targets, work=None, inference=False):
    more = ["--inference"] if inference else []
    commands = {"chainrule": [program, "bench", network, "--threads", count, "--json", *more]}
    for peer in peers:
        commands[peer] = [python, PEERS / "step.py", peer, network, count, *more]
    return Case(row, work or row, count, commands, targets)


def named(target, **more):
    def build(row, count, python, program, quick):
        peers = ["numpy", "torch", "jax"] + ([] if quick else ["torch-compile"])
        return [step(row, count, python, program, row, peers, {"fastest": target, **more})]

    return build


def widths(row, count, python, program, quick):
    return [
        step(row, count, python, program, f"784-{width}-{width}-10:sgd:32", ["numpy", "torch", "jax"], {"fastest": 1.0}, f"width {width}")
        for width in (WIDTHS[::3] if quick else WIDTHS)
    ]


def tiny(row, count, python, program, quick):
    return [step(row, count, python, program, TINY, ["numpy", "torch", "jax"], {"torch": 100, "jax": 12, "numpy": 5}, "tiny 4-16-1")]


def inference(row, count, python, program, quick):
    return [step(row, count, python, program, "784-50-10:sgd:1", ["numpy", "torch", "jax"], {"µs": 10}, "inference, batch 1", True)]


def serve(row, count, python, program, quick):
    """What a server pays for an example: beside NumPy, and beside the plan itself, fed and read by hand."""
    made = step(row, count, python, program, "784-50-10:sgd:1", ["numpy"], {"numpy": 3.4, "plan": 0.91}, "serving, batch 1", True)
    plan = made.commands["chainrule"]
    made.commands["chainrule"] = [word if word != "--inference" else "--serve" for word in plan]
    made.commands["plan"] = plan
    return [made]


def gru(row, count, python, program, quick):
    commands = {"chainrule": [program, "bench", "gru", "--threads", count, "--json"]}
    for peer in ("torch", "torch-cell"):
        commands[peer] = [python, PEERS / "gru.py", peer, count]
    return [Case(row, "GRU", count, commands, {"fastest": 4})]


def scalar(row, count, python, program, quick):
    commands = {"chainrule": [program, "bench", "scalar", "--threads", count, "--json"]}
    for peer in ("micrograd", "torch"):
        commands[peer] = [python, PEERS / "scalar.py", peer, count]
    return [Case(row, "scalar nodes", count, commands, {})]


def scale(row, count, python, program, quick):
    """Scalar graphs from nothing to their gradients: one thread, as nothing in them can be shared."""
    sizes = {100_000: {"µs": 1e6}, 1_000_000: {}} if quick else {10_000: {}, 100_000: {"µs": 1e6}, 1_000_000: {}}
    return [
        Case(row, f"{nodes} scalar nodes, from recording to gradients", count, {"chainrule": [program, "bench", f"scalar:{nodes}", "--threads", count, "--json"]}, limits)
        for nodes, limits in (sizes.items() if count == 1 else ())
    ]


def fsrs(row, count, python, program, quick):
    """A recurrence of pointwise work: 32 reviews of every card, forward and back. Its example runs on one thread."""
    if count > 1:
        return []
    own = example("fsrs") if program else None
    peers = ["torch"] + ([] if quick else ["torch-compile"])
    return [
        Case(
            row,
            f"FSRS-6, batch {batch}",
            count,
            {"chainrule": [own, "time", batch]} | {peer: [python, PEERS / "fsrs.py", peer, batch, count] for peer in peers},
            {"torch": 20} if quick else {"torch": 20, "torch-compile": 3},
        )
        for batch in (64, 512)
    ]


def job(row, count, python, program, quick):
    out = ROOT / "target" / "bench-job"
    train = [program, "train", "mnist", "--epochs", EPOCHS, "--threads", count, "--force", "--out", out, "--quiet", "--json"]
    commands = {"chainrule": train}
    for peer in ("numpy", "torch", "jax", "sklearn"):
        commands[peer] = [python, PEERS / "job.py", peer, count, EPOCHS, ROOT / "data" / "mnist"]
    return [Case(row, "train mnist", count, commands, {"numpy": 3, "torch": 8}, job=True)]


def gemm(row, count, python, program, quick):
    return [Case(row, "product 4096³", count, {peer: [python, PEERS / "gemm.py", peer, count] for peer in ("numpy", "torch")}, {})]


# The products come first: the other rows' share of the hardware is told against them.
BUILD = {
    "gemm": gemm,
    "book": named(2.5),
    "medium": named(1.5),
    "large": named(1.25),
    "huge": named(1.0, share=80),
    "job": job,
    "scalar": scalar,
    "scale": scale,
    "inference": inference,
    "serve": serve,
    "widths": widths,
    "tiny": tiny,
    "fsrs": fsrs,
    "gru": gru,
}
