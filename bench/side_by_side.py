#!/usr/bin/env python3
"""Measures chainrule and its peers side by side: python3 bench/side_by_side.py [--rows book,medium] [--rounds 5] [--quick]

Makes the peers' environment, builds chainrule, runs all libraries in turn (A B C A B C …) and writes results.md and
results.json beside this script. Rows that are not asked for keep the numbers that they have from this machine, and other
machines theirs."""

import argparse
import json
import os
import pathlib
import sys
import time

import environment
import machine
import report
import work

RESULTS = pathlib.Path(__file__).resolve().parent / "results.json"


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", default=",".join(work.BUILD), help="some of %(default)s")
    parser.add_argument("--rounds", type=int, default=5, help="how often each library runs [%(default)s]")
    parser.add_argument("--threads", default="2,1", help="numbers of threads [%(default)s]")
    parser.add_argument("--quick", action="store_true", help="one round, no huge network, no torch.compile, fewer widths; prints only")
    parser.add_argument("--peers-only", action="store_true", help="leave chainrule out")
    parser.add_argument("--program", type=pathlib.Path, help="a chainrule that is built already")
    options = parser.parse_args()
    options.rows = options.rows.split(",")
    unknown = [row for row in options.rows if row not in work.BUILD]
    if unknown:
        parser.error(f"--rows: there is no row {unknown[0]}; there are {', '.join(work.BUILD)}")
    try:
        options.threads = [int(count) for count in options.threads.split(",")]
    except ValueError:
        parser.error(f"--threads: {options.threads} is not a list of numbers such as 2,1")
    cores = machine.machine()["cores"]
    beyond = [count for count in options.threads if not 1 <= count <= cores]
    if beyond:
        parser.error(f"--threads: {beyond[0]} asked for, but this process may use 1 to {cores} cores")
    if options.rounds < 1:
        parser.error(f"--rounds is {options.rounds}, but it must be at least 1")
    if options.quick:
        options.rounds = 1
        options.rows = [row for row in options.rows if row != "huge"]
    return options


def measure(case, rounds):
    """Every library's cells, one a round; who fails once is not asked again."""
    cells = {library: [] for library in case.commands}
    failed = {}
    for number in range(rounds):
        for library, command in case.commands.items():
            if library in failed:
                continue
            try:
                found, seconds, peak = environment.run(command, case.threads)
            except environment.Failed as error:
                failed[library] = str(error)
                print(f"  {library}: {error}", file=sys.stderr)
                continue
            if case.job:
                found = {"median_us": round(seconds * 1e6), "peak_bytes": peak, "test_accuracy": accuracy(found)}
            keep = ("median_us", "min_us", "gflops", "nodes", "nodes_per_second", "peak_bytes", "test_accuracy", "kernel")
            cells[library].append({key: found[key] for key in keep if key in found})
            print(f"  round {number + 1} {library}: {report.time(found['median_us'])}", file=sys.stderr)
    return {
        "row": case.row,
        "work": case.work,
        "threads": case.threads,
        "targets": case.targets,
        "when": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
        "commit": machine.commit(),
        "cells": {library: found for library, found in cells.items() if found},
        "failed": failed,
    }


def accuracy(found):
    return found["final"]["test_accuracy"] if "final" in found else found["test_accuracy"]


def earlier(sitting):
    """The sittings of before: this one's rows are taken over from what this machine has of the same peers."""
    try:
        sittings = json.loads(RESULTS.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    same = lambda other: all(other[key] == sitting[key] for key in ("machine", "versions"))
    sitting["rows"] = [row for other in sittings if same(other) for row in other["rows"]]
    return [other for other in sittings if not same(other)]


def write(sittings):
    for sitting in sittings:
        sitting["rows"].sort(key=lambda row: report.order(row, list(work.BUILD)))
    for path, text in ((RESULTS, json.dumps(sittings, indent=1, ensure_ascii=False) + "\n"), (RESULTS.with_suffix(".md"), report.markdown(sittings))):
        fresh = path.with_name(path.name + ".part")
        fresh.write_text(text, encoding="utf-8")
        os.replace(fresh, path)


def main():
    options = arguments()
    python = environment.peers()
    program = None if options.peers_only else options.program or environment.chainrule()
    sitting = {"machine": machine.machine(), "versions": machine.versions(python), "rows": []}
    others = [] if options.quick else earlier(sitting)
    for case in work.cases(options.rows, options.threads, python, program, options.quick):
        if options.peers_only:
            case.commands.pop("chainrule", None)
        print(f"{case.work}, {case.threads} thread(s)", file=sys.stderr)
        found = measure(case, options.rounds)
        same = lambda row: all(row[key] == found[key] for key in ("row", "work", "threads"))
        sitting["rows"] = [row for row in sitting["rows"] if not same(row)] + [found]
        if not options.quick:
            write([sitting, *others])
    print(report.markdown([sitting]))


if __name__ == "__main__":
    main()
